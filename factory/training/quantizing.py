"""LLM Compressor behind a check: quantize, save, load again, and compare with the model before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError
from factory.training.models import (
    complete_config,
    copy_tokenizer,
    full_precision,
    load_model,
    load_tokenizer,
    read_config,
    size_bytes,
    stored_dtype,
)
from factory.training.tensors import count, read_tensors

if TYPE_CHECKING:
    from factory.job import Job

# Heads and towers that lose most in 8 bits; LFM2's short convolutions are three-dimensional and have no FP8 kernel.
IGNORE = {
    "lfm2": ["re:.*lm_head", "re:.*embed_tokens$", r"re:.*conv\.conv$"],
    "qwen2_vl": ["re:.*lm_head", "re:.*visual.*"],
    "qwen2_5_vl": ["re:.*lm_head", "re:.*visual.*"],
}
IGNORE_OTHERWISE = ["re:.*lm_head"]
MAX_TOKENS = 128  # per text; all logits of the model before are held in memory

TEXTS = (
    "The river rises in the mountains and flows north through three valleys before it reaches the sea.",
    "To make the dough, mix two cups of flour with a spoon of salt and let it rest for an hour.",
    "If a train leaves at nine and travels for two and a half hours, it arrives at half past eleven.",
    "ينبع النهر من الجبال ويجري شمالا عبر ثلاثة أودية قبل أن يصل إلى البحر.",
    "لتحضير العجين، اخلط كوبين من الدقيق مع ملعقة من الملح واتركه يرتاح ساعة.",
    "إذا غادر القطار في التاسعة وسار ساعتين ونصف الساعة، فإنه يصل في الحادية عشرة والنصف.",
)


def default_ignore(folder: Path) -> list[str]:
    """Modules that stay in 16 bits for the model's architecture."""
    return IGNORE.get(read_config(folder).get("model_type", ""), IGNORE_OTHERWISE)


def validation_texts(job: Job, reference: str | None, column: str, rows: int) -> list[str]:
    """The first texts of the column, or the built-in ones.

    Raises:
        FactoryError: no such column, or no text in it.
    """
    from itertools import islice

    from factory.training.data import load_rows

    if reference is None:
        return list(TEXTS)
    data = load_rows(job, reference)
    if column not in data.column_names:
        has = f"text: it has {', '.join(data.column_names)}"
        raise FactoryError(f"no column {column!r} in {reference}", where=job.where, fix=has)
    texts = list(islice((row[column] for row in data if row[column]), rows))
    if not texts:
        raise FactoryError(f"no text in {reference}.{column}", where=job.where)
    return texts


def quantize_model(job: Job, scheme: str, ignore: list[str], texts: list[str]) -> None:
    """Write ``job.out/model`` and fill ``job.metrics`` with sizes and the comparison."""
    import torch

    source, target = job.before.model, job.out / "model"
    full_precision(source, job.where)
    shutil.rmtree(target, ignore_errors=True)
    tokenizer = load_tokenizer(source, job.where, job.trust_remote_code)
    dtype = stored_dtype(source)
    dtype = "bfloat16" if dtype == "float32" else dtype
    with job.progress.task(f"{job.name}", total=4, unit="stages"):
        model = load_model(source, dtype, job.where, job.trust_remote_code, device_map=_device_map(job))
        encoded = [tokenizer(text, return_tensors="pt").input_ids[:, :MAX_TOKENS] for text in texts]
        before = [logits(model, ids) for ids in encoded]
        job.progress.advance()
        _oneshot(model, scheme, ignore, target, job)
        del model
        job.progress.advance()
        _keep_configuration(source, target)
        copy_tokenizer(source, target)
        found = read_tensors(target)
        quantized = [name for name, tensor in found.items() if tensor.dtype.startswith("F8")]
        if not quantized:
            raise FactoryError("no tensor is in FP8", where=job.where, fix="`ignore` leaves nothing to quantize")
        again = load_model(target, "auto", job.where, job.trust_remote_code, device_map=_device_map(job))
        job.progress.advance()
        after = [logits(again, ids) for ids in encoded]
        job.metrics |= {
            "scheme": scheme,
            "ignore": ignore,
            "parameters": count({name: found[name] for name in found if not name.endswith("_scale")}),
            "quantized_tensors": len(quantized),
            "size_before": size_bytes(source),
            "size_bytes": size_bytes(target),
            "validation": compare(before, after, encoded) | {"texts": len(texts), "against": dtype},
        }
        if not all(torch.isfinite(item).all() for item in after):
            raise FactoryError("the quantized model's outputs are not finite", where=job.where)
        job.progress.advance()


def logits(model: Any, ids: Any) -> Any:
    """Logits of one sequence as float32 on the CPU, [tokens, vocabulary]."""
    import torch

    with torch.inference_mode():
        return model(input_ids=ids.to(model.device), use_cache=False).logits[0].float().cpu()


def compare(before: list[Any], after: list[Any], ids: list[Any]) -> dict[str, Any]:
    """Distances over all tokens of all texts.

    max_logit_diff and mean_logit_diff are absolute; kl is KL(before ‖ after) in nats, mean and largest over tokens;
    same_top1 the share of tokens with the same most likely next token; loss the mean cross-entropy of the texts.
    """
    import torch

    gaps, divergences, same, losses = [], [], [], ([], [])
    for first, second, sequence in zip(before, after, ids, strict=True):
        gaps.append((first - second).abs().flatten())
        p, q = first.log_softmax(-1), second.log_softmax(-1)
        divergences.append((p.exp() * (p - q)).sum(-1))
        same.append(first.argmax(-1) == second.argmax(-1))
        for part, log_probs in zip(losses, (p, q), strict=True):
            part.append(-log_probs[:-1].gather(-1, sequence[0, 1:, None]).flatten())
    gap, kl = torch.cat(gaps), torch.cat(divergences)
    return {
        "tokens": kl.numel(),
        "max_logit_diff": round(gap.max().item(), 6),
        "mean_logit_diff": round(gap.mean().item(), 6),
        "kl_mean": round(kl.mean().item(), 8),
        "kl_max": round(kl.max().item(), 8),
        "same_top1": round(torch.cat(same).float().mean().item(), 4),
        "loss_before": round(torch.cat(losses[0]).mean().item(), 6),
        "loss_after": round(torch.cat(losses[1]).mean().item(), 6),
    }


def _oneshot(model: Any, scheme: str, ignore: list[str], target: Path, job: Job) -> None:
    from llmcompressor import oneshot
    from llmcompressor.core import reset_session
    from llmcompressor.modifiers.quantization import QuantizationModifier

    try:
        recipe = QuantizationModifier(targets="Linear", scheme=scheme, ignore=ignore)
        oneshot(model=model, recipe=recipe)
        model.save_pretrained(target, save_compressed=True)
    except (RuntimeError, ValueError, KeyError, AttributeError) as error:
        message = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FactoryError(f"llmcompressor: {message}", where=job.where) from error
    finally:
        reset_session()


def _keep_configuration(source: Path, target: Path) -> None:
    """generation_config as it was; the compressor's recipe.yaml goes: the manifest says the same."""
    (target / "recipe.yaml").unlink(missing_ok=True)
    if (source / "generation_config.json").is_file():
        shutil.copyfile(source / "generation_config.json", target / "generation_config.json")
    complete_config(target)


def _device_map(job: Job) -> str | None:
    return None if job.profile.torch_device() == "cpu" else "auto"
