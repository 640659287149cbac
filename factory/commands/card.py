"""`factory card`."""

from __future__ import annotations

from pathlib import Path

from factory.commands.hub_choice import Choice
from factory.commands.session import session
from factory.errors import UsageError, nearest


def show_cards(recipe: Path, name: str | None, store: Path, hub: Choice) -> None:
    from factory.publishing.publisher import render_card

    with session(recipe, store, hub) as opened:
        graph = opened.graph
        specs = {**graph.loaded.recipe.datasets, **graph.loaded.recipe.models}
        published = [key for key, spec in specs.items() if spec.publish]
        if name is not None and name not in specs:
            raise UsageError(f"no artifact {name!r} in {recipe}{nearest(name, specs)}")
        for artifact in [name] if name else published:
            print(render_card(graph, artifact))
