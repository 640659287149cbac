"""What nearly every command is told and begins with: a recipe, a store, a Hub; and the graph that they make."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from factory.errors import UsageError
from factory.graph.nodes import Graph, build_graph
from factory.hub.addresses import endpoint
from factory.profile import Profile, load_profile
from factory.recipe import LoadedRecipe, load
from factory.recipe.lock import Resolver, lock_path
from factory.store import Store

if TYPE_CHECKING:
    from factory.local_hub import LocalHub

Choice = Literal["auto", "local", "remote"]
EMBEDDED = "embedded"
REHEARSAL_BATCH = 8  # sequences trained on at once
PLAN_TIMEOUT = 0.8  # seconds to connect, and to answer; a plan does not wait for a Hub that is not there


@dataclass(frozen=True)
class Target:
    """`name` is ``embedded`` or the endpoint's URL; `url` is where its pages are, None while it is not running.

    `ends`: it is the embedded Hub of this command, and ends with it.
    """

    name: str
    url: str | None
    lock: Path
    ends: bool = False

    @property
    def embedded(self) -> bool:
        return self.name == EMBEDDED


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

    @property
    def root(self) -> Path:
        """The folder of its store: a rehearsal has one of its own."""
        return Store(self.store / "rehearsal" if self.rehearse else self.store).root

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
        store = Store(self.root)
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


def is_local(loaded: LoadedRecipe, choice: Choice) -> bool:
    """True where the embedded Hub is meant: asked for, or by a recipe that says so when nothing else is set up."""
    if choice == "auto":
        configured = os.environ.get("HF_ENDPOINT") or has_token()
        return loaded.recipe.hub.endpoint == "local" and not configured
    return choice == "local"


def has_token() -> bool:
    """As huggingface_hub looks for one, which is not imported for this."""
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    return bool(os.environ.get("HF_TOKEN")) or Path(os.environ.get("HF_TOKEN_PATH", home / "token")).is_file()


@contextmanager
def connect(loaded: LoadedRecipe, store: Store, choice: Choice, *, start: bool = True) -> Iterator[Target]:
    """Point this process's Hub clients at the target; with ``start=False`` the embedded Hub is not started.

    Must come before the first import of huggingface_hub, which reads its settings once.
    """
    if not is_local(loaded, choice):
        yield Target(endpoint(), endpoint(), lock_path(loaded.path))
        return
    lock = store.root / f"{loaded.recipe.name}.lock"
    if not start:
        yield Target(EMBEDDED, None, lock)
        return
    if "huggingface_hub" in sys.modules and os.environ.get("HF_ENDPOINT", "").find("127.0.0.1") < 0:
        raise UsageError("the embedded Hub must be chosen before huggingface_hub is imported", fix="set HF_ENDPOINT")
    with embedded(store.root) as hub:
        yield Target(EMBEDDED, hub.endpoint, lock, ends=not hub.joined)


@contextmanager
def one_hub(sessions: Sequence[Session]) -> Iterator[Sequence[Session]]:
    """Sessions to be opened one after another: one embedded Hub serves them all, as clients keep its address.

    Raises:
        UsageError: a recipe is wrong, or some go to the embedded Hub and some do not.
    """
    if len(sessions) == 1:
        yield sessions
        return
    local = {session.rehearse or is_local(load(session.recipe), session.hub) for session in sessions}
    if len(local) > 1:
        raise UsageError("these recipes go to different Hubs", fix="publish them one by one, or say --hub")
    choice: Choice = "local" if local == {True} else "remote"  # said now, as the embedded Hub sets HF_ENDPOINT
    with embedded(sessions[0].root) if choice == "local" else nullcontext():
        yield [replace(session, hub=choice) for session in sessions]


_running: dict[Path, LocalHub] = {}
"""Of this process, by the store's folder."""


@contextmanager
def embedded(root: Path) -> Iterator[LocalHub]:
    """The embedded Hub of a store's folder for this process's Hub clients, while the outermost such block runs."""
    from factory.local_hub import LocalHub

    if root in _running:
        yield _running[root]
        return
    # Caches of the embedded Hub and of the real one must not meet: the same name means another repo.
    with LocalHub(root / "hub") as hub:
        os.environ.update(hub.environment() | {"HF_HOME": str(root / "hf-home")})
        _running[root] = hub
        try:
            yield hub
        finally:
            del _running[root]
