"""The commit log and everything else that is small: one sqlite file in WAL mode.

Readers never wait. Writers take one lock, so that a commit sees the head it checks; a process killed at any moment
leaves either the whole transaction or nothing of it.
"""

import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.local_hub import clock

SCHEMA = Path(__file__).with_name("schema.sql")


class Database:
    """One connection per thread for reading, one lock for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.RLock()
        self._afterwards: list[Callable[[], None]] = []  # used with the lock held
        connection = self._connection()
        connection.executescript(SCHEMA.read_text("utf-8"))
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


class Documents:
    """JSON documents of one kind, each with an id and an owner, in the table `documents`."""

    def __init__(self, db: Database, kind: str) -> None:
        self.db, self.kind = db, kind

    def all(self, owner: str | None = None) -> list[dict[str, Any]]:
        """The oldest first."""
        rows = self.db.all("SELECT body, owner FROM documents WHERE kind = ? ORDER BY created_at", self.kind)
        return [json.loads(row["body"]) for row in rows if owner is None or row["owner"].lower() == owner.lower()]

    def get(self, document: str, owner: str) -> dict[str, Any] | None:
        sql = "SELECT body FROM documents WHERE kind = ? AND id = ? AND lower(owner) = ?"
        body = self.db.value(sql, self.kind, document, owner.lower())
        return json.loads(body) if body else None

    def save(self, body: dict[str, Any], owner: str) -> dict[str, Any]:
        """Keeps the document `body["id"]`, in place of an older one."""
        sql = "INSERT INTO documents VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body"
        self.db.write(sql, self.kind, body["id"], owner, clock.now(), json.dumps(body))
        return body

    def delete(self, document: str) -> None:
        self.db.write("DELETE FROM documents WHERE kind = ? AND id = ?", self.kind, document)
