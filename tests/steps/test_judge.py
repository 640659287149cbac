from __future__ import annotations

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.judge import Judge, parse
from tests.support import chain_model, dataset, kept, rejected, run_step

# The prompt's last letter decides the reply: y -> "Yo.", n -> "no", anything else -> "k"
CHAIN = {"Y": "Y", "y": "O", "O": "k", "k": ".", ".": "", "n": "R", "R": "j", "j": "", "?": "q", "q": "q"}


@pytest.fixture(scope="session")
def chained(tmp_path_factory):
    return chain_model(tmp_path_factory.mktemp("models") / "m", CHAIN)


def judge(**parameters):
    given = {"model": "m", "prompt": "{ar} / {en}", "accept": "ok", "reject": "rj", **parameters}
    return Judge.model_validate(given)


def test_accept_reject_neither(tmp_path, chained):
    rows = [{"ar": "a", "en": end} for end in ("y", "n", "?", "x", " ", None)]
    job = run_step(judge(), dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert [row["en"] for row in kept(job)] == ["y"]
    found = {row["en"]: (row["outcome"], row["reason"]) for row in rejected(job)}
    assert found == {
        "n": ("rejected", "judge: rj"),
        "?": ("failed", "judge: reply is neither ok nor rj: qqqqqqqq"),
        "x": ("failed", "judge: reply is neither ok nor rj"),
        " ": ("rejected", "judge: no text: en"),
        None: ("rejected", "judge: no text: en"),
    }
    assert job.rows.failed == 2 and job.rows.reasons["judge: reply is neither ok nor rj"] == 2
    assert job.metrics["judged"] == {"asked": 4, "generated": 4}


def test_fields_map_placeholders_to_paths(tmp_path, chained):
    step = judge(prompt="{a} {b}", fields={"a": "translation.ar", "b": "translation.en"})
    rows = [{"translation": {"ar": "a", "en": "y"}}, {"translation": {"ar": "{b}", "en": "n"}}]
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", m=chained)
    assert (job.rows.kept, job.rows.rejected) == (1, 1)


def test_unknown_columns(tmp_path, chained):
    with pytest.raises(FactoryError, match="no column 'en' \\(columns here: ar, fr\\)"):
        judge().check_columns(["ar", "fr"])
    assert judge().check_columns(["ar", "en"]) == ["ar", "en"]


@pytest.mark.parametrize(
    "wrong", [{"prompt": "no names"}, {"fields": {"zz": "ar"}}, {"accept": "Rj"}, {"accept": "..."}]
)
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        judge(**wrong)


@pytest.mark.parametrize(
    ("reply", "word"), [("Accept", "accept"), ("  **accept.**\n", "accept"), ("مقبول。", "مقبول")]
)
def test_replies_are_read_without_their_clothes(reply, word):
    assert parse(reply) == word


@pytest.mark.parametrize("reply", ["accept it", "I accept", "accept/reject", "acceptable", "not accept", ""])
def test_nothing_but_the_word_is_the_word(reply):
    assert parse(reply) not in ("accept", "reject")
