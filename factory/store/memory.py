"""What models have answered before, on disk and shared by all runs of a store: the translation memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

FILE = "generations.sqlite"
AT_ONCE = 500  # keys of one query
WAIT = 30.0  # seconds for another run's write to end

Entry = tuple[str, str, int, int]
"""Text, finish reason, prompt tokens, completion tokens."""


class Memory:
    """Entries by key in one SQLite file; the first entry of a key stays.

    Several runs may read and write at the same time, and a killed one leaves the file whole (write-ahead log). What
    is held in RAM does not depend on the number of entries. Trouble (a full or read-only disk, a damaged file) never
    stops a run: from then on nothing is found or kept, and `trouble` says why.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.trouble: str | None = None
        self._base: sqlite3.Connection | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)
            # SQLite does not wait, but fails, when two connections turn to write-ahead logging at once.
            with FileLock(folder / f"{FILE}.lock", timeout=WAIT):
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute(
                    "CREATE TABLE IF NOT EXISTS entry "
                    "(key BLOB PRIMARY KEY, text TEXT, finish_reason TEXT, prompt_tokens INT, completion_tokens INT)"
                )
            self._base.execute("PRAGMA synchronous = NORMAL")
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)

    def newest(self) -> int:
        """The number of the last entry. Numbers grow: what is added later has a higher one."""
        try:
            found = self._base.execute("SELECT max(rowid) FROM entry").fetchone()[0] if self._base else 0
        except sqlite3.Error as error:
            self._give_up(error)
            return 0
        return found or 0

    def find(self, keys: Sequence[bytes], as_of: int | None = None) -> dict[bytes, Entry]:
        """The entries there are, or were when the last one had the number `as_of`."""
        found: dict[bytes, Entry] = {}
        if self._base is None:
            return found
        try:
            for start in range(0, len(keys), AT_ONCE):
                some = keys[start : start + AT_ONCE]
                query = f"SELECT * FROM entry WHERE key IN ({','.join('?' * len(some))})"
                if as_of is not None:
                    query += f" AND rowid <= {as_of:d}"
                found.update((key, (*rest,)) for key, *rest in self._base.execute(query, some))
        except sqlite3.Error as error:
            self._give_up(error)
            return {}
        return found

    def add(self, entries: Mapping[bytes, Entry]) -> None:
        """Keep entries, all or none of them."""
        if self._base is None or not entries:
            return
        try:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?)", _rows(entries))
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None

    def _give_up(self, error: Exception) -> None:
        self.trouble = str(error)
        with suppress(sqlite3.Error):
            self.close()


def _rows(entries: Mapping[bytes, Entry]) -> Iterable[tuple]:
    return ((key, *entry) for key, entry in entries.items())
