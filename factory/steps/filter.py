"""Keep rows whose texts pass the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer, SerializeAsAny, WithJsonSchema, model_validator

from factory.checks import DEFAULT, Check, checks, parse_check
from factory.checks.base import Pairs
from factory.checks.scoring import Scored
from factory.rows.outcomes import ShardResult, Verdict, failed, rejected
from factory.rows.pairs import Suffix, column_pairs, suffix_of
from factory.rows.scoring import Scores, ScoreShard, ScoreStep
from factory.step.words import Columns
from factory.store.columns import NotText, read_columns, require, texts, with_column

if TYPE_CHECKING:
    from typing import Self

    import pyarrow as pa

    from factory.step.job import Artifact, Job


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


class Filter(ScoreStep):
    """Scores texts by `checks` and rejects rows where one is not accepted: ``script: 0.12 < 0.5``.

    What is checked: `columns`, single ones as a list, or pairs (source -> translation; one without a translation is a
    single one); without them every pair (x, x + suffix) there is. A null counts as empty text; a pair of two nulls is
    not checked. Checks that compare leave out single columns. The first check not accepted, in their order, gives the
    reason.

    With `keep_scores`, kept rows have columns ``score_{check}``, the worst over all pairs, so that a limit can be
    chosen by looking; rejected rows have them always. A check that breaks on a row, or whose score is no number, makes
    it `failed`. A check that looks at all rows (`repeated_target`) reads the input once before. Where only limits
    change, the next build takes the scores from the one before.
    """

    uses_language: ClassVar[bool] = True
    parallel: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {"pairs": "columns", "text": "columns"}

    checks: list[CheckField] = Field([parse_check(name) for name in DEFAULT], min_length=1)
    columns: Columns | Annotated[dict[str, str | None], Field(min_length=1)] | None = Field(
        None, description="single columns, or source -> translation; default: every x and x with the suffix"
    )
    suffix: Suffix = Field(None, validate_default=True, description='default: "_" and the target language')
    keep_scores: bool = True

    @model_validator(mode="after")
    def _check_checks(self) -> Self:
        names = [check.name for check in self.checks]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"checks: {min(doubled)!r} is there twice")
        if self.singles and not self.pairs and all(check.compares for check in self.checks):
            raise ValueError("these checks compare a text with its source: give `columns: {source: translation}`")
        return self

    @classmethod
    def in_new_shape(cls, old: str, value: Any) -> Any:
        return (dict.fromkeys(value) or None) if old == "text" and isinstance(value, list) else value

    @property
    def _named(self) -> dict[str, str | None]:
        """Column -> its translation, None for a single one."""
        return self.columns if isinstance(self.columns, dict) else dict.fromkeys(self.columns or ())

    @property
    def pairs(self) -> dict[str, str] | None:
        """The pairs that are named; None where none are and there are no single columns either."""
        found = {source: target for source, target in self._named.items() if target is not None}
        return found if found or self.singles else None

    @property
    def singles(self) -> list[str]:
        return [name for name, target in self._named.items() if target is None]

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "pairs": self.pairs or None, "text": self.singles}

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        if columns is None:
            return None
        if self.suffix is not None or self.columns is not None:
            self._pairs(columns, self.suffix or "")
        scores = [f"score_{check.name}" for check in self.checks] if self.keep_scores else []
        return [*columns, *(name for name in scores if name not in columns)]

    def _pairs(self, columns: list[str], suffix: str) -> list[tuple[str | None, str]]:
        """(source column or None, column) of everything that is checked."""
        require(self.singles, columns)
        found = column_pairs(columns, self.pairs, suffix, otherwise="`columns: [column]`")
        return [*found.items(), *((None, name) for name in self.singles)]

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        suffix, language = suffix_of(self.suffix, job), job.language
        checks = [check.in_language(language["target"], language.get("source")) for check in self.checks]
        if any(check.surveys for check in checks):
            columns = job.input.dataset.schema(job.input.split).names
            pairs = [pair for pair in self._pairs(columns, suffix) if pair[0] is not None]
            batches = _Batches(job.input, pairs)
            checks = [check.survey(batches) if check.surveys else check for check in checks]
        yield lambda number, table, tick: self._shard(table, checks, self._pairs(table.column_names, suffix))

    def without_limits(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Without what decides on scores and on where they are shown."""
        given = [(name, values) for entry in parameters["checks"] for name, values in entry.items()]
        unlimited = [
            {name: {key: value for key, value in values.items() if key != checks()[name].direction}}
            for name, values in given
            if name in checks()
        ]
        return {**parameters, "checks": unlimited, "keep_scores": None}

    def _shard(self, table: pa.Table, checks: list[Check], pairs: list[tuple[str | None, str]]) -> Scores:
        columns = {name: texts(table, name) for pair in pairs for name in pair if name is not None}
        return self.score(columns, checks, pairs)

    def score(
        self, columns: dict[str, list[Any]], checks: Sequence[Check], pairs: list[tuple[str | None, str]]
    ) -> Scores:
        """The worst score of each check over the pairs of columns, which hold str, None or `NotText`.

        A row with a text that is none, or on which a check breaks, has a verdict.
        """
        import pyarrow as pa

        verdicts: dict[int, Verdict] = {}
        for values in columns.values():
            for row in [row for row, value in enumerate(values) if isinstance(value, NotText)]:
                verdicts.setdefault(row, failed(self.verb, values[row].error))
                values[row] = None
        rows = len(columns[pairs[0][1]])
        scored = Scored(checks, rows)
        for source, target in pairs:
            sources = columns[source] if source is not None else [None] * rows
            scored.add((sources, columns[target]), compared=source is not None)
        for row, (name, error) in scored.broken.items():
            verdicts.setdefault(row, failed(f"{self.verb}: {name}", error))
        found = {
            f"score_{name}": pa.array(values, pa.float64(), from_pandas=True)  # NaN becomes null
            for name, values in scored.scores.items()
        }
        return Scores(found, verdicts)

    def refused(self, scores: Scores) -> dict[int, list[tuple[Check, float]]]:
        """Row -> the checks that do not accept it with their scores, in the order of the checks."""
        known = Scored(self.checks, len(scores.columns[f"score_{self.checks[0].name}"]))
        for check in self.checks:
            known.scores[check.name] = scores.columns[f"score_{check.name}"].to_numpy(zero_copy_only=False)
        return known.refused()

    def sort_out(self, table: pa.Table, scores: Scores) -> ShardResult:
        """The first check in their order that does not accept its score gives the reason. All rows at once: there are
        many scores, and most are accepted."""
        import pyarrow as pa

        verdicts = dict(scores.verdicts)
        for row, (first, *_) in self.refused(scores).items():
            verdicts.setdefault(row, rejected(first[0].name, first[0].explain(first[1])))
        for name, column in scores.columns.items():
            table = with_column(table, name, column.cast(pa.float32()))
        values = {name: column.drop_null().to_pylist() for name, column in scores.columns.items()}
        hidden = () if self.keep_scores else tuple(scores.columns)
        return ShardResult(table, verdicts, values=values, hidden=hidden)


class _Batches:
    """Sources and targets of every shard, as often as they are asked for."""

    def __init__(self, source: Artifact, pairs: list[tuple[str | None, str]]) -> None:
        self._source, self._pairs = source, pairs

    def __iter__(self) -> Iterator[Pairs]:
        for path in self._source.dataset.shards(self._source.split):
            table = read_columns(path, {name for pair in self._pairs for name in pair if name is not None})
            for source, target in self._pairs:
                yield _plain(table, source or ""), _plain(table, target)


def _plain(table: pa.Table, name: str) -> list[str]:
    return [value if isinstance(value, str) else "" for value in texts(table, name)]
