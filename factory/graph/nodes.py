"""A recipe as a graph of nodes, each with its identity: what `plan` shows and `run` executes.

One node per step, so that a change in one step keeps the finished work of those before it. Names say where a node
belongs: ``orca-ar/02-translate``, ``hub/Open-Orca/OpenOrca``, ``oall-v2/hala-1.2b``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Literal

from factory.errors import FactoryError
from factory.evaluate.base import Suite
from factory.evaluate.texts import SuiteTexts, suite_named
from factory.graph.model_sources import UNKNOWN, AnsweringModel, HubModel, local_model
from factory.graph.sources import DemoDataset, HubDataset, local_dataset
from factory.recipe import DatasetSpec, LoadedRecipe, ModelSpec, Place
from factory.recipe.lock import Resolver
from factory.recipe.schema import Demo, EndpointModel
from factory.refs import HubRef, SplitSlice, artifact_name, is_hub_ref, is_local, step_number
from factory.resources import local_path
from factory.step.base import Step
from factory.store import Manifest, Store, fingerprint
from factory.store.writing import to_do

BEHIND = {"endpoint", "openai"}  # who answers for a model behind an endpoint, as protocols say it and once said
Kind = Literal["dataset", "model", "evaluation"]


@dataclass(frozen=True)
class Edge:
    """A finished node as an input, and the split of it that is read."""

    node: str
    split: str = "train"


@dataclass(frozen=True)
class Node:
    """One step of one artifact.

    Attributes:
        artifact: the recipe's name for what it belongs to, ``hub/owner/name`` for a source from the Hub.
        label: position and verb, e.g. ``02-translate``.
        source: the node before it; None at a beginning.
        inputs: nodes for the references in its parameters, by the text written in the recipe.
        identity: everything that can change its content; `fingerprint` is its digest.
        last: the node finishes its artifact.
        trust_remote_code: its model, or one that it uses, brings code of its own, which may run.
        made: folder of what it makes before limits are applied; versions that differ in limits only share it.
    """

    name: str
    artifact: str
    label: str
    kind: Kind
    step: Step
    source: Edge | None
    inputs: dict[str, Edge]
    identity: dict[str, Any]
    fingerprint: str
    folder: Path
    made: Path
    place: Place
    last: bool = False
    trust_remote_code: bool = False

    @cached_property
    def edges(self) -> list[Edge]:
        return [*([self.source] if self.source else []), *self.inputs.values()]


@dataclass
class Graph:
    """All nodes by name; `finals` maps an artifact of the recipe to the node that finishes it."""

    loaded: LoadedRecipe
    store: Store
    nodes: dict[str, Node] = field(default_factory=dict)
    finals: dict[str, str] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    """Hub ref, local path or ``model@step``, as written, to the node that fetches or makes it as a model."""
    unresolved: list[str] = field(default_factory=list)

    def order(self) -> list[Node]:
        """Nodes, inputs first; among equals in the order of the recipe."""
        sorter = TopologicalSorter({name: {edge.node for edge in node.edges} for name, node in self.nodes.items()})
        return [self.nodes[name] for name in sorter.static_order()]

    def final(self, reference: str) -> Node:
        """The node that finishes an artifact, or fetches the model that a ref names."""
        return self.nodes[self.finals.get(reference) or self.refs[reference]]

    def chain(self, artifact: str) -> list[Node]:
        """The artifact's own nodes, first to last."""
        return [node for node in self.nodes.values() if node.artifact == artifact]

    def needed_for(self, names: Sequence[str]) -> list[Node]:
        """The nodes that the named artifacts or evaluations need, themselves included, in order."""
        wanted: set[str] = set()
        stack = [self.finals.get(name, name) for name in names]
        while stack:
            name = stack.pop()
            if name not in wanted:
                wanted.add(name)
                stack += [edge.node for edge in self.nodes[name].edges]
        return [node for node in self.order() if node.name in wanted]

    def evaluations(self, model: str | None = None) -> list[Node]:
        """Evaluation nodes, of one model (by its reference in the recipe) or of all."""
        name = self.final(model).name if model else None
        return [
            node
            for node in self.nodes.values()
            if node.kind == "evaluation" and (name is None or (node.source and node.source.node == name))
        ]

    def require_own_engine(self, node: Node, manifest: Manifest) -> None:
        """A result belongs to the weights that it names: those of a model here were asked by an engine here.

        Beside it, another may have judged behind an endpoint.

        Raises:
            FactoryError: an endpoint answered in the place of a model that has its weights here.
        """
        if node.kind != "evaluation" or node.source is None:
            return
        protocol = manifest.metrics.get("protocol") or {}
        asked = str(protocol.get("engine") or "").split(" and ")
        if BEHIND.issuperset(asked) and not isinstance(self.nodes[node.source.node].step, AnsweringModel):
            what = f"{node.name} was answered by an endpoint, and not by the model's own weights"
            raise FactoryError(what, where=str(node.folder), fix=to_do(node.folder))


def build_graph(loaded: LoadedRecipe, store: Store, resolver: Resolver) -> Graph:
    """Every node of the recipe with its fingerprint.

    Hub refs that `resolver` cannot reach are listed in ``graph.unresolved``; their fingerprints are provisional.
    """
    return _Builder(loaded, store, resolver).build()


class _Builder:
    def __init__(self, loaded: LoadedRecipe, store: Store, resolver: Resolver) -> None:
        self.loaded, self.recipe, self.resolver = loaded, loaded.recipe, resolver
        self.graph = Graph(loaded, store)

    def build(self) -> Graph:
        for name in self.recipe.datasets:
            self._artifact(name)
        for name in self.recipe.models:
            self._artifact(name)
        for name, suite in self.recipe.evaluate.items():
            self._evaluations(name, suite)
        for reference in self.recipe.space.demo if self.recipe.space else []:
            self._edge(reference, "model", self.loaded.place("space", "demo"))
        return self.graph

    def _artifact(self, name: str) -> Node:
        if name in self.graph.finals:
            return self.graph.nodes[self.graph.finals[name]]
        section = "datasets" if name in self.recipe.datasets else "models"
        spec: DatasetSpec | ModelSpec = getattr(self.recipe, section)[name]
        kind: Kind = "dataset" if section == "datasets" else "model"
        edge = self._from(name, spec, self.loaded.place(section, name, "from"))
        for index, step in enumerate(spec.steps):
            place = self.loaded.place(section, name, "steps", index, step.verb)
            split = getattr(step, "split", None)
            inputs = {
                value: self._benchmark(value, place, str(split or "test"))
                if wanted == "benchmark"
                else self._edge(value, wanted, place)
                for _, value, wanted in step.references()
            }
            node = self._add(
                f"{name}/{index + 1:02d}-{step.verb}",
                artifact=name,
                label=f"{index + 1:02d}-{step.verb}",
                kind=kind,
                step=step,
                source=edge,
                inputs=inputs,
                place=place,
                last=index == len(spec.steps) - 1,
            )
            edge = Edge(node.name)
        assert edge is not None, f"{name} has neither `from` nor steps"
        self.graph.finals[name] = edge.node
        return self.graph.nodes[edge.node]

    def _from(self, name: str, spec: DatasetSpec | ModelSpec, place: Place) -> Edge | None:
        if spec.from_ is None:
            return None
        if isinstance(spec.from_, Demo):
            demo = spec.from_
            step = DemoDataset(demo=demo.demo, rows=demo.rows, seed=demo.seed)
            return self._source(f"{name}/00-load", name, step, "dataset", place, last=not spec.steps)
        if isinstance(spec.from_, EndpointModel):
            return self._answering(name, spec.from_, place)
        if isinstance(spec, DatasetSpec):
            return self._edge(spec.from_, "dataset", place, split=spec.split, spec=spec)
        return self._edge(spec.from_, "model", place, code=spec.trust_remote_code)

    def _answering(self, name: str, behind: EndpointModel, place: Place) -> Edge:
        """A model behind an endpoint; in a rehearsal its stand-in on the embedded Hub."""
        if self.resolver.stand_ins:
            return self._edge(behind.stand_in, "model", place)
        try:
            stated = self.resolver.answers_as(behind.endpoint, behind.model)
        except FactoryError as error:
            error.where = f"{place}" if error.where is None else f"{place}, {error.where}"
            raise
        step = AnsweringModel(endpoint=behind.endpoint, model=behind.model, answers_as=stated or UNKNOWN)
        return self._source(f"{name}/00-fetch", name, step, "model", place, last=True)

    def _edge(
        self,
        reference: str,
        kind: str,
        place: Place,
        split: str = "train",
        spec: DatasetSpec | None = None,
        code: bool = False,
    ) -> Edge:
        """The finished node that a reference means, made if it is the first to name it; `spec` says how to read it."""
        if is_local(reference):
            path = self._local(reference)
            how = spec.model_dump(include={"column_names", "delimiter", "images", "image_hosts"}) if spec else {}
            try:
                step = local_dataset(path, split, **how) if kind == "dataset" else local_model(path)
            except FactoryError as error:
                error.where = f"{place}, {error.where}" if error.where else str(place)
                raise
            edge = self._remember(reference, kind, self._source_name("local", path.name, split), step, place)
            return Edge(edge.node, "train")
        if is_hub_ref(reference):
            ref = HubRef.parse(reference)
            sha = self.resolver.resolve(ref, "dataset" if kind == "dataset" else "model")
            if sha is None:
                self.graph.unresolved.append(reference)
            revision = sha or f"unresolved:{ref.revision or 'main'}"
            if kind == "dataset":
                how = spec.model_dump(include={"data_files", "images", "image_hosts"}) if spec else {}
                step = HubDataset(repo=ref.repo, config=ref.config, revision=revision, split=split, **how)
                detail = ":".join(filter(None, [ref.config, split if split != "train" else None, step.data_files]))
                edge = self._remember(reference, kind, self._source_name("hub", ref.repo, detail), step, place)
                return Edge(edge.node, SplitSlice.parse(split).name)
            return self._remember(
                reference, kind, f"hub/{ref.repo}", HubModel(repo=ref.repo, revision=revision, code=code), place
            )
        if (number := step_number(reference)) is not None:
            return self._step(artifact_name(reference), number, reference)
        name, _, part = reference.partition(":")
        return Edge(self._artifact(name).name, part or "train")

    def _step(self, name: str, number: int, reference: str) -> Edge:
        """A step in the middle of a model, which may be the one that is being made."""
        label = f"{name}/{number:02d}-{self.recipe.models[name].steps[number - 1].verb}"
        if label not in self.graph.nodes:
            self._artifact(name)
        self.graph.refs[reference] = label
        return Edge(label)

    def _remember(self, reference: str, kind: str, name: str, step: Step, place: Place) -> Edge:
        edge = self._source(name, name, step, "dataset" if kind == "dataset" else "model", place)
        if kind == "model":
            self.graph.refs[reference] = edge.node
        return edge

    def _source_name(self, origin: str, name: str, detail: str) -> str:
        return f"{origin}/{name}" + (f"/{detail}" if detail and detail != "train" else "")

    def _source(self, name: str, artifact: str, step: Step, kind: Kind, place: Place, last: bool = False) -> Edge:
        known = self.graph.nodes.get(name)
        number = 2
        while known is not None and known.step != step:  # the same repo at another revision or split
            name = f"{artifact}#{number}"
            known, number = self.graph.nodes.get(name), number + 1
        if known is None:
            self._add(
                name, artifact=artifact, label=f"00-{step.verb}", kind=kind, step=step, source=None, inputs={},
                place=place, last=last,
            )  # fmt: skip
        return Edge(name)

    def _local(self, reference: str) -> Path:
        if (path := local_path(self.loaded.source.folders, reference)) is None:
            raise FactoryError(f"no such file or folder: {reference}")
        return path

    def _benchmark(self, reference: str, place: Place, split: str) -> Edge:
        """The texts that a suite measures on, or a dataset."""
        suite = None
        if not is_local(reference) and not is_hub_ref(reference) and reference not in self.recipe.datasets:
            suite = suite_named(self.recipe.evaluate, reference)
        if suite is None:
            return self._edge(reference, "dataset", place, split=split)
        suite = suite.at_revisions(self._revisions(suite.hub_datasets()))
        name = f"benchmark/{reference}"
        if name not in self.graph.nodes:
            self._add(
                name, artifact=name, label="00-load", kind="dataset", step=SuiteTexts(suite=suite), source=None,
                inputs=self._suite_data(suite, place), place=place, last=False,
            )  # fmt: skip
        return Edge(name)

    def _suite_data(self, suite: Step, place: Place) -> dict[str, Edge]:
        split = getattr(suite, "split", None) or "test"
        references = [value for _, value, kind in suite.references() if kind == "dataset"]
        return {value: self._edge(value, "dataset", place, split=split) for value in references}

    def _evaluations(self, name: str, suite: Step) -> None:
        place = self.loaded.place("evaluate", name)
        if isinstance(suite, Suite):
            suite = suite.at_revisions(self._revisions(suite.hub_datasets()))
        references = list(suite.references())
        inputs = self._suite_data(suite, place)
        for model in [value for parameter, value, kind in references if parameter == "models"]:
            self._add(
                f"{name}/{model}",
                artifact=name,
                label=f"{model.replace('/', '--').replace('@', '-')}-{suite.verb}",
                kind="evaluation",
                step=suite,
                source=self._edge(model, "model", place),
                inputs=inputs,
                place=place,
                last=False,
            )

    def _revisions(self, repos: list[str]) -> dict[str, str]:
        """Commits of the datasets that a suite reads under their own names, as far as they can be resolved."""
        found = {repo: self.resolver.resolve(HubRef(repo), "dataset") for repo in repos}
        self.graph.unresolved += [repo for repo, sha in found.items() if sha is None]
        return {repo: sha for repo, sha in found.items() if sha is not None}

    def _add(self, name: str, *, step: Step, source: Edge | None, inputs: dict[str, Edge], **rest: Any) -> Node:
        parameters, made, references = step.parameters(), step.made(), list(step.references())
        identity: dict[str, Any] = {"verb": step.verb, "version": step.version, "parameters": parameters}
        if getattr(step, "uses_language", False):
            identity["language"] = self.recipe.language.model_dump()
        edges = [*([source] if source else []), *inputs.values()]
        models = [node for edge in edges if (node := self.graph.nodes[edge.node]).kind == "model"]
        if trusted := any(model.trust_remote_code for model in models):
            identity["trust_remote_code"] = True
        if source is not None:
            identity["source"] = self._input_identity(source)
        roles = [(parameter, value) for parameter, value, _ in references if value in inputs]
        if roles:
            identity["inputs"] = {}
            for parameter, value in roles:
                number = sum(role.startswith(f"{parameter}[") for role in identity["inputs"])
                identity["inputs"][f"{parameter}[{number}]"] = self._input_identity(inputs[value])
        digest, made_digest = fingerprint(identity), fingerprint(identity | {"parameters": made})
        node = Node(
            name=name,
            step=step,
            source=source,
            inputs=inputs,
            identity=identity,
            fingerprint=digest,
            folder=self.graph.store.folder(rest["artifact"], rest["label"], digest),
            made=self.graph.store.made(rest["artifact"], rest["label"], made_digest),
            trust_remote_code=trusted or (isinstance(step, HubModel) and step.code),
            **rest,
        )
        self.graph.nodes[name] = node
        return node

    def _input_identity(self, edge: Edge) -> str:
        digest = self.graph.nodes[edge.node].fingerprint
        return digest if edge.split == "train" else f"{digest}:{edge.split}"
