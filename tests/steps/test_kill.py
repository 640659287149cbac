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
        [sys.executable, str(DRIVER), str(folder), str(seed), str(kills)], capture_output=True, text=True, timeout=560
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


BY_HAND = [pytest.mark.slow, pytest.mark.long]


@pytest.mark.parametrize(
    ("count", "kills", "more"),
    [
        (160, 8, ONE_ATTEMPT),
        (80, 8, LADDER),
        pytest.param(800, 15, ONE_ATTEMPT, marks=BY_HAND),
        pytest.param(400, 20, LADDER, marks=BY_HAND),
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
        {"verb": "dedup", "parameters": {"on": ["text"], "near": {"threshold": 0.6, "ngram": 2}}},
        {"verb": "decontaminate", "parameters": {"against": "more", "ngram": 7, "shortest": 5}, "datasets": ["more"]},
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


SCORING = {
    "similarity": {"pairs": {"text": "other"}, "min": 0.97},
    "safety": {"on": ["text"], "unsafe_labels": ["bad"], "max": 0.5},
    "judge": {"prompt": "{text}", "accept": "yes", "reject": "no"},
    "backtranslate": {
        "prompt": "{text}",
        "pairs": {"text": "other"},
        "gates": {"chrf": 12},
        "max_new_tokens": 12,
        "retranslate_model": "second",
        "retranslate_prompt": "again: {text}",
    },
}


@pytest.mark.parametrize(
    "verb", [pytest.param(verb, marks=pytest.mark.slow if verb == "judge" else BY_HAND) for verb in SCORING]
)
def test_scoring_verbs_survive(tmp_path, verb):
    from tests.encoders import bert, sentence_encoder

    if verb == "similarity":
        sentence_encoder(tmp_path / "model")
    elif verb == "safety":
        bert(tmp_path / "model", labels=["good", "bad"])
    else:
        random_model(tmp_path / "model", ends=25)
        random_model(tmp_path / "second", ends=25, seed=1)
    rows = prompts(300)
    shifted = [row["text"] if i % 3 else rows[i - 1]["text"] for i, row in enumerate(rows)]
    dataset(tmp_path / "in", [row | {"other": o} for row, o in zip(rows, shifted, strict=True)], shard_rows=60)
    models = ["model", "second"] if verb == "backtranslate" else ["model"]
    spec = {"verb": verb, "parameters": {"model": "model", **SCORING[verb]}, "models": models}
    (tmp_path / "step.json").write_text(json.dumps(spec))
    assert kill_and_compare(tmp_path, 8)["killed"] >= 3
