import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.preferences import Preferences
from tests.support import chain_model, dataset, kept, rejected, run_step

# A judge whose reply depends on the last letter it reads. Answers that end in g are good, in d bad, in t no better
# or worse than others; after x it says nothing that is a choice or a mark.
COMPARES = {"g": "B", "d": "A", "t": "t", "x": "q", "A": "", "B": "", "q": ""}
MARKS = {"g": "9", "d": "2", "t": "5", "x": "q", "9": "", "2": "", "5": "", "q": ""}
BOTH = "{prompt}|{response_a}|{response_b}"


@pytest.fixture(scope="session")
def judges(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judges")
    return {
        "compares": chain_model(folder / "compares", COMPARES),
        "marks": chain_model(folder / "marks", MARKS),
        "first": chain_model(folder / "first", dict.fromkeys("gdt", "A") | {"A": ""}),
    }


def prefer(tmp_path, rows, judge, options, **inputs):
    step = Preferences.model_validate({"judge": "judge", "judge_prompt": BOTH, "candidates": ["one", "two"]} | options)
    return run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out", judge=judge, **inputs)


ROWS = [
    {"prompt": "p", "one": "good", "two": "worse, d", "id": 0},
    {"prompt": "p", "one": "a d", "two": "a g", "id": 1},
    {"prompt": "p", "one": "same", "two": "same", "id": 2},
    {"prompt": "", "one": "a g", "two": "a d", "id": 3},
    {"prompt": "p", "one": "a x", "two": "a d", "id": 4},
]
ROWS[0]["one"] = "very g"


def test_pairs_in_the_format_of_trl(tmp_path, judges):
    job = prefer(tmp_path, ROWS, judges["compares"], {})
    first, second = kept(job)
    assert first == {
        "one": "very g",
        "two": "worse, d",
        "id": 0,
        "prompt": [{"role": "user", "content": "p"}],
        "chosen": [{"role": "assistant", "content": "very g"}],
        "rejected": [{"role": "assistant", "content": "worse, d"}],
        "score_chosen": 1.0,
        "score_rejected": 0.0,
        "chosen_from": "one",
        "rejected_from": "two",
    }
    assert (second["chosen_from"], second["rejected_from"]) == ("two", "one")
    assert {row["id"]: (row["outcome"], row["reason"]) for row in rejected(job)} == {
        2: ("rejected", "preferences: fewer than two different answers"),
        3: ("rejected", "preferences: no prompt"),
        4: ("failed", "preferences: the judge's reply is neither A, B nor tie: q"),
    }
    assert job.metrics["preferences"] == {"judged": 6, "unclear": 1, "orders_disagree": 0}


def test_a_judge_that_always_takes_the_first_has_no_say(tmp_path, judges):
    job = prefer(tmp_path, ROWS[:2], judges["first"], {})
    assert kept(job) == []
    assert {row["reason"] for row in rejected(job)} == {"preferences: no preference: best and worst are 0 apart"}
    assert job.metrics["preferences"]["orders_disagree"] == 2


def test_marks_and_their_margin(tmp_path, judges):
    rows = [{"prompt": "p", "one": "a t", "two": "a g", "three": "a d"}, {"prompt": "p", "one": "a t", "two": "a x"}]
    options = {"method": "score", "judge_prompt": "{prompt}: {response}", "candidates": ["one", "two", "three"]}
    job = prefer(tmp_path, rows, judges["marks"], options)
    (row,) = kept(job)
    assert (row["chosen_from"], row["score_chosen"], row["rejected_from"], row["score_rejected"]) == (
        "two",
        9,
        "three",
        2,
    )
    assert [row["reason"] for row in rejected(job)] == ["preferences: the judge's reply is no mark from 1 to 10: q"]
    narrow = prefer(tmp_path / "narrow", rows[:1], judges["marks"], options | {"min_margin": 8})
    assert [row["reason"] for row in rejected(narrow)] == ["preferences: no preference: best and worst are 7 apart"]


def test_models_answer_and_a_rerun_asks_nobody(tmp_path, judges, monkeypatch):
    """Two models and two prompts; the second prompt makes both answer alike, which is one candidate."""
    writers = {
        "good": chain_model(tmp_path / "good", {"?": "g", "!": "t", "g": "", "t": ""}),
        "bad": chain_model(tmp_path / "bad", {"?": "d", "!": "t", "d": "", "t": ""}),
    }
    options = {"candidates": [], "models": ["good", "bad"], "prompts": ["{prompt}?", "{prompt}!"], "max_new_tokens": 4}
    options |= {"method": "score", "judge_prompt": "{prompt} {response}", "system_prompt": "S"}
    job = prefer(tmp_path, [{"prompt": "p"}], judges["marks"], options, **writers)
    (row,) = kept(job)
    assert row["prompt"] == [{"role": "system", "content": "S"}, {"role": "user", "content": "p"}]
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == ("g", "d")
    assert (row["chosen_from"], row["rejected_from"]) == ("good, prompt 1", "bad, prompt 1")
    assert job.usage.requests == 4 + 3

    (tmp_path / "out" / "ledger.jsonl").unlink()
    monkeypatch.setattr("factory.step.job.engine_for", None)  # would be called if anything were asked again
    again = prefer(tmp_path, [{"prompt": "p"}], judges["marks"], options, **writers)
    assert kept(again) == [row]


def test_an_answer_that_was_cut_off_is_no_candidate(tmp_path, judges):
    endless = chain_model(tmp_path / "endless", {"p": "g", "g": "g"})
    options = {"candidates": ["one"], "models": ["m"], "max_new_tokens": 4}
    job = prefer(tmp_path, [{"prompt": "p", "one": "a d"}], judges["compares"], options, m=endless)
    assert [row["reason"] for row in rejected(job)] == ["preferences: fewer than two different answers"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"candidates": ["one"]}, "two candidates"),
        ({"judge_prompt": "{prompt} {response}"}, "method pairwise needs exactly"),
        ({"method": "score"}, "method score needs exactly"),
        ({"prompts": ["no place"]}, "must hold {prompt}"),
    ],
)
def test_wrong_parameters(options, message):
    with pytest.raises(ValidationError, match=message):
        Preferences.model_validate({"judge": "j", "judge_prompt": BOTH, "candidates": ["one", "two"]} | options)


def test_columns():
    step = Preferences.model_validate({"judge": "j", "judge_prompt": BOTH, "candidates": ["one", "two"]})
    with pytest.raises(FactoryError, match="no column 'two'"):
        step.check_columns(["prompt", "one"])
    assert step.check_columns(["prompt", "one", "two"])[:3] == ["one", "two", "prompt"]
