"""Large files: plain LFS, multipart, Xet, and how flat the server's memory stays."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from huggingface_hub import HfApi

from factory.local_hub import LocalHub, lfs, xet_format
from factory.local_hub.app import create_app

ROUND_TRIP = """
import hashlib, sys
from pathlib import Path
from huggingface_hub import HfApi, hf_hub_download
repo, *files = sys.argv[1:]
api = HfApi()
api.upload_folder(repo_id=repo, folder_path="up", commit_message="all")
for name in files:
    here, there = Path("up", name), Path(hf_hub_download(repo, name))
    assert hashlib.sha256(here.read_bytes()).digest() == hashlib.sha256(there.read_bytes()).digest(), name
    assert api.get_paths_info(repo, name)[0].lfs.size == here.stat().st_size
print(len(api.list_repo_commits(repo)))
"""


@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
def test_round_trip(hub: LocalHub, repo: str, client: Callable[..., str], tmp_path: Path, xet: bool) -> None:
    """Random, compressible and float contents: Xet packs them in its three ways."""
    import numpy as np

    rng = np.random.default_rng(1)
    folder = tmp_path / "up"
    folder.mkdir()
    (folder / "random.bin").write_bytes(rng.bytes(52_000_001))
    (folder / "zeros.bin").write_bytes(bytes(3_000_000) + b"end")
    (folder / "floats.safetensors").write_bytes(rng.standard_normal(1_000_000).astype("float32").tobytes())
    import sys

    files = ["random.bin", "zeros.bin", "floats.safetensors"]
    client("", xet=xet, command=[sys.executable, "-c", ROUND_TRIP, repo, *files])
    assert (hub.data / "xorbs").exists() or not xet
    log = hub.log.read_text()
    assert "Traceback" not in log, log[-2000:]


def test_memory_stays_flat(hub: LocalHub, repo: str, api: HfApi, tmp_path: Path) -> None:
    pid = json.loads((hub.data / "server.json").read_text())["pid"]

    def peak() -> int:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
        raise AssertionError

    big = tmp_path / "big.bin"
    piece = random.Random(0).randbytes(1 << 20)
    with big.open("wb") as file:
        for number in range(300):
            file.write(number.to_bytes(4, "big") + piece)
    before = peak()
    api.upload_file(path_or_fileobj=big, path_in_repo="big.bin", repo_id=repo)
    with httpx.stream("GET", f"{hub.endpoint}/{repo}/resolve/main/big.bin") as answer:
        digest = hashlib.sha256()
        for part in answer.iter_bytes(1 << 20):
            digest.update(part)
    with big.open("rb") as file:
        assert digest.hexdigest() == hashlib.file_digest(file, "sha256").hexdigest()
    assert peak() - before < 100e6


@pytest.fixture
def small_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Hub in this process that wants multipart uploads from 1 MB on."""
    monkeypatch.setattr(lfs, "MULTIPART_ABOVE", 1_000_000)
    monkeypatch.setattr(lfs, "PART", 300_000)
    app = create_app(tmp_path / "data")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_multipart(small_parts: str, tmp_path: Path) -> None:
    api = HfApi(endpoint=small_parts, token="hf_local")
    api.create_repo("a/b")
    content = random.Random(2).randbytes(1_234_567)
    api.upload_file(path_or_fileobj=content, path_in_repo="w.bin", repo_id="a/b")
    assert httpx.get(f"{small_parts}/a/b/resolve/main/w.bin").content == content
    assert not list((tmp_path / "data" / "parts").iterdir())


def _upload_link(endpoint: str, content: bytes) -> dict:
    answer = httpx.post(
        f"{endpoint}/a/b.git/info/lfs/objects/batch",
        headers={"Authorization": "Bearer hf_local"},
        json={"operation": "upload", "objects": [{"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}]},
    )
    return answer.json()["objects"][0]["actions"]


def test_uploads_are_checked(small_parts: str) -> None:
    HfApi(endpoint=small_parts, token="hf_local").create_repo("a/b")
    actions = _upload_link(small_parts, b"right")
    href = actions["upload"]["href"]
    assert httpx.put(href, content=b"wrong").status_code == 422
    assert httpx.post(actions["verify"]["href"], json={}).status_code == 404
    assert httpx.put(href.replace("signature=", "signature=0"), content=b"right").status_code == 403
    assert httpx.put(href.replace("upload", "part"), content=b"right").status_code == 403
    assert httpx.put(href, content=b"right").status_code == 200
    assert httpx.post(actions["verify"]["href"], json={}).status_code == 200


def test_byte_grouping_is_undone() -> None:
    assert xet_format.ungroup(b"048159 26 37".replace(b" ", b"")) == b"0123456789"


def test_broken_shards_are_refused(hub: LocalHub, repo: str) -> None:
    given = httpx.get(
        f"{hub.endpoint}/api/models/{repo}/xet-write-token/main", headers={"Authorization": f"Bearer {hub.token}"}
    )
    assert given.headers["X-Xet-Cas-Url"] == given.json()["casUrl"]
    url, headers = given.json()["casUrl"], {"Authorization": f"Bearer {given.json()['accessToken']}"}
    head = bytes(48) + bytes(32) + (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(8)
    for body in (b"", bytes(48), head, head + bytes(48) + b"\xff" * 32 + bytes(16)):
        answer = httpx.post(f"{url}/v1/shards", content=body, headers=headers)
        assert answer.status_code == 400, body
    assert httpx.post(f"{url}/v1/shards", content=b"", headers={"Authorization": "Bearer x"}).status_code == 401
    assert httpx.get(f"{url}/v1/chunks/default/00", headers=headers).status_code == 404
