"""Real libraries that write to a disk of 1 MB, and to one that is read-only, where this user may mount some."""

from __future__ import annotations

import base64
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file
from starlette.testclient import TestClient
from tokenizers import Tokenizer, models

from factory.engines.process import last_error
from factory.errors import FactoryError
from factory.graph.run import Runner
from factory.hub.client import hub_errors
from factory.local_hub.app import create_app
from factory.local_hub.users import LOCAL_TOKEN
from factory.profile import Profile
from factory.step.progress import quiet
from factory.step.run_log import kept_log
from factory.store import write_atomically
from factory.store.disk import FULL, LIMIT, READ_ONLY, disk_error, disk_fault, disk_told
from tests.graph.test_run import graph_of

NUMBERS = np.random.default_rng(0).random(1_000_000)


def _mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    if os.geteuid() != 0 or _mount("-t", "tmpfs", "-o", "size=1M", "tmpfs", str(folder)) != 0:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with mounted(tmp_path_factory.mktemp("small")) as folder:
        yield folder


@pytest.fixture
def full(small: Path) -> Iterator[Path]:
    yield small
    for path in small.iterdir():
        path.unlink()


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with mounted(tmp_path_factory.mktemp("read-only")) as folder:
        with closing(sqlite3.connect(folder / "made.db")) as base:
            base.execute("CREATE TABLE entry (text)")
        assert _mount("-o", "remount,ro", str(folder)) == 0
        yield folder


def _sqlite(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "made.db")) as base:
        base.execute("CREATE TABLE IF NOT EXISTS entry (text)")
        base.execute("INSERT INTO entry VALUES (?)", ("x" * 3_000_000,))


def _tokenizer(folder: Path) -> None:
    vocabulary = {f"token{number}": number for number in range(100_000)}
    Tokenizer(models.BPE(vocab=vocabulary, merges=[])).save(str(folder / "tokenizer.json"))


def _torch_file(folder: Path) -> None:
    with (folder / "b.pt").open("wb") as file:
        torch.save(torch.from_numpy(NUMBERS), file)


WRITERS: dict[str, Callable[[Path], object]] = {
    "plain": lambda folder: write_atomically(folder / "a", b"x" * 3_000_000),
    "numpy": lambda folder: np.save(folder / "a.npy", NUMBERS),
    "parquet": lambda folder: pq.write_table(pa.table({"a": NUMBERS}), folder / "a.parquet"),
    "safetensors": lambda folder: save_file({"a": torch.from_numpy(NUMBERS)}, folder / "a.safetensors"),
    "torch": lambda folder: torch.save(torch.from_numpy(NUMBERS), folder / "a.pt"),
    "torch into a file": _torch_file,
    "sqlite": _sqlite,
    "tokenizers": _tokenizer,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_known_whoever_writes(full: Path, writer: str) -> None:
    with pytest.raises(Exception) as caught:
        WRITERS[writer](full)
    assert disk_fault(caught.value) == FULL
    said = r"^me/repo: the disk is full.*free some space and run the same command"
    with pytest.raises(FactoryError, match=said), hub_errors("me/repo"):
        raise caught.value


@pytest.mark.parametrize("writer", WRITERS)
def test_a_disk_that_is_read_only_is_known_whoever_writes(read_only: Path, writer: str) -> None:
    with pytest.raises(Exception) as caught:
        WRITERS[writer](read_only)
    assert disk_fault(caught.value) == READ_ONLY


def test_a_limit_of_the_size_of_files_is_known(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(FactoryError, match=LIMIT), disk_told("here"):
            write_atomically(tmp_path / "a", b"x" * 3_000_000)
        with pytest.raises(FactoryError, match=LIMIT), disk_told("here"):
            save_file({"a": torch.from_numpy(NUMBERS)}, tmp_path / "a.safetensors")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_what_a_server_says_of_its_own_disk_is_not_ours_and_nor_is_anything_else() -> None:
    class Refused(OSError):
        response = "507"

    assert disk_fault(Refused("No space left on device")) is None
    assert disk_fault(OSError("unable to open database file")) is None
    assert disk_error(FactoryError("no space left on device"), "here") is None


def test_what_led_to_an_error_counts() -> None:
    try:
        try:
            raise RuntimeError("No space left on device (os error 28)")
        except RuntimeError as cause:
            raise ValueError("the file could not be saved") from cause
    except ValueError as error:
        assert disk_fault(error) == FULL


def test_a_run_on_a_full_disk_says_so_though_its_log_cannot(
    full: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    graph, progress = graph_of(tmp_path), quiet()
    graph.store.root = full
    runner = Runner(graph, Profile.model_validate({}), progress)
    with kept_log(full, "small", progress):
        (full / "rest").write_bytes(b"x" * (1_048_576 - 4096))
        progress.log("x" * 100_000)
        told = runner.crash(OSError(28, "No space left on device"), "a/00-load", "recipe.yaml:6:9")
    shutil.rmtree(full / "logs")
    assert str(told).startswith(f"recipe.yaml:6:9: a/00-load: the disk is full (0.0 GB free in {full})")
    assert capfd.readouterr().err == ""


def test_an_engine_in_another_process_says_so_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "vllm.log"
    log.write_text("Traceback\nOSError: [Errno 28] No space left on device\nshutting down\n")
    assert last_error(log) == "the disk is full: OSError: [Errno 28] No space left on device"
    log.write_text("ValueError: no such model\n")
    assert last_error(log) == "ValueError: no such model"


def test_a_hub_on_a_full_disk_says_so_and_what_it_has_can_be_read(full: Path) -> None:
    data = full / "hub"
    content = base64.b64encode(b"x" * 3_000_000).decode()
    body = [{"key": "header", "value": {"summary": "x"}}]
    body += [{"key": "file", "value": {"path": "a.txt", "content": content, "encoding": "base64"}}]
    headers = {"Authorization": f"Bearer {LOCAL_TOKEN}", "Content-Type": "application/x-ndjson"}
    app = create_app(data)
    with TestClient(app, base_url="http://127.0.0.1", headers=headers, raise_server_exceptions=False) as hub:
        assert hub.post("/api/repos/create", json={"name": "a", "organization": "me"}).status_code == 200
        lines = "\n".join(map(json.dumps, body))
        answer = hub.post("/api/models/me/a/commit/main", content=lines)
        assert (answer.status_code, answer.json()) == (507, {"error": f"{FULL} where this Hub keeps its data"})
        assert hub.get("/api/models/me/a").json()["id"] == "me/a"
    shutil.rmtree(data)


def test_errors_that_led_to_each_other_are_looked_at_once() -> None:
    one, other = ValueError("one"), KeyError("other")
    one.__context__, other.__context__ = other, one
    assert disk_fault(one) is None
