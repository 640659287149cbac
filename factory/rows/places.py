"""Where each prompt's completion lies in a ledger of generations."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

AT_ONCE = 500  # keys of one query


class Place(NamedTuple):
    """Attributes:
    shard, round: the work that put it there.
    remembered: it came from the translation memory.
    offset: of the line, in bytes.
    position: in the line's batch.
    """

    shard: int
    round: str
    remembered: int
    offset: int
    position: int


class Places:
    """An index file that is made anew from the ledger whenever that is opened, so that RAM holds no keys."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        path.unlink(missing_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None)
        stack.callback(path.unlink, missing_ok=True)
        stack.callback(self._base.close)
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute(
            "CREATE TABLE place (key BLOB PRIMARY KEY, shard INT, round TEXT, remembered INT, offset INT, "
            "position INT) WITHOUT ROWID"
        )

    def add(self, keys: Sequence[bytes], shard: int, round: str, remembered: bool, offset: int) -> None:
        """The keys of a line in the order of its batch."""
        rows = [(key, shard, round, remembered, offset, position) for position, key in enumerate(keys)]
        self._base.execute("BEGIN")
        self._base.executemany("INSERT OR IGNORE INTO place VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._base.execute("COMMIT")

    def find(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, Place]]:
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            query = f"SELECT * FROM place WHERE key IN ({','.join('?' * len(some))})"
            for key, *place in self._base.execute(query, some).fetchall():
                yield key, Place(*place)
