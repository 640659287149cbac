"""The store's leaderboard: every model measured here by `factory eval`, in one file that grows.

Scores stand in one table only where everything but the model is the same: suite, version, parameters, data commits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError
from factory.store import write_atomically
from factory.store.fingerprint import fingerprint

if TYPE_CHECKING:
    from factory.store import Manifest

NAME = "leaderboard.json"


@dataclass(frozen=True)
class Entry:
    """One model's scores in one suite.

    Attributes:
        protocol: digest of everything but the model; entries of one protocol may be compared.
        model: as it was named, a Hub ref or a folder; `source` is the fingerprint of its content.
        headline: name of the score that stands for the suite; `scores` holds each as the manifest does.
    """

    suite: str
    protocol: str
    model: str
    source: str
    headline: str
    scores: dict[str, Any]
    measured: str

    @property
    def value(self) -> float:
        return self.scores[self.headline]["value"]


def entry_of(manifest: Manifest, model: str, source: str) -> Entry:
    """The leaderboard's line for an evaluation of `model`; `source` is the fingerprint of the model's node."""
    metrics = manifest.metrics
    return Entry(
        suite=manifest.verb,
        protocol=fingerprint({key: value for key, value in manifest.identity.items() if key != "source"})[:16],
        model=model,
        source=source,
        headline=metrics["headline"],
        scores=metrics["scores"],
        measured=manifest.created,
    )


def read(store: Path) -> list[Entry]:
    """The entries of the store's leaderboard; none where there is no file.

    Raises:
        FactoryError: the file is not a leaderboard.
    """
    path = store / NAME
    if not path.is_file():
        return []
    try:
        return [Entry(**entry) for entry in json.loads(path.read_text("utf-8"))["entries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise FactoryError("not a leaderboard", where=str(path), fix="move it away; it is written anew") from error


def add(store: Path, entries: Iterable[Entry]) -> list[Entry]:
    """Put entries in, each in place of an older one of the same protocol and model; returns the whole board.

    The order is by suite, protocol, then score, the highest first.
    """
    board = {(entry.protocol, entry.model): entry for entry in [*read(store), *entries]}
    ordered = sorted(board.values(), key=lambda entry: (entry.suite, entry.protocol, -entry.value, entry.model))
    text = json.dumps({"entries": [asdict(entry) for entry in ordered]}, ensure_ascii=False, indent=2)
    write_atomically(store / NAME, (text + "\n").encode())
    return ordered
