"""Which Hub a command speaks to: the real one as every Hub tool finds it, or the embedded one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from factory.errors import UsageError
from factory.recipe import LoadedRecipe
from factory.store import Store

Choice = Literal["auto", "local", "remote"]
EMBEDDED = "embedded"


@dataclass(frozen=True)
class Target:
    """`name` is ``embedded`` or the endpoint's URL; `url` is where its pages are, None while it is not running."""

    name: str
    url: str | None
    lock: Path

    @property
    def embedded(self) -> bool:
        return self.name == EMBEDDED


def is_local(loaded: LoadedRecipe, choice: Choice) -> bool:
    """True where the embedded Hub is meant: asked for, or by a recipe that says so when nothing else is set up."""
    if choice == "auto":
        configured = os.environ.get("HF_ENDPOINT") or os.environ.get("HF_TOKEN") or _stored_token().is_file()
        return loaded.recipe.hub.endpoint == "local" and not configured
    return choice == "local"


def _stored_token() -> Path:
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    return Path(os.environ.get("HF_TOKEN_PATH", home / "token"))


@contextmanager
def connect(loaded: LoadedRecipe, store: Store, choice: Choice, *, start: bool = True) -> Iterator[Target]:
    """Point this process's Hub clients at the target; with ``start=False`` the embedded Hub is not started.

    Must come before the first import of huggingface_hub, which reads its settings once.
    """
    from factory.hub.client import endpoint
    from factory.recipe.lock import lock_path

    if not is_local(loaded, choice):
        yield Target(endpoint(), endpoint(), lock_path(loaded.path))
        return
    lock = store.root / f"{loaded.recipe.name}.lock"
    if not start:
        yield Target(EMBEDDED, None, lock)
        return
    if "huggingface_hub" in sys.modules and os.environ.get("HF_ENDPOINT", "").find("127.0.0.1") < 0:
        raise UsageError("the embedded Hub must be chosen before huggingface_hub is imported", fix="set HF_ENDPOINT")
    with embedded(store.root) as address:
        yield Target(EMBEDDED, address, lock)


@contextmanager
def embedded(root: Path) -> Iterator[str]:
    """The embedded Hub of a store's folder for this process's Hub clients, while the block runs; yields its URL."""
    from factory.local_hub import LocalHub

    # Caches of the embedded Hub and of the real one must not meet: the same name means another repo.
    with LocalHub(root / "hub") as hub:
        os.environ.update(hub.environment() | {"HF_HOME": str(root / "hf-home")})
        yield hub.endpoint
