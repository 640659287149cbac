"""LocalHub: starting, joining, ending with its keeper; one server per folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from factory.errors import FactoryError
from factory.local_hub import LocalHub, serve
from factory.local_hub.serving import process_lives


def pid_of(data: Path) -> int:
    return int(json.loads((data / "server.json").read_text())["pid"])


def gone(pid: int, within: float = 8.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not process_lives(pid):
            return True
        time.sleep(0.05)
    return False


def test_joining_and_leaving(tmp_path: Path) -> None:
    first, second = LocalHub(tmp_path), LocalHub(tmp_path)
    with first:
        pid = pid_of(tmp_path)
        with second:
            assert second.endpoint == first.endpoint and pid_of(tmp_path) == pid
        assert httpx.get(f"{first.endpoint}/api/health").status_code == 200
        second.__enter__()
    assert httpx.get(f"{second.endpoint}/api/health").status_code == 200, "the second still needs it"
    second.__exit__()
    assert gone(pid) and not (tmp_path / "server.json").exists()


def test_dies_with_a_killed_parent(tmp_path: Path) -> None:
    code = "import sys, time; from factory.local_hub import LocalHub\n"
    code += "with LocalHub(sys.argv[1]): print('up', flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None and parent.stdout.readline() == b"up\n"
    pid = pid_of(tmp_path)
    parent.kill()
    parent.wait()
    assert gone(pid)


def test_one_server_per_folder(tmp_path: Path) -> None:
    with LocalHub(tmp_path) as hub:
        with pytest.raises(FactoryError, match=r"another Hub at http://127\.0\.0\.1") as error:
            serve(tmp_path)
        assert hub.endpoint in str(error.value)
        done = subprocess.run(
            [sys.executable, "-m", "factory.local_hub", "--data", str(tmp_path)], capture_output=True, text=True
        )
        assert done.returncode == 1 and done.stderr.count("\n") == 1 and "another Hub" in done.stderr


def test_many_start_at_once(tmp_path: Path) -> None:
    code = "import sys; from factory.local_hub import LocalHub\n"
    code += "with LocalHub(sys.argv[1]) as hub: print(hub.endpoint, flush=True); sys.stdin.readline()"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    endpoints = {process.stdout.readline() for process in started if process.stdout}
    assert len(endpoints) == 1 and "http" in endpoints.pop()
    for process in started:
        process.communicate("\n")
        assert process.returncode == 0


def test_a_stale_note_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text(
        json.dumps({"endpoint": "http://127.0.0.1:1", "pid": os.getpid(), "instance": "x"})
    )
    with LocalHub(tmp_path) as hub:
        assert hub.endpoint != "http://127.0.0.1:1"


def test_stops_cleanly_on_a_signal(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "factory.local_hub", "--data", str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline().startswith("Hub at http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) in (0, -signal.SIGINT, 130)
    assert not (tmp_path / "server.json").exists()


def test_wrong_users_file_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(FactoryError, match="cannot read the users file"),
        LocalHub(tmp_path, users=tmp_path / "none.yaml"),
    ):
        pass


def test_importing_is_cheap() -> None:
    code = "import sys, factory.local_hub; assert not {'starlette', 'uvicorn', 'jinja2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_joining_wants_the_same_server(tmp_path: Path) -> None:
    with LocalHub(tmp_path), pytest.raises(FactoryError, match="without jobs"), LocalHub(tmp_path, jobs=True):
        pass
