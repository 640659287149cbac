"""The Space's app as a process of its own, as the Hub runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

LOG = "app.log"
PATIENCE = 180  # seconds until it answers; torch is imported meanwhile


@contextmanager
def served(folder: Path, **environment: str) -> Iterator[str]:
    """The address of the app in `folder`, which runs while the block does and writes its `LOG` there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "PYTHONPATH": "",
        "OMP_NUM_THREADS": "1",
    }
    environment = {**os.environ, **here, **environment}
    log = folder / LOG
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=folder,
            env={**os.environ, **here, **environment},
            stdout=output,
            stderr=output,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(PATIENCE * 2):
            assert process.poll() is None, log.read_text()
            try:
                urlopen(address, timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise AssertionError(log.read_text())
        yield address
    finally:
        process.kill()
        process.wait()
