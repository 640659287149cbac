"""`factory space`: the recipe's Gradio app here, or pushed."""

import os
import subprocess
import sys
from importlib.util import find_spec

from factory.commands.session import Session
from factory.errors import FactoryError, UsageError
from factory.publishing.space import publish_space, write_space
from factory.store import Manifest


def run_space(session: Session, *, push: bool, port: int) -> None:
    """Run the app until it is stopped, on the models that were published, or push it.

    Raises:
        UsageError: the recipe has no Space, or gradio is not installed.
        FactoryError: a model that the Space offers is not built yet, or the push is refused.
    """
    with session.open(building=True) as opened:
        graph = opened.graph
        if graph.loaded.recipe.space is None:
            raise UsageError("the recipe has no `space`", where=str(session.recipe))
        missing = [ref for ref in graph.loaded.recipe.space.demo if Manifest.load(graph.final(ref).folder) is None]
        if missing:
            raise FactoryError(
                f"not built yet: {', '.join(missing)}", fix=f"run `factory publish {session.recipe}` first"
            )
        if push:
            pushed = publish_space(graph)
            print("\n".join([*pushed.notes, pushed.url]))
            return
        _require_gradio()
        folder = write_space(graph, opened.store.root / "space")
        print(f"http://127.0.0.1:{port}", flush=True)
        environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
        subprocess.run([sys.executable, "app.py"], cwd=folder, env=environment, check=False)


def _require_gradio() -> None:
    if find_spec("gradio") is None:
        raise UsageError("gradio is not installed", fix="pip install 'hf-factory[space]'")
