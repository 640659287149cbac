"""`factory check`: the checks over any file or Hub dataset of source and translation, with no recipe."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.checks import DEFAULT, IMAGES, Check, parse_check
from factory.commands.table import print_json, print_table
from factory.errors import UsageError
from factory.look.layout import is_images, lines_of
from factory.look.meaning import second_look
from factory.look.pairs import FAILED, Judged, Pairs
from factory.rows.formats import Row, Unreadable
from factory.rows.reading import Rows
from factory.step.progress import Progress
from factory.step.surroundings import seldom_collected
from factory.text.figures import counted
from factory.text.json_text import json_line
from factory.text.language_codes import require_pair

if TYPE_CHECKING:
    from factory.commands.session import Choice

ADDED = frozenset({"scores", "verdict", "reasons"})
PARALLEL_BYTES = 10_000_000  # smaller files are done before the processes have started


@contextmanager
def open_pairs(
    ref: str,
    *,
    split: str,
    source_column: str,
    target_column: str,
    source_language: str,
    target_language: str,
    checks: str | None,
    images: str | None,
    store: Path,
    hub: Choice,
    meaning: bool = False,
) -> Iterator[Pairs]:
    """While the block runs, Hub datasets are those of the store's embedded Hub (``local``), else as every Hub tool.

    Raises:
        UsageError: the arguments are wrong.
    """
    require_pair(source_language, target_language)
    columns = tuple(name.strip() for name in (images or "").split(",") if name.strip())
    chosen = choose_checks(checks, pictures=bool(columns))
    if meaning and not any(check.embeds for check in chosen):
        chosen.append(parse_check("meaning"))
    chosen = [check.in_language(target_language, source_language) for check in chosen]
    with seldom_collected(), _hub(hub, store):
        yield Pairs(Rows(ref, split, columns), source_column, target_column, chosen, target_language)


def _hub(hub: Choice, store: Path) -> AbstractContextManager[Any]:
    if hub != "local":
        return nullcontext()
    from factory.commands.session import embedded  # of all commands that check alone needs no recipes

    return embedded(store.absolute())


def choose_checks(text: str | None, *, pictures: bool = False) -> list[Check]:
    """The checks that ``--checks`` names, the defaults for None: those of texts, or with `pictures` all of pictures.

    ``script,numbers`` takes these two; ``script=0.7`` sets a limit; ``+pii,-numbers`` changes the default set.

    >>> [check.name for check in choose_checks("script=0.7, numbers")]
    ['script', 'numbers']

    Raises:
        UsageError: no such check, or not its limit.
    """
    items = [item.strip() for item in (text or "").split(",") if item.strip()]
    if text is not None and not items:
        raise UsageError("--checks names no check")
    changes = all(item[0] in "+-" for item in items)
    chosen: dict[str, Check] = (
        {name: parse_check(name) for name in (IMAGES if pictures else DEFAULT)} if changes else {}
    )
    for item in items:
        name, equals, limit = item.lstrip("+-").partition("=")
        try:
            check = parse_check(name.strip())
            if equals:
                check = parse_check({check.name: {check.direction: float(limit)}})
        except ValueError as error:
            raise UsageError(f"--checks {item}: {error}") from None
        if check.looks and not pictures:
            raise UsageError(f"--checks {item}: it looks at pictures", fix="say which column has them: --images image")
        if item[0] == "-":
            chosen.pop(check.name, None)
        else:
            chosen[check.name] = check
    if not chosen:
        raise UsageError("--checks leaves no check")
    return list(chosen.values())


def processes_for(rows: Rows, wanted: int | None) -> int:
    if wanted is not None:
        return wanted
    small = rows.size is not None and rows.size < PARALLEL_BYTES
    return 1 if small else os.cpu_count() or 1


def run_check(
    pairs: Pairs, out: Path, *, processes: int | None = None, sample: int | None = None, as_json: bool = False
) -> None:
    """Check every row and write it with its outcome to `out` (jsonl), then print the funnel.

    The check `meaning` comes after the others, to rows that they keep, or to those of them that are among `sample`
    rows drawn from all; it also looks for rows out of line.

    Each row keeps its columns and gets `scores` (check -> score), `verdict` (kept, rejected, or failed where it could
    not be read or a check broke) and `reasons`. Columns of these names step aside as ``scores_before`` and so on. The
    file is written beside its place and renamed at the end.

    Raises:
        UsageError: `out` cannot be written, or a column is not there.
        FactoryError: the rows cannot be read.
    """
    if out.suffix not in (".jsonl", ".ndjson", ".json"):
        raise UsageError(
            f"rows are written as JSON lines, not {out.suffix or 'a file without a suffix'}", fix=".jsonl"
        )
    if out.exists() and Path(pairs.rows.ref).expanduser().exists() and out.samefile(Path(pairs.rows.ref).expanduser()):
        raise UsageError("--out is the file that is read", where=str(out))
    progress = Progress(quiet=as_json)
    started = time.monotonic()
    cheap, costly = _parted(pairs.checks)
    step = replace(pairs, checks=cheap).prepared()
    second = second_look(pairs, costly, sample) if costly else None
    funnel = Funnel([*step.checks, *([costly] if costly else [])])
    partial = out.with_name(f".{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        file = partial.open("wb")
    except OSError as error:
        raise UsageError(f"cannot write: {error.strerror}", where=str(out)) from None
    try:
        with file, progress.task(f"check {pairs.rows.ref}"):
            for batch, outcomes in pairs.judged(step, processes_for(pairs.rows, processes)):
                if second:
                    second.add(pairs.columns(batch), outcomes, progress.advance)
                file.writelines(map(_line, batch, outcomes))
                progress.advance(0 if second else len(batch), **funnel.add(outcomes))
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    document = funnel.document() | {"pairs": pairs.rows.ref, "out": str(out)}
    document["notes"] = pairs.notes() + (second.notes() if second else [])
    document["seconds"] = round(time.monotonic() - started, 2)
    if as_json:
        print_json(document)
    else:
        _print(document)


def _parted(checks: Sequence[Check]) -> tuple[list[Check], Check | None]:
    """The cheap checks (never none: `empty` costs nothing), and the one that embeds."""
    cheap = [check for check in checks if not check.embeds]
    return cheap or [parse_check("empty")], next((check for check in checks if check.embeds), None)


def _line(row: Row | Unreadable, outcome: Judged) -> bytes:
    if isinstance(row, Unreadable):
        content: dict[str, Any] = {"unreadable": row.text}
    else:
        content = {name: value if isinstance(value, str) else _shown(value) for name, value in row.items()}
        if not ADDED.isdisjoint(row):
            content = {_beside(name): value for name, value in content.items()}
    content |= {"scores": outcome.scores, "verdict": outcome.verdict, "reasons": outcome.reasons}
    return json_line(content)


def _beside(name: str) -> str:
    return f"{name}_before" if name in ADDED else name


def _shown(value: Any) -> Any:
    """A line about each picture in the place of its bytes."""
    return lines_of(value) if is_images(value) else value


class Funnel:
    """Counts of what became of the rows."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks = checks
        self.counts: Counter[str] = Counter()
        self.first: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.alone: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def add(self, outcomes: list[Judged]) -> dict[str, int]:
        verdicts = Counter(outcome.verdict for outcome in outcomes)
        self.counts += verdicts
        for outcome in outcomes:
            if outcome.verdict == FAILED:
                self.failures[outcome.reasons[0].split(": ")[1][:60]] += 1
            elif outcome.refused:
                self.first[outcome.refused[0]] += 1
                self.refused.update(outcome.refused)
                if len(outcome.refused) == 1:
                    self.alone[outcome.refused[0]] += 1
        return {name: verdicts[name] for name in ("kept", "rejected", FAILED)}

    def document(self) -> dict[str, Any]:
        return {
            "in": self.counts.total(),
            "kept": self.counts["kept"],
            "rejected": self.counts["rejected"],
            "failed": self.counts[FAILED],
            "checks": [
                {
                    "check": check.name,
                    check.direction: check.limit,
                    "first": self.first[check.name],
                    "refused": self.refused[check.name],
                    "alone": self.alone[check.name],
                }
                for check in self.checks
            ],
            "failures": dict(self.failures),
        }


def _print(document: dict[str, Any]) -> None:
    total = max(document["in"], 1)
    rows, left = [], document["in"] - document["failed"]
    for entry in document["checks"]:
        left -= entry["first"]
        side = "min" if "min" in entry else "max"
        share = f"{100 * entry['refused'] / total:.2f} %"
        rows.append([entry["check"], f"{side} {entry[side]:g}", entry["refused"], share, entry["alone"], left])
    columns = ["check", "limit", "refused", "share", "by it alone", "left"]
    print_table(document["pairs"], columns, rows, right=columns[2:])
    for reason, count in document["failures"].items():
        print(f"failed: {reason}: {count:,}")
    for note in document["notes"]:
        print(f"note: {note}")
    print(
        f"\n{counted(document['in'], 'row')}: {document['kept']:,} kept, {document['rejected']:,} rejected,"
        f" {document['failed']:,} failed; {document['seconds']:.1f} s; written to {document['out']}"
    )
