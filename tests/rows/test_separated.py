"""Cells are text, rows are as wide as the header, and what parts them is recognised."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.errors import FactoryError, UsageError
from factory.rows.reading import Files
from factory.rows.separated import DELIMITERS, read_separated
from factory.rows.unreadable import Unreadable

WRITTEN = [
    "NA",
    "None",
    "null",
    "nan",
    "007",
    "1.50",
    "1e3",
    "True",
    "",
    " x ",
    "2020-01-01",
    "1,5",
    "a;b",
    "a|b",
    "-",
]


def rows(text: str, form: str = "csv", names: list[str] | None = None, delimiter: str | None = None) -> list[Any]:
    return list(read_separated(io.StringIO(text, newline=""), form, names, delimiter))


@given(
    cells=st.lists(st.lists(st.sampled_from(WRITTEN) | st.text(max_size=5), min_size=3, max_size=3), max_size=6),
    delimiter=st.sampled_from(DELIMITERS),
)
@settings(max_examples=150, deadline=None)
def test_every_cell_is_the_text_that_was_written(cells: list[list[str]], delimiter: str) -> None:
    cells = [[cell.replace("\0", "").encode("utf-8", "replace").decode() for cell in row] for row in cells]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *cells])
    found = rows(out.getvalue(), delimiter=delimiter)
    assert [row for _, row in found] == [dict(zip("abc", row, strict=True)) for row in cells]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_delimiters_are_recognised(delimiter: str) -> None:
    lines = [["id", "question", "answer"], ["7", "How, and why?", "so; so"], ["8", "x|y", "a\tb"], ["9", "", "1,5"]]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(lines)
    assert [list(row.values()) for _, row in rows(out.getvalue())] == lines[1:]


def test_what_does_not_part_the_header_parts_nothing() -> None:
    assert [row for _, row in rows("text\nno; parts | here\n")] == [{"text": "no; parts | here"}]
    (_, row), *_ = rows("text\nHello, world\n")
    assert isinstance(row, Unreadable) and "more fields than the header has, parted by ','" in row.error
    assert [row for _, row in rows("text\nHello, world\n", delimiter="|")] == [{"text": "Hello, world"}]
    assert [row for _, row in rows("1;x\n2;y\n", names=["n", "t"])] == [{"n": "1", "t": "x"}, {"n": "2", "t": "y"}]


def test_where_two_fit_alike_the_recipe_says_which(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a;b|c\n1;2|3\n")
    with pytest.raises(FactoryError, match=r"';' and '\|' part its rows alike: say which, `delimiter: ';'`"):
        list(Files(tmp_path / "rows.csv").pieces(10))
    (piece,) = Files(tmp_path / "rows.csv", delimiter="|").pieces(10)
    assert list(piece.rows) == [{"a;b": "1;2", "c": "3"}]
    (tmp_path / "rows.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="`delimiter` is for csv and tsv files"):
        list(Files(tmp_path / "rows.jsonl", delimiter=";").pieces(10))


@pytest.mark.parametrize(
    ("text", "form", "line", "said"),
    [
        ("a,b\n1,2\n3\n", "csv", 3, "fewer fields than the header has, parted by ',': 1 for 2"),
        ("a,b\n1,2,\n3,4\n", "csv", 2, "more fields than the header has, parted by ',': 3 for 2"),
        ('a,b\n"x\ny",2\n3,4,5\n', "csv", 4, "more fields"),
        ("a\tb\n1\n", "tsv", 2, "fewer fields than the header has, parted by '\\t': 1 for 2"),
        ("a\tb\n1\t2\t\n", "tsv", 2, "more fields"),
    ],
)
def test_a_row_of_another_width_is_named_with_its_line(text: str, form: str, line: int, said: str) -> None:
    broken = [(place, row) for place, row in rows(text, form) if isinstance(row, Unreadable)]
    assert [place for place, _ in broken] == [line] and said in broken[0][1].error


@pytest.mark.parametrize("mark", ["^", ":", "~", "؛", "\x01", "¦", "§"])
def test_an_unusual_delimiter_is_asked_for(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"id{mark}text\n1{mark}a\n2{mark}b\n", "utf-8")
    with pytest.raises(FactoryError, match=rf"does {re.escape(repr(mark))} part its fields\? Say `delimiter: "):
        list(Files(path).pieces(9))
    assert next(Files(path, delimiter=mark).pieces(9)).rows[0] == {"id": "1", "text": "a"}
    assert next(Files(path, delimiter=",").pieces(9)).rows[0] == {f"id{mark}text": f"1{mark}a"}


@pytest.mark.parametrize("text", ["text?\nwhy?\nhow?\n", "my_text\na_b\nc_d\n", "url\nhttps://a.org\n", "a:b\nc\n"])
def test_marks_that_do_not_part_all_rows_are_text(text: str) -> None:
    header, *rest = text.split()
    assert [row for _, row in rows(text)] == [{header: line} for line in rest]


@pytest.mark.parametrize("mark", [";", ",", "|", "^"])
def test_excel_may_say_what_parts_the_fields(mark: str) -> None:
    assert rows(f"sep={mark}\r\na{mark}b\r\n1{mark}2\r\n3\r\n") == [
        (3, {"a": "1", "b": "2"}),
        (4, Unreadable("3", f"fewer fields than the header has, parted by {mark!r}: 1 for 2")),
    ]


@pytest.mark.parametrize("row", ['"x \\"q\\" y",1', '"a" b,1', '"a"b"",1', '1,"a" '])
def test_text_after_a_closing_quotation_mark_is_no_cell(row: str) -> None:
    first, (place, broken) = rows(f"a,b\n1,2\n{row}\n")
    assert first == (2, {"a": "1", "b": "2"}) and place == 3
    assert broken.text == row.rstrip() + (" " if row.endswith(" ") else "") and "is written twice" in broken.error


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_said_to_be_that(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "rows.csv").write_bytes("a,b\n1,2\n".encode(encoding))
    with pytest.raises(FactoryError, match=r"the header.*UTF-16.*save it as UTF-8"):
        list(Files(tmp_path / "rows.csv").pieces(9))
