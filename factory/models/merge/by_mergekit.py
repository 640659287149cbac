"""mergekit, for the methods that are not streamed here: task vectors with signs elected or values dropped."""

from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.models.models import read_config
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


def run_mergekit(config: dict[str, Any], target: Path, seed: int, job: Job) -> None:
    """Write mergekit's merged weights into `target`.

    Raises:
        FactoryError: mergekit does not know the architecture, or cannot merge the models.
    """
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

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
    try:
        run_merge(MergeConfiguration.model_validate(config), str(target.absolute()), options)
    except (RuntimeError, ValueError, KeyError, AttributeError) as error:
        kind = read_config(job.input.model).get("model_type")
        lines = str(error).strip().splitlines() or [type(error).__name__]
        message = lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1]}"  # it prints whole configurations
        raise FactoryError(f"mergekit cannot merge {kind} models: {message}", where=job.where) from error
