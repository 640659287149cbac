"""Let a model say of every row whether it is kept."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from factory.arrays import Table, pa
from factory.rows.executors import Tick
from factory.rows.generation import Ask, Generations, generations
from factory.rows.outcomes import Verdict, failed, rejected
from factory.rows.scoring import Scores, ScoreShard, ScoreStep, below
from factory.step.asking import Asks
from factory.step.base import Limit, ModelRef, Prompt, read_prompt
from factory.step.job import Job
from factory.store.columns import Hole, filled, image_rows, require
from factory.text.replies import numbers, parse
from factory.text.template import placeholders, with_names

Criterion = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Judge(Asks, ScoreStep):
    """Keeps the rows that the model accepts.

    The prompt's placeholders are columns (``{translation.ar}``). The reply, without case and the punctuation around
    it, must be exactly `accept` or `reject`; anything else makes the row `failed`, never kept, with the reply in its
    reason. A row where one of them is null or blank is rejected unasked. With `images` the model is shown the pictures
    of these columns before the prompt; a row without any is rejected unasked too.

    With `criteria` the model gives marks instead: the reply must hold ``name: number`` for each criterion (lines, or
    JSON), or a bare number if there is one criterion; every number within `scale`, and only one for each. Anything
    else is `failed`. A row is kept where every mark reaches its criterion's limit (there is a floor, no mean); marks
    stand beside the rows as ``score_{name}``, and another limit does not ask the model again.
    """

    renamed: ClassVar[Mapping[str, str]] = {"fields": "prompt"}
    later: ClassVar[tuple[str, ...]] = (*Asks.later, "images")

    model: ModelRef
    prompt: Prompt = Field(description="with {column} for what is judged, or a .txt file beside the recipe")
    images: list[str] = Field([], description="columns of pictures that the model is shown before the prompt")
    accept: str = "accept"
    reject: str = "reject"
    criteria: dict[Criterion, Annotated[float, Limit]] | None = Field(
        None, min_length=1, description="criterion -> lowest mark that is kept; default: accept or reject"
    )
    scale: tuple[float, float] = Field((1, 5), description="lowest and highest mark of the criteria")
    system_prompt: Prompt | None = None
    max_new_tokens: int | None = Field(None, ge=1, description="default: 8, or 16 and 16 more for each criterion")

    @field_validator("accept", "reject")
    @classmethod
    def _has_word(cls, value: str) -> str:
        if not parse(value):
            raise ValueError("a word is needed")
        return value

    @model_validator(mode="after")
    def _check_prompt(self) -> Self:
        if not placeholders(self.prompt) and not self.images:
            raise ValueError("the prompt has no {column}: every row would be asked the same")
        if parse(self.accept) == parse(self.reject):
            raise ValueError("accept and reject are the same word")
        low, high = self.scale
        if low >= high:
            raise ValueError("scale: the lowest mark comes first")
        if outside := [name for name, limit in (self.criteria or {}).items() if not low <= limit <= high]:
            raise ValueError(f"criteria: the limit of {outside[0]!r} is outside the scale {low:g} to {high:g}")
        return self

    @classmethod
    def in_new_words(cls, given: Mapping[str, Any], folders: Iterable[Path]) -> tuple[dict[str, Any], dict[str, str]]:
        """`fields` named the columns of placeholders, which now stand in the prompt themselves."""
        fields, prompt = given.get("fields"), given.get("prompt")
        if not isinstance(fields, dict) or not isinstance(prompt, str):
            return dict(given), {}
        prompt = with_names(read_prompt(prompt, folders), fields)
        words = {name: value for name, value in given.items() if name != "fields"}
        return {**words, "prompt": prompt}, {"fields": "the columns in the prompt's braces"}

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "prompt": self.prompt, "fields": {}}

    def generators(self) -> tuple[str, ...]:
        return ("model",)

    def viewers(self) -> tuple[str, ...]:
        return ("model",) if self.images else ()

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require([*placeholders(self.prompt), *self.images], columns)
        if columns is None:
            return None
        return [*columns, *(name for name in map(_score, self.criteria or ()) if name not in columns)]

    def accepted(self, scores: Mapping[str, Any]) -> Verdict | None:
        for name, limit in (self.criteria or {}).items():
            if verdict := below(f"judge: {name}", scores[_score(name)], limit):
                return verdict
        return None

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        with generations(job, job.inputs[self.model], pictures=bool(self.images), manner=self.manner) as ledger:
            yield lambda number, table, tick, _: self._scores(ledger, number, table, tick)

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        job.metrics["judged"] = {name: int(value) for name, value in totals.items()}

    def _scores(self, ledger: Generations, number: int, table: Table, tick: Tick) -> Scores:
        budget = self.max_new_tokens or (8 if self.criteria is None else 16 + 16 * len(self.criteria))
        asks: dict[int, Ask] = {}
        verdicts: dict[int, Verdict] = {}
        shown = self._shown(table)
        for row, prompt in enumerate(filled(table, self.prompt, blank=False)):
            if isinstance(prompt, Hole):
                error = prompt.error
                verdicts[row] = failed(self.verb, error) if error else rejected("judge: no text", prompt.path)
            elif self.images and not shown[row]:
                verdicts[row] = rejected("judge: no picture")
            else:
                asks[row] = Ask(prompt, self.system_prompt, "", budget, shown[row])
        answers = ledger.answer(number, list(asks.values()), tick)
        marks: dict[str, list[float | None]] = {name: [None] * table.num_rows for name in self.criteria or ()}
        for row, completion in zip(asks, answers.completions, strict=True):
            if completion.finish_reason == "error":
                verdicts[row] = Verdict("failed", "judge: no reply", completion.detail)
            elif self.criteria is None:
                if (verdict := self._verdict(completion.text)) is not None:
                    verdicts[row] = verdict
            elif (given := numbers(completion.text, list(marks), self.scale)) is None:
                verdicts[row] = Verdict("failed", "judge: reply has not the marks asked for", _shown(completion.text))
            else:
                for name, value in given.items():
                    marks[name][row] = value
        totals = {"asked": len(asks), "generated": answers.generated}
        totals |= {"reasoned": answers.reasoned} if answers.reasoned else {}
        found = {_score(name): pa.array(values, pa.float32()) for name, values in marks.items()}
        return Scores(found, verdicts, answers.usage, totals)

    def _shown(self, table: Table) -> list[tuple[bytes, ...]]:
        """The pictures of each row that the model is shown."""
        if not self.images:
            return [()] * table.num_rows
        return [tuple(picture.bytes or b"" for picture in found) for found in image_rows(table, self.images)]

    def _verdict(self, reply: str) -> Verdict | None:
        word = parse(reply)
        if word == parse(self.accept):
            return None
        if word == parse(self.reject):
            return rejected(f"judge: {self.reject}")
        return Verdict("failed", f"judge: reply is neither {self.accept} nor {self.reject}", _shown(reply))


def _score(criterion: str) -> str:
    return f"score_{criterion}"


def _shown(reply: str) -> str:
    return " ".join(reply.split())[:200]
