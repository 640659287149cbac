"""Before any work: all that would end a run later and can be known now, told together.

A plan shows what is known without a network; a build and a publish are refused with the whole list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from factory.errors import FactoryError
from factory.estimate.costs import Costs
from factory.estimate.estimate import estimate
from factory.graph.endpoints import endpoint_problems
from factory.graph.installed import missing_engines
from factory.graph.licenses import require_licenses
from factory.graph.models import model_problems, refuse
from factory.graph.nodes import Graph, Node
from factory.graph.plan import Plan, make_plan
from factory.hub.access import access
from factory.hub.client import Renamed, api, existing, hub_errors
from factory.profile import Profile
from factory.publishing.stages import Push, Space, Stage
from factory.text.figures import bytes_text

HUB_SECONDS = 10.0  # for the small files of a model


def require_ready(
    graph: Graph, nodes: Sequence[Node], profile: Profile, *, todo: Sequence[Stage] = (), rehearsal: bool = False
) -> None:
    """May the nodes be built here and, of the stages `todo`, those that push be done?

    Raises:
        FactoryError: no, with all reasons, each at its place in the recipe.
    """
    whole = make_plan(graph)
    plan = Plan(graph, {node.name: whole.nodes[node.name] for node in nodes})
    found = [*plan.unreadable(), *model_problems(graph, list(nodes), HUB_SECONDS)]
    found += missing_engines(graph, nodes, profile)
    found += endpoint_problems(graph, nodes, profile, ask=True)
    if not rehearsal:  # whose models and data are as small as can be, whatever the recipe says
        found += disk_problems(plan, estimate(plan, profile))
    if todo:
        found += [*forbidden_licenses(graph), *target_problems(graph, todo)]
    refuse(found)


def disk_problems(plan: Plan, costs: Costs) -> list[FactoryError]:
    """That what is to be made has no room on the store's disk, by the plan's estimate."""
    needed, free = costs.disk_needed, costs.disk_free
    if needed <= free:
        return []
    first = plan.todo[0].node
    what = f"some {bytes_text(needed)} of disk are needed and {bytes_text(free)} are free in {plan.graph.store.root}"
    return [FactoryError(what, where=str(first.place), fix="free some space, or give another disk: --store")]


def forbidden_licenses(graph: Graph) -> list[FactoryError]:
    """That the recipe declares more than its chain allows."""
    try:
        require_licenses(graph)
    except FactoryError as error:
        return [error]
    return []


def target_problems(graph: Graph, todo: Sequence[Stage]) -> Iterator[FactoryError]:
    """Why repos that the stages push to would be refused: by the token, its scopes, the namespace, or a new name."""
    targets = list(_targets(graph, todo))
    if not targets:
        return
    try:
        token = access()
    except FactoryError as error:
        yield error
        return
    refused: set[str] = set()
    for _, repo, stage in targets:
        namespace = repo.partition("/")[0]
        if namespace not in refused and (error := token.refusal(repo)) is not None:
            refused.add(namespace)  # said once, at the first of its repos
            error.where = str(stage.place)
            yield error
    try:
        yield from renamed(graph, todo)
    except FactoryError as error:
        yield error


def renamed(graph: Graph, todo: Iterable[Stage], *, timeout: float | None = None) -> Iterator[FactoryError]:
    """Repos of the stages that have another name on the Hub than the recipe's: one error each, `Renamed`.

    Raises:
        FactoryError: the Hub cannot be reached, or does not let them be seen.
    """
    client = api()
    for kind, repo, stage in _targets(graph, todo):
        with hub_errors(repo, kind):
            try:
                existing(client, kind, repo, timeout=timeout)
            except Renamed as error:
                yield Renamed(f"{repo}: {error.what}", where=str(stage.place), fix=error.fix)


def _targets(graph: Graph, todo: Iterable[Stage]) -> Iterator[tuple[str, str, Stage]]:
    """(kind, repo, stage) of what the stages push. A collection gathers what was pushed, in the same namespace."""
    recipe = graph.loaded.recipe
    for stage in todo:
        match stage:
            case Push() if (repo := recipe.repo_id(stage.subject)) is not None:
                yield "dataset" if stage.subject in recipe.datasets else "model", repo, stage
            case Space():
                yield "space", stage.subject, stage
