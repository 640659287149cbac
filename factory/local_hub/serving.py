"""Runs the server: one process per data folder, found through `server.json`."""

import fcntl
import json
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from factory.errors import FactoryError
from factory.hub.addresses import is_loopback_name
from factory.local_hub.users import User
from factory.store.disk import disk_fault

INFO, LOCK, KEEPERS = "server.json", "server.lock", "keepers"


def serve(
    data: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    users: Path | list[User] | None = None,
    jobs: bool = False,
    *,
    while_kept: bool = False,
    quiet: bool = False,
) -> None:
    """Serves the folder `data` until interrupted; port 0 takes a free one.

    `while_kept` ends the server when no process named in the folder's `keepers` lives any more.

    Raises:
        FactoryError: another server has the folder, the address cannot be used, or others could reach it and write
            with the token that everybody knows.
    """
    import uvicorn

    from factory.local_hub.app import create_app
    from factory.local_hub.connections import IDLE, Connection
    from factory.local_hub.stopping import Server
    from factory.local_hub.users import load_users
    from factory.local_hub.web import warm

    accounts = load_users(users) if isinstance(users, (str, Path)) else users
    if accounts is None and not is_loopback_name(host):
        what = "run jobs and write" if jobs else "write"
        raise FactoryError(
            f"who reaches {host} could {what} here: without a users file the token is one that everybody knows",
            fix="give --users FILE, or listen on 127.0.0.1",
        )
    os.umask(0o077)  # what is stored here is its owner's alone
    data = Path(data).expanduser().resolve()
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    lock = _lock(data)
    try:
        with socket.create_server((host, port), family=_family(host), backlog=512) as listener:
            # inherited by each connection; without it every small answer waits 40 ms for the client's acknowledgement
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            endpoint = _endpoint(host, listener.getsockname()[1])
            app = create_app(data, accounts, jobs, host)
            config = uvicorn.Config(
                app,
                http=Connection,
                ws="none",
                log_level="warning",
                timeout_keep_alive=IDLE,
                server_header=False,
                lifespan="off",
                access_log=False,
            )
            hub = app.state.hub

            def stop() -> None:
                (data / INFO).unlink(missing_ok=True)  # nobody shall join a server that is going
                hub.aside.close()
                hub.jobs.kill_all()

            server = Server(config, stop)
            if not while_kept:  # there to be looked at
                threading.Thread(target=warm, args=(hub.aside,), daemon=True).start()
            _write_info(
                data,
                {
                    "endpoint": endpoint,
                    "pid": os.getpid(),
                    "instance": hub.instance,
                    "jobs": jobs,
                    "users": str(Path(users).resolve()) if isinstance(users, (str, Path)) else None,
                },
            )
            if while_kept:
                threading.Thread(target=_watch_keepers, args=(data, server), daemon=True).start()
            if not quiet:
                print(f"Hub at {endpoint}  (data in {data}; stop with Ctrl-C)", flush=True)
            with suppress(KeyboardInterrupt):  # how uvicorn ends after Ctrl-C, its work done
                server.run(sockets=[listener])
    except OSError as error:
        if disk_fault(error) is not None:
            raise
        raise FactoryError(
            f"cannot listen on {host}:{port}: {error.strerror}", fix="choose another --host or --port"
        ) from error
    finally:
        (data / INFO).unlink(missing_ok=True)
        lock.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _endpoint(host: str, port: int) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{reachable}:{port}"


def _lock(data: Path) -> Any:
    lock = (data / LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        running = read_info(data)
        at = f" at {running['endpoint']}" if running else ""
        raise FactoryError(
            f"another Hub{at} serves this folder",
            where=str(data),
            fix="use that one, stop it, or choose another --data",
        ) from error
    return lock


def _write_info(data: Path, info: dict[str, Any]) -> None:
    draft = data / f".{INFO}.{os.getpid()}"
    draft.write_text(json.dumps(info), "utf-8")
    draft.replace(data / INFO)


def read_info(data: Path) -> dict[str, Any] | None:
    try:
        info = json.loads((data / INFO).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return info if isinstance(info, dict) and "endpoint" in info else None


def alive(info: dict[str, Any] | None, timeout: float = 5.0) -> bool:
    """Whether the server that `server.json` names answers, and is the very one."""
    if not info or not process_lives(int(info.get("pid", 0))):
        return False
    try:
        # no proxy: the server is on this machine
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{info['endpoint']}/api/health", timeout=timeout) as answer:
            return json.load(answer).get("instance") == info.get("instance")
    except (OSError, ValueError, urllib.error.URLError):
        return False


def process_lives(pid: int) -> bool:
    """Whether a process runs; a killed one that nobody has waited for yet is as good as gone."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def keep(data: Path, name: str) -> Path:
    """Notes that this process wants the server; the name of the note starts with its pid."""
    folder = data / KEEPERS
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / f"{os.getpid()}-{name}"
    note.touch()
    return note


def _watch_keepers(data: Path, server: Any) -> None:
    while True:
        time.sleep(0.5)
        kept = False
        for note in (data / KEEPERS).glob("*-*"):
            if process_lives(int(note.name.partition("-")[0])):
                kept = True
            else:
                note.unlink(missing_ok=True)
        if not kept:
            server.should_exit = True
            return
