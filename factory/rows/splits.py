"""Which split a file of a folder belongs to, as `datasets` tells it: by the words in its path."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from factory.errors import UsageError

WORDS = {"train": "train", "training": "train", "validation": "validation", "valid": "validation"}
WORDS |= {"dev": "validation", "val": "validation", "test": "test", "testing": "test"}
WORDS |= {"eval": "test", "evaluation": "test"}
"""`datasets.data_files.SPLIT_KEYWORDS`: https://huggingface.co/docs/datasets/repository_structure"""

_BETWEEN = re.compile(r"[-._ 0-9/]+")


def split_of(path: Path) -> str | None:
    """The split that a file's path in its folder names; where it names several, the one nearest to its end.

    >>> split_of(Path("data/test-00000-of-00001.parquet")), split_of(Path("train/dev.csv")), split_of(Path("a.csv"))
    ('test', 'validation', None)
    """
    named = [WORDS[word] for word in _BETWEEN.split(path.as_posix().lower()) if word in WORDS]
    return named[-1] if named else None


def by_split(folder: Path, files: Iterable[Path]) -> dict[str, list[Path]]:
    """The files of each split of a folder; empty where its files are of one split or say nothing of any.

    Raises:
        UsageError: there are several splits, and a file that is of none of them.
    """
    found: dict[str, list[Path]] = {}
    for file in files:
        found.setdefault(split_of(file.relative_to(folder)) or "", []).append(file)
    splits = [name for name in found if name]
    if len(splits) < 2:
        return {}
    if "" in found:
        what = f"{found[''][0].relative_to(folder)} is of none of the splits {', '.join(splits)}"
        raise UsageError(what, where=str(folder), fix="name it after its split, or move it elsewhere")
    return found
