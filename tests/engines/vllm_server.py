"""vLLM's own HTTP server as a process, for tests and benchmarks: an endpoint like any other."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from factory.engines.environments import needed
from factory.engines.vllm_options import llm_options, process_environment
from factory.profile import Profile

NAME = "m"
READY = 300  # seconds in which it must answer


@contextmanager
def vllm_server(model: Path, log: Path, profile: Profile | None = None) -> Iterator[str]:
    """The base URL of a server that serves `model` as `NAME`, with the options that the engine vllm would take."""
    profile = profile or Profile.model_validate({"device": "cpu"})
    options = llm_options(model, profile)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    names = ("model", "dtype", "generation_config", "gpu_memory_utilization", "max_num_seqs")
    flags = [f"--{name.replace('_', '-')}={options[name]}" for name in names]
    flags += [f"--served-model-name={NAME}", "--host=127.0.0.1", f"--port={port}", "--disable-uvicorn-access-log"]
    command = [str(needed("vllm").python), "-P", "-m", "vllm.entrypoints.openai.api_server", *flags]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=process_environment(profile))
    try:
        _await(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def _await(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise RuntimeError(f"vLLM's server does not answer:\n{log.read_text(errors='replace')[-3000:]}")
