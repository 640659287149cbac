"""The store: repositories, their refs and their commits, over sqlite and the blob folder."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.hub.server import clock, gitobjects
from factory.hub.server.blobs import BlobStore
from factory.hub.server.db import Database
from factory.hub.server.errors import HubError, revision_not_found, unprocessable
from factory.hub.server.trees import Entry, PathConflict, TreeEditor, Trees

PREFIXES = {"model": "", "dataset": "datasets/", "space": "spaces/"}
OID = re.compile(r"[0-9a-f]{40}")
SHORT_OID = re.compile(r"[0-9a-f]{7,39}")
HEADS, TAGS, PULLS, CONVERTS = "refs/heads/", "refs/tags/", "refs/pr/", "refs/convert/"
STALE = "A commit has happened since. Please refresh and try again."


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


class Store:
    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.db = Database(data / "hub.sqlite")
        self.blobs = BlobStore(data)
        self.trees = Trees(self.db)
        self._pins = threading.Lock()
        self._pinned = 0
        self._orphans: set[str] = set()

    # --- repositories

    def repo(self, kind: str, repo_id: str) -> Repo | None:
        namespace, _, name = repo_id.partition("/")
        row = self.db.one(
            "SELECT * FROM repos WHERE kind = ? AND lower(namespace) = ? AND lower(name) = ?",
            kind,
            namespace.lower(),
            name.lower(),
        )
        return _repo(row) if row else None

    def moved_to(self, kind: str, repo_id: str) -> Repo | None:
        row = self.db.one(
            "SELECT repos.* FROM redirects JOIN repos ON repos.pk = redirects.repo"
            " WHERE redirects.kind = ? AND old_id = ?",
            kind,
            repo_id.lower(),
        )
        return _repo(row) if row else None

    def repo_by_pk(self, pk: int) -> Repo | None:
        row = self.db.one("SELECT * FROM repos WHERE pk = ?", pk)
        return _repo(row) if row else None

    def repos(self, kind: str | None = None, namespace: str | None = None) -> list[Repo]:
        sql, values = "SELECT * FROM repos WHERE 1", []
        if kind:
            sql, values = sql + " AND kind = ?", [*values, kind]
        if namespace:
            sql, values = sql + " AND lower(namespace) = ?", [*values, namespace.lower()]
        return [_repo(row) for row in self.db.all(sql + " ORDER BY updated_at DESC, pk DESC", *values)]

    def create_repo(
        self,
        kind: str,
        repo_id: str,
        *,
        creator: str,
        private: bool,
        first_files: dict[str, bytes],
        visibility: str | None = None,
        space: dict[str, Any] | None = None,
    ) -> Repo:
        """A repo whose first commit holds `first_files`; the caller has checked that the name is free."""
        namespace, name = repo_id.split("/")
        moment = clock.now()
        with self.pinned(), self.db.writing() as connection:
            stored = {path: self.put_regular(content) for path, content in first_files.items()}
            connection.execute("DELETE FROM redirects WHERE kind = ? AND old_id = ?", (kind, repo_id.lower()))
            pk = connection.execute(
                "INSERT INTO repos (kind, namespace, name, private, created_at, updated_at, creator, space, visibility)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    namespace,
                    name,
                    int(private),
                    moment,
                    moment,
                    creator,
                    json.dumps(space) if space is not None else None,
                    visibility or ("private" if private else "public"),
                ),
            ).lastrowid
            assert pk is not None
            repo = self.repo_by_pk(pk)
            assert repo is not None
            editor = TreeEditor(self.trees, gitobjects.tree_id({}))
            for path, file in stored.items():
                editor.put(path, file.oid)
            self.add_regular(repo, stored.values())
            commit = self._write_commit(repo, editor.save(), (), "initial commit", "", creator)
            self.set_ref(repo, HEADS + "main", commit.oid)
        return repo

    def update_repo(self, repo: Repo, **columns: Any) -> None:
        if "space" in columns:
            columns["space"] = json.dumps(columns["space"])
        names = ", ".join(f"{name} = ?" for name in columns)
        with self.db.writing() as connection:
            connection.execute(f"UPDATE repos SET {names} WHERE pk = ?", (*columns.values(), repo.pk))

    def move_repo(self, repo: Repo, new_id: str) -> None:
        namespace, name = new_id.split("/")
        with self.db.writing() as connection:
            connection.execute("DELETE FROM redirects WHERE kind = ? AND old_id = ?", (repo.kind, new_id.lower()))
            connection.execute(
                "INSERT OR REPLACE INTO redirects VALUES (?, ?, ?)", (repo.kind, repo.id.lower(), repo.pk)
            )
            connection.execute("UPDATE repos SET namespace = ?, name = ? WHERE pk = ?", (namespace, name, repo.pk))
            connection.execute(
                "UPDATE OR IGNORE collection_items SET item = ? WHERE type = ? AND item = ?",
                (new_id, repo.kind, repo.id),
            )

    def delete_repo(self, repo: Repo) -> None:
        """Removes the repo and every content that no other repo holds."""
        with self.db.writing() as connection:
            own = [row["sha256"] for row in self.db.all("SELECT sha256 FROM repo_blobs WHERE repo = ?", repo.pk)]
            connection.execute("DELETE FROM repos WHERE pk = ?", (repo.pk,))
            connection.execute("DELETE FROM collection_items WHERE type = ? AND item = ?", (repo.kind, repo.id))
            self.remove_orphans(own)

    # --- contents

    def file(self, oid: str) -> StoredFile:
        row = self.db.one("SELECT * FROM files WHERE oid = ?", oid)
        if row is None:
            raise KeyError(oid)
        return StoredFile(row["oid"], row["sha256"], row["size"], row["pointer_size"])

    def files(self, oids: list[str]) -> dict[str, StoredFile]:
        found: dict[str, StoredFile] = {}
        for start in range(0, len(oids), 500):
            part = oids[start : start + 500]
            marks = ",".join("?" * len(part))
            for row in self.db.all(f"SELECT * FROM files WHERE oid IN ({marks})", *part):
                found[row["oid"]] = StoredFile(row["oid"], row["sha256"], row["size"], row["pointer_size"])
        return found

    def put_regular(self, data: bytes, *, sync: bool = True) -> StoredFile:
        """Writes a content that `add_regular` will make part of a repo; call it with the content `pinned`."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.blobs.has(sha256):
            self.blobs.put([data], sync=sync)
        return StoredFile(gitobjects.object_id("blob", data), sha256, len(data), None)

    def add_regular(self, repo: Repo, files: Iterable[StoredFile]) -> None:
        with self.db.writing() as connection:
            for file in files:
                connection.execute(
                    "INSERT OR IGNORE INTO files VALUES (?, ?, ?, NULL)", (file.oid, file.sha256, file.size)
                )
                self._own(connection, repo, file.sha256, file.size, lfs=False)

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """While contents are on disk that no repo has yet, none is removed from disk."""
        with self._pins:
            self._pinned += 1
        try:
            yield
        finally:
            with self._pins:
                self._pinned -= 1

    def remove_orphans(self, candidates: Iterable[str]) -> None:
        """Removes the contents among `candidates` (sha256) that no repo holds, once the caller's transaction is done."""
        wanted = set(candidates)
        self.db.afterwards(lambda: self._remove(wanted))

    def _remove(self, candidates: set[str]) -> None:
        with self._pins:
            self._orphans |= candidates
            if self._pinned:  # somebody may be about to use one of them; a later removal finds it again
                return
            for sha256 in self._orphans:
                if not self.db.one("SELECT 1 FROM repo_blobs WHERE sha256 = ?", sha256):
                    self.blobs.remove(sha256)
            self._orphans.clear()

    def own_lfs(self, repo: Repo, sha256: str, size: int) -> None:
        """Notes that a content in the blob store was uploaded to (or duplicated into) this repo."""
        with self.db.writing() as connection:
            self._own(connection, repo, sha256, size, lfs=True)

    def owned_lfs(self, repo: Repo, sha256: str) -> int | None:
        """The size in bytes of an uploaded LFS content of this repo."""
        row = self.db.one("SELECT size FROM repo_blobs WHERE repo = ? AND sha256 = ? AND lfs = 1", repo.pk, sha256)
        return row["size"] if row and self.blobs.has(sha256) else None

    @staticmethod
    def _own(connection: sqlite3.Connection, repo: Repo, sha256: str, size: int, *, lfs: bool) -> None:
        connection.execute(
            "INSERT OR IGNORE INTO repo_blobs VALUES (?, ?, ?, ?, ?)", (repo.pk, sha256, size, int(lfs), clock.now())
        )

    def lfs_file(self, sha256: str, size: int) -> StoredFile:
        pointer = gitobjects.lfs_pointer(sha256, size)
        oid = gitobjects.object_id("blob", pointer)
        with self.db.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?)", (oid, sha256, size, len(pointer)))
        return StoredFile(oid, sha256, size, len(pointer))

    # --- refs and commits

    def ref(self, repo: Repo, name: str) -> str | None:
        row = self.db.one("SELECT commit_oid FROM refs WHERE repo = ? AND name = ?", repo.pk, name)
        return row["commit_oid"] if row else None

    def refs(self, repo: Repo, prefix: str) -> list[tuple[str, str]]:
        rows = self.db.all("SELECT name, commit_oid FROM refs WHERE repo = ? ORDER BY name", repo.pk)
        return [(row["name"], row["commit_oid"]) for row in rows if row["name"].startswith(prefix)]

    def set_ref(self, repo: Repo, name: str, oid: str | None, message: str | None = None) -> None:
        with self.db.writing() as connection:
            if oid is None:
                connection.execute("DELETE FROM refs WHERE repo = ? AND name = ?", (repo.pk, name))
            else:
                connection.execute("INSERT OR REPLACE INTO refs VALUES (?, ?, ?, ?)", (repo.pk, name, oid, message))

    def commit(self, repo: Repo, oid: str) -> Commit | None:
        row = self.db.one("SELECT * FROM commits WHERE repo = ? AND oid = ?", repo.pk, oid)
        return _commit(row) if row else None

    def branch_ref(self, repo: Repo, revision: str) -> str | None:
        """The full name of an existing ref that commits may be added to."""
        if revision.startswith("refs/"):
            name = revision
        else:
            name = HEADS + ("main" if revision == "HEAD" else revision)
        writable = name.startswith((HEADS, PULLS, CONVERTS))
        return name if writable and self.ref(repo, name) else None

    def resolve(self, repo: Repo, revision: str) -> Commit:
        """The commit of a branch, tag, full ref, or (shortened) commit id; 404 RevisionNotFound otherwise."""
        names = [revision] if revision.startswith("refs/") else [HEADS + revision, TAGS + revision]
        if revision == "HEAD":
            names = [HEADS + "main"]
        for name in names:
            oid = self.ref(repo, name)
            commit = self.commit(repo, oid) if oid else None
            if commit:
                return commit
        if OID.fullmatch(revision) and (commit := self.commit(repo, revision)):
            return commit
        if SHORT_OID.fullmatch(revision):
            rows = self.db.all("SELECT * FROM commits WHERE repo = ? AND oid GLOB ?", repo.pk, revision + "*")
            if len(rows) == 1:
                return _commit(rows[0])
        raise revision_not_found(revision)

    def history(self, repo: Repo, start: str) -> Iterator[Commit]:
        """From a commit back to the first, along first parents."""
        oid: str | None = start
        while oid:
            commit = self.commit(repo, oid)
            if commit is None:
                return
            yield commit
            oid = commit.parents[0] if commit.parents else None

    def _write_commit(
        self, repo: Repo, tree: str, parents: tuple[str, ...], title: str, message: str, author: str
    ) -> Commit:
        moment = clock.now()
        body = f"{title}\n\n{message}" if message else title
        oid = gitobjects.commit_id(tree, list(parents), author, clock.epoch(moment), f"{body}\n")
        while self.commit(repo, oid):  # the same change twice within a second must be two commits
            body += " "
            oid = gitobjects.commit_id(tree, list(parents), author, clock.epoch(moment), f"{body}\n")
        commit = Commit(oid, tree, parents, title, message, author, moment)
        self.put_commit(repo, commit)
        return commit

    def put_commit(self, repo: Repo, commit: Commit) -> None:
        with self.db.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    repo.pk,
                    commit.oid,
                    commit.tree,
                    json.dumps(commit.parents),
                    commit.title,
                    commit.message,
                    commit.author,
                    commit.date,
                ),
            )

    def add_commit(
        self,
        repo: Repo,
        ref: str,
        change: Any,
        *,
        title: str,
        message: str,
        author: str,
        parent: str | None = None,
        base: str | None = None,
    ) -> Commit:
        """Applies `change(editor)` on the head of `ref` in one transaction and moves the ref.

        `parent` is the head the client believes in: 412 when another commit came first. `base` starts a new ref there.
        """
        with self.db.writing() as connection:
            head = base or self.ref(repo, ref)
            if head is None:
                raise revision_not_found(ref)
            if parent and parent != head and not base:
                raise HubError(412, STALE)
            current = self.commit(repo, head)
            if current is None:
                raise revision_not_found(head)
            editor = TreeEditor(self.trees, current.tree)
            try:
                change(editor)
                tree = editor.save()
            except PathConflict as conflict:
                raise unprocessable(str(conflict)) from conflict
            commit = self._write_commit(repo, tree, (head,), title, message, author)
            self.set_ref(repo, ref, commit.oid)
            if ref == HEADS + "main":
                connection.execute("UPDATE repos SET updated_at = ? WHERE pk = ?", (commit.date, repo.pk))
        return commit

    def write_root(self, repo: Repo, tree: str, title: str, author: str) -> Commit:
        """A commit without parents; no ref points to it yet."""
        return self._write_commit(repo, tree, (), title, "", author)

    def rewrite(self, repo: Repo, commit: Commit, tree: str, parents: tuple[str, ...]) -> Commit:
        """The same commit with other files or parents."""
        body = f"{commit.title}\n\n{commit.message}\n"
        oid = gitobjects.commit_id(tree, list(parents), commit.author, clock.epoch(commit.date), body)
        new = Commit(oid, tree, parents, commit.title, commit.message, commit.author, commit.date)
        self.put_commit(repo, new)
        return new

    def squash(self, repo: Repo, ref: str, title: str, author: str) -> Commit:
        with self.db.writing():
            head = self.commit(repo, self.ref(repo, ref) or "")
            if head is None:
                raise revision_not_found(ref)
            commit = self.write_root(repo, head.tree, title, author)
            self.set_ref(repo, ref, commit.oid)
        return commit

    def entry(self, commit: Commit, path: str) -> Entry | None:
        return self.trees.find(commit.tree, path)

    def read(self, commit: Commit, path: str, limit: int | None = None) -> bytes | None:
        """The content of a file of a commit (at most `limit` bytes), or None."""
        entry = self.trees.find(commit.tree, path)
        if entry is None or entry.is_folder:
            return None
        file = self.file(entry.oid)
        return self.blobs.read(file.sha256, limit) if self.blobs.has(file.sha256) else None


def _repo(row: sqlite3.Row) -> Repo:
    return Repo(
        row["pk"],
        row["kind"],
        row["namespace"],
        row["name"],
        bool(row["private"]),
        row["gated"],
        row["created_at"],
        row["updated_at"],
        row["creator"],
        row["visibility"] or ("private" if row["private"] else "public"),
        json.loads(row["space"]) if row["space"] else None,
    )


def _commit(row: sqlite3.Row) -> Commit:
    return Commit(
        row["oid"],
        row["tree"],
        tuple(json.loads(row["parents"])),
        row["title"],
        row["message"],
        row["author"],
        row["date"],
    )
