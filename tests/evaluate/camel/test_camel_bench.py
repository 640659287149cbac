"""The suite whole: sets on an embedded Hub with pictures drawn here, asked of a Qwen2-VL with random weights."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.evaluate.camel.sets import camel_sets
from factory.evaluate.suites.camel_bench import CamelBench
from factory.step.job import Artifact
from factory.store import Ledger
from tests.evaluate.conftest import CHAT, manifest, model_artifact
from tests.tiny_vision import drawn, make_qwen2_vl


@pytest.fixture(scope="session")
def qwen(tmp_path_factory) -> Artifact:
    folder = tmp_path_factory.mktemp("qwen")
    make_qwen2_vl(folder / "model")
    return Artifact("qwen", folder, manifest("qwen", "model"))


@pytest.fixture
def put(embedded_hub, monkeypatch, tmp_path) -> Callable[[str, list[dict[str, Any]]], str]:
    """Makes these rows a set on the Hub, pictures in columns of type Image; returns the commit."""
    import datasets
    import pyarrow.parquet as pq
    from huggingface_hub import HfApi

    monkeypatch.setattr("datasets.config.HF_ENDPOINT", embedded_hub.endpoint)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")

    def make(name: str, rows: list[dict[str, Any]]) -> str:
        repo = camel_sets()[name].repo
        named = {column: [row.get(column) for row in rows] for column in {key for row in rows for key in row}}
        made = datasets.Dataset.from_dict(named)
        for column in named:
            if column.startswith("image"):
                made = made.cast_column(column, datasets.Image(decode=False))
        file = io.BytesIO()
        pq.write_table(made.data.table, file)  # `to_parquet` would follow the paths
        client = HfApi()
        client.create_repo(repo, repo_type="dataset", exist_ok=True)
        commit = client.upload_file(
            path_or_fileobj=file.getvalue(),
            path_in_repo="data/train-00000-of-00001.parquet",
            repo_id=repo,
            repo_type="dataset",
        )
        return commit.oid

    return make


def picture(data: bytes | None) -> dict[str, Any]:
    return {"bytes": data, "path": "/home/somebody/secret.png"}


def run(suite: CamelBench, job) -> dict[str, Any]:
    import pyarrow.parquet as pq

    suite.run(job)
    rows = pq.read_table(job.out / "details.parquet").to_pylist()
    return {(row["set"], row["index"]): row for row in rows}


def test_the_suite_names_its_sets_and_scores():
    suite = CamelBench(models=["m"], sets=["khatt", "gqa", "ocrisi"])
    assert suite.score_names() == [
        "total",
        "total micro",
        "vqa",
        "vqa micro",
        "ocr",
        "ocr micro",
        "gqa",
        "ocrisi",
        "khatt",
    ]
    assert suite.hub_datasets() == ["ahmedheakl/arabic_gqa", "ahmedheakl/arabic_ocrisi", "ahmedheakl/arabic_khatt"]
    assert len(CamelBench(models=["m"]).hub_datasets()) == 44
    for sets in (["khat"], ["khatt", "khatt"], []):
        with pytest.raises(ValidationError):
            CamelBench(models=["m"], sets=sets)


def test_the_two_scorings_are_two_protocols_and_share_what_was_answered():
    published, clean = (CamelBench(models=["m"], scoring=scoring) for scoring in ("published", "clean"))
    assert published.parameters() != clean.parameters() and published.made() == clean.made()


def test_rows_are_asked_scored_failed_and_withheld(put, qwen, make_job):
    rows = [
        {"image": picture(drawn("red")), "question": "ما هذا؟", "answer": "قطة"},
        {"image": picture(drawn()[:70]), "question": "ما هذا؟", "answer": "قطة"},
        {"image": picture(None), "question": "ما هذا؟", "answer": "قطة"},
        {"image": None, "question": "ما هذا؟", "answer": "قطة"},
        {"image": picture(drawn("blue")), "question": "ما هذا؟", "answer": ""},
        {"image": picture(drawn("blue", (2000, 1))), "question": "ما هذا؟", "answer": "قطة"},
    ]
    sha = put("gqa", rows)
    put("ocrisi", [{"image": picture(drawn(size=(300, 30))), "question": "اقرأ", "answer": "نص"}] * 3)
    suite = CamelBench(models=["m"], sets=["gqa", "ocrisi"], max_new_tokens=3).at_revisions(
        {"ahmedheakl/arabic_gqa": sha}
    )
    job = make_job(qwen, {})
    found = run(suite, job)
    assert [found["gqa", i]["state"] for i in range(6)] == [
        "scored",
        "failed",
        "failed",
        "failed",
        "withheld",
        "failed",
    ]
    assert "cannot be decoded" in found["gqa", 1]["failure"]
    assert found["gqa", 2]["failure"] == found["gqa", 3]["failure"] == "the row has no picture"
    assert found["gqa", 5]["failure"] == "a picture of 2000 x 1 pixels has no height at 420"
    scores, protocol = job.metrics["scores"], job.metrics["protocol"]
    assert scores["gqa"]["n"] == 1 and scores["ocrisi"]["n"] == 3
    assert scores["gqa"]["revision"] == sha and job.metrics["headline"] == "total"
    assert set(scores) == set(suite.score_names()) and protocol["rows"]["gqa"] == {
        "failed": 4,
        "scored": 1,
        "withheld": 1,
    }
    assert any(note.startswith("4 rows failed; they are left out") for note in job.notes)
    [submitted] = json.loads((job.out / "submission" / "gqa.json").read_text())
    assert submitted["index"] == 4 and submitted["pred_answer"] == found["gqa", 4]["output"]
    assert "somebody" not in (job.out / "results.json").read_text()

    clean = make_job(qwen, {}, "clean")
    clean.made_in = job.made  # as the runner gives it to both
    clean.input.model.joinpath("config.json").rename(clean.input.folder / "hidden.json")
    try:  # nothing is asked again: without its configuration the model could not be
        run(suite.model_copy(update={"scoring": "clean"}), clean)
    finally:
        (clean.input.folder / "hidden.json").rename(clean.input.model / "config.json")
    assert job.usage.requests == 5 and job.usage.completion_tokens > 0
    assert clean.usage.requests == clean.usage.completion_tokens == 0
    assert clean.metrics["scores"]["gqa"]["n"] == 5 and "wrong" in clean.notes[0]


def test_an_interrupted_run_asks_only_the_rest(put, qwen, make_job):
    put(
        "iconqa",
        [{"image_0": picture(drawn()), "image_1": picture(drawn("blue")), "question": "؟", "answer": "أ"}] * 3,
    )
    suite = CamelBench(models=["m"], sets=["iconqa"], max_new_tokens=2, limit=2)
    whole = make_job(qwen, {}, "whole")
    found = run(suite, whole)
    assert len(found) == 2 and found["iconqa", 0]["pictures"] == 2
    begun = make_job(qwen, {}, "begun")
    entry = next(Ledger.read(whole.made / "answers-iconqa.jsonl"))
    with Ledger(begun.made / "answers-iconqa.jsonl") as ledger:
        ledger.append(entry | {"output": "ج"})
    again = run(suite, begun)
    other = 1 - entry["index"]
    assert again["iconqa", entry["index"]]["output"] == "ج"
    assert again["iconqa", other]["output"] == found["iconqa", other]["output"]


def test_open_answers_need_a_judge_as_published_and_none_when_clean(put, qwen, make_job, llama):
    put("geochat", [{"image": picture(drawn()), "question": "ما اللون؟\nسطر", "answer": "أحمر"}])
    suite = CamelBench(models=["m"], sets=["geochat"], max_new_tokens=2)
    with pytest.raises(FactoryError, match="no row of geochat could be scored"):
        run(suite, make_job(qwen, {}, "alone"))
    found = run(suite.model_copy(update={"scoring": "clean"}), make_job(qwen, {}, "clean"))
    assert found["geochat", 0]["state"] == "scored"
    judged = make_job(qwen, {"judge": llama}, "judged")
    with suppress(FactoryError):  # random weights may say neither 0 nor 1
        run(suite.model_copy(update={"judge": "judge"}), judged)
    [said] = Ledger.read(judged.out / "verdicts.jsonl")
    assert said["set"] == "geochat" and said["verdict"] in (None, True, False)
    (judged.out / "verdicts.jsonl").unlink()
    with Ledger(judged.out / "verdicts.jsonl") as ledger:
        ledger.append(said | {"verdict": True})
    assert run(suite.model_copy(update={"judge": "judge"}), judged)["geochat", 0]["passed"]
    assert judged.metrics["scores"]["remote sensing"]["value"] == 100


def test_a_model_of_text_is_refused(put, make_job, tmp_path):
    put("gqa", [{"image": picture(drawn()), "question": "ما هذا؟", "answer": "قطة"}])
    llama = model_artifact(tmp_path / "llama", template=CHAT)
    with pytest.raises(FactoryError, match="reads text only, so it cannot be asked about pictures"):
        CamelBench(models=["m"], sets=["gqa"]).run(make_job(llama, {}))
