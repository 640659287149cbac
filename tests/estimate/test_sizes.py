"""Parameters of a folder's model, whatever its weights are stored in."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from factory.engines.weights import INDEX
from factory.estimate.sizes import of_folder


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float8_e4m3fn, torch.int8])
def test_the_width_of_weights_does_not_matter(tmp_path: Path, dtype: torch.dtype) -> None:
    weights = {"a.weight": torch.zeros(8, 16, dtype=dtype), "norm.weight": torch.zeros(16, dtype=torch.bfloat16)}
    weights |= {"a.weight_scale": torch.ones(8, 1), "a.weight_zero_point": torch.zeros(8, 1)}
    save_file(weights, tmp_path / "model.safetensors")
    assert of_folder(tmp_path) == 8 * 16 + 16


def test_four_bits_are_eight_to_an_integer(tmp_path: Path) -> None:
    weights = {"a.weight_packed": torch.zeros(8, 2, dtype=torch.int32), "a.weight_shape": torch.tensor([8, 16])}
    weights |= {"a.weight_scale": torch.ones(8, 1), "a.weight_g_idx": torch.zeros(16, dtype=torch.int32)}
    shards = {"model-00001-of-00002.safetensors": weights}
    shards["model-00002-of-00002.safetensors"] = {"head.weight": torch.zeros(4, 16)}
    for name, tensors in shards.items():
        save_file(tensors, tmp_path / name)
    places = {tensor: name for name, tensors in shards.items() for tensor in tensors}
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": places}))
    assert of_folder(tmp_path) == 8 * 16 + 4 * 16


def test_no_weights_and_torn_weights_are_not_known(tmp_path: Path) -> None:
    assert of_folder(tmp_path) is None
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    assert of_folder(tmp_path) is None
