"""Words of any script, and n-grams of them as numbers: what is compared when texts are looked for in other texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from factory.text.arabic import normalize
from factory.text.scripts import ranges

if TYPE_CHECKING:
    import numpy as np

WITHOUT_SPACES = ("Thai", "Laoo", "Mymr", "Khmr", "Jpan")


def words(text: str) -> list[str]:
    """The text's words in the form in which they are compared: no case, punctuation, vowel marks or spelling variants.

    In scripts written without spaces each letter counts as a word.

    >>> words("The CAT, أَهْلاً 猫は")
    ['the', 'cat', 'اهلا', '猫', 'は']
    """
    return _alone().sub(r" \g<0> ", normalize(text)).split()


@cache
def _alone() -> re.Pattern[str]:
    return re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for name in WITHOUT_SPACES for a, b in ranges(name)) + "]")


def hash_words(texts: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
    """64-bit hashes of all words, one text after the other, and where each text begins (one more than texts)."""
    import numpy as np
    from xxhash import xxh3_64_intdigest

    starts = np.cumsum([0, *map(len, texts)])
    hashes = (xxh3_64_intdigest(word.encode("utf-8", "surrogatepass")) for text in texts for word in text)
    return np.fromiter(hashes, dtype=np.uint64, count=int(starts[-1])), starts


def hash_ngrams(hashes: np.ndarray, starts: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of every n-gram within a text, and the number of the word that each begins with.

    An n-gram's hash is the multilinear sum of its words' hashes modulo 2^64 with fixed odd factors, so that it depends
    on their order; all texts are worked on at once.
    """
    import numpy as np

    count = len(hashes) - n + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    factors = np.random.Generator(np.random.PCG64(n)).integers(0, 1 << 63, n, dtype=np.uint64) * np.uint64(2)
    total = np.zeros(count, dtype=np.uint64)
    for k in range(n):
        total += hashes[k : k + count] * (factors[k] + np.uint64(1))
    first = np.arange(count)
    text = np.searchsorted(starts, first, side="right") - 1
    inside = first + n <= starts[text + 1]
    return total[inside], first[inside]


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value: in lists, dicts and the lists and dicts inside them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from texts_in(part)
