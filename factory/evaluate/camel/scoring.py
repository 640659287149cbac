"""From answers to scores: what became of every row, accuracy of each set, and both means of each domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factory.evaluate.base import Scoring, asked
from factory.evaluate.camel.sets import DOMAINS, CamelSet
from factory.evaluate.samples import Part, Samples
from factory.evaluate.score import Score, accuracy, mean_of

TOTAL = "total"
MICRO = "micro"
METRIC = {
    "published": "accuracy by CAMEL-Bench's own rules, failed rows left out",
    "clean": "accuracy by rules that read answers in sentences, failed rows counted as wrong",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        state: ``scored``; ``failed``, no answer could be had; ``withheld``, the set keeps the right answer to itself;
            ``stopped``, the published rule breaks off there; ``unjudged``, only a judge could say, and none did.
        passed: the answer counts as right.
    """

    state: str
    passed: bool = False


def outcome(chosen: CamelSet, scoring: Scoring, entry: Mapping[str, Any], judged: bool | None = None) -> Outcome:
    """What becomes of an entry of `asking`; `judged` is what a judge said of it, where one was asked."""
    if entry["right"] is None:
        return Outcome("withheld")
    if entry["failure"] is not None:
        return Outcome("failed")
    rule = chosen.scorer(scoring)
    if rule is None:
        return Outcome("unjudged") if judged is None else Outcome("scored", judged)
    passed = rule(entry["output"], entry["right"])
    return Outcome("stopped") if passed is None else Outcome("scored", passed)


def counts(outcome: Outcome, scoring: Scoring) -> bool:
    """Whether a row is in the score. A published score leaves failed rows out, a clean one takes them for wrong.

    Rows at which the published rule breaks off count as wrong: the original has no score for a set that has one.
    """
    return outcome.state in {"scored", "stopped", *(["failed"] if scoring == "clean" else [])}


def counted(outcomes: Iterable[Outcome], scoring: Scoring) -> tuple[int, int]:
    """(right, rows that count)."""
    rows = [outcome for outcome in outcomes if counts(outcome, scoring)]
    return sum(outcome.passed for outcome in rows), len(rows)


def samples(
    answers: Mapping[str, Sequence[Mapping[str, Any]]],
    outcomes: Mapping[str, Sequence[Outcome]],
    sets: Mapping[str, CamelSet],
    scoring: Scoring,
) -> Samples:
    """What the scores of `table` and of the sets are made from. The sets of a domain are drawn whole."""
    parts: dict[str, Part] = {}
    domains: dict[str, list[str]] = {}
    for name, one in sets.items():
        rows = [
            (asked(name, entry["index"], entry["question"]), 100.0 * found.passed)
            for entry, found in zip(answers[name], outcomes[name], strict=True)
            if counts(found, scoring)
        ]
        if rows:
            parts[name] = Part.of_values([key for key, _ in rows], [value for _, value in rows])
            domains.setdefault(one.domain, []).append(name)
    scores = {name: [[name]] for name in parts}
    for domain, names in domains.items():
        pooled = f"{domain} {MICRO}"
        own = [parts[name] for name in names]
        parts[pooled] = Part.of_values(
            [key for part in own for key in part.keys],
            [value for part in own for value in part.statistics[:, 0].tolist()],
            [name for name, part in zip(names, own, strict=True) for _ in part.keys],
        )
        scores |= {domain: [names], pooled: [[pooled]]}
    scores[TOTAL] = [*domains.values()]
    scores[f"{TOTAL} {MICRO}"] = [[f"{domain} {MICRO}"] for domain in domains]
    return Samples(parts, scores)


def set_score(chosen: CamelSet, outcomes: Sequence[Outcome], scoring: Scoring, **about: Any) -> Score | None:
    """Accuracy of a set; None where none of its rows counts."""
    right, n = counted(outcomes, scoring)
    if not n:
        return None
    return accuracy(chosen.name, right, n, metric=METRIC[scoring], dataset=chosen.repo, split="train", **about)


def table(scores: Mapping[str, Score], sets: Mapping[str, CamelSet], scoring: Scoring, **about: Any) -> list[Score]:
    """Of every domain with a score its macro mean (of its sets) and micro mean (of all rows), then those of all.

    Which of the two the paper prints as a domain's score is not known. Its total is the unweighted mean of the
    domains, as its own table shows, so that both totals here are such means: of the macro and of the micro means.
    """
    macros, micros = [], []
    for domain in DOMAINS:
        parts = [score for name, score in scores.items() if sets[name].domain == domain]
        if not parts:
            continue
        macros.append(mean_of(domain, parts, metric=f"mean of {len(parts)} sets: {METRIC[scoring]}", **about))
        n = sum(part.n for part in parts)
        right = round(sum(part.value * part.n for part in parts) / 100)
        micros.append(accuracy(f"{domain} {MICRO}", right, n, metric=f"over all rows: {METRIC[scoring]}", **about))
    if not macros:
        return []
    totals = [
        mean_of(name, parts, metric=f"mean of {len(parts)} domains: {METRIC[scoring]}", **about)
        for name, parts in ((TOTAL, macros), (f"{TOTAL} {MICRO}", micros))
    ]
    return [*totals, *(score for pair in zip(macros, micros, strict=True) for score in pair)]


def tally(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many rows are in each state."""
    return dict(sorted(Counter(outcome.state for outcome in outcomes).items()))
