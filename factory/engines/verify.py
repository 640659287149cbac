"""Trust in an engine is earned: once per model its log-probabilities are compared with those of transformers.

Some mistakes of an engine are silent: a wrong rotary embedding or a tied output layer still writes fluent nonsense.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from factory.engines.environments import root
from factory.errors import FactoryError

if TYPE_CHECKING:
    from factory.engines.base import LogProbability
    from factory.engines.vllm import VllmEngine
    from factory.profile import Profile

TEXTS = (
    "The river is wide, and seven birds sing near the old bridge. A child counts them twice.",
    "def total(values):\n    return sum(value * 2 for value in values if value > 10)\n",
    "النهر واسع، وسبعة طيور تغني قرب الجسر القديم. ويعدها طفل مرتين.",
    "1. Water boils at 100 °C.\n2. Ice melts at 0 °C.\n3. Which of the two is warmer?",
)
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.05, "float16": 0.02}
"""Nats per token (assumed). In float32 a right engine was found within 3e-6."""
QUANTIZED = 0.2
"""The same for compressed weights (assumed): engines round activations differently, up to 0.15 apart where tried."""

_log = logging.getLogger(__name__)


@contextmanager
def verified(engine: VllmEngine) -> Iterator[None]:
    """Around the start of an engine: reference first, so that both models are never in memory together.

    Raises:
        FactoryError: the engine computes other probabilities than transformers.
    """
    mark = root() / "verified" / f"{_digest(engine)}.json"
    if not engine.profile.vllm.verify or mark.is_file():
        yield
        return
    texts = [(engine.tokens.tokenizer(text)["input_ids"], 1) for text in TEXTS]
    expected = _reference(engine, texts)
    yield
    if expected is None:
        return
    found = engine.score_ids(texts)
    worst = max(abs(a.total - b.total) / a.tokens for a, b in zip(expected, found, strict=True))
    if not worst <= _tolerance(engine):
        engine.__exit__()
        raise FactoryError(
            f"vllm {engine.version} computes other probabilities than transformers: {worst:.3g} nats per token apart",
            where=str(engine.model),
            fix='use engine = "transformers", or change [profiles.NAME.vllm.options]',
        )
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps({"model": str(engine.model), "vllm": engine.version, "nats_per_token": worst}))


def _tolerance(engine: VllmEngine) -> float:
    config = json.loads((engine.model / "config.json").read_text(encoding="utf-8"))
    return QUANTIZED if "quantization_config" in config else TOLERANCE[engine.profile.torch_dtype()]


def _reference(engine: VllmEngine, texts: list[tuple[list[int], int]]) -> list[LogProbability] | None:
    needed = _bytes(engine.model, engine.profile)
    free = _free_bytes(engine.profile)
    if needed > free:
        _log.warning(
            "%s: not compared with transformers: it needs %.1f GB and %.1f are free",
            engine.model,
            needed / 1e9,
            free / 1e9,
        )
        return None
    from factory.engines.transformers import TransformersEngine

    with TransformersEngine(engine.model, engine.profile, trust_remote_code=engine.trust_remote_code) as reference:
        return reference.score_ids(texts)


def _bytes(model: Path, profile: Profile) -> float:
    """Weights in memory with some room; on a CPU they may be widened from 16 bits to 32."""
    stored = sum(path.stat().st_size for path in model.glob("*.safetensors"))
    return stored * (2.2 if profile.torch_dtype() == "float32" else 1.2)


def _free_bytes(profile: Profile) -> float:
    if profile.torch_device().startswith("cuda"):
        import torch

        return torch.cuda.mem_get_info(profile.torch_device())[0]
    import psutil

    return psutil.virtual_memory().available


def _digest(engine: VllmEngine) -> str:
    """Of the model's files and of everything that decides how vLLM computes."""
    from factory.engines.environments import find

    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(engine.model.glob("*.*"))]
    about = [files, engine.options, engine.profile.torch_device(), find("vllm").version, TEXTS]
    return hashlib.blake2b(json.dumps(about, default=str).encode(), digest_size=16).hexdigest()
