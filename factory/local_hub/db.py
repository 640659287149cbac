"""The commit log and everything else that is small: one sqlite file in WAL mode.

Readers never wait. Writers take one lock, so that a commit sees the head it checks; a process killed at any moment
leaves either the whole transaction or nothing of it.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS repos (
    pk INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    private INTEGER NOT NULL DEFAULT 0, gated TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    creator TEXT NOT NULL, space TEXT, visibility TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS repos_by_id ON repos (kind, lower(namespace), lower(name));
CREATE TABLE IF NOT EXISTS redirects (
    kind TEXT NOT NULL, old_id TEXT NOT NULL, repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE,
    PRIMARY KEY (kind, old_id));
CREATE TABLE IF NOT EXISTS refs (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, name TEXT NOT NULL, commit_oid TEXT NOT NULL,
    message TEXT, PRIMARY KEY (repo, name));
CREATE TABLE IF NOT EXISTS commits (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, oid TEXT NOT NULL, tree TEXT NOT NULL,
    parents TEXT NOT NULL, title TEXT NOT NULL, message TEXT NOT NULL, author TEXT NOT NULL, date TEXT NOT NULL,
    PRIMARY KEY (repo, oid));
CREATE TABLE IF NOT EXISTS trees (oid TEXT PRIMARY KEY, entries TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    oid TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size INTEGER NOT NULL, pointer_size INTEGER);
CREATE TABLE IF NOT EXISTS repo_blobs (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    lfs INTEGER NOT NULL, pushed_at TEXT NOT NULL, PRIMARY KEY (repo, sha256, lfs));
CREATE INDEX IF NOT EXISTS blobs_by_sha ON repo_blobs (sha256);
CREATE TABLE IF NOT EXISTS discussions (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, num INTEGER NOT NULL, title TEXT NOT NULL,
    author TEXT NOT NULL, status TEXT NOT NULL, is_pr INTEGER NOT NULL, created_at TEXT NOT NULL,
    base TEXT, merge_commit TEXT, PRIMARY KEY (repo, num));
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, repo INTEGER NOT NULL, num INTEGER NOT NULL, type TEXT NOT NULL,
    author TEXT NOT NULL, created_at TEXT NOT NULL, data TEXT NOT NULL,
    FOREIGN KEY (repo, num) REFERENCES discussions ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS collections (
    slug TEXT PRIMARY KEY, title TEXT NOT NULL, owner TEXT NOT NULL, description TEXT, private INTEGER NOT NULL,
    theme TEXT NOT NULL, position INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS collection_items (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL REFERENCES collections ON DELETE CASCADE ON UPDATE CASCADE,
    type TEXT NOT NULL, item TEXT NOT NULL, note TEXT, position INTEGER NOT NULL, UNIQUE (slug, type, item));
CREATE TABLE IF NOT EXISTS likes (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, user TEXT NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (repo, user));
CREATE TABLE IF NOT EXISTS access_requests (
    repo INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, user TEXT NOT NULL, status TEXT NOT NULL,
    created_at TEXT NOT NULL, fields TEXT, PRIMARY KEY (repo, user));
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, created_at TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, id));
"""


class Database:
    """One connection per thread for reading, one lock for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.RLock()
        self._afterwards: list[Callable[[], None]] = []  # used with the lock held
        connection = self._connection()
        connection.executescript(SCHEMA)
        # names this store for ever: Xet clients cache by store and must not mistake a new one for an old one
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('store', ?)", (uuid.uuid4().hex,))
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('secret', ?)", (uuid.uuid4().hex + uuid.uuid4().hex,))

    def _connection(self) -> sqlite3.Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
        return connection

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        return self._connection().execute(sql, values).fetchone()

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection().execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, *values)
        return row[0] if row else None

    def meta(self, key: str) -> str:
        return self.value("SELECT value FROM meta WHERE key = ?", key)

    def write(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """One change, in a transaction of its own or the one that is open."""
        with self.writing() as connection:
            return connection.execute(sql, values)

    def update(self, table: str, columns: dict[str, Any], where: str, *values: Any) -> None:
        """Sets `columns` in the rows of `table` that `where` chooses."""
        names = ", ".join(f"{name} = ?" for name in columns)
        self.write(f"UPDATE {table} SET {names} WHERE {where}", *columns.values(), *values)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else can interleave with; nested calls join the outer one."""
        with self._lock:
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                self._afterwards.clear()
                raise
            connection.execute("COMMIT")
            while self._afterwards:
                self._afterwards.pop()()

    def afterwards(self, action: Callable[[], None]) -> None:
        """Runs once this thread's transaction is on disk, before any other can begin."""
        self._afterwards.append(action)
