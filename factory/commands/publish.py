"""`factory publish` and `factory build`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from factory.commands.hub_choice import Choice
from factory.commands.session import Session, session
from factory.commands.table import print_json
from factory.errors import UsageError, nearest
from factory.graph.nodes import Node
from factory.graph.run import Report, Runner
from factory.profile import KEEP_MINUTES
from factory.step.progress import Progress


def run_build(
    recipe: Path,
    names: list[str],
    store: Path,
    hub: Choice,
    profile: str | None,
    *,
    locked: bool = False,
    rehearse: bool = False,
    as_json: bool = False,
) -> None:
    """Build the named artifacts (all of them by default) and what they need; push nothing."""
    with (
        stop_cleanly(),
        session(recipe, store, hub, profile, building=True, locked=locked, rehearse=rehearse) as opened,
    ):
        valid = {*opened.graph.finals, *opened.graph.nodes}
        for name in names:
            if name not in valid:
                raise UsageError(f"no artifact {name!r} in {recipe}{nearest(name, opened.graph.finals)}")
        progress = Progress()
        runner = Runner(opened.graph, opened.profile, progress, rehearsal=rehearse)
        nodes = opened.graph.needed_for(names) if names else opened.graph.order()
        report = runner.run(nodes)
        _finish(opened, report, {}, as_json)


def run_publish(
    recipe: Path,
    store: Path,
    hub: Choice,
    profile: str | None,
    *,
    locked: bool = False,
    rehearse: bool = False,
    force: bool = False,
    live: bool = False,
    keep: str | None = None,
    keep_every: float | None = None,
    as_json: bool = False,
) -> None:
    """Build everything, push datasets as they are complete and models once their gates have passed.

    `keep` is a private dataset of the Hub from which steps are taken and in which each is kept, the one at work every
    `keep_every` minutes (default: 30).
    """
    from factory.graph.licenses import require_licenses
    from factory.publishing.cards.live import LiveCards
    from factory.publishing.publisher import Publisher
    from factory.remote.mirror import Mirror

    with (
        stop_cleanly(),
        session(recipe, store, hub, profile, building=True, locked=locked, rehearse=rehearse) as opened,
    ):
        require_licenses(opened.graph)
        progress = Progress()
        publisher = Publisher(opened.graph, progress, force=force)
        runner = Runner(opened.graph, opened.profile, progress, rehearsal=rehearse)
        cards = LiveCards(opened.graph, progress)
        kept = Mirror(keep, opened.graph, progress) if keep else None
        if kept:
            kept.fetch()

        def push_dataset(node: Node) -> None:
            if kept:
                kept.keep(node)
            if node.kind == "dataset" and node.last:
                with cards.paused():
                    publisher.dataset(node.artifact)

        runner.finished = push_dataset
        keeping = kept.running(60 * (keep_every or KEEP_MINUTES)) if kept else nullcontext()
        with cards.running() if live else nullcontext(), keeping:
            report = runner.run(opened.graph.order())
        publisher.models()
        publisher.space()
        publisher.collection()
        _finish(opened, report, publisher.pushed, as_json)


@contextmanager
def stop_cleanly() -> Iterator[None]:
    """SIGTERM, as schedulers send it, ends a run like Ctrl-C: what is finished is kept."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _finish(opened: Session, report: Report, pushed: dict[str, Any], as_json: bool) -> None:
    from factory.commands.summary import as_document, print_summary

    if as_json:
        print_json(as_document(opened, report, pushed))
    else:
        print_summary(opened, report, pushed)
