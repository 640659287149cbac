"""kill -9 at any moment: a rerun ends with the rows of an uninterrupted run, none lost, none twice or paid twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from factory.store import Dataset
from tests.support import dataset, random_model

DRIVER = Path(__file__).with_name("kill_driver.py")


def prompts(count: int) -> list[dict[str, str]]:
    chance = random.Random(7)
    words = ["the", "small", "house", "near", "a", "green", "river", "where", "seven", "birds", "sing"]
    rows = [{"id": str(i), "text": " ".join(chance.choices(words, k=chance.randint(2, 9)))} for i in range(count)]
    return [*rows, *rows[: count // 10]]


def kill_and_compare(folder: Path, kills: int) -> dict:
    seed = random.randrange(10**6)
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(folder), str(seed), str(kills)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"seed {seed}: {done.stderr[-3000:]}"
    for part in ("data", "rejected"):
        whole, torn = (Dataset(folder / out) for out in ("uninterrupted", "interrupted"))
        assert [p.name for p in torn.shards(part=part)] == [p.name for p in whole.shards(part=part)], f"seed {seed}"
        assert list(torn.rows(part=part)) == list(whole.rows(part=part)), f"seed {seed}"
        assert not list((folder / "interrupted" / part).glob("*.tmp"))
    summaries = [json.loads((folder / f"{out}.json").read_text()) for out in ("uninterrupted", "interrupted")]
    assert summaries[0] == summaries[1], f"seed {seed}"
    return {**json.loads(done.stdout.splitlines()[-1]), **summaries[1]}


ONE_ATTEMPT = {"split": "none", "checks": [], "ladder": [], "max_new_tokens": 24}
LADDER = {"checks": ["repetition"], "fallback": "other", "max_new_tokens": 6}


@pytest.mark.parametrize(
    ("count", "kills", "more"),
    [
        (160, 8, ONE_ATTEMPT),
        (80, 8, LADDER),
        pytest.param(800, 15, ONE_ATTEMPT, marks=pytest.mark.slow),
        pytest.param(400, 20, LADDER, marks=pytest.mark.slow),
    ],
)
def test_translate_survives(tmp_path, count, kills, more):
    random_model(tmp_path / "teacher", ends=25)
    random_model(tmp_path / "other", seed=1, ends=25)
    dataset(tmp_path / "in", prompts(count), shard_rows=50)
    models = ["teacher", *([more["fallback"]] if "fallback" in more else [])]
    parameters = {"model": "teacher", "fields": ["text"], "prompt": "ar: {text}", **more}
    (tmp_path / "step.json").write_text(
        json.dumps({"verb": "translate", "parameters": parameters, "models": models, "memory": True})
    )
    result = kill_and_compare(tmp_path, kills)
    assert result["killed"] >= kills // 2
    assert result["rows"]["kept"] and result["rows"]["rejected"]  # both kinds were compared
    paid = 0
    for path in (tmp_path / "interrupted").glob("generations*.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        keys = [entry[0] for line in lines for entry in line.get("batch", [])]
        assert len(keys) == len(set(keys))
        paid += len(keys)
    assert paid == result["usage"]["requests"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "spec",
    [
        {"verb": "dedup", "parameters": {"on": ["text"]}},
        {"verb": "filter", "parameters": {"checks": ["repetition", "empty"], "text": ["text"]}},
        {"verb": "split", "parameters": {"test": 100, "validation": 0.1}},
        {"verb": "mix", "parameters": {"datasets": ["in", "more"]}, "datasets": ["in", "more"], "source": False},
    ],
    ids=lambda spec: spec["verb"],
)
def test_other_verbs_survive(tmp_path, spec):
    dataset(tmp_path / "in", prompts(6000), shard_rows=300)
    dataset(tmp_path / "more", prompts(3000), shard_rows=300)
    (tmp_path / "step.json").write_text(json.dumps(spec))
    assert kill_and_compare(tmp_path, 12)["killed"] >= 4
