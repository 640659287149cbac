"""The texts of a shard's cells as units to translate, equal ones once, and the cells put together again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from factory.arrays import ChunkedArray, DataType, Table, pa
from factory.errors import FactoryError
from factory.store.columns import readable
from factory.store.kinds import NotText, is_json, is_list, is_text, plain
from factory.text.conversations import conversation_texts, role_of, with_texts
from factory.text.segments import has_letters, paragraphs, split

Division = Literal["structure", "paragraph", "none"]
Piece = str | int
"""Text that stays, or the number of a unit."""

TURN_KEYS = ({"role", "content"}, {"from", "value"})


class Units:
    """Units of a shard by number, and how often each is needed."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.counts: list[int] = []
        self._numbers: dict[str, int] = {}

    def add(self, text: str) -> int:
        number = self._numbers.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
            self.counts.append(0)
        self.counts[number] += 1
        return number


@dataclass
class Cell:
    """A value on its way: the pieces of each of its texts, and how the translated texts become a value again."""

    texts: list[list[Piece]] = field(default_factory=list)
    build: Callable[[list[str]], Any] = "".join
    error: Exception | None = None

    def units(self) -> Iterator[int]:
        return (piece for pieces in self.texts for piece in pieces if isinstance(piece, int))

    def join(self, translations: Sequence[str]) -> Any:
        return self.build(
            ["".join([translations[p] if isinstance(p, int) else p for p in pieces]) for pieces in self.texts]
        )


@dataclass(frozen=True)
class Cutter:
    """How cells become units.

    Attributes:
        division: the units of `factory.text.segments.split`, paragraphs, or whole texts.
        keep_system: system turns of conversations stay as they are.
        json_keys: keys whose string values are translated in JSON documents and tool calls of conversations.
    """

    division: Division = "structure"
    keep_system: bool = False
    json_keys: tuple[str, ...] = ()

    def cells(self, values: ChunkedArray, name: str, units: Units) -> list[Cell]:
        """One cell per value of a text column or a column of conversations; in one of JSON each value may be either.

        Raises:
            FactoryError: the column is neither.
        """
        make: Callable[[Any, Units], Cell]
        if is_text(values.type):
            make = self._text
        elif is_conversation(values.type):
            make = self._conversation
        elif is_json(values.type):
            make = self._either
        else:
            raise FactoryError(
                f"column {name!r} is {values.type}, text is needed, or a list of turns with role and content, or from "
                "and value",
                fix="build one with `columns`",
            )
        return [_careful(make, value, units) for value in plain(values)]

    def _text(self, value: str | None, units: Units) -> Cell:
        if value is None:
            return Cell(build=_nothing)
        return Cell([self.pieces(value, units)])

    def _conversation(self, value: list[Mapping[str, Any]] | None, units: Units) -> Cell:
        if value is None:
            return Cell(build=_nothing)
        found = conversation_texts(value, self.json_keys)
        texts: list[list[Piece]] = [
            [text.text] if self.keep_system and text.role == "system" else self.pieces(text.text, units)
            for text in found
        ]
        return Cell(texts, lambda translated: with_texts(value, translated, self.json_keys))

    def _either(self, value: Any, units: Units) -> Cell:
        if isinstance(value, str | None):
            return self._text(value, units)
        if not isinstance(value, list):
            raise TypeError(f"text is needed, or a list of turns, here is {type(value).__name__}")
        return self._conversation(value, units)

    def pieces(self, text: str, units: Units) -> list[Piece]:
        if self.division == "structure":
            return [units.add(part.text) if part.translate else part.text for part in split(text)]
        whole = paragraphs(text) if self.division == "paragraph" else [text]
        return [units.add(piece) if has_letters(piece) else piece for piece in whole]


def is_conversation(kind: DataType) -> bool:
    """Is it a list of turns, in the form of chat templates or in ShareGPT's?"""
    if not is_list(kind) or not (pa.types.is_struct(kind.value_type) or is_json(kind.value_type)):
        return False
    if is_json(kind.value_type):  # as `datasets` itself reads turns that differ in their keys
        return True
    names = {inner.name for inner in kind.value_type}
    return any(keys <= names for keys in TURN_KEYS)


def instructions(table: Table, name: str) -> list[str]:
    """What the user asks for in each row: the text of the column, or the user's turns of its conversation."""

    def asked(value: Any) -> str:
        if isinstance(value, list):
            turns = [text for text in conversation_texts(value) if role_of(value[text.turn]) == "user"]
            return "\n".join(text.text for text in turns)
        return value if isinstance(value, str) else ""

    found = []
    for value in plain(readable(table, name)):
        try:
            found.append(asked(value))
        except Exception:  # what is wrong with it is said where it is translated
            found.append("")
    return found


def _careful(make: Callable[[Any, Units], Cell], value: Any, units: Units) -> Cell:
    """One bad value never stops a run."""
    if isinstance(value, NotText):
        return Cell(build=_nothing, error=value.error)
    try:
        return make(value, units)
    except Exception as error:
        return Cell(build=_nothing, error=error)


def _nothing(_: list[str]) -> None:
    return None
