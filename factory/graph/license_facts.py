"""Who licensed what a recipe begins with: the Hub's cards and the bases that they name, our list, the recipe, rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from factory.arrays import pa, pq
from factory.errors import FactoryError
from factory.graph.lineage import hub_source
from factory.graph.model_sources import AnsweringModel, LocalModel
from factory.graph.nodes import Graph, Node
from factory.graph.sources import DemoDataset, LocalDataset
from factory.graph.terms import data, license_id, terms
from factory.refs import is_hub_ref, is_local
from factory.resources import local_path
from factory.store import Dataset, canonical, write_atomically

DEMO_LICENSE = "cc0-1.0"
CACHE = "licenses.json"
COLUMN = "license"
"""Of rows that say their licence each for itself."""
LONGEST = 60
"""Characters of a row's licence: names are short, and texts are told in lines."""
WRITERS = {"translator", "judge", "writer or judge"}
"""Roles of models of which an artifact has what they wrote, and not their weights."""


@dataclass(frozen=True)
class Link:
    """One thing in the chain: what it is, its role, its licence (None: unknown), who says so, and its kind."""

    name: str
    role: str
    license: str | None
    source: str
    kind: str = "dataset"

    def __str__(self) -> str:
        return f"{self.name} ({self.role}) is {self.license or 'of unknown licence'}"

    @property
    def writes(self) -> bool:
        return self.role in WRITERS


@dataclass(frozen=True)
class _Card:
    """What a repo's card says: its licence, and the models that it was made from."""

    license: str | None
    bases: tuple[str, ...] = ()


class Facts:
    """Licences of what a chain begins with: the Hub's word (kept for good, as it is of a commit), then our list.

    What a model's card names as its base is asked in turn, since a label need not say what lies underneath.
    """

    def __init__(self, graph: Graph, online: bool) -> None:
        self.graph, self.online = graph, online
        self.path = graph.store.root / CACHE
        try:
            self.cache: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.cache = {}
        recipe = graph.loaded.recipe
        self.stated = {
            str(spec.from_): spec.license
            for spec in [*recipe.datasets.values(), *recipe.models.values()]
            if isinstance(spec.from_, str) and spec.license
        } | graph.loaded.source.licenses

    def links(self, node: Node, role: str) -> Iterator[Link]:
        """The node as links of the chain, its bases behind it; none where nobody licensed it."""
        step = node.step
        if isinstance(step, DemoDataset):
            yield Link(f"demo:{step.demo}", role, DEMO_LICENSE, "generated here", node.kind)
        elif isinstance(step, LocalDataset | LocalModel):
            stated = next((text for ref, text in self.stated.items() if self._is_file(ref, step.path)), None)
            who = "the recipe" if stated else "nobody"
            yield Link(Path(step.path).name, role, license_id(stated), who, node.kind)
        elif isinstance(step, AnsweringModel):
            license = self.graph.loaded.recipe.models[node.artifact].license
            yield Link(step.model, role, license_id(license), "the recipe", node.kind)
        elif (found := hub_source(node)) is not None:
            yield from self._repo(node.kind, *found, role)

    def _is_file(self, ref: str, path: str) -> bool:
        """Whether a ref of the recipe is this very file, and not one of its name."""
        found = local_path(self.graph.loaded.source.folders, ref) if is_local(ref) else None
        return found is not None and found.resolve() == Path(path).resolve()

    def _repo(self, kind: str, repo: str, revision: str | None, role: str) -> Iterator[Link]:
        waiting, seen = [(repo, revision, "")], set[str]()
        while waiting:
            name, commit, why = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            card, source = self._known(kind, name, commit)
            yield Link(name, role, card.license, source + why, kind)
            waiting += [(base, None, f", as a base of {name}") for base in card.bases]

    def _known(self, kind: str, repo: str, revision: str | None) -> tuple[_Card, str]:
        """What is known of a repo, and who says so: the Hub, our list, the recipe.

        Where the first to name a licence gives an id of which nobody here knows the terms, the recipe may state the
        licence that it amounts to.
        """
        fact = data()["refs"].get(repo) or {}
        listed = _Card(license_id(fact.get("license")), tuple(fact.get("base", ())))
        hub = self._hub(kind, repo, revision)
        card, source = hub or listed, "its Hub card" if hub else fact.get("source", "nobody")
        if card.license is None:
            card, source = _Card(listed.license, card.bases), fact.get("source", "nobody")
        card = _Card(card.license, tuple(dict.fromkeys([*card.bases, *listed.bases])))
        stated = license_id(next((text for ref, text in self.stated.items() if _same_repo(ref, repo)), None))
        if stated is None or terms(card.license) is not None:
            return card, source
        named = f", where {source} says {card.license}" if card.license else ""
        return _Card(stated, card.bases), f"the recipe{named}"

    def _hub(self, kind: str, repo: str, revision: str | None) -> _Card | None:
        """What the Hub's card says; None where it was not asked, or does not answer."""
        key = f"{kind} {repo}@{revision}" if revision else f"{kind} {repo}"
        if key not in self.cache and self.online and not (revision or "").startswith("unresolved:"):
            self._ask(key, kind, repo, revision)
        if key not in self.cache:
            return None
        return _Card(self.cache[key], tuple(self.cache.get(f"bases {key}", ())))

    def _ask(self, key: str, kind: str, repo: str, revision: str | None) -> None:
        from factory.hub.client import api, hub_errors

        try:
            with hub_errors(repo, kind):
                info = api().repo_info(repo, repo_type=kind, revision=revision, timeout=10)
        except FactoryError:
            return  # gated or gone: our list and the recipe are asked next
        card = getattr(info, "card_data", None)
        values = card.to_dict() if card is not None else {}
        self.cache[key] = _license_of(values)
        if kind == "model" and (bases := _bases_of(values)):
            self.cache[f"bases {key}"] = bases
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, canonical(self.cache).encode())


def _license_of(card: dict[str, Any]) -> str | None:
    name = card.get("license")
    if isinstance(name, list):  # several: nobody says which holds for what
        name = name[0] if len(name) == 1 else None
    return license_id(card.get("license_name") if name == "other" else name)


def _bases_of(card: dict[str, Any]) -> list[str]:
    named = card.get("base_model")
    bases = named if isinstance(named, list) else [named]
    return [base for base in bases if isinstance(base, str) and is_hub_ref(base)]


def row_licenses(node: Node) -> dict[str | None, int]:
    """Licence -> rows of a finished dataset that name it in their column `license`; empty without such a column."""
    return _counted(node.folder) if node.kind == "dataset" and node.folder.is_dir() else {}


@lru_cache(maxsize=256)
def _counted(folder: Path) -> dict[str | None, int]:
    """Of a folder that is finished, and so never changes."""
    dataset, found = Dataset(folder), Counter[str | None]()
    for path in [path for split in dataset.splits for path in dataset.shards(split)]:
        with suppress(OSError, ValueError):  # damaged rows are told of where they are pushed
            if COLUMN in pq.read_schema(path).names:
                column = pq.read_table(path, columns=[COLUMN])[COLUMN]
                for value, count in _tally(column):
                    found[license_id(_named(value))] += count
    return dict(found)


def _tally(column: Any) -> Iterator[tuple[Any, int]]:
    """(value, how often) of a column; of one whose values Arrow cannot compare, each for itself."""
    if pa.types.is_nested(column.type):
        return ((value, 1) for value in column.to_pylist())
    return ((entry["values"], entry["counts"]) for entry in column.value_counts().to_pylist())


def _named(value: Any) -> str | None:
    """The name that a row gives; None, an unknown licence, where it gives none, several, or something else."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return " ".join(value.split())[:LONGEST] if isinstance(value, str) else None


def _same_repo(reference: str, repo: str) -> bool:
    return is_hub_ref(reference) and reference.partition("@")[0].partition(":")[0] == repo
