"""The web pages say what is stored, and nothing stored can run in them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import uuid
from functools import partial

import httpx
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi

from factory.local_hub import LocalHub
from factory.local_hub.storage import Store, StoredFile
from factory.local_hub.trees import TreeEditor
from factory.local_hub.web import SCRIPT

# Pages come over plain http: certificates are not needed, and reading them takes 50 ms for each request.
get, post = partial(httpx.get, verify=False), partial(httpx.post, verify=False)

EVIL = "<script>alert(1)</script>"
CARD = f"""---
license: cc-by-nc-4.0
tags: [stand-in, "{EVIL}"]
model-index:
- name: m
  results:
  - dataset: {{name: Bench, type: b}}
    task: {{type: t}}
    metrics: [{{type: acc, value: 0.731}}]
---
# العنوان {EVIL}

<img src=x onerror=alert(2)> [go](javascript:alert(3)) [auto](data:text/html,x) ![plot](plots/a.png) [f](./w.txt)

| a | b |
| --- | --- |
| 1 | {EVIL} |
"""


@pytest.fixture
def model(api: HfApi, repo: str) -> str:
    operations = [
        Add("README.md", CARD.encode()),
        Add("dir/نص.txt", f"سطر\n{EVIL}".encode()),
        Add("w.bin", b"\0" * 99),
    ]
    api.create_commit(repo, [*operations, Add("page.html", EVIL.encode())], commit_message=f"title {EVIL}")
    return repo


def text(hub: LocalHub, path: str, status: int = 200) -> str:
    answer = get(hub.endpoint + path, headers={"Accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == status, answer.text
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert re.findall(r"script-src ([^;]*)", answer.headers["content-security-policy"]) == [f"'sha256-{digest}'"]
    page = answer.text.replace(f"<script>{SCRIPT}</script>", "", 1)
    assert EVIL not in page and "<script" not in page and not re.search(r"<[^>]*\son\w+=", page)
    assert not re.search(r'(?:href|src)="(?:javascript|data:text|https?://(?!127\.0\.0\.1))', page)
    return page


def test_card(hub: LocalHub, model: str) -> None:
    page = text(hub, f"/{model}")
    assert "stand-in: not the real thing" in page
    assert re.search(r'<h1 dir="auto"[^>]*>العنوان &lt;script&gt;', page)
    assert "license:cc-by-nc-4.0" in page and "Bench" in page
    assert page.count('<td class="value" title="0.731">0.73</td>') == 1
    assert f'src="/{model}/resolve/main/plots/a.png"' in page and f'href="/{model}/blob/main/w.txt"' in page
    assert f'<img src="/{model}/resolve/main/x">' in page


def test_stand_in_banner_only_where_it_belongs(hub: LocalHub, api: HfApi, repo: str) -> None:
    assert "not the real thing" not in text(hub, f"/{repo}")
    api.upload_file(path_or_fileobj=b"---\ntags: [stand-in]\n---\n", path_in_repo="README.md", repo_id=repo)
    for path in ("", "/tree/main", "/commits/main", "/blob/main/README.md"):
        assert "not the real thing" in text(hub, f"/{repo}{path}")
    assert "stand-in" in text(hub, f"/models?search={repo}")


def test_files_and_history(hub: LocalHub, api: HfApi, model: str) -> None:
    page = text(hub, f"/{model}/tree/main")
    assert "dir/" in page and "w.bin" in page and "LFS" in page and "title &lt;script&gt;" in page
    page = text(hub, f"/{model}/blob/main/dir/نص.txt")
    assert '<span dir="auto">سطر' in page and "&lt;script&gt;" in page
    assert "not text" in text(hub, f"/{model}/blob/main/w.bin")
    assert "initial commit" in text(hub, f"/{model}/commits/main")
    assert "+سطر" in text(hub, f"/{model}/commit/{api.model_info(model).sha}")
    text(hub, f"/{model}/tree/main/none", 404)
    assert "There is no repo of this name here" in text(hub, "/nobody/nothing", 404)


def test_stored_pages_do_not_run(hub: LocalHub, model: str) -> None:
    stored = get(f"{hub.endpoint}/{model}/resolve/main/page.html")
    assert stored.headers["content-type"].startswith("text/plain")
    assert stored.headers["content-security-policy"].startswith("sandbox")
    assert stored.headers["x-content-type-options"] == "nosniff"


@pytest.fixture
def dataset(api: HfApi, repo: str) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def parquet(first: int, count: int) -> bytes:
        chat = [
            [{"role": "user", "content": f"سؤال {n}"}, {"role": "assistant", "content": EVIL}] for n in range(count)
        ]
        numbers = list(range(first, first + count))
        table = pa.table({"id": numbers, "ar": [f"صف رقم {n}" for n in numbers], "messages": chat})
        sink = io.BytesIO()
        pq.write_table(table, sink, row_group_size=40)
        return sink.getvalue()

    card = """---
configs:
- config_name: default
  data_files:
  - {split: train, path: "data/train-*"}
- config_name: rejected
  data_files: [{split: train, path: rejected/*.jsonl}]
---
"""
    lines = "\n".join(json.dumps({"text": f"ref {n} {EVIL}", "score": n / 8}) for n in range(120))
    api.create_repo(repo, repo_type="dataset")
    operations = [
        Add("README.md", card.encode()),
        Add("data/train-00000-of-00002.parquet", parquet(0, 100)),
        Add("data/train-00001-of-00002.parquet", parquet(100, 30)),
        Add("rejected/a.jsonl", lines.encode()),
    ]
    api.create_commit(repo, operations, commit_message="rows", repo_type="dataset")
    return repo


def test_rows(hub: LocalHub, dataset: str) -> None:
    page = text(hub, f"/datasets/{dataset}/viewer")
    assert "130 rows" in page and "صف رقم 0" in page and "صف رقم 49" in page and "صف رقم 50" not in page
    assert 'dir="auto">صف رقم 7<' in page and "rejected" in page and "assistant" in page
    page = text(hub, f"/datasets/{dataset}/viewer/default/train?p=2")
    assert "صف رقم 100" in page and "صف رقم 129" in page and "صف رقم 99<" not in page
    page = text(hub, f"/datasets/{dataset}/viewer/rejected/train?p=1")
    assert "ref 50 &lt;script&gt;" in page and "ref 49 " not in page and "6.25" in page and "Next" in page
    assert "Next" not in text(hub, f"/datasets/{dataset}/viewer/rejected/train?p=2")
    text(hub, f"/datasets/{dataset}/viewer/none", 404)
    assert f"/datasets/{dataset}/viewer/rejected" in text(hub, f"/datasets/{dataset}")


def test_rows_without_a_card(hub: LocalHub, api: HfApi, repo: str) -> None:
    api.create_repo(repo, repo_type="dataset")
    operations = [
        Add("test.csv", b"a,b\n1,\xd8\xa8\n"),
        Add("train.json", b'[{"q": "first"}]'),
        Add("broken/dev.jsonl", b"{"),
        Add("packed/train.jsonl.gz", gzip.compress(b'{"q": "before"}\n{"q":\n{"q": "after"}\n')),
    ]
    api.create_commit(repo, operations, commit_message="rows", repo_type="dataset")
    assert "first" in text(hub, f"/datasets/{repo}/viewer/default/train")
    assert "ب" in text(hub, f"/datasets/{repo}/viewer/default/test")
    assert "cannot be shown" in text(hub, f"/datasets/{repo}/viewer/broken/validation")
    page = text(hub, f"/datasets/{repo}/viewer/packed/train")
    assert "before" in page and "no JSON" in page and "after" in page


def test_lists_and_collections(hub: LocalHub, api: HfApi, model: str) -> None:
    owner = f"o{uuid.uuid4().hex[:6]}"
    made = api.create_collection(f"مجموعة {EVIL}", namespace=owner, description="desc")
    api.add_collection_item(made.slug, model, "model", note=f"note {EVIL}")
    page = text(hub, f"/collections/{made.slug}")
    assert "مجموعة &lt;script&gt;" in page and model.split("/")[1] in page and "note &lt;" in page
    assert made.slug in text(hub, f"/{model}") and "مجموعة" in text(hub, "/collections")
    for path in ("/", "/models", "/datasets", "/spaces", f"/{owner}", "/login", "/tester"):
        text(hub, path)
    assert model.split("/")[1] in text(hub, f"/models?search={model}")
    assert "Nothing found" in text(hub, "/models?search=no-such-thing")


def test_a_benchmark_shows_its_leaderboard(hub: LocalHub, api: HfApi, repo: str) -> None:
    task = {"id": "quiz", "config": "default", "split": "test", "field_spec": {"input": "q", "target": "a"}}
    task |= {"solvers": [{"name": "generate"}], "scorers": [{"name": "exact"}]}
    about = {"name": "Quiz", "description": "d", "evaluation_framework": "inspect-ai", "tasks": [task]}
    api.create_repo(repo, repo_type="dataset")
    api.create_commit(
        repo, [Add("eval.yaml", json.dumps(about).encode())], commit_message="tasks", repo_type="dataset"
    )
    for model, value in ((repo, 40.125), (f"{repo}-b", 51.0)):
        api.create_repo(model, exist_ok=True)
        entry = [{"dataset": {"id": repo, "task_id": "quiz"}, "value": value, "notes": f"n=300 {EVIL}"}]
        api.create_commit(model, [Add(".eval_results/quiz.yaml", json.dumps(entry).encode())], commit_message="scores")
    page = text(hub, f"/datasets/{repo}")
    assert re.findall(r'title="([\d.]+)">([\d.]+)</td>', page) == [("51.0", "51.00"), ("40.125", "40.12")]
    assert page.index(f'href="/{repo}-b"') < page.index(f'href="/{repo}"') and "n=300 &lt;script" in page
    assert "Leaderboard" not in text(hub, f"/{repo}")


def test_discussion_pages(hub: LocalHub, api: HfApi, model: str) -> None:
    api.create_commit(
        model, [Add("n.txt", EVIL.encode())], commit_message="A PR", commit_description=EVIL, create_pr=True
    )
    api.comment_discussion(model, 1, f"**bold** {EVIL}")
    page = text(hub, f"/{model}/discussions/1")
    assert "<strong>bold</strong>" in page and "+&lt;script&gt;" in page
    assert "A PR" in text(hub, f"/{model}/discussions")
    text(hub, f"/{model}/discussions/2", 404)


FIELDS = """license language tags datasets base_model configs model-index library_name pipeline_tag title emoji sdk
    app_file task_categories models dataset_info"""
ODD = [
    "3",
    "true",
    "[1, [2, {a: b}]]",
    "{a: {b: c}}",
    "null",
    "2024-01-01",
    "[null, .nan]",
    "&a [*a]",
    "!!python/name:os.system",
]
ODD += ["[{config_name: 1, data_files: 2}, {config_name: a, data_files: [{split: s, path: {x: y}}, 3]}, 5]"]
ODD += ["[{results: [3, {metrics: 5, dataset: 6}, {metrics: [7, {value: x}]}]}, 4]"]


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_odd_metadata_is_refused_and_breaks_nothing_where_it_is_stored(
    hub: LocalHub, api: HfApi, repo: str, kind: str
) -> None:
    """A store may hold what was pushed before its Hub learnt to refuse it."""
    api.create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None, exist_ok=True)
    prefix = {"model": "", "dataset": "datasets/", "space": "spaces/"}[kind]
    headers = {"Authorization": f"Bearer {hub.token}"}
    store = Store(hub.data)
    stored = store.repo(kind, repo)
    assert stored is not None
    for value in ODD:
        card = "---\n" + "".join(f"{field}: {value}\n" for field in FIELDS.split()) + "---\n# x"
        files = {
            "README.md": card,
            "t.jsonl": '{"a": 1}',
            "config.json": '{"architectures": 5}',
            ".eval_results/a.yaml": "[3]",
        }
        for path in ("README.md", *([".eval_results/a.yaml"] if kind == "model" else [])):
            lines = [{"key": "header", "value": {"summary": "odd"}}]
            lines += [{"key": "file", "value": {"path": path, "content": files[path]}}]
            body = "\n".join(json.dumps(line) for line in lines)
            made = post(f"{hub.endpoint}/api/{kind}s/{repo}/commit/main", content=body, headers=headers)
            assert made.status_code == (200 if (path, value) == ("README.md", "null") else 400), (value, made.text)
        with store.pinned():
            contents = {path: store.put_regular(content.encode()) for path, content in files.items()}

            def fill(editor: TreeEditor, contents: dict[str, StoredFile] = contents) -> None:
                store.add_regular(stored, contents.values())
                for path, file in contents.items():
                    editor.put(path, file.oid)

            store.add_commit(stored, "refs/heads/main", fill, title="odd", message="", author="tester")
        for path in (f"/api/{kind}s/{repo}", f"/api/{kind}s?author=tester&full=1&filter=x&cardData=1&config=1"):
            assert get(hub.endpoint + path).status_code == 200, (value, path)
        for path in ("", "/tree/main", "/blob/main/README.md", *(["/viewer"] if kind == "dataset" else [])):
            text(hub, f"/{prefix}{repo}{path}")


def test_odd_requests_are_the_callers_fault(hub: LocalHub, repo: str) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    api, deep = f"/api/models/{repo}", "9" * 30
    for path in (
        f"{api}/tree/main?cursor=x",
        f"{api}/commits/main?p=x",
        f"{api}/discussions/{deep}",
        f"{api}/revision/%00",
    ):
        assert 400 <= get(hub.endpoint + path, headers=headers).status_code < 500, path
    for path, body in [
        ("/api/repos/create", "[1]"),
        ("/api/repos/create", '{"name": "a/b/c"}'),
        (f"{api}/commit/main", "x"),
        (f"{api}/commit/main", '{"key": "header", "value": {"summary": ""}}'),
        (f"{api}/commit/main", '{"key": "header", "value": {"summary": "m", "parentCommit": 5}}'),
        (f"{api}/lfs-files/batch", '{"deletions": 5}'),
        (f"{api}/tag/main", '{"tag": null}'),
        ("/api/collections", '{"title": "t", "position": "x"}'),
        (f"/{repo}.git/info/lfs/objects/batch", '{"objects": [{"oid": 5, "size": "x"}]}'),
    ]:
        answer = post(hub.endpoint + path, content=body, headers=headers)
        assert 400 <= answer.status_code < 500, (path, body, answer.text)
