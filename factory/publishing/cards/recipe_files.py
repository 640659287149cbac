"""The recipe as it leaves with what it made: printed in the card, and as files of the repo that can be run again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factory.graph.nodes import Graph
from factory.publishing.cards.text import without_secrets
from factory.resources import local_path

FOLDER = "recipe"  # of the repo
PROMPT_FILE = re.compile(r"[\w./-]+\.(?:txt|jinja)\b")


@dataclass(frozen=True)
class SourceFile:
    """A file as written, its name as the recipe's own folder has it."""

    name: str
    text: str


def recipe_files(graph: Graph) -> list[SourceFile]:
    """The recipe, what it includes and the prompt files these name: as written, environment variables not put in."""
    source = graph.loaded.source
    folders = [graph.loaded.path.parent, *source.folders]
    paths = [graph.loaded.path, *sorted({place.file for place in source.places.values()})]
    files: dict[str, str] = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        files.setdefault(_name(path, folders), text)
        for name in PROMPT_FILE.findall(text):
            found = local_path(source.folders, name)
            if found is not None and found.is_file():
                files.setdefault(_name(found, folders), found.read_text(encoding="utf-8"))
    return [SourceFile(name, text) for name, text in files.items()]


def recipe_documents(graph: Graph) -> dict[str, bytes]:
    """The same as files of a repo, by their paths in it."""
    return {f"{FOLDER}/{file.name}": without_secrets(file.text).encode() for file in recipe_files(graph)}


def _name(path: Path, folders: Iterable[Path]) -> str:
    """Its path from the first of the folders that it lies in: from any place where these files are laid out, the
    recipe finds them by it, and it tells nothing of this machine.
    """
    found = next(
        (folder for folder in map(Path.resolve, folders) if path.resolve().is_relative_to(folder)), path.parent
    )
    return path.resolve().relative_to(found.resolve()).as_posix()
