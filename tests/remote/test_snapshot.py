"""A copy taken at any moment of a step at work can be gone on from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.models.train.checkpoints import MARKER, last_complete, seal
from factory.remote.snapshot import snapshot
from tests.steps.test_kill import LADDER, kill_and_compare, prompts
from tests.support import dataset, random_model


def test_translation_goes_on_from_a_copy_of_any_moment(tmp_path: Path) -> None:
    for seed, name in enumerate(("teacher", "other")):
        random_model(tmp_path / name, seed=seed, ends=25)
    dataset(tmp_path / "in", prompts(60), shard_rows=20)
    parameters = {"model": "teacher", "fields": ["text"], "prompt": "ar: {text}", **LADDER}
    spec = {
        "verb": "translate",
        "parameters": parameters,
        "models": ["teacher", "other"],
        "memory": True,
        "copied": True,
    }
    (tmp_path / "step.json").write_text(json.dumps(spec))
    assert kill_and_compare(tmp_path, 5)["killed"] >= 3


@pytest.mark.slow
def test_judging_goes_on_from_a_copy_of_any_moment(tmp_path: Path) -> None:
    random_model(tmp_path / "model", ends=25)
    dataset(tmp_path / "in", prompts(300), shard_rows=60)
    parameters = {"model": "model", "prompt": "{text}", "accept": "yes", "reject": "no"}
    spec = {"verb": "judge", "parameters": parameters, "models": ["model"], "copied": True}
    (tmp_path / "step.json").write_text(json.dumps(spec))
    assert kill_and_compare(tmp_path, 8)["killed"] >= 3


def checkpoint(folder: Path, steps: int, best: str | None = None) -> Path:
    path = folder / "checkpoints" / f"checkpoint-{steps}"
    (path / "rng").mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"weights")
    (path / "rng" / "state").write_bytes(b"random")
    (path / "trainer_state.json").write_text(json.dumps({"global_step": steps, "best_model_checkpoint": best}))
    return path


def test_of_checkpoints_only_sealed_ones_come(tmp_path: Path) -> None:
    partial, target = tmp_path / "partial", tmp_path / "target"
    partial.mkdir()
    (partial / "attempts.jsonl").write_text("{}\n")
    (partial / "tokenized").mkdir()
    (partial / "tokenized" / "train.arrow").write_bytes(b"rows")
    assert not snapshot(partial, target) and not target.exists()
    first = checkpoint(partial, 10)
    assert not snapshot(partial, target) and not target.exists()
    seal(first)
    second = checkpoint(partial, 20)
    assert snapshot(partial, target)
    found = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    names = ("model.safetensors", "rng/state", "trainer_state.json", MARKER)
    assert found == {"attempts.jsonl", *(f"checkpoints/checkpoint-10/{name}" for name in names)}
    assert second.is_dir() and last_complete(target / "checkpoints") == target / "checkpoints" / "checkpoint-10"


def test_the_best_checkpoint_is_found_where_the_folder_lies_now(tmp_path: Path) -> None:
    partial, target = tmp_path / "partial", tmp_path / "target"
    best = checkpoint(partial, 10)
    seal(best)
    seal(checkpoint(partial, 20, best=str(best)), keep=best)
    assert snapshot(partial, target)
    newest = last_complete(target / "checkpoints")
    assert newest is not None and newest.name == "checkpoint-20"
    state = json.loads((newest / "trainer_state.json").read_text())
    assert state == {"global_step": 20, "best_model_checkpoint": str(target / "checkpoints" / "checkpoint-10")}
    assert json.loads((partial / "checkpoints" / "checkpoint-20" / "trainer_state.json").read_text())[
        "best_model_checkpoint"
    ] == str(best)


def test_what_is_made_anew_stays_behind(tmp_path: Path) -> None:
    partial, target = tmp_path / "partial", tmp_path / "target"
    (partial / "data").mkdir(parents=True)
    for name in (
        "ledger.jsonl",
        "generations.index",
        "generations.index-wal",
        "x.log",
        "data/train-00001.parquet.tmp",
    ):
        (partial / name).write_text("x")
    shard = partial / "data" / "train-00000.parquet"
    shard.write_bytes(b"PAR1")
    assert snapshot(partial, target)
    found = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert found == {"ledger.jsonl", "data/train-00000.parquet"}
    assert (target / "data" / "train-00000.parquet").stat().st_ino == shard.stat().st_ino
