"""Tables for people on standard output, as wide as the terminal is: numbers and names stay whole."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions
from rich.padding import Padding
from rich.text import Text

from factory.images.facts import described

COLOURS = {"done": "green", "new": "cyan", "changed": "yellow", "resume": "yellow", "failed": "red"}
WITHOUT_TERMINAL = 160  # columns, for a file or a pipe
GAP = 2  # blanks between two columns
READABLE = 24  # columns of the terminal that a text needs to stand beside the others


@dataclass
class Grid:
    """Rows of cells, of which no name and no number is ever broken or left out.

    A first cell that is too long for the terminal has a line of its own.

    Attributes:
        right: columns of numbers.
        spare: columns that go where not all fit, the first one first.
        texts: columns of sentences: the last one has the rest of the line, the others, and that one too where the rest
            is too little for its longest word, stand below the row.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[str] = ()
    spare: Sequence[str] = ()
    texts: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        width = options.max_width
        shown = [name for name in self.columns if name not in self.texts]
        for name in self.spare:
            if self._width(shown) <= width:
                break
            shown.remove(name)
        texts = [name for name in self.texts if any(row[self.columns.index(name)] for row in self.rows)]
        left = width - self._width(shown) - GAP
        beside = [name for name in texts[-1:] if left >= max(READABLE, self._longest_word(name))]
        below = [name for name in texts if name not in beside]
        first, *others = shown
        room = max(width - self._width(shown) + self._widest(first), len(first))
        widths = {name: self._widest(name) for name in others} | {first: min(self._widest(first), room)}
        yield self._line({name: name for name in [*shown, *beside]}, shown, beside, widths, console, "bold", width)
        for row in self.rows:
            cells = dict(zip(self.columns, row, strict=True))
            if cell_len(cells[first]) > widths[first]:
                yield from map(Text, chop_cells(cells[first], width))
                cells[first] = ""
            if any(cells[name] for name in [*shown, *beside]):
                yield self._line(cells, shown, beside, widths, console, None, width)
            for name in below:
                if cells[name]:
                    yield Padding(Text(f"{name}: {cells[name]}", style="dim"), (0, 0, 0, 2 * GAP))

    def _widest(self, name: str) -> int:
        place = self.columns.index(name)
        return max(cell_len(name), *(cell_len(row[place]) for row in self.rows)) if self.rows else cell_len(name)

    def _longest_word(self, name: str) -> int:
        place = self.columns.index(name)
        return max((cell_len(word) for row in self.rows for word in row[place].split()), default=0)

    def _width(self, names: Sequence[str]) -> int:
        return sum(map(self._widest, names)) + GAP * (len(names) - 1)

    def _line(
        self,
        cells: dict[str, str],
        shown: Sequence[str],
        beside: Sequence[str],
        widths: dict[str, int],
        console: Console,
        style: str | None,
        width: int,
    ) -> Text:
        line = Text()
        for name in shown:
            blanks = " " * (widths[name] - cell_len(cells[name]))
            line.append(blanks if name in self.right else "")
            line.append(cells[name], style or COLOURS.get(cells[name], ""))
            line.append((blanks if name not in self.right else "") + " " * GAP)
        start = line.cell_len
        for name in beside:
            for number, part in enumerate(Text(cells[name]).wrap(console, width - start)):
                line.append(f"\n{' ' * start}" if number else "")
                line.append(part.plain, style or "")
        line.rstrip()
        return line


def grid(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> Grid:
    """Any values as the cells of a `Grid`."""
    return Grid(columns, [[str(cell) for cell in row] for row in rows], right, spare, texts)


def console_of_width() -> Console:
    """Standard output, as wide as the terminal or, without one, wide enough for most tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=WITHOUT_TERMINAL, highlight=False)


def say(text: str) -> None:
    """Lines for people: broken between words on a terminal, whole in a file or a pipe."""
    console = console_of_width()
    console.print(text, markup=False, soft_wrap=not console.is_terminal)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> None:
    """Columns named in `right` are numbers; `spare` and `texts` are as `Grid` has them."""
    console = console_of_width()
    console.print(Text(title, style="italic"))
    console.print(grid(columns, rows, right, spare, texts))


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_shown))


def _shown(value: Any) -> str:
    return described(value) if isinstance(value, bytes) else str(value)
