"""A Hub for as long as a `with` block: started in a process of its own, or the one already running on that folder."""

import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Self

from factory.errors import FactoryError
from factory.local_hub.children import package_environment
from factory.local_hub.serving import alive, keep, read_info
from factory.local_hub.users import LOCAL_TOKEN, load_users

START_TIMEOUT = 60.0  # seconds


class LocalHub:
    """``with LocalHub(data) as hub:`` gives `hub.endpoint`, `hub.token` and `hub.environment()`.

    A second LocalHub on the same folder, from this or another process, joins the running server, which ends with the
    last of them, also when they are killed. The server's log is `server.log` in the folder.
    Raises FactoryError when the server does not start.
    """

    def __init__(
        self,
        data: Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        users: Path | str | None = None,
        jobs: bool = False,
        token: str | None = None,
    ) -> None:
        self.data = Path(data).expanduser().resolve()
        self.host, self.port, self.users, self.jobs = host, port, Path(users) if users else None, jobs
        self._token = token
        self._note: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = ""

    @property
    def token(self) -> str:
        if self._token is None:
            roles = (
                {t: role for user in load_users(self.users) for t, role in user.tokens.items()} if self.users else {}
            )
            writing = [token for token, role in roles.items() if role != "read"]
            self._token = next(iter([*writing, *roles]), LOCAL_TOKEN)
        return self._token

    @property
    def joined(self) -> bool:
        """Whether it ran before, so that it goes on after this block."""
        return bool(self.endpoint) and self._process is None

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def environment(self) -> dict[str, str]:
        """What a client's environment needs to talk to this Hub and to nothing else."""
        return {
            "HF_ENDPOINT": self.endpoint,
            "HF_TOKEN": self.token,
            # plain LFS: one copy of each file instead of two, and no Xet cache of a Hub that may be gone tomorrow
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_EXPERIMENTAL_WARNING": "1",
            "HUGGINGFACE_CO_STAGING": "0",  # set, it would override HF_ENDPOINT
            "HF_HUB_OFFLINE": "0",
            "DISABLE_TELEMETRY": "1",
            "GRADIO_ANALYTICS_ENABLED": "False",
            "NO_PROXY": "127.0.0.1,localhost,::1",
            "no_proxy": "127.0.0.1,localhost,::1",
        }

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        self._note = keep(self.data, uuid.uuid4().hex)
        try:
            self._join_or_start()
        except BaseException:
            self._note.unlink(missing_ok=True)
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._note:
            self._note.unlink(missing_ok=True)
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(timeout=0 if self._others() else 10)
        except subprocess.TimeoutExpired:
            if not self._others():
                process.kill()
                process.wait()

    def _others(self) -> bool:
        return any((self.data / "keepers").glob("*-*"))

    def _join_or_start(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            info = read_info(self.data)
            if info and alive(info):
                self._check_same(info)
                self.endpoint = info["endpoint"]
                return
            if self._process is None:
                self._start()
            elif self._process.poll() is not None:
                if (
                    not alive(read_info(self.data))
                    and self._process.returncode != 0
                    and "another Hub" not in self._last_line()
                ):
                    raise FactoryError(
                        f"the Hub did not start: {self._last_line()}", where=str(self.log), fix="see the log"
                    )
                self._process = None
            time.sleep(0.05)
        if self._process:
            self._process.kill()
        raise FactoryError(
            f"the Hub did not answer within {START_TIMEOUT:.0f} s", where=str(self.log), fix="see the log"
        )

    def _check_same(self, info: dict[str, Any]) -> None:
        """The running server must offer what this one was asked for."""
        users = str(self.users.resolve()) if self.users else None
        if users != info.get("users") or (self.jobs and not info.get("jobs")):
            raise FactoryError(
                f"the Hub at {info['endpoint']} already serves this folder with other users or without jobs",
                where=str(self.data),
                fix="stop it first, or use another folder",
            )

    def _last_line(self) -> str:
        lines = self.log.read_text("utf-8", "replace").strip().splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it left no message"

    def _start(self) -> None:
        command = [sys.executable, "-m", "factory.local_hub", "--host", self.host, "--port", str(self.port)]
        command += ["--data", str(self.data), "--while-kept"]
        command += ["--users", str(Path(self.users).resolve())] if self.users else []
        command += ["--jobs"] if self.jobs else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=package_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for the work, which still needs its Hub
            )
