"""A row in a terminal: source beside translation where it is wide, one under the other where it is narrow.

Text is written in its logical order, as terminals that know Arabic want it (they order it themselves). Lines of
right-to-left text stand at the right edge and, on a terminal, inside isolates (U+2067 … U+2069, Unicode annex 9), so
that their full stops and numbers stay in place and the column beside them is not drawn in.
"""

import unicodedata
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from factory.look.layout import View, check_of, reason_group
from factory.text.direction import right_to_left

SIDE_BY_SIDE = 80  # columns from which two texts fit beside each other
GAP = " │ "
LINES = 12  # of a text; more are cut
SCORES = 8  # more of a row are shown only where they tell something
ISOLATE, END = "\u2067", "\u2069"


@dataclass(frozen=True)
class Screen:
    """Where rows are drawn: `width` columns; `isolates` where a terminal and not a file reads them."""

    console: Console
    width: int
    isolates: bool
    lines: int | None = LINES

    def row(self, number: int, view: View) -> Text:
        parts = [self._head(number, view)]
        for name, source, target in view.pairs:
            parts.append(Text(name, style="cyan"))
            parts += self._beside(source, target) if self.width >= SIDE_BY_SIDE else self._stacked(source, target)
        for name, text in view.texts:
            parts.append(Text(name, style="cyan"))
            parts += [Text(line) for line in self._lines(text, self.width)]
        if view.rest:
            parts.append(Text("  ".join(f"{name} {clean(value)}" for name, value in view.rest.items()), style="dim"))
        return Text("\n").join(parts)

    def _head(self, number: int, view: View) -> Text:
        head = Text(f"── {number:,} ", style="bold")
        if view.reasons or view.outcome:
            by = f" by {view.step}" if view.step else ""
            head.append(f"{view.outcome or 'rejected'}{by} ", style="red" if view.outcome != "kept" else "green")
            head.append("; ".join(clean(reason) for reason in view.reasons))
        if view.scores:
            blamed = {reason_group(reason) for reason in view.reasons}
            head.append("\n")
            for check, score in self._telling(view.scores, blamed):
                head.append(f"{check_of(check)} {score:.3g}  ", style="red" if check in blamed else "dim")
        return head

    def _telling(self, scores: dict[str, float], blamed: set[str]) -> list[tuple[str, float]]:
        """All scores, or of many those that are not at an end of the scale or gave a reason."""
        if self.lines is None or len(scores) <= SCORES:
            return [*scores.items()]
        return [(name, score) for name, score in scores.items() if score not in (0, 1) or check_of(name) in blamed]

    def _beside(self, source: str, target: str) -> list[Text]:
        width = (self.width - len(GAP)) // 2
        sides = self._lines(source, width, pad=True), self._lines(target, width)
        assert all(cell_len(line.strip(ISOLATE + END)) <= width for line in sides[0])
        return [Text(f"{one}{GAP}{other}") for one, other in zip_longest(*sides, fillvalue=" " * width)]

    def _stacked(self, source: str, target: str) -> list[Text]:
        rule = Text("·" * min(8, self.width), style="dim")
        return [*map(Text, self._lines(source, self.width)), rule, *map(Text, self._lines(target, self.width))]

    def _lines(self, text: str, width: int, *, pad: bool = False) -> list[str]:
        """The text in lines of `width` columns; right-to-left ones at the right edge."""
        right = right_to_left(text)
        wrapped = [line.plain.rstrip() for line in Text(clean(text)).wrap(self.console, width)]
        if self.lines is not None and len(wrapped) > self.lines:
            wrapped = [*wrapped[: self.lines - 1], f"… {len(wrapped) - self.lines + 1} more lines"]
        found = []
        for line in wrapped:
            space = " " * max(0, width - cell_len(line))
            if right:
                found.append(space + (f"{ISOLATE}{line}{END}" if self.isolates and line else line))
            else:
                found.append(line + space if pad else line)
        return found


def clean(text: str) -> str:
    """Text that cannot steer the terminal: control characters as their pictures, directional overrides left out.

    >>> clean("a\\x1b[31m\\u202eb\\tc")
    'a␛[31mb c'
    """
    return "".join(_shown(character) for character in text.replace("\r\n", "\n"))


def _shown(character: str) -> str:
    if character == "\n":
        return character
    if character == "\t":
        return " "
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    if character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
        return ""
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cs") else character
