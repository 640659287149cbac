import math

import pytest

from factory.models.train.evaluate import mean_loss, perplexity
from factory.profile import Profile
from tests.steps.model_toys import make_model, sentences


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = make_model(tmp_path_factory.mktemp("evaluate") / "base").model
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def test_the_same_as_the_model_s_own_loss(loaded):
    import torch

    model, tokenizer = loaded
    texts = sentences(11)
    total = count = size = 0
    for text in texts:
        ids = torch.tensor([tokenizer(text).input_ids])
        total += model(ids, labels=ids).loss.item() * (ids.shape[1] - 1)
        count, size = count + ids.shape[1] - 1, size + len(text.encode())
    rows = [{"text": text} for text in texts]
    found = perplexity(model, tokenizer, rows, "text", 512, Profile(device="cpu"))["all"]
    assert found["tokens"] == count
    assert found["loss"] == pytest.approx(total / count, abs=1e-4)
    assert found["perplexity"] == pytest.approx(math.exp(total / count), rel=1e-3)
    assert found["bits_per_byte"] == pytest.approx(total / size / math.log(2), abs=1e-4)


def test_only_labelled_tokens_count(loaded):
    model, _ = loaded
    ids = [1, 20, 30, 40]
    profile = Profile(device="cpu")
    whole = mean_loss(model, [{"input_ids": ids, "labels": ids}], profile)
    parts = [
        mean_loss(model, [{"input_ids": ids, "labels": [-100] * i + [ids[i]] + [-100] * (3 - i)}], profile)
        for i in (1, 2, 3)
    ]
    assert whole == pytest.approx(sum(parts) / 3, abs=1e-5)
    assert mean_loss(model, [{"input_ids": ids, "labels": [-100] * 4}], profile) is None


def test_the_model_is_left_as_it_was(loaded):
    model, tokenizer = loaded
    model.train()
    perplexity(model, tokenizer, [{"text": "cat"}], "text", 64, Profile(device="cpu"))
    assert model.training
    model.eval()
