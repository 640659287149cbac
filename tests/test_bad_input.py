"""What a user sees when something is wrong: one clear line, exit code 1 or 2, finished work kept."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from factory.commands.session import Session
from factory.commands.status import run_line
from factory.graph.account import account
from factory.graph.nodes import build_graph
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Manifest, Store

HEAD = "recipe: 1\nname: small\nlanguage: {source: en, target: ar}\nhub: {namespace: me}\n"
FINISHED = "  done: {from: {demo: alpaca, rows: 5}}\n"


@pytest.fixture
def build(hub_server: Any, tmp_path: Path):
    """Builds a recipe in a process of its own against the embedded Hub as if it were a remote one."""

    def run(text: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "small.yaml").write_text(HEAD + text, encoding="utf-8")
        settings = hub_server.environment() | {"HF_HOME": str(tmp_path / "hf")} | environment
        command = [sys.executable, "-m", "factory", "build", "small.yaml", "--hub", "remote"]
        return subprocess.run(
            command, cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True, check=False
        )

    return run


def one_line(result: subprocess.CompletedProcess[str], *words: str, code: int = 1) -> None:
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr
    for word in words:
        assert word in errors[0]


def test_a_missing_repo(build) -> None:
    one_line(build("datasets:\n  a: {from: them/nowhere}\n"), "them/nowhere", "no such dataset", "check the name")


def test_a_wrong_or_expired_token(build) -> None:
    result = build("datasets:\n  a: {from: them/nowhere}\n", HF_TOKEN="hf_expired")
    one_line(result, "refuses the token", "HF_TOKEN")
    assert "hf_expired" not in result.stderr


def test_no_network(build) -> None:
    result = build("datasets:\n  a: {from: them/data}\n", HF_ENDPOINT="http://127.0.0.1:9")
    one_line(result, "cannot be reached", "them/data", "HF_ENDPOINT")


def test_a_gated_repo(build, embedded_hub: Any) -> None:
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo("them/gated", exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        api.upload_file(path_or_fileobj=b"{}", path_in_repo=name, repo_id="them/gated")
    api.update_repo_settings("them/gated", gated="manual")
    result = build("models:\n  a: {from: them/gated}\n", HF_TOKEN="", HF_HUB_DISABLE_IMPLICIT_TOKEN="1")
    one_line(result, "them/gated", "accept its terms")


def test_a_repo_without_safetensors(build, embedded_hub: Any) -> None:
    from huggingface_hub import HfApi

    HfApi().create_repo("them/pickled", exist_ok=True)
    HfApi().upload_file(path_or_fileobj=b"x", path_in_repo="pytorch_model.bin", repo_id="them/pickled")
    one_line(build("models:\n  a: {from: them/pickled}\n"), "them/pickled", "no .safetensors weights")


def test_a_wrong_column_of_a_hub_dataset(build, embedded_hub: Any, tmp_path: Path) -> None:
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo("them/rows", repo_type="dataset", exist_ok=True)
    api.upload_file(
        path_or_fileobj=b'{"question": "one"}\n',
        path_in_repo="rows.jsonl",
        repo_id="them/rows",
        repo_type="dataset",
    )
    text = f"datasets:\n{FINISHED}  a:\n    from: them/rows\n    steps:\n      - columns: {{q: qestion}}\n"
    result = build(text)
    one_line(result, "small.yaml:10:9", "qestion", "question")
    done = list((tmp_path / ".factory").glob("*/*/manifest.json"))
    assert {Manifest.model_validate_json(path.read_bytes()).name for path in done} == {"done/00-load", "hub/them/rows"}


def test_a_split_that_is_not_there(build, embedded_hub: Any) -> None:
    from huggingface_hub import HfApi

    HfApi().create_repo("them/one", repo_type="dataset", exist_ok=True)
    HfApi().upload_file(
        path_or_fileobj=b'{"q": "one"}\n', path_in_repo="rows.jsonl", repo_id="them/one", repo_type="dataset"
    )
    one_line(build("datasets:\n  a: {from: them/one, split: validation}\n"), "them/one", "split")


def test_an_empty_dataset(build, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("")
    one_line(build("datasets:\n  a: {from: ./rows.jsonl}\n"), "rows.jsonl", "no rows")


def test_a_model_without_a_chat_template(build, tmp_path: Path) -> None:
    from tests.support import random_model

    random_model(tmp_path / "made", template=None)
    text = (
        f"datasets:\n{FINISHED}"
        "  a:\n    from: {demo: alpaca, rows: 5}\n    steps:\n"
        "      - translate: {model: plain, columns: [output], prompt: 'Into Arabic: {text}'}\n"
        "models:\n  plain: {from: ./made/model}\n"
    )
    one_line(build(text), "no chat template")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    from factory.errors import FactoryError
    from tests.graph.test_run import graph_of, run

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    graph = graph_of(tmp_path)
    run(graph, "c")
    monkeypatch.setattr("factory.graph.sources.write_shard", full)
    with pytest.raises(FactoryError, match=r"a/00-load: the disk is full .*free some space") as caught:
        run(graph, "a")
    assert caught.value.exit_code == 1
    assert Manifest.load(graph.final("c").folder) is not None


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_keeps_what_is_finished_and_the_rest_follows(tmp_path: Path, stop: signal.Signals) -> None:
    rows = 60_000
    text = f"datasets:\n  a: {{from: {{demo: alpaca, rows: {rows}}}}}\n"
    (tmp_path / "small.yaml").write_text(HEAD.replace("me}", "me, endpoint: local}") + text)
    command = [sys.executable, "-m", "factory", "build", "small.yaml", "--hub", "local"]
    heard = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)  # these tests may themselves run under nohup
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=heard
    )
    deadline = time.monotonic() + 60
    while not any(p.stat().st_size for p in tmp_path.glob(".factory/a/*.partial/ledger.jsonl")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopped: finished work is kept" in errors
    assert "Traceback" not in errors

    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "a/00-load (resuming)" in again.stderr
    (path,) = tmp_path.glob(".factory/a/*/manifest.json")
    manifest = Manifest.load(path.parent)
    assert manifest is not None and manifest.rows is not None
    assert manifest.rows.kept == rows

    from factory.demo.catalogue import iter_rows
    from factory.store import Dataset

    assert all(a == b for a, b in zip(Dataset(path.parent).rows(), iter_rows("alpaca", rows, 0), strict=True))


def test_a_plan_names_local_files_that_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("a,b\n1,2\n3\n")
    (tmp_path / "torn.json").write_text('[{"a": 1}, {"a"')
    (tmp_path / "fine.jsonl").write_text('{"a": 1}\n')
    names = {"one": "short.csv", "two": "torn.json", "three": "fine.jsonl"}
    sources = "".join(f"  {name}: {{from: ./{file}}}\n" for name, file in names.items())
    (tmp_path / "small.yaml").write_text(f"{HEAD}datasets:\n{sources}")
    command = [sys.executable, "-m", "factory", "plan", "small.yaml", "--hub", "local"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "small.yaml:6:9, short.csv:3: fewer fields" in result.stderr
    assert "small.yaml:7:9, torn.json: cannot read: the array is not closed" in result.stderr
    assert "fine.jsonl:" not in result.stderr and "three" in result.stdout


def test_two_recipes_that_share_a_part_wait_for_each_other(tmp_path: Path) -> None:
    """The lock of the part is held here until one run says that it waits; then both make it, that is one does."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(
            f"recipe: 1\nname: {name}\nlanguage: {{source: en, target: ar}}\nhub: {{namespace: me}}\n"
            "datasets:\n  shared: {from: {demo: alpaca, rows: 20}}\n"
        )
    runs = {}
    with Store(tmp_path / ".factory").lock("shared--" + _made(tmp_path)):
        for name in ("one", "two"):
            command = [sys.executable, "-m", "factory", "build", f"{name}.yaml"]
            runs[name] = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for process in runs.values():
            assert process.stderr is not None
            assert any("is being made by another run" in line for line in iter(process.stderr.readline, ""))
        line = ""
        while "waiting for" not in line:  # a heart beats every two seconds
            assert runs["one"].poll() is None
            with Session(tmp_path / "one.yaml", store=tmp_path / ".factory").open() as opened:
                line = run_line(account(opened.graph))
        assert re.search(
            r"waiting for shared/00-load, which is being made by another run: since 20.* UTC, \d+ s", line
        )
    assert [process.communicate(timeout=120) and process.returncode for process in runs.values()] == [0, 0]
    (path,) = tmp_path.glob(".factory/shared/*/manifest.json")
    manifest = Manifest.load(path.parent)
    assert manifest is not None and sorted(manifest.recipes) == ["one", "two"]


def _made(folder: Path) -> str:
    graph = build_graph(load(folder / "one.yaml"), Store(folder / ".factory"), Resolver(folder / "x", online=False))
    return graph.final("shared").made.name
