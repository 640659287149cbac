"""mergekit, for the methods that are not streamed here: task vectors with signs elected or values dropped."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.models.merge.fit import STREAM_INSTEAD, require_all
from factory.models.models import read_config
from factory.models.outline import is_tied
from factory.step.job import Job

SHARD_BYTES = 2_000_000_000  # one output shard stays in memory until it is written


def configuration(
    models: list[Path], base: Path, method: str, weights: list[Any], dtype: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    """mergekit's configuration. Absolute paths: mergekit asks the Hub for relative ones. Arithmetic is in float32.

    `parameters` are density (one for all, or a list with one per model), normalize and lambda; `base` is what task
    vectors are taken from.
    """
    density = parameters["density"]
    densities = density if isinstance(density, list) else [density] * len(models)
    return {
        "merge_method": method,
        "base_model": str(base.absolute()),
        "dtype": "float32",
        "out_dtype": dtype,
        "models": [
            {"model": str(folder.absolute()), "parameters": {"weight": weight, "density": density}}
            for folder, weight, density in zip(models, weights, densities, strict=True)
        ],
        "parameters": {"normalize": parameters["normalize"], "lambda": parameters["lambda"]},
    }


def run_mergekit(config: dict[str, Any], target: Path, expected: Collection[str], seed: int, job: Job) -> None:
    """Write mergekit's merged weights into `target`; `expected` are the names of the tensors that must be there.

    Raises:
        FactoryError: mergekit does not know the architecture or not all of it, or cannot merge the models.
    """
    from mergekit.architecture import get_architecture_info
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions
    from transformers import AutoConfig

    options = MergeOptions(
        copy_tokenizer=False,
        write_model_card=False,
        out_shard_size=SHARD_BYTES,
        quiet=True,
        clone_tensors=True,
        random_seed=seed,
        trust_remote_code=job.trust_remote_code,
        cuda=job.profile.torch_device() != "cpu",
    )
    source = job.input.model
    ours = read_config(source)
    try:
        merge = MergeConfiguration.model_validate(config)
        settings = AutoConfig.from_pretrained(source, trust_remote_code=job.trust_remote_code)
        known = {weight.name for weight in get_architecture_info(merge, options).all_weights(settings)}
        require_all(expected, known, is_tied(ours), str(ours.get("model_type")), job.where)
        run_merge(merge, str(target.absolute()), options)
    except (RuntimeError, ValueError, KeyError, AttributeError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        message = lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1]}"  # it prints whole configurations
        what = f"mergekit cannot merge {ours.get('model_type')} models: {message}"
        raise FactoryError(what, where=job.where, fix=STREAM_INSTEAD) from error
