"""Perplexity against one text at a time, without padding."""

from __future__ import annotations

import math

import pytest

from factory.errors import FactoryError
from factory.evaluate.suites.perplexity import Perplexity

ROWS = [
    {"text": "a short one", "lang": "en"},
    {"text": "", "lang": "en"},
    {"text": "a rather longer sentence, of more tokens", "lang": "en"},
    {"text": "القطة على السطح", "lang": "ar"},
]


def by_hand(folder, texts: list[str]) -> tuple[float, int, int]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    nll, tokens, size = 0.0, 0, 0
    for text in filter(None, texts):
        ids = torch.tensor([tokenizer(text)["input_ids"]])
        with torch.no_grad():
            nll += model(ids, labels=ids).loss.item() * (ids.shape[1] - 1)
        tokens += ids.shape[1] - 1
        size += len(text.encode()) - 1  # one byte per token; the first is not predicted
    return nll, tokens, size


@pytest.mark.parametrize("which", ["llama", "lfm2"])
def test_equals_one_text_at_a_time(which, request, make_job, make_dataset):
    model = request.getfixturevalue(which)
    job = make_job(model, {"texts": make_dataset(ROWS, "texts")})
    Perplexity(models=["m"], data="texts", by="lang").run(job)
    scores = job.metrics["scores"]
    for name, texts in {
        "": [row["text"] for row in ROWS],
        ".en": [row["text"] for row in ROWS[:3]],
        ".ar": [ROWS[3]["text"]],
    }.items():
        nll, tokens, size = by_hand(model.model, texts)
        assert scores[f"perplexity{name}"]["value"] == pytest.approx(math.exp(nll / tokens), rel=1e-4)
        # The first Arabic letter loses its first byte; decoding shows the rest as one replacement character.
        assert scores[f"bits per byte{name}"]["value"] == pytest.approx(nll / size / math.log(2), rel=0.1)
    assert not any(score["higher_is_better"] for score in scores.values())
    assert job.metrics["headline"] == "perplexity" and scores["perplexity"]["n"] == 4


def test_texts_are_cut_and_emptiness_is_said(lfm2, make_job, make_dataset):
    job = make_job(lfm2, {"texts": make_dataset(ROWS, "texts")})
    Perplexity(models=["m"], data="texts", max_length=5).run(job)
    assert job.usage.prompt_tokens == 15
    with pytest.raises(FactoryError, match="no text to score"):
        Perplexity(models=["m"], data="none").run(make_job(lfm2, {"none": make_dataset([{"text": ""}], "none")}))
