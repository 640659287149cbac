"""What `factory status` shows of a long recipe while somebody watches."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from factory.commands.status import rendered, watched
from factory.graph.account import Account, account
from tests.graph.test_run import graph_of, run

LONG = """\
recipe: 1
name: long
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """Thirty datasets of two steps each, of which the first twelve are done."""
    folder = tmp_path_factory.mktemp("long")
    parts = [f"  d{n:02}:\n    from: ./rows\n    steps: [{{columns: {{q: q}}}}]\n" for n in range(30)]
    (folder / "rows").mkdir()
    (folder / "rows" / "a.jsonl").write_text('{"q": "x"}\n')
    graph = graph_of(folder, LONG + "".join(parts))
    run(graph, *[f"d{n:02}" for n in range(12)])
    return account(graph_of(folder, LONG + "".join(parts)))


def root(found: Account) -> Path:
    folder = next(step.folder for step in found.steps if step.folder)
    return folder.parents[1]


def lines(console: Console, shown: RenderableType) -> list[str]:
    return ["".join(part.text for part in line).rstrip() for line in console.render_lines(shown, pad=False)]


@pytest.mark.parametrize("height", [12, 24, 50, 200])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_what_is_watched_fits_the_terminal_and_shows_the_step_at_work(found: Account, width: int, height: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, height=height)
    shown = lines(console, watched(found, root(found), console, height - 2))
    assert len(shown) <= height - 2 and all(len(line) <= width for line in shown)
    at_work = next(step.node.name for step in found.steps if step.state != "done")
    assert any(line.startswith(at_work) for line in shown)
    assert any(f"of {len(found.steps)} steps done" in line for line in shown)


def test_without_a_terminal_all_of_it_is_written(found: Account) -> None:
    console = Console(file=io.StringIO(), width=120, height=24)
    assert lines(console, watched(found, root(found), console, 22)) == lines(console, rendered(found, root(found)))
