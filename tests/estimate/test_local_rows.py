from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest

from factory.estimate.local_rows import local_rows
from factory.graph.sources import local_dataset

ROWS = [{"a": str(n), "b": "x"} for n in range(7)]


def write(folder: Path, kind: str) -> Path:
    rows = datasets.Dataset.from_list(ROWS)
    path = folder / f"rows.{kind}"
    match kind:
        case "jsonl":
            path.write_text("\n".join(map(json.dumps, ROWS)))  # no line break at the end
        case "json":
            path.write_text(json.dumps(ROWS))
        case "csv":
            rows.to_csv(path, index=False)
        case "tsv":
            path.write_text("".join(f"{row['a']}\t{row['b']}\n" for row in ROWS))
        case "txt":
            path.write_text("".join(f"{row['a']}\n" for row in ROWS))
        case "parquet":
            rows.to_parquet(path)
        case "saved":
            rows.save_to_disk(path)
        case "splits":
            datasets.DatasetDict({"train": rows, "test": rows.select(range(2))}).save_to_disk(path)
        case "folder":
            path.mkdir()
            for name in ("one", "two"):
                rows.to_parquet(path / f"{name}.parquet")
    return path


@pytest.mark.parametrize(
    ("kind", "rows"),
    [("jsonl", 7), ("json", 7), ("csv", 7), ("tsv", 7), ("txt", 7), ("parquet", 7), ("splits", 7), ("folder", 14)],
)
def test_rows_are_counted(kind: str, rows: int, tmp_path: Path) -> None:
    names = ["a", "b"] if kind == "tsv" else None
    source = local_dataset(write(tmp_path, kind), "train", names)
    assert local_rows(source, "train") == rows
    if kind == "splits":
        assert local_rows(source, "test") == 2


def test_what_cannot_be_told_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    (tmp_path / "object.json").write_text('{"rows": []}')
    for name in ("broken.parquet", "object.json"):
        assert local_rows(local_dataset(tmp_path / name, "train"), "train") is None
