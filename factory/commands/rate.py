"""`factory rate`: rows of a dataset out to people as a sheet, and their votes back in."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from factory.commands.session import Opened, Session
from factory.commands.table import print_json, print_table
from factory.errors import FactoryError, UsageError, nearest
from factory.look.sheet import drawn, read_sheet, write_sheet
from factory.publishing.cards.ratings import ratings
from factory.publishing.cards.text import number
from factory.store import Dataset, Manifest
from factory.store.votes import load_votes, replaced, save_votes


def write(
    session: Session,
    name: str,
    out: Path,
    *,
    questions: tuple[str, ...],
    rows: int,
    seed: int,
    split: str,
    columns: str,
    rater: str,
) -> None:
    """Write a sheet of `rows` rows of a split, drawn uniformly without putting back.

    Raises:
        UsageError: no such dataset, split or column, or the file is there.
        FactoryError: the dataset is not finished.
    """
    with session.open() as opened:
        dataset, fingerprint = _finished(opened, name)
        if split not in dataset.splits:
            raise UsageError(f"{name} has no split {split!r}", fix=f"it has: {', '.join(dataset.splits)}")
        total = dataset.num_rows(split)
        found = drawn(dataset, split, rows, seed)
        wanted = [column.strip() for column in columns.split(",") if column.strip()]
        write_sheet(out, found, fingerprint, questions, columns=wanted, rater=rater)
        asked = ", ".join(f"`{question}?`" for question in questions)
        print(f"{len(found):,} of {total:,} rows written to {out}: yes or no under {asked}, then --in {out}")


def read(session: Session, name: str, filled: Path, *, rater: str, as_json: bool) -> None:
    """Take in the votes of a sheet, or of each in a folder; what the same raters said of the rows before is replaced.

    Raises:
        UsageError: a sheet is damaged, or of another build, or none has a vote: no vote counts.
        FactoryError: the dataset is not finished.
    """
    with session.open() as opened:
        dataset, fingerprint = _finished(opened, name)
        paths = sorted(filled.glob("*.csv")) if filled.is_dir() else [filled]
        sheets = [read_sheet(path, dataset, fingerprint, rater) for path in paths]
        if not any(sheet.votes for sheet in sheets):
            raise UsageError(
                "no line has a vote", where=str(filled), fix="write yes or no into the columns with a `?`"
            )
        with opened.store.lock(f"votes-{fingerprint[:16]}"):
            votes = load_votes(opened.store, fingerprint)
            for sheet in sheets:
                votes = replaced(votes, sheet.votes, sheet.places)
            save_votes(opened.store, fingerprint, votes)
        _print(name, votes, as_json)


def show(session: Session, name: str, *, as_json: bool) -> None:
    """Print what the votes come to so far."""
    with session.open() as opened:
        _, fingerprint = _finished(opened, name)
        _print(name, load_votes(opened.store, fingerprint), as_json)


def _finished(opened: Opened, name: str) -> tuple[Dataset, str]:
    """The rows of a dataset of the recipe and its fingerprint.

    Raises:
        UsageError: there is no such dataset. FactoryError: it is not finished.
    """
    datasets = opened.loaded.recipe.datasets
    if name not in datasets:
        raise UsageError(f"no dataset {name!r} in {opened.loaded.path}{nearest(name, datasets)}")
    node = opened.graph.final(name)
    if Manifest.load(node.folder) is None:
        raise FactoryError(f"{name} is not finished", where=str(node.place), fix="build it first: factory build")
    return Dataset(node.folder), node.fingerprint


def _print(name: str, votes: list[Any], as_json: bool) -> None:
    found = ratings(votes)
    if as_json:
        print_json({"dataset": name, "ratings": [asdict(rating) for rating in found]})
    elif not found:
        print(f"{name}: no votes about this build yet")
    else:
        columns = ["question", "rows", "raters", "votes", "yes", "95 % interval", "alpha"]
        lines = [
            [
                f"{rating.question}?",
                rating.rows,
                rating.raters,
                rating.votes,
                f"{rating.share:.1f} %",
                f"{rating.low:.1f} to {rating.high:.1f}",
                number(rating.alpha),
            ]
            for rating in found
        ]
        print_table(f"{name}, rated by people", columns, lines, right=columns[1:])
