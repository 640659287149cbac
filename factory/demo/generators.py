"""What a corpus of the demo world is: a stream of rows.

Row i of a corpus depends on its name, the seed and i only: the first m rows of n are the same m rows, and any number
of rows can be streamed without holding any.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

Row = dict[str, object]

Make = Callable[[str, int, int], Row]
"""(name of a corpus, seed, number of a row) to that row."""


@dataclass(frozen=True, slots=True)
class Generator:
    """A corpus: `rows(n, seed)` streams n rows whose keys are `columns`. `limit` is the most it can give."""

    name: str
    columns: tuple[str, ...]
    make: Make
    split: str = "train"
    limit: int | None = None

    def rows(self, n: int, seed: int = 0) -> Iterator[Row]:
        """n rows, or all of a corpus that has fewer (`limit`)."""
        for index in range(n if self.limit is None else min(n, self.limit)):
            yield self.make(self.name, seed, index)


GENERATORS: dict[str, Generator] = {}


def corpus(*columns: str, names: str = "", split: str = "train", limit: int | None = None) -> Callable[[Make], Make]:
    """Makes a function the corpus of its name, or of several `names`."""

    def add(make: Make) -> Make:
        for name in names.split() or [make.__name__]:
            GENERATORS[name] = Generator(name, columns, make, split, limit)
        return make

    return add


def source_of(name: str, seed: int, index: int) -> Random:
    """The source of chance of one row."""
    return Random(f"{name}/{seed}/{index}")
