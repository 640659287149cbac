"""A run on one machine is killed; another machine goes on from what was kept on the Hub."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.local_hub import LocalHub
from factory.store import Dataset
from tests.support import random_model

RECIPE = """recipe: 1
name: kept
language: {source: en, target: ar}
hub: {namespace: factory}
datasets:
  translated:
    from: {demo: parallel, rows: 600, seed: 1}
    steps:
      - columns: {en: translation.en}
      - translate:
          {model: model, columns: [en], prompt: "{text}", max_new_tokens: 24, split: none, checks: [], ladder: []}
    publish: kept
models:
  model: {from: ./model}
"""
REPO = "factory/kept-steps"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    with LocalHub(tmp_path_factory.mktemp("hub")) as running:
        yield running


def start(hub: LocalHub, folder: Path, *more: str) -> subprocess.Popen[str]:
    random_model(folder, ends=25)
    (folder / "kept.yaml").write_text(RECIPE, encoding="utf-8")
    (folder / "factory.toml").write_text("[profiles.default]\nbatch_size = 16\nthreads = 1\n", encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "factory", "publish", "kept.yaml", "--hub", "remote", "--store", "store", *more],
        cwd=folder,
        env=clean | hub.environment() | {"HF_HOME": str(folder / "hf"), "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begun(api: Any) -> list[str]:
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        files = api.list_repo_files(REPO, repo_type="dataset")
    except RepositoryNotFoundError:
        return []
    return [path for path in files if path.startswith("begun/translated/") and path.endswith("generations.jsonl")]


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_another_machine_goes_on_from_the_step_at_work(hub: LocalHub, tmp_path: Path, how: signal.Signals) -> None:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.delete_repo(REPO, repo_type="dataset", missing_ok=True)
    often = "0.02" if how is signal.SIGKILL else "60"  # told to stop, it keeps the step once more
    first = start(hub, tmp_path / "first", "--keep", REPO, "--keep-every", often)
    ledger = tmp_path / "first" / "store" / "translated"
    while first.poll() is None:
        lines = [line for path in ledger.glob("*translate*.partial/generations.jsonl") for line in path.open()]
        if len(lines) > 5 and (how is signal.SIGTERM or begun(api)):
            break
        time.sleep(0.1)
    first.send_signal(how)
    _, said = first.communicate(timeout=120)
    assert first.returncode, said
    [kept] = begun(api)
    ledger_kept = Path(api.hf_hub_download(REPO, kept, repo_type="dataset", local_dir=tmp_path)).read_text("utf-8")

    second = start(hub, tmp_path / "second", "--keep", REPO, "--json")
    _, said = second.communicate(timeout=300)
    assert second.returncode == 0, said
    assert "as far as it was: translated/02-translate" in said
    [folder] = (tmp_path / "second" / "store" / "translated").glob("02-translate-*")
    done, _, _ = ledger_kept.rpartition("\n")
    assert '"batch"' in done and (folder / "generations.jsonl").read_text("utf-8").startswith(done)
    files = api.list_repo_files(REPO, repo_type="dataset")
    assert not any(path.startswith("begun/") for path in files)
    assert f"steps/translated/{folder.name}/manifest.json" in files

    whole = start(hub, tmp_path / "whole")
    _, said = whole.communicate(timeout=300)
    assert whole.returncode == 0, said
    [expected] = (tmp_path / "whole" / "store" / "translated").glob("02-translate-*")
    for part in ("data", "rejected"):
        assert list(Dataset(folder).rows(part=part)) == list(Dataset(expected).rows(part=part))
    manifests = [json.loads((path / "manifest.json").read_text("utf-8")) for path in (folder, expected)]
    assert manifests[0]["rows"] == manifests[1]["rows"]
    assert manifests[0]["usage"]["requests"] == manifests[1]["usage"]["requests"]


def test_another_machine_moves_a_limit_and_scores_nothing(embedded_hub: Any, tmp_path: Path, monkeypatch) -> None:
    from factory.graph.nodes import Graph
    from factory.remote.mirror import Mirror
    from factory.step.progress import quiet
    from tests.rows.test_scoring import build, content, counted, graph_of

    def filtered(folder: str, limit: float) -> Graph:
        return graph_of(tmp_path / folder, "filter", {"pairs": {"en": "ar"}, "checks": [{"script": {"min": limit}}]})

    first, second = filtered("first", 0.3), filtered("second", 0.8)
    build(first)
    mirror = Mirror("factory/limits-steps", first, quiet())
    mirror.fetch()
    mirror.keep(first.final("rows"))
    Mirror("factory/limits-steps", second, quiet()).fetch()
    calls = counted(monkeypatch, "factory.checks.scoring.Scored.add")
    moved = build(second)
    assert not calls
    assert content(moved) == content(build(filtered("fresh", 0.8)))
