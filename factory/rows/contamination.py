"""Which rows hold texts of a benchmark: n-grams of words, looked up for whole shards at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from factory.arrays import ndarray, np
from factory.text.words import hash_ngrams, hash_words, words

AT_ONCE = 20_000  # texts hashed together


@dataclass(frozen=True)
class Hit:
    """The benchmark's text that a row holds most of: share of its n-grams, whose it is, and n-gram words in common."""

    share: float
    benchmark: str
    words: str


@dataclass
class _Table:
    """The n-grams of one length: sorted hashes, and the text that each is of."""

    hashes: ndarray
    texts: ndarray


class Benchmarks:
    """All n-grams of the benchmarks' texts.

    A text of fewer than `ngram` words counts as one n-gram of its own length if it has `shortest` words; shorter ones
    are left out, for they are found everywhere.

    Attributes:
        indexed, left_out: how many different texts there are of either kind.
        names: of those that are indexed.
    """

    def __init__(self, texts: Iterable[tuple[str, str]], ngram: int, shortest: int) -> None:
        """`texts` are (benchmark, text)."""
        self.names: list[str] = []
        self._sizes: list[ndarray] = []
        self.indexed = self.left_out = 0
        parts: dict[int, list[tuple[ndarray, ndarray]]] = {}
        seen: set[int] = set()
        waiting: dict[int, list[list[str]]] = {}
        owners: dict[int, list[int]] = {}

        def flush(length: int) -> None:
            hashes, starts = hash_words(waiting[length])
            found, first = hash_ngrams(hashes, starts, length)
            text = np.searchsorted(starts, first, side="right") - 1
            owner = np.asarray(owners[length], dtype=np.int64)[text]
            parts.setdefault(length, []).append((found, owner))
            waiting[length], owners[length] = [], []

        for name, text in texts:
            known = words(text)
            if hash(key := " ".join(known)) in seen or not key:
                continue
            seen.add(hash(key))
            if len(known) < min(shortest, ngram):
                self.left_out += 1
                continue
            length = min(ngram, len(known))
            waiting.setdefault(length, []).append(known)
            owners.setdefault(length, []).append(len(self.names))
            self.names.append(name)
            if len(waiting[length]) >= AT_ONCE:
                flush(length)
        for length in list(waiting):
            flush(length)
        self.indexed = len(self.names)
        self._count = np.zeros(self.indexed, dtype=np.int64)
        self._tables = {length: self._table(found) for length, found in sorted(parts.items())}

    def _table(self, parts: list[tuple[ndarray, ndarray]]) -> _Table:
        hashes = np.concatenate([found for found, _ in parts])
        texts = np.concatenate([owner for _, owner in parts])
        order = np.lexsort((texts, hashes))
        hashes, texts = hashes[order], texts[order]
        fresh = np.ones(len(hashes), dtype=bool)
        fresh[1:] = (hashes[1:] != hashes[:-1]) | (texts[1:] != texts[:-1])
        hashes, texts = hashes[fresh], texts[fresh]
        self._count += np.bincount(texts, minlength=len(self._count))
        return _Table(hashes, texts)

    def hits(self, rows: Sequence[Sequence[str]]) -> list[Hit | None]:
        """For each row (its texts) what it has of the benchmarks."""
        split = [[words(text) for text in row] for row in rows]
        flat = [text for row in split for text in row]
        row_of = np.repeat(np.arange(len(rows)), [len(row) for row in split])
        hashes, starts = hash_words(flat)
        best: list[Hit | None] = [None] * len(rows)
        for length, table in self._tables.items():
            found, first = hash_ngrams(hashes, starts, length)
            left = np.searchsorted(table.hashes, found, side="left")
            there = left < len(table.hashes)
            there[there] = table.hashes[left[there]] == found[there]
            found, first, left = found[there], first[there], left[there]
            text = np.searchsorted(starts, first, side="right") - 1
            for row in np.unique(row_of[text]).tolist():
                mine = row_of[text] == row
                shown, begin = int(first[mine][0]), int(text[mine][0])
                place = shown - int(starts[begin])
                hit = self._best(table, found[mine], " ".join(flat[begin][place : place + length]))
                known = best[row]
                if known is None or hit.share > known.share:
                    best[row] = hit
        return best

    def found(self, rows: Sequence[Sequence[str]]) -> set[str]:
        """Whose texts (by the names that they were given with) have an n-gram in common with one of the rows."""
        hashes, starts = hash_words([words(text) for row in rows for text in row])
        names: set[str] = set()
        for length, table in self._tables.items():
            grams = np.unique(hash_ngrams(hashes, starts, length)[0])
            left = np.searchsorted(table.hashes, grams, side="left")
            right = np.searchsorted(table.hashes, grams, side="right")
            for begin, end in zip(left[right > left], right[right > left], strict=True):
                names.update(self.names[text] for text in table.texts[begin:end])
        return names

    def _best(self, table: _Table, found: ndarray, shown: str) -> Hit:
        unique = np.unique(found)
        left = np.searchsorted(table.hashes, unique, side="left")
        right = np.searchsorted(table.hashes, unique, side="right")
        owners = np.concatenate([table.texts[a:b] for a, b in zip(left, right, strict=True)])
        texts, counts = np.unique(owners, return_counts=True)
        shares = counts / self._count[texts]
        top = int(shares.argmax())
        return Hit(float(shares[top]), self.names[int(texts[top])], shown)
