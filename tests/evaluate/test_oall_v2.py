"""The leaderboard's 116 subtasks, on stand-ins that lighteval loads as it loads the real ones."""

from __future__ import annotations

import pytest

from factory.errors import FactoryError
from factory.evaluate.suites.oall_v2 import OallV2


@pytest.fixture
def stand_ins(on_the_hub):
    on_the_hub(OallV2(models=["m"]))


def test_needs_six_datasets_with_the_leaderboards_configs():
    required = {dataset.repo: dataset for dataset in OallV2(models=["m"]).required_datasets()}
    assert sum(len(dataset.configs) for dataset in required.values()) == 116
    assert {repo: len(dataset.configs) for repo, dataset in required.items()} == {
        "OALL/AlGhafa-Arabic-LLM-Benchmark-Native": 8,
        "MBZUAI/ArabicMMLU": 40,
        "OALL/Arabic_EXAMS": 1,
        "MBZUAI/MadinahQA": 2,
        "asas-ai/AraTrust-categorized": 8,
        "MBZUAI/human_translated_arabic_mmlu": 57,
    }
    assert "All" not in required["MBZUAI/ArabicMMLU"].configs
    assert "mcq_exams_test_ar" not in required["OALL/AlGhafa-Arabic-LLM-Benchmark-Native"].configs
    assert required["asas-ai/AraTrust-categorized"].split == "train"
    assert "Answer Key" in required["MBZUAI/MadinahQA"].row(0)


def test_revisions_are_part_of_the_identity_and_reach_lighteval():
    plain = OallV2(models=["m"], revisions={"OALL/Arabic_EXAMS": "b" * 40})
    pinned = plain.at_revisions({"MBZUAI/MadinahQA": "a" * 40, "OALL/Arabic_EXAMS": "c" * 40, "some/other": "d" * 40})
    assert pinned.revisions == {"MBZUAI/MadinahQA": "a" * 40, "OALL/Arabic_EXAMS": "b" * 40}
    assert pinned.parameters() != plain.parameters()
    assert set(plain.hub_datasets()) == {dataset.repo for dataset in plain.required_datasets()}
    used = {subtask.config.hf_repo: subtask.config.hf_revision for subtask in pinned.subtasks()}
    assert used["MBZUAI/MadinahQA"] == "a" * 40 and used["MBZUAI/ArabicMMLU"] is None
    assert all(subtask.config.hf_revision is None for subtask in OallV2(models=["m"]).subtasks())


def test_a_dataset_that_cannot_be_had_is_said_in_one_line(lfm2, make_job, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    with pytest.raises(FactoryError, match="cannot run alghafa:meta_ar_dialects") as caught:
        OallV2(models=["m"]).run(make_job(lfm2, {}))
    assert "\n" not in str(caught.value)


def test_benchmarks_are_means_of_subtasks_and_the_average_of_six(stand_ins, lfm2, make_job):
    import pyarrow.parquet as pq

    job = make_job(lfm2, {})
    OallV2(models=["m"], max_samples=2).run(job)
    scores, subtasks = job.metrics["scores"], job.metrics["protocol"]["subtasks"]
    assert list(scores) == ["average", *OallV2.benchmarks()] == OallV2(models=["m"]).score_names()
    assert len(subtasks) == 116 and job.metrics["headline"] == "average"
    for name, benchmark in OallV2.benchmarks().items():
        own = [value for task, value in subtasks.items() if task.split(":")[0] == benchmark.family]
        assert len(own) == benchmark.subtasks
        assert scores[name]["value"] == pytest.approx(sum(own) / len(own), abs=1e-3)
        assert scores[name]["dataset"] == benchmark.repo
    assert scores["average"]["value"] == pytest.approx(sum(scores[name]["value"] for name in OallV2.benchmarks()) / 6)
    details = pq.read_table(job.out / "details.parquet").to_pylist()
    assert len(details) == 232
    by_family = {detail["subtask"].split(":")[0]: detail["choices"] for detail in details}
    assert by_family["alghafa"] == ["0", "1", "2", "3", "4"] and by_family["aratrust"] == ["أ", "ب", "ج"]
    assert any("not comparable" in note for note in job.notes)
