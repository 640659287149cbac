"""What of a file can be translated, told by its first rows: the columns that `factory init --data` writes down."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from factory.errors import UsageError, nearest
from factory.look.layout import turns_of
from factory.rows.reading import Rows, Unreadable
from factory.store.columns import pairs_of
from factory.text.languages import detect, detected_as
from factory.text.scripts import script_shares, scripts_of

LOOKED_AT = 200  # rows
MOST_ITEMS = 12  # of a list of texts that is taken apart
LABELS = 0.1  # share of distinct values, of this many at least, up to which texts are labels
ENOUGH = 20
PARTS, PART = 8, 75  # texts of which so many characters are shown to CLD2, which looks at 600
SURE = 0.5  # share of a language's texts or letters from which a column is in it
_NO_PROSE = re.compile(r"\s*(?:https?://\S+|[\w./\\-]*[/\\][\w./\\-]+|\S+@\S+\.\w+)\s*")
_WORDS = re.compile(r"\w+\s+\w+|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{2}")


@dataclass(frozen=True)
class Proposal:
    """Columns by what a recipe does with them; a name with a dot reaches into an object.

    Attributes:
        columns: all there are, in their order.
        rows: in the file; None where they cannot be counted without reading them.
        pairs: (source, translation), where both languages are there.
        texts: to translate, text or conversations.
        lists: lists of texts to translate, and how long each is.
        left: column -> why it stays as it is.
    """

    columns: tuple[str, ...]
    rows: int | None
    pairs: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    lists: dict[str, int]
    left: dict[str, str]


def propose(ref: str, source: str, target: str, columns: Sequence[str] = ()) -> Proposal:
    """Look at the first rows of a file, a folder or a Hub dataset.

    Args:
        columns: translate these, whatever is in them.

    Raises:
        UsageError: it cannot be read, has no rows, or nothing in it is text of the source language.
    """
    read = Rows(ref)
    rows = [row for row in islice(read, LOOKED_AT) if not isinstance(row, Unreadable)]
    if not rows:
        raise UsageError("no rows that can be read", where=ref)
    found: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in _leaves(row):
            found.setdefault(name, []).append(value)
    if unknown := [name for name in columns if name not in found]:
        raise UsageError(f"no column {unknown[0]!r}{nearest(unknown[0], found)}", where=ref)
    count = read.files.count() if read.files.path.exists() else None
    kinds = {name: _kind(values) for name, values in found.items()}
    if columns:
        if wrong := [name for name in columns if kinds[name] is None]:
            raise UsageError(
                f"column {wrong[0]!r} is neither text nor conversation nor short lists of texts", where=ref
            )
        left = {name: "not named by --columns" for name in found if name not in columns}
        return Proposal((*found,), count, (), *_to_translate(columns, kinds), left)
    why = {name: _why_not(found[name], kinds[name], source, target) for name in found}
    texts = [name for name in found if not why[name]]
    plain = [name for name in found if not kinds[name]]
    pairs = _pairs([c for c in texts if c in plain], [c for c in plain if why[c] == target])
    if not texts:
        said = "; ".join(f"{name}: {_said(reason)}" for name, reason in why.items() if reason)
        raise UsageError(f"no column with texts in {source} ({said})", where=ref, fix="--source or --columns say more")
    paired = {name for pair in pairs for name in pair}
    left = {name: _said(reason) for name, reason in why.items() if reason and name not in paired}
    unpaired = [name for name in texts if name not in paired]
    return Proposal((*found,), count, tuple(pairs), *_to_translate(unpaired, kinds), left)


def _to_translate(names: Iterable[str], kinds: dict[str, int | None]) -> tuple[tuple[str, ...], dict[str, int]]:
    chosen = {name: kinds[name] or 0 for name in names}
    return tuple(name for name, items in chosen.items() if not items), {name: n for name, n in chosen.items() if n}


def _leaves(row: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _kind(values: Sequence[Any]) -> int | None:
    """0 for texts and conversations, n for lists of n texts, None for anything else."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, str) for value in there) or all(map(_is_conversation, there)):
        return 0
    lists = [value for value in there if isinstance(value, list) and all(isinstance(item, str) for item in value)]
    lengths = {len(value) for value in lists}
    alike = len(lists) == len(there) and len(lengths) == 1 and 0 < max(lengths) <= MOST_ITEMS
    return lengths.pop() if alike else None


def _is_conversation(value: Any) -> bool:
    return isinstance(value, list) and bool(turns_of(value))


def _why_not(values: Sequence[Any], kind: int | None, source: str, target: str) -> str:
    """Why a column is not to be translated; the language where that is it, empty where it is."""
    if kind is None:
        return "no text"
    texts = [text for value in values for text in _texts(value) if text.strip()]
    if not texts:
        return "empty"
    if len(texts) >= ENOUGH and len(set(texts)) <= LABELS * len(texts):
        return "few values again and again"
    prose = [text for text in texts if _WORDS.search(text) and not _NO_PROSE.fullmatch(text)]
    if not kind and len(prose) < SURE * len(texts):
        return "codes, names or single words"
    if _is_in(texts, target, unlike=source):
        return target
    whole = _detected(prose or texts)
    return "" if not whole or whole == detected_as(source) or _is_in(texts, source, unlike=whole) else whole


def _said(reason: str) -> str:
    return f"in {reason}" if re.fullmatch(r"[a-z]{2,3}(?:-\w+)*", reason) else reason


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        items = [text for _, text in turns_of(value)] or value
        yield from (item for item in items if isinstance(item, str))


def _is_in(texts: Sequence[str], language: str, *, unlike: str) -> bool:
    """By the letters where the two languages are written with others, else by what CLD2 says of all texts together."""
    if set(scripts_of(language)).isdisjoint(scripts_of(unlike)):
        return bool(script_shares(["\n".join(texts)], language)[0] >= SURE)
    return bool(detected_as(language)) and _detected(texts) == detected_as(language)


def _detected(texts: Sequence[str]) -> str:
    """CLD2's code of the language that most texts are in, by parts of some; empty where it is not sure."""
    shares = detect("\n".join(text[:PART] for text in texts[:: 1 + len(texts) // PARTS])) or {}
    code = max(shares, key=shares.__getitem__, default="")
    return code if code and shares[code] >= SURE else ""


def _pairs(sources: Sequence[str], targets: Sequence[str]) -> list[tuple[str, str]]:
    if len(sources) == len(targets) == 1:
        return [(sources[0], targets[0])]
    return [(a, b) for a, b in pairs_of([*sources, *targets]) if a in sources and b in targets]
