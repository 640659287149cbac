"""`factory space`: the recipe's Gradio app here, or pushed."""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections import deque
from importlib.util import find_spec
from pathlib import Path

from factory.commands.publish import stop_cleanly
from factory.commands.session import Session
from factory.errors import FactoryError, UsageError
from factory.publishing.space import publish_space, write_space
from factory.store import Manifest

_ADDRESS = re.compile(r"Running on local URL:\s+(http\S+)")
_KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl


def run_space(session: Session, *, push: bool, port: int | None) -> None:
    """Run the app until it is stopped, on the models that were published, or push it.

    `port` is the one to listen on; by default the first free one that gradio finds.

    Raises:
        UsageError: the recipe has no Space, or gradio is not installed.
        FactoryError: a model that the Space offers is not built yet, the push is refused, or the app crashed.
    """
    with session.open(building=True) as opened:
        graph = opened.graph
        if graph.loaded.recipe.space is None:
            raise UsageError("the recipe has no `space`", where=str(session.recipe))
        missing = [ref for ref in graph.loaded.recipe.space.demo if Manifest.load(graph.final(ref).folder) is None]
        if missing:
            raise FactoryError(
                f"not built yet: {', '.join(missing)}", fix=f"run `factory publish {session.recipe}` first"
            )
        if push:
            pushed = publish_space(graph)
            print("\n".join([*pushed.notes, pushed.url]))
            return
        _require_gradio()
        folder = write_space(graph, opened.store.root / "space")
        run_app(folder, port)


def run_app(folder: Path, port: int | None) -> None:
    """Run ``app.py`` of a folder until it ends or this process does; its lines are passed on, its address by itself.

    Raises:
        FactoryError: it ended with an error.
    """
    environment = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False", "PYTHONUNBUFFERED": "1"}
    if port is not None:
        environment["GRADIO_SERVER_PORT"] = str(port)
    last: deque[str] = deque(maxlen=1)
    with (
        stop_cleanly(),
        subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        ) as app,
    ):
        assert app.stdout is not None
        try:
            for line in app.stdout:
                address = _ADDRESS.search(line)
                print(address[1] if address else line.rstrip("\n"), flush=True)
                last.append(line.strip())
        except KeyboardInterrupt:
            app.terminate()
            return
    if app.returncode:
        message = f"the Space ended with exit code {app.returncode}: {''.join(last) or 'it left no message'}"
        raise FactoryError(message, where=str(folder), fix="its last lines are above")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_KILL_WITH_PARENT, signal.SIGTERM)


def _require_gradio() -> None:
    if find_spec("gradio") is None:
        raise UsageError("gradio is not installed", fix="pip install 'hf-factory[space]'")
