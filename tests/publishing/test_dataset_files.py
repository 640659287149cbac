"""What a dataset's repo holds: names, one set of columns, and metadata that `datasets` agrees with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.graph.sources import local_dataset
from factory.publishing.cards.dataset import size_category
from factory.publishing.dataset_files import DatasetFiles, Part, Shard, kept
from factory.store import SHARD_ROWS, write_shard
from tests.support import make_job


def shards(folder: Path, *tables: list[dict[str, Any]] | pa.Table, step: str | None = None) -> list[Shard]:
    made = []
    for number, rows in enumerate(tables):
        path = folder / f"{step or 'train'}-{number:05d}.parquet".replace("/", "-")
        write_shard(path, rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows))
        made.append(Shard(path, step))
    return made


def rows(files: dict[str, Path]) -> list[dict[str, Any]]:
    return [row for path in files.values() for row in pq.read_table(path).to_pylist()]


def test_shards_that_agree_are_pushed_as_they_are(tmp_path: Path) -> None:
    part = Part("data", "train", shards(tmp_path, [{"a": 1}], [{"a": 2}]))
    assert part.files(tmp_path / "scratch") == {
        "data/train-00000-of-00002.parquet": tmp_path / "train-00000.parquet",
        "data/train-00001-of-00002.parquet": tmp_path / "train-00001.parquet",
    }
    assert not (tmp_path / "scratch").exists()


def test_a_column_that_was_all_null_in_one_shard_takes_the_others_type(tmp_path: Path) -> None:
    part = Part("data", "train", shards(tmp_path, [{"a": None}], [{"a": "x"}], [{"a": None}]))
    files = part.files(tmp_path / "scratch")
    assert rows(files) == [{"a": None}, {"a": "x"}, {"a": None}]
    assert {str(pq.read_schema(path).field("a").type) for path in files.values()} == {"string"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 2.5, [1.0, 2.5]),
        (1, "x", ["1", "x"]),
        ([1], "x", ["[1]", "x"]),
        ({"k": 1}, {"k": 2, "l": 3}, [{"k": 1, "l": None}, {"k": 2, "l": 3}]),
        ([{"role": "user"}], {"role": "x"}, ['[{"role":"user"}]', '{"role":"x"}']),
        (b"\x00\xff", "x", [b"\x00\xff", b"x"]),
    ],
)
def test_columns_that_differ_are_widened_or_become_json(tmp_path: Path, one: Any, other: Any, expected: Any) -> None:
    first = shards(tmp_path, [{"a": one, "outcome": "rejected", "reason": "r"}], step="s/01")
    second = shards(tmp_path, [{"b": 1, "a": other, "outcome": "failed", "reason": "q"}], step="s/02")
    part = Part("rejected", "train", [*first, *second])
    found = rows(part.files(tmp_path / "scratch"))
    assert [row["a"] if not isinstance(row["a"], str) else row["a"].strip('"') for row in found] == expected
    assert [(row["rejected_by"], row["outcome"], row["reason"], row["b"]) for row in found] == [
        ("s/01", "rejected", "r", None),
        ("s/02", "failed", "q", 1),
    ]
    assert list(found[0])[:3] == ["rejected_by", "outcome", "reason"]


def test_small_rejected_shards_are_gathered_and_large_ones_flow_through(tmp_path: Path) -> None:
    table = pa.table(
        {"a": list(range(SHARD_ROWS - 1)), "outcome": ["x"] * (SHARD_ROWS - 1), "reason": ["y"] * (SHARD_ROWS - 1)}
    )
    part = Part("rejected", "train", shards(tmp_path, table, table, table, step="s"))
    files = part.files(tmp_path / "scratch")
    assert list(files) == ["rejected/train-00000-of-00002.parquet", "rejected/train-00001-of-00002.parquet"]
    assert sum(pq.read_metadata(path).num_rows for path in files.values()) == part.rows == 3 * (SHARD_ROWS - 1)


def test_image_columns_stay_images(tmp_path: Path) -> None:
    from datasets import Features, Image, Value

    features = Features({"picture": Image(), "n": Value("int64")})
    table = pa.Table.from_pylist(
        [{"picture": {"bytes": b"x", "path": None}, "n": 1, "outcome": "rejected", "reason": "r"}],
        schema=Features({**features, "outcome": Value("string"), "reason": Value("string")}).arrow_schema,
    )
    part = Part("rejected", "train", shards(tmp_path, table, step="s"))
    path = next(iter(part.files(tmp_path / "scratch").values()))
    assert Features.from_arrow_schema(pq.read_schema(path))["picture"] == Image()
    info = DatasetFiles([Part("data", "train", shards(tmp_path, [{"a": 1}]))], part).metadata()["dataset_info"]
    assert {"name": "picture", "dtype": "image"} in info[1]["features"]


def test_metadata_counts_each_split(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("test", 2)):
        write_shard(tmp_path / "data" / f"{split}-00000.parquet", pa.table({"a": list(range(count))}))
    header = DatasetFiles(kept(tmp_path), None).metadata()
    assert header["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "train", "path": "data/train-*"},
                {"split": "test", "path": "data/test-*"},
            ],
        }
    ]
    splits = header["dataset_info"]["splits"]
    assert [(split["name"], split["num_examples"]) for split in splits] == [("train", 3), ("test", 2)]
    sizes = [path.stat().st_size for path in (tmp_path / "data").iterdir()]
    assert header["dataset_info"]["download_size"] == sum(sizes)


@pytest.mark.parametrize(
    ("rows", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (4_060_575, "1M<n<10M"), (10**9, "n>100M")],
)
def test_size_category(rows: int, category: str) -> None:
    assert size_category(rows) == category


def test_json_is_loaded_as_the_objects_that_were_written(tmp_path: Path) -> None:
    """From a pushed repo's files and card, by `datasets` itself."""
    calls = [{"function": {"name": "f", "arguments": "{}"}}, {"function": {"name": "f", "arguments": {"n": 1}}}]
    written = [
        {"id": 1, "turns": [{"role": "user", "content": "Hi", "weight": 0}], "meta": {}, "large": {"n": 2**65}},
        {"id": "x", "turns": [{"role": "assistant", "tool_calls": calls}], "meta": {"k": [1, "a"]}, "large": {}},
        {"id": 0.5, "turns": None, "meta": None, "large": {"n": 1}},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in written))
    local_dataset(tmp_path / "rows.jsonl", "train").run(make_job(tmp_path / "out", None))
    [part] = kept(tmp_path / "out")
    for name, file in part.files(tmp_path / "scratch").items():
        (tmp_path / "repo" / name).parent.mkdir(parents=True)
        (tmp_path / "repo" / name).write_bytes(file.read_bytes())
    metadata = DatasetFiles([part], None).metadata()
    assert [feature["dtype"] for feature in metadata["dataset_info"]["features"]] == ["string", "json", "json", "json"]
    (tmp_path / "repo" / "README.md").write_text(f"---\n{json.dumps(metadata)}\n---\n")
    found = datasets.load_dataset(str(tmp_path / "repo"), split="train", cache_dir=str(tmp_path / "cache"))
    wanted = [{**row, "id": str(row["id"])} for row in written]
    assert list(found) == [wanted[0] | {"large": {"n": str(2**65)}}, *wanted[1:]]
