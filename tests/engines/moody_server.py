"""A loopback endpoint that misbehaves on purpose: a real HTTP server in threads of this process.

Its answer is a function of the prompt alone, so that runs can be compared: the prompt reversed, cut at the limit.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Mood = Callable[["MoodyServer", str, int], Any]
"""(server, prompt, how often asked before) -> None for a good answer, else (status, headers, body) or "drop"."""


class MoodyServer:
    def __init__(self, mood: Mood | None = None, delay: float = 0.0, states: str | None = "m") -> None:
        """`states`: the `model` of its answers."""
        self.mood, self.delay, self.states = mood, delay, states
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.in_flight = self.most_in_flight = self.connections = 0
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with server.lock:
                    server.connections += 1

            def do_GET(self) -> None:
                self.reply(200, {}, {"data": [{"id": "only"}]})

            def do_POST(self) -> None:
                server.answer(self)

            def reply(self, status: int, headers: dict[str, str], body: Any) -> None:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *arguments: Any) -> None: ...  # a client that went away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, handler: Any) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        prompt = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
        prompt = prompt if isinstance(prompt, str) else json.dumps(prompt)  # parts, of which some are pictures
        with self.lock:
            before = self.asked[prompt]
            self.asked[prompt] += 1
            self.bodies.append(body)
            self.headers.append({name.lower(): value for name, value in handler.headers.items()})
            self.times.append(time.monotonic())
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            time.sleep(self.delay)
            trouble = self.mood(self, prompt, before) if self.mood else None
        finally:
            with self.lock:
                self.in_flight -= 1
        if trouble == "drop":
            handler.close_connection = True
            handler.connection.close()
            return
        if trouble:
            handler.reply(*trouble)
            return
        with self.lock:
            self.answered[prompt] += 1
        limit = body["max_tokens"]
        text = prompt[::-1][:limit]
        choice = {"finish_reason": "length" if len(prompt) > limit else "stop"}
        choice |= {"message": {"role": "assistant", "content": text}} if "messages" in body else {"text": text}
        usage = {"prompt_tokens": len(prompt), "completion_tokens": len(text)}
        model = {"model": self.states} if self.states else {}
        handler.reply(200, {}, {"choices": [choice], "usage": usage, **model})

    def __enter__(self) -> MoodyServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
