"""Every corpus of the demo world by its name."""

from collections.abc import Iterator

from factory.demo import corpora, picture_corpora
from factory.demo.generators import GENERATORS, Row
from factory.errors import FactoryError

__all__ = ["GENERATORS", "corpora", "iter_rows", "picture_corpora"]


def iter_rows(name: str, n: int, seed: int = 0) -> Iterator[Row]:
    """n rows of the named corpus, the same for the same seed.

    Raises FactoryError for a name that is not in GENERATORS.
    """
    if name not in GENERATORS:
        raise FactoryError(f"the demo world has no generator {name!r}", fix=f"valid: {', '.join(sorted(GENERATORS))}")
    return GENERATORS[name].rows(n, seed)
