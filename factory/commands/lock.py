"""`factory lock`."""

from __future__ import annotations

from pathlib import Path

from factory.commands.hub_choice import Choice
from factory.commands.session import session


def write_lock(recipe: Path, store: Path, hub: Choice) -> None:
    with session(recipe, store, hub, building=True, refresh=True) as opened:
        if not opened.resolver.refs:
            print("nothing to lock: the recipe names no Hub ref without a commit SHA")
            return
        print(f"{len(opened.resolver.refs)} refs locked in {opened.target.lock}")
