"""Files of a folder that are named after splits, as `datasets` reads them."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest
from datasets.data_files import SPLIT_KEYWORDS

from factory.errors import UsageError
from factory.graph.sources import local_dataset
from factory.rows.reading import Files, Rows
from factory.rows.splits import WORDS


def folder(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f'{{"a": "{name}"}}\n')
    return root


def rows(root: Path, split: str) -> list[str]:
    return [row["a"] for row in Rows(str(root), split)]  # type: ignore[index]


def test_words_are_those_of_datasets() -> None:
    assert {word: str(split) for split, words in SPLIT_KEYWORDS.items() for word in words} == WORDS


@pytest.mark.parametrize(
    "names",
    [
        ("train.jsonl", "test.jsonl", "dev.jsonl"),
        ("train/a.jsonl", "test/a.jsonl", "valid/a.jsonl"),
        ("data/train-00000-of-00001.jsonl", "data/test-00000-of-00001.jsonl"),
        ("my_training_1.jsonl", "my_evaluation_1.jsonl"),
    ],
)
def test_a_split_is_read_alone_as_datasets_does(tmp_path: Path, names: tuple[str, ...]) -> None:
    root = folder(tmp_path / "test", *names)
    found = datasets.load_dataset(str(root), cache_dir=str(tmp_path / "cache"))
    for split in found:
        assert rows(root, split) == found[split]["a"], split
        assert Files(root, split).count() == len(found[split])
    with pytest.raises(UsageError, match=r"there is no split 'gold' \(it has: "):
        Rows(str(root), "gold")


@pytest.mark.parametrize("names", [("a.jsonl", "b.jsonl"), ("test-1.jsonl", "test-2.jsonl"), ("latest.jsonl",)])
def test_files_of_one_split_or_none_are_all_read(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert rows(folder(tmp_path, *names), "train") == rows(tmp_path, "test") == [*names]
    assert "files" not in local_dataset(tmp_path, "train").parameters()


def test_a_file_of_no_split_is_not_passed_over(tmp_path: Path) -> None:
    folder(tmp_path, "train.jsonl", "test.jsonl", "more.jsonl")
    with pytest.raises(UsageError, match=r"more\.jsonl is of none of the splits test, train"):
        Rows(str(tmp_path))
