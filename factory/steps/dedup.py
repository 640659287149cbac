"""Keep the first of rows that say the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import Field

from factory.outcomes import ShardResult, Verdict, failed, rejected
from factory.steps.rows import RowStep, Work
from factory.store.columns import NotText, column, plain, require
from factory.text.arabic import normalize
from factory.text.digest import digest

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.job import Job

INDEX = "dedup.index"
SHARD_BITS = 32  # a row's place is its shard's number above its own within the shard


class Dedup(RowStep):
    """Rejects a row whose `on` columns equal those of an earlier row (``dedup: seen before``).

    With `normalize`, texts are equal if they differ only in case, punctuation, white space, Unicode form, Arabic vowel
    marks and spelling variants. Null is a value like others. What was seen lies in a file, 30 bytes a row, not in
    memory; it holds where each was first seen, so a shard that is worked on twice has the same duplicates.
    """

    on: list[str] = Field(min_length=1, description="columns that make a row what it is")
    normalize: bool = False

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require(self.on, columns)
        return columns

    @contextmanager
    def working(self, job: Job) -> Iterator[Work]:
        with closing(sqlite3.connect(job.out / INDEX, isolation_level=None)) as base:
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA synchronous = FULL")  # on the disk before the shard's line in the ledger
            base.execute("PRAGMA cache_size = -65536")
            base.execute("CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, place INT) WITHOUT ROWID")
            base.execute("CREATE TEMP TABLE shard (key BLOB, place INT)")
            yield lambda number, table, tick: self._shard(base, number, table)
        for path in job.out.glob(f"{INDEX}*"):
            path.unlink()

    def _shard(self, base: sqlite3.Connection, number: int, table: pa.Table) -> ShardResult:
        verdicts: dict[int, Verdict] = {}
        places: list[tuple[bytes, int]] = []
        first = number << SHARD_BITS
        columns = [plain(column(table, name)) for name in self.on]
        for row, values in enumerate(zip(*columns, strict=True)):
            try:
                places.append((self._key(values), first + row))
            except Exception as error:  # one bad row never stops a run
                verdicts[row] = failed(self.verb, error)
        base.execute("BEGIN")
        base.executemany("INSERT INTO shard VALUES (?, ?)", places)
        # In the order of their keys: the index is then written in one sweep, not at random
        base.execute("INSERT OR IGNORE INTO seen SELECT key, min(place) FROM shard GROUP BY key ORDER BY key")
        later = base.execute("SELECT s.place FROM shard s JOIN seen USING (key) WHERE seen.place <> s.place")
        for (place,) in later:
            verdicts[place - first] = rejected("dedup: seen before")
        base.execute("DELETE FROM shard")
        base.execute("COMMIT")
        return ShardResult(table, verdicts)

    def _key(self, values: tuple[Any, ...]) -> bytes:
        if bad := next((value for value in values if isinstance(value, NotText)), None):
            raise bad.error
        if self.normalize:
            values = tuple(normalize(value) if isinstance(value, str) else value for value in values)
        return digest(values)
