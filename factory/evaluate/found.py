"""How much of a benchmark stands in training data: samples that have an n-gram of words in common with a row of it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from factory.arrays import pq
from factory.evaluate.base import DETAILS
from factory.evaluate.samples import Samples
from factory.rows.contamination import Benchmarks
from factory.store.columns import read_columns
from factory.store.kinds import has_pictures
from factory.text.words import texts_in

NGRAM, SHORTEST = 13, 8  # words, as in `decontaminate`: GPT-3 (arXiv 2005.14165, appendix C)
MOST_ROWS = 1_000_000  # of each dataset: a score's hygiene may not cost more than the score
ALL = ""  # the label where a suite has no subtasks


@dataclass(frozen=True)
class Found:
    """Of one evaluation, by label (a subtask, or `ALL`).

    Attributes:
        looked_for: samples whose text is long enough; of the others nobody can tell.
        found: those of them that a training row holds an n-gram of.
        rows: rows that were read; `whole`: there were no more.
    """

    looked_for: Mapping[str, int]
    found: Mapping[str, int]
    rows: int
    whole: bool

    def share(self, labels: Iterable[str]) -> float | None:
        """Percent of the samples of these labels; None where none is long enough."""
        known = [label for label in labels if label in self.looked_for] or [*self.looked_for]
        looked = sum(self.looked_for[label] for label in known)
        return 100 * sum(self.found.get(label, 0) for label in known) / looked if looked else None

    def shares(self, evaluation: Path) -> dict[str, float]:
        """{score: percent} for the scores of the evaluation."""
        samples = Samples.read(evaluation)
        scores = samples.scores if samples is not None else {}
        found = {score: self.share([label for group in groups for label in group]) for score, groups in scores.items()}
        return {score: share for score, share in found.items() if share is not None}

    @classmethod
    def load(cls, path: Path) -> "Found | None":
        return cls(**json.loads(path.read_bytes())) if path.is_file() else None

    def dump(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()


def look_for(evaluation: Path, columns: Sequence[str], shards: Iterable[Sequence[Path]]) -> Found:
    """Look for an evaluation's samples, whose texts are these columns of its details, in datasets: lists of shards.

    Everything readable in a row counts, whatever of it a training used. Case, punctuation and variants of Arabic
    spelling never count.
    """
    table = read_columns(evaluation / DETAILS, None)
    details = table.select([name for name in table.column_names if name in {*columns, "subtask"}]).to_pylist()
    texts = [
        (f"{number}", " ".join(str(detail.get(name) or "") for name in columns))
        for number, detail in enumerate(details)
    ]
    known = Benchmarks(texts, NGRAM, SHORTEST)
    label_of = [detail.get("subtask") or ALL for detail in details]
    rows, whole, names = 0, True, set()
    for dataset in shards:
        read = 0
        for path in dataset:
            if read >= MOST_ROWS:
                whole = False
                break
            schema = pq.read_schema(path)
            own = read_columns(path, [field.name for field in schema if not has_pictures(field.type)]).to_pylist()
            names |= known.found([list(texts_in(row)) for row in own])
            read += len(own)
        rows += read
    looked_for = Counter(label_of[int(name)] for name in known.names)
    return Found(dict(looked_for), dict(Counter(label_of[int(name)] for name in names)), rows, whole)
