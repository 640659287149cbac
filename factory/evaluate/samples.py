"""What each score was made from, sample by sample: by it two models are compared on the same questions."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from factory.arrays import ndarray, np, pa
from factory.store import write_shard

FILE = "samples.parquet"
RESAMPLES = 1000
BOOTSTRAP_SEED = 12345  # sacrebleu's default, so that its own intervals can be compared with these
DRAWN_AT_ONCE = 100_000  # numbers, so that they stay in the processor's cache
ABOUT = (b"scores", b"forms")  # keys of its schema's metadata

Form = Callable[[ndarray], ndarray]
"""(r, k) sums of statistics -> (r,) scores."""


def _each(score: Callable[[list[float]], float]) -> Form:
    return lambda sums: np.array([score(row) for row in sums.tolist()])


@cache
def sacrebleu_metric(name: str) -> Any:
    """sacrebleu's BLEU 13a or chrF++, by these names in `FORMS`."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    return BLEU(tokenize="13a") if name == "bleu" else CHRF(word_order=2)


def _sacrebleu(name: str) -> Form:
    return _each(lambda sums: sacrebleu_metric(name)._compute_score_from_stats(sums).score)


FORMS: dict[str, Form] = {
    "ratio": lambda sums: sums[:, 0] / np.maximum(sums[:, 1], 1),
    "exp": _each(lambda sums: math.exp(sums[0] / max(sums[1], 1))),
    "bleu": _sacrebleu("bleu"),
    "chrf++": _sacrebleu("chrf++"),
}
"""How the sums of the samples' statistics become a score."""


@dataclass(frozen=True)
class Part:
    """The samples of one pooled score.

    Attributes:
        keys: (n) what was asked, the same for every model.
        statistics: (n, k) floats; the score is `form` of their sums.
        clusters: (n) names of what belongs together (a subject, a document); None: each sample stands alone.
    """

    keys: Sequence[str]
    statistics: ndarray
    form: str = "ratio"
    clusters: Sequence[str] | None = None

    @classmethod
    def of_values(cls, keys: Sequence[str], values: Sequence[float], clusters: Sequence[str] | None = None) -> "Part":
        """Of a score that is the mean of its samples' values."""
        return cls(keys, np.array([[value, 1.0] for value in values]).reshape(-1, 2), clusters=clusters)

    @property
    def value(self) -> float:
        return float(FORMS[self.form](self.statistics.sum(axis=0)[None])[0])

    def units(self, whole: bool) -> ndarray:
        """What is drawn: (u, k) statistics of the clusters where they are taken whole, else of the samples."""
        if not whole or self.clusters is None:
            return self.statistics
        names, of = np.unique(np.asarray(self.clusters, dtype=object).astype(str), return_inverse=True)
        sums = np.zeros((len(names), self.statistics.shape[1]))
        np.add.at(sums, of, self.statistics)
        return sums

    def resampled(self, whole: bool, *others: "Part", rng: Any = None) -> list[ndarray]:
        """(r) scores of 1,000 resamples of the units, for this part and for others of the same samples."""
        rng = np.random.default_rng(BOOTSTRAP_SEED) if rng is None else rng
        parts = [self, *others]
        units = [part.units(whole) for part in parts]
        n, joined = len(units[0]), np.concatenate(units, axis=1)
        at_once = max(1, DRAWN_AT_ONCE // max(1, joined.size))
        sums = np.concatenate(
            [
                joined[rng.integers(n, size=(min(at_once, RESAMPLES - done), n))].sum(axis=1)
                for done in range(0, RESAMPLES, at_once)
            ]
        )
        ends = np.cumsum([one.shape[1] for one in units])
        return [FORMS[part.form](own) for part, own in zip(parts, np.split(sums, ends[:-1], axis=1), strict=True)]


@dataclass(frozen=True)
class Samples:
    """The samples of an evaluation.

    Attributes:
        parts: by name.
        scores: {score: groups of names of parts}. A score is the unweighted mean of its groups, a group that of its
            parts; the parts of a group are clusters themselves (subjects of a benchmark).
    """

    parts: Mapping[str, Part]
    scores: Mapping[str, Sequence[Sequence[str]]]

    @classmethod
    def pooled(cls, parts: Mapping[str, Part]) -> "Samples":
        """Of scores that each have a part of their own."""
        return cls(parts, {name: [[name]] for name in parts})

    def value(self, score: str) -> float:
        groups = [np.mean([self.parts[name].value for name in group]) for group in self.scores[score]]
        return float(np.mean(groups))

    def write(self, folder: Path) -> None:
        """Columns: `part`, `key`, `cluster` (or null), `statistics`; what scores are made of them is in the schema."""
        tables = [
            pa.table(
                {
                    "part": pa.array([name] * len(part.keys), pa.string()),
                    "key": pa.array(part.keys, pa.string()),
                    "cluster": pa.array(part.clusters or [None] * len(part.keys), pa.string()),
                    "statistics": pa.array(part.statistics.tolist(), pa.list_(pa.float64())),
                }
            )
            for name, part in self.parts.items()
        ]
        forms = {name: part.form for name, part in self.parts.items()}
        about = {"scores": json.dumps(self.scores), "forms": json.dumps(forms)}
        write_shard(folder / FILE, pa.concat_tables(tables).replace_schema_metadata(about))

    @classmethod
    def read(cls, folder: Path) -> "Samples | None":
        """None: the evaluation is of a release that kept none."""
        import pyarrow.parquet as pq

        if not (folder / FILE).is_file():
            return None
        table = pq.read_table(folder / FILE)
        about = {
            key.decode(): json.loads(value) for key, value in (table.schema.metadata or {}).items() if key in ABOUT
        }
        names = np.array(table["part"].to_pylist(), dtype=object)
        keys, clusters, statistics = (table[name].to_pylist() for name in ("key", "cluster", "statistics"))
        parts = {}
        for name, form in about["forms"].items():
            rows = np.flatnonzero(names == name).tolist()
            own = [clusters[row] for row in rows]
            parts[name] = Part(
                [keys[row] for row in rows],
                np.array([statistics[row] for row in rows]),
                form,
                None if None in own else own,
            )
        return cls(parts, about["scores"])
