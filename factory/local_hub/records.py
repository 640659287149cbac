"""What the store hands out: repositories, commits, files."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/"}


@dataclass(frozen=True)
class Repo:
    """A row of `repos`; `kind` is model, dataset or space."""

    pk: int
    kind: str
    namespace: str
    name: str
    private: bool
    gated: str | None
    created_at: str
    updated_at: str
    creator: str
    visibility: str
    space: dict[str, Any] | None = field(hash=False, compare=False)

    @property
    def id(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Where its page is: `datasets/a/b`, or `a/b` for a model."""
        return PREFIXES[self.kind] + self.id


@dataclass(frozen=True)
class Commit:
    oid: str
    tree: str
    parents: tuple[str, ...]
    title: str
    message: str
    author: str
    date: str


@dataclass(frozen=True)
class StoredFile:
    """What a git blob oid stands for: a content by its sha256, behind an LFS pointer or not."""

    oid: str
    sha256: str
    size: int
    pointer_size: int | None

    @property
    def lfs(self) -> bool:
        return self.pointer_size is not None

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.oid


def repo_of_row(row: sqlite3.Row) -> Repo:
    visibility = row["visibility"] or ("private" if row["private"] else "public")
    space = json.loads(row["space"]) if row["space"] else None
    return Repo(**{**row, "private": bool(row["private"]), "visibility": visibility, "space": space})


def commit_of_row(row: sqlite3.Row) -> Commit:
    columns = {**row, "parents": tuple(json.loads(row["parents"]))}
    del columns["repo"]
    return Commit(**columns)
