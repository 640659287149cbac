"""Told to stop, the Hub ends soon, whatever is open; what it started ends with it, also when it is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from factory.local_hub.serving import read_info

HEADERS = {"Authorization": "Bearer hf_local"}


def started(data: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "factory.local_hub", "--data", str(data), "--jobs"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    assert until(lambda: (info := read_info(data)) is not None and info["pid"] == server.pid, 60)
    return server


def until(true: Callable[[], Any], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(true())


def of_job(job: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("JOB_ID") == job and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def job(endpoint: str, command: str) -> str:
    body = {"command": ["sh", "-c", command], "dockerImage": "x", "flavor": "cpu-basic"}
    answer = httpx.post(f"{endpoint}/api/jobs/factory", json=body, headers=HEADERS, verify=False)
    return answer.json()["id"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    running = started(tmp_path / "data")
    yield running
    running.kill()
    running.wait()


def test_it_ends_whatever_is_open(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    info = read_info(tmp_path / "data")
    assert info is not None
    endpoint, address = info["endpoint"], ("127.0.0.1", int(info["endpoint"].rsplit(":", 1)[1]))
    stubborn = job(endpoint, "trap '' TERM; echo up; while true; do sleep 0.1; done")
    opened = []
    log = (
        f"GET /api/jobs/factory/{stubborn}/logs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer hf_local\r\n\r\n"
    )
    body = "POST /api/repos/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    for text in ("", "GET / HT", "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n", body, log):
        connection = socket.create_connection(address)
        connection.sendall(text.encode())
        opened.append(connection)
    assert b"up" in b"".join(opened[-1].recv(10_000) for _ in range(3))
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=20) is not None  # in 5 seconds where the machine has nothing else to do
    assert not of_job(stubborn) and read_info(tmp_path / "data") is None


def test_jobs_end_with_a_killed_hub(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    info = read_info(tmp_path / "data")
    assert info is not None
    away = "import os, time; os.setsid(); time.sleep(300)"  # a session of its own, which no signal to a group reaches
    running = job(info["endpoint"], f"sleep 300 & {sys.executable} -c '{away}' & wait")
    sessions = lambda: {os.getsid(process.pid) for process in of_job(running)}  # noqa: E731
    assert until(lambda: len(of_job(running)) == 3 and len(sessions()) == 2, 20)
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    assert until(lambda: len(of_job(running)) == 1, 10)
    again = started(tmp_path / "data")
    try:
        assert not of_job(running)
        endpoint = (read_info(tmp_path / "data") or {})["endpoint"]
        told = httpx.get(f"{endpoint}/api/jobs/factory/{running}", headers=HEADERS, verify=False).json()["status"]
        assert told == {"stage": "ERROR", "message": "the server stopped while the job ran"}
        done = job(endpoint, f"{sys.executable} -c '{away}' & sleep 0.5; echo left")
        status = f"{endpoint}/api/jobs/factory/{done}"
        ended = lambda: httpx.get(status, headers=HEADERS, verify=False).json()["status"]["stage"] == "COMPLETED"  # noqa: E731
        assert until(ended, 20) and until(lambda: not of_job(done), 10)  # as a container ends
    finally:
        again.terminate()
        again.wait()
