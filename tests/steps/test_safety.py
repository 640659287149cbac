from __future__ import annotations

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.safety import Safety
from tests.encoders import bert
from tests.support import chain_model, dataset, kept, rejected, run_step

CHAIN = {"y": "o", "o": "k", "k": "", "n": "b", "b": "a", "a": "d", "d": "\n", "\n": "S", "S": "9", "9": "", "?": "?"}


@pytest.fixture(scope="session")
def guard(tmp_path_factory):
    return chain_model(tmp_path_factory.mktemp("models") / "g", CHAIN)


@pytest.fixture(scope="session")
def classifier(tmp_path_factory):
    return bert(tmp_path_factory.mktemp("models") / "c", labels=["fine", "toxic", "violent"], seed=4)


def guarded(**parameters) -> Safety:
    given = {"model": "g", "on": ["a", "b"], "prompt": "{text}", "safe": "ok", "unsafe": "bad", "max_new_tokens": 8}
    return Safety.model_validate({**given, **parameters})


def test_a_guard_writes_its_verdict(tmp_path, guard):
    rows = [{"a": a, "b": b} for a, b in (("y", "y"), ("y", "n"), ("y", "?"), ("y", None), (" ", None))]
    job = run_step(guarded(), dataset(tmp_path / "in", rows), tmp_path / "out", g=guard)
    assert [(row["a"], row["b"], row["score_unsafe"]) for row in kept(job)] == [
        ("y", "y", 0.0),
        ("y", None, 0.0),
        (" ", None, None),
    ]
    found = [(row["input_row"], row["outcome"], row["reason"], row["unsafe_category"]) for row in rejected(job)]
    assert found == [
        (1, "rejected", "safety: 1 > 0.5 (S9)", "S9"),
        (2, "failed", "safety: reply is neither ok nor bad", None),
    ]
    assert all(row["a"] is row["b"] is None for row in rejected(job)), "what is not safe is not written again"
    assert job.metrics["examples"].keys() == job.rows.reasons.keys()
    assert all(
        row.keys() <= {"reason", "unsafe_category"} for rows in job.metrics["examples"].values() for row in rows
    )


def classified(**parameters) -> Safety:
    given = {"model": "c", "on": ["t"], "unsafe_labels": ["toxic", "violent"], **parameters}
    return Safety.model_validate(given)


def test_the_score_is_the_probability_of_the_unsafe_labels(tmp_path, classifier):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    rows = [{"t": text} for text in ("a red house", "بيت", "seven birds sing", "what", "")]
    job = run_step(classified(max=1), dataset(tmp_path / "in", rows), tmp_path / "out", c=classifier)
    model = AutoModelForSequenceClassification.from_pretrained(classifier.model).eval()
    tokenizer = AutoTokenizer.from_pretrained(classifier.model)
    for row in kept(job)[:-1]:
        with torch.no_grad():
            chances = model(**tokenizer(row["t"], return_tensors="pt")).logits.softmax(1)[0]
        assert row["score_unsafe"] == pytest.approx(float(chances[1] + chances[2]), abs=1e-5)
    assert kept(job)[-1]["score_unsafe"] is None
    scores = sorted(row["score_unsafe"] for row in kept(job)[:-1])
    strict = run_step(classified(max=scores[1]), dataset(tmp_path / "in2", rows), tmp_path / "strict", c=classifier)
    assert strict.rows.kept == 3 and strict.rows.rejected == 2


def test_a_long_text_is_read_to_its_end(tmp_path, classifier):
    """Its score is that of its worst window, so that the end counts like the beginning."""
    from factory.profile import Profile
    from factory.rows.classifier import Classifier

    reader = Classifier(classifier.model, Profile(device="cpu"))
    words = ["house"] * 62 + ["birds"] * 3
    letters = " ".join(" ".join(word) for word in words)
    whole, start = reader.score([letters, letters[:123]], ["toxic"])
    assert whole >= start
    alone, among = (reader.score(texts, ["toxic"])[0] for texts in (["a b c"], ["a b c", "x y z", "a b c"]))
    assert among == pytest.approx(alone, abs=1e-6), "but for the order in which a processor adds up a larger batch"


def test_labels_the_model_does_not_have(tmp_path, classifier):
    source = dataset(tmp_path / "in", [{"t": "x"}])
    with pytest.raises(FactoryError, match=r"no label 'unsafe'.*fine, toxic, violent"):
        run_step(classified(unsafe_labels=["unsafe"]), source, tmp_path / "out", c=classifier)


def test_an_encoder_that_does_not_classify(tmp_path):
    source = dataset(tmp_path / "in", [{"t": "x"}])
    with pytest.raises(FactoryError, match="not trained to classify"):
        run_step(classified(), source, tmp_path / "out", c=bert(tmp_path / "c"))


@pytest.mark.parametrize(
    "wrong",
    [{"prompt": None}, {"unsafe_labels": ["x"]}, {"prompt": "none"}, {"safe": "bad"}, {"max": 2}, {"on": []}],
)
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        guarded(**wrong)
