"""The leaderboard as a view over the manifests of a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from factory.errors import FactoryError
from factory.evaluate.board import by_suite, entry_of, leaderboard
from factory.store import Manifest, Store, fingerprint


def evaluation(
    store: Store, model: str, value: float, *, day: int = 1, recipe: str = "r", **identity: Any
) -> Manifest:
    identity = {"verb": "perplexity", "parameters": {"n": 5}, "source": f"{model}{value}", **identity}
    one = {"name": "acc", "value": value, "low": value - 1, "high": value + 1, "n": 7}
    manifest = Manifest(
        name=f"quiz/{model}",
        kind="evaluation",
        verb="perplexity",
        fingerprint=fingerprint(identity),
        identity=identity,
        metrics={"headline": "acc", "scores": {"acc": one, "f1": {"value": 2.0}}, "protocol": {"seed": 0}},
        created=f"2026-01-0{day}",
        recipes=[recipe] if recipe else [],
    )
    folder = store.folder("quiz", "x", manifest.fingerprint)
    store.partial(folder).mkdir(parents=True)
    store.finish(folder, manifest)
    return manifest


def shown(store: Store) -> list[tuple[str, float]]:
    return [(entry.model, entry.value) for entry in leaderboard(store)]


def test_entries_of_one_protocol_stand_together_the_best_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    evaluation(store, "owner/a", 1)
    evaluation(store, "owner/b", 3)
    other = entry_of(evaluation(store, "owner/a", 2, parameters={"n": 6}))
    board = leaderboard(store)
    assert [entry.protocol == other.protocol for entry in board] in ([True, False, False], [False, False, True])
    assert [e.model for e in board if e.protocol != other.protocol] == ["owner/b", "owner/a"]


def test_a_models_new_score_takes_the_place_of_its_old_one_but_not_of_another_recipes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    evaluation(store, "tuned", 5, day=1)
    evaluation(store, "tuned", 4, day=2)
    evaluation(store, "tuned", 3, day=1, recipe="s")
    assert shown(store) == [("tuned", 4), ("tuned", 3)]
    assert [entry.label for entry in leaderboard(store)] == ["tuned (r)", "tuned (s)"]


def test_what_cards_gates_and_tables_read(tmp_path: Path) -> None:
    manifest = evaluation(Store(tmp_path), "owner/a", 5)
    entry = entry_of(manifest)
    assert by_suite([entry]) == {"quiz": {"owner/a": manifest.metrics}}
    assert list(entry.shown().values()) == ["5.0", "4.0 to 6.0", 7, "f1 2.0"]
    assert entry.label == "owner/a"


def test_the_file_of_an_older_version_is_read_where_nothing_newer_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    known = entry_of(evaluation(store, "owner/a", 5))
    old = {"suite": "perplexity", "headline": "acc", "scores": {"acc": {"value": 1.0}}, "measured": "2025-01-01"}
    entries = [old | {"protocol": known.protocol, "model": m, "source": "f"} for m in ("owner/a", "gone/b")]
    (tmp_path / "leaderboard.json").write_text(json.dumps({"entries": entries}))
    assert shown(store) == [("owner/a", 5), ("gone/b", 1.0)]


@pytest.mark.parametrize("text", ["[]", '{"entries": [{}]}', "not JSON"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "leaderboard.json").write_text(text)
    with pytest.raises(FactoryError, match=r"leaderboard\.json"):
        leaderboard(Store(tmp_path))
