"""The leaderboard: a view over the manifests of finished evaluations. Cards, gates, Space and summaries read it.

Scores stand in one table only where everything but the model is the same: suite, version, parameters, data commits.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.store import Manifest, Store, fingerprint

OLD_FILE = "leaderboard.json"  # in which `factory eval` kept its scores before


@dataclass(frozen=True)
class BoardEntry:
    """One model's scores in one suite.

    Attributes:
        suite: the entry under ``evaluate:``, by which gates and cards name it.
        protocol: digest of everything but the model; entries of one protocol may be compared.
        model: as it was named, a Hub ref, a folder or an artifact of a recipe; `source` is its content's fingerprint.
        headline: name of the score that stands for the suite; `scores` holds each as the manifest does.
        measured: when, UTC, ISO 8601. `recipe` is the one that did, `details` what the manifest says of how.
    """

    suite: str
    protocol: str
    model: str
    source: str
    headline: str
    scores: Mapping[str, Any]
    measured: str
    recipe: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return self.scores[self.headline]["value"]

    @property
    def label(self) -> str:
        """The model; an artifact, whose name another recipe may have too, with its recipe."""
        return self.model if "/" in self.model or not self.recipe else f"{self.model} ({self.recipe})"

    @property
    def metrics(self) -> dict[str, Any]:
        """{headline, scores, protocol}, as gates and the Hub's formats read them."""
        return {"headline": self.headline, "scores": self.scores, "protocol": self.details}

    def as_json(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "details"}

    def shown(self) -> dict[str, Any]:
        """Cells of a table: the headline's value, interval and n, and up to four other scores."""
        score = self.scores[self.headline]
        others = [f"{name} {score['value']:.1f}" for name, score in self.scores.items() if name != self.headline]
        return {
            "value": f"{self.value:.1f}",
            "95 % interval": f"{score['low']:.1f} to {score['high']:.1f}" if "low" in score else "",
            "n": score.get("n", ""),
            "also": ", ".join(others[:4]),
        }


def entry_of(manifest: Manifest) -> BoardEntry:
    """The leaderboard's line for a finished evaluation, whose name is ``suite/model``."""
    suite, _, model = manifest.name.partition("/")
    metrics = manifest.metrics
    return BoardEntry(
        suite=suite,
        protocol=fingerprint({key: value for key, value in manifest.identity.items() if key != "source"})[:16],
        model=model,
        source=str(manifest.identity.get("source", "")),
        headline=metrics["headline"],
        scores=metrics["scores"],
        measured=manifest.created,
        recipe=next(iter(manifest.recipes), ""),
        details=metrics.get("protocol", {}),
    )


def by_suite(entries: Iterable[BoardEntry]) -> dict[str, dict[str, dict[str, Any]]]:
    """{suite: {model: metrics}}."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for entry in entries:
        found.setdefault(entry.suite, {})[entry.model] = entry.metrics
    return found


def leaderboard(store: Store) -> list[BoardEntry]:
    """Everything that was measured in the store: of each model of a recipe the newest score in each protocol.

    Entries of one protocol stand together, the highest score first.

    Raises:
        FactoryError: there is a ``leaderboard.json`` of an older version that cannot be read.
    """
    measured = [entry_of(manifest) for _, manifest in store.manifests() if manifest.kind == "evaluation"]
    measured.sort(key=lambda entry: entry.measured)
    board = list({(entry.protocol, entry.model, entry.recipe): entry for entry in measured}.values())
    known = {(entry.protocol, entry.model) for entry in board}
    board += [old for old in _old(store.root / OLD_FILE) if (old.protocol, old.model) not in known]
    return sorted(board, key=lambda entry: (entry.protocol, -entry.value, entry.model))


def _old(path: Path) -> list[BoardEntry]:
    if not path.is_file():
        return []
    try:
        return [BoardEntry(**entry) for entry in json.loads(path.read_text("utf-8"))["entries"]]
    except (ValueError, KeyError, TypeError) as error:
        fix = "move it away: scores are read from the finished evaluations"
        raise FactoryError("not a leaderboard", where=str(path), fix=fix) from error
