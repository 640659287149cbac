"""An engine's process: started in a group of its own, spoken to by JSON lines, logged to a file, never left behind."""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from factory.engines.environments import root
from factory.store.disk import said_of_disk

KEPT_LOGS = 20
LOOK = 1.0  # seconds between looks at whether the process lives


class Died(Exception):
    """The process ended, or gave no sign of life for too long."""


class EngineProcess:
    """One run of a worker. A process whose parent is killed sees its standard input end and must kill its group."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        silence: float,
        folder: Path | None = None,
    ) -> None:
        self.log, self.silence = log, silence
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=dict(environment),
                start_new_session=True,
                cwd=folder,
            )
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with suppress(ValueError):  # a line torn by the process's death
                self._answers.put(json.loads(line))
        self._answers.put(None)

    def send(self, order: dict[str, Any]) -> None:
        """Hand over an order. That the process is gone shows at the next `receive`."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """The next answer; None after `timeout` seconds without one.

        Raises:
            Died: the process ended, or was silent for longer than it may be. Answers sent before come first.
        """
        now = time.monotonic()
        deadline, quiet_until = (None if timeout is None else now + timeout), now + self.silence
        while True:
            now = time.monotonic()
            if deadline is not None and now >= deadline and self._answers.empty():
                return None
            wait = LOOK if deadline is None else max(0.0, min(LOOK, deadline - now))
            try:
                answer = self._answers.get(timeout=wait)
            except queue.Empty:
                if self._process.poll() is not None and self._answers.empty():
                    raise Died(_ending(self._process.returncode)) from None
                if now > quiet_until:
                    raise Died(f"no sign of life for {self.silence:.0f} s") from None
                continue
            if answer is None:
                raise Died(_ending(self._process.wait()))
            return answer

    def close(self) -> None:
        """Kill the process with all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def new_log(name: str) -> Path:
    """A fresh log file among the last few; older ones are removed."""
    folder = root() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)[:-KEPT_LOGS]:
        old.unlink(missing_ok=True)
    return folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"


def last_error(log: Path) -> str:
    """The last line of a log that looks like what went wrong, and what is wrong with the disk if it is that."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "Error" in line and "Traceback" not in line]
    said = (telling or lines or ["it wrote nothing"])[-1][-300:]
    fault = said_of_disk(said)
    return f"{fault}: {said}" if fault else said
