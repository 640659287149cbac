from __future__ import annotations

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.backtranslate import AIN, Backtranslate
from tests.support import chain_model, dataset, kept, rejected, run_step

# What comes back follows from a prompt's last letter: d -> "big", x -> x without end, else nothing.
CHAIN = {"d": "b", "b": "i", "i": "g", "g": "", "x": "x", "n": ""}
# Translated anew, a source ends in g: "g" -> "d"; the translation "d" comes back as "big".
ANEW = {"g": "d", "d": "", "t": "n", "n": ""}


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {"back": chain_model(folder / "back", CHAIN), "anew": chain_model(folder / "anew", ANEW)}


def backtranslate(**parameters) -> Backtranslate:
    given = {"model": "back", "prompt": "{text}", "pairs": {"en": "ar"}, "gates": {"bleu": 60}, "max_new_tokens": 6}
    return Backtranslate.model_validate({**given, **parameters})


ROWS = [
    {"en": "big", "ar": "d"},
    {"en": "small red house", "ar": "d"},
    {"en": "big", "ar": "x"},
    {"en": "big", "ar": "n"},
    {"en": "big", "ar": ""},
    {"en": None, "ar": None},
]


def test_what_does_not_come_back_goes_with_its_scores(tmp_path, models):
    job = run_step(backtranslate(), dataset(tmp_path / "in", ROWS), tmp_path / "out", back=models["back"])
    assert [(row["en"], row["score_back_bleu"]) for row in kept(job)] == [("big", pytest.approx(100)), (None, None)]
    assert "ar_back" not in kept(job)[0]
    found = [(row["reason"], row["ar_back"]) for row in rejected(job)]
    assert found == [
        ("backtranslate: bleu: 0 < 60", "big"),
        ("backtranslate: cut off", "xxxxxx"),
        ("backtranslate: empty", ""),
        ("backtranslate: no text: ar", None),
    ]
    assert rejected(job)[0]["score_back_rouge_f1"] == 0
    assert job.metrics["backtranslated"] == {"pairs": 4, "generated": 3, "retranslated": 0, "rescued": 0}
    assert job.usage.requests == 3 and job.usage.completion_tokens > 6


def test_a_translation_longer_than_the_context_is_rejected_and_not_failed(tmp_path, models):
    rows = [{"en": "big", "ar": "d"}, {"en": "big", "ar": "d" * 5000}]
    job = run_step(backtranslate(), dataset(tmp_path / "in", rows), tmp_path / "out", back=models["back"])
    assert (job.rows.kept, job.rows.rejected, job.rows.failed) == (1, 1, 0)
    assert job.rows.reasons == {"backtranslate: too long": 1}


def test_what_fails_is_translated_once_more(tmp_path, models):
    rows = [{"en": "big", "ar": "d"}, {"en": "big", "ar": "x"}, {"en": "red hut", "ar": "x"}]
    step = backtranslate(retranslate_model="anew", retranslate_prompt="{text}", keep_back=True)
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", **models)
    assert [(row["ar"], row["ar_back"], row["translated_again"]) for row in kept(job)] == [
        ("d", "big", False),
        ("d", "big", True),
    ]
    assert [(row["ar"], row["reason"]) for row in rejected(job)] == [("x", "backtranslate: cut off")]
    assert job.metrics["backtranslated"] == {"pairs": 3, "generated": 5, "retranslated": 2, "rescued": 1}


def test_gates_are_ains_and_all_must_hold(tmp_path, models):
    assert backtranslate(gates=AIN).gates == {
        "bleu": 60,
        "meteor": 80,
        "rouge_precision": 80,
        "rouge_recall": 80,
        "rouge_f1": 80,
    }
    rows = [{"en": "big cat", "ar": "d"}]
    step = backtranslate(gates={"rouge_precision": 80, "rouge_recall": 80})
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", back=models["back"])
    assert rejected(job)[0]["reason"] == "backtranslate: rouge_recall: 50 < 80"


def test_columns():
    made = backtranslate(keep_back=True).check_columns(["en", "ar"])
    assert made is not None and made[2] == "score_back_bleu" and made[-1] == "ar_back"
    assert backtranslate(keep_scores=False).check_columns(["en", "ar"]) == ["en", "ar"]
    with pytest.raises(FactoryError, match="no column 'en'"):
        backtranslate().check_columns(["english", "ar"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": "no text"},
        {"gates": {"bleu": 600}},
        {"gates": {"bleurt": 1}},
        {"gates": {}},
        {"retranslate_model": "anew"},
        {"retranslate_model": "anew", "retranslate_prompt": "again"},
    ],
)
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        backtranslate(**wrong)
