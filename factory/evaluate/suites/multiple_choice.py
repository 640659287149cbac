"""Multiple-choice questions scored by log-likelihood, as lighteval's Arabic tasks score them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from factory.errors import FactoryError
from factory.evaluate.base import DatasetRefs, Provenance, Scoring, Suite, input_rows, report
from factory.evaluate.lighteval_model import SCORING
from factory.evaluate.lighteval_run import Subtask, arabic_accuracy, run_subtasks
from factory.evaluate.samples import Samples
from factory.evaluate.score import mean_of
from factory.step.job import Job
from factory.text import yaml

WORDING = yaml.load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))


class Group(NamedTuple):
    """The questions of one subtask."""

    source: Provenance
    rows: list[dict[str, Any]]
    examples: list[dict[str, Any]]


class MultipleChoice(Suite):
    """Accuracy per subject, and their unweighted mean as the headline ``acc``.

    Columns in: `question`, each of `options` (an empty one is left out), `answer` (an Arabic or Latin letter, or a
    number counted from 0), and `subject` where given. Scores: ``acc``, then one per subject.
    """

    version: ClassVar[int] = 3  # until then the template's last line break was scored with every choice
    description: ClassVar[str] = "multiple-choice accuracy by log-likelihood (lighteval)"
    ranks: ClassVar[bool] = True

    data: DatasetRefs = Field(min_length=1)
    question: str = "question"
    options: list[str] = Field(["A", "B", "C", "D"], min_length=2, max_length=10)
    answer: str = "answer"
    subject: str | None = Field(None, description="column that divides the questions into subtasks")
    cluster: str | None = Field(None, description="column whose value tells which document a question is about")
    split: str | None = Field(None, description="default: the split that the ref names")
    language: Literal["ar", "en"] = Field("ar", description="of the instruction and of the letters")
    formulation: Literal["MCF", "CF"] = Field(
        "MCF",
        description="MCF: options with letters in the prompt, letters scored; CF: the question alone, texts scored",
    )
    few_shot: int = Field(0, ge=0, le=32)
    few_shot_split: str | None = Field(None, description="where the examples come from, in the same dataset")
    chat_template: bool | Literal["auto"] = Field("auto", description="auto: where the tokenizer has one")
    scoring: Scoring = Field("clean", description=SCORING)
    n: int | None = Field(None, ge=1, description="questions per subject, drawn by lighteval (seed 42)")

    @model_validator(mode="after")
    def _examples_have_a_source(self) -> Self:
        if self.few_shot and not self.few_shot_split:
            raise ValueError("few_shot needs a few_shot_split: examples must not be the questions themselves")
        return self

    def columns(self) -> list[str]:
        return [self.question, *self.options, self.answer, *(name for name in (self.subject, self.cluster) if name)]

    def needed_columns(self) -> dict[str, list[str]]:
        return {ref: self.columns() for ref in self.data}

    def benchmark(self) -> dict[str, Any]:
        return {
            "field_spec": {"input": self.question, "target": self.answer, "choices": self.options},
            "solvers": [{"name": "multiple_choice"}],
            "scorers": [{"name": "choice"}],
        }

    def run(self, job: Job) -> None:
        parts, kept, details, protocol = run_subtasks(
            job,
            lambda: self._subtasks(job),
            chat_template=self.chat_template,
            scoring=self.scoring,
            few_shot=self.few_shot,
            max_samples=self.n,
        )
        about = {key: getattr(parts[0], key) for key in ("dataset", "config", "split", "revision")}
        if len({part.dataset for part in parts}) > 1:
            about = {"dataset": ", ".join(self.data), "split": parts[0].split}
        headline = mean_of("acc", parts, task=job.name, **about)
        protocol |= {
            "suite": self.verb,
            "language": self.language,
            "formulation": self.formulation,
            "data": self.data,
            "average": f"unweighted mean of {len(parts)} subjects" if len(parts) > 1 else "over all questions",
            "prompt_example": details[0]["query"],
        }
        single = parts if self.subject or len(parts) > 1 else []
        samples = Samples(kept, {"acc": [[*kept]], **{part.name: [[part.name]] for part in single}})
        report(job, "acc", [headline, *single], samples, protocol, details)

    def _subtasks(self, job: Job) -> list[Subtask]:
        """One per subject and dataset; without a subject column, one per dataset."""
        groups: dict[str, Group] = {}
        for ref in self.data:
            source, rows = input_rows(job, ref, self.columns(), self.split)
            examples: list[dict[str, Any]] = []
            if self.few_shot:
                _, examples = input_rows(job, ref, self.columns(), self.few_shot_split, examples=True)
            for number, row in enumerate(rows):
                self._check(row, f"{ref}, row {number}")
                name = str(row[self.subject]) if self.subject else ref
                name = f"{name} ({ref})" if name in groups and groups[name].source != source else name
                groups.setdefault(name, Group(source, [], [])).rows.append(row)
            for row in examples:
                name = str(row[self.subject]) if self.subject else ref
                if name in groups:
                    groups[name].examples.append(row)
        if "acc" in groups:
            groups["acc (subject)"] = groups.pop("acc")
        return [self._subtask(job, number, name, group) for number, (name, group) in enumerate(groups.items())]

    def _subtask(self, job: Job, number: int, name: str, group: Group) -> Subtask:
        from lighteval.tasks.lighteval_task import LightevalTaskConfig

        source, rows, examples = group
        if self.few_shot and len(examples) < self.few_shot:
            raise FactoryError(
                f"{name} has {len(examples)} of {self.few_shot} examples in split {self.few_shot_split!r}",
                where=job.where or job.name,
            )
        # lighteval's task names allow neither commas nor bars; the number keeps two subjects apart.
        slug = re.sub(r"[^\w-]+", "_", f"{job.name}:{number}-{name}")
        config = LightevalTaskConfig(
            name=slug,
            prompt_function=self._doc,  # type: ignore[arg-type]
            hf_repo=source.dataset,
            hf_subset=source.config or "default",
            hf_revision=source.revision,
            metrics=[arabic_accuracy()],
            hf_avail_splits=[source.split, *([self.few_shot_split] if self.few_shot_split else [])],
            evaluation_splits=[source.split],
            few_shots_split=self.few_shot_split,
            few_shots_select="sequential" if self.few_shot else None,
            generation_size=-1,
            version=self.version,
        )

        def load() -> Any:
            import datasets

            splits = {source.split: rows, **({self.few_shot_split: examples} if self.few_shot_split else {})}
            return datasets.DatasetDict({str(key): datasets.Dataset.from_list(value) for key, value in splits.items()})

        return Subtask(name, config, load)

    def _doc(self, row: dict[str, Any], task_name: str | None = None) -> Any:
        """MCF: the prompt of lighteval's ArabicMMLU task, with instruction, question, lettered options and "answer:".

        CF: the question alone; the options' own texts are scored, which small models can answer long before letters
        mean anything to them (lighteval's templates call the two formulations by these names).
        """
        from lighteval.tasks.requests import Doc

        used = [i for i, option in enumerate(self.options) if row[option] not in (None, "")]
        gold = used.index(answer_index(row[self.answer]))
        question = str(row[self.question])
        if self.formulation == "CF":
            said: dict[str, Any] = {"query": question, "choices": [str(row[self.options[i]]) for i in used]}
        else:
            wording = WORDING[self.language]
            letters = wording["letters"][: len(used)]
            lines = "".join(f"{letter}. {row[self.options[i]]}\n" for letter, i in zip(letters, used, strict=True))
            query = f"{wording['instruction']}{question}\n{lines}{wording['answer']}"
            said = {"query": query, "choices": letters, "instruction": wording["instruction"]}
        specific = {"cluster": str(row[self.cluster])} if self.cluster else None
        return Doc(task_name=task_name or "", gold_index=gold, specific=specific, **said)

    def _check(self, row: dict[str, Any], where: str) -> None:
        used = [i for i, option in enumerate(self.options) if row[option] not in (None, "")]
        try:
            index = answer_index(row[self.answer])
        except ValueError as error:
            raise FactoryError(str(error), where=where) from None
        if index not in used:
            raise FactoryError(f"the answer {row[self.answer]!r} is not among {len(used)} options", where=where)


def answer_index(answer: object) -> int:
    """Position of the right option: an Arabic or Latin letter, or a number counted from 0.

    >>> [answer_index(x) for x in ("ب", "b", 1, "1", "1.0", "هـ", "ه")]
    [1, 1, 1, 1, 1, 4, 4]

    Raises:
        ValueError: it is neither.
    """
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer
    text = str(answer).strip().removesuffix(".0")  # as spreadsheets write whole numbers
    if text.isdecimal():
        return int(text)
    text = text.replace("هـ", "ه").replace("ا", "أ").upper()
    letters: Sequence[str] = [letter.replace("هـ", "ه") for letter in WORDING["ar"]["letters"]]
    for known in (letters, WORDING["en"]["letters"]):
        if text in known:
            return known.index(text)
    raise ValueError(f"{answer!r} is neither a letter of an option nor its number")
