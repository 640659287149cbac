"""The page that shows source beside translation: directions, reasons as a filter, paging, nothing that can run."""

from __future__ import annotations

import io
import json
import re
import uuid
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi

from factory.local_hub import LocalHub
from factory.local_hub.side_by_side import _cell
from tests.local_hub.test_pages import EVIL, text

CARD = """---
configs:
- config_name: default
  data_files: [{split: train, path: data/train-*}]
- config_name: rejected
  data_files: [{split: train, path: rejected/train-*}]
---
"""
KEPT = [
    {"id": i, "question": f"What is {i}? {EVIL}", "question_ar": f"Python {i} سؤال طويل", "score_script": 0.9}
    for i in range(45)
]
REASONS = ["script: 0.1 < 0.5", "dedup: seen before", EVIL]
REST = [
    {**KEPT[i % 45], "rejected_by": "a/02-filter", "outcome": "rejected", "reason": REASONS[i % 3]} for i in range(70)
]


def parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out, row_group_size=16)
    return out.getvalue()


@pytest.fixture(scope="module")
def pairs(hub: LocalHub) -> str:
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    name = f"tester/p{uuid.uuid4().hex[:10]}"
    api.create_repo(name, repo_type="dataset")
    files = [
        Add("README.md", CARD.encode()),
        Add("data/train-00000-of-00001.parquet", parquet(KEPT)),
        Add("rejected/train-00000-of-00002.parquet", parquet(REST[:33])),
        Add("rejected/train-00001-of-00002.parquet", parquet(REST[33:])),
    ]
    api.create_commit(name, files, repo_type="dataset", commit_message="rows")
    return f"/datasets/{name}/side-by-side"


def numbers(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'<header><span class="number">([\d,]+)</span>', page)]


def test_each_side_has_its_own_direction_by_its_letters(hub: LocalHub, pairs: str) -> None:
    page = text(hub, pairs)
    assert numbers(page) == list(range(20))
    assert '<div class="said" dir="rtl">Python 3 سؤال طويل</div>' in page
    assert '<div class="said" dir="ltr">What is 3? &lt;script&gt;' in page
    assert "question / question_ar" in page and "script <b>0.9</b>" in page
    assert numbers(text(hub, f"{pairs}/default/train?p=2")) == list(range(40, 45))


def test_code_in_arabic_text_runs_from_left_to_right() -> None:
    cell = _cell("هذا مثال:\n```python\nprint('a long line of code, longer than the prose')\n```\nانتهى.")
    assert cell["dir"] == "rtl"
    assert [code for code, _ in cell["pieces"]] == [False, True, False]
    assert _cell("```\nnever closed")["pieces"] == [(True, "```\nnever closed")]


def test_rejects_are_browsed_and_filtered_by_reason_over_all_files(hub: LocalHub, pairs: str) -> None:
    page = text(hub, f"{pairs}/rejected")
    assert 'dedup: seen before</bdi> <span class="number">23</span>' in page
    assert 'script</bdi> <span class="number">24</span>' in page and "by a/02-filter" in page
    first, second = (text(hub, f"{pairs}/rejected/train?reason=dedup%3A+seen+before&p={n}") for n in (0, 1))
    assert [*numbers(first), *numbers(second)] == [n for n in range(70) if n % 3 == 1]
    assert "?reason=dedup%3A+seen+before&amp;p=1" in first
    assert "There are no rows here" in text(hub, f"{pairs}/rejected/train?reason=nothing")


def test_what_is_not_there_is_a_page_too(hub: LocalHub, pairs: str) -> None:
    text(hub, f"{pairs}/gone", 404)
    text(hub, f"{pairs}/rejected/test", 404)


def test_other_files_and_empty_repos(hub: LocalHub, api: HfApi) -> None:
    name = f"tester/j{uuid.uuid4().hex[:10]}"
    api.create_repo(name, repo_type="dataset")
    assert "There are no data files" in text(hub, f"/datasets/{name}/side-by-side")
    rows = [
        {"source": "a", "target": "ب", "reasons": ["script: 0 < 1", "echo: 1 > 0.8"]},
        {"source": "c", "target": "د"},
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    api.upload_file(path_or_fileobj=lines.encode(), path_in_repo="pairs.jsonl", repo_id=name, repo_type="dataset")
    assert numbers(text(hub, f"/datasets/{name}/side-by-side")) == [0, 1]
    assert numbers(text(hub, f"/datasets/{name}/side-by-side/default/train?reason=echo")) == [0]
    api.upload_file(path_or_fileobj=b"{", path_in_repo="pairs.jsonl", repo_id=name, repo_type="dataset")
    assert "cannot be shown" in text(hub, f"/datasets/{name}/side-by-side")
