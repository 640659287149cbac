"""Where the shards of a step are worked through: in this process, in several of this machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.rows.outcomes import ShardResult
    from factory.step.job import Job

Tick = Callable[..., None]
"""Says how far the shard is: ``tick(share, tokens=…)``, with share from 0 to 1."""

ShardFunction = Callable[[int, "pa.Table", Tick], "ShardResult"]
"""The work on one shard: (its number, its rows, tick) to what became of it."""


class ShardStep(Protocol):
    """What an executor needs of a step."""

    def working(self, job: Job) -> AbstractContextManager[ShardFunction]:
        """Open what the work needs; yields the function for every shard."""
        ...

    def one_shard(self, job: Job, number: int, path: Path, work: ShardFunction) -> dict[str, Any]:
        """Work on a shard and write it down; returns its line of the ledger."""
        ...
