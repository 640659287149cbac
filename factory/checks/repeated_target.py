from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, ClassVar, Literal

import xxhash
from pydantic import Field, PrivateAttr

from factory.checks.base import Check, Pairs
from factory.text.column import Texts

SHORTEST = 16  # characters; "Yes." is the translation of many sources
BEGINNING = 60  # characters that a leaked example begins with
SOURCE_BEGINNING = 24
_OTHERS = bytes(point for point in range(128) if not chr(point).isalnum())


class RepeatedTarget(Check):
    """How many different sources of the data have this very translation, or one that begins with the same 60
    characters while the sources begin differently: a leaked example of the prompt, a stock answer, a refusal.

    Targets under 16 characters count as met once; case, white space and punctuation of sources do not make them
    different. Seen on a public Arabic MMLU, where 846 of 9,143 rows ask the same unrelated question. Limit: 3, which
    near-equal sources reach. It looks at all rows before any is scored: a pass of about 2 µs a row and 32 bytes of
    memory for each.
    """

    direction: ClassVar[Literal["min", "max"]] = "max"
    compares: ClassVar[bool] = True
    surveys: ClassVar[bool] = True

    max: float = Field(3, ge=1)
    _counts: tuple[dict[int, int], dict[int, int]] = PrivateAttr(default=({}, {}))

    def measure(self, source: str | None, target: str) -> float:
        return _met(target.strip(), *self._counts)

    def counted(self, sources: Texts, targets: Texts) -> Any:
        import numpy as np

        whole, beginnings = self._counts
        if not whole and not beginnings:
            return np.full(len(targets), self.usual)
        return np.array([_met(target, whole, beginnings) for target in targets.stripped])

    def survey(self, batches: Iterable[Pairs]) -> Check:
        found = [_hashes(*batch) for batch in batches]
        copy = self.model_copy()
        copy._counts = _repeated([whole for whole, _ in found]), _repeated([beginnings for _, beginnings in found])
        return copy


def _met(target: str, whole: dict[int, int], beginnings: dict[int, int]) -> float:
    if len(target) < SHORTEST:
        return 1.0
    count = whole.get(_key(target), 1)
    if len(target) > BEGINNING:
        count = max(count, beginnings.get(_key(target[:BEGINNING]), 1))
    return float(count)


def _key(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def _plain(source: str) -> str:
    """Letters and digits, case apart."""
    source = source.lower()
    if source.isascii():
        return source.encode().translate(None, _OTHERS).decode()
    return "".join(filter(str.isalnum, source))


def _hashes(sources: Sequence[str | None], targets: Sequence[str]) -> tuple[Any, Any]:
    """Arrays (rows, 2) of the hashes of targets and sources, and of their beginnings, of targets long enough."""
    pairs = zip(map(str.strip, targets), sources, strict=True)
    whole = [(target, _plain(source or "")) for target, source in pairs if len(target) >= SHORTEST]
    long = (pair for pair in whole if len(pair[0]) > BEGINNING)
    return _keys(whole), _keys([(target[:BEGINNING], source[:SOURCE_BEGINNING]) for target, source in long])


def _keys(pairs: list[tuple[str, str]]) -> Any:
    import numpy as np

    return np.fromiter(map(_key, chain.from_iterable(pairs)), np.uint64, 2 * len(pairs)).reshape(-1, 2)


def _repeated(parts: list[Any]) -> dict[int, int]:
    """Hash of a target -> number of different sources, of those that have several."""
    import numpy as np

    if not parts:
        return {}
    pairs = np.unique(np.concatenate(parts), axis=0)
    targets, counts = np.unique(pairs[:, 0], return_counts=True)
    many = counts > 1
    return dict(zip(targets[many].tolist(), counts[many].tolist(), strict=True))
