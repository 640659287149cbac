"""Jobs, where the server was started with them: commands run as subprocesses of this machine, in no container.

The image is noted and not used. `uv run script.py` runs under this Python where there is no uv; what the script needs
must be installed here.
"""

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
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import psutil
from pydantic import BaseModel, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from factory.local_hub import clock
from factory.local_hub.context import hub_of, logged_in, many, origin, param, whole, writer
from factory.local_hub.db import Documents
from factory.local_hub.errors import HubError, bad_request, forbidden, missing
from factory.local_hub.routing import Answer, Routes
from factory.local_hub.storage import Store

routes = Routes()
_JOB = "/api/jobs/{namespace}/{job}"

DEFAULT_TIMEOUT = 30 * 60  # seconds, as on the Hub
GRACE = 1.5  # seconds that a job has to end
KEEP_ALIVE = 15.0  # seconds between signs of life in a log stream
RUNNING = ("SCHEDULING", "RUNNING")
PATHS = ("PATH", "HOME", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")
INHERITED = (*PATHS, "LANG", "LC_ALL", "CUDA_VISIBLE_DEVICES")


class Labels(BaseModel):
    labels: dict[str, Any]


class JobSpec(BaseModel, coerce_numbers_to_str=True):
    """What a client asks for; what is null counts as not given."""

    dockerImage: str | None = None
    spaceId: str | None = None
    command: list[str] = []
    arguments: list[str] = []
    environment: dict[str, str] = {}
    secrets: dict[str, str] = {}
    flavor: str | None = None
    labels: dict[str, Any] = {}
    timeoutSeconds: int | float = DEFAULT_TIMEOUT
    volumes: list[Any] = []

    @model_validator(mode="before")
    @classmethod
    def _given(cls, data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value}


class Jobs:
    """The jobs of one server: their documents in the store, their logs in `jobs/<id>/log`."""

    def __init__(self, store: Store, *, enabled: bool) -> None:
        self.documents, self.enabled = Documents(store.db, "job"), enabled
        self.folder = store.data / "jobs"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for job in self.documents.all():
            if job["status"]["stage"] in RUNNING:  # of a server that was killed
                end_all({job["id"]})
                self.finish(job, "ERROR", "the server stopped while the job ran")

    def get(self, owner: str, job: str) -> dict[str, Any]:
        found = self.documents.get(job, owner)
        if found is None:
            raise missing("Job")
        return found

    def change(self, job: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return self.documents.save(job | changes, job["owner"]["name"])

    def finish(self, job: dict[str, Any], stage: str, message: str | None) -> None:
        """Notes how a job ended, unless that is known already."""
        with self.documents.db.writing():
            job = self.get(job["owner"]["name"], job["id"])
            if job["status"]["stage"] in RUNNING:
                ended = clock.now()
                seconds = clock.epoch(ended) - clock.epoch(job["createdAt"])
                durations = {"schedulingSecs": 0, "runningSecs": seconds, "totalSecs": seconds}
                status = {"stage": stage, "message": message}
                self.change(job, status=status, finishedAt=ended, durations=durations)

    def log(self, job: str) -> Path:
        return self.folder / job / "log"

    def start(self, owner: str, author: str, spec: JobSpec, endpoint: str) -> dict[str, Any]:
        command = [*spec.command, *spec.arguments]
        if not command:
            raise bad_request("The job needs a command")
        if spec.volumes:
            raise bad_request("This Hub cannot mount volumes in a job; let the job download what it needs")
        job, moment = uuid.uuid4().hex[:24], clock.now()
        body = {
            **spec.model_dump(exclude={"volumes"}),
            "id": job,
            "createdAt": moment,
            "startedAt": moment,
            "finishedAt": None,
            "secrets": dict.fromkeys(spec.secrets, ""),  # names only: values are never stored
            "status": {"stage": "RUNNING", "message": None},
            "owner": {"id": owner, "name": owner, "type": "user"},
            "initiator": {"type": "user", "id": author, "name": author},
        }
        (self.folder / job / "work").mkdir(parents=True)
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment |= {"HF_ENDPOINT": endpoint, "JOB_ID": job, "PYTHONUNBUFFERED": "1", "HF_HUB_DISABLE_XET": "1"}
        environment |= spec.environment | spec.secrets
        self.change(body)
        threading.Thread(target=self._run, args=(body, command, environment), daemon=True).start()
        return body

    def _run(self, body: dict[str, Any], command: list[str], environment: dict[str, str]) -> None:
        job, folder, watcher = body["id"], self.folder / body["id"], None
        try:
            with self.log(job).open("wb") as log:
                log.write(f"===== Job started at {body['startedAt']} =====\n".encode())
                log.flush()
                self.processes[job] = process = subprocess.Popen(
                    without_uv(command, folder / "work"),
                    cwd=folder / "work",
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            watcher = _end_with_us(process.pid)
            code = process.wait(timeout=body["timeoutSeconds"])
            if code == 0:
                self.finish(body, "COMPLETED", None)
            else:
                self.finish(body, "ERROR", f"Job failed with exit code: {code}")
        except subprocess.TimeoutExpired:
            self.kill(job)
            self.finish(body, "ERROR", "Job timeout")
        except (OSError, ValueError) as error:
            with self.log(job).open("ab") as log:
                log.write(f"{error}\n".encode())
            self.finish(body, "ERROR", str(error))
        finally:
            end_all({job})  # what the command left behind, as a container would
            self.processes.pop(job, None)
            if watcher is not None:
                watcher.kill()
                watcher.wait()

    def kill(self, *jobs: str) -> None:
        """Asks the processes of jobs to end, and ends those that do not."""
        running = [process for job in jobs if (process := self.processes.get(job)) and process.poll() is None]
        for process in running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # a session of its own: what the job started is told too
        deadline = time.monotonic() + GRACE
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(deadline - time.monotonic(), 0))
        end_all(set(jobs))

    def kill_all(self) -> None:
        running = [job for job in self.documents.all() if job["id"] in self.processes]
        for job in running:
            self.finish(job, "CANCELED", "the server was stopped")
        if running:
            self.kill(*(job["id"] for job in running))


def end_all(jobs: set[str]) -> None:
    """Ends every process that jobs started, whatever group or session it is in: each has its job's id around it."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("JOB_ID") in jobs:
                process.kill()


def _end_with_us(group: int) -> subprocess.Popen[bytes]:
    """A shell that waits until this process is gone, however it ends, and then ends a group of processes.

    Only this process holds the other end of the pipe that the shell reads.
    """
    command = ["/bin/sh", "-c", 'read _; kill -s KILL -- "-$0"', str(group)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True)


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


def _seen(request: Request) -> dict[str, Any]:
    """The job of the URL, where the asker may see it."""
    return _jobs(request).get(_owner(request), param(request, "job"))


def _own(request: Request) -> dict[str, Any]:
    """The job of the URL, where the asker may change it."""
    namespace = param(request, "namespace")
    writer(request, namespace, "a job")
    return _jobs(request).get(namespace, param(request, "job"))


@routes("POST", "/api/jobs/{namespace}")
def create(request: Request, body: JobSpec) -> Answer:
    jobs, namespace = _jobs(request), param(request, "namespace")
    who = writer(request, namespace, "a job")
    if not jobs.enabled:
        raise forbidden("This Hub does not run jobs: start it with --jobs")
    return jobs.start(namespace, who.name, body, origin(request))


@routes("GET", "/api/jobs/{namespace}")
def listing(request: Request) -> Answer:
    """The newest first."""
    stages = {stage.upper() for stage in many(request, "stage")}
    labels = [label.partition("=") for label in many(request, "label")]
    return [
        job
        for job in reversed(_jobs(request).documents.all(_owner(request)))
        if not stages or job["status"]["stage"] in stages
        if all(job["labels"].get(key) == value for key, _, value in labels)
    ]


@routes("GET", _JOB)
def inspect(request: Request) -> Answer:
    return _seen(request)


@routes("POST", _JOB + "/cancel")
def cancel(request: Request) -> Answer:
    jobs, job = _jobs(request), _own(request)
    jobs.finish(job, "CANCELED", None)
    jobs.kill(job["id"])
    return _own(request)


@routes("PUT", _JOB + "/labels")
def labels(request: Request, body: Labels) -> Answer:
    jobs = _jobs(request)
    with jobs.documents.db.writing():
        return jobs.change(_own(request), labels=body.labels)


@routes("GET", _JOB + "/metrics")
def metrics(_request: Request) -> Answer:
    raise HubError(404, "This Hub measures no metrics of jobs")


@routes("GET", _JOB + "/logs")
def logs(request: Request) -> Answer:
    job, tail = _seen(request), request.query_params.get("tail")
    events = _events(_jobs(request), job, None if tail is None else whole(tail, "tail"))
    return StreamingResponse(events, media_type="text/event-stream")


async def _events(jobs: Jobs, job: dict[str, Any], tail: int | None) -> AsyncIterator[str]:
    """The log's lines as they come, until the job has ended."""
    path, place, quiet = jobs.log(job["id"]), 0, time.monotonic()
    while True:
        job = await run_in_threadpool(jobs.get, job["owner"]["name"], job["id"])
        ended = job["status"]["stage"] not in RUNNING
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
    complete = data if ended else data[: data.rfind(b"\n") + 1]
    return complete.decode("utf-8", "replace").splitlines(), place + len(complete)
