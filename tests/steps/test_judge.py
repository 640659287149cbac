from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.judge import Judge
from factory.text.replies import labelled, numbers, parse
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
    with pytest.raises(FactoryError, match="no column 'en' \\(valid: ar, fr\\)"):
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


@pytest.mark.parametrize(
    ("reply", "marks"),
    [
        ("adequacy: 4\nfluency: 5", (4, 5)),
        ('{"adequacy": 4, "fluency": "2"}', (4, 2)),
        ("Adequacy = ٤/٥; Fluency: 1.", (4, 1)),
        ("adequacy: 4\nadequacy: 4\nfluency: 1", (4, 1)),
        ("adequacy: 4", None),
        ("adequacy: 4 or 5\nfluency: 5", None),
        ("adequacy: 3-4\nfluency: 5", None),
        ("adequacy: 4\nfluency: 5\nadequacy: 2", None),
        ("adequacy: 4\nfluency: 5\nadequacy: good", None),
        ("adequacy: 9\nfluency: 5", None),
        ("adequacy: 4/10\nfluency: 5", None),
        ("inadequacy: 4\nfluency: 5", None),
        ("4\n5", None),
        ("", None),
    ],
)
def test_marks_are_read_or_refused(reply, marks):
    found = numbers(reply, ["adequacy", "fluency"], (1, 5))
    assert found == (None if marks is None else dict(zip(("adequacy", "fluency"), map(float, marks), strict=True)))


@given(st.text(max_size=40))
def test_no_reply_breaks_the_reading(reply):
    marks = numbers(reply, ["a", "b"], (1, 5))
    assert marks is None or all(1 <= mark <= 5 for mark in marks.values())
    parse(reply)
    labelled(reply, "rating")


@pytest.fixture(scope="session")
def marker(tmp_path_factory):
    """Answers with the mark that the prompt's last letter stands for; after x without end."""
    chain = dict(zip("abcdef", "123459", strict=True)) | dict.fromkeys("123459", "") | {"x": "x"}
    return chain_model(tmp_path_factory.mktemp("models") / "marks", chain)


def test_marks_with_a_floor(tmp_path, marker):
    step = judge(prompt="{ar}", criteria={"adequacy": 4}, max_new_tokens=4)
    rows = [{"ar": text} for text in ("d", "a", "c", "f", "x", "e", "")]  # marks 4 1 3 9 none 5 unasked
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", m=marker)
    assert [(row["ar"], row["score_adequacy"]) for row in kept(job)] == [("d", 4.0), ("e", 5.0)]
    found = {row["ar"]: (row["outcome"], row["reason"], row["score_adequacy"]) for row in rejected(job)}
    assert found == {
        "a": ("rejected", "judge: adequacy: 1 < 4", 1.0),
        "c": ("rejected", "judge: adequacy: 3 < 4", 3.0),
        "f": ("failed", "judge: reply has not the marks asked for: 9", None),
        "x": ("failed", "judge: reply has not the marks asked for: xxxx", None),
        "": ("rejected", "judge: no text: ar", None),
    }
    assert step.check_columns(["ar"]) == ["ar", "score_adequacy"]


@pytest.mark.parametrize(
    "wrong", [{"criteria": {"a": 7}}, {"criteria": {}}, {"scale": (5, 1)}, {"criteria": {"A b": 2}}]
)
def test_wrong_criteria(wrong):
    with pytest.raises(ValidationError):
        judge(**wrong)


def test_reasoning_is_counted_and_never_the_reply(tmp_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reasoner")
    follow = {"?": "<think>", "<think>": "</think>", "</think>": "y", "y": "", "#": "n", "n": ""}
    model = chain_model(folder, follow, words=["<think>", "</think>"])
    source = dataset(tmp_path / "in", [{"q": "good?"}, {"q": "bad#"}])
    job = run_step(judge(accept="y", reject="n", prompt="{q}", max_new_tokens=4), source, tmp_path / "out", m=model)
    assert [row["q"] for row in kept(job)] == ["good?"]
    assert job.metrics["judged"] == {"asked": 2, "generated": 2, "reasoned": 1}
    short = judge(accept="y", reject="n", prompt="{q}", max_new_tokens=1)
    job = run_step(short, source, tmp_path / "short", m=model)
    assert [row["reason"] for row in rejected(job)] == ["judge: reply is neither y nor n", "judge: n"]


def test_how_a_model_is_asked_is_part_of_what_is_made():
    plain = judge().parameters()
    assert not {"template", "content", "sampling"} & set(plain)
    for words in ({"template": {"enable_thinking": False}}, {"template": "plain"}, {"sampling": {"seed": 1}}):
        assert judge(**words).parameters() != plain
    assert judge(sampling={"seed": 1}).parameters() != judge(sampling={"seed": 2}).parameters()
    with pytest.raises(ValidationError, match="sends none"):
        judge(template="plain", content={"code": "ar"})
    with pytest.raises(ValidationError, match="'text' is what the prompt gives"):
        judge(content={"text": "x"})
