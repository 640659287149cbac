"""Cards of datasets in progress: README alone, now and then, never over somebody else, replaced by the final one."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from factory.graph.account import account
from factory.graph.nodes import Graph
from factory.publishing.artifacts import publish
from factory.publishing.cards.live import LiveCards, with_notice
from factory.step.progress import Heartbeat, Progress, quiet
from tests.graph.test_run import graph_of
from tests.support import build as run

RECIPE = """\
recipe: 1
name: alive
language: {source: en, target: ar}
hub: {namespace: factory, license: cc0-1.0}
datasets:
  a:
    from: {demo: instructions, rows: 60, seed: 1}
    steps:
      - columns: {q: question, a: response}
      - dedup: {columns: [q]}
    publish: REPO
"""


class Log(Progress):
    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def log(self, message: str) -> None:
        self.lines.append(message)


@pytest.fixture
def half(tmp_path: Path, embedded_hub: Any) -> tuple[Graph, str]:
    """A recipe whose last step is at work."""
    repo = f"live-{uuid.uuid4().hex[:8]}"
    graph = graph_of(tmp_path, RECIPE.replace("REPO", repo))
    run(graph, "a/01-columns")
    return graph, f"factory/{repo}"


def commits(repo: str) -> list[Any]:
    from factory.hub.client import api

    return api().list_repo_commits(repo, repo_type="dataset")


def readme(repo: str) -> str:
    from factory.hub.client import api

    return Path(api().hf_hub_download(repo, "README.md", repo_type="dataset")).read_text(encoding="utf-8")


def test_a_live_card_is_pushed_once_in_a_while_and_the_final_one_replaces_it(half: tuple[Graph, str]) -> None:
    graph, repo = half
    cards = LiveCards(graph, quiet())
    assert cards.push("a") is None  # nothing is at work
    with Heartbeat(graph.store, "alive", quiet()) as heart:
        heart.step = "a/02-dedup"
        heart.write()
        assert cards.push("a") == commits(repo)[0].commit_id
        assert cards.push("a") is None
        assert LiveCards(graph, quiet()).push("a") is None  # a run started anew knows by the commit's age
        text = readme(repo)
        assert (
            text.startswith("---\n") and "## In progress" in text and "| a/01-columns | done | 60 | 60 (100 %)" in text
        )
        assert LiveCards(graph, quiet(), interval=0).push("a") is not None
        assert readme(repo).count("## In progress") == 1
    before = len(commits(repo))
    run(graph)
    pushed = publish(graph, "a")
    assert pushed.changed
    assert len(commits(repo)) == before + 1
    assert "In progress" not in readme(repo)
    again = publish(graph, "a")
    assert not again.changed


def test_a_repo_that_others_committed_to_is_left_alone(half: tuple[Graph, str]) -> None:
    from factory.hub.client import api

    graph, repo = half
    api().create_repo(repo, repo_type="dataset")
    api().upload_file(path_or_fileobj=b"mine", path_in_repo="notes.txt", repo_id=repo, repo_type="dataset")
    log = Log()
    with Heartbeat(graph.store, "alive", quiet()) as heart:
        heart.step = "a/02-dedup"
        heart.write()
        assert LiveCards(graph, log).push("a") is None
    assert commits(repo)[0].title != "a is in progress"
    assert "not this recipe's" in log.lines[0]


def test_a_hub_that_fails_is_a_line_in_the_log(half: tuple[Graph, str], monkeypatch: pytest.MonkeyPatch) -> None:
    graph, _ = half
    log = Log()
    tried = []

    def refuse(*_: Any) -> None:
        tried.append(1)
        raise OSError("the Hub is on fire")

    cards = LiveCards(graph, log, interval=0.01)
    monkeypatch.setattr(cards, "push", refuse)
    with cards.running():
        while len(tried) < 3:
            pass
    assert log.lines and all(line == "the live card of a was not pushed: the Hub is on fire" for line in log.lines)


def test_a_published_card_keeps_its_metadata_and_text_under_the_notice(half: tuple[Graph, str]) -> None:
    card = "---\nlicense: mit\n---\n# Title\n\nText.\n"
    once = with_notice(card, "<!-- live -->\nx\n<!-- /live -->\n\n")
    assert once == "---\nlicense: mit\n---\n\n<!-- live -->\nx\n<!-- /live -->\n\n# Title\n\nText.\n"
    assert with_notice(once, "<!-- live -->\ny\n<!-- /live -->\n\n") == once.replace("\nx\n", "\ny\n")
    assert account(half[0]).steps  # the account needs no Hub
