"""A thousand hostile requests to the embedded Hub: its peak memory, and how long it takes to say that it is well.

    python benchmarks/hub_hostile.py

Eight clients at once send, in an order drawn with a fixed seed, bodies that are nested, huge, no text or never end,
commits with too much in them, uploads beyond what they announced, patterns that could be tried for ever, and ask for
rows of files that decode to gigabytes, and for lists of repos whose files are hostile. Beside them one client asks for
`/api/health` every 20 ms. Asked for were at most 300 MB and 0.2 s.
"""

from __future__ import annotations

import io
import json
import os
import random
import socket
import statistics
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import measure
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

from factory.local_hub import LocalHub

REQUESTS, CLIENTS, ASKED = 1000, 8, {"MB": 300, "health": 0.2}
REPO, HOSTILE = "bench/bombs", 12
# those that take seconds, and how often they are sent
HEAVY = ("rows of a long text", "rows of many nulls", "patterns", "many changes", "10 MB in a commit")
TIMES = 8
HEADER = b'{"key": "header", "value": {"summary": "s"}}\n'


def parquet(column: Any) -> bytes:
    pq.write_table(pa.table({"text": column}), sink := io.BytesIO(), compression="zstd")
    return sink.getvalue()


def fill(api: HfApi) -> None:
    """A dataset of bombs, and models whose configs and headers are hostile."""
    api.create_repo(REPO, repo_type="dataset")
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), pa.array(["x" * 18_000_000]))
    places = pa.array(range(0, 40_000_001, 400_000), pa.int32())
    nulls = pa.ListArray.from_arrays(places, pa.nulls(40_000_000, pa.int8()))
    rows = [Add("long/train.parquet", parquet(long)), Add("nulls/train.parquet", parquet(nulls))]
    api.create_commit(REPO, rows, commit_message="rows", repo_type="dataset")
    deep, many = b"[" * 900 + b"]" * 900, b"[" + b"1," * 500_000 + b"1]"
    for number in range(HOSTILE):
        name = f"bench/hostile-{number}"
        api.create_repo(name)
        header = (len(many)).to_bytes(8, "little") + many
        files = {
            "config.json": b'{"model_type": ' + deep + b"}",
            "model.safetensors": header,
            "notes.md": b"x" * number,
        }
        api.create_commit(name, [Add(*item) for item in files.items()], commit_message="files")


def kinds(endpoint: str, token: str) -> dict[str, Any]:
    """{name: a function that sends one hostile request and gives the status of the answer}"""
    signed = {"Authorization": f"Bearer {token}"}
    client = httpx.Client(base_url=endpoint, headers=signed, timeout=120, limits=httpx.Limits(max_connections=None))
    host, port = endpoint.removeprefix("http://").split(":")
    kept: list[socket.socket] = []

    def body(path: str, content: Any) -> Any:
        return lambda: client.post(path, content=content() if callable(content) else content).status_code

    def page(path: str) -> Any:
        return lambda: client.get(path).status_code

    def half(text: bytes) -> str:
        kept.append(connection := socket.create_connection((host, int(port))))
        connection.sendall(text)
        return "left open"

    def upload() -> int:
        wanted = {"operation": "upload", "objects": [{"oid": "a" * 64, "size": 1000}]}
        answer = client.post("/bench/hostile-0.git/info/lfs/objects/batch", json=wanted).json()
        link = answer["objects"][0]["actions"]["upload"]["href"]
        return client.put(link, content=(b"x" * 65536 for _ in range(500))).status_code

    create, commit = "/api/repos/create", "/api/models/bench/hostile-0/commit/main"
    file = b'{"key": "file", "value": {"path": "a", "encoding": "base64", "content": "%s"}}\n'
    ignore = json.dumps({"files": [{"path": "a" * 255, "size": 1}] * 500, "gitIgnore": ("*a" * 60 + "*b\n") * 1000})
    card = json.dumps({"content": "---\na: " + "[" * 1000 + "\n---\n", "repoType": "model"})
    sent = {
        "nested": body(create, b'{"name": ' + b"[" * 4_000_000),
        "many values": body(create, b'{"name": [' + b"1," * 2_000_000 + b"1]}"),
        "values just allowed": body(create, b'{"name": [' + b"[]," * 66_000 + b"1]}"),
        "too large": body(create, b" " * (5 << 20)),
        "too large, not announced": body(create, lambda: (b" " * 65536 for _ in range(100))),
        "no text": body(create, b'{"name": "\\ud800"}'),
        "a long line of a commit": body(commit, HEADER + file % (b"A" * (15 << 20))),
        "10 MB in a commit": body(commit, HEADER.replace(b'"s"', b'""') + file % (b"A" * (13 << 20))),
        "many changes": body(commit, HEADER + b'{"key": "deletedFile", "value": {"path": "a"}}\n' * 110_000),
        "more than announced": upload,
        "patterns": body("/api/models/bench/hostile-0/preupload/main", ignore),
        "a nested card": body("/api/validate-yaml", card),
        "a long form": body("/login", b"token=" + b"x" * (3 << 20)),
        "half a head": lambda: half(b"GET / HT"),
        "half a body": lambda: half(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\nx"),
        "rows of a long text": page(f"/datasets/{REPO}/viewer/long"),
        "rows of many nulls": page(f"/datasets/{REPO}/side-by-side/nulls"),
        "a list": page("/models?sort=size"),
        "a list of the API": page("/api/models?full=true&config=true"),
        "a search": page("/datasets?search=" + "x" * 2000),
    }
    return sent


class Watch:
    """Memory of the server and of what it started, and how fast health is answered, until `end`."""

    def __init__(self, endpoint: str, pid: int) -> None:
        self.endpoint, self.server = endpoint, psutil.Process(pid)
        self.before, self.peak, self.readers = self.server.memory_info().rss, 0, 0
        self.health: list[float] = []
        self.done = threading.Event()
        self.threads = [threading.Thread(target=look) for look in (self.memory, self.ask)]
        for thread in self.threads:
            thread.start()

    def memory(self) -> None:
        while not self.done.wait(0.02):
            self.peak = max(self.peak, self.server.memory_info().rss)
            try:
                children = sum(child.memory_info().rss for child in self.server.children(recursive=True))
            except psutil.Error:
                continue
            self.readers = max(self.readers, children)

    def ask(self) -> None:
        with httpx.Client(base_url=self.endpoint, timeout=60) as client:
            while not self.done.wait(0.02):
                began = time.perf_counter()
                client.get("/api/health").raise_for_status()
                self.health.append(time.perf_counter() - began)

    def end(self) -> None:
        self.done.set()
        for thread in self.threads:
            thread.join()


def main() -> None:
    disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder, LocalHub(folder) as hub:
        fill(HfApi(endpoint=hub.endpoint, token=hub.token))
        sending = kinds(hub.endpoint, hub.token)
        light = [name for name in sending if name not in HEAVY]
        order = [name for name in HEAVY for _ in range(TIMES)]
        order += [light[n % len(light)] for n in range(REQUESTS - len(order))]
        random.Random(0).shuffle(order)
        watch = Watch(hub.endpoint, json.loads((Path(folder) / "server.json").read_text())["pid"])
        began, told = time.monotonic(), Counter[str]()

        def send(name: str) -> None:
            try:
                status = sending[name]()
            except httpx.TransportError as error:
                status = type(error).__name__
            told[f"{name}: {status}"] += 1

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(send, order))
        seconds = time.monotonic() - began
        watch.end()
    found = {
        "requests": REQUESTS,
        "clients": CLIENTS,
        "asked for": ASKED,
        "seconds": round(seconds, 1),
        "MB before": round(watch.before / 1e6),
        "peak MB of the server": round(watch.peak / 1e6),
        "peak MB of its readers": round(watch.readers / 1e6),
        "slowest health": round(max(watch.health), 3),
        "median health": round(statistics.median(watch.health), 4),
        "99th percentile of health": round(sorted(watch.health)[int(len(watch.health) * 0.99)], 3),
        "answers": dict(sorted(told.items())),
        "load average": [round(value, 1) for value in os.getloadavg()],
    }
    print(json.dumps(found, indent=2))
    measure.save("hub_hostile", found)


if __name__ == "__main__":
    main()
