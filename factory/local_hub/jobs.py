"""Jobs, where the server was started with them: commands run as subprocesses of this machine, in no container.

The image is noted and not used. `uv run script.py` runs under this Python where there is no uv; what the script needs
must be installed here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import hub_of, logged_in, many, origin, param, with_body, writer
from factory.local_hub.errors import HubError, bad_request, forbidden, missing
from factory.local_hub.spaces import hardware_list
from factory.local_hub.storage import Store

DEFAULT_TIMEOUT = 30 * 60  # seconds, as on the Hub
KEEP_ALIVE = 15.0  # seconds between signs of life in a log stream
RUNNING = ("SCHEDULING", "RUNNING")
INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
)


class Jobs:
    """The jobs of one server: their documents in the store, their logs in `jobs/<id>/log`."""

    def __init__(self, store: Store, *, enabled: bool) -> None:
        self.store, self.enabled = store, enabled
        self.folder = store.data / "jobs"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for job in self.all():
            if job["status"]["stage"] in RUNNING:
                self.finish(job["id"], "ERROR", "the server stopped while the job ran")

    def all(self, owner: str | None = None) -> list[dict[str, Any]]:
        rows = self.store.db.all("SELECT body, owner FROM documents WHERE kind = 'job' ORDER BY created_at DESC")
        return [json.loads(row["body"]) for row in rows if owner is None or row["owner"].lower() == owner.lower()]

    def get(self, owner: str, job: str) -> dict[str, Any]:
        row = self.store.db.one("SELECT body, owner FROM documents WHERE kind = 'job' AND id = ?", job)
        if row is None or row["owner"].lower() != owner.lower():
            raise missing("Job")
        return json.loads(row["body"])

    def save(self, body: dict[str, Any]) -> None:
        with self.store.db.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO documents VALUES ('job', ?, ?, ?, ?)",
                (body["id"], body["owner"]["name"], body["createdAt"], json.dumps(body)),
            )

    def finish(self, job: str, stage: str, message: str | None) -> None:
        with self.store.db.writing():
            row = self.store.db.one("SELECT body FROM documents WHERE kind = 'job' AND id = ?", job)
            body = json.loads(row["body"]) if row else None
            if body and body["status"]["stage"] in RUNNING:
                body["status"] = {"stage": stage, "message": message}
                body["finishedAt"] = clock.now()
                seconds = clock.epoch(body["finishedAt"]) - clock.epoch(body["createdAt"])
                body["durations"] = {"schedulingSecs": 0, "runningSecs": seconds, "totalSecs": seconds}
                self.save(body)

    def log(self, job: str) -> Path:
        return self.folder / job / "log"

    def start(self, owner: str, author: str, spec: dict[str, Any], endpoint: str) -> dict[str, Any]:
        command = [str(word) for word in [*(spec.get("command") or []), *(spec.get("arguments") or [])]]
        if not command:
            raise bad_request("The job needs a command")
        if spec.get("volumes"):
            raise bad_request("This Hub cannot mount volumes in a job; let the job download what it needs")
        job = uuid.uuid4().hex[:24]
        moment = clock.now()
        body = {
            "id": job,
            "createdAt": moment,
            "startedAt": moment,
            "finishedAt": None,
            "dockerImage": spec.get("dockerImage"),
            "spaceId": spec.get("spaceId"),
            "command": spec.get("command"),
            "arguments": spec.get("arguments") or [],
            "environment": spec.get("environment") or {},
            "secrets": dict.fromkeys(spec.get("secrets") or {}, ""),  # names only: values are never stored
            "flavor": spec.get("flavor"),
            "labels": spec.get("labels") or {},
            "timeoutSeconds": spec.get("timeoutSeconds") or DEFAULT_TIMEOUT,
            "status": {"stage": "RUNNING", "message": None},
            "owner": {"id": owner, "name": owner, "type": "user"},
            "initiator": {"type": "user", "id": author, "name": author},
        }
        folder = self.folder / job
        (folder / "work").mkdir(parents=True)
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment |= {"HF_ENDPOINT": endpoint, "JOB_ID": job, "PYTHONUNBUFFERED": "1", "HF_HUB_DISABLE_XET": "1"}
        environment |= {
            k: str(v) for k, v in {**(spec.get("environment") or {}), **(spec.get("secrets") or {})}.items()
        }
        self.save(body)
        threading.Thread(target=self._run, args=(body, command, environment), daemon=True).start()
        return body

    def _run(self, body: dict[str, Any], command: list[str], environment: dict[str, str]) -> None:
        job, folder = body["id"], self.folder / body["id"]
        try:
            with self.log(job).open("wb") as log:
                log.write(f"===== Job started at {body['startedAt']} =====\n".encode())
                log.flush()
                process = subprocess.Popen(
                    without_uv(command, folder / "work"),
                    cwd=folder / "work",
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self.processes[job] = process
                try:
                    code = process.wait(timeout=body["timeoutSeconds"])
                except subprocess.TimeoutExpired:
                    self.kill(job)
                    self.finish(job, "ERROR", "Job timeout")
                    return
        except (OSError, ValueError) as error:
            with self.log(job).open("ab") as log:
                log.write(f"{error}\n".encode())
            self.finish(job, "ERROR", str(error))
            return
        finally:
            self.processes.pop(job, None)
        self.finish(
            job, "COMPLETED" if code == 0 else "ERROR", None if code == 0 else f"Job failed with exit code: {code}"
        )

    def kill(self, job: str) -> None:
        process = self.processes.get(job)
        if process is None or process.poll() is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)  # a session of its own: what the job started goes with it
                process.wait(timeout=5)
                return
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue

    def kill_all(self) -> None:
        for job in list(self.processes):
            self.finish(job, "CANCELED", "the server was stopped")
            self.kill(job)


def without_uv(command: list[str], folder: Path) -> list[str]:
    """`uv run [--with x] [--python y] script args` as a call of this Python, where uv is not installed."""
    if command[:2] != ["uv", "run"] or shutil.which("uv"):
        return command
    rest = command[2:]
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in ("--with", "--python", "-p", "--with-requirements") else rest[1:]
    if not rest:
        raise ValueError("uv run: no script")
    script = rest[0]
    if script.startswith(("http://", "https://")):
        name = folder / (script.rsplit("/", 1)[-1].split("?")[0] or "script.py")
        with urllib.request.urlopen(script, timeout=30) as answer:
            name.write_bytes(answer.read())
        script = str(name)
    if script.endswith(".py"):
        return [sys.executable, script, *rest[1:]]
    return [sys.executable, *rest[1:]] if script == "python" else rest


def _jobs(request: Request) -> Jobs:
    return hub_of(request).jobs


def _owner(request: Request) -> str:
    namespace = param(request, "namespace")
    who = logged_in(request)
    if not who.may_read(namespace):
        raise forbidden(f"You don't have access to the jobs of {namespace}")
    return namespace


@with_body
def create(request: Request, body: dict[str, Any]) -> JSONResponse:
    jobs, namespace = _jobs(request), param(request, "namespace")
    who = writer(request, namespace, "a job")
    if not jobs.enabled:
        raise forbidden("This Hub does not run jobs: start it with --jobs")
    return JSONResponse(jobs.start(namespace, who.name, body, origin(request)))


def listing(request: Request) -> JSONResponse:
    found = _jobs(request).all(_owner(request))
    stages = {stage.upper() for stage in many(request, "stage")}
    labels = [label.partition("=") for label in many(request, "label")]
    found = [job for job in found if not stages or job["status"]["stage"] in stages]
    found = [job for job in found if all(job["labels"].get(key) == value for key, _, value in labels)]
    return JSONResponse(found)


def inspect(request: Request) -> JSONResponse:
    return JSONResponse(_jobs(request).get(_owner(request), param(request, "job")))


def cancel(request: Request) -> JSONResponse:
    jobs, namespace, job = _jobs(request), param(request, "namespace"), param(request, "job")
    writer(request, namespace, "a job")
    jobs.get(namespace, job)
    jobs.finish(job, "CANCELED", None)
    jobs.kill(job)
    return JSONResponse(jobs.get(namespace, job))


@with_body
def labels(request: Request, body: dict[str, Any]) -> JSONResponse:
    jobs, namespace = _jobs(request), param(request, "namespace")
    writer(request, namespace, "a job")
    if not isinstance(body.get("labels"), dict):
        raise bad_request("labels must be a mapping")
    with jobs.store.db.writing():
        job = jobs.get(namespace, param(request, "job")) | {"labels": body["labels"]}
        jobs.save(job)
    return JSONResponse(job)


async def logs(request: Request) -> StreamingResponse:
    jobs = _jobs(request)
    owner = await run_in_threadpool(_owner, request)
    job = param(request, "job")
    await run_in_threadpool(jobs.get, owner, job)
    try:
        tail = int(request.query_params["tail"]) if "tail" in request.query_params else None
    except ValueError:
        raise bad_request("tail must be a whole number") from None
    return StreamingResponse(_events(jobs, owner, job, tail), media_type="text/event-stream")


async def _events(jobs: Jobs, owner: str, job: str, tail: int | None) -> AsyncIterator[str]:
    """The log's lines as they come, until the job has ended."""
    path, place, quiet = jobs.log(job), 0, time.monotonic()
    while True:
        ended = (await run_in_threadpool(jobs.get, owner, job))["status"]["stage"] not in RUNNING
        lines, place = await run_in_threadpool(_lines, path, place, ended)
        if tail is not None:
            lines, tail = (lines[-tail:] if tail else []), None
        for line in lines:
            yield f"data: {json.dumps({'data': line, 'timestamp': clock.now()})}\n\n"
            quiet = time.monotonic()
        if ended:
            return
        if time.monotonic() - quiet > KEEP_ALIVE:
            yield ": keep-alive\n\n"
            quiet = time.monotonic()
        await anyio.sleep(0.2)


def _lines(path: Path, place: int, ended: bool) -> tuple[list[str], int]:
    if not path.exists():
        return [], place
    with path.open("rb") as file:
        file.seek(place)
        data = file.read(1 << 20)
    whole = data if ended else data[: data.rfind(b"\n") + 1]
    return whole.decode("utf-8", "replace").splitlines(), place + len(whole)


def metrics(_request: Request) -> JSONResponse:
    raise HubError(404, "This Hub measures no metrics of jobs")


def hardware(_request: Request) -> JSONResponse:
    return JSONResponse(hardware_list())


routes = [
    Route("/api/jobs/hardware", hardware),
    Route("/api/jobs/{namespace}", listing),
    Route("/api/jobs/{namespace}", create, methods=["POST"]),
    Route("/api/jobs/{namespace}/{job}", inspect),
    Route("/api/jobs/{namespace}/{job}/logs", logs),
    Route("/api/jobs/{namespace}/{job}/metrics", metrics),
    Route("/api/jobs/{namespace}/{job}/cancel", cancel, methods=["POST"]),
    Route("/api/jobs/{namespace}/{job}/labels", labels, methods=["PUT"]),
]
