"""What verbs that ask a model have in common."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from factory.engines.manner import Manner, Sampling
from factory.step.base import Step


class Asks(Step):
    """A verb whose `model` is asked as its card says; `model` alone, and not a second one that the verb may name."""

    later: ClassVar[tuple[str, ...]] = ("template", "content", "sampling")

    template: dict[str, Any] | Literal["plain"] = Field(
        {},
        description="of `model`: arguments of its chat template, e.g. {enable_thinking: false}; plain: the prompt as "
        "it is, for models without one",
    )
    content: dict[str, str] = Field(
        {},
        description="of `model`: keys beside the text of the message, whose content is a list then, e.g. "
        "{source_lang_code: en, target_lang_code: ar}",
    )
    sampling: Sampling | None = Field(
        None, description="of `model`: temperature, top_p, top_k, repetition_penalty, seed; default: greedy decoding"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.template == "plain" and self.content:
            raise ValueError("content stands in a message, and `template: plain` sends none")
        if self.template == "plain" and getattr(self, "images", None):
            raise ValueError("pictures are shown in a message, and `template: plain` sends none")
        if taken := {"type", "text"} & set(self.content):
            raise ValueError(f"content: {min(taken)!r} is what the prompt gives")
        return self

    @property
    def manner(self) -> Manner:
        return Manner.model_validate(self.model_dump(include=set(Manner.model_fields)))

    def asks_plainly(self, parameter: str) -> bool:
        return parameter == "model" and self.template == "plain"
