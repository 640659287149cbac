"""Many texts looked at in one go: which kinds of characters each has, without a loop over texts or characters.

Most texts have nothing that a given check looks for. Finding that out for a whole column costs some nanoseconds a
character; only what is left is looked at text by text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Any, overload

from factory.text.arabic import FOLDED

PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_BITS = {character: 1 << number for number, character in enumerate(PUNCTUATION)}
_BITS |= {character: 1 << number for number, character in enumerate("\n\t ", start=len(PUNCTUATION))}
DIGIT, WORD, SMALL, CAPITAL, SPACE, MARK = (1 << number for number in range(36, 42))
"""A digit of any script; a letter, digit or underscore; a-z; A-Z; white space; punctuation, symbols beyond ASCII."""
SHIFTING, ARABIC, LETTER, BEYOND = (1 << number for number in range(42, 46))
"""A character beyond ASCII that becomes an ASCII letter where case is ignored; a letter of the Arabic block; any other
letter beyond ASCII; what stands for characters beyond the first plane, which are not told apart."""
LETTERS = SMALL | CAPITAL | SHIFTING | ARABIC | LETTER | BEYOND
LATIN = SMALL | CAPITAL
RARE = (1 << 46) - 1 & ~(_BITS[" "] | WORD | SMALL | SPACE | ARABIC | LETTER)
"""Every kind of which a text has few characters: where those are is looked up once, and what is beside them."""


class Texts(Sequence[str]):
    """A column of texts (a missing one counts as empty) and what is known of all of them, found out once.

    Texts stand one after the other, each followed by a character 0, in arrays with one entry per character.

    Attributes:
        given: the texts as they were given, a missing one as None.
        prose: sources -> what `factory.text.passages` says of both columns.
        known: what else was found out about the column, by the name of the function that did.
    """

    def __init__(self, texts: Sequence[str | None]) -> None:
        self.given = texts
        self._texts = [text or "" for text in texts]
        self.prose: dict[Texts, tuple[Any, Texts, Texts]] = {}
        self.known: dict[str, Any] = {}

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Texts:
        return texts if isinstance(texts, Texts) else cls(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self._texts[index]

    @cached_property
    def joined(self) -> str:
        return "\0".join([*self._texts, ""])

    @cached_property
    def lengths(self) -> Any:
        """Characters of each text."""
        import numpy as np

        return np.fromiter(map(len, self._texts), np.int64, len(self._texts))

    @cached_property
    def starts(self) -> Any:
        """Where each text begins."""
        import numpy as np

        return np.cumsum(self.lengths + 1) - self.lengths - 1

    @cached_property
    def codes(self) -> Any:
        """The code point of every character."""
        import numpy as np

        return np.frombuffer(self.joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)

    @cached_property
    def points(self) -> Any:
        """The code points, those beyond the first plane taken for 0xFFFF: an index of tables."""
        import numpy as np

        return np.minimum(self.codes, 0xFFFF).astype(np.uint16)

    @cached_property
    def kinds(self) -> Any:
        """The kinds of every character, a bit for each."""
        return kinds().take(self.points)

    def any_of(self, table: Any) -> Any:
        """The bits that the characters of each text have in a table by code point of the first plane."""
        return self._joined(table.take(self.points))

    def _joined(self, bits: Any) -> Any:
        import numpy as np

        return np.bitwise_or.reduceat(bits, self.starts) if len(self) else bits[:0]

    @cached_property
    def _have(self) -> Any:
        return self._joined(self.kinds)

    def have(self, kinds: int | str) -> Any:
        """Which texts have a character of any of the kinds, or any of these ASCII characters.

        >>> Texts(["a 1", "b", None]).have(DIGIT).tolist(), Texts(["a:", "b"]).have(":;").tolist()
        ([True, False, False], [True, False])
        """
        import numpy as np

        return (self._have & np.uint64(mask(kinds))) != 0

    def letters(self) -> Any:
        """The kinds of letters that each text has: two texts that share none of them share no word."""
        import numpy as np

        own = self._have & np.uint64(LETTERS)
        shifted = (own & np.uint64(LATIN | SHIFTING)) != 0
        return own | (shifted.astype(np.uint64) * np.uint64(LATIN | SHIFTING))

    def at(self, kinds: int | str) -> Any:
        """Where the characters of these kinds are: one truth value for each character."""
        import numpy as np

        return (self.kinds & np.uint64(mask(kinds))) != 0

    def row_of(self, places: Any) -> Any:
        """The number of the text that each place (number of a character) belongs to."""
        import numpy as np

        return np.searchsorted(self.starts, places, side="right") - 1

    def rows(self, places: Any) -> Any:
        """Which texts the places belong to: one truth value for each text."""
        import numpy as np

        found = np.zeros(len(self), dtype=bool)
        if len(places):
            found[self.row_of(places)] = True
        return found

    @cached_property
    def _rare(self) -> tuple[Any, Any]:
        """Where the characters of `RARE` kinds are, and their kinds."""
        import numpy as np

        places = np.flatnonzero(self.kinds & np.uint64(RARE))
        return places, self.kinds[places]

    def places(self, kinds: int | str) -> Any:
        """Where the characters of these `RARE` kinds are: numbers of characters, in their order.

        >>> Texts(["a.b", "1."]).places(".").tolist()
        [1, 5]
        """
        import numpy as np

        places, found = self._rare
        return places[(found & np.uint64(mask(kinds))) != 0]

    def beside(self, places: Any, step: int, kinds: int | str) -> Any:
        """Which of the places have a character of these kinds `step` (-1, 1, 2 …) characters further on: a truth value
        for each. Nothing stands before the first text, as behind the last."""
        import numpy as np

        return (self.kinds.take(np.minimum(places + step, len(self.kinds) - 1)) & np.uint64(mask(kinds))) != 0

    def begin_with(self, kinds: int | str) -> Any:
        """Which texts begin with a character of these kinds."""
        return self.beside(self.starts, 0, kinds)

    def follows(self, first: int | str, second: int | str) -> Any:
        """Which texts have a character of the first kinds right before one of the second, either of them `RARE`."""
        if mask(first) & ~RARE:
            places = self.places(second)
            return self.rows(places[self.beside(places, -1, first)])
        places = self.places(first)
        return self.rows(places[self.beside(places, 1, second)])

    def containing(self, part: str) -> Any:
        """Which texts hold this part.

        >>> Texts(["see http:", "no"]).containing("http").tolist()
        [True, False]
        """
        places, joined = [], self.joined
        place = joined.find(part)
        while place >= 0:
            places.append(place)
            place = joined.find(part, place + 1)
        return self.rows(places)

    def counts(self, table: Any) -> tuple[Any, Any]:
        """Two arrays: how many characters of each text count for the one and for the other.

        `table` holds for every code point of the first plane the sum of 1 if it counts for the first and 2**32 if for
        the second; that of character 0, which stands between texts, is 0.
        """
        import numpy as np

        if not len(self):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        counts = np.add.reduceat(table.take(self.points), self.starts)
        return counts & 0xFFFFFFFF, counts >> 32

    @cached_property
    def encoded(self) -> tuple[bytes, Any]:
        """All texts in UTF-8, each followed by a byte 0, and where the next one begins."""
        import numpy as np

        parts = [text.encode("utf-8", "surrogatepass") for text in self._texts]
        return b"\0".join([*parts, b""]), np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)) + 1)

    @cached_property
    def words(self) -> list[list[str]]:
        """What stands between white space in each text, case apart."""
        return [text.casefold().split() for text in self._texts]

    @cached_property
    def stripped(self) -> list[str]:
        return list(map(str.strip, self._texts))

    @cached_property
    def stripped_lengths(self) -> Any:
        import numpy as np

        return np.fromiter(map(len, self.stripped), np.int64, len(self._texts))

    @cached_property
    def folded(self) -> list[str]:
        """Each text as `factory.text.arabic.fold` makes it."""
        import numpy as np

        codes = np.where(self.codes < 0x10000, _folding().take(self.points), self.codes)
        if np.array_equal(codes, self.codes):
            return self._texts
        keep = codes != _DELETED
        joined = codes[keep].tobytes().decode("utf-32-le", "surrogatepass")
        ends = np.cumsum(keep)[self.starts + self.lengths].tolist()
        return [joined[start : end - 1] for start, end in zip([0, *ends], ends, strict=False)]


def mask(kinds: int | str) -> int:
    return kinds if isinstance(kinds, int) else sum({_BITS[character] for character in kinds})


@cache
def kinds() -> Any:
    """The kinds of every code point of the first plane."""
    import numpy as np

    table = np.zeros(0x10000, dtype=np.uint64)
    table[categories() == "Lo"] = WORD | LETTER  # three of four are letters without case
    for point in np.flatnonzero(~np.isin(categories(), ["Lo", "Cn", "Cs", "Co"])).tolist():
        table[point] = _kinds(chr(point))
    table[0x600:0x700] = [_kinds(chr(point)) for point in range(0x600, 0x700)]
    table[0] = 0  # what stands between texts
    table[0xFFFF] = BEYOND | WORD | DIGIT | MARK  # what those beyond may be
    return table


def _kinds(character: str) -> int:
    found = _BITS.get(character, 0)
    found |= DIGIT * character.isdecimal() | WORD * (character.isalnum() or character == "_")
    found |= SPACE * character.isspace()
    if character.isascii():
        return found | SMALL * ("a" <= character <= "z") | CAPITAL * ("A" <= character <= "Z")
    if not found & WORD and unicodedata.category(character)[0] in "PS":
        found |= MARK
    lower, upper = character.lower(), character.upper()
    for form in {character, lower, upper, character.casefold()} if lower != upper else (character,):
        for letter in form:
            if letter.isalpha():
                arabic = "\u0600" <= letter <= "\u06ff"
                found |= SHIFTING if letter.isascii() else ARABIC if arabic else LETTER
    return found


@cache
def categories() -> Any:
    """Unicode's category of every code point of the first plane: ``Lu``, ``Nd`` …"""
    import numpy as np

    return np.array([*map(unicodedata.category, map(chr, range(0x10000)))])


@cache
def of_categories(first: str) -> Any:
    """Which code points of the first plane have a category that begins with one of these letters."""
    import numpy as np

    return np.isin(categories().astype("<U1"), [*first])


_DELETED = 0xFFFFFFFF


@cache
def _folding() -> Any:
    import numpy as np

    table = np.arange(0x10000, dtype=np.uint32)
    for point, replacement in FOLDED.items():
        table[point] = _DELETED if replacement is None else replacement
    return table
