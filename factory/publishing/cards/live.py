"""The card of a dataset while it is being made: pushed now and then to the repo that will hold it.

Off unless asked for. It begins ten minutes into a run and makes at most one commit in ten minutes, of README.md alone,
marked by the trailer ``Factory-Live``. The final push replaces it like any card of ours, in its single commit. A repo
whose last commit is somebody else's, or another recipe's, is left alone, and whatever goes wrong here is a line in the
log and nothing more.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from factory.errors import first_line
from factory.graph import lineage
from factory.graph.account import Account, account, pace
from factory.graph.nodes import Graph
from factory.hub.addresses import is_loopback
from factory.hub.client import api, existing, hub_errors
from factory.hub.push import FIRST_FILES, RECIPE_TRAILER, trailers
from factory.publishing.cards.dataset import dataset_card
from factory.publishing.cards.text import share
from factory.publishing.dataset_files import files_of

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from factory.step.progress import Progress

INTERVAL = 600.0  # seconds between two commits to a repo, and before the first
LIVE_TRAILER = "Factory-Live"
SECTION = re.compile(r"<!-- live -->.*?<!-- /live -->\n*", re.DOTALL)
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def notice(found: Account, names: set[str], now: datetime) -> str:
    """The section that says what goes on: the step at work, its pace, rows so far, when it was written."""
    beat = found.beat
    lines = ["<!-- live -->", "## In progress", ""]
    stamp = f"{now:%Y-%m-%d %H:%M} UTC"
    lines.append(f"This dataset is being made. As of {stamp}; refreshed every ten minutes while the work goes on.")
    if beat is not None:
        lines += ["", f"- started: {beat.started.replace('T', ' ').removesuffix('+00:00')} UTC"]
        lines.append(f"- at work: `{beat.step}`" + (f", {pace(beat)}" if beat.task else ""))
    steps = [step for step in found.steps if step.node.name in names]
    lines.append(f"- steps done: {sum(step.state == 'done' for step in steps)} of {len(steps)}")
    lines += ["", "| step | state | in | kept | rejected | failed |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    for step in steps:
        counts = ["–"] * 4
        if (rows := step.rows) is not None:
            kept = f"{rows.kept:,} ({share(rows.kept, rows.rows_in)})"
            counts = [f"{rows.rows_in:,}", kept, f"{rows.rejected:,}", f"{rows.failed:,}"]
        lines.append(f"| {step.node.name} | {step.state} | {' | '.join(counts)} |")
    return "\n".join([*lines, "<!-- /live -->", "", ""])


def with_notice(card: str, section: str) -> str:
    """The card with the section behind its metadata, in the place of an older one."""
    card = SECTION.sub("", card)
    head = FRONT_MATTER.match(card)
    at = head.end() if head else 0
    return f"{card[:at]}\n{section}{card[at:].lstrip()}"


@dataclass
class LiveCards:
    """Pushes the live cards of the datasets at work from a thread of its own, while the block runs."""

    graph: Graph
    progress: Progress
    interval: float = INTERVAL
    _pushed: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[LiveCards]:
        thread = threading.Thread(target=self._work, name="live cards", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            with self._lock:  # a push that has begun comes to its end, so that none meets the final ones
                pass

    @contextmanager
    def during(self, kind: str, subject: str) -> Iterator[None]:
        """No live commit comes between the reading and the writing of a final push."""
        with self._lock if kind == "push" else nullcontext():
            yield

    def _work(self) -> None:
        while not self._over.wait(self.interval):
            for name in self.graph.loaded.recipe.datasets:
                try:
                    with self._lock:
                        if self._over.is_set():
                            return
                        self.push(name)
                except Exception as error:  # a card is never worth a run
                    self.progress.log(f"the live card of {name} was not pushed: {first_line(error)}")

    def push(self, name: str) -> str | None:
        """Push one dataset's card if rows of it are being made now; the commit, or None where nothing was to do.

        Raises:
            FactoryError: the Hub refuses.
        """
        repo, found = self.graph.loaded.recipe.repo_id(name), account(self.graph)
        history = lineage.of(self.graph, name)
        names = {made.node.name for made in history.rows if made.node.kind == "dataset"}
        states = {step.node.name: step.state for step in found.steps}
        if repo is None or states[self.graph.final(name).name] == "done":
            return None
        if not any(states[step] == "running" for step in names):
            return None
        if time.monotonic() - self._pushed.get(name, float("-inf")) < self.interval:
            return None
        client = api()
        if not is_loopback(client.endpoint) and self._of_stand_ins():
            return None
        section, files = notice(found, names, datetime.now(UTC)), files_of(history)
        with hub_errors(repo, "dataset"):
            commit = self._commit(
                client, repo, name, section, lambda: dataset_card(self.graph, name, history, files, found)
            )
        self._pushed[name] = time.monotonic()
        return commit

    def _of_stand_ins(self) -> bool:
        return any(manifest.stand_in for _, manifest in self.graph.store.manifests())

    def _commit(self, client: HfApi, repo: str, name: str, section: str, card: Callable[[], str]) -> str | None:
        from huggingface_hub import CommitOperationAdd

        recipe = self.graph.loaded.recipe
        existing(client, "dataset", repo)
        client.create_repo(repo, repo_type="dataset", private=recipe.is_private(name), exist_ok=True)
        commits = client.list_repo_commits(repo, repo_type="dataset")
        head = commits[0]
        files = client.list_repo_files(repo, repo_type="dataset", revision=head.commit_id)
        fresh = len(commits) == 1 and set(files) <= FIRST_FILES
        if not fresh and trailers(head).get(RECIPE_TRAILER) != recipe.name:
            self.progress.log(f"no live card for {repo}: its last commit is not this recipe's")
            return None
        if LIVE_TRAILER in head.message and _age(head.created_at) < self.interval:
            return None  # an earlier run of this recipe was here a moment ago
        published = any(path.startswith("data/") for path in files)
        text = self._read(client, repo, head.commit_id) if published else card()
        info = client.create_commit(
            repo,
            [CommitOperationAdd("README.md", with_notice(text, section).encode())],
            repo_type="dataset",
            parent_commit=head.commit_id,
            commit_message=f"{name} is in progress",
            commit_description=f"{LIVE_TRAILER}: true\n{RECIPE_TRAILER}: {recipe.name}",
        )
        return info.oid

    def _read(self, client: HfApi, repo: str, revision: str) -> str:
        from pathlib import Path

        return Path(client.hf_hub_download(repo, "README.md", repo_type="dataset", revision=revision)).read_text(
            "utf-8"
        )


def _age(created: Any) -> float:
    return (datetime.now(UTC) - created).total_seconds()
