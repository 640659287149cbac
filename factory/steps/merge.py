"""merge: a tuned model and another of its shape become one, with mergekit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from factory.steps.base import ModelRef, Step
from factory.training.models import Dtype

if TYPE_CHECKING:
    from collections.abc import Iterator

    from factory.job import Job


class Filtered(BaseModel):
    """`value` for the tensors whose name contains `filter`; without a filter, for all the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filter: str | None = None
    value: float | list[float]


class Merge(Step):
    """Interpolate the weights of the source (t = 1) and of `with` (t = 0), tensor by tensor.

    slerp goes along the arc between the two, where they are nearly parallel along the line (then both methods give
    the same: at t = 0.5 the plain average). A list of t is spread over the layers, first to last. Tokenizer, chat
    template and configuration are the source's.

    Example:
        - merge: {method: slerp, t: 0.5, with: LiquidAI/LFM2-1.2B}
        - merge: {method: slerp, t: [{filter: self_attn, value: [0, 1]}, {value: 0.5}], with: base}
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    produces: ClassVar[Literal["dataset", "model"]] = "model"

    with_: ModelRef = Field(alias="with", description="the other model, e.g. the base that the source was tuned from")
    method: Literal["slerp", "linear"] = Field("slerp", description="along the arc, or along the line")
    t: float | list[float] | list[Filtered] = Field(
        0.5, description="part of the source: number, per layer, or filtered"
    )
    dtype: Dtype | None = Field(None, description="type of the merged weights; default: that of the source")

    @field_validator("t")
    @classmethod
    def _within(cls, value: float | list[float] | list[Filtered]) -> float | list[float] | list[Filtered]:
        for item in value if isinstance(value, list) else [value]:
            inner = item.value if isinstance(item, Filtered) else item
            for number in inner if isinstance(inner, list) else [inner]:
                if not 0 <= number <= 1:
                    raise ValueError(f"t is between 0 (`with`) and 1 (the source), not {number}")
        if value == []:
            raise ValueError("t is an empty list")
        return value

    def references(self) -> Iterator[tuple[str, str, Literal["dataset", "model"]]]:
        """By the name a recipe writes: `with` is a keyword of Python."""
        yield "with", self.with_, "model"

    def parameters(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"with_"})

    def run(self, job: Job) -> None:
        from factory.training.merging import merge_models
        from factory.training.state import session

        with session(job.profile, 0):
            merge_models(
                job,
                tuned=job.before.model,
                base=job.inputs[self.with_].model,
                method=self.method,
                t=self.model_dump(mode="json")["t"],
                dtype=self.dtype,
            )
