"""Suites made of lighteval's own tasks, zero-shot: their prompts and data, one metric, and means of their subtasks."""

import copy
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field

from factory.evaluate.base import RequiredDataset, Scoring, Suite, report
from factory.evaluate.lighteval_model import SCORING
from factory.evaluate.lighteval_run import Subtask, arabic_accuracy, run_subtasks
from factory.evaluate.samples import Samples
from factory.evaluate.score import mean_of
from factory.step.job import Job
from factory.step.surroundings import contained
from factory.text import yaml

AVERAGE = "average"


class Benchmark(NamedTuple):
    """One of lighteval's task families, less the subtasks that do not count."""

    family: str
    repo: str
    split: str
    subtasks: int
    columns: dict[str, Any]
    answer: str
    answers: list[Any]
    without: tuple[str, ...] = ()
    module: str = "lighteval.tasks.multilingual.tasks.arabic"

    def row(self, i: int) -> dict[str, Any]:
        """A stand-in for row i: what its columns hold, and the right answer, another one in each row."""
        shown = {
            name: said.replace("{i}", str(i)) if isinstance(said, str) else said for name, said in self.columns.items()
        }
        return {**shown, self.answer: self.answers[i % len(self.answers)]}

    def configs(self) -> list[Any]:
        """lighteval's task configurations, on this dataset and with the one metric."""
        found = [
            copy.copy(config)
            for config in import_module(self.module).TASKS_TABLE
            if config.name.split(":")[0] == self.family and config.name not in self.without
        ]
        # Another release of lighteval may define other subtasks; their mean would not be this suite's score.
        assert len(found) == self.subtasks, f"lighteval has {len(found)} subtasks of {self.family}"
        for config in found:
            config.hf_repo, config.metrics = self.repo, [arabic_accuracy()]
        return found


@cache
def benchmarks() -> dict[str, dict[str, Benchmark]]:
    """{suite: {name of the score: benchmark}}."""
    known = yaml.load(Path(__file__).with_name("benchmarks.yaml").read_text("utf-8"))
    return {suite: {name: Benchmark(**entry) for name, entry in of.items()} for suite, of in known.items()}


class TaskSuite(Suite):
    """Score of a benchmark: unweighted mean of its subtasks. Of several the headline is ``average``: their mean.

    Prompts and data are those of lighteval's tasks; the choice counts that has the highest log-probability per
    character. Scores with `max_samples` are not comparable with anything.
    """

    version: ClassVar[int] = 3  # until then the template's last line break was scored with every choice

    max_samples: int | None = Field(None, ge=1, description="per subtask, for a quick look")
    chat_template: bool | Literal["auto"] = Field("auto", description="auto: where the tokenizer has one")
    scoring: Scoring = Field("clean", description=SCORING)
    revisions: dict[str, str] = Field({}, description="commit SHA per dataset repo; default: the newest")

    @classmethod
    def benchmarks(cls) -> dict[str, Benchmark]:
        return benchmarks()[cls.verb]

    def score_names(self) -> list[str]:
        names = [*self.benchmarks()]
        return [AVERAGE, *names] if len(names) > 1 else names

    @classmethod
    def board_columns(cls, metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """Its benchmarks; where these are several, the headline is their mean."""
        subtasks = metrics["protocol"].get("subtasks", {})
        return {
            name: {task: value for task, value in subtasks.items() if task.split(":")[0] == benchmark.family}
            for name, benchmark in cls.benchmarks().items()
            if name in metrics["scores"]
        }

    def most_samples(self) -> int | None:
        subtasks = sum(benchmark.subtasks for benchmark in self.benchmarks().values())
        return self.max_samples and subtasks * self.max_samples

    def hub_datasets(self) -> list[str]:
        return [benchmark.repo for benchmark in self.benchmarks().values()]

    def at_revisions(self, revisions: Mapping[str, str]) -> Self:
        found = {repo: revisions[repo] for repo in self.hub_datasets() if repo in revisions}
        return self.model_copy(update={"revisions": found | self.revisions})

    def required_datasets(self) -> list[RequiredDataset]:
        """The datasets with the configs that are read; asking costs the import of lighteval."""
        with contained():
            return [
                RequiredDataset(
                    benchmark.repo,
                    tuple(config.hf_subset for config in benchmark.configs()),
                    benchmark.split,
                    benchmark.row,
                )
                for benchmark in self.benchmarks().values()
            ]

    def run(self, job: Job) -> None:
        scores, parts, details, protocol = run_subtasks(
            job,
            self.subtasks,
            chat_template=self.chat_template,
            scoring=self.scoring,
            max_samples=self.max_samples,
        )
        named = {score.name: score for score in scores}
        groups = {
            name: [score for score in named if score.split(":")[0] == benchmark.family]
            for name, benchmark in self.benchmarks().items()
        }
        means = [
            mean_of(
                name,
                [named[subtask] for subtask in groups[name]],
                task=benchmark.family,
                dataset=benchmark.repo,
                split=benchmark.split,
                revision=self.revisions.get(benchmark.repo),
            )
            for name, benchmark in self.benchmarks().items()
        ]
        made_of = {name: [group] for name, group in groups.items()}
        if len(means) > 1:
            means = [mean_of(AVERAGE, means, task=self.verb), *means]
            made_of = {AVERAGE: [*groups.values()], **made_of}
        protocol |= {
            "suite": self.verb,
            "average": self._average(),
            "revisions": self.revisions,
            "subtasks": {score.name: round(score.value, 4) for score in scores},
        }
        if self.max_samples:
            job.notes.append(f"{self.verb}: only {self.max_samples} samples per subtask; not comparable")
        if unpinned := [repo for repo in self.hub_datasets() if repo not in self.revisions]:
            job.notes.append(f"{self.verb}: newest version of {', '.join(unpinned)}, not a pinned one")
        report(job, means[0].name, means, Samples(parts, made_of), protocol, details)

    def _average(self) -> str:
        n = len(self.benchmarks())
        return f"unweighted mean over {n} benchmarks, each the " * (n > 1) + "unweighted mean of its subtasks"

    def subtasks(self) -> list[Subtask]:
        found = []
        for benchmark in self.benchmarks().values():
            for config in benchmark.configs():
                config.hf_revision = self.revisions.get(benchmark.repo)
                found.append(Subtask(config.name, config))
        return found
