from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from pydantic import ValidationError

from factory.checks import DEFAULT
from factory.errors import FactoryError
from factory.profile import Profile
from factory.steps.filter import Filter
from factory.store import Dataset, fingerprint
from tests.encoders import sentence_encoder
from tests.support import dataset, kept, make_job, rejected, run_step

GOOD = {"t": "The river is behind the house.", "t_ar": "النهر خلف البيت."}
ENGLISH = {"t": "The river is behind the house.", "t_ar": "The river lies beyond that building."}
LOOP = {"t": "Count the birds.", "t_ar": "الطيور كثيرة " * 40}
REFUSAL = {"t": "Write a poem about rivers.", "t_ar": "عذرًا، لا أستطيع مساعدتك في ذلك."}


def filter_step(**parameters):
    return Filter.model_validate(parameters)


def test_default_checks_name_what_is_wrong(tmp_path):
    rows = [GOOD, ENGLISH, LOOP, REFUSAL, {"t": "Hello there", "t_ar": None}, {"t": None, "t_ar": None}]
    job = run_step(filter_step(), dataset(tmp_path / "in", rows), tmp_path / "out")
    assert [row["reason"].split(":")[0] for row in rejected(job)] == ["script", "length_ratio", "refusal", "empty"]
    assert rejected(job)[0]["reason"] == "script: 0 < 0.5"
    assert [row["t"] for row in kept(job)] == [GOOD["t"], None]
    assert job.rows.reasons == {"script": 1, "length_ratio": 1, "refusal": 1, "empty": 1}
    assert set(kept(job)[0]) == {"t", "t_ar", *(f"score_{name}" for name in DEFAULT)}
    assert job.metrics["percentiles"]["score_script"]["p50"] == 1.0


def test_limits_are_the_recipe_s(tmp_path):
    source = dataset(tmp_path / "in", [ENGLISH])
    assert run_step(filter_step(checks=["script"]), source, tmp_path / "a").rows.kept == 0
    assert run_step(filter_step(checks=[{"script": {"min": 0}}]), source, tmp_path / "b").rows.kept == 1
    assert run_step(filter_step(checks=[{"script": {"language": "en"}}]), source, tmp_path / "c").rows.kept == 1


def test_pairs_text_and_the_worst_score(tmp_path):
    rows = [
        {"a": {"en": "one house", "ar": "بيت واحد"}, "note": "بيت"},
        {"a": {"en": "x", "ar": "بيت"}, "note": "house"},
    ]
    step = filter_step(checks=["script"], pairs={"a.en": "a.ar"}, text=["note"])
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out")
    assert kept(job)[0]["score_script"] == 1.0
    assert rejected(job)[0]["score_script"] == 0.0


def test_the_reason_names_the_column_where_several_are_checked(tmp_path):
    turns = [{"role": "user", "content": "النهر"}, {"role": "user", "content": "river"}]
    rows = [
        {"a": "one", "a_ar": "house", "b": "one", "b_ar": "بيت", "m": turns[:1]},
        {"a": "one", "a_ar": "بيت", "b": "one", "b_ar": "house", "m": turns[:1]},
        {"a": "one", "a_ar": "بيت", "b": "one", "b_ar": "بيت", "m": turns},
        {"a": "one", "a_ar": "house", "b": "one", "b_ar": "house", "m": turns},
    ]
    step = filter_step(checks=["empty", "script"], columns={"a": "a_ar", "b": "b_ar", "m": None})
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out")
    assert [row["reason"] for row in rejected(job)] == [
        "script: 0 < 0.5 in a_ar", "script: 0 < 0.5 in b_ar", "script: 0 < 0.5 in m", "script: 0 < 0.5 in a_ar",
    ]  # fmt: skip
    assert job.rows.reasons == {"script": 4}


def test_scores_can_be_left_out_of_what_is_kept(tmp_path):
    step = filter_step(checks=["script"], keep_scores=False)
    job = run_step(step, dataset(tmp_path / "in", [GOOD, ENGLISH]), tmp_path / "out")
    assert kept(job) == [GOOD]
    assert rejected(job)[0]["score_script"] == 0.0


def test_a_row_that_breaks_a_check_fails_alone(tmp_path, monkeypatch):
    from factory.checks.echo import Echo

    def broken(self, source, target):
        if "birds" in source:
            raise ZeroDivisionError("no birds")
        return 0.0

    monkeypatch.setattr(Echo, "score", broken)
    job = run_step(filter_step(checks=["echo"]), dataset(tmp_path / "in", [GOOD, LOOP]), tmp_path / "out")
    assert (job.rows.kept, job.rows.failed) == (1, 1)
    assert rejected(job)[0]["reason"] == "filter: echo: ZeroDivisionError: no birds"


def test_columns(tmp_path):
    with pytest.raises(FactoryError, match="did you mean 't_ar'"):
        filter_step(pairs={"t": "t_arr"}).check_columns(["t", "t_ar"])
    with pytest.raises(FactoryError, match="no pair of columns x and x_ar"):
        run_step(filter_step(), dataset(tmp_path / "in", [{"t": "x"}]), tmp_path / "out")
    after = filter_step(checks=["script"], suffix="_ar").check_columns(["t", "t_ar"])
    assert after == ["t", "t_ar", "score_script"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"checks": ["scrypt"]}, "did you mean 'script'"),
        ({"checks": [{"script": {"mim": 1}}]}, "valid: min, language"),
        ({"checks": ["echo", {"echo": {"max": 1}}]}, "twice"),
        ({"checks": ["echo"], "columns": ["t"]}, "give `columns: {source: translation}`"),
        ({"checks": []}, "at least 1"),
    ],
)
def test_wrong_parameters(wrong, says):
    with pytest.raises(ValidationError, match=says):
        filter_step(**wrong)


def test_identity_has_versions_and_limits():
    parameters = filter_step(checks=[{"script": {"min": 0.7}}]).parameters()
    assert parameters["checks"] == [{"script": {"version": 6, "min": 0.7, "language": None}}]
    assert "length_ratio" in str(Filter.model_json_schema()["properties"]["checks"])


def test_empty_dataset(tmp_path):
    source = dataset(tmp_path / "in", [], schema=pa.schema([("t", pa.string()), ("t_ar", pa.string())]))
    job = run_step(filter_step(), source, tmp_path / "out")
    assert job.rows.rows_in == 0 and "score_script" in Dataset(job.out).schema().names


def test_processes_give_the_same_rows(tmp_path, monkeypatch):
    source = dataset(tmp_path / "in", [GOOD, ENGLISH, LOOP, REFUSAL] * 50, shard_rows=40)
    one = run_step(filter_step(), source, tmp_path / "one", Profile(threads=1))
    monkeypatch.setattr("factory.rows.step.PARALLEL_ROWS", 0)
    two = run_step(filter_step(), source, tmp_path / "two", Profile(threads=2))
    assert kept(two) == kept(one) and rejected(two) == rejected(one)
    assert two.rows == one.rows and two.metrics == one.metrics


def test_a_new_limit_sorts_the_rows_anew_and_computes_no_score(tmp_path, monkeypatch):
    source = dataset(tmp_path / "in", [{"t": "a river", "t_ar": text} for text in ("نهر", "a نهر", "river", None)])

    def run(name: str, *checks):
        job = replace(make_job(tmp_path / name, source), made_in=tmp_path / "made")
        filter_step(checks=[*checks]).run(job)
        return job

    job = run("one", "empty", "script", {"length_ratio": {"min": 0.1}})
    stricter = ["empty", {"script": {"min": 0.9}}, "length_ratio"]
    anew = run_step(filter_step(checks=stricter), source, tmp_path / "anew")
    monkeypatch.setattr("factory.checks.scoring.Scored.add", lambda *_, **__: pytest.fail("scored again"))
    taken = run("two", *stricter)
    assert kept(taken) == kept(anew) and rejected(taken) == rejected(anew)
    assert (job.rows.kept, taken.rows.kept) == (2, 1)
    assert any("scores taken" in note for note in taken.notes) and not job.notes
    assert taken.metrics["percentiles"] == anew.metrics["percentiles"]
    assert run("fewer", "empty", "script").rows.kept == 2
    for number, other in enumerate(["echo", {"script": {"language": "fr"}}]):
        with pytest.raises(pytest.fail.Exception, match="scored again"):  # another check, another language
            run(f"other-{number}", "empty", other)


RIVERS = [
    {"t": f"The river number {word} is behind.", "t_ar": f"النهر رقم {word} في الخلف هناك"} for word in "abcdefghij"
]


def test_meaning_is_compared_by_the_model_that_the_recipe_names(tmp_path, monkeypatch):
    encoder = sentence_encoder(tmp_path / "e")
    source = dataset(tmp_path / "in", [*RIVERS, {"t": "Yes.", "t_ar": "نعم."}])

    def run(name: str, limit: float):
        step = filter_step(checks=[{"meaning": {"model": "e", "min": limit}}])
        made = tmp_path / fingerprint(step.made())
        job = replace(make_job(tmp_path / name, source, e=encoder), made_in=made)
        step.run(job)
        return job

    job = run("one", 2)
    assert job.rows.rejected == 10 and kept(job)[0]["score_meaning"] == 2
    assert rejected(job)[0]["reason"].startswith("meaning: ")
    monkeypatch.setattr("factory.rows.embeddings.Encoder.__init__", None)  # another limit asks it nothing
    assert run("two", 0).rows.kept == 11


def test_a_model_of_a_check_is_an_input_of_the_step():
    step = filter_step(checks=["script", {"meaning": {"model": "owner/encoder"}}])
    assert [*step.references()] == [("checks.meaning.model", "owner/encoder", "model")]
    assert not step.parallel and filter_step().parallel
    assert [*filter_step(checks=["meaning"]).references()] == []  # the bundled model is no input
