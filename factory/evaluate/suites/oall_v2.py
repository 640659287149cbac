"""The Open Arabic LLM Leaderboard v2, zero-shot, as Hala's report uses it: 116 subtasks in six benchmarks."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field

from factory.evaluate.base import RequiredDataset, Suite, report
from factory.evaluate.lighteval_model import SCORING, Scoring
from factory.evaluate.lighteval_run import Subtask, run_subtasks
from factory.evaluate.samples import Samples
from factory.evaluate.score import mean_of
from factory.step.job import Job
from factory.step.surroundings import contained
from factory.text import yaml

BENCHMARKS_FILE = Path(__file__).with_suffix(".yaml")


class Benchmark(NamedTuple):
    """One of the six: lighteval's task family, less the subtasks that the leaderboard does not use."""

    family: str
    repo: str
    split: str
    subtasks: int
    columns: dict[str, Any]
    answer: str
    answers: list[Any]
    without: tuple[str, ...] = ()

    def row(self, i: int) -> dict[str, Any]:
        """A stand-in for row i: what its columns hold, and the right answer, another one in each row."""
        shown = {
            name: said.replace("{i}", str(i)) if isinstance(said, str) else said for name, said in self.columns.items()
        }
        return {**shown, self.answer: self.answers[i % len(self.answers)]}


BENCHMARKS = {name: Benchmark(**entry) for name, entry in yaml.load(BENCHMARKS_FILE.read_text("utf-8")).items()}
AVERAGE = "average"


class OallV2(Suite):
    """Score of a benchmark: unweighted mean of its subtasks. Headline ``average``: unweighted mean of the six.

    Prompts, metric and data are those of lighteval's Arabic tasks; the leaderboard's seventh benchmark, ALRAGE, needs
    a 72B judge and is left out, as in the report. Scores with `max_samples` are not comparable with anything.
    """

    version: ClassVar[int] = 3  # until then the template's last line break was scored with every choice
    description: ClassVar[str] = "Open Arabic LLM Leaderboard v2: six benchmarks, 116 zero-shot subtasks (lighteval)"

    max_samples: int | None = Field(None, ge=1, description="per subtask, for a quick look")
    chat_template: bool | Literal["auto"] = Field("auto", description="auto: where the tokenizer has one")
    scoring: Scoring = Field("clean", description=SCORING)
    revisions: dict[str, str] = Field({}, description="commit SHA per dataset repo; default: the newest")

    def score_names(self) -> list[str]:
        return [AVERAGE, *BENCHMARKS]

    def most_samples(self) -> int | None:
        subtasks = sum(benchmark.subtasks for benchmark in BENCHMARKS.values())
        return self.max_samples and subtasks * self.max_samples

    def hub_datasets(self) -> list[str]:
        return [benchmark.repo for benchmark in BENCHMARKS.values()]

    def at_revisions(self, revisions: Mapping[str, str]) -> Self:
        found = {repo: revisions[repo] for repo in self.hub_datasets() if repo in revisions}
        return self.model_copy(update={"revisions": found | self.revisions})

    def required_datasets(self) -> list[RequiredDataset]:
        """The six datasets with the configs that are read; asking costs the import of lighteval."""
        with contained():
            return [
                RequiredDataset(
                    benchmark.repo,
                    tuple(config.hf_subset for config in _configs(benchmark)),
                    benchmark.split,
                    benchmark.row,
                )
                for benchmark in BENCHMARKS.values()
            ]

    def run(self, job: Job) -> None:
        scores, kept, details, protocol = run_subtasks(
            job,
            self._subtasks,
            chat_template=self.chat_template,
            scoring=self.scoring,
            max_samples=self.max_samples,
        )
        groups = {
            name: [score.name for score in scores if score.task.split(":")[0] == benchmark.family]
            for name, benchmark in BENCHMARKS.items()
        }
        samples = Samples(kept, {AVERAGE: [*groups.values()], **{name: [group] for name, group in groups.items()}})
        parts = {
            name: mean_of(
                name,
                [score for score in scores if score.name in groups[name]],
                task=benchmark.family,
                dataset=benchmark.repo,
                split=benchmark.split,
                revision=self.revisions.get(benchmark.repo),
            )
            for name, benchmark in BENCHMARKS.items()
        }
        average = mean_of(AVERAGE, list(parts.values()), task="OALL v2")
        protocol |= {
            "suite": self.verb,
            "average": "unweighted mean over six benchmarks, each the unweighted mean of its subtasks",
            "revisions": self.revisions,
            "subtasks": {score.name: round(score.value, 4) for score in scores},
        }
        if self.max_samples:
            job.notes.append(f"{self.verb}: only {self.max_samples} samples per subtask; not comparable")
        if unpinned := [repo for repo in self.hub_datasets() if repo not in self.revisions]:
            job.notes.append(f"{self.verb}: newest version of {', '.join(unpinned)}, not a pinned one")
        report(job, AVERAGE, [average, *parts.values()], samples, protocol, details)

    def _subtasks(self) -> list[Subtask]:
        found = []
        for benchmark in BENCHMARKS.values():
            for config in map(copy.copy, _configs(benchmark)):
                config.hf_revision = self.revisions.get(benchmark.repo)
                found.append(Subtask(config.name, config))
        return found


def _configs(benchmark: Benchmark) -> list[Any]:
    """lighteval's task configurations of one benchmark."""
    from lighteval.tasks.multilingual.tasks.arabic import TASKS_TABLE

    found = [
        config
        for config in TASKS_TABLE
        if config.name.split(":")[0] == benchmark.family and config.name not in benchmark.without
    ]
    # Another release of lighteval may define other subtasks; their mean would not be this suite's score.
    assert len(found) == benchmark.subtasks, f"lighteval has {len(found)} subtasks of {benchmark.family}"
    return found
