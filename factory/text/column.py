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


class Texts(Sequence[str]):
    """A column of texts (a missing one counts as empty) and what is known of all of them, found out once.

    Texts stand one after the other, each followed by a character 0, in arrays with one entry per character.

    Attributes:
        given: the texts as they were given, a missing one as None.
        beside: sources -> the prose of both columns, for `factory.text.passages`.
        known: what else was found out about the column, by the name of the function that did.
    """

    def __init__(self, texts: Sequence[str | None]) -> None:
        self.given = texts
        self._texts = [text or "" for text in texts]
        self.beside: dict[Texts, tuple[Texts, Texts]] = {}
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

    @cached_property
    def _have(self) -> Any:
        import numpy as np

        return np.bitwise_or.reduceat(self.kinds, self.starts) if len(self) else np.zeros(0, np.uint64)

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

    def rows(self, places: Any) -> Any:
        """Which texts the places (numbers of characters) belong to: one truth value for each text."""
        import numpy as np

        found = np.zeros(len(self), dtype=bool)
        found[np.searchsorted(self.starts, places, side="right") - 1] = True
        return found

    def follows(self, first: int | str, second: int | str) -> Any:
        """Which texts have a character of the first kinds right before one of the second kinds."""
        import numpy as np

        return self.rows(np.flatnonzero(self.at(first)[:-1] & self.at(second)[1:]))

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

        table = _folding()
        codes = np.where(self.codes < 0x10000, table.take(self.points), self.codes)
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
    for point in range(1, 0xFFFF):
        table[point] = _kinds(chr(point))
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


_DELETED = 0xFFFFFFFF


@cache
def _folding() -> Any:
    import numpy as np

    table = np.arange(0x10000, dtype=np.uint32)
    for point, replacement in FOLDED.items():
        table[point] = _DELETED if replacement is None else replacement
    return table
