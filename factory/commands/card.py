"""`factory card`."""

from factory.commands.session import Session
from factory.errors import UsageError, nearest
from factory.publishing.artifacts import render_card


def show_cards(session: Session, name: str | None) -> None:
    with session.open() as opened:
        graph = opened.graph
        specs = {**graph.loaded.recipe.datasets, **graph.loaded.recipe.models}
        published = [key for key, spec in specs.items() if spec.publish]
        if name is not None and name not in specs:
            raise UsageError(f"no artifact {name!r} in {session.recipe}{nearest(name, specs)}")
        for artifact in [name] if name else published:
            print(render_card(graph, artifact))
