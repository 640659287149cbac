"""What every suite is: a step whose source is a model and whose result is scores.

Adding a suite means adding one file to `factory/evaluate/suites/` with one class in it; the file's name (with ``-``
for ``_``) is what a recipe's ``evaluate:`` section writes. A suite entry becomes one node per model it lists.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field

from factory.arrays import pa
from factory.errors import FactoryError
from factory.evaluate.samples import Samples
from factory.evaluate.score import Score
from factory.refs import HubRef, SplitSlice, is_hub_ref, is_local
from factory.step.base import DatasetRef, ModelRef, Step, as_list
from factory.step.job import Artifact, Job
from factory.store import write_atomically, write_shard
from factory.text.digest import digest

Scoring = Literal["published", "clean"]
"""``published``: bug for bug as published numbers were made; ``clean``: what is meant. They are two protocols."""

RESULTS, DETAILS = "results.json", "details.parquet"

DatasetRefs = Annotated[list[DatasetRef], BeforeValidator(as_list, json_schema_input_type=str | list[str])]
"""One dataset or several."""


@dataclass(frozen=True)
class RequiredDataset:
    """A public dataset that a suite reads, and how a row of it looks: ``row(i)`` fits the suite's prompt."""

    repo: str
    configs: tuple[str, ...]
    split: str
    row: Callable[[int], dict[str, Any]]


class Suite(Step):
    """A named protocol that scores one model.

    `run` reads the model from ``job.input.model`` and each dataset from ``job.inputs[ref]``; it sets `job.metrics` to
    {headline: name of the score that stands for the suite, scores: {name: `Score` as a dict}, protocol: everything
    needed to repeat the measurement}, and writes the same to ``results.json``, one row per sample to
    ``details.parquet``, and what each score was made from to ``samples.parquet``.
    """

    produces: ClassVar[Literal["dataset", "model", "evaluation"]] = "evaluation"
    description: ClassVar[str] = ""
    shows_pictures: ClassVar[bool] = False  # a model that reads text only cannot be asked
    texts: ClassVar[tuple[str, ...]] = ("question",)
    """Columns of the details that hold what a sample says: what training data must not."""
    ranks: ClassVar[bool] = False
    """Whether its headline is what the task of `benchmark` measures, so that it may stand on its leaderboard."""

    models: list[ModelRef] = Field(min_length=1, description="models to score: artifacts of the recipe or Hub refs")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.verb = cls.verb.replace("_", "-")

    def needed_columns(self) -> dict[str, list[str]]:
        """Columns that the suite reads, by dataset ref: what a plan can check before any work."""
        return {}

    def hub_datasets(self) -> list[str]:
        """Repos that the suite reads by itself, beside its references: a plan resolves each to a commit SHA."""
        return []

    def at_revisions(self, revisions: Mapping[str, str]) -> Self:
        """The suite with {repo: SHA} of its `hub_datasets` fixed, so that they are part of its identity."""
        return self

    def required_datasets(self) -> list[RequiredDataset]:
        """Public datasets that the suite reads under their own names: what a rehearsal makes stand-ins of."""
        return []

    def benchmark(self) -> dict[str, Any] | None:
        """How anyone measures on its data with inspect-ai: `field_spec`, `solvers` and `scorers` of a task in the
        dataset's ``eval.yaml``; None where that framework has nothing of the kind.
        """
        return None

    def most_samples(self) -> int | None:
        """How many samples the suite's own parameters leave at most, for estimates; None: all."""
        return None

    def score_names(self) -> list[str] | None:
        """Names that gates may ask for, the headline first; None where the data decides."""
        return None

    @classmethod
    def board_columns(cls, metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """Columns of its leaderboard, by the names of scores, each with {subtask: value}.

        Scores of the headline's own metric are its subtasks. Where the headline is no column, it is their mean.

        Args:
            metrics: `Job.metrics` of one of its evaluations.
        """
        headline, scores = metrics["headline"], metrics["scores"]
        metric = scores[headline].get("metric")
        parts = {name: score["value"] for name, score in scores.items() if score.get("metric") == metric}
        columns = {name: {} for name in scores if name not in parts}
        return {headline: {name: value for name, value in parts.items() if name != headline}, **columns}


def asked(*content: Any) -> str:
    """The key of a sample: a digest of what was asked, which is the same for every model."""
    return digest(content).hex()


@dataclass(frozen=True)
class Provenance:
    """Where a suite's rows come from, in the words that scores and cards use."""

    dataset: str
    config: str | None
    revision: str | None
    split: str

    def about(self) -> dict[str, str | None]:
        return {"dataset": self.dataset, "config": self.config, "split": self.split, "revision": self.revision}


def input_rows(
    job: Job, ref: str, columns: Sequence[str], split: str | None, *, examples: bool = False
) -> tuple[Provenance, list[dict[str, Any]]]:
    """The rows of one of the suite's datasets, with the named columns only.

    Of a Hub ref or a local file the suite's split is all that was loaded; of an artifact of the recipe it is chosen
    (and cut, ``test[:100]``) here. `examples`: the split is another one than the suite's.

    Raises:
        FactoryError: the split, a column or any row is missing.
    """
    artifact: Artifact = job.inputs[ref]
    where = job.where or job.name
    loaded = (is_hub_ref(ref) or is_local(ref)) and not examples
    wanted = SplitSlice.parse(artifact.split if loaded or split is None else split)
    chosen = wanted.name
    dataset = artifact.dataset
    if chosen not in dataset.splits:
        fix = f"it has: {', '.join(dataset.splits)}"
        raise FactoryError(f"{ref} has no split {chosen!r}", where=where, fix=fix)
    names = dataset.schema(chosen).names
    if missing := [column for column in columns if column not in names]:
        fix = f"name its columns in the suite; it has: {', '.join(names)}"
        raise FactoryError(f"{ref} has no column {', '.join(map(repr, missing))}", where=where, fix=fix)
    rows = [
        {column: row[column] for column in columns} for row in islice(dataset.rows(chosen), wanted.start, wanted.stop)
    ]
    if not rows:
        raise FactoryError(f"{ref} has no rows in split {chosen!r}", where=where)
    hub = HubRef.parse(ref) if is_hub_ref(ref) else HubRef(ref.partition(":")[0])
    loaded_from = artifact.manifest.identity.get("parameters", {})
    revision = loaded_from.get("revision") or hub.revision or artifact.manifest.fingerprint
    return Provenance(hub.repo, hub.config, str(revision), chosen), rows


def report(
    job: Job,
    headline: str,
    scores: Iterable[Score],
    samples: Samples,
    protocol: dict[str, Any],
    details: list[dict[str, Any]],
) -> None:
    """Fill `job.metrics` and write ``results.json``, ``samples.parquet`` and ``details.parquet``."""
    named = {score.name: score.model_dump(exclude_none=True) for score in scores}
    assert headline in named, f"{headline} is not among the scores"
    assert named.keys() == samples.scores.keys(), "every score has its samples"
    samples.write(job.out)
    job.metrics = {"headline": headline, "scores": named, "protocol": protocol}
    write_shard(job.out / DETAILS, pa.Table.from_pylist(details))
    text = json.dumps(job.metrics, ensure_ascii=False, indent=2, sort_keys=False)
    write_atomically(job.out / RESULTS, (text + "\n").encode())


def versions(*packages: str) -> dict[str, str]:
    """Installed versions of the packages that a number depends on."""
    return {package: version(package) for package in packages}
