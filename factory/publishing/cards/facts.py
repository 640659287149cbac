"""What the cards of datasets and models have in common, gathered from the graph and the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory import __version__
from factory.graph import lineage
from factory.graph.licenses import Rollup, effective
from factory.graph.lineage import Lineage, Made
from factory.graph.model_sources import AnsweringModel, LocalModel
from factory.graph.nodes import Graph, Node
from factory.graph.sources import DemoDataset, LocalDataset
from factory.hub.addresses import endpoint
from factory.publishing.cards.recipe_files import FOLDER, recipe_files
from factory.step.base import Source
from factory.text.cldr import locale
from factory.text.language_codes import iso_639

LONG = 80  # characters beyond which a parameter gets a block of its own


@dataclass(frozen=True)
class Ingredient:
    """An artifact or source of the lineage table."""

    name: str
    link: str | None
    identity: str
    steps: str
    made_from: str


@dataclass(frozen=True)
class StepView:
    """One step of the artifact's own chain, for the section on how it was made."""

    title: str
    verb: str
    short: dict[str, str]
    long: dict[str, str]
    made: Made


def page(kind: str, repo: str, revision: str | None = None) -> str:
    """Address of a repo's page. On an embedded Hub it is relative: its port changes from run to run."""
    from factory.hub.push import PREFIXES, is_loopback

    base = "" if is_loopback(endpoint()) else endpoint()
    return f"{base}/{PREFIXES[kind]}{repo}" + (f"/tree/{revision}" if revision else "")


def ingredients(graph: Graph, everything: list[Made]) -> list[Ingredient]:
    """Everything that went in, sources first: what it is, at which commit or fingerprint, and through which verbs."""
    groups: dict[str, list[Node]] = {}
    for step in everything:
        groups.setdefault(step.node.artifact, []).append(step.node)
    return [_ingredient(graph, artifact, nodes) for artifact, nodes in groups.items()]


def _ingredient(graph: Graph, artifact: str, nodes: list[Node]) -> Ingredient:
    first, last = nodes[0], nodes[-1]
    used = dict.fromkeys(edge.node for node in nodes for edge in node.edges if graph.nodes[edge.node] not in nodes)
    made_from = ", ".join(dict.fromkeys(shown_name(graph.nodes[node]) for node in used))
    verbs = ", ".join(node.step.verb for node in nodes if not isinstance(node.step, Source))
    if (hub := lineage.hub_source(first)) is not None:
        repo, revision = hub
        known = not revision.startswith("unresolved:")
        identity = f"commit `{revision[:12]}`" if known else "commit not resolved yet"
        return Ingredient(repo, page(first.kind, repo, revision if known else None), identity, verbs, made_from)
    if isinstance(first.step, AnsweringModel):
        identity = f"behind an endpoint, answers as `{first.step.answers_as}`"
        return Ingredient(first.step.model, None, identity, verbs, made_from)
    if isinstance(first.step, LocalDataset | LocalModel):
        name = Path(first.step.path).name
        return Ingredient(name, None, f"local, SHA-256 `{first.step.digest[:12]}`", verbs, made_from)
    if isinstance(first.step, DemoDataset):
        step = first.step
        made_from = f"the demo world's `{step.demo}`, {step.rows:,} rows, seed {step.seed}"
    repo = graph.loaded.recipe.repo_id(artifact)
    link = page(last.kind, repo) if repo else None
    return Ingredient(artifact, link, f"fingerprint `{last.fingerprint[:12]}`", verbs, made_from or "nothing")


def shown_name(node: Node) -> str:
    """The name that readers know a node's artifact or source by."""
    hub = lineage.hub_source(node)
    if hub is not None:
        return hub[0]
    if isinstance(node.step, AnsweringModel):
        return node.step.model
    if isinstance(node.step, LocalDataset | LocalModel):
        return Path(node.step.path).name
    return node.artifact


def step_views(chain: list[Made]) -> list[StepView]:
    views = []
    for made in chain:
        if isinstance(made.node.step, Source):
            continue
        short, long = {}, {}
        for key, value in lineage.parameters(made.node).items():
            text = value if isinstance(value, str) else _written(value)
            if len(text) <= LONG and "\n" not in text:
                short[key] = text
            else:
                long[key] = text if isinstance(value, str) else _as_yaml(value)
        views.append(StepView(made.node.name, made.node.step.verb, short, long, made))
    return views


def _written(value: Any) -> str:
    import json

    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False)


def _as_yaml(value: Any) -> str:
    import yaml

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None).rstrip()


def assumed(graph: Graph, name: str) -> dict[str, str]:
    """The parameters that the source document does not state, with the values taken for them."""
    spec = graph.loaded.recipe.artifact(name)
    values: dict[str, str] = {}
    for key in spec.assumed:
        verb, _, parameter = key.rpartition(".")
        found = {
            f"{step.verb}.{parameter}": dumped[parameter]
            for step in spec.steps
            if (not verb or step.verb == verb) and parameter in (dumped := step.model_dump(mode="json", by_alias=True))
        }
        if len(found) == 1:
            values[key] = _written(next(iter(found.values())))
        else:
            values[key] = (
                ", ".join(f"{where} = {_written(value)}" for where, value in found.items()) or "see the recipe"
            )
    return values


def common(graph: Graph, name: str, history: Lineage) -> dict[str, Any]:
    """Template variables that dataset and model cards share."""
    recipe = graph.loaded.recipe
    spec, repo = recipe.artifact(name), recipe.repo_id(name) or f"{recipe.hub.namespace}/{name}"
    chain, everything = history.own, history.everything
    last = chain[-1].manifest
    rollup: Rollup = effective(graph, name)
    return {
        "name": name,
        "repo": repo,
        "title": (spec.publish.title if spec.publish else None) or repo.rpartition("/")[2],
        "description": (spec.publish.description if spec.publish else None) or spec.description or "",
        "recipe": recipe,
        "authors": recipe.authors,
        "links": links(graph, name),
        "recipe_file": f"{FOLDER}/{graph.loaded.path.name}",
        "recipe_files": recipe_files(graph),
        "intended_use": spec.publish.intended_use if spec.publish else None,
        "limits": spec.publish.limits if spec.publish else [],
        "ingredients": ingredients(graph, everything),
        "steps": step_views(chain),
        "done": last is not None,
        "manifest": last,
        "fingerprint": history.final.fingerprint,
        "stand_in": history.stand_in,
        "assumed": assumed(graph, name),
        "own_usage": lineage.usage(chain),
        "whole_usage": lineage.usage(everything),
        "devices": sorted({made.manifest.device for made in chain if made.manifest and made.manifest.device}),
        "versions": last.versions if last else {},
        "notes": [note for made in chain if made.manifest for note in made.manifest.notes],
        "license": rollup,
        "version": __version__,
        "page": page,
    }


def links(graph: Graph, name: str) -> list[tuple[str, str]]:
    """(what, address) of where else an artifact is shown: Space, collection, the document it follows."""
    recipe, found = graph.loaded.recipe, []
    if recipe.space and (name in recipe.datasets or name in recipe.space.demo):
        found.append(("Space", page("space", recipe.in_namespace(recipe.space.repo))))
    if recipe.hub.collection:  # the address of one is known only once it is there; that of an owner's never changes
        found.append((f"collection {recipe.hub.collection}", f"{page('model', recipe.hub.namespace)}/collections"))
    if recipe.paper:
        found.append((f"arXiv:{recipe.paper}", f"https://arxiv.org/abs/{recipe.paper}"))
    return found


def both_languages(graph: Graph) -> list[str]:
    """The recipe's languages, the target first."""
    return list(dict.fromkeys([graph.loaded.recipe.language.target, graph.loaded.recipe.language.source]))


def languages(codes: Sequence[str]) -> dict[str, list[str]]:
    """The card's `language`, ISO 639 codes as a Hub takes them; with a script or region also in `language_bcp47`."""
    found = {"language": list(dict.fromkeys(map(iso_639, codes)))}
    return found | ({"language_bcp47": list(codes)} if any("-" in code for code in codes) else {})


def language_names(codes: Iterable[str]) -> str:
    """Their English names, as a list in a sentence.

    >>> language_names(["ar", "en"])
    'Arabic and English'
    """
    names = [((own := locale(code)) and own.get_display_name("en")) or code for code in codes]
    return " and ".join(names)


def tags(graph: Graph, name: str, *more: str, stand_in: bool) -> list[str]:
    spec = graph.loaded.recipe.artifact(name)
    own = spec.publish.tags if spec.publish else []
    return list(dict.fromkeys(["factory", *more, *own, *(["stand-in"] if stand_in else [])]))
