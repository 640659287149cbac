"""mergekit behind checks: the inputs must fit each other before the work, the output must be whole after it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError
from factory.training.models import (
    complete_config,
    copy_tokenizer,
    full_precision,
    read_config,
    size_bytes,
    stored_dtype,
)
from factory.training.tensors import Tensor, count, read_tensors

if TYPE_CHECKING:
    from factory.job import Job

SHARD_BYTES = 2_000_000_000  # one output shard stays in memory until it is written
HEAD = "lm_head.weight"  # a tied head may be stored or not
NOT_SHAPE = {"_name_or_path", "transformers_version", "dtype", "torch_dtype", "use_cache", "architectures"}


def merge_models(job: Job, *, tuned: Path, base: Path, method: str, t: Any, dtype: str | None) -> None:
    """Write ``job.out/model``: per tensor, `base` at t = 0 and `tuned` at t = 1.

    Raises:
        FactoryError: the two differ in architecture, vocabulary or shapes; mergekit does not know the architecture or
            leaves tensors out.
    """
    before = check_inputs(tuned, base, job.where)
    target = job.out / "model"
    shutil.rmtree(target, ignore_errors=True)
    job.notes += config_differences(tuned, base)
    saved = dtype or stored_dtype(tuned)
    with job.progress.task(f"{job.name}", total=len(before), unit="tensors"):
        _run(recipe(tuned, base, method, t, saved), target, job)
    after = read_tensors(target)
    check_output(before, after, job.where)
    config = read_config(tuned) | {"dtype": saved}
    config.pop("torch_dtype", None)
    (target / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    complete_config(target)
    copy_tokenizer(tuned, target)
    if (tuned / "generation_config.json").is_file():
        shutil.copyfile(tuned / "generation_config.json", target / "generation_config.json")
    job.metrics |= {"tensors": len(after), "parameters": count(after), "size_bytes": size_bytes(target)}


def recipe(tuned: Path, base: Path, method: str, t: Any, dtype: str) -> dict[str, Any]:
    """mergekit's configuration. Absolute paths: mergekit asks the Hub for relative ones. Arithmetic is in float32."""
    first, second = str(base.absolute()), str(tuned.absolute())
    common = {"merge_method": method, "dtype": "float32", "out_dtype": dtype}
    if method == "slerp":
        models: list[dict[str, Any]] = [{"model": first}, {"model": second}]
        return common | {"base_model": first, "models": models, "parameters": {"t": t}}
    weights = [{"model": first, "parameters": {"weight": rest(t)}}, {"model": second, "parameters": {"weight": t}}]
    return common | {"models": weights, "parameters": {"normalize": False}}


def rest(t: Any) -> Any:
    """1 - t, in whatever form t is written."""
    if isinstance(t, list):
        return [rest(item) for item in t]
    if isinstance(t, dict):
        return t | {"value": rest(t["value"])}
    return 1 - t


def check_inputs(tuned: Path, base: Path, where: str) -> dict[str, Tensor]:
    """The tensors that the merged model must have."""
    for folder in (tuned, base):
        full_precision(folder, where)
    first, second = read_config(tuned, where), read_config(base, where)
    for key in ("model_type", "architectures"):
        if first.get(key) != second.get(key):
            raise FactoryError(
                f"cannot merge {_text(first.get(key))} with {_text(second.get(key))}",
                where=where,
                fix="`with` must be a model of the same architecture",
            )
    ours, theirs = read_tensors(tuned), read_tensors(base)
    for name, tensor in ours.items():
        other = theirs.get(name)
        if other is None and name != HEAD:
            raise FactoryError(f"`with` has no tensor {name}", where=where, fix="it must be a model of the same shape")
        if other is not None and other.shape != tensor.shape:
            what = "vocabulary sizes differ" if "embed" in name or name == HEAD else "shapes differ"
            raise FactoryError(
                f"{what}: {name} is {_shape(tensor)} in the source and {_shape(other)} in `with`",
                where=where,
                fix="`with` must be the very checkpoint the source was tuned from, or one of its shape",
            )
    if extra := [name for name in theirs if name not in ours and name != HEAD]:
        raise FactoryError(f"the source has no tensor {extra[0]}", where=where, fix="`with` must be of the same shape")
    return ours


def check_output(expected: dict[str, Tensor], found: dict[str, Tensor], where: str) -> None:
    """mergekit can end in peace with most tensors left out, where its definition of an architecture is old."""
    missing = [name for name in expected if name not in found and name != HEAD]
    wrong = [name for name, tensor in found.items() if name in expected and tensor.shape != expected[name].shape]
    extra = [name for name in found if name not in expected and name != HEAD]
    if missing or wrong or extra:
        raise FactoryError(
            f"mergekit wrote {len(found)} tensors, {len(expected)} were expected; first wrong: "
            f"{(missing + wrong + extra)[0]}",
            where=where,
            fix="mergekit's definition of this architecture does not fit; report it there",
        )


def config_differences(tuned: Path, base: Path) -> list[str]:
    """Notes on settings that both configurations have and that are not the same."""
    first, second = read_config(tuned), read_config(base)
    keys = [key for key in first if key in second and key not in NOT_SHAPE and not key.endswith("token_id")]
    return [
        f"config {key}: {first[key]} is kept, `with` has {second[key]}" for key in keys if first[key] != second[key]
    ]


def _run(config: dict[str, Any], target: Path, job: Job) -> None:
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    options = MergeOptions(
        copy_tokenizer=False,
        write_model_card=False,
        out_shard_size=SHARD_BYTES,
        quiet=True,
        clone_tensors=True,
        trust_remote_code=job.trust_remote_code,
        cuda=job.profile.torch_device() != "cpu",
    )
    try:
        run_merge(MergeConfiguration.model_validate(config), str(target.absolute()), options)
    except (RuntimeError, ValueError, KeyError, AttributeError) as error:
        kind = read_config(job.before.model).get("model_type")
        lines = str(error).strip().splitlines() or [type(error).__name__]
        message = lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1]}"  # it prints whole configurations
        raise FactoryError(f"mergekit cannot merge {kind} models: {message}", where=job.where) from error


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape))


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
