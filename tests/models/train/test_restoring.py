"""Weights of checkpoints: all of them come back, or none without a word."""

from __future__ import annotations

import pytest
import torch

from factory.errors import FactoryError
from factory.models.models import load_model
from factory.models.train.restoring import FILE, keep, restore
from tests.steps.model_toys import make_model
from tests.tiny_vision import make_qwen2_vl


@pytest.mark.parametrize("sees", [True, False])
def test_every_weight_comes_back(tmp_path, sees):
    folder = (
        make_qwen2_vl(tmp_path / "m") if sees else make_model(tmp_path / "m", "gemma2").model
    )  # whose head is tied
    first, second = (load_model(folder, "float32") for _ in range(2))
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(1)
    keep(first, tmp_path / "checkpoint-1")
    restore(second, tmp_path / "checkpoint-1")
    ours, theirs = first.state_dict(), second.state_dict()
    assert ours.keys() == theirs.keys() and all(ours[name].equal(theirs[name]) for name in ours)
    assert second.get_output_embeddings().weight.equal(first.get_output_embeddings().weight)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    model = load_model(make_qwen2_vl(tmp_path / "m"), "float32")
    model.save_pretrained(tmp_path / "old")  # under the names of files
    with pytest.raises(FactoryError, match=r"the checkpoint is not of this model: it lacks model\..* .remove it"):
        restore(model, tmp_path / "old")
    keep(load_model(make_model(tmp_path / "other").model, "float32"), tmp_path / "text")
    with pytest.raises(FactoryError, match=r"the checkpoint is not of this model: .*size mismatch") as error:
        restore(model, tmp_path / "text")
    assert error.value.where == str(tmp_path / "text")
    (tmp_path / "text" / FILE).unlink()
    with pytest.raises(FactoryError, match="the checkpoint is not of this model: No such file"):
        restore(model, tmp_path / "text")
