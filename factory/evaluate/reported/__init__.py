"""What papers state of models on benchmarks: one file a paper, its tables as they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from factory.evaluate.ranking import Cell, Column, Row, Section, Table, average
from factory.text import yaml

PRINTED = "average"
ARXIV = "https://arxiv.org/abs/"
HUB = "https://huggingface.co/"


class ReportedTable(NamedTuple):
    """A table of a paper; `suite` is the one that measures the same, empty where there is none."""

    suite: str
    paper: str
    table: Table


@cache
def reported_tables() -> tuple[ReportedTable, ...]:
    """The tables of all papers.

    An average is as the paper prints it, unless it is not the mean of the scores, by more than rounding explains: then
    it is their mean, and the row says what is printed.
    """
    files = [yaml.load(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("*.yaml"))]
    return tuple(_table(file, table) for file in files for table in file["tables"])


def _table(file: Mapping[str, Any], stated: Mapping[str, Any]) -> ReportedTable:
    names = [name for name in stated["columns"] if name != PRINTED]
    averaged = stated.get("averaged", False)
    columns = tuple(Column(name, stated["metric"], averaged=averaged) for name in names)
    title = f"arXiv {file['paper']}, {stated['name']}"
    numbers = [number for row in stated["rows"].values() for number in row]
    decimals = max(len(f"{number:g}".partition(".")[2]) if number < 1000 else 0 for number in numbers)
    bare = Table(stated["name"], columns, ())
    rows = tuple(
        _row(bare, name, dict(zip(stated["columns"], values, strict=True)), file["models"].get(name, {}), decimals)
        for name, values in stated["rows"].items()
    )
    section = Section(title, "reported", rows, f"{ARXIV}{file['paper']}", decimals)
    table = Table(stated.get("suite") or title, columns, (section,))
    return ReportedTable(stated.get("suite", ""), file["paper"], table)


def _row(bare: Table, name: str, values: dict[str, float], model: Mapping[str, Any], decimals: int) -> Row:
    printed = values.pop(PRINTED, None)
    repo = model.get("repo") or (name if "/" in name and not model.get("unlisted") else "")
    facts = {key: model[key] for key in ("kind", "license", "base") if key in model}
    parameters = int(model["parameters"]) if "parameters" in model else None
    cells = {column: Cell(value) for column, value in values.items()}
    row = Row(name, cells, link=HUB + repo if repo else "", parameters=parameters, **facts)
    mean = average(bare, row)
    rounding = 10**-decimals + 1e-9  # of the scores, half a unit, and of the printed mean, half a unit
    if mean is None or printed is None:
        return row
    agrees = abs(mean.value - printed) <= rounding
    return replace(row, average=Cell(printed)) if agrees else replace(row, printed=printed)
