"""The effective licence of an artifact, from every source, model and judge that it was made with.

Three things can be wrong. What is *forbidden* stops a publish: the recipe declares a licence that permits more than
the chain does, or something in the chain may not be passed on in derived form. A *conflict* is shown: two licences
each want to be the only one, or the declared one is not the one a share-alike source asks for. *Unknown* is shown too.
This reads licence names, not licences: it is a check, not legal advice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from factory.errors import FactoryError
from factory.graph.lineage import NOT_DERIVED, hub_source
from factory.graph.model_sources import AnsweringModel, LocalModel
from factory.graph.nodes import Graph, Node
from factory.graph.sources import DemoDataset, LocalDataset
from factory.hub.names import card_license
from factory.refs import is_hub_ref
from factory.step.base import Source
from factory.store import canonical, write_atomically
from factory.text import yaml

DEMO_LICENSE = "cc0-1.0"
DATA = Path(__file__).with_name("licenses.yaml")
CACHE = "licenses.json"
UNKNOWN = {"unknown", "other", ""}
USES = {"yes": 2, "limited": 1, "no": 0}


@dataclass(frozen=True)
class Terms:
    """What a licence asks; `commercial` is yes, limited (by revenue or users) or no."""

    attribution: bool = False
    commercial: Literal["yes", "limited", "no"] = "yes"
    share_alike: bool = False
    no_derivatives: bool = False
    terms: bool = False


@dataclass(frozen=True)
class Link:
    """One thing in the chain: what it is, its role, its licence (None: unknown) and who says so."""

    name: str
    role: str
    license: str | None
    source: str

    def __str__(self) -> str:
        return f"{self.name} ({self.role}) is {self.license or 'of unknown licence'}"


@dataclass
class Rollup:
    """The licence to print, the chain behind it, and what is wrong with it."""

    license: str | None
    declared: str | None
    chain: list[Link]
    forbidden: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    link: str | None = None

    @property
    def card(self) -> dict[str, str]:
        """The licence fields of a card."""
        return card_license(self.license, self.link)

    @property
    def unknown(self) -> list[Link]:
        return [link for link in self.chain if link.license is None]

    @property
    def problems(self) -> list[str]:
        named = ", ".join(link.name for link in self.unknown)
        return [*self.forbidden, *self.conflicts, *([f"no licence known for {named}"] if named else [])]


def effective(graph: Graph, name: str, *, online: bool = False) -> Rollup:
    """Roll the chain of an artifact of the recipe up. With `online`, the Hub's own metadata is asked and wins."""
    declared = graph.loaded.recipe.hub.declared_license
    chain = _chain(graph, name, _Known(graph, online))
    rollup = Rollup(declared or computed(chain), declared, chain, link=graph.loaded.recipe.hub.license_link)
    rollup.forbidden = [f"{name}: {text}" for text in _forbidden(declared, chain)]
    rollup.conflicts = [f"{name}: {text}" for text in _conflicts(rollup.license, chain)]
    return rollup


def license_problems(graph: Graph, *, online: bool = False) -> list[str]:
    """What is wrong or unknown for all that the recipe publishes, each said once; offline unless told otherwise."""
    found: dict[str, list[str]] = {}
    for name in _published(graph):
        for problem in effective(graph, name, online=online).problems:
            text = problem.removeprefix(f"{name}: ")
            found.setdefault(text, []).append(name)
    return [f"{', '.join(names)}: {text}" for text, names in found.items()]


def require_licenses(graph: Graph, *, online: bool = True) -> None:
    """Refuse a recipe that declares a more permissive licence than its chain allows.

    Without `online` by what is known of it here.

    Raises:
        FactoryError: with the chain that forbids it.
    """
    found: dict[str, list[str]] = {}
    for name in _published(graph):
        for problem in effective(graph, name, online=online).forbidden:
            found.setdefault(problem.removeprefix(f"{name}: "), []).append(name)
    if found:
        first = computed(effective(graph, next(iter(found.values()))[0]).chain)
        raise FactoryError(
            "; ".join(f"{', '.join(names)}: {text}" for text, names in found.items()),
            where=str(graph.loaded.place("hub", "license")),
            fix=f"declare {first}, or take these out of the recipe" if first else "take these out of the recipe",
        )


def terms(license: str | None) -> Terms | None:
    """What the licence asks; None where it is not known."""
    entry = data()["licenses"].get((license or "").lower())
    return None if entry is None else Terms(**entry)


def computed(chain: list[Link]) -> str | None:
    """The least restrictive licence that fits every known licence of the chain; None where none does or none is known.

    A chain of one licence keeps it; otherwise the Creative Commons licence with the same limits is taken, and a
    licence whose own terms must be handed on (lfm1.0, llama3.1) wins over those that ask for attribution only.
    """
    names = list(dict.fromkeys(link.license.lower() for link in chain if link.license))
    known = {name: asked for name in names if (asked := terms(name))}
    if not names:
        return "cc0-1.0" if not chain else None
    if len(names) == 1:
        return names[0]
    if any(asked.no_derivatives for asked in known.values()):
        return None
    use = min((asked.commercial for asked in known.values()), key=USES.__getitem__, default="yes")
    alike = [name for name, asked in known.items() if asked.share_alike]
    if alike:
        return alike[0] if len(alike) == 1 and known[alike[0]].commercial == use else None
    if use == "no":
        return "cc-by-nc-4.0"
    own = [name for name, asked in known.items() if asked.terms]
    if own:
        return own[0] if len(own) == 1 else None
    strict = [name for name, asked in known.items() if asked.attribution]
    if not strict:
        return "cc0-1.0"
    return strict[0] if len(strict) == 1 else "apache-2.0" if "apache-2.0" in strict else "cc-by-4.0"


@cache
def data() -> dict[str, Any]:
    return yaml.load(DATA.read_text(encoding="utf-8"))


def _published(graph: Graph) -> list[str]:
    recipe = graph.loaded.recipe
    return [name for name in [*recipe.datasets, *recipe.models] if recipe.repo_id(name) is not None]


def _chain(graph: Graph, name: str, known: _Known) -> list[Link]:
    """Sources, models and judges that went into the artifact, nearest first, each once."""
    found: list[Link] = []
    seen: set[str] = set()
    waiting = [(graph.final(name), "source")]
    while waiting:
        node, role = waiting.pop(0)
        if node.name in seen:
            continue
        seen.add(node.name)
        link = known.link(node, role) if isinstance(node.step, Source) else None
        if link is not None and link not in found:
            found.append(link)
        if node.source is not None:
            waiting.append((graph.nodes[node.source.node], role))
        if not node.inputs or node.step.verb in NOT_DERIVED:
            continue
        for _, value, kind in node.step.references():
            if value in node.inputs:
                inner = "training data" if node.kind == "model" and kind == "dataset" else ROLES.get(node.step.verb)
                inner = inner or role
                waiting.append((graph.nodes[node.inputs[value].node], inner))
    return found


ROLES = {
    "translate": "translator",
    "judge": "judge",
    "backtranslate": "translator",
    "merge": "merged in",
    "preferences": "writer or judge",
}


class _Known:
    """Licences of what a chain begins with: the Hub's word (kept for good, as it is of a commit), then our list."""

    def __init__(self, graph: Graph, online: bool) -> None:
        self.graph, self.online = graph, online
        self.path = graph.store.root / CACHE
        try:
            self.cache: dict[str, str | None] = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.cache = {}
        self.stated = {
            str(spec.from_): spec.license
            for spec in [*graph.loaded.recipe.datasets.values(), *graph.loaded.recipe.models.values()]
            if isinstance(spec.from_, str) and spec.license
        }

    def link(self, node: Node, role: str) -> Link | None:
        """The node as a link of the chain; None where nobody licensed it."""
        if isinstance(node.step, DemoDataset):
            return Link(f"demo:{node.step.demo}", role, DEMO_LICENSE, "generated here")
        if isinstance(node.step, LocalDataset | LocalModel):
            stated = next((text for ref, text in self.stated.items() if ref.endswith(Path(node.step.path).name)), None)
            return Link(Path(node.step.path).name, role, _clean(stated), "the recipe" if stated else "nobody")
        if isinstance(node.step, AnsweringModel):
            license = self.graph.loaded.recipe.models[node.artifact].license
            return Link(node.step.model, role, _clean(license), "the recipe")
        if (found := hub_source(node)) is None:
            return None
        repo, revision = found
        hub = self._hub(node.kind, repo, revision)
        if hub is not None:
            return Link(repo, role, hub, "its Hub card")
        if (fact := data()["refs"].get(repo)) is not None and fact["license"]:
            return Link(repo, role, fact["license"], fact["source"])
        stated = next((text for ref, text in self.stated.items() if _same_repo(ref, repo)), None)
        return Link(repo, role, _clean(stated), "the recipe" if stated else (fact or {}).get("source", "nobody"))

    def _hub(self, kind: str, repo: str, revision: str) -> str | None:
        key = f"{kind} {repo}@{revision}"
        if key in self.cache or not self.online or revision.startswith("unresolved:"):
            return self.cache.get(key)
        from factory.hub.client import api, hub_errors

        try:
            with hub_errors(repo, kind):
                info = api().repo_info(repo, repo_type=kind, revision=revision, timeout=10)
        except FactoryError:
            return None  # gated or gone: our list and the recipe are asked next
        card = getattr(info, "card_data", None)
        values = card.to_dict() if card is not None else {}
        name = values.get("license")
        if name == "other":
            name = values.get("license_name")
        if isinstance(name, list):
            name = name[0] if len(name) == 1 else None
        self.cache[key] = _clean(name)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, canonical(self.cache).encode())
        return self.cache[key]


def _same_repo(reference: str, repo: str) -> bool:
    return is_hub_ref(reference) and reference.partition("@")[0].partition(":")[0] == repo


def _clean(name: object) -> str | None:
    text = str(name or "").strip().lower()
    return None if text in UNKNOWN else text


def _forbidden(declared: str | None, chain: list[Link]) -> Iterator[str]:
    asked = terms(declared)
    for link in chain:
        source = terms(link.license)
        if source is None:
            continue
        if source.no_derivatives:
            yield f"{link}, which lets nobody share what is derived from it"
        if declared is None or asked is None:
            continue
        if USES[source.commercial] < USES[asked.commercial]:
            limit = "does not permit commercial use" if source.commercial == "no" else "limits commercial use"
            yield f"declared {declared} permits commercial use, but {link}, which {limit}"
        elif source.attribution and not asked.attribution:
            yield f"declared {declared} asks for no attribution, but {link}, which does"


def _conflicts(license: str | None, chain: list[Link]) -> Iterator[str]:
    names = list(dict.fromkeys(link.license for link in chain if link.license))
    alike = [name for name in names if (asked := terms(name)) and asked.share_alike]
    for name in alike:
        who = ", ".join(link.name for link in chain if link.license == name)
        if license not in (None, name):
            yield f"{who} is {name}: work derived from it must be {name} too, not {license}"
        for other in names:
            asked, own = terms(other), terms(name)
            if (
                asked is None
                or own is None
                or other == name
                or (other in alike and alike.index(other) < alike.index(name))
            ):
                continue
            if other in alike or asked.terms or USES[asked.commercial] < USES[own.commercial]:
                yield f"{name} ({who}) and {other} cannot both be kept in one work"
    own_terms = [link for link in chain if (asked := terms(link.license)) and asked.terms and link.license != license]
    for name in dict.fromkeys(link.license for link in own_terms):
        who = ", ".join(dict.fromkeys(link.name for link in own_terms if link.license == name))
        yield f"{who}: the terms of {name} go with it, whatever licence the artifact bears"


__all__ = ["Link", "Rollup", "Terms", "computed", "effective", "license_problems", "require_licenses"]
