"""Stand-ins of datasets: the catalogue's columns, configs and splits, filled with the demo world."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from factory.evaluate.base import RequiredDataset
from factory.images.formats import content_name
from factory.rehearsal.catalogue import DatasetEntry
from factory.rehearsal.content import filled, values
from factory.rehearsal.spelling import spelled

SUITE_ROWS = 3
PICTURES = "pictures"  # the folder of those that rows of text can only name


@dataclass(frozen=True)
class Content:
    """The files of a dataset repo without its card, and the card's `configs`."""

    files: dict[str, bytes]
    configs: list[dict[str, Any]]
    rows: int

    def write(self, folder: Path) -> None:
        for name, data in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)


def from_catalogue(repo: str, entry: DatasetEntry, script: str = "Arab") -> Content:
    """The rows of every config and split, in the format that the file's name says; Arabic in letters of `script`.

    Pictures are in the rows of parquet files, and beside those of others, which name them.
    """
    files: dict[str, bytes] = {}
    configs: dict[str, list[dict[str, str]]] = {}
    total = 0
    for config, splits in entry.configs.items():
        for split, count in splits.items():
            path = entry.files.format(config=config, split=split)
            kinds = entry.kinds
            rows = [spelled(filled(kinds[i % len(kinds)], values(repo, i)), script) for i in range(count)]
            if not path.endswith(".parquet"):
                rows = [_named(row, PurePosixPath(path).parent, files) for row in rows]
            files[path] = write(rows, path, entry.features)
            configs.setdefault(config, []).append({"split": split, "path": path})
            total += count
    named = [{"config_name": config, "data_files": data_files} for config, data_files in configs.items()]
    return Content(files, named, total)


def with_suites(content: Content, required: Sequence[RequiredDataset]) -> Content:
    """A catalogue's dataset with the configs that only suites read."""
    there = {config["config_name"] for config in content.configs}
    lacking = [replace(part, configs=tuple(name for name in part.configs if name not in there)) for part in required]
    more = from_suite([part for part in lacking if part.configs])
    return Content(content.files | more.files, content.configs + more.configs, content.rows + more.rows)


def from_suite(required: Sequence[RequiredDataset]) -> Content:
    """What evaluation suites read of one repo: their own description of a row, a few times in every config."""
    files: dict[str, bytes] = {}
    configs: list[dict[str, Any]] = []
    read = {(config, part.split): part for part in required for config in part.configs}  # two suites may read one
    for number, ((config, _), suite) in enumerate(read.items()):
        # Numbered folders: names of configs hold spaces and brackets, which mean something in patterns.
        path = f"data/{number:03d}/{suite.split}.parquet"
        files[path] = write([suite.row(i) for i in range(SUITE_ROWS)], ".parquet", {})
        configs.append({"config_name": config, "data_files": [{"split": suite.split, "path": path}]})
    return Content(files, configs, SUITE_ROWS * len(files))


def _named(value: Any, folder: PurePosixPath, files: dict[str, bytes]) -> Any:
    """`value` with the names of files, put beside the rows' own in `folder`, in the place of pictures."""
    if isinstance(value, list):
        return [_named(one, folder, files) for one in value]
    if not isinstance(value, dict):
        return value
    if {*value} != {"bytes", "path"}:
        return {name: _named(one, folder, files) for name, one in value.items()}
    name = f"{PICTURES}/{content_name(value['bytes'], value['path'])}"
    files[str(folder / name)] = value["bytes"]
    return name


def write(rows: list[dict[str, Any]], path: str, features: dict[str, dict[str, list[str]]]) -> bytes:
    """The rows as parquet, jsonl, json or csv, by the path's ending; equal rows give equal bytes."""
    if path.endswith(".jsonl"):
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    if path.endswith(".json"):
        return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()
    if path.endswith(".csv"):
        import csv

        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()
    table = pa.Table.from_pylist(rows)
    if features or any(_is_picture(field.type) for field in table.schema):
        table = table.cast(_features(table, features).arrow_schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _features(table: Any, named: dict[str, dict[str, list[str]]]) -> Any:
    from datasets import ClassLabel, Features, Image, Translation

    found = Features.from_arrow_schema(table.schema)
    found.update({field.name: Image() for field in table.schema if _is_picture(field.type)})
    for column, kind in named.items():
        [(name, arguments)] = kind.items()
        found[column] = ClassLabel(names=arguments) if name == "ClassLabel" else Translation(languages=arguments)
    return found


def _is_picture(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) and {field.name for field in kind} == {"bytes", "path"}
