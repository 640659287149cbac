"""`factory publish` and `factory build`."""

import shlex
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from factory.commands.session import Opened, Session, one_hub
from factory.commands.table import print_json, print_table
from factory.errors import FactoryError, UsageError, nearest
from factory.graph import lineage
from factory.graph.nodes import Graph
from factory.graph.run import Runner
from factory.hub.push import Pushed
from factory.profile import KEEP_MINUTES
from factory.publishing.before import require_ready
from factory.publishing.cards.live import LiveCards
from factory.publishing.stages import Execution, Report, builds, stages
from factory.remote.mirror import Mirror
from factory.step.progress import Progress
from factory.store import Manifest
from factory.text.figures import counted


def run_build(session: Session, names: list[str], *, as_json: bool = False) -> None:
    """Build the named artifacts (all of them by default) and what they need; push nothing. Say what was made.

    Raises:
        FactoryError: as `building`; or a build failed.
    """
    with building(session, names) as (opened, report):
        if as_json:
            print_json(as_document(opened, report))
        else:
            _print(opened, report)
        report.require_success()


@contextmanager
def building(session: Session, names: Sequence[str]) -> Iterator[tuple[Opened, Report]]:
    """The session, and what was made of the named artifacts and all that they need. It is open while the block runs.

    Raises:
        UsageError: there is no such artifact.
        FactoryError: something that can be known before work forbids it, as `require_ready`. A build that failed is
            in the report: everything that does not need it is made all the same.
    """
    with stop_cleanly(), session.open(building=True) as opened:
        graph = opened.graph
        valid = {*graph.finals, *graph.nodes}
        for name in names:
            if name not in valid:
                raise UsageError(f"no artifact {name!r} in {session.recipe}{nearest(name, graph.finals)}")
        nodes = graph.needed_for(names) if names else graph.order()
        require_ready(graph, nodes, opened.profile, rehearsal=session.rehearse)
        runner = Runner(graph, opened.profile, Progress(), rehearsal=session.rehearse)
        yield opened, Execution(runner).run(builds(nodes))


def run_publish(sessions: Sequence[Session], *, as_json: bool = False, **how: Any) -> None:
    """Do what the plan of each lists, one after another, as `publishing` is told how; say what came of it.

    JSON is one document of one recipe, a list of several.

    Raises:
        UsageError: a recipe is wrong, or they go to different Hubs: nothing was begun.
        FactoryError: as `publishing`; or a stage failed. The recipes after it are published all the same.
    """
    errors: list[FactoryError] = []
    documents = []
    with one_hub(sessions) as opening:
        for session in opening:
            try:
                with publishing(session, **how) as (opened, report):
                    if as_json:
                        documents.append(as_document(opened, report))
                    else:
                        _print(opened, report)
                    report.require_success()
            except FactoryError as error:
                errors.append(error)
    if as_json and documents:
        print_json(documents[0] if len(sessions) == 1 else documents)
    if errors:
        raise errors[0] if len(errors) == 1 else FactoryError("\n".join(map(str, errors)))


@contextmanager
def publishing(
    session: Session,
    *,
    force: bool = False,
    live: bool = False,
    keep: str | None = None,
    keep_every: float | None = None,
) -> Iterator[tuple[Opened, Report]]:
    """The session, open while the block runs, and what came of doing all that the plan lists: build, judge, push.

    `keep` is a private dataset of the Hub from which steps are taken and in which each is kept, the one at work every
    `keep_every` minutes (default: 30).

    Raises:
        FactoryError: something that can be known before work forbids it, as `require_ready`. A stage that failed is in
            the report: everything that does not need it is done all the same.
    """
    with stop_cleanly(), session.open(building=True) as opened, ExitStack() as listening:
        graph = opened.graph
        todo = stages(graph)
        require_ready(graph, graph.order(), opened.profile, todo=todo, rehearsal=session.rehearse)
        runner = Runner(graph, opened.profile, Progress(), rehearsal=session.rehearse)
        execution = Execution(runner, force=force)
        if keep:
            mirror = Mirror(keep, graph, runner.progress)
            mirror.fetch()
            execution.listeners.append(mirror.during)
            listening.enter_context(mirror.running(60 * (keep_every or KEEP_MINUTES)))
        if live:
            cards = LiveCards(graph, runner.progress)
            execution.listeners.append(cards.during)
            listening.enter_context(cards.running())
        yield opened, execution.run(todo)


@contextmanager
def stop_cleanly() -> Iterator[None]:
    """SIGTERM, as schedulers send it, and SIGHUP of a closed terminal end a run like Ctrl-C: finished work is kept."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # where Python takes no signals
        yield
        return
    sent = [
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN
    ]  # nohup
    before = {number: signal.signal(number, stop) for number in sent}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def as_document(opened: Opened, report: Report) -> dict[str, Any]:
    """What a run did, as JSON."""
    return {
        "recipe": opened.loaded.recipe.name,
        "rehearsal": opened.rehearsal,
        "seconds": round(report.seconds, 2),
        "built": report.built,
        "done": report.done,
        "total": lineage.usage(lineage.made(opened.graph, opened.graph.nodes.values())).model_dump(),
        "pushed": {
            name: {"url": p.url, "commit": p.commit, "changed": p.changed} for name, p in report.pushed.items()
        },
        "failed": [
            {"stage": stage.name, "place": str(stage.place), "error": str(error)}
            for stage, error in report.failed.items()
        ],
        "left_out": [
            {"stage": stage.name, "place": str(stage.place), "because": cause.name}
            for stage, cause in report.left_out.items()
        ],
        "scores": [
            {"suite": entry.suite, "model": entry.model, **entry.metrics} for entry in lineage.board(opened.graph)
        ],
    }


def _print(opened: Opened, report: Report) -> None:
    graph, pushed = opened.graph, report.pushed
    rows = []
    for name in graph.finals:
        if manifest := Manifest.load(graph.final(name).folder):
            on_hub = pushed.get(name)
            rows.append(
                [name, manifest.kind, _size(manifest, _began_with(graph, name)), _state(on_hub), _page(opened, on_hub)]
            )
    rows += [[key, "", "", _state(p), _page(opened, p)] for key, p in pushed.items() if key not in graph.finals]
    columns = ["artifact", "kind", "made", "hub", "page"]
    print_table(opened.loaded.recipe.name, columns, rows, spare=["kind"], texts=["page"])
    if scores := lineage.board(graph):
        print()
        title = "scores of stand-ins: they say nothing" if opened.rehearsal else "scores, measured in this store"
        lines = [[entry.suite, entry.model, entry.headline, *entry.shown().values()] for entry in scores]
        columns = ["evaluation", "model", "score", *scores[0].shown()]
        print_table(title, columns, lines, right=["value", "n"], texts=["also"])
    if report.failed:
        print()
        failed = [[stage.name, "failed", str(error)] for stage, error in report.failed.items()]
        left = [
            [stage.name, "left out", f"{stage.place}: needs {cause.name}"] for stage, cause in report.left_out.items()
        ]
        print_table("not done", ["stage", "state", "because"], [*failed, *left], texts=["because"])
    commits = sum(p.changed for p in pushed.values())
    print(
        f"\n{counted(len(report.built), 'step')} built, {len(report.done)} done before, {counted(commits, 'commit')}, "
        f"{report.seconds:.1f} s"
    )
    made = [step for step in lineage.made(graph, graph.nodes.values()) if step.manifest]
    print(f"in this store: {len(made)} of {len(graph.nodes)} steps done, {lineage.usage(made)}")
    if opened.target.embedded and pushed:
        command = shlex.join(["factory", "hub", "--data", str(opened.store.root / "hub")])
        print(f"see it in a browser: {command}" if opened.target.ends else f"see it at {opened.target.url}")
    if opened.rehearsal and not report.failed:
        print(f"rehearsal of {opened.loaded.recipe.name}: every step ran; nothing here is the real thing")


def _page(opened: Opened, pushed: Pushed | None) -> str:
    """Where it can be seen; of a Hub that ends with the command the path alone."""
    if pushed is None:
        return ""
    return urlsplit(pushed.url).path if opened.target.ends else pushed.url


def _state(pushed: Pushed | None) -> str:
    return "" if pushed is None else "pushed" if pushed.changed else "up to date"


def _began_with(graph: Graph, name: str) -> int | None:
    """Rows that went into an artifact's own first step."""
    first = next(iter(graph.chain(name)), None)
    manifest = Manifest.load(first.folder) if first else None
    return manifest.rows.rows_in if manifest and manifest.rows else None


def _size(manifest: Manifest, began_with: int | None) -> str:
    if (counts := manifest.rows) is not None:
        whole = counts.rows_in if began_with is None else began_with
        of = f" of {whole:,}" if whole != counts.kept else ""
        return f"{counts.kept:,}{of} rows" if of else counted(counts.kept, "row")
    parameters = manifest.metrics.get("parameters")
    return f"{parameters / 1e6:,.1f} M parameters" if parameters else ""
