"""Let a model say of every row whether it is kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator, model_validator

from factory.rows.generation import Ask, Generations, generations
from factory.rows.outcomes import ShardResult, Verdict, failed, rejected
from factory.rows.step import RowStep, Tick, Work
from factory.steps.base import ModelRef, Prompt
from factory.store.columns import NotText, require, texts
from factory.text.template import fill, placeholders

if TYPE_CHECKING:
    from typing import Self

    import pyarrow as pa

    from factory.job import Job


class Judge(RowStep):
    """Keeps the rows that the model accepts.

    The prompt's placeholders are columns, or names that `fields` maps to columns (``{ar_text: translation.ar}``).
    The reply, without case and the punctuation around it, must be exactly `accept` or `reject`; anything else makes
    the row `failed`, never kept, with the reply in its reason. A row with a null or blank field is rejected unasked.
    """

    model: ModelRef
    prompt: Prompt
    fields: dict[str, str] = Field({}, description="placeholder -> column, where they are not called alike")
    accept: str = "accept"
    reject: str = "reject"
    system_prompt: Prompt | None = None
    max_new_tokens: int = Field(8, ge=1)

    @field_validator("accept", "reject")
    @classmethod
    def _has_word(cls, value: str) -> str:
        if not parse(value):
            raise ValueError("a word is needed")
        return value

    @model_validator(mode="after")
    def _check_prompt(self) -> Self:
        names = placeholders(self.prompt)
        if not names:
            raise ValueError("the prompt has no {placeholder}: every row would be asked the same")
        if unused := [name for name in self.fields if name not in names]:
            raise ValueError(f"fields: {unused[0]!r} is not in the prompt, which has: {', '.join(names)}")
        if parse(self.accept) == parse(self.reject):
            raise ValueError("accept and reject are the same word")
        return self

    @property
    def columns(self) -> dict[str, str]:
        """Placeholder -> column path, of every placeholder in the prompt."""
        return {name: self.fields.get(name, name) for name in placeholders(self.prompt)}

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require(self.columns.values(), columns)
        return columns

    @contextmanager
    def working(self, job: Job) -> Iterator[Work]:
        with generations(job, job.inputs[self.model]) as ledger:
            yield lambda number, table, tick: self._shard(ledger, number, table, tick)

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        job.metrics["judged"] = {name: int(value) for name, value in totals.items()}

    def _shard(self, ledger: Generations, number: int, table: pa.Table, tick: Tick) -> ShardResult:
        columns = {name: texts(table, path) for name, path in self.columns.items()}
        asks: dict[int, Ask] = {}
        verdicts: dict[int, Verdict] = {}
        for row in range(table.num_rows):
            values = {name: column[row] for name, column in columns.items()}
            if (verdict := self._unfit(values)) is not None:
                verdicts[row] = verdict
            else:
                user = fill(self.prompt, values)
                asks[row] = Ask(user, self.system_prompt, max_new_tokens=self.max_new_tokens)
        answers = ledger.answer(number, list(asks.values()), tick)
        for row, completion in zip(asks, answers.completions, strict=True):
            if (verdict := self._verdict(completion.text)) is not None:
                verdicts[row] = verdict
        totals = {"asked": len(asks), "generated": answers.generated}
        return ShardResult(table, verdicts, answers.usage, totals)

    def _unfit(self, values: dict[str, Any]) -> Verdict | None:
        for name, value in values.items():
            if isinstance(value, NotText):
                return failed(self.verb, value.error)
            if value is None or not value.strip():
                return rejected("judge: no text", name)
        return None

    def _verdict(self, reply: str) -> Verdict | None:
        word = parse(reply)
        if word == parse(self.accept):
            return None
        if word == parse(self.reject):
            return rejected(f"judge: {self.reject}")
        detail = " ".join(reply.split())[:200]
        return Verdict("failed", f"judge: reply is neither {self.accept} nor {self.reject}", detail)


def parse(reply: str) -> str:
    """The reply without case and without white space, punctuation and symbols at its ends.

    >>> parse(" **Accept.**\\n")
    'accept'
    """
    text = reply.casefold()
    start, end = 0, len(text)
    while start < end and not _is_word(text[start]):
        start += 1
    while end > start and not _is_word(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"
