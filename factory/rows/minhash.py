"""Near duplicates among many rows: MinHash signatures on disk, compared bucket by bucket.

A row is represented by the set of its word n-grams; the share of equal positions of two signatures estimates the
Jaccard similarity of the sets (Broder, "On the resemblance and containment of documents", 1997). Rows that agree in a
whole band of positions are candidates (locality-sensitive hashing), and every candidate pair is then compared by its
signatures, so that the threshold means what it says.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from factory.arrays import ndarray, np
from factory.text.words import hash_ngrams, hash_words, words

SEED = 1
WEIGHTS = (0.1, 0.9)  # of false positives and false negatives when bands are chosen: the former are sorted out anyway
SORTED_AT_ONCE = 4_000_000  # rows of a band; about 200 MB
COMPARED = 64  # rows before it in a bucket that a row is compared with, at most
PAIRS_AT_ONCE = 50_000


@cache
def bands(threshold: float, num_perm: int) -> tuple[int, int]:
    """(bands, positions in each) that datasketch finds best for the threshold.

    >>> bands(0.8, 128)
    (14, 9)
    """
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=num_perm, weights=WEIGHTS)
    return index.b, index.r


def signatures(rows: Sequence[Sequence[str]], ngram: int, num_perm: int) -> ndarray:
    """A (rows, num_perm) array of uint32. A row is its texts; n-grams do not reach from one text into the next.

    A text with fewer than `ngram` words counts as one n-gram, so that it is near to its equals only.
    """
    from datasketch import MinHash
    from xxhash import xxh3_64_intdigest

    split = [[words(text) for text in row] for row in rows]
    sizes = np.cumsum([0, *map(len, split)])
    hashes, starts = hash_words([text for row in split for text in row])
    ngrams, first = hash_ngrams(hashes, starts, ngram)
    edges = np.searchsorted(first, starts[sizes])
    sets = []
    for number, row in enumerate(split):
        short = [
            xxh3_64_intdigest(" ".join([str(place), *text])) for place, text in enumerate(row) if len(text) < ngram
        ]
        sets.append([*short, *ngrams[edges[number] : edges[number + 1]].tolist()])
    made = MinHash.generator(sets, num_perm=num_perm, seed=SEED, hashfunc=lambda value: value & 0xFFFFFFFF)
    return np.array([one.hashvalues for one in made], dtype=np.uint32).reshape(len(sets), num_perm)


class Nearest:
    """For every row, the closest of the rows before it that a bucket brought it together with.

    Attributes:
        rows: number of that row, -1 where no row before is as near as the threshold.
        similarity: estimated Jaccard similarity to it.
    """

    def __init__(self, files: Sequence[Path], num_perm: int, threshold: float) -> None:
        """`files` hold the signatures of consecutive rows, as raw uint32; they are mapped, never read whole."""
        sizes = [file.stat().st_size // (4 * num_perm) for file in files]
        self._starts = np.cumsum([0, *sizes])
        self._parts = [
            np.memmap(file, dtype=np.uint32, mode="r", shape=(size, num_perm)) if size else None
            for file, size in zip(files, sizes, strict=True)
        ]
        self._threshold = threshold
        self.rows = np.full(int(self._starts[-1]), -1, dtype=np.int64)
        self.similarity = np.zeros(len(self.rows), dtype=np.float32)
        count, width = bands(threshold, num_perm)
        for band in range(count):
            self._band(slice(band * width, (band + 1) * width))

    def _band(self, columns: slice) -> None:
        portions = -(-len(self.rows) // SORTED_AT_ONCE)
        for portion in range(portions):
            keys, places = [], []
            for part, start in zip(self._parts, self._starts, strict=False):
                if part is None:
                    continue
                known = _mixed(part[:, columns])
                here = np.flatnonzero(known % np.uint64(portions) == portion)
                keys.append(known[here])
                places.append(here + start)
            self._buckets(np.concatenate(keys), np.concatenate(places))

    def _buckets(self, keys: ndarray, places: ndarray) -> None:
        """Compare the rows of each bucket with those before them, the nearest in order first."""
        order = np.argsort(keys, kind="stable")  # equal keys stay in the order of their rows
        keys, places = keys[order], places[order]
        waiting = np.flatnonzero(self.rows[places] < 0)
        for distance in range(1, COMPARED + 1):
            waiting = waiting[waiting >= distance]
            waiting = waiting[keys[waiting] == keys[waiting - distance]]
            if not len(waiting):
                break
            for start in range(0, len(waiting), PAIRS_AT_ONCE):
                chunk = waiting[start : start + PAIRS_AT_ONCE]
                later, earlier = places[chunk], places[chunk - distance]
                near = (self._signatures(later) == self._signatures(earlier)).mean(axis=1, dtype=np.float32)
                hit = near >= np.float32(self._threshold)
                self.rows[later[hit]], self.similarity[later[hit]] = earlier[hit], near[hit]
            waiting = waiting[self.rows[places[waiting]] < 0]

    def _signatures(self, rows: ndarray) -> ndarray:
        part = np.searchsorted(self._starts, rows, side="right") - 1
        width = next(known.shape[1] for known in self._parts if known is not None)
        found = np.empty((len(rows), width), dtype=np.uint32)
        for number in np.unique(part):
            here = part == number
            known = self._parts[number]
            assert known is not None
            found[here] = known[rows[here] - self._starts[number]]
        return found


def _mixed(band: ndarray) -> ndarray:
    """One 64-bit key per row of a band's columns."""
    key = np.zeros(len(band), dtype=np.uint64)
    for column in range(band.shape[1]):
        key = (key ^ band[:, column].astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key
