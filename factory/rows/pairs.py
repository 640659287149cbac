"""Which columns of a dataset are a source and its translation, by their names, and the pairs of texts in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ValidationInfo

from factory.errors import FactoryError
from factory.rows.outcomes import Verdict, failed, rejected
from factory.store.columns import NotText, require, texts

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.step.job import Job

SIDES = (("source", "target"), ("src", "tgt"), ("source", "translation"), ("original", "translation"))
LANGUAGES = {
    *("ar", "de", "en", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "sw"),
    *("th", "tr", "uk", "ur", "vi", "zh", "ara", "arb", "eng", "fra", "deu", "spa"),
}
FIRST = ("en", "eng")  # the side that is the source where only languages are named
SUFFIX = re.compile(r"[a-z]{2,3}(?:_[A-Z][a-z]{3})?|translation|translated")


def _from_recipe(value: str | None, info: ValidationInfo) -> str | None:
    """Where the recipe's language is known while it is read, the default is settled there."""
    language = (info.context or {}).get("language")
    if value is None and isinstance(language, dict) and isinstance(language.get("target"), str):
        return f"_{language['target']}"
    return value


Suffix = Annotated[str | None, AfterValidator(_from_recipe)]
"""What a translation's column adds to its source's: ``instruction`` and ``instruction_ar``."""


def suffix_of(suffix: str | None, job: Job) -> str:
    return suffix if suffix is not None else f"_{job.language['target']}"


def column_pairs(
    columns: list[str], pairs: Mapping[str, str] | None, suffix: str, *, otherwise: str = ""
) -> dict[str, str]:
    """Source column -> translation: `pairs` where given, else every (x, x + suffix) there is.

    `otherwise` is what a user could write instead of pairs, said where no pair is found.

    Raises:
        FactoryError: a column is not there, or there is no such pair.
    """
    if pairs is not None:
        require((*pairs, *pairs.values()), columns)
        return dict(pairs)
    found = {name: name + suffix for name in columns if name + suffix in columns}
    if not found:
        raise FactoryError(
            f"no pair of columns x and x{suffix}: {', '.join(columns)}",
            fix="say which: `columns: {source: translation}`" + (f" or {otherwise}" if otherwise else ""),
        )
    return found


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


def text_pairs(
    verb: str, table: pa.Table, source: str, target: str, verdicts: dict[int, Verdict]
) -> Iterator[tuple[int, str, str]]:
    """(row, source, translation) where both say something.

    A row of which one side alone does is rejected, one with a side that cannot be read failed: into `verdicts`.
    """
    for row, sides in enumerate(zip(texts(table, source), texts(table, target), strict=True)):
        if bad := next((side for side in sides if isinstance(side, NotText)), None):
            verdicts.setdefault(row, failed(verb, bad.error))
            continue
        here = [side is not None and bool(side.strip()) for side in sides]
        if all(here):
            yield row, *sides
        elif any(here):
            verdicts.setdefault(row, rejected(f"{verb}: no text", target if here[0] else source))
