"""The effective licence of an artifact, from every source, model and judge that it was made with.

Three things can be wrong. What is *forbidden* stops a publish: the recipe declares a licence that permits more than
the chain does, or something in the chain may not be passed on in derived form, or no model may be trained on what it
wrote. A *conflict* is shown: two licences each want to be the only one, or the declared one is not the one a
share-alike source asks for, or terms go with the artifact. *Unknown* is shown too: a licence that nobody states, and
one by whose name nobody here knows the terms. This reads licence names, not licences: it is a check, not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from factory.errors import FactoryError
from factory.graph.license_facts import Facts, Link, row_licenses
from factory.graph.lineage import NOT_DERIVED
from factory.graph.nodes import Graph
from factory.graph.terms import USES, computed, terms
from factory.hub.names import card_license
from factory.step.base import Source
from factory.text.figures import counted

SHOWN, SHOWN_LINKS = 5, 20  # of names that nobody knows, as rows may have many; of links on one line


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
    def unlisted(self) -> list[Link]:
        """Those whose licence has a name, and terms that nobody here knows."""
        return [link for link in self.chain if link.license is not None and terms(link.license) is None]

    @property
    def problems(self) -> list[str]:
        named = ", ".join(link.name for link in self.unknown)
        unread = [
            f"{link}, whose terms are not known here: read them, and state the listed licence that they amount to as "
            f"its `license`"
            for link in self.unlisted[:SHOWN]
        ]
        if more := self.unlisted[SHOWN:]:
            unread.append(f"and {counted(len(more), 'more such name')}")
        return [*self.forbidden, *self.conflicts, *unread, *([f"no licence known for {named}"] if named else [])]

    def __str__(self) -> str:
        """The licence and the chain on one line."""
        named = [f"{link.name} {link.license or 'unknown'} ({link.role})" for link in self.chain]
        more = len(named) - SHOWN_LINKS
        chain = "; ".join([*named[:SHOWN_LINKS], *([f"{more:,} more"] if more > 0 else [])])
        how = "declared" if self.declared else "computed"
        return f"{self.license or 'none that fits all'}, {how}" + (f", from {chain}" if chain else "")


def effective(graph: Graph, name: str, *, online: bool = False) -> Rollup:
    """Roll the chain of an artifact of the recipe up. With `online`, the Hub's own metadata is asked and wins."""
    declared = graph.loaded.recipe.hub.declared_license
    chain = _chain(graph, name, Facts(graph, online))
    license = declared or computed([link.license for link in chain])
    rollup = Rollup(license, declared, chain, link=graph.loaded.recipe.hub.license_link)
    trained = graph.final(name).kind == "model"
    forbidden = [*_forbidden(declared, chain), *(_students(chain) if trained else ())]
    rollup.forbidden = [f"{name}: {text}" for text in forbidden]
    rollup.conflicts = [f"{name}: {text}" for text in _conflicts(rollup.license, chain, trained)]
    return rollup


def license_problems(graph: Graph, *, online: bool = False) -> list[str]:
    """What is wrong or unknown for all that the recipe publishes, each said once; offline unless told otherwise."""
    found: dict[str, list[str]] = {}
    for name in _published(graph):
        for problem in effective(graph, name, online=online).problems:
            text = problem.removeprefix(f"{name}: ")
            found.setdefault(text, []).append(name)
    return [f"{', '.join(names)}: {text}" for text, names in found.items()]


def require_licenses(graph: Graph, *, online: bool = True, names: Sequence[str] | None = None) -> None:
    """Refuse a recipe that declares a more permissive licence than its chain allows, or trains on what it may not.

    Without `online` by what is known of it here. `names` are the artifacts that are asked about: by default all that
    are published.

    Raises:
        FactoryError: with the chain that forbids it.
    """
    found: dict[str, list[str]] = {}
    for name in _published(graph) if names is None else names:
        for problem in effective(graph, name, online=online).forbidden:
            found.setdefault(problem.removeprefix(f"{name}: "), []).append(name)
    if found:
        chain = effective(graph, next(iter(found.values()))[0]).chain
        first = None if any(map(_excluded, found)) else computed([link.license for link in chain])
        raise FactoryError(
            "; ".join(f"{', '.join(names)}: {text}" for text, names in found.items()),
            where=str(graph.loaded.place("hub", "license")),
            fix=f"declare {first}, or take these out of the recipe" if first else "take these out of the recipe",
        )


def effective_licenses(graph: Graph) -> dict[str, Rollup]:
    """Of all that the recipe publishes; offline."""
    return {name: effective(graph, name) for name in _published(graph)}


def _published(graph: Graph) -> list[str]:
    recipe = graph.loaded.recipe
    return [name for name in [*recipe.datasets, *recipe.models] if recipe.repo_id(name) is not None]


def _chain(graph: Graph, name: str, facts: Facts) -> list[Link]:
    """Sources, models and judges that went into the artifact, nearest first, each once.

    Rows that name their licences do so where they were last seen with them: what was filtered out before is not there.
    """
    found: list[Link] = []
    seen: set[str] = set()
    waiting = [(graph.final(name), "source", False)]
    while waiting:
        node, role, told = waiting.pop(0)
        if node.name in seen:
            continue
        seen.add(node.name)
        rows = {} if told else row_licenses(node)
        # a step that is still to be done may leave rows out: what those before it say is not yet what it has
        told = told or bool(rows) or (node.kind == "dataset" and not node.folder.is_dir())
        links = [*facts.links(node, role)] if isinstance(node.step, Source) else []
        for license, count in rows.items():
            who = f"the column `license` of {counted(count, 'row')}"
            source = node.artifact.removeprefix("hub/").removeprefix("local/")
            links.append(Link(f"rows of {source}", role, license, who, node.kind))
        found += [link for link in links if link not in found]
        if node.source is not None:
            waiting.append((graph.nodes[node.source.node], role, told))
        if not node.inputs or node.step.verb in NOT_DERIVED:
            continue
        for _, value, kind in node.step.references():
            if value in node.inputs:
                inner = "training data" if node.kind == "model" and kind == "dataset" else ROLES.get(node.step.verb)
                rows_go_on = told and node.kind == kind == "dataset"
                waiting.append((graph.nodes[node.inputs[value].node], inner or role, rows_go_on))
    return found


ROLES = {
    "translate": "translator",
    "judge": "judge",
    "backtranslate": "translator",
    "merge": "merged in",
    "preferences": "writer or judge",
    "safety": "judge",
}


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
        if outside := [place for place in source.not_in if place not in asked.not_in]:
            yield f"declared {declared} may be used everywhere, but {link}, which may not in {_listed(outside)}"
        if USES[source.commercial] < USES[asked.commercial]:
            limit = "does not permit commercial use" if source.commercial == "no" else "limits commercial use"
            yield f"declared {declared} permits commercial use, but {link}, which {limit}"
        elif source.attribution and not asked.attribution:
            yield f"declared {declared} asks for no attribution, but {link}, which does"


def _students(chain: list[Link]) -> Iterator[str]:
    """What a model may not have been trained on: outputs that may train no other model than its own kind."""
    own = {link.license for link in chain if link.kind == "model" and not link.writes}
    for link in chain:
        source = terms(link.license)
        taught = link.writes or link.role == "training data"
        if source is not None and source.outputs == "no" and taught and link.license not in own:
            yield f"{link}, {EXCLUDES}"


def _excluded(problem: str) -> bool:
    return problem.endswith(EXCLUDES)


EXCLUDES = "whose licence lets nobody train another model on its outputs"


def _conflicts(license: str | None, chain: list[Link], trained: bool) -> Iterator[str]:
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
    for link in chain:
        asked = terms(link.license)
        if asked is None:
            continue
        if link.writes and asked.outputs == "no" and not trained:
            yield f"{link}: nobody may train another model on what it wrote here"
        if asked.not_in and link.license != license:
            yield f"{link}: it may not be used in {_listed(asked.not_in)}"
    yield from _own_terms(license, chain, trained)


def _own_terms(license: str | None, chain: list[Link], trained: bool) -> Iterator[str]:
    """Terms that go with the artifact; those of a model that only wrote, unless it leaves what it writes free."""
    found: dict[str, list[Link]] = {}
    for link in chain:
        asked = terms(link.license)
        if link.license is None or asked is None or not asked.terms or link.license == license:
            continue
        if not (link.writes and asked.outputs == "free"):
            found.setdefault(link.license, []).append(link)
    for name, links in found.items():
        asked, who = terms(name), ", ".join(dict.fromkeys(link.name for link in links))
        student = trained and asked is not None and asked.outputs == "derived" and all(link.writes for link in links)
        why = ", of which a model trained on what it wrote is a derivative" if student else ""
        yield f"{who}: the terms of {name} go with it{why}, whatever licence the artifact bears"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]


__all__ = ["Link", "Rollup", "effective", "effective_licenses", "license_problems", "require_licenses"]
