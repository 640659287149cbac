"""Rows out to people as a sheet, votes back in: from the command line, as spreadsheets would change the file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from factory.cli import main
from factory.graph.nodes import build_graph
from factory.look.sheet_text import FORMULA, guarded
from factory.publishing.artifacts import render_card
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store
from tests.support import build

RECIPE = """\
recipe: 1
name: rated
language: {source: en, target: ar}
hub: {namespace: factory, license: cc0-1.0, endpoint: local}
datasets:
  pairs:
    from: ./rows.jsonl
    license: cc0-1.0
    steps: [sample: {n: 20, seed: 1}]
    publish: pairs
"""
TEXTS = ["=1+1", "3/4", "-5 degrees", "@all, look", 'a, b; c\nand "d"', "'quoted'", "TRUE", "007", "\tx", "<b>&"]

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    rows = [{"en": TEXTS[n % 10] + str(n // 10) * (n // 10), "ar": f"نص رقم {n}، طويل"} for n in range(20)]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    build(graph(tmp_path))

    def call(*arguments: str, code: int = 0) -> str:
        told = ["rate", "recipe.yaml", "pairs", "--hub", "local", *arguments]
        found = CliRunner().invoke(main, told)
        assert found.exit_code == code, found.output
        return found.output

    return call


def graph(folder: Path) -> Any:
    return build_graph(load(folder / "recipe.yaml"), Store(folder / ".factory"), Resolver(folder / "x.lock", hub="h"))


def lines(path: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(Path(path).read_text("utf-8-sig"), newline=""), delimiter=delimiter))


def fill(
    path: str, votes: list[str], out: str, *, rater: str = "", encoding: str = "utf-8-sig", mark: str = ","
) -> None:
    head, *rest = lines(path)
    for line, vote in zip(rest, votes, strict=False):
        line[0], line[head.index("rater")] = vote, rater
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=mark).writerows([head, *rest])
    Path(out).write_bytes(text.getvalue().encode(encoding))


def told(run: Run) -> dict[str, Any]:
    return {rating["question"]: rating for rating in json.loads(run("--json"))["ratings"]}


def test_votes_of_several_raters_come_into_the_card(run: Run, tmp_path: Path) -> None:
    assert "20 of 20 rows written" in run("--out", "sheet.csv")
    fill("sheet.csv", ["yes"] * 8 + ["no"] * 2, "anna.csv")
    fill("sheet.csv", ["Yes", "نعم", "y", "TRUE", "1", "no", "لا", "NO", "0", "n"], "omar.csv", rater="Omar")
    run("--in", "anna.csv", "--rater", "Anna")
    run("--in", "omar.csv")
    [found] = told(run).values()
    assert [found[key] for key in ("rows", "raters", "votes", "shared", "yes")] == [10, 2, 20, 10, 5]
    assert (round(found["low"], 1), round(found["high"], 1)) == (23.7, 76.3)
    card = render_card(graph(tmp_path), "pairs")
    assert "| correct? | 10 | 2 | 20 | 5 (50 %) | 23.66 to 76.34 % | 0.37 on 10 rows |" in card, (
        "1 - 19 * 6 / (2 * 13 * 7)"
    )
    assert "Anna" not in card and "Omar" not in card


def test_a_second_sheet_of_a_rater_replaces_the_first_and_another_rater_adds(run: Run) -> None:
    run("--out", "sheet.csv")
    fill("sheet.csv", ["yes"] * 4, "first.csv")
    fill("sheet.csv", ["no", "no", ""], "second.csv", rater="anna")
    run("--in", "first.csv", "--rater", "Anna")
    run("--in", "second.csv", "--rater", "ANNA")
    found = told(run)["correct"]
    assert (found["votes"], found["yes"], found["raters"]) == (2, 0, 1), "of the rows that it shows, it says all"
    run("--in", "first.csv", "--rater", "Omar")
    assert told(run)["correct"]["votes"] == 6


def test_the_sheets_of_a_folder_count_together_or_not_at_all(run: Run, tmp_path: Path) -> None:
    run("--out", "sheet.csv")
    (tmp_path / "all").mkdir()
    fill("sheet.csv", ["yes"] * 4, "all/anna.csv", rater="Anna")
    fill("sheet.csv", ["no"] * 4, "all/omar.csv", rater="Omar")
    fill("sheet.csv", ["perhaps"], "all/third.csv", rater="Third")
    assert "third.csv:2: 'perhaps' is neither yes nor no" in run("--in", "all", code=2)
    assert json.loads(run("--json"))["ratings"] == []
    fill("sheet.csv", [], "all/third.csv", rater="Third")
    run("--in", "all")
    assert [told(run)["correct"][key] for key in ("rows", "raters", "votes")] == [4, 2, 8]


def test_the_same_seed_draws_the_same_rows(run: Run) -> None:
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        run("--out", f"{name}.csv", "--rows", "5", "--seed", seed, "--columns", "ar,en")
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes() != Path("c.csv").read_bytes()
    assert lines("a.csv")[0] == ["correct?", "rater", "comment", "en", "ar", "sheet id"] and len(lines("a.csv")) == 6


def test_no_cell_is_a_formula_or_becomes_a_number(run: Run) -> None:
    run("--out", "sheet.csv", "--ask", "correct", "--ask", "fluent", "--rater", "=cmd()")
    cells = [cell for line in lines("sheet.csv") for cell in line if cell]
    assert not [cell for cell in cells if cell.lstrip().startswith(FORMULA)]
    assert {"'=1+1", "'3/4", "'007", "''quoted'", "'=cmd()"} <= set(cells)


@given(st.text())
def test_guarded_cells(text: str) -> None:
    cell = guarded(text)
    assert not cell.lstrip().startswith(FORMULA) and cell in (text, f"'{text}")
    assert cell != text or text[:1] not in "'\t\r" or not text


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", ";"), ("utf-16", "\t"), ("utf-8-sig", ";")])
def test_what_spreadsheets_do_to_a_file_is_read(run: Run, encoding: str, mark: str) -> None:
    run("--out", "sheet.csv")
    fill("sheet.csv", ["yes"] * 3, "filled.csv", rater="A", encoding=encoding, mark=mark)
    run("--in", "filled.csv")
    assert told(run)["correct"]["votes"] == 3


def test_lines_may_be_sorted_or_gone_and_columns_too(run: Run) -> None:
    run("--out", "sheet.csv")
    head, *rest = lines("sheet.csv")
    place = head.index("en")
    short = [[*line[:place], *line[place + 1 :]] for line in [head, *rest[::-1][:7]]]
    for line in short[1:]:
        line[:2] = ["yes", "A"]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([*short, [""] * len(short[0])])
    Path("filled.csv").write_text(text.getvalue())
    run("--in", "filled.csv")
    assert told(run)["correct"]["votes"] == 7


def damaged(change: Callable[[list[str], list[str]], Any]) -> Callable[[], None]:
    """A filled sheet of which `change` spoils the third line, given with the header."""

    def write() -> None:
        head, *rest = lines("sheet.csv")
        for line in rest:
            line[:2] = ["yes", "A"]
        change(rest[1], head)
        text = io.StringIO(newline="")
        csv.writer(text).writerows([head, *rest])
        Path("bad.csv").write_text(text.getvalue(), encoding="utf-8")

    return write


def at(name: str, value: str) -> Callable[[list[str], list[str]], None]:
    return lambda line, head: line.__setitem__(head.index(name), value)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (damaged(at("correct?", "perhaps")), "'perhaps' is neither yes nor no, under 'correct?'"),
        (damaged(at("rater", "")), "it has a vote and no rater"),
        (damaged(at("sheet id", "x")), "'x' is no sheet id"),
        (damaged(at("sheet id", "000000000000/train/1")), "of the dataset, and this is"),
        (damaged(at("ar", "نص آخر")), "'ar' is not the text of row"),
        (damaged(lambda line, head: line.__setitem__(-1, line[-1].rpartition("/")[0] + "/99")), "there is no row 99"),
        (
            damaged(lambda line, head: line.__setitem__(-1, line[-1].rpartition("/")[0] + "/0")),
            "is not the text of row 0",
        ),
        (damaged(lambda line, head: line.pop()), "fewer fields than the header has"),
    ],
)
def test_a_damaged_or_foreign_sheet_is_refused_by_its_line(run: Run, write: Callable[[], None], said: str) -> None:
    run("--out", "sheet.csv")
    write()
    output = run("--in", "bad.csv", code=2)
    third = 2 + len(lines("sheet.csv")[1][0:1])  # the header and a line before it
    assert f"bad.csv:{third}: " in output and said in output and "nothing was imported" in output, output
    assert json.loads(run("--json"))["ratings"] == []


def test_a_row_that_a_rater_votes_on_twice(run: Run) -> None:
    run("--out", "sheet.csv")
    fill("sheet.csv", ["yes", "no"], "bad.csv", rater="A")
    text = Path("bad.csv").read_text("utf-8-sig")
    head, *rest = lines("bad.csv")
    out = io.StringIO(newline="")
    csv.writer(out).writerows([head, rest[0], rest[1], rest[0]])
    Path("bad.csv").write_text(out.getvalue())
    assert text and "A votes on row" in run("--in", "bad.csv", code=2)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "correct?,rater\nyes,A\n", "\x00\xff"])
def test_what_is_no_sheet(run: Run, content: str) -> None:
    Path("other.csv").write_bytes(content.encode("latin-1"))
    output = run("--in", "other.csv", code=2)
    assert "other.csv" in output and "Traceback" not in output


def test_slips(run: Run) -> None:
    run("--out", "sheet.csv")
    assert "may hold votes" in run("--out", "sheet.csv", code=2)
    assert "no line has a vote" in run("--in", "sheet.csv", code=2)
    assert "cannot read" in run("--in", "gone.csv", code=2)
    assert "has no split 'test'" in run("--out", "a.csv", "--split", "test", code=2)
    assert "no column 'er'" in run("--out", "a.csv", "--columns", "er", code=2)
    assert "is no question" in run("--out", "a.csv", "--ask", "Is it?", code=2)
    assert "give one of them" in run("--out", "a.csv", "--in", "b.csv", code=2)
    assert "no votes about this build yet" in run()
    found = CliRunner().invoke(main, ["rate", "recipe.yaml", "pear", "--hub", "local"])
    assert found.exit_code == 2 and "did you mean 'pairs'" in found.output


def test_votes_belong_to_one_build(run: Run, tmp_path: Path) -> None:
    run("--out", "sheet.csv")
    fill("sheet.csv", ["yes"] * 3, "filled.csv", rater="A")
    run("--in", "filled.csv")
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("seed: 1", "seed: 2"))
    assert "is not finished" in run(code=1)
    build(graph(tmp_path))
    assert json.loads(run("--json"))["ratings"] == []
    assert "of the dataset, and this is" in run("--in", "filled.csv", code=2)
    assert "Rated by people" not in render_card(graph(tmp_path), "pairs")
