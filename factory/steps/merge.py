"""merge: a tuned model and others of its shape become one."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from factory.models.merge.by_mergekit import configuration, run_mergekit
from factory.models.merge.fit import check_configurations, check_output, config_differences, fit_together
from factory.models.merge.settings import Filtered, Setting, numbers, plain, uncovered
from factory.models.models import Dtype, copy_settings, read_config, size_bytes, stored_dtype
from factory.models.outline import is_tied, require_fit
from factory.models.tensors import count, read_tensors
from factory.step.base import ModelRef, Step
from factory.step.job import Job
from factory.step.outline import Outline
from factory.step.surroundings import seeded

STREAMED = ("slerp", "linear")
TASK_VECTORS = ("ties", "dare_linear", "dare_ties")


class Merge(Step):
    """Merge the source with one or more models of its architecture and shape.

    slerp goes from `with` (t = 0) to the source (t = 1) along the arc between the two, and along the line where they
    are nearly parallel. linear is a weighted mean of any number of models. ties (Yadav et al. 2023, arXiv 2306.01708),
    dare_linear and dare_ties (Yu et al. 2023, arXiv 2311.03099) add up what each model has learnt beyond `base`,
    thinned to `density`; they run in mergekit. A list of numbers is spread over the layers, first to last. Tokenizer,
    chat template and configuration are the source's.

    Example:
        - merge: {method: slerp, t: 0.5, with: LiquidAI/LFM2-1.2B}
        - merge: {method: slerp, t: [{filter: self_attn, value: [0, 1]}, {value: 0.5}], with: base}
        - merge: {method: linear, with: [second, third], weights: [0.5, 0.3, 0.2]}
        - merge: {method: ties, with: [second], base: LiquidAI/LFM2-1.2B, density: 0.5}
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    produces: ClassVar[Literal["dataset", "model"]] = "model"
    version: ClassVar[int] = 2

    with_: ModelRef | Annotated[list[ModelRef], Field(min_length=1)] = Field(
        alias="with", description="the other model, e.g. the base that the source was tuned from; a list for several"
    )
    method: Literal["slerp", "linear", "ties", "dare_linear", "dare_ties"] = Field(
        "slerp", description="along the arc, a weighted mean, or sums of task vectors"
    )
    t: Setting | None = Field(
        None, description="part of the source (slerp, or linear of two): number, per layer, or filtered; default 0.5"
    )
    weights: list[Setting] | None = Field(
        None, description="weight of the source, then of each model in `with`; default: the same for all"
    )
    normalize: bool | None = Field(
        None, description="divide by the sum of the weights; default true, for dare_linear and dare_ties false"
    )
    base: ModelRef | None = Field(None, description="ties and dare: the model that the others were tuned from")
    density: float | list[float] | None = Field(
        None, description="ties and dare: kept part of each task vector; a list: source, then `with`; default 0.5"
    )
    lambda_: float = Field(1.0, alias="lambda", description="ties and dare: factor of the sum of task vectors")
    seed: int = Field(0, ge=0, description="dare: of the values that are dropped")
    dtype: Dtype | None = Field(None, description="type of the merged weights; default: that of the source")

    @model_validator(mode="after")
    def _fits_method(self) -> Self:
        count = len(self.others) + 1
        if self.method == "slerp" and count != 2:
            raise ValueError("slerp is between two models: give `with` one")
        if self.method in TASK_VECTORS and self.base is None:
            raise ValueError(f"{self.method} needs `base`, the model that the others were tuned from")
        foreign = {
            "t": self.method in TASK_VECTORS or (self.method == "linear" and count != 2),
            "weights": self.method == "slerp" or self.t is not None,
            "normalize": self.method == "slerp" or self.t is not None,
            "base": self.method not in TASK_VECTORS,
            "density": self.method not in TASK_VECTORS,
        }
        for name, wrong in foreign.items():
            if wrong and getattr(self, name) is not None:
                beside = " beside t" if self.t is not None and self.method == "linear" else ""
                raise ValueError(f"{self.method}{beside} of {count} models has no {name}")
        if self.method in TASK_VECTORS and self.density is None:
            object.__setattr__(self, "density", 0.5)
        if self.t is None and self.weights is None and (self.method == "slerp" or count == 2) and not self.base:
            object.__setattr__(self, "t", 0.5)
        return self

    @model_validator(mode="after")
    def _values(self) -> Self:
        for number in numbers(self.t) if self.t is not None else ():
            if not 0 <= number <= 1:
                raise ValueError(f"t is between 0 (`with`) and 1 (the source), not {number}")
        count = len(self.others) + 1
        for name, listed in (("weights", self.weights), ("density", self.density)):
            if isinstance(listed, list) and len(listed) != count:
                raise ValueError(f"{name} has {len(listed)} values for {count} models, the source being the first")
        for number in numbers(self.density) if self.density is not None else ():
            if not 0 < number <= 1:
                raise ValueError(f"density is above 0 and at most 1, not {number}")
        for setting in [self.t, *(self.weights or [])]:
            if uncovered(setting):
                raise ValueError("filters need a last one without `filter`, for all other tensors")
        return self

    @property
    def others(self) -> list[str]:
        return [self.with_] if isinstance(self.with_, str) else self.with_

    @property
    def shares(self) -> list[Any]:
        """The weight of the source and of each other model."""
        if self.t is not None:
            return [self.t, rest(self.t)]
        return self.weights or [1.0] * (len(self.others) + 1)

    @property
    def normalizes(self) -> bool:
        if self.normalize is not None:
            return self.normalize
        return self.t is None and not self.method.startswith("dare")

    def parameters(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"with_", "base"}, by_alias=True)

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        for each in (model, *named.values()):
            each.require_whole()
        if self.method in TASK_VECTORS:
            # mergekit 0.1.5 looks for the number of layers where transformers 5 no longer keeps it
            model.require_text(self.method, "method: slerp or linear, which take any model")
        return model

    def run(self, job: Job) -> None:
        require_fit(job, self)
        with seeded(job.profile, self.seed):
            merge_models(job, self)


def rest(t: Any) -> Any:
    """1 - t, in whatever form t is written."""
    if isinstance(t, list):
        return [rest(item) for item in t]
    if isinstance(t, Filtered):
        return Filtered(filter=t.filter, value=rest(t.value))
    return 1 - t


def merge_models(job: Job, step: Merge) -> None:
    """Write ``job.out/model``: weights merged as `step` says; configuration, tokenizer and template are the source's.

    Raises:
        FactoryError: the models differ in architecture, vocabulary or shapes, or cannot be merged.
    """
    source, others = job.input.model, [job.inputs[name].model for name in step.others]
    base = [job.inputs[step.base].model] if step.base else []
    models = [source, *others]
    check_configurations([*models, *base], 0, job.where)
    expected = {name: tensor for name, (tensor, _) in fit_together([*models, *base], 0, job.where).items()}
    target = job.out / "model"
    shutil.rmtree(target, ignore_errors=True)
    job.notes += config_differences([*models, *base], 0)
    with job.progress.task(f"{job.name}", total=len(expected), unit="tensors"):
        if step.method in STREAMED:
            from factory.models.merge.stream import Linear, Slerp, stream

            ordered = [*others, source] if step.method == "slerp" else models
            weights = Slerp(step.t) if step.method == "slerp" else Linear(step.shares, step.normalizes)
            like = ordered.index(source)
            stream(ordered, target, weights, like=like, dtype=step.dtype, where=job.where, progress=job.progress)
        else:
            parameters = {"density": step.density, "normalize": step.normalizes, "lambda": step.lambda_}
            shares, saved = [plain(share) for share in step.shares], step.dtype or stored_dtype(source)
            settings = configuration(models, base[0], step.method, shares, saved, parameters)
            run_mergekit(settings, target, expected, step.seed, job)
    found = read_tensors(target)
    check_output(expected, found, is_tied(read_config(source)), job.where)
    _keep_configuration(source, target, step.dtype, job.trust_remote_code)
    job.metrics |= {
        "method": step.method,
        "tensors": len(found),
        "parameters": count(found),
        "size_bytes": size_bytes(target),
    }


def _keep_configuration(source: Path, target: Path, dtype: str | None, trust_remote_code: bool) -> None:
    config = read_config(source) | ({"dtype": dtype} if dtype else {})
    if dtype:
        config.pop("torch_dtype", None)
    (target / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    copy_settings(source, target, trust_remote_code)
