"""The Space of a recipe: an app from spaces/ with a `space.json` that names the models and holds the leaderboard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.evaluate.ranking import as_json
from factory.graph import lineage
from factory.graph.licenses import effective
from factory.graph.nodes import Graph, Node
from factory.hub.names import card_license
from factory.hub.push import Pushed, Release, push
from factory.publishing.bundle import bundle
from factory.publishing.cards import facts as card_facts
from factory.publishing.cards.text import render
from factory.publishing.leaderboard import recipe_tables
from factory.publishing.rating import finished, sheets, visible
from factory.publishing.samples import samples
from factory.refs import is_hub_ref, is_local
from factory.resources import resource
from factory.store import fingerprint
from factory.text.cldr import locale

SDK_VERSION = "6.31.0"
CONFIG = "space.json"
APP_FILES = ("*.py", "requirements.txt", "packages.txt", "*.css", "*.js", "*.png", "*.svg", "*.jpg")
GENERATION = ("do_sample", "temperature", "top_p", "max_new_tokens")
INTERFACE = ("en", "ar")  # the languages that the app speaks to its visitors


def space_files(
    graph: Graph, models: Sequence[str] | None = None, rated: Sequence[str] | None = None
) -> dict[str, bytes]:
    """All files of the Space by path: the app's own, the factory's modules that it imports, ``space.json``, the card.

    It shows `models`, by their references in the recipe, and has rows of the datasets `rated` rated; by default the
    models that the recipe lists and every finished dataset that it publishes.
    """
    space = graph.loaded.recipe.space
    assert space is not None, "the recipe has no space"
    folder = resource("spaces") / space.app
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for pattern in APP_FILES
        for path in sorted(folder.rglob(pattern))
        if "__pycache__" not in path.parts
    }
    files |= bundle(files)
    rating, pictures = sheets(graph, finished(graph) if rated is None else rated)
    config = space_config(graph, models) | {"sheets": rating}
    files |= pictures
    files[CONFIG] = (json.dumps(config, ensure_ascii=False, indent=2) + "\n").encode()
    files["README.md"] = space_card(graph, config, space.demo if models is None else models).encode()
    return files


def publish_space(graph: Graph, *, force: bool = False) -> Pushed:
    """Push the Space: the app, its `space.json` and its card. It shows those of its models that are on the Hub."""
    recipe = graph.loaded.recipe
    assert recipe.space is not None
    own = {model for model in recipe.space.demo if model in graph.finals}
    missing = [model for model in sorted(own) if recipe.repo_id(model) and not lineage.is_pushed(graph, model)]
    shown = [model for model in recipe.space.demo if model not in missing]
    own -= {*missing}
    pushed = push(
        Release(
            kind="space",
            repo_id=recipe.in_namespace(recipe.space.repo),
            fingerprint=fingerprint({model: graph.final(model).fingerprint for model in own}),
            title=recipe.space.title or recipe.space.repo,
            documents=space_files(graph, shown, visible(graph)),
            private=recipe.hub.private,
            stand_in=any(lineage.of(graph, model).stand_in for model in own),
            record=graph.store.record(f"{recipe.name}-space"),
        ),
        force=force,
    )
    notes = [f"not on the Hub, so left out of the Space: {', '.join(missing)}"] if missing else []
    return replace(pushed, notes=(*pushed.notes, *notes))


def write_space(graph: Graph, folder: Path) -> Path:
    """Lay the Space's files out in `folder`, to run it here: ``python app.py``."""
    for path, content in space_files(graph).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def space_config(graph: Graph, models: Sequence[str] | None = None) -> dict[str, Any]:
    """What the app reads: title, languages by name, models with their task and prompt, leaderboard, rows of data."""
    recipe = graph.loaded.recipe
    assert recipe.space is not None
    return {
        "title": recipe.space.title or recipe.title or recipe.hub.collection or recipe.name,
        "description": recipe.description or "",
        "language": recipe.language.model_dump(),
        "languages": {code: _language(code) for code in recipe.language.model_dump().values()},
        "models": [_model(graph, reference) for reference in (recipe.space.demo if models is None else models)],
        "board": [as_json(table) for table in recipe_tables(graph)],
        "samples": samples(graph),
    }


def _model(graph: Graph, reference: str) -> dict[str, Any]:
    repo = reference
    if is_hub_ref(reference):
        repo = reference.partition("@")[0]
    elif not is_local(reference):
        published = graph.loaded.recipe.repo_id(reference)
        if published is None:
            raise FactoryError(
                f"{reference} is not published, so its Space cannot load it",
                where=str(graph.loaded.place("space", "demo")),
                fix=f"add `publish:` to models.{reference}",
            )
        repo = published
    prompt = lineage.translation_prompt(graph, reference)
    node = graph.final(reference)
    task = "translate" if prompt else "image" if "vision_config" in _settings(node, "config.json") else "chat"
    languages = graph.loaded.recipe.language.model_dump() if prompt else {}
    return {
        "name": repo.rpartition("/")[2],
        "repo": repo,
        "task": task,
        "prompt": prompt or "{text}",
        **languages,
        "generation": {
            name: value for name, value in _settings(node, "generation_config.json").items() if name in GENERATION
        },
    }


def _settings(node: Node, file: str) -> dict[str, Any]:
    path = node.folder / "model" / file
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _language(code: str) -> dict[str, Any]:
    """Its names in the interface's languages, or its code, and whether it is written from the right."""
    own = locale(code)
    names = {spoken: (own and own.get_display_name(spoken)) or code for spoken in INTERFACE}
    return {**names, "rtl": bool(own and own.text_direction == "rtl")}


def space_card(graph: Graph, config: dict[str, Any], models: Sequence[str]) -> str:
    """The Space's README.md with the header from which the Hub starts the app."""
    recipe = graph.loaded.recipe
    assert recipe.space is not None
    references = [reference for reference in models if reference in graph.finals]
    first = next(iter(references), None)
    license = (
        effective(graph, first).card if first else card_license(recipe.hub.declared_license, recipe.hub.license_link)
    )
    stand_in = any(lineage.of(graph, reference).stand_in for reference in references)
    header = {
        "title": config["title"],
        "emoji": "💬",
        "colorFrom": "blue",
        "colorTo": "green",
        "sdk": "gradio",
        "sdk_version": SDK_VERSION,
        "app_file": "app.py",
        **license,
        "models": [model["repo"] for model in config["models"]],
        "tags": ["factory", *(["stand-in"] if stand_in else [])],
    }
    return render(
        "space.md",
        header,
        **config,
        measured=lineage.board(graph),
        recipe=recipe,
        stand_in=stand_in,
        page=card_facts.page,
        name=recipe.name,
    )
