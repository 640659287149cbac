"""An OpenAI-compatible endpoint that computes nothing: an answer takes a set time, however many are asked at once.

So is what a client sees of a rented model that is far from its limits. The answer is as many tokens as were allowed,
and depends on nothing else. Run as a process of its own, it prints its address.

    python benchmarks/engines/endpoint.py --seconds 0.2 --seconds-per-word 0.02
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAME = "delay"


@contextmanager
def endpoint(seconds: float, seconds_per_word: float = 0.0) -> Iterator[str]:
    """The base URL of a server process; an answer takes `seconds`, and `seconds_per_word` of the question besides."""
    command = [sys.executable, __file__, f"--seconds={seconds}", f"--seconds-per-word={seconds_per_word}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def application(seconds: float, seconds_per_word: float) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def chat(request: Request) -> JSONResponse:
        body = await request.json()
        words = body["messages"][-1]["content"].split()
        await asyncio.sleep(seconds + seconds_per_word * len(words))
        message = {"role": "assistant", "content": " ".join(["word"] * body["max_tokens"])}
        usage = {"prompt_tokens": len(words), "completion_tokens": body["max_tokens"]}
        usage["total_tokens"] = sum(usage.values())
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        answer = {"id": "0", "object": "chat.completion", "created": 0, "model": NAME}
        return JSONResponse(answer | {"choices": [choice], "usage": usage})

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def main() -> None:
    import uvicorn

    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seconds-per-word", type=float, default=0.0)
    arguments = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", flush=True)
    app = application(arguments.seconds, arguments.seconds_per_word)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    main()
