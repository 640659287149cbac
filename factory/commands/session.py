"""What nearly every command is told and begins with: a recipe, a store, a Hub; and the graph that they make."""

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
class Opened:
    """A session at work."""

    loaded: LoadedRecipe
    store: Store
    target: Target
    profile: Profile
    graph: Graph
    resolver: Resolver
    rehearsal: bool


@dataclass(frozen=True)
class Session:
    """What the command line says.

    Attributes:
        recipe: its file. `store`: the folder of all artifacts. `profile`: a table of factory.toml.
        locked: only the commit SHAs of the lock file count.
        rehearse: each Hub ref is answered by a tiny stand-in, in a store of its own.
    """

    recipe: Path
    store: Path = Path(".factory")
    hub: Choice = "auto"
    profile: str | None = None
    locked: bool = False
    rehearse: bool = False

    @contextmanager
    def open(self, *, building: bool = False, refresh: bool = False) -> Iterator[Opened]:
        """Open the recipe. With `building` the Hub must answer for every ref; otherwise what is unknown stays open.

        `refresh` asks the Hub for what the lock file holds as well.

        Raises:
            RecipeError: the recipe is wrong.
            FactoryError: a ref cannot be resolved and `building` is set.
        """
        loaded, profile = load(self.recipe), load_profile(self.profile, self.recipe.parent)
        for note in [*sorted(set(loaded.source.notes)), *profile.notes]:
            print(f"note: {note}", file=sys.stderr)
        if self.rehearse and profile.train_batch_size is None:  # not batches meant for a GPU's memory
            profile = profile.model_copy(update={"train_batch_size": REHEARSAL_BATCH})
        store = Store(self.store / "rehearsal" if self.rehearse else self.store)
        with connect(loaded, store, "local" if self.rehearse else self.hub, start=building) as target:
            if self.rehearse and building:
                from factory.rehearsal import prepare

                prepare(loaded, store)
            resolver = Resolver(
                target.lock,
                hub=target.name,
                online=target.url is not None,
                strict=building,
                locked=self.locked,
                refresh=refresh or (self.rehearse and building),
                stand_ins=self.rehearse,
                profile=profile,
                timeout=10.0 if building else PLAN_TIMEOUT,
            )
            graph = build_graph(loaded, store, resolver)
            if building:
                resolver.save()
            yield Opened(loaded, store, target, profile, graph, resolver, self.rehearse)
