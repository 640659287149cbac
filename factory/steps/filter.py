"""Keep rows whose texts pass the checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer, SerializeAsAny, WithJsonSchema, model_validator

from factory.checks import DEFAULT, Check, checks, parse_check
from factory.errors import FactoryError
from factory.rows.outcomes import ShardResult, Verdict, failed, rejected
from factory.rows.step import RowStep, Work
from factory.rows.suffix import Suffix, suffix_of
from factory.store.columns import NotText, require, texts, with_column

if TYPE_CHECKING:
    from typing import Self

    import pyarrow as pa

    from factory.job import Job


def _check_schema() -> dict[str, Any]:
    """A name, or a mapping of one name to parameters that its check knows."""
    names: dict[str, Any] = {"enum": list(checks())}
    parts = [
        {"properties": {name: check.model_json_schema()}, "required": [name], "additionalProperties": False}
        for name, check in checks().items()
    ]
    return {"anyOf": [{"type": "string", **names}, *({"type": "object", **part} for part in parts)]}


CheckField = Annotated[
    SerializeAsAny[Check],
    BeforeValidator(parse_check),
    PlainSerializer(lambda check: {check.name: {"version": check.version, **check.model_dump(mode="json")}}),
    WithJsonSchema(_check_schema()),
]


class Filter(RowStep):
    """Scores texts by `checks` and rejects rows where one is not accepted: ``script: 0.12 < 0.5``.

    What is checked: the pairs (source column -> translation) of `pairs`, and the single columns of `text`. Without
    either, every pair (x, x + suffix) there is. A null counts as empty text; a pair of two nulls is not checked.
    Checks that compare leave out single columns. The first check not accepted, in their order, gives the reason.

    With `keep_scores`, kept rows have columns ``score_{check}``, the worst over all pairs, so that a limit can be
    chosen by looking; rejected rows have them always. A check that breaks on a row makes it `failed`.
    """

    uses_language: ClassVar[bool] = True
    parallel: ClassVar[bool] = True

    checks: list[CheckField] = Field([parse_check(name) for name in DEFAULT], min_length=1)
    pairs: dict[str, str] | None = Field(None, description="source column -> translation")
    text: list[str] = Field([], description="single text columns")
    suffix: Suffix = Field(None, validate_default=True, description='default: "_" and the target language')
    keep_scores: bool = True

    @model_validator(mode="after")
    def _check_checks(self) -> Self:
        names = [check.name for check in self.checks]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"checks: {min(doubled)!r} is there twice")
        if self.pairs is None and self.text and all(check.compares for check in self.checks):
            raise ValueError("these checks compare a text with its source: give `pairs`")
        return self

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        if columns is None:
            return None
        if self.suffix is not None or self.pairs is not None or self.text:
            self._pairs(columns, self.suffix or "")
        scores = [f"score_{check.name}" for check in self.checks] if self.keep_scores else []
        return [*columns, *(name for name in scores if name not in columns)]

    def _pairs(self, columns: list[str], suffix: str) -> list[tuple[str | None, str]]:
        """(source column or None, column) of everything that is checked."""
        single = [(None, name) for name in self.text]
        require((*(self.pairs or {}), *(self.pairs or {}).values(), *self.text), columns)
        if self.pairs is not None or self.text:
            return [*(self.pairs or {}).items(), *single]
        found = [(name, name + suffix) for name in columns if name + suffix in columns]
        if not found:
            raise FactoryError(
                f"no pair of columns x and x{suffix}: {', '.join(columns)}",
                fix="say what to check: `pairs: {source: translation}` or `text: [column]`",
            )
        return [*found]

    @contextmanager
    def working(self, job: Job) -> Iterator[Work]:
        suffix, language = suffix_of(self.suffix, job), job.language["target"]
        checks = [check.in_language(language) for check in self.checks]
        yield lambda number, table, tick: self._shard(table, checks, self._pairs(table.column_names, suffix))

    def _shard(self, table: pa.Table, checks: list[Check], pairs: list[tuple[str | None, str]]) -> ShardResult:
        import pyarrow as pa

        verdicts: dict[int, Verdict] = {}
        columns = {name: texts(table, name) for pair in pairs for name in pair if name is not None}
        for values in columns.values():
            for row in [row for row, value in enumerate(values) if isinstance(value, NotText)]:
                verdicts.setdefault(row, failed(self.verb, values[row].error))
                values[row] = None
        scored: dict[str, list[float | None]] = {}
        for check in checks:
            scores: list[float | None] = [None] * table.num_rows
            for source, target in pairs:
                if source is not None or not check.compares:
                    self._score(check, columns.get(source or ""), columns[target], scores, verdicts)
            for row, score in enumerate(scores):
                if score is not None and row not in verdicts and not check.accept(score):
                    verdicts[row] = rejected(check.name, check.explain(score))
            scored[f"score_{check.name}"] = scores
        kept = {name: [s for s in scores if s is not None] for name, scores in scored.items()}
        for name, scores in scored.items():
            table = with_column(table, name, pa.array(scores, pa.float32()))
        return ShardResult(table, verdicts, values=kept, hidden=() if self.keep_scores else tuple(scored))

    def _score(
        self,
        check: Check,
        sources: list[str | None] | None,
        targets: list[str | None],
        worst: list[float | None],
        verdicts: dict[int, Verdict],
    ) -> None:
        """Lower `worst` to this pair's scores."""
        rows = range(len(targets))
        if sources is not None:
            rows = [row for row in rows if sources[row] is not None or targets[row] is not None]
        befores = [sources[row] or "" if sources is not None else None for row in rows]
        for row, score in zip(rows, check.scores(befores, [targets[row] or "" for row in rows]), strict=True):
            if isinstance(score, Exception):
                verdicts.setdefault(row, failed(f"{self.verb}: {check.name}", score))
                continue
            known = worst[row]
            worst[row] = score if known is None else check.worse(known, score)
