"""What others send and store is bounded: it costs the rest nothing, and one repo breaks no list."""

from __future__ import annotations

import base64
import json
import socket
import struct
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi

from factory.local_hub import LocalHub, connections
from factory.local_hub.ignore import pattern
from factory.local_hub.rendering import markdown
from factory.local_hub.values import json_of, plain, sent

# plain http: certificates are not needed, and reading them takes 50 ms for each request
get, post, put = (partial(send, verify=False, timeout=30) for send in (httpx.get, httpx.post, httpx.put))


def safetensors(header: str, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header.encode()


def front(text: str) -> bytes:
    return f"---\n{text}\n---\n# Card\n".encode()


DEEP = "[" * 5000 + "]" * 5000
HOSTILE: dict[str, dict[str, bytes]] = {
    "huge integers in a card": {"README.md": front(f"model-index: {'9' * 390}\ndataset_info: {{x: {'9' * 30}}}")},
    "a nested card": {"README.md": front("a: " + "[" * 200)},
    "half a surrogate in a card": {"README.md": front('title: "\\ud800"\ntags: ["\\udfff"]\nlicense: mit')},
    "infinity in a card": {"README.md": front("license: [.inf, .nan]\nwidget: [.inf]\nmodel-index: {results: .nan}")},
    "a bomb of aliases": {
        "README.md": front("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b]")
    },
    "kinds nobody expects": {
        "README.md": front(
            "tags: {a: 1}\nlanguage: [[x]]\nlicense: {a: b}\ntitle: [1]\nemoji: {}\nsdk: [a]\npipeline_tag: {a: 1}\n"
            "library_name: [x]\nbase_model: {a: [1]}\n"
            "configs: [1, {config_name: [x], data_files: [{split: {a: b}}]}]\n"
            "dataset_info: [{splits: [{num_examples: -9e99}, {num_examples: true}]}]\nmodels: 1\ndatasets: {x: y}"
        )
    },
    "a class of characters that is none": {
        "README.md": front('configs: [{config_name: x, data_files: "[z-a]*.csv"}]'),
        "a.csv": b"a\n1\n",
    },
    "a card that is no text": {"README.md": bytes(range(256)) * 20},
    "a config nested too deep": {"config.json": f'{{"model_type": {DEEP}}}'.encode()},
    "a config of half surrogates": {
        "config.json": b'{"model_type": "\\ud800", "architectures": ["\\udc00ForCausalLM"]}'
    },
    "a config of numbers": {
        "config.json": b'{"model_type": 1e999, "architectures": [-Infinity, NaN, %s]}' % (b"9" * 4000)
    },
    "a config of lists": {
        "config.json": b'{"model_type": [{}], "architectures": {"a": 1}, "quantization_config": NaN}'
    },
    "a header of huge shapes": {
        "model.safetensors": safetensors(json.dumps({"a": {"dtype": "F32", "shape": [2**62, 2**62]}}))
    },
    "a header of half surrogates": {
        "model.safetensors": safetensors('{"a": {"dtype": "\\ud800", "shape": [1e400, -1]}}')
    },
    "a header that is nested": {"model.safetensors": safetensors(f'{{"a": {DEEP}}}')},
    "a header longer than its file": {"model.safetensors": safetensors("{}", 2**63)},
    "a header of many values": {"model.safetensors": safetensors("[" + "1," * 300_000 + "1]")},
    "results of any kind": {
        ".eval_results/a.yaml": b"- {dataset: {id: [1], task_id: .nan}, value: .inf}\n- {dataset: {id: {}}, value: 1}",
        ".eval_results/b.yaml": b"[" * 200,
    },
}


def store(api: HfApi, name: str, kind: str, files: dict[str, bytes]) -> None:
    """Files by LFS, as clients may send any: a card in the commit itself would be refused."""
    api.create_repo(name, repo_type=kind, **({"space_sdk": "static"} if kind == "space" else {}))
    lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": "all"}}]
    for path, content in files.items():
        add = Add(path, content)
        body = {"operation": "upload", "objects": [{"oid": add.upload_info.sha256.hex(), "size": len(content)}]}
        headers = {"Authorization": f"Bearer {api.token}"}
        prefix = "" if kind == "model" else f"{kind}s/"
        batch = post(f"{api.endpoint}/{prefix}{name}.git/info/lfs/objects/batch", json=body, headers=headers)
        link = batch.json()["objects"][0]["actions"]["upload"]["href"]
        assert put(link, content=content).status_code == 200
        value = {"path": path, "algo": "sha256", "oid": add.upload_info.sha256.hex(), "size": len(content)}
        lines.append({"key": "lfsFile", "value": value})
    body = "\n".join(map(json.dumps, lines))
    answer = post(f"{api.endpoint}/api/{kind}s/{name}/commit/main", content=body, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def shelf(hub: LocalHub) -> Iterator[str]:
    """A namespace with every hostile content in a model, a dataset and a Space."""
    api, owner = HfApi(endpoint=hub.endpoint, token=hub.token), f"h{uuid.uuid4().hex[:8]}"
    for number, files in enumerate(HOSTILE.values()):
        for kind in ("model", "dataset", "space"):
            store(api, f"{owner}/r{number}", kind, files)
    yield owner
    for number in range(len(HOSTILE)):
        for kind in ("model", "dataset", "space"):
            api.delete_repo(f"{owner}/r{number}", repo_type=kind)


def test_no_repo_breaks_a_list(hub: LocalHub, shelf: str) -> None:
    plurals = ("models", "datasets", "spaces")
    lists = [f"/{plural}{query}" for plural in plurals for query in ("?sort=rows", "?sort=size&search=card")]
    lists += [f"/api/{plural}?full=true&cardData=true&config=true" for plural in plurals]
    for path in [*lists, "/", f"/{shelf}", "/api/models-tags-by-type"]:
        answer = get(hub.endpoint + path)
        assert answer.status_code == 200, (path, answer.text[:300])
    found = get(f"{hub.endpoint}/api/models?author={shelf}&full=true").json()
    assert len(found) == len(HOSTILE)
    problems = {name: found_one.get("problems") for name, found_one in zip(reversed(HOSTILE), found, strict=True)}
    assert "nested deeper than 100 levels" in problems["a nested card"][0]
    assert problems["a header of huge shapes"] == [
        "its safetensors files: a tensor with more elements than any file can hold"
    ]
    assert "more than 200,000 values" in problems["a header of many values"][0]
    assert problems["a class of characters that is none"] is None
    assert get(f"{hub.endpoint}/models?search={shelf}").text.count("cannot be read in full") >= 8


def test_its_own_pages_are_answered(hub: LocalHub, shelf: str) -> None:
    for number in range(len(HOSTILE)):
        for kind in ("", "datasets/", "spaces/"):
            rows = ("/viewer", "/side-by-side") if kind == "datasets/" else ()
            for page in ("", "/tree/main", "/commits/main", *rows):
                answer = get(f"{hub.endpoint}/{kind}{shelf}/r{number}{page}")
                assert answer.status_code in (200, 404), (number, kind, page, answer.text[:200])
            answer = get(f"{hub.endpoint}/api/{kind or 'models/'}{shelf}/r{number}")
            assert answer.status_code == 200


def write(hub: LocalHub, path: str, **request: Any) -> httpx.Response:
    return post(hub.endpoint + path, headers={"Authorization": f"Bearer {hub.token}"}, **request)


BODIES = {
    "nested": b'{"name": ' + b"[" * 100_000,
    "nested a little too deep": b'{"name": ' + b"[" * 150 + b"]" * 150 + b"}",
    "many values": b'{"name": [' + b"1," * 400_000 + b"1]}",
    "half a surrogate": b'{"name": "x/\\ud800"}',
    "no number": b'{"name": NaN}',
    "a number of 4000 digits": b'{"name": ' + b"9" * 4000 + b"}",
    "no UTF-8": b'{"name": "\xff"}',
    "a list": b"[]",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_that_are_refused(hub: LocalHub, repo: str, body: bytes) -> None:
    for path in ("/api/repos/create", "/api/validate-yaml", f"/api/models/{repo}/preupload/main"):
        answer = write(hub, path, content=body)
        assert answer.status_code == 400 and "JSON" in answer.json()["error"]
    line = b'{"key": "header", "value": {"summary": "s"}}\n' + body
    assert write(hub, f"/api/models/{repo}/commit/main", content=line).status_code == 400
    paths = post(
        f"{hub.endpoint}/api/models/{repo}/paths-info/main", content=body, headers={"Content-Type": "application/json"}
    )
    assert paths.status_code == 400


def test_a_message_that_repeats_what_was_sent_is_cut(hub: LocalHub) -> None:
    for name in ("x" * 500_000, [[]] * 20_000, "x" * 1900 + " " * 1000, "\n"):
        answer = write(hub, "/api/repos/create", json={"name": name})
        assert answer.status_code == 400 and len(answer.headers["x-error-message"]) < 3000


def test_bodies_that_are_too_large(hub: LocalHub, repo: str) -> None:
    announced = write(hub, "/api/repos/create", content=b" " * (5 << 20))
    assert announced.status_code == 413 and "4 MB" in announced.json()["error"]
    unannounced = write(hub, "/api/repos/create", content=(b" " * 65536 for _ in range(100)))
    assert unannounced.status_code == 413
    assert write(hub, "/login", content=b"token=" + b"x" * (5 << 20)).status_code == 413


def test_commits_that_are_refused(hub: LocalHub, api: HfApi, repo: str) -> None:
    header = b'{"key": "header", "value": {"summary": "s"}}\n'
    content = base64.b64encode(bytes(11 << 20))
    long = header + b'{"key": "file", "value": {"path": "a", "encoding": "base64", "content": "' + content + b'"}}'
    answer = write(hub, f"/api/models/{repo}/commit/main", content=long)
    assert answer.status_code == 413 and "LFS" in answer.json()["error"]
    many = header + b'{"key": "deletedFile", "value": {"path": "a"}}\n' * 100_002
    assert write(hub, f"/api/models/{repo}/commit/main", content=many).status_code == 413
    deep = json.dumps({"key": "file", "value": {"path": "a/" * 200 + "b", "content": ""}}).encode()
    assert write(hub, f"/api/models/{repo}/commit/main", content=header + deep).status_code == 422
    wordy = json.dumps({"key": "header", "value": {"summary": "s" * 100_000}}).encode()
    assert write(hub, f"/api/models/{repo}/commit/main", content=wordy).status_code == 400
    assert [file.path for file in api.list_repo_tree(repo)] == [".gitattributes"]


def test_no_more_is_taken_than_was_announced(hub: LocalHub, repo: str) -> None:
    body = {"operation": "upload", "objects": [{"oid": "a" * 64, "size": 10}, {"oid": "b" * 64, "size": 10**18}]}
    small, vast = write(hub, f"/{repo}.git/info/lfs/objects/batch", json=body).json()["objects"]
    assert "at most" in vast["error"]["message"] and "actions" not in vast
    answer = put(small["actions"]["upload"]["href"], content=(b"x" * 65536 for _ in range(1000)))
    assert answer.status_code == 413
    assert not [draft for draft in (hub.data / "drafts").iterdir() if draft.stat().st_size > 1 << 20]


def test_a_connection_that_sends_no_head_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    import uvicorn

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    async def ended(reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while await reader.read(1000):
                pass

    async def trickle(writer: asyncio.StreamWriter) -> None:
        for sign in b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 1000:
            writer.write(bytes([sign]))
            await asyncio.sleep(0.02)

    async def look() -> None:
        monkeypatch.setattr(connections, "HEAD", 0.3)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(app, http=connections.Connection, lifespan="off", timeout_keep_alive=30)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve([listener]))
            address = listener.getsockname()
            silent, _ = await asyncio.open_connection(*address)
            again, sending = await asyncio.open_connection(*address)
            slow, slowly = await asyncio.open_connection(*address)
            task = asyncio.create_task(trickle(slowly))
            sending.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")  # a whole request, and the start of one
            await asyncio.gather(*(asyncio.wait_for(ended(one), 10) for one in (silent, again, slow)))
            task.cancel()
            server.should_exit = True
            await serving

    asyncio.run(look())


def test_values_that_json_cannot_hold() -> None:
    read = json_of(b'{"a": [1e999, NaN, 99999999999999999999, "\\ud800x", true, 1.5]}')
    assert plain(read) == {"a": [None, None, None, "\ufffdx", True, 1.5]}
    assert sent(b'{"a": [1, 1.5, "\\ud83d\\ude00", null]}') == {"a": [1, 1.5, "😀", None]}
    commas = json.dumps({"text": ",[{" * 300_000}).encode()
    assert json_of(commas)["text"].startswith(",[{")


def test_patterns_and_comments_take_no_time_that_grows_with_tries() -> None:
    began = time.process_time()
    assert not pattern("*a" * 100 + "*b").fullmatch("a" * 255)
    assert not pattern("**/a*/" * 60 + "b").fullmatch("ab/" * 400 + "c")
    markdown("<!--" * 20_000)
    assert time.process_time() - began < 5  # minutes and more, where every try is made again
