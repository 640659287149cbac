"""LLM Compressor behind a check: quantize, save, load again, and compare with the model before."""

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.engines.vision import sees
from factory.errors import FactoryError, first_line
from factory.models.models import (
    copy_settings,
    load_model,
    load_tokenizer,
    read_config,
    size_bytes,
    stored_dtype,
)
from factory.models.pictures import Shown
from factory.models.quantize.fidelity import Text, compare, read, with_picture
from factory.models.tensors import Tensor, count, read_tensors
from factory.step.job import Job
from factory.text import yaml

CALIBRATED = ("INT8", "W4A16")
"""Schemes whose rounding is chosen by GPTQ on calibration data, as in LLM Compressor's examples for them."""

IGNORE = Path(__file__).with_name("ignore.yaml")
SMALLEST_GROUP = 32  # of inputs with one scale that vLLM's kernels for 4-bit weights take


@dataclass(frozen=True)
class Scheme:
    """LLM Compressor's preset, modules left in 16 bits, and tokenized rows for GPTQ (None: rounded to the nearest)."""

    name: str
    ignore: list[str]
    calibration: Any = None


def default_ignore(folder: Path) -> list[str]:
    """Modules that stay in 16 bits for the model's architecture."""
    known, config = yaml.load(IGNORE.read_text(encoding="utf-8")), read_config(folder)
    kind = (config.get("text_config") or config).get("model_type", "")
    return [*known.get(kind, known["otherwise"]), *(known["sight"] if sees(config) else ())]


def quantize_model(job: Job, scheme: Scheme, texts: Sequence[Text]) -> None:
    """Write ``job.out/model`` and fill ``job.metrics`` with sizes and the comparison on `texts`."""
    import torch

    source, target = job.input.model, job.out / "model"
    shutil.rmtree(target, ignore_errors=True)
    tokenizer = load_tokenizer(source, job.where, job.trust_remote_code)
    dtype = stored_dtype(source)
    dtype = "bfloat16" if dtype == "float32" else dtype
    shown = None
    if sees(read_config(source)):
        texts = with_picture(texts)
        shown = Shown(source, tokenizer, trust_remote_code=job.trust_remote_code, where=job.where)
    with job.progress.task(f"{job.name}", total=4, unit="stages"):
        model = load_model(source, dtype, job.where, job.trust_remote_code, device_map=_device_map(job))
        before = read(model, tokenizer, texts, shown)
        job.progress.advance()
        left = [*scheme.ignore, *other_linears(model)]
        _oneshot(model, scheme, target, job)
        if shown is not None:
            _name_ignored(left, target / "config.json")
        del model
        job.progress.advance()
        (target / "recipe.yaml").unlink(missing_ok=True)  # the compressor's: the manifest says the same
        copy_settings(source, target, job.trust_remote_code)
        quantized = quantized_weights(read_tensors(target))
        if not quantized:
            raise FactoryError(
                f"no tensor is in {scheme.name}", where=job.where, fix="`ignore` leaves nothing to quantize"
            )
        again = load_model(target, "auto", job.where, job.trust_remote_code, device_map=_device_map(job))
        job.progress.advance()
        after = read(again, tokenizer, texts, shown)
        if not all(torch.isfinite(reading.logits).all() for reading in after):
            raise FactoryError("the quantized model's outputs are not finite", where=job.where)
        job.metrics |= {
            "scheme": scheme.name,
            "ignore": scheme.ignore,
            "parameters": count(read_tensors(source)),
            "quantized_tensors": len(quantized),
            "size_before": size_bytes(source),
            "size_bytes": size_bytes(target),
            "validation": compare(before, after) | {"texts": len(texts), "against": dtype},
        }
        job.progress.advance()


def quantized_weights(tensors: dict[str, Tensor]) -> list[str]:
    """Names of the weights that are stored in 8 bits, or packed: eight values of 4 bits in one of 32."""
    return [
        name
        for name, tensor in tensors.items()
        if name.endswith("weight_packed") or (name.endswith("weight") and tensor.dtype in ("F8_E4M3", "I8"))
    ]


def _oneshot(model: Any, scheme: Scheme, target: Path, job: Job) -> None:
    from llmcompressor import oneshot
    from llmcompressor.core import reset_session

    modifier = _modifier(model, scheme, job)
    try:
        oneshot(model=model, recipe=modifier, **_calibration_arguments(scheme))
        model.save_pretrained(target, save_compressed=True)
    except (RuntimeError, ValueError, KeyError, AttributeError) as error:
        raise FactoryError(f"llmcompressor: {first_line(error)}", where=job.where) from error
    finally:
        reset_session()


def other_linears(model: Any) -> list[str]:
    """Linear layers of other classes, as in the pooling of LFM2-VL's tower, which the compressor passes over."""
    from torch.nn import Linear

    return [
        name for name, module in model.named_modules() if isinstance(module, Linear) and type(module) is not Linear
    ]


def _name_ignored(left: Sequence[str], path: Path) -> None:
    """Let config.json name what stays in 16 bits as modules are named when the model is read again.

    Saving renames weights (Qwen2-VL's ``model.visual`` becomes ``visual``), and the compressor writes those names
    where transformers looks for modules'; those that it passes over it does not write at all. transformers would take
    all of these for 8-bit layers and make scales for them.
    """
    config = json.loads(path.read_text(encoding="utf-8"))
    config["quantization_config"]["ignore"] = [*left]
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _modifier(model: Any, scheme: Scheme, job: Job) -> Any:
    if scheme.calibration is None:
        from llmcompressor.modifiers.quantization import QuantizationModifier

        return QuantizationModifier(targets="Linear", scheme=scheme.name, ignore=scheme.ignore)
    from compressed_tensors.quantization import preset_name_to_scheme
    from compressed_tensors.utils import match_named_modules
    from llmcompressor.modifiers.gptq import GPTQModifier

    preset = preset_name_to_scheme(scheme.name, ["Linear"])
    assert preset.weights is not None
    if usual := preset.weights.group_size:
        layers: Any = match_named_modules(model, ["Linear"], scheme.ignore)
        widths = {name: layer.in_features for name, layer in layers}
        job.metrics["group_size"] = preset.weights.group_size = group_size(widths, usual, job)
    return GPTQModifier(config_groups={"group_0": preset}, ignore=scheme.ignore)


def group_size(widths: dict[str, int], usual: int, job: Job) -> int:
    """Inputs that share a scale: the preset's number, or the largest part of it that divides every layer's inputs.

    Raises:
        FactoryError: not even groups of `SMALLEST_GROUP` fit a layer.
    """
    name, width = min(widths.items(), key=lambda item: math.gcd(item[1], usual), default=("", usual))
    if math.gcd(width, SMALLEST_GROUP) < SMALLEST_GROUP:
        raise FactoryError(
            f"{name} has {width} inputs, which groups of {SMALLEST_GROUP} do not divide",
            where=job.where,
            fix="add it to `ignore`, or take INT8, which has no groups",
        )
    size = math.gcd(width, usual)
    if size < usual:
        job.notes.append(f"groups of {size} inputs share a scale, not {usual}: {name} has {width}")
    return size


def _calibration_arguments(scheme: Scheme) -> dict[str, Any]:
    """The rows are chosen and cut already: one at a time, in their order, none padded."""
    rows = scheme.calibration
    if rows is None:
        return {}
    return {
        "dataset": rows,
        "num_calibration_samples": len(rows),
        "shuffle_calibration_samples": False,
        "max_seq_length": max(len(ids) for ids in rows["input_ids"]),
        "batch_size": 1,
    }


def _device_map(job: Job) -> str | None:
    return None if job.profile.torch_device() == "cpu" else "auto"
