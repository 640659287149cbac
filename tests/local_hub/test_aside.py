"""Files that decode to far more than they hold, or for ever, cost a page and nothing else."""

from __future__ import annotations

import io
import os
import re
import signal
import time
import uuid
from collections.abc import Iterator
from functools import partial

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi

from factory.local_hub import LocalHub, aside
from factory.local_hub.aside import Aside

get = partial(httpx.get, verify=False, timeout=30)


def parquet(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def repeated(value: pa.Scalar, rows: int) -> pa.Table:
    """One value by a dictionary, so that it is stored once."""
    codes = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([value]))
    return pa.table({"text": codes})


def nulls(rows: int, each: int) -> pa.Array:
    """Rows of lists that hold nothing."""
    offsets = pa.array(range(0, rows * each + 1, each), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.nulls(rows * each, pa.int8()))


BOMBS = {
    "a long text, often": parquet(repeated("x" * 18_000_000, 100)),
    "a list of many nulls": parquet(pa.table({"n": nulls(100, 400_000)})),
    "a footer that is none": b"PAR1" + b"\xff" * 100 + (92).to_bytes(4, "little") + b"PAR1",
    "a footer longer than the file": b"PAR1" + (2**31).to_bytes(4, "little") + b"PAR1",
    "no Parquet": b"x" * 3,
}


@pytest.fixture(scope="module")
def bombs(hub: LocalHub) -> str:
    """A dataset with a config of each bomb, one of good rows, and one of a text line."""
    api, name = HfApi(endpoint=hub.endpoint, token=hub.token), f"bombs/b{uuid.uuid4().hex[:8]}"
    api.create_repo(name, repo_type="dataset")
    files = {f"{n}/train.parquet": content for n, content in enumerate(BOMBS.values())}
    files["good/train.parquet"] = parquet(pa.table({"text": ["good row"]}))
    files["line/train.jsonl"] = b'{"text": "' + b"x" * 6_000_000 + b'"}\n'
    assert max(map(len, files.values())) < 10_000_000
    api.create_commit(name, [Add(*item) for item in files.items()], commit_message="rows", repo_type="dataset")
    return f"{hub.endpoint}/datasets/{name}"


@pytest.mark.parametrize("page", ["viewer", "side-by-side"])
def test_bombs_are_a_line_on_their_page(bombs: str, page: str) -> None:
    for number, name in enumerate(BOMBS):
        began = time.monotonic()
        answer = get(f"{bombs}/{page}/{number}")
        assert answer.status_code == 200 and "cannot be shown" in answer.text, name
        assert time.monotonic() - began < 25
    assert "good row" in get(f"{bombs}/{page}/good").text
    assert len(get(f"{bombs}/{page}/line").content) < 20_000


def test_they_break_no_list(bombs: str) -> None:
    origin, _, name = bombs.partition("/datasets/")
    assert name in get(f"{origin}/datasets?search={name}&sort=rows").text
    assert re.search("cannot be shown|Not Found|no picture", get(f"{bombs}/thumbnail/0/train/0/text/0").text)


@pytest.fixture(scope="module")
def reading() -> Iterator[Aside]:
    yield (reading := Aside())
    reading.close()


def test_what_reaches_a_limit_ends_and_the_next_call_is_answered(reading: Aside) -> None:
    with pytest.raises(ValueError, match="takes more than 256 MB of memory"):
        reading.call(bytes, 300 << 20)
    assert reading.call(int, "7") == 7
    with pytest.raises(ValueError, match="more than 10 seconds"):
        reading.call(signal.raise_signal, signal.SIGALRM)  # as the clock does after that time
    assert reading.call(int, "7") == 7
    with pytest.raises(ValueError, match="the process that read them ended"):
        reading.call(os._exit, 1)
    with pytest.raises(ValueError, match="invalid literal"):
        reading.call(int, "x")
    with pytest.raises(ValueError, match="too much to show"):
        reading.call(bytes, 17 << 20)


def test_its_time_is_counted(reading: Aside) -> None:
    """The alarm is set for each call and taken back after it."""
    assert reading.call(signal.alarm, 0) in range(1, aside.SECONDS + 1)
    assert reading.call(signal.alarm, 0) in range(1, aside.SECONDS + 1)
