"""Keep rows whose texts pass the checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer, SerializeAsAny, model_validator

from factory.checks import DEFAULT, IMAGES, Check, checks, parse_check
from factory.checks.base import Pairs
from factory.checks.scoring import Scored
from factory.rows.embeddings import with_model
from factory.rows.executors import Tick
from factory.rows.image_checks import image_scores
from factory.rows.outcomes import Verdict, failed, rejected
from factory.rows.scoring import Scores, ScoreShard, ScoreStep
from factory.rows.turns import Turns, side_by_side, texts_or_turns
from factory.step.base import Columns, Limit, ReferenceKind, Suffix, suffix_of
from factory.store import fingerprint
from factory.store.columns import NotText, column_pairs, read_columns, readable, require, texts
from factory.store.kinds import is_text

if TYPE_CHECKING:
    from typing import Self

    import pyarrow as pa

    from factory.step.job import Artifact, Job


class _CheckSchema:
    """A name, or a mapping of one name to parameters that its check knows."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        names: dict[str, Any] = {"enum": list(checks())}
        parts = [
            {"properties": {name: check.model_json_schema()}, "required": [name], "additionalProperties": False}
            for name, check in checks().items()
        ]
        return {"anyOf": [{"type": "string", **names}, *({"type": "object", **part} for part in parts)]}


CheckField = Annotated[
    SerializeAsAny[Check],
    BeforeValidator(parse_check),
    PlainSerializer(Check.identity),
    _CheckSchema(),
]


BROKEN = " broken"  # beside the scores of a check: why it could not score a row
COLUMN = " column"  # and which column has the score, where there are several


class Filter(ScoreStep):
    """Scores texts by `checks` and rejects rows where one is not accepted: ``script: 0.12 < 0.5``, and where several
    columns are checked ``script: 0.12 < 0.5 in answer_ar``.

    What is checked: `columns`, single ones as a list, or pairs (source -> translation; one without a translation is a
    single one); without them every pair (x, x + suffix) there is. Of a column of conversations every turn is checked,
    beside the turn of the same number in a pair; the worst one decides on the row. A null counts as empty text; a pair
    of two nulls is not checked. Checks that compare leave out single columns. The first check not accepted, in their
    order, gives the reason.

    With `keep_scores`, kept rows have columns ``score_{check}``, the worst over all pairs, so that a limit can be
    chosen by looking; rejected rows have them always. A check that breaks on a row, or whose score is no number, makes
    it `failed`. A check that looks at all rows (`repeated_target`, `meaning`) reads the input once before. Scores are
    stored by check: another limit scores nothing, one more check scores that one only (but for one with a model of the
    recipe or the Hub, which makes another input). `meaning` belongs into a filter of its own, after the cheap checks.

    Checks of pictures (``image_broken``) look at the columns `images`, by default at all that hold pictures, and each
    picture is decoded once for all of them. `images` without `checks` takes all of them and none of texts.
    """

    uses_language: ClassVar[bool] = True
    folder: ClassVar[str] = "checks"
    later: ClassVar[tuple[str, ...]] = ("images",)
    renamed: ClassVar[Mapping[str, str]] = {"pairs": "columns", "text": "columns"}

    checks: Annotated[list[CheckField], Limit] = Field([parse_check(name) for name in DEFAULT], min_length=1)
    columns: Columns | Annotated[dict[str, str | None], Field(min_length=1)] | None = Field(
        None, description="single columns, or source -> translation; default: every x and x with the suffix"
    )
    images: list[str] = Field(
        [], description="columns of pictures; default: all that are, where a check looks at them"
    )
    suffix: Suffix = Field(None, validate_default=True, description='default: "_" and the target language')
    keep_scores: Annotated[bool, Limit] = True

    @model_validator(mode="before")
    @classmethod
    def _checks_of_images(cls, given: Any) -> Any:
        """`images` alone stand for all checks of them."""
        if not isinstance(given, dict) or not given.get("images") or "checks" in given:
            return given
        return {**given, "checks": [*IMAGES]}

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

    @property
    def reading(self) -> list[Check]:
        """The checks that read texts; the others look at pictures."""
        return [check for check in self.checks if not check.looks]

    @property
    def parallel(self) -> bool:
        """Embeddings use all cores by themselves."""
        return not any(check.embeds for check in self.checks)

    def references(self) -> Iterator[tuple[str, str, ReferenceKind]]:
        yield from super().references()
        for check in self.checks or ():  # None in what is left of a step with mistakes
            if (model := check.reference) is not None:
                yield f"checks.{check.name}.model", model, "model"

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "pairs": self.pairs or None, "text": self.singles}

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        if columns is None:
            return None
        if self.images:
            require(self.images, columns)
        if self.reading and (self.suffix is not None or self.columns is not None):
            self._pairs(columns, self.suffix or "")
        scores = [f"score_{check.name}" for check in self.checks] if self.keep_scores else []
        return [*columns, *(name for name in scores if name not in columns)]

    def _pairs(self, columns: list[str], suffix: str) -> list[tuple[str | None, str]]:
        """(source column or None, column) of everything that is checked."""
        singles, pairs = self.singles, self.pairs
        require(singles, columns)
        found = column_pairs(columns, pairs, suffix, otherwise="`columns: [column]`")
        return [*found.items(), *((None, name) for name in singles)]

    @contextmanager
    def scoring(self, job: Job) -> Iterator[ScoreShard]:
        suffix, language = suffix_of(self.suffix, job), job.language

        @cache
        def ready(key: str) -> Check:
            check = next(check for check in self.checks if self._keys[check.name] == key)
            check = check.in_language(language["target"], language.get("source"))
            check = with_model(check, job) if check.embeds else check
            if not check.surveys:
                return check
            columns = job.input.dataset.schema(job.input.split).names
            return check.survey(_Batches(job.input, [p for p in self._pairs(columns, suffix) if p[0] is not None]))

        def score(number: int, table: pa.Table, tick: Tick, known: Scores | None) -> Scores:
            known = known or Scores({})
            keys = [key for key in self._keys.values() if key not in known.columns]
            return self._scores(table, dict(zip(keys, map(ready, keys), strict=True)), known, suffix, tick)

        yield score

    @cached_property
    def _keys(self) -> dict[str, str]:
        """What the scores of each check are called where they are stored: they do not depend on its limit."""
        made = {
            c.name: {"version": c.version, **c.model_dump(mode="json", exclude={c.direction})} for c in self.checks
        }
        return {name: f"{name} {fingerprint(values)[:16]}" for name, values in made.items()}

    def lacks(self, known: Scores) -> bool:
        return not known.columns.keys() >= set(self._keys.values())

    def score(
        self,
        columns: dict[str, list[Any]],
        checks: Sequence[Check],
        pairs: list[tuple[str | None, str]],
        done: Callable[[float], None] = lambda share: None,
    ) -> tuple[Scored, dict[int, Verdict]]:
        """The worst score of each check over the pairs of columns and, of `Turns`, over every turn.

        Columns hold str, None or `NotText`. A row with a text that is none has a verdict. `done` is told the share
        that has been looked at.
        """
        verdicts: dict[int, Verdict] = {}
        for values in columns.values():
            for row in [row for row, value in enumerate(values) if isinstance(value, NotText)]:
                verdicts.setdefault(row, failed(self.verb, values[row].error))
                values[row] = None
        rows = len(columns[pairs[0][1]])
        scored = Scored(checks, rows)
        for number, (source, target) in enumerate(pairs):
            sources: list[Any] = columns[source] if source is not None else [None] * rows
            targets: list[Any] = columns[target]
            owners = None
            if isinstance(sources, Turns) or isinstance(targets, Turns):
                sources, targets, owners = side_by_side(sources, targets)
            scored.add(
                (sources, targets),
                compared=source is not None,
                done=lambda share, before=number: done((before + share) / len(pairs)),
                rows=owners,
            )
        return scored, verdicts

    def _scores(self, table: pa.Table, checks: dict[str, Check], known: Scores, suffix: str, tick: Tick) -> Scores:
        """The known scores and those of further checks."""
        import pyarrow as pa

        reading = [check for check in checks.values() if not check.looks]
        looking = [check for check in checks.values() if check.looks]
        scored, verdicts, columns = Scored([], table.num_rows), {}, pa.nulls(0, pa.string())
        if reading:
            pairs = self._pairs(table.column_names, suffix)
            texts_of = {name: _read(table, name) for pair in pairs for name in pair if name is not None}
            scored, verdicts = self.score(texts_of, reading, pairs, tick)
            columns = pa.array([target for _, target in pairs])
        if looking:
            scored = scored.beside(image_scores(table, self.images, [*self._named], looking, tick))
        found = dict(known.columns)
        for key, check in checks.items():
            found[key] = pa.array(scored.scores[check.name], pa.float64(), from_pandas=True)  # NaN becomes null
            if check.name in scored.worst:
                found[key + COLUMN] = columns.take(pa.array(scored.worst[check.name]))
            errors = {row: errors[check.name] for row, errors in scored.broken.items() if check.name in errors}
            if errors:
                said = {row: failed(f"{self.verb}: {check.name}", error) for row, error in errors.items()}
                values = [
                    json.dumps([said[r].reason, said[r].detail]) if r in said else None for r in range(table.num_rows)
                ]
                found[key + BROKEN] = pa.array(values, pa.string())
        return Scores(found, verdicts)

    def decided(self, table: pa.Table, scores: Scores) -> Scores:
        """All rows at once: there are many scores, and most are accepted. The first check that refuses says why."""
        import pyarrow as pa

        known, columns, verdicts = Scored(self.checks, table.num_rows), {}, dict(scores.verdicts)
        for check in self.checks:
            key = self._keys[check.name]
            values, broken = scores.columns[key], scores.columns.get(key + BROKEN)
            known.scores[check.name] = values.to_numpy(zero_copy_only=False)
            columns[f"score_{check.name}"] = values.cast(pa.float32())
            for row, said in enumerate(broken.to_pylist() if broken else ()):
                if said:
                    verdicts.setdefault(row, Verdict("failed", *json.loads(said)))
        for row, ((check, score), *_) in known.refused().items():
            column = scores.columns.get(self._keys[check.name] + COLUMN)
            place = f" in {column[row]}" if column is not None else ""
            verdicts.setdefault(row, rejected(check.name, f"{check.explain(score)}{place}"))
        return replace(scores, columns=columns, verdicts=verdicts)


class _Batches:
    """Sources and targets of every shard, as often as they are asked for."""

    def __init__(self, source: Artifact, pairs: list[tuple[str | None, str]]) -> None:
        self._source, self._pairs = source, pairs

    def __iter__(self) -> Iterator[Pairs]:
        for path in self._source.dataset.shards(self._source.split):
            table = read_columns(path, {name for pair in self._pairs for name in pair if name is not None})
            for source, target in self._pairs:
                sides = _read(table, source or ""), _read(table, target)
                before, after, _ = side_by_side(*sides)
                yield _plain(before), _plain(after)


def _read(table: pa.Table, path: str) -> list[Any]:
    """A column of texts needs no look for conversations in it."""
    return texts(table, path) if is_text(readable(table, path).type) else texts_or_turns(table, path)


def _plain(values: list[Any]) -> list[str]:
    return [value if isinstance(value, str) else "" for value in values]
