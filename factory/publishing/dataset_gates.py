"""Gates of datasets: what must hold of the rows before they are pushed, and of what people said of them."""

from __future__ import annotations

from typing import Any

from factory.errors import FactoryError
from factory.evaluate.gates import parse_dataset_gate
from factory.graph import lineage
from factory.graph.nodes import Graph
from factory.graph.origins import AUTHENTIC, counted_share
from factory.publishing.cards.ratings import ratings
from factory.store.votes import load_votes


def judge_dataset(graph: Graph, name: str) -> tuple[str, ...]:
    """Judge a dataset's gates on its finished rows; a rehearsal only notes those that did not hold.

    Raises:
        FactoryError: naming every gate that failed, with the numbers.
    """
    gates = [parse_dataset_gate(text) for text in graph.loaded.recipe.datasets[name].gates]
    measured = {gate.suite: {name: _measured(graph, name, gate.suite)} for gate in gates}
    results = [gate.check(measured, name) for gate in gates]
    failed = [result for result in results if not result.passed]
    if failed and lineage.of(graph, name).stand_in:
        return tuple(f"gate of {name}, not asked of stand-ins: {result.explanation}" for result in failed)
    if failed:
        raise FactoryError(
            f"{name} is not pushed, {len(failed)} of {len(results)} gates failed: "
            f"{'; '.join(result.explanation for result in failed)}",
            where=str(graph.loaded.place("datasets", name, "gates")),
            fix="change what is mixed or have more rows rated, or change the gate if it asks for too much",
        )
    return ()


def _measured(graph: Graph, name: str, what: str) -> dict[str, Any]:
    """What a gate compares, in the form of an evaluation: {headline, scores}; all values in percent."""
    if what == AUTHENTIC:
        return {"headline": AUTHENTIC, "scores": {AUTHENTIC: {"value": counted_share(graph, name).percent}}}
    found = {
        rating.question: {"value": rating.share, "low": rating.low, "high": rating.high}
        for rating in ratings(load_votes(graph.store, graph.final(name).fingerprint))
    }
    return {"headline": next(iter(found), "no vote"), "scores": found}
