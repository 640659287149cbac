"""Lists say what repos hold, and find them by name, card and tag."""

from __future__ import annotations

import io
import re
import uuid
from functools import partial

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi

from factory.local_hub import LocalHub

get = partial(httpx.get, verify=False)


@pytest.fixture(scope="module")
def shelf(hub: LocalHub) -> str:
    """Three datasets with one tag in common."""
    api, tag = HfApi(endpoint=hub.endpoint, token=hub.token), f"t{uuid.uuid4().hex[:8]}"
    for name, rows, licence, text in (
        ("small", 3, "mit", "Sentences about the sea, each with its rhyme."),
        ("large", 1200, "apache-2.0", "Questions that teachers asked.\n\n## مصادر\n\nنصوص إلى المدرسة"),
        ("middle", 40, "mit", "Nothing about the others' subjects, and long."),
    ):
        sink = io.BytesIO()
        pq.write_table(pa.table({"n": list(range(rows))}), sink)
        card = f"---\nlicense: {licence}\ntags: [{tag}]\n---\n# {name}\n\n{text}\n"
        api.create_repo(f"{tag}/{name}", repo_type="dataset")
        operations = [Add("README.md", card.encode()), Add("data/train-0.parquet", sink.getvalue())]
        api.create_commit(f"{tag}/{name}", operations, commit_message="rows", repo_type="dataset")
    return tag


def names(hub: LocalHub, tag: str, query: str) -> list[str]:
    page = get(f"{hub.endpoint}/datasets?filter={tag}&{query}", headers={"Accept": "text/html"}).text
    return re.findall(rf'<a class="item" href="/datasets/{tag}/(\w+)"', page)


def test_each_says_rows_size_licence_date_and_what_it_is(hub: LocalHub, shelf: str) -> None:
    page = get(f"{hub.endpoint}/datasets?filter={shelf}").text
    item = re.search(rf'<a class="item" href="/datasets/{shelf}/large">.*?</a>', page, re.DOTALL)
    assert item is not None
    for shown in ("1,200 rows", "apache-2.0", "kB", "Questions that teachers asked."):
        assert shown in item[0]
    assert re.search(r"\d{4}-\d\d-\d\d", item[0])


def test_sorting(hub: LocalHub, shelf: str) -> None:
    assert names(hub, shelf, "sort=rows") == ["large", "middle", "small"]
    assert names(hub, shelf, "sort=name") == ["large", "middle", "small"]
    assert names(hub, shelf, "sort=created") == ["middle", "large", "small"]
    assert names(hub, shelf, "sort=nonsense") == names(hub, shelf, "")


def test_the_search_reads_whole_cards_and_names_come_first(hub: LocalHub, shelf: str) -> None:
    assert names(hub, shelf, "search=RHYME") == ["small"]
    assert names(hub, shelf, "search=نصوص+الى") == ["large"]  # alef as people type it
    assert names(hub, shelf, "search=large") == ["large"]
    assert names(hub, shelf, "search=no-such-word") == []
    page = get(f"{hub.endpoint}/datasets?search=rhyme&filter={shelf}").text
    assert "each with its rhyme." in page


def test_filters_are_counted_and_can_be_taken_back(hub: LocalHub, shelf: str) -> None:
    assert names(hub, shelf, "filter=license:mit") == ["middle", "small"]
    page = get(f"{hub.endpoint}/datasets?filter={shelf}&sort=rows").text
    assert re.search(
        rf'href="\?sort=rows&amp;filter={shelf}&amp;filter=license%3Amit"><bdi>mit</bdi> <span class="number">2<', page
    )
    page = get(f"{hub.endpoint}/datasets?filter={shelf}&filter=license:mit").text
    assert f'href="?filter={shelf}" aria-label="without license:mit"' in page
