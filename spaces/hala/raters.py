"""Rating sheets that visitors fill: a file for each rater, as `factory rate` writes and reads them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import limits
from factory.look.sheet_text import Line, as_csv, from_csv
from keeping import Keeping
from refused import Refused

ANSWERS = ("yes", "no")


class Rated:
    """The sheets of one dataset: `sheet` is {name, questions, columns, rows}, as in space.json."""

    def __init__(self, sheet: dict[str, Any], kept: Keeping) -> None:
        self.sheet, self._kept = sheet, kept
        self._rows = {row["id"]: row for row in sheet["rows"]}

    def row(self, id: str) -> dict[str, Any]:
        """The row of this id.

        Raises:
            Refused: there is none.
        """
        if id not in self._rows:
            raise Refused("no_rating")
        return self._rows[id]

    def by(self, rater: str) -> dict[str, Line]:
        """What this rater has said, by the id of the row."""
        path = self._path(named(rater))
        with self._kept.lock:
            return _read(path)

    def add(self, rater: str, row: str, answers: dict[str, str], comment: str) -> Line:
        """Write down what a rater says of a row, in place of what they said of it before.

        Raises:
            Refused: no rater, no such row or question, an answer that is neither yes nor no, or too long a text.
        """
        rater = named(rater)
        known = set(answers) <= {*self.sheet["questions"]} and set(answers.values()) <= {*ANSWERS}
        cells = self.row(row)["cells"]
        if not known:
            raise Refused("no_rating")
        if len(comment) > limits.COMMENT:
            raise Refused("too_many_characters", limit=limits.COMMENT)
        line = Line(row, cells, rater, comment.strip(), answers)
        path = self._path(rater)
        with self._kept.lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            lines = {**_read(path), row: line}
            new = path.with_suffix(".new")
            new.write_text(self._csv(lines), encoding="utf-8-sig", newline="")
            new.replace(path)
        return line

    def csv(self, rater: str) -> str:
        """The rater's sheet, every row of it, filled as far as it is."""
        said = self.by(rater)
        blank = {row["id"]: Line(row["id"], row["cells"], named(rater)) for row in self.sheet["rows"]}
        return self._csv(blank | said)

    def _csv(self, lines: dict[str, Line]) -> str:
        """A question that is asked no more stays as long as it has answers."""
        answered = [question for line in lines.values() for question in line.answers]
        return as_csv([*dict.fromkeys([*self.sheet["questions"], *answered])], self.sheet["columns"], lines.values())

    def _path(self, rater: str) -> Path:
        """A file name for any name; as `factory rate` has it, names differ not by case alone. Builds lie apart."""
        digest = hashlib.sha256(rater.casefold().encode("utf-8", "replace")).hexdigest()[:16]
        build = self.sheet["rows"][0]["id"].partition("/")[0]
        return self._kept.folder / "ratings" / self.sheet["name"] / build / f"{digest}.csv"


def named(rater: str) -> str:
    """The rater's name in one line.

    Raises:
        Refused: there is none, or it is too long.
    """
    rater = " ".join(rater.split())
    if not rater:
        raise Refused("no_rater")
    if len(rater) > limits.NAME:
        raise Refused("too_many_characters", limit=limits.NAME)
    return rater


def _read(path: Path) -> dict[str, Line]:
    if not path.exists():
        return {}
    return {line.id: line for line in from_csv(path.read_text(encoding="utf-8-sig"))}
