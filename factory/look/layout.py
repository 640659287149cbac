"""What the columns of a dataset are to a reader, told by their names; nothing here opens a file."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from factory.images.facts import described
from factory.rows.formats import Row, Unreadable
from factory.store.columns import pairs_of

REASONS = ("reason", "reasons")
OUTCOMES = ("outcome", "verdict")
STEP = "rejected_by"
SORTED_OUT = ("rejected", "failed")
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
        pairs=[(f"{a} / {b}", text_of(flat.get(a)), text_of(flat.get(b))) for a, b in shown.pairs],
        texts=[(name, text_of(flat.get(name))) for name in shown.texts],
        scores=scores(row),
        rest={name: text_of(flat.get(name)) for name in shown.rest},
        outcome=outcome(row),
        step=str(row.get(STEP) or ""),
        reasons=reasons(row),
    )


def text_of(value: Any) -> str:
    """A cell as text: conversations turn by turn, other structure as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list) and (turns := turns_of(value)):
        return "\n\n".join(f"[{role}]\n{text_of(content)}" for role, content in turns)
    if is_images(value):
        return "\n".join(lines_of(value))
    if isinstance(value, dict | list):
        value = described(value)
        return json.dumps(value, ensure_ascii=False, indent=1, default=lambda other: f"<{type(other).__name__}>")
    return str(value)


def is_images(value: Any) -> bool:
    """Is it a picture, or several, as `datasets` holds their files?"""
    if isinstance(value, list) and value:
        return all(map(is_images, value))
    return isinstance(value, bytes) or (isinstance(value, dict) and isinstance(value.get("bytes"), bytes))


def lines_of(images: Any) -> list[str]:
    """A line about each picture: type, size in pixels and in bytes."""
    return [*map(described, images if isinstance(images, list) else [images])]


def turns_of(messages: Iterable[Any]) -> list[tuple[str, Any]]:
    """(role, content) of each message of a conversation, in either of the two usual spellings; [] of what is none."""
    turns = []
    for message in messages:
        role = message.get("role", message.get("from")) if isinstance(message, dict) else None
        if not isinstance(role, str):
            return []
        turns.append((role, message.get("content", message.get("value"))))
    return turns


def readable(row: Row | Unreadable) -> Row:
    """Scores of text files as numbers; a row that could not be read, as one that failed for it."""
    if isinstance(row, Unreadable):
        return {"unreadable": row.text, "verdict": "failed", "reasons": [row.error]}
    return {name: _number(value) if name.startswith("score_") else value for name, value in row.items()}


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
