"""What nearly every command begins with: the recipe, the store, the Hub it speaks to, and the graph."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from factory.commands.hub_choice import Choice, Target, connect
from factory.graph.nodes import Graph, build_graph
from factory.profile import Profile, load_profile
from factory.recipe import LoadedRecipe, load
from factory.recipe.lock import Resolver
from factory.store import Store

REHEARSAL_BATCH = 8  # sequences trained on at once
PLAN_TIMEOUT = 0.8  # seconds to connect, and to answer; a plan does not wait for a Hub that is not there


@dataclass(frozen=True)
class Session:
    loaded: LoadedRecipe
    store: Store
    target: Target
    profile: Profile
    graph: Graph
    resolver: Resolver
    rehearsal: bool = False


@contextmanager
def session(
    recipe: Path,
    store: Path,
    hub: Choice,
    profile: str | None = None,
    *,
    building: bool = False,
    locked: bool = False,
    refresh: bool = False,
    rehearse: bool = False,
) -> Iterator[Session]:
    """Open a recipe. With ``building`` the Hub must answer for every ref; otherwise what is unknown stays open.

    Raises:
        RecipeError: the recipe is wrong.
        FactoryError: a ref cannot be resolved and ``building`` is set.
    """
    loaded = load(recipe)
    for note in sorted(set(loaded.source.notes)):
        print(f"note: {note}", file=sys.stderr)
    settings = load_profile(profile, recipe.parent)
    if rehearse and settings.train_batch_size is None:  # batches meant for a GPU's memory, accumulated here instead
        settings = settings.model_copy(update={"train_batch_size": REHEARSAL_BATCH})
    root = Store(store / "rehearsal" if rehearse else store)
    with connect(loaded, root, "local" if rehearse else hub, start=building) as target:
        if rehearse and building:
            from factory.rehearsal import prepare

            prepare(loaded, root)
        resolver = Resolver(
            target.lock,
            hub=target.name,
            online=target.url is not None,
            strict=building,
            locked=locked,
            refresh=refresh or (rehearse and building),
            stand_ins=rehearse,
            timeout=10.0 if building else PLAN_TIMEOUT,
        )
        graph = build_graph(loaded, root, resolver)
        if building:
            resolver.save()
        yield Session(loaded, root, target, settings, graph, resolver, rehearse)
