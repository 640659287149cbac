"""Which pieces belong to a language: those that no text in another script can hold."""

from dataclasses import dataclass
from typing import Self

from factory.errors import FactoryError
from factory.text.scripts import ranges, scripts_of


@dataclass(frozen=True)
class Letters:
    """The characters of a language's scripts."""

    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, language: str, where: str = "") -> Self:
        """Raises FactoryError for a language in Latin script: its pieces would change how English is cut."""
        scripts = scripts_of(language)
        if "Latn" in scripts:
            raise FactoryError(
                f"{language} is written in Latin letters: new pieces would change how English is cut",
                where=where,
                fix="language: one with a script of its own",
            )
        return cls(tuple(part for script in scripts for part in ranges(script)))

    def __contains__(self, character: str) -> bool:
        return any(low <= ord(character) <= high for low, high in self.ranges)

    def cover(self, piece: bytes) -> bool:
        """Whether a piece's text, but for one space at its beginning, is of these characters only.

        A character that is cut off at the end counts where every character it can become is one of these.
        """
        text = piece.removeprefix(b" ")
        for cut in range(4):
            whole, tail = text[: len(text) - cut], text[len(text) - cut :]
            try:
                characters = whole.decode()
            except UnicodeDecodeError:
                continue
            return bool(text) and all(character in self for character in characters) and self._begins(tail)
        return False

    def _begins(self, tail: bytes) -> bool:
        if not tail:
            return True
        missing = (2 if tail[0] < 0xE0 else 3 if tail[0] < 0xF0 else 4) - len(tail)
        try:
            ends = [(tail + byte * missing).decode() for byte in (b"\x80", b"\xbf")]
        except UnicodeDecodeError:
            return False
        return missing > 0 and all(len(end) == 1 and end in self for end in ends)
