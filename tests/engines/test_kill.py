"""kill -9 of a run in the middle, engine by engine: the rerun has the rows of an uninterrupted run."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from factory.engines.tiny import make_tiny_model
from factory.store import Dataset
from tests import needs
from tests.engines.moody_server import MoodyServer
from tests.support import behind_endpoint, chain_model, dataset

ROOT = Path(__file__).parents[2]
TRANSLATE = {"model": "teacher", "fields": ["text"], "prompt": "ar: {text}", "max_new_tokens": 24}
TRANSLATE |= {"split": "none", "checks": [], "ladder": []}  # each text is asked once


def prepare(folder, engine, rows, **parameters):
    """What the drivers need, but for the model: rows with repeats, the step, the profile."""
    texts = [f"text {i} " + "ab" * (i % 9) + "a" * (i % 11 == 0) for i in range(rows)]
    dataset(folder / "in", [{"text": text} for text in [*texts, *texts[: rows // 10]]], shard_rows=rows // 4)
    spec = {"verb": "translate", "parameters": TRANSLATE | parameters, "models": ["teacher"]}
    (folder / "step.json").write_text(json.dumps(spec))
    (folder / "profile.json").write_text(json.dumps({"device": "cpu", "threads": 1} | engine))


def drive(driver, folder, *arguments, timeout=300):
    command = [sys.executable, str(Path(__file__).with_name(driver)), str(folder), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
    return json.loads(done.stdout.splitlines()[-1])


def assert_equal_runs(folder):
    """Both runs' rows are equal, and no prompt was paid for twice."""
    for part in ("data", "rejected"):
        whole, torn = (Dataset(folder / out) for out in ("uninterrupted", "interrupted"))
        assert list(torn.rows(part=part)) == list(whole.rows(part=part))
    lines = (folder / "interrupted" / "generations.jsonl").read_text().splitlines()
    keys = [entry[0] for line in lines for entry in json.loads(line).get("batch", ())]
    whole, torn = (json.loads((folder / f"{out}.json").read_text()) for out in ("uninterrupted", "interrupted"))
    assert len(keys) == len(set(keys)) == torn["usage"]["requests"] == whole["usage"]["requests"]
    assert torn["rows"] == whole["rows"]
    return len(keys)


def test_an_endpoint_survives(tmp_path):
    chance = random.Random()

    def mood(server, prompt, before):
        return (429, {}, {"error": "slow down"}) if chance.random() < 0.02 else None

    behind_endpoint(tmp_path / "teacher", "m", "moody")
    with MoodyServer(mood, delay=0.01) as server:
        endpoint = {"base_url": server.url, "max_wait": 0.05, "concurrency": 16}
        prepare(tmp_path, {"endpoints": {"moody": endpoint}}, 240)
        result = drive("kill_driver.py", tmp_path, random.randrange(10**6), 6)
    assert result["killed"] >= 3
    assert assert_equal_runs(tmp_path) == 240


ENGINES = {
    "vllm": {"engine": "vllm", "vllm": {"verify": False, "options": {"max_num_seqs": 8}}},
    "ray": {"engine": "ray", "batch_size": 8, "ray": {"workers": 2, "cpus": 0.5}},
}
NEEDED = {
    "vllm": [needs.engine("vllm"), pytest.mark.long],
    "ray": [pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra [ray]")],
}


@pytest.mark.slow
@pytest.mark.parametrize("engine", [pytest.param(name, marks=NEEDED[name]) for name in ENGINES])
def test_engines_with_processes_survive(tmp_path, engine):
    """The run is killed as soon as some of it is in the ledger, twice, and then left alone."""
    chain = {"b": "x", "x": "y", "y": "", "a": "q", "q": "q"}  # one that ends, one that never does
    chain |= dict.fromkeys("0123456789", "w") | {" ": "v", "v": "", "w": "b"}
    if engine == "vllm":  # its CPU build has no attention for the chain model's small heads
        make_tiny_model(tmp_path / "teacher" / "model", ends=40)
    else:
        chain_model(tmp_path / "teacher", chain)
    prepare(tmp_path, ENGINES[engine], 400)
    drive("kill_run.py", tmp_path, "uninterrupted")
    ledger = tmp_path / "interrupted" / "generations.jsonl"
    for part in (0.2, 0.6):
        driver = str(Path(__file__).with_name("kill_run.py"))
        command = [sys.executable, driver, str(tmp_path), "interrupted"]
        with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL) as run:
            whole = (tmp_path / "uninterrupted" / "generations.jsonl").stat().st_size
            while run.poll() is None and (not ledger.exists() or ledger.stat().st_size < part * whole):
                time.sleep(0.002)
            run.kill()
    drive("kill_run.py", tmp_path, "interrupted")
    assert assert_equal_runs(tmp_path) == 400
