"""Pairs of any file or Hub dataset through the checks as `filter` runs them, batch by batch in their order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from factory.checks.base import Check
from factory.checks.base import Pairs as Texts
from factory.errors import FactoryError, UsageError
from factory.rows.embeddings import bundled
from factory.rows.executors.processes import in_order
from factory.rows.formats import Row, Unreadable
from factory.rows.image_checks import row_scores
from factory.rows.outcomes import failed
from factory.rows.picture_parts import COLUMN, is_talk
from factory.rows.reading import Rows
from factory.step.surroundings import uncollected
from factory.steps.filter import Filter
from factory.store.columns import NotText, parse_path
from factory.store.pictures import Picture
from factory.text.json_text import HALF
from factory.text.languages import detected_as, varieties
from factory.text.passages import prose

FAILED = "failed"
FIRST = 1_000  # rows of which one must have the columns
SAMPLE = 200  # targets that are read for what variety of their language they are in
SEEN = 0.05  # share of them from which a variety is worth a note
Batch = list[Row | Unreadable]
Columns = tuple[list[Any], list[Any]]
"""Sources and targets of some rows: text, or `NotText` where there is none to check."""

T = TypeVar("T")


@dataclass(slots=True)
class Judged:
    """One row's outcome: the score of each check (None where there is none) and why the row is not kept.

    `reasons` begin with the check's name (``numbers: 0 < 0.5``), or with ``failed`` where the row could not be read
    or a check broke. `refused` names the checks alone.
    """

    scores: dict[str, float | None]
    verdict: str
    reasons: list[str]
    refused: list[str]


@dataclass(frozen=True)
class Pairs:
    """What is checked: where the rows are, with the pictures of which columns, the column paths of source and target,
    by which checks, and the language that the targets should be in."""

    rows: Rows
    source: str
    target: str
    checks: list[Check]
    language: str

    def prepared(self, limit: int | None = None) -> Filter:
        """The checks, knowing what they must know of all rows, or of the first `limit`.

        Raises:
            UsageError: a column is not there.
            FactoryError: there are no rows that can be read, or the model that a check compares by is not installed.
        """
        first = [*islice((row for row in self.rows if isinstance(row, dict)), FIRST)]
        if not first:
            why = next((f": {row.error}" for row in self.rows if isinstance(row, Unreadable)), "")
            raise FactoryError(f"no row can be read{why}", where=self.rows.ref)
        for name in self.rows.images:
            _require(first, name, "--images")
        if not all(check.looks for check in self.checks):
            _require(first, self.source, "--source-column")
            _require(first, self.target, "--target-column")
        return prepared(self.checks, self.texts(limit))

    def notes(self) -> list[str]:
        """Which checks say nothing in these languages, and in which varieties the first targets seem to be."""
        found = [f"{check.name} passes all: {why}" for check in self.checks if (why := check.unjudged())]
        if all(check.looks for check in self.checks):
            return found
        _, targets = self.columns(next(self.rows.batches(SAMPLE), []))
        shares = varieties([prose(text) for text in targets if _is_text(text)])
        seen = {code: share for code, share in shares.items() if share >= SEEN}
        if seen and [*seen] != [detected_as(self.language)]:
            listed = ", ".join(f"{code} {share:.0%}" for code, share in seen.items())
            found.append(f"variety: CLD2 takes the targets for {listed}")
        return found

    def texts(self, limit: int | None = None) -> Iterable[Texts]:
        """Sources and targets of all rows that can be read, as often as a check asks for them."""
        return _Texts(self, limit)

    def columns(self, batch: Batch) -> Columns:
        """A missing text counts as empty."""
        return _texts_at(batch, self.source), _texts_at(batch, self.target)

    def judged(self, step: Filter, processes: int, limit: int | None = None) -> Iterator[tuple[Batch, list[Judged]]]:
        if self.rows.images:
            return ((batch, self._judge(step, batch)) for batch in self.rows.batches(limit))
        alone = any(check.embeds for check in step.checks)  # it uses all cores by itself
        return judged(step, self.rows.batches(limit), self.columns, 1 if alone else processes)

    def _judge(self, step: Filter, batch: Batch) -> list[Judged]:
        """What the checks of texts, and those of pictures, say of rows with pictures."""
        reading = step.model_copy(update={"checks": step.reading})
        found = judge(reading, *self.columns(batch)) if reading.checks else [*map(_unjudged, batch)]
        looking = [check for check in step.checks if check.looks]
        rows = [place for place, row in enumerate(batch) if not isinstance(row, Unreadable)]
        scored = row_scores((self._shown(batch[place]) for place in rows), len(rows), looking)
        columns = {check.name: _rounded(scored.scores[check.name]) for check in looking}
        for place, row in enumerate(rows):
            found[row].scores |= {name: values[place] for name, values in columns.items()}
        for place, bad in scored.refused().items():
            outcome = found[rows[place]]
            outcome.verdict = FAILED if outcome.verdict == FAILED else "rejected"
            outcome.reasons += [f"{check.name}: {check.explain(score)}" for check, score in bad]
            outcome.refused += [check.name for check, _ in bad]
        for place, errors in scored.broken.items():
            [(name, error), *_] = errors.items()
            found[rows[place]].verdict = FAILED
            found[rows[place]].reasons.insert(0, f"{FAILED}: {failed(name, error)}")
        return found

    def _shown(self, row: Any) -> tuple[list[Picture], list[Any]]:
        """The pictures of a row, and its texts and conversations."""
        talks = any(is_talk(row.get(name)) for name in self.rows.images)
        named = [*dict.fromkeys([*self.rows.images, *([COLUMN] if talks else [])])]
        images = [name for name in named if not is_talk(row.get(name))]
        values = [row.get(name) for name in images]
        cells = [one for value in values for one in (value if isinstance(value, list) else [value] if value else [])]
        texts = [value for name, value in row.items() if name not in images and isinstance(value, str | list)]
        return [Picture(**(one or {"bytes": None, "path": None})) for one in cells], texts


@dataclass(frozen=True)
class _Texts:
    pairs: Pairs
    limit: int | None

    def __iter__(self) -> Iterator[Texts]:
        for batch in self.pairs.rows.batches(self.limit):
            found = zip(*self.pairs.columns(batch), strict=True)
            texts = [pair for pair in found if isinstance(pair[0], str) and isinstance(pair[1], str)]
            yield [source for source, _ in texts], [target for _, target in texts]


def prepared(checks: Iterable[Check], texts: Iterable[Texts]) -> Filter:
    """The checks, knowing what they must know of all texts.

    Raises:
        FactoryError: the model that a check compares by is not installed.
    """
    ready = [check.embedding_with(bundled().encode) if check.embeds else check for check in checks]
    ready = [check.survey(texts) if check.surveys else check for check in ready]
    return Filter.model_validate({"checks": ready})


def judged(
    step: Filter, batches: Iterable[T], columns: Callable[[T], Columns], processes: int
) -> Iterator[tuple[T, list[Judged]]]:
    """Every batch with the outcomes of its rows, by `processes` at work."""
    if processes > 1:
        return in_order(batches, _judge, processes, (_start, step), "checks", columns)
    return ((batch, judge(step, *columns(batch))) for batch in batches)


@uncollected()
def judge(step: Filter, sources: list[Any], targets: list[Any]) -> list[Judged]:
    """Outcomes of rows by all checks, where a verb names the first that refuses."""
    unreadable = {row for column in (sources, targets) for row, text in enumerate(column) if not isinstance(text, str)}
    scored, verdicts = step.score({"source": sources, "target": targets}, step.checks, [("source", "target")])
    for row, ((name, error), *_) in ((row, errors.items()) for row, errors in scored.broken.items()):
        verdicts.setdefault(row, failed(name, error))
    refused, names = scored.refused(), [check.name for check in step.checks]
    columns = (_rounded(scored.scores[name]) for name in names)
    found = [Judged(dict(zip(names, row, strict=True)), "kept", [], []) for row in zip(*columns, strict=True)]
    for row, bad in refused.items():
        reasons = [f"{check.name}: {check.explain(score)}" for check, score in bad]
        found[row] = Judged(found[row].scores, "rejected", reasons, [check.name for check, _ in bad])
    for row in unreadable:
        found[row] = Judged({}, FAILED, [], [])
    for row, verdict in verdicts.items():
        found[row].verdict = FAILED
        found[row].reasons.insert(0, f"{FAILED}: {str(verdict).removeprefix(f'{step.verb}: ')}")
    return found


def _unjudged(row: Row | Unreadable) -> Judged:
    """The outcome of a row of which no text is checked."""
    if isinstance(row, Unreadable):
        return Judged({}, FAILED, [f"{FAILED}: {row.error}"], [])
    return Judged({}, "kept", [], [])


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _rounded(scores: Any) -> list[float | None]:
    """To four digits, None for NaN. Of most checks most rows have one score, which is made a number once."""
    if not len(scores):
        return []
    common = scores[0]
    found: list[float | None] = [float(common.round(4))] * len(scores)
    other = (scores != common).nonzero()[0]
    for row, score in zip(other.tolist(), scores[other].round(4).tolist(), strict=True):
        found[row] = score if score == score else None
    return found


def _texts_at(batch: Batch, path: str) -> list[Any]:
    """`_text_at` of all rows; of a column that has a whole text in every row it is that."""
    try:
        found: list[Any] = [row[path] for row in batch]  # type: ignore[index]
        "".join(found).encode()
    except (KeyError, TypeError, UnicodeEncodeError):
        return [_text_at(row, path) for row in batch]
    return found


def _text_at(row: Row | Unreadable, path: str) -> str | NotText:
    """The text at a column path: a number as text, "" where there is nothing."""
    if isinstance(row, Unreadable):
        return NotText(row.error)
    value: Any = row
    for part in [path] if path in row else parse_path(path):
        try:
            value = value[part]
        except (KeyError, IndexError):
            return NotText(f"no {path}")
        except TypeError:
            return "" if value is None else NotText(f"no {path}")
    if isinstance(value, str):
        return value if value.isascii() or HALF.search(value) is None else NotText(f"{path} has half a surrogate pair")
    if value is None or value != value:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return NotText(f"{path} is {type(value).__name__}, not text")


def _require(rows: Sequence[Row], path: str, option: str) -> None:
    """Raises UsageError where none of the rows has the column."""
    if not any(path in row or parse_path(path)[0] in row for row in rows):
        fix = f"name it with {option}; columns here: {', '.join(map(str, rows[0]))}"
        raise UsageError(f"no column {path!r}", fix=fix)


_steps: list[Filter] = []


def _start(step: Filter) -> None:
    _steps[:] = [step]


def _judge(columns: Columns) -> list[Judged]:
    return judge(_steps[0], *columns)
