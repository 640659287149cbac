"""One merge from checked inputs to a whole model folder, whichever of the two ways it goes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from factory.models.merge.by_mergekit import check_architecture, configuration, run_mergekit
from factory.models.merge.fit import check_configurations, check_output, config_differences, fit_together
from factory.models.merge.settings import plain
from factory.models.merge.stream import Linear, Slerp, Weights, stream
from factory.models.models import complete_config, copy_tokenizer, read_config, size_bytes, stored_dtype
from factory.models.tensors import count, read_tensors

if TYPE_CHECKING:
    from factory.step.job import Job
    from factory.steps.merge import Merge

STREAMED = ("slerp", "linear")


def merge_models(job: Job, step: Merge) -> None:
    """Write ``job.out/model``: weights merged as `step` says; configuration, tokenizer and template are the source's.

    Raises:
        FactoryError: the models differ in architecture, vocabulary or shapes, or cannot be merged.
    """
    source, others = job.before.model, [job.inputs[name].model for name in step.others]
    base = [job.inputs[step.base].model] if step.base else []
    models = [source, *others]
    check_configurations([*models, *base], 0, job.where)
    expected = {name: tensor for name, (tensor, _) in fit_together([*models, *base], 0, job.where).items()}
    target = job.out / "model"
    shutil.rmtree(target, ignore_errors=True)
    job.notes += config_differences([*models, *base], 0)
    with job.progress.task(f"{job.name}", total=len(expected), unit="tensors"):
        if step.method in STREAMED:
            ordered = [*others, source] if step.method == "slerp" else models
            like = ordered.index(source)
            stream(
                ordered, target, _weights(step), like=like, dtype=step.dtype, where=job.where, progress=job.progress
            )
        else:
            check_architecture(source, step.method, job.where)
            parameters = {"density": step.density, "normalize": step.normalizes, "lambda": step.lambda_}
            weights = [plain(weight) for weight in step.shares]
            saved = step.dtype or stored_dtype(source)
            run_mergekit(
                configuration(models, base[0], step.method, weights, saved, parameters), target, step.seed, job
            )
    found = read_tensors(target)
    check_output(expected, found, job.where)
    _keep_configuration(source, target, step.dtype)
    job.metrics |= {
        "method": step.method,
        "tensors": len(found),
        "parameters": count(found),
        "size_bytes": size_bytes(target),
    }


def _weights(step: Merge) -> Weights:
    if step.method == "slerp":
        return Slerp(step.t)
    return Linear(step.shares, step.normalizes)


def _keep_configuration(source: Path, target: Path, dtype: str | None) -> None:
    config = read_config(source) | ({"dtype": dtype} if dtype else {})
    if dtype:
        config.pop("torch_dtype", None)
    (target / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    complete_config(target)
    copy_tokenizer(source, target)
    if (source / "generation_config.json").is_file():
        shutil.copyfile(source / "generation_config.json", target / "generation_config.json")
