"""Tables as wide as the terminal: what is never broken, what goes, and where texts stand."""

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from factory.commands.table import Grid

STEPS = ["step", "state", "in", "kept", "time", "folder"]
ROWS = [
    ["translator-pairs/01-mix", "done", "1,200,000", "1,199,870", "62 s", "translator-pairs/01-mix-0123456789abcdef"],
    ["a", "new", "", "", "", ""],
]


def shown(grid: Grid, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(grid)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # pyright: ignore[reportAttributeAccessIssue]


def test_columns_that_may_go_do_so_one_after_another() -> None:
    grid = Grid(STEPS, ROWS, right=["in", "kept", "time"], spare=["folder", "time"])
    assert shown(grid, 120)[0].split() == STEPS
    assert shown(grid, 80)[0].split() == STEPS[:-1]
    assert shown(grid, 56)[0].split() == STEPS[:-2]
    assert shown(grid, 56)[1] == "translator-pairs/01-mix  done   1,200,000  1,199,870"


def test_a_name_that_is_too_long_stands_above_its_row() -> None:
    grid = Grid(STEPS, ROWS, right=["in", "kept", "time"], spare=["folder", "time"])
    assert shown(grid, 40) == [
        "step         state         in       kept",
        "translator-pairs/01-mix",
        "             done   1,200,000  1,199,870",
        "a            new",
    ]


def test_a_text_stands_beside_its_row_where_it_can_be_read_and_below_it_where_not() -> None:
    row = ["pairs", "changed", "sft.epochs, input translator-pairs"]
    grid = Grid(["artifact", "state", "because of"], [row], texts=["because of"])
    assert shown(grid, 46) == [
        "artifact  state    because of",
        "pairs     changed  sft.epochs, input",
        "                   translator-pairs",
    ]
    assert shown(grid, 30) == [
        "artifact  state",
        "pairs     changed",
        "    because of: sft.epochs,",
        "    input translator-pairs",
    ]


def test_a_word_that_is_too_long_to_stand_beside_its_row_is_not_broken_there() -> None:
    page = "/datasets/me/" + "long-name-" * 4
    grid = Grid(["artifact", "hub", "page"], [["pairs", "pushed", page]], texts=["page"])
    assert shown(grid, 100)[1] == f"pairs     pushed  {page}"
    assert shown(grid, 66) == ["artifact  hub", "pairs     pushed", f"    page: {page}"]


def test_an_empty_table_has_its_head() -> None:
    assert shown(Grid(["a", "b"], []), 80) == ["a  b"]


@given(
    st.lists(st.tuples(st.text("abc/\u0628\u4e2d-", max_size=30), st.integers(0, 10**9)), max_size=5),
    st.integers(14, 100),
)
def test_no_name_and_no_number_is_ever_broken_or_lost(found: list[tuple[str, int]], width: int) -> None:
    lines = shown(Grid(["name", "rows"], [[name, f"{rows:,}"] for name, rows in found], right=["rows"]), width)
    assert all(cell_len(line) <= width for line in lines)
    joined = "".join(lines).replace(" ", "")
    assert all(name in joined and f"{rows:,}" in joined for name, rows in found)
