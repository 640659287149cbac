import pytest

from factory.errors import FactoryError
from factory.models.merge.fit import HEAD, fit_together
from factory.models.merge.stream import Linear, stream
from tests.steps.model_toys import make_model, weights


@pytest.fixture
def pair(tmp_path):
    return [make_model(tmp_path / name, "llama", seed=seed).model for name, seed in (("tuned", 1), ("base", 2))]


def rewritten(folder, change):
    from safetensors.torch import load_file, save_file

    (path,) = folder.glob("*.safetensors")
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def test_a_head_that_is_not_stored_is_the_embedding(tmp_path, pair):
    tuned, base = pair
    rewritten(base, lambda tensors: tensors.pop(HEAD))
    stream(pair, tmp_path / "out", Linear([0.5, 0.5], False), like=0, dtype=None)
    merged = weights(tmp_path / "out")[HEAD]
    wanted = (weights(tuned)[HEAD] + weights(base)["model.embed_tokens.weight"]) / 2
    assert (merged - wanted).abs().max() < 1e-7


def test_a_head_of_its_own_does_not_fit_a_tied_one(pair):
    tuned, base = pair
    rewritten(tuned, lambda tensors: tensors.pop(HEAD))
    with pytest.raises(FactoryError, match=r"lm_head\.weight is tied"):
        fit_together(pair, 0)
    rewritten(base, lambda tensors: tensors.update({HEAD: tensors["model.embed_tokens.weight"].clone()}))
    assert HEAD not in fit_together(pair, 0)


def test_the_tensor_that_does_not_fit_is_named(pair):
    rewritten(pair[1], lambda tensors: tensors.update({"model.norm.weight": tensors["model.norm.weight"][:-1]}))
    with pytest.raises(FactoryError, match=r"model\.norm\.weight is 32 in the source and 31"):
        fit_together(pair, 0)


def test_integers_are_refused_by_name(tmp_path, pair):
    import torch

    for folder in pair:
        rewritten(folder, lambda tensors: tensors.update(counts=torch.arange(3)))
    with pytest.raises(FactoryError, match="counts holds I64"):
        stream(pair, tmp_path / "out", Linear([0.5, 0.5], False), like=0, dtype=None)


def test_shards_of_both_sides_may_differ(tmp_path, pair):
    stream(pair, tmp_path / "one", Linear([0.3, 0.7], True), like=0, dtype="bfloat16")
    stream(pair, tmp_path / "many", Linear([0.3, 0.7], True), like=0, dtype="bfloat16", shard_bytes=20_000)
    one, many = weights(tmp_path / "one"), weights(tmp_path / "many")
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 2
    assert one.keys() == many.keys() and all(one[name].equal(many[name]) for name in one)
    again = [tmp_path / "many", tmp_path / "one"]
    stream(again, tmp_path / "again", Linear([1, 1], True), like=0, dtype=None)
    assert all(weights(tmp_path / "again")[name].equal(one[name]) for name in one)
