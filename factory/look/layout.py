"""What the columns of a dataset are to a reader, told by their names; nothing here opens a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REASONS = ("reason", "reasons")
OUTCOMES = ("outcome", "verdict")
STEP = "rejected_by"
SORTED_OUT = ("rejected", "failed")
SIDES = (("source", "target"), ("src", "tgt"), ("source", "translation"), ("original", "translation"))
LANGUAGES = {
    *("ar", "de", "en", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "sw"),
    *("th", "tr", "uk", "ur", "vi", "zh", "ara", "arb", "eng", "fra", "deu", "spa"),
}
FIRST = ("en", "eng")  # the side that is the source where only languages are named
SUFFIX = re.compile(r"[a-z]{2,3}(?:_[A-Z][a-z]{3})?|translation|translated")
LIMIT = re.compile(r"-?[\d.]+(?:e-?\d+)? ?[<>]")


@dataclass(frozen=True)
class Layout:
    """`pairs` are (source, translation), `texts` other text columns, `scores` numbers of checks, `rest` what is left.

    A name with a dot reaches into a mapping: ``translation.ar``.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """One row as it is shown: (name, source, translation), (name, text), scores by check, and its verdict."""

    pairs: list[tuple[str, str, str]]
    texts: list[tuple[str, str]]
    scores: dict[str, float]
    rest: dict[str, str]
    outcome: str = ""
    step: str = ""
    reasons: tuple[str, ...] = ()


def layout(row: Mapping[str, Any], columns: Sequence[str] = ()) -> Layout:
    """The layout of rows like this one; `columns` limits it to these, in their order."""
    flat = columns_of(row)
    about = {*REASONS, *OUTCOMES, STEP}
    names = [name for name in (columns or flat) if name in flat and name not in about]
    scores = [name for name in flat if _is_score(name, flat[name])]
    open_names = [name for name in names if name not in scores]
    pairs = pairs_of(open_names)
    paired = {name for pair in pairs for name in pair}
    left = [name for name in open_names if name not in paired]
    texts = [name for name in left if isinstance(flat[name], str | list | dict) or name in columns]
    return Layout(tuple(pairs), tuple(texts), tuple(scores), tuple(name for name in left if name not in texts))


def pairs_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """(source, translation) among column names.

    >>> pairs_of(["id", "question", "answer", "question_ar", "answer_ar"])
    [('question', 'question_ar'), ('answer', 'answer_ar')]
    >>> pairs_of(["ar_text", "en_text"]), pairs_of(["translation.ar", "translation.en"])
    ([('en_text', 'ar_text')], [('translation.en', 'translation.ar')])
    """
    found: list[tuple[str, str]] = []
    free = list(dict.fromkeys(names))

    def take(source: str, target: str) -> None:
        found.append((source, target))
        free.remove(source)
        free.remove(target)

    for name in list(free):
        marks = [other for other in free if other.startswith(f"{name}_") and SUFFIX.fullmatch(other[len(name) + 1 :])]
        if name in free and marks:
            take(name, marks[0])
    for one, other in SIDES:
        for name in list(free):
            partner = re.sub(rf"(?<![A-Za-z]){one}(?![A-Za-z])", other, name)
            if partner != name and name in free and partner in free:
                take(name, partner)
    groups: dict[str, list[str]] = {}
    for name in free:
        if (rest := _without_language(name)) is not None:
            groups.setdefault(rest, []).append(name)
    for members in groups.values():
        if len(members) == 2:
            source, target = sorted(members, key=lambda name: _language(name) not in FIRST)
            take(source, target)
    return found


def _parts(name: str) -> list[str]:
    return re.split(r"[._]", name.lower())


def _language(name: str) -> str:
    return next((part for part in _parts(name) if part in LANGUAGES), "")


def _without_language(name: str) -> str | None:
    parts = _parts(name)
    rest = [part for part in parts if part not in LANGUAGES]
    return ".".join(rest) if len(rest) == len(parts) - 1 else None


def columns_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings of one level (``translation: {en, ar}``, ``scores: {…}``) opened up."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and value and all(isinstance(v, str | int | float | None) for v in value.values()):
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            flat[name] = value
    return flat


def _is_score(name: str, value: Any) -> bool:
    number = value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return number and (name.startswith(("score_", "scores.")) or name == "score" or name.endswith("_score"))


def check_of(name: str) -> str:
    """
    >>> check_of("score_script"), check_of("scores.echo"), check_of("score")
    ('script', 'echo', 'score')
    """
    return name.removeprefix("score_").removeprefix("scores.")


def scores(row: Mapping[str, Any]) -> dict[str, float]:
    """Check -> score of one row; a score that is null is left out."""
    return {check_of(k): float(v) for k, v in columns_of(row).items() if _is_score(k, v) and v is not None}


def reasons(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a row was sorted out, in words; empty for one that was kept."""
    for name in REASONS:
        value = row.get(name)
        if isinstance(value, str) and value:
            return (value,)
        if isinstance(value, list | tuple) and value:
            return tuple(str(item) for item in value if item)
    return ()


def outcome(row: Mapping[str, Any]) -> str:
    return next((str(row[name]) for name in OUTCOMES if row.get(name)), "")


def reason_group(reason: str) -> str:
    """What reasons are counted by: without the part that is about one row.

    >>> reason_group("script: 0.12 < 0.5"), reason_group("translate: cut off"), reason_group("judge: reply: Well, I")
    ('script', 'translate: cut off', 'judge: reply')
    """
    head, _, rest = reason.partition(": ")
    if not rest or LIMIT.match(rest):
        return head
    return f"{head}: {rest.partition(': ')[0]}"[:80]


def groups(row: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(reason_group(reason) for reason in reasons(row)))


def view(row: Mapping[str, Any], shown: Layout) -> View:
    """One row by a layout."""
    flat = columns_of(row)
    return View(
        pairs=[(_pair_name(a, b), text_of(flat.get(a)), text_of(flat.get(b))) for a, b in shown.pairs],
        texts=[(name, text_of(flat.get(name))) for name in shown.texts],
        scores=scores(row),
        rest={name: text_of(flat.get(name)) for name in shown.rest},
        outcome=outcome(row),
        step=str(row.get(STEP) or ""),
        reasons=reasons(row),
    )


def _pair_name(source: str, target: str) -> str:
    return f"{source} / {target}"


def text_of(value: Any) -> str:
    """A cell as text: conversations turn by turn, other structure as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and (turns := _turns(value)):
        return "\n\n".join(turns)
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1, default=lambda other: f"<{type(other).__name__}>")
    return str(value)


def _turns(messages: Iterable[Any]) -> list[str]:
    turns = []
    for message in messages:
        if not isinstance(message, dict):
            return []
        role, content = message.get("role", message.get("from")), message.get("content", message.get("value"))
        if not isinstance(role, str):
            return []
        turns.append(f"[{role}]\n{text_of(content)}")
    return turns
