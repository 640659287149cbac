"""The account of a recipe whose run is over, goes on in another process, or was killed."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factory.commands.status import as_document, rendered
from factory.graph.account import Account, account, so_far, translations_so_far
from factory.store import Ledger
from tests.graph.test_run import graph_of, run

SLOW = """\
import sys, time
from pathlib import Path
from factory.steps.filter import Filter
from tests.graph.test_run import graph_of, run

work = Filter._scores

worked = []

def slowly(self, table, *rest):
    worked.append(1)
    if len(worked) == 3:
        time.sleep(600)  # the third shard is in flight until it is killed
    return work(self, table, *rest)

Filter._scores = slowly
run(graph_of(Path(sys.argv[1]), Path("recipe.txt").read_text()))
"""
RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  a:
    from: ./rows
    steps:
      - filter: {checks: [empty], columns: [q]}
"""


def steps(found: Account) -> dict[str, str]:
    return {step.node.name: step.state for step in found.steps}


def test_a_finished_recipe_has_the_manifests_counts_and_totals(tmp_path: Path) -> None:
    graph = graph_of(tmp_path)
    before = account(graph)
    assert set(steps(before).values()) == {"new"} and before.beat is None
    run(graph)
    after = account(graph)
    assert set(steps(after).values()) == {"done"}
    assert all(step.rows is not None and step.rows.balanced for step in after.steps)
    assert after.total.seconds == pytest.approx(sum(step.usage.seconds for step in after.steps))
    assert after.beat is None and not after.running  # the file goes with the run


def rows(folder: Path, shards: int, size: int = 10_000) -> Path:
    (folder / "rows").mkdir(parents=True)
    for shard in range(shards):
        lines = [json.dumps({"q": "" if i % 4 == 0 else f"{shard} {i}"}) for i in range(size)]
        (folder / "rows" / f"{shard}.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "recipe.txt").write_text(RECIPE)
    return folder


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", SLOW, str(folder)], cwd=folder, env=environment)


def wait_for(look: Any, process: subprocess.Popen[bytes]) -> Any:
    for _ in range(4000):
        if found := look():
            return found
        assert process.poll() is None, "the run ended before it was seen"
        time.sleep(0.05)
    raise AssertionError("nothing was seen of the run")


def test_a_run_elsewhere_is_seen_and_not_disturbed_and_a_killed_one_is_called_so(tmp_path: Path) -> None:
    folder = rows(tmp_path, 4)
    process = start(folder)
    graph = graph_of(folder, RECIPE)

    def half_way() -> Account | None:
        found = account(graph)
        step = found.steps[-1]
        return found if step.state == "running" and step.rows and step.rows.rows_in == 20_000 else None

    try:
        found = wait_for(half_way, process)
        assert found.running and found.beat is not None and found.beat.pid == process.pid
        counts = found.steps[-1].rows
        assert counts is not None and counts.balanced
        assert counts.reasons == {"empty": counts.rejected} and counts.rejected == counts.rows_in // 4
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    after = account(graph)
    assert not after.running and after.beat is not None
    assert after.steps[-1].state == "resume"
    run(graph)
    whole = account(graph)
    assert whole.steps[-1].rows is not None and whole.steps[-1].rows.rows_in == 40_000 and whole.beat is None


def test_ledgers_of_every_shape_add_up_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "requests": 1}
    counts = {"in": 4, "kept": 2, "rejected": 1, "failed": 1, "reasons": {"x": 2}}
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        ledger.append({"shard": 0, "rows": counts, "usage": usage}, {"shard": 1, "rows": counts, "usage": usage})
        ledger.append({"unit": "scattered"}, {"unit": 0, "rows": 10})
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write('{"shard": 2, "rows": {"in": 4')
    found, cost = so_far(tmp_path)
    assert found is not None and found.balanced
    assert (found.rows_in, found.kept, found.reasons) == (18, 14, {"x": 4})
    assert (cost.prompt_tokens, cost.requests) == (10, 2)
    assert so_far(tmp_path / "gone")[0] is None


def test_the_status_shows_what_the_memory_saved_and_the_rungs(tmp_path: Path) -> None:
    from rich.console import Console

    shard = {"needed": 10, "generated": 4, "from_step": 1, "from_memory": 5, "needed_tokens": 100, "saved_tokens": 60}
    folder = tmp_path / "partial"
    folder.mkdir()
    with Ledger(folder / "ledger.jsonl") as ledger:
        ledger.append({"shard": 0, "totals": {**shard, "by retry": 1, "by first": 3}})
        ledger.append({"shard": 1, "totals": {**shard, "by first": 3, "by rejected": 1, "fault masks": 1}})
    found = translations_so_far(folder)
    assert found is not None and (found["needed"], found["saved_token_share"]) == (20, 0.6)
    assert found["units"] == {"first": 6, "rejected": 1, "retry": 1} and found["faults"] == {"masks": 1}
    assert translations_so_far(tmp_path) is None

    whole = account(graph_of(tmp_path))
    whole = replace(whole, steps=[replace(step, translations=found) for step in whole.steps])
    assert as_document(whole)["steps"][0]["translations"] == found
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(rendered(whole, tmp_path))
    text = console.export_text()
    assert "120 (60.0 %)" in text and "first 6, retry 1, rejected 1" in text
