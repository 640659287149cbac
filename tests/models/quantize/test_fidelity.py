import math

import pytest
import torch

from factory.models.models import load_model, load_tokenizer
from factory.models.quantize.fidelity import LOGIT_TOKENS, Reading, Text, compare, read
from tests.steps.model_toys import make_model


def test_distances_by_hand():
    before = Reading("en", torch.log(torch.tensor([[0.5, 0.5], [0.9, 0.1]])), loss=2.0, tokens=1)
    after = Reading("en", torch.log(torch.tensor([[0.25, 0.75], [0.8, 0.2]])), loss=3.0, tokens=1)
    found = compare([before], [after])
    first = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    second = 0.9 * math.log(0.9 / 0.8) + 0.1 * math.log(0.1 / 0.2)
    assert found["kl_mean"] == pytest.approx((first + second) / 2, abs=1e-6)
    assert found["kl_max"] == pytest.approx(first, abs=1e-6)
    assert found["same_top1"] == 0.5 and found["tokens"] == 2
    assert found["max_logit_diff"] == pytest.approx(math.log(2), abs=1e-6)
    assert found["perplexity"] == {
        "en": {"before": round(math.exp(2), 4), "after": round(math.exp(3), 4), "tokens": 1}
    }


def test_perplexity_is_of_all_tokens_of_a_language_together():
    before = [Reading("ar", torch.zeros(1, 2), 2.0, 1), Reading("ar", torch.zeros(1, 2), 1.0, 3)]
    before.append(Reading("en", torch.zeros(1, 2), 0.0, 0))
    found = compare(before, before)["perplexity"]
    assert found == {"ar": {"before": round(math.exp(3 / 4), 4), "after": round(math.exp(3 / 4), 4), "tokens": 4}}


def test_reading_agrees_with_the_model_own_loss(tmp_path):
    source = make_model(tmp_path / "base", "llama").model
    model, tokenizer = load_model(source, "float32"), load_tokenizer(source)
    text = "the cat sees a big red house " * 60
    [reading] = read(model, tokenizer, [Text("en", text)])
    ids = tokenizer(text, return_tensors="pt").input_ids[:, :512]
    assert len(reading.logits) == LOGIT_TOKENS and reading.tokens == ids.shape[1] - 1 > LOGIT_TOKENS
    with torch.inference_mode():
        assert reading.loss / reading.tokens == pytest.approx(model(input_ids=ids, labels=ids).loss.item(), abs=1e-5)
