"""Rating sheets for the Space: the rows of `factory rate`, with their pictures, for people to rate in a page."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from factory.evaluate.gates import parse_dataset_gate
from factory.graph import lineage
from factory.graph.nodes import Graph
from factory.images.thumbnails import thumbnail
from factory.look.layout import columns_of, is_images, layout
from factory.look.sheet import drawn, lines_of, shown_columns
from factory.store import TRAIN, Dataset, Manifest

ROWS = 100  # of each dataset
SIDE = 1024  # pixels of a picture: the text in it must be read
FOLDER = "rated"
QUESTION = "correct"


def finished(graph: Graph) -> list[str]:
    """The published datasets of the recipe whose rows are there, pushed or not: what may be rated on this machine."""
    recipe = graph.loaded.recipe
    names = [name for name in recipe.datasets if recipe.repo_id(name)]
    return [name for name in names if Manifest.load(graph.final(name).folder) is not None]


def visible(graph: Graph) -> list[str]:
    """The datasets that visitors of the recipe's Space may see: on the Hub, and not more private than the Space."""
    recipe = graph.loaded.recipe
    return [
        name
        for name in recipe.datasets
        if recipe.repo_id(name)
        and lineage.is_pushed(graph, name)
        and (recipe.hub.private or not recipe.is_private(name))
    ]


def sheets(graph: Graph, names: Collection[str]) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Of each dataset its sheet, and the files of all pictures by their path in the Space.

    A sheet is {name, questions, columns, pairs, rows}, a row {id, cells, pictures}: `cells` one text for each of the
    columns, `pictures` column -> paths. The rows are those that `factory rate NAME --out` draws by default.
    """
    found: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for name in names:
        node = graph.final(name)
        dataset = Dataset(node.folder)
        split = TRAIN if TRAIN in dataset.splits else dataset.splits[0]
        rows = drawn(dataset, split, ROWS)
        columns = shown_columns(rows, ())
        lines = lines_of(rows, node.fingerprint, columns)
        pictures = [_pictures(row, columns, files) for row in rows.values()]
        found.append(
            {
                "name": name,
                "questions": questions(graph, name),
                "columns": columns,
                "pairs": [*layout(dict.fromkeys(columns, "")).pairs],
                "rows": [
                    {"id": line.id, "cells": line.cells, "pictures": seen}
                    for line, seen in zip(lines, pictures, strict=True)
                ],
            }
        )
    return [sheet for sheet in found if sheet["rows"]], files


def questions(graph: Graph, name: str) -> list[str]:
    """What the gates of a dataset want to know of people; whether a row is correct, where they say nothing."""
    gates = [parse_dataset_gate(text) for text in graph.loaded.recipe.datasets[name].gates]
    asked = [gate.score or QUESTION for gate in gates if gate.suite == "rated"]
    return [*dict.fromkeys(asked)] or [QUESTION]


def _pictures(row: Mapping[str, Any], columns: Collection[str], files: dict[str, bytes]) -> dict[str, list[str]]:
    """Column -> paths of its pictures, which are put among the `files`; one that cannot be decoded has none."""
    found: dict[str, list[str]] = {}
    for name, value in columns_of(row).items():
        if name not in columns or not is_images(value):
            continue
        for one in value if isinstance(value, list) else [value]:
            try:
                small = thumbnail(one if isinstance(one, bytes) else one["bytes"], SIDE)
            except ValueError:
                continue
            path = f"{FOLDER}/{hashlib.sha256(small).hexdigest()[:32]}.webp"
            files[path] = small
            found.setdefault(name, []).append(path)
    return found
