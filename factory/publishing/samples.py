"""Rows of the published datasets for people to read in the Space: some that were kept, some that were sorted out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from factory.graph import lineage
from factory.graph.nodes import Graph
from factory.publishing.cards.facts import page
from factory.publishing.dataset_files import files_of
from factory.publishing.rating import visible

ROWS = 50  # of each dataset, kept and sorted out
CHARACTERS = 600  # of a cell


def samples(graph: Graph) -> list[dict[str, Any]]:
    """Of each dataset that was pushed and that visitors may see: {repo, link, kept, rejected}, rows of texts.

    A row that was sorted out has `rejected_by`, `outcome` and `reason` before its own columns.
    """
    found = []
    for name in visible(graph):
        repo = str(graph.loaded.recipe.repo_id(name))
        files = files_of(lineage.of(graph, name))
        kept = [row for part in files.kept for row in part.first_rows(ROWS)][:ROWS]
        rejected = files.rejected.first_rows(ROWS) if files.rejected else []
        found.append({"repo": repo, "link": page("dataset", repo), "kept": _texts(kept), "rejected": _texts(rejected)})
    return found


def _texts(rows: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    return [{name: _text(value) for name, value in row.items() if value is not None} for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, bytes) or (isinstance(value, dict) and {"bytes", "path"} <= value.keys()):
        return "▢"  # a picture
    if isinstance(value, float):
        return f"{value:.6g}"  # as a score of 32 bits is meant
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=lambda _: "▢")
    return text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}…"
