"""quantize of models that see: the tower stays as it is, also for whoever reads the folder again."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from factory.models.models import load_model, load_tokenizer
from factory.models.pictures import Shown
from factory.steps.quantize import Quantize
from tests.steps.model_toys import artifact, job, weights
from tests.tiny_vision import VISION, drawn, make_vision_model

KINDS = [kind for kind in VISION if kind != "lfm2_vl" or find_spec("torchvision")]


def quantized(tmp_path: Path, kind: str, **options: Any) -> Any:
    make_vision_model(tmp_path / "base" / "model", kind)
    work = job(tmp_path / "small", artifact(tmp_path / "base"))
    Quantize.model_validate(options).run(work)
    return work


def seen(folder: Path, dtype: str) -> tuple[Any, Any]:
    """(logits, what the tower makes of the picture) of the model in `folder`."""
    asked = Shown(folder, load_tokenizer(folder)).asked("What is it?", drawn("green"))
    model = load_model(folder, dtype)
    tower: list[Any] = []
    sight = model.model.visual if hasattr(model.model, "visual") else model.model.vision_tower
    sight.register_forward_hook(lambda module, inputs, output: tower.append(output.last_hidden_state))
    with torch.no_grad():
        logits = model(**asked).logits.float()
    [features] = tower
    return logits, features


@pytest.mark.parametrize("kind", KINDS)
def test_the_tower_stays_in_16_bits_and_the_folder_loads_with_nothing_made_anew(tmp_path: Path, kind: str) -> None:
    work = quantized(tmp_path, kind)
    folder, source = work.out / "model", work.source.model
    small = {name for name, tensor in weights(folder).items() if "float8" in str(tensor.dtype)}
    assert small and not any("visual" in name or "vision" in name or "projector" in name for name in small)
    assert work.metrics["validation"]["perplexity"]["with a picture"]["tokens"] > 0
    (ours, tower), (before, tower_before) = seen(folder, "auto"), seen(source, "bfloat16")
    assert torch.equal(tower, tower_before)
    assert torch.isfinite(ours).all() and 0 < (ours - before).abs().mean() < 0.5 * before.abs().mean()
    ignored = json.loads((folder / "config.json").read_text())["quantization_config"]["ignore"]
    assert ignored[: len(work.metrics["ignore"])] == work.metrics["ignore"]


def test_a_tower_that_the_recipe_quantizes_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    work = quantized(tmp_path, "qwen2_vl", ignore=["re:.*lm_head", "re:.*merger.*"])
    small = {name for name, tensor in weights(work.out / "model").items() if "float8" in str(tensor.dtype)}
    assert any("visual.blocks" in name for name in small) and not any("merger" in name for name in small)
    assert torch.isfinite(seen(work.out / "model", "auto")[0]).all()
