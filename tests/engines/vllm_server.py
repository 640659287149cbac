"""vLLM's own HTTP server as a process, for tests and benchmarks: an endpoint like any other."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from factory.engines.environments import needed
from factory.engines.vllm_options import llm_options, process_environment
from factory.profile import Profile

NAME = "m"
LEFT_OUT = {"skip_tokenizer_init", "disable_log_stats"}  # a server renders and decodes itself
QUICK = {"enforce_eager": True, "compilation_config": {"custom_ops": ["all", "-rotary_embedding"]}, "max_num_seqs": 8}
"""Without compiling; the rotary operator of the CPU build is wrong when not compiled."""

READY = 900  # seconds in which it must answer: most of a start are imports, which a busy machine makes long


@contextmanager
def vllm_server(
    model: Path,
    log: Path,
    profile: Profile | None = None,
    more: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The base URL of a server that serves `model` as `NAME`, with the options that the engine vllm would take.

    `more` are further arguments, `environment` further variables.
    """
    profile = profile or Profile.model_validate({"device": "cpu"})
    options = llm_options(model, profile)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flags = [
        f"--{name.replace('_', '-')}{_value(value)}"
        for name, value in options.items()
        if name not in LEFT_OUT and value is not False
    ]
    flags += [f"--served-model-name={NAME}", "--host=127.0.0.1", f"--port={port}", "--disable-uvicorn-access-log"]
    command = [str(needed("vllm").python), "-P", "-m", "vllm.entrypoints.openai.api_server", *flags, *more]
    with log.open("wb") as file:
        variables = process_environment(profile) | dict(environment or {})
        process = subprocess.Popen(command, stdout=file, stderr=file, env=variables, start_new_session=True)
    try:
        _await(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # while it starts it does not listen to a softer word
        process.wait()


def _value(value: object) -> str:
    """A switch stands by itself; what is no text is JSON."""
    return "" if value is True else f"={value if isinstance(value, str) else json.dumps(value)}"


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise RuntimeError(f"vLLM's server does not answer:\n{log.read_text(errors='replace')[-3000:]}")
