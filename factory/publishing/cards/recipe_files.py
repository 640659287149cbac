"""The recipe as it leaves with what it made: printed in the card, and as files of the repo that can be run again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from factory.graph.nodes import Graph
from factory.text.secrets import without_keys

FOLDER = "recipe"  # of the repo


@dataclass(frozen=True)
class SourceFile:
    """A file as written, its name as the recipe's own folder has it."""

    name: str
    text: str


def recipe_files(graph: Graph) -> list[SourceFile]:
    """The recipe, what it includes and the prompt files these name: as written, environment variables not put in."""
    source = graph.loaded.source
    folders = [graph.loaded.path.parent, *source.folders]
    return [SourceFile(_name(path, folders), path.read_text(encoding="utf-8")) for path in source.files]


def recipe_documents(graph: Graph) -> dict[str, bytes]:
    """The same as files of a repo, by their paths in it."""
    return {f"{FOLDER}/{file.name}": without_keys(file.text).encode() for file in recipe_files(graph)}


def _name(path: Path, folders: Iterable[Path]) -> str:
    """Its path from the first of the folders that it lies in: from any place where these files are laid out, the
    recipe finds them by it, and it tells nothing of this machine.
    """
    found = next(
        (folder for folder in map(Path.resolve, folders) if path.resolve().is_relative_to(folder)), path.parent
    )
    return path.resolve().relative_to(found.resolve()).as_posix()
