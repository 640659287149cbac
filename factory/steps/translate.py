"""Translate text columns with a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from factory.errors import FactoryError
from factory.rows.generation import Answers, Ask, Generations, generations
from factory.rows.outcomes import ShardResult, Verdict, failed, rejected
from factory.rows.step import RowStep, Tick, Work
from factory.rows.suffix import Suffix, suffix_of
from factory.steps.base import ModelRef, Prompt
from factory.store.columns import NotText, require, texts, with_column
from factory.text.chat import leaked_tokens
from factory.text.segments import has_letters, paragraphs
from factory.text.template import fill, placeholders

if TYPE_CHECKING:
    import pyarrow as pa

    from factory.engines import Completion
    from factory.job import Job


class Translate(RowStep):
    """Adds a column ``{field}{suffix}`` with the translation of each of `fields`; the sources stay.

    Equal texts are translated once. Null, and text without a letter, is copied. A row is rejected where a translation
    is cut off by its budget (``translate: cut off``), empty, or holds chat tokens that its source does not.
    """

    uses_language: ClassVar[bool] = True

    model: ModelRef
    fields: list[str] = Field(min_length=1, description="text columns to translate")
    prompt: Prompt = Field(description="user message with {text}, or a .txt file beside the recipe")
    system_prompt: Prompt | None = None
    suffix: Suffix = Field(None, validate_default=True, description='default: "_" and the target language')
    max_new_tokens: int | None = Field(None, ge=1, description="default: 2 x tokens of the text + 32")
    split: Literal["none", "paragraph"] = Field(
        "none", description="paragraph: what blank lines separate is translated piece by piece"
    )

    @field_validator("prompt")
    @classmethod
    def _has_text(cls, value: str) -> str:
        if "text" not in placeholders(value):
            raise ValueError("the prompt has no {text}: nothing would be translated")
        return value

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        require(self.fields, columns)
        if columns is None or self.suffix is None:
            return None
        return [*columns, *(name + self.suffix for name in self.fields)]

    @contextmanager
    def working(self, job: Job) -> Iterator[Work]:
        suffix = suffix_of(self.suffix, job)
        with generations(job, job.inputs[self.model]) as ledger:
            yield lambda number, table, tick: self._shard(ledger, suffix, number, table, tick)

    def finish(self, job: Job, totals: dict[str, float]) -> None:
        needed, generated = int(totals.get("needed", 0)), int(totals.get("generated", 0))
        job.metrics["translations"] = {
            "needed": needed,
            "generated": generated,
            "copied": int(totals.get("copied", 0)),
            "saved_share": round(1 - generated / needed, 4) if needed else 0.0,
        }

    def _shard(self, ledger: Generations, suffix: str, number: int, table: pa.Table, tick: Tick) -> ShardResult:
        import pyarrow as pa

        cells = {field: [self._cell(value) for value in texts(table, field)] for field in self.fields}
        asks = [piece for column in cells.values() for cell in column for piece in cell.pieces if _is_ask(piece)]
        answers: Answers = ledger.answer(number, asks, tick)
        completions = iter(answers.completions)
        verdicts: dict[int, Verdict] = {}
        copied = 0
        for field, column in cells.items():
            if (name := field + suffix) in table.column_names:
                raise FactoryError(f"there is a column {name!r} already", fix="take another `suffix`")
            values: list[str | None] = []
            for row, cell in enumerate(column):
                text, verdict = cell.join(completions)
                copied += cell.copied
                values.append(text)
                if verdict is not None:
                    verdicts.setdefault(row, verdict)
            table = with_column(table, name, pa.array(values, pa.string()))
        totals = {"needed": len(asks), "generated": answers.generated, "copied": copied}
        return ShardResult(table, verdicts, answers.usage, totals)

    def _cell(self, value: Any) -> _Cell:
        if isinstance(value, NotText):
            return _Cell([None], failed(self.verb, value.error))
        if value is None or not has_letters(value):
            return _Cell([value])
        units = paragraphs(value) if self.split == "paragraph" else [value]
        return _Cell([self._ask(unit) if has_letters(unit) else unit for unit in units])

    def _ask(self, text: str) -> Ask:
        return Ask(fill(self.prompt, {"text": text}), self.system_prompt, text, self.max_new_tokens)


def _is_ask(piece: object) -> bool:
    return isinstance(piece, Ask)


class _Cell:
    """One value on its way: pieces that are copied and pieces that are asked for."""

    def __init__(self, pieces: list[Any], verdict: Verdict | None = None) -> None:
        self.pieces, self.verdict = pieces, verdict

    @property
    def copied(self) -> bool:
        return not any(map(_is_ask, self.pieces))

    def join(self, completions: Iterator[Completion]) -> tuple[str | None, Verdict | None]:
        """The translated value, and why it cannot be kept; takes one completion per piece that was asked for."""
        verdict, parts = self.verdict, []
        for piece in self.pieces:
            if not isinstance(piece, Ask):
                parts.append(piece)
                continue
            completion = next(completions)
            parts.append(completion.text.strip())
            verdict = verdict or _judge(piece, completion)
        return (None if parts == [None] else "".join(parts)), verdict


def _judge(ask: Ask, completion: Completion) -> Verdict | None:
    if completion.finish_reason == "length":
        return rejected("translate: cut off")
    if not completion.text.strip():
        return rejected("translate: empty")
    if leaked := leaked_tokens(ask.source, completion.text):
        return rejected("translate: chat tokens", " ".join(leaked))
    return None
