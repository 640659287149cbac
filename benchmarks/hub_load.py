"""Twenty clients of the embedded Hub at once, and a large file up and down, beside another checkout of this project.

    python benchmarks/hub_load.py CHECKOUT

Both servers are started anew for each of three rounds, in turn, on an empty folder. `commits a second` are of 20
threads that make 5 commits of one small file each, every thread in a repo of its own. The large file has 1 GiB, sent
by the basic transfer of LFS and read back. Medians; ratios are ours over theirs.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import measure

CLIENTS, COMMITS, ROUNDS, LARGE = 20, 5, 3, 1 << 30
SIGNED = {"Authorization": "Bearer hf_local"}
PIECE = os.urandom(1 << 20)
OURS = Path(__file__).resolve().parents[1]


def served(checkout: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server of the code in a checkout, and its address."""
    command = [sys.executable, "-m", "factory.local_hub", "--data", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    server = subprocess.Popen(command, cwd=checkout, env=environment, stdout=subprocess.DEVNULL)
    while not (folder / "server.json").exists():
        time.sleep(0.05)
    return server, json.loads((folder / "server.json").read_text())["endpoint"]


def commits(client: httpx.Client) -> float:
    """Commits a second."""

    def made(number: int) -> None:
        for turn in range(COMMITS):
            lines = [
                {"key": "header", "value": {"summary": f"commit {turn}"}},
                {"key": "file", "value": {"path": f"f{turn}.txt", "content": f"{number} {turn}"}},
            ]
            body = "\n".join(map(json.dumps, lines))
            client.post(f"/api/models/bench/r{number}/commit/main", content=body).raise_for_status()

    for number in range(CLIENTS):
        client.post("/api/repos/create", json={"name": f"bench/r{number}"}).raise_for_status()
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(made, range(CLIENTS)))
    return CLIENTS * COMMITS / (time.perf_counter() - began)


def large(client: httpx.Client) -> tuple[float, float]:
    """Seconds up and down."""
    whole = hashlib.sha256()
    for _ in range(LARGE >> 20):
        whole.update(PIECE)
    oid = whole.hexdigest()
    wanted = {"operation": "upload", "objects": [{"oid": oid, "size": LARGE}], "transfers": ["basic"]}
    answer = client.post("/bench/r0.git/info/lfs/objects/batch", json=wanted).json()["objects"][0]
    began = time.perf_counter()
    link = answer["actions"]["upload"]["href"]
    client.put(link, content=(PIECE for _ in range(LARGE >> 20))).raise_for_status()
    up = time.perf_counter() - began
    wanted["operation"] = "download"
    answer = client.post("/bench/r0.git/info/lfs/objects/batch", json=wanted).json()["objects"][0]
    began = time.perf_counter()
    with client.stream("GET", answer["actions"]["download"]["href"]) as stream:
        assert sum(map(len, stream.iter_raw(1 << 20))) == LARGE
    return up, time.perf_counter() - began


def round_of(checkout: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        server, endpoint = served(checkout, Path(folder))
        try:
            with httpx.Client(base_url=endpoint, headers=SIGNED, timeout=600) as client:
                rate = commits(client)
                up, down = large(client)
        finally:
            server.terminate()
            server.wait()
    return {"commits a second": rate, "GiB/s up": 1 / up, "GiB/s down": 1 / down}


def main() -> None:
    checkouts = {"ours": OURS, "other": Path(sys.argv[1]).resolve()}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
    for _ in range(ROUNDS):
        for name, checkout in checkouts.items():
            rounds[name].append(round_of(checkout))
    medians: dict[str, Any] = {
        name: {key: round(statistics.median(one[key] for one in found), 2) for key in found[0]}
        for name, found in rounds.items()
    }
    ratios = {key: round(medians["ours"][key] / medians["other"][key], 2) for key in medians["ours"]}
    found = {**medians, "ratio": ratios, "load average": [round(value, 1) for value in os.getloadavg()]}
    print(json.dumps(found, indent=2))
    measure.save("hub_load", found)


if __name__ == "__main__":
    main()
