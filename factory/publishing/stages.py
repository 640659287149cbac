"""What a publish does, as a list: `plan` prints it, `publish` executes it, live cards and the mirror listen to it.

A stage stands behind all that it waits for and names those without which it cannot be done. Where one fails, only what
needs it is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from factory.errors import FactoryError
from factory.evaluate.gates import parse_gate
from factory.graph import hygiene
from factory.graph.licenses import require_licenses
from factory.graph.nodes import Graph, Node
from factory.graph.run import Runner
from factory.hub.addresses import is_loopback
from factory.hub.client import Unavailable
from factory.hub.push import Pushed
from factory.publishing.artifacts import publish
from factory.publishing.collection import publish_collection
from factory.publishing.gates import judge_gates
from factory.publishing.space import publish_space
from factory.recipe import ModelSpec, Place
from factory.step.progress import Heartbeat

Listener = Callable[[str, str], AbstractContextManager[None]]
"""Called with a stage's kind and subject; the stage is done inside the block that it returns."""


@dataclass(frozen=True)
class Stage:
    """One thing that a publish does.

    Attributes:
        subject: what it is about: a node, an artifact, a repo or a title.
        place: where the recipe asks for it.
        needs: names of the stages without which it cannot be done.
    """

    subject: str
    place: Place
    needs: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return type(self).__name__.lower()

    @property
    def name(self) -> str:
        return f"{self.kind} {self.subject}"


class Build(Stage):
    """Make a node: a step of a dataset or model, or an evaluation."""


class Gate(Stage):
    """Judge a model on the scores that were measured, or a dataset on its rows."""


class Push(Stage):
    """Push a dataset or a model to its repo."""


class Space(Stage):
    """Push the Space with those of its models that are on the Hub."""


class Collection(Stage):
    """Gather what was pushed."""


def builds(nodes: Iterable[Node]) -> list[Stage]:
    """The nodes as stages, in their order."""
    return [Build(node.name, node.place, tuple([f"build {edge.node}" for edge in node.edges])) for node in nodes]


def stages(graph: Graph) -> list[Stage]:
    """All that a publish of the recipe does: each artifact leaves as soon as it and all it shows is there."""
    recipe, place = graph.loaded.recipe, graph.loaded.place
    waiting = {name: _awaited(graph, name) for name in (*recipe.datasets, *recipe.models) if recipe.repo_id(name)}
    found: list[Stage] = []
    made: set[str] = set()
    for build in builds(graph.order()):
        found.append(build)
        made.add(build.subject)
        for name in [name for name, nodes in waiting.items() if nodes <= made]:
            del waiting[name]
            found += _leaving(graph, name)
    if recipe.space is not None:
        found.append(Space(recipe.in_namespace(recipe.space.repo), place("space")))
    if recipe.hub.collection is not None:
        found.append(Collection(recipe.hub.collection, place("hub", "collection")))
    return found


def _awaited(graph: Graph, name: str) -> set[str]:
    """Nodes that are tried before an artifact is pushed: a model's card shows its suites whole."""
    spec = graph.loaded.recipe.models.get(name)
    suites = {node.artifact for node in graph.evaluations(name)} if spec else set()
    suites |= {gate.suite for gate in _gates(graph, spec)} if spec else set()
    return {graph.final(name).name, *(node.name for node in graph.evaluations() if node.artifact in suites)}


def _gates(graph: Graph, spec: ModelSpec) -> list[Any]:
    return [parse_gate(text, dict.fromkeys(graph.loaded.recipe.evaluate)) for text in spec.gates]


def _leaving(graph: Graph, name: str) -> list[Stage]:
    """A dataset's or a model's gate, if it has one, and its push."""
    recipe, place = graph.loaded.recipe, graph.loaded.place
    final = f"build {graph.final(name).name}"
    spec = recipe.models.get(name)
    if spec is None:
        rows = Gate(name, place("datasets", name, "gates"), (final,))
        asked = [rows] if recipe.datasets[name].gates else []
        return [*asked, Push(name, place("datasets", name, "publish"), (final, *(gate.name for gate in asked)))]
    if not spec.gates:
        return [Push(name, place("models", name, "publish"), (final,))]
    base = spec.base
    asked = [f"{gate.suite}/{model}" for gate in _gates(graph, spec) for model in gate.models(name, base)]
    scored = dict.fromkeys(f"build {node}" for node in asked if node in graph.nodes)
    gate = Gate(name, place("models", name, "gates"), (final, *scored))
    return [gate, Push(name, place("models", name, "publish"), (final, gate.name))]


@dataclass
class Report:
    """What a run did.

    Attributes:
        built, done: names of the nodes made now, and of those that were done before.
        pushed: where things went, by the recipe's names, ``Space`` and ``Collection``.
        failed: errors of the stages that failed; `left_out` the failed one for each that was left out because of it.
    """

    built: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    pushed: dict[str, Pushed] = field(default_factory=dict)
    failed: dict[Stage, FactoryError] = field(default_factory=dict)
    left_out: dict[Stage, Stage] = field(default_factory=dict)
    seconds: float = 0.0

    def require_success(self) -> None:
        """
        Raises:
            FactoryError: what the one stage that failed said, or what each of several did.
        """
        match list(self.failed.items()):
            case [(_, error)]:
                raise error
            case [*errors] if errors:
                raise FactoryError("\n".join(f"{stage.name} failed: {error}" for stage, error in errors))


@dataclass
class Execution:
    """Does stages one after the other, each inside what its `listeners` make of it."""

    runner: Runner
    force: bool = False
    listeners: list[Listener] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    _lost: dict[str, Stage] = field(default_factory=dict)  # by name: the failed stage for which one was not done

    def run(self, todo: Iterable[Stage]) -> Report:
        """Do every stage that can be done; what the Hub had no answer to is tried again when all else is done.

        Space and collection come after that, since they gather what was pushed; and what a second try brings is shown
        by those that left before it.

        Raises:
            FactoryError: another run of the recipe is going on. What a stage raises is in the report.
        """
        started = time.monotonic()
        single: list[Stage] = []
        gathering: list[Stage] = []
        for stage in todo:
            (gathering if isinstance(stage, Space | Collection) else single).append(stage)
        with self.runner.at_work() as heart:
            for group in (single, gathering):
                self._each(group, heart)
                before, again = set(self.report.pushed), self._worth_another_try(group)
                self._each(again, heart)
                if self.report.pushed.keys() - before:
                    self._each(self._left_too_early(group, again), heart)
        self.report.seconds = time.monotonic() - started
        return self.report

    def _each(self, group: list[Stage], heart: Heartbeat) -> None:
        report, lost = self.report, self._lost
        for stage in group:
            heart.step = stage.subject if isinstance(stage, Build) else stage.name
            if cause := next((lost[name] for name in stage.needs if name in lost), None):
                report.left_out[stage] = lost[stage.name] = cause
            elif error := self._do(stage):
                report.failed[stage], lost[stage.name] = error, stage
                self.runner.progress.log(f"{stage.name} failed: {error}")

    def _worth_another_try(self, group: list[Stage]) -> list[Stage]:
        """Where the Hub was out of order, the stages that failed and what was left out with them, no longer lost."""
        report = self.report
        again = [
            stage for stage in group if isinstance(report.failed.get(report.left_out.get(stage, stage)), Unavailable)
        ]
        if again:
            self.runner.progress.log("all else is done; trying again what the Hub had no answer to")
        for stage in again:
            report.failed.pop(stage, None)
            report.left_out.pop(stage, None)
            del self._lost[stage.name]
        return again

    def _left_too_early(self, group: list[Stage], again: list[Stage]) -> list[Stage]:
        """What left before the last came: it may show, or gather, what was not there yet. Most of it is up to date."""
        lost = (self.report.failed, self.report.left_out)
        left = [stage for stage in group if isinstance(stage, Push | Space | Collection) and stage not in again]
        return [stage for stage in left if not any(stage in some for some in lost)]

    def _do(self, stage: Stage) -> FactoryError | None:
        try:
            with ExitStack() as around:
                for listener in self.listeners:
                    around.enter_context(listener(stage.kind, stage.subject))
                if isinstance(stage, Build):
                    made = self.runner.build(self.runner.graph.nodes[stage.subject])
                    (self.report.built if made else self.report.done).append(stage.subject)
                else:
                    self._publish(stage)
        except FactoryError as error:
            return error
        except Exception as error:
            return self.runner.crash(error, stage.name.replace(" ", "-"), str(stage.place))
        return None

    def _publish(self, stage: Stage) -> None:
        graph, pushed = self.runner.graph, self.report.pushed
        match stage:
            case Gate():
                for note in judge_gates(graph, stage.subject):
                    self.runner.progress.log(note)
            case Push():
                require_licenses(graph, online=False, names=[stage.subject])  # of rows they are known by now
                if stage.subject in graph.loaded.recipe.models:
                    hygiene.look(graph, stage.subject)
                self._note(stage.subject, publish(graph, stage.subject, force=self.force))
            case Space():
                self._note("Space", publish_space(graph, force=self.force))
            case Collection() if pushed:
                self._note("Collection", publish_collection(graph, pushed))

    def _note(self, name: str, pushed: Pushed) -> None:
        before = self.report.pushed.get(name)
        self.report.pushed[name] = replace(pushed, changed=pushed.changed or bool(before and before.changed))
        place = urlsplit(pushed.url).path if is_loopback(pushed.url) else pushed.url  # that server may end with us
        for line in [*([f"pushed {name} -> {place}"] if pushed.changed else []), *pushed.notes]:
            self.runner.progress.log(line)
