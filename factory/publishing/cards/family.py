"""What an artifact was made from, as a picture: a box for everything that went in, an arrow to what it went into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from factory.graph.lineage import Made
from factory.graph.nodes import Graph, Node
from factory.publishing.cards.facts import shown_name
from factory.publishing.cards.text import environment
from factory.step.base import Source

LINEAGE_PICTURE = "lineage.svg"
BOX, HEIGHT, ACROSS, DOWN, MARGIN = 180, 44, 44, 14, 12  # pixels
LONGEST = 25  # characters in a box
COLOURS = {"dataset": "#d1fae5", "model": "#dbeafe", "source": "#f3f4f6"}


@dataclass(frozen=True)
class Box:
    """A source or an artifact: its kind, its name, the verbs that made it, and what it was made from."""

    kind: str
    name: str
    note: str
    inputs: tuple[str, ...]


def lineage_picture(graph: Graph, everything: Sequence[Made]) -> bytes | None:
    """An SVG of the lineage, inputs on the left; None where nothing else went in."""
    boxes = _boxes(graph, [made.node for made in everything])
    return drawing(boxes) if len(boxes) > 1 else None


def _boxes(graph: Graph, nodes: Sequence[Node]) -> dict[str, Box]:
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        groups.setdefault(node.artifact, []).append(node)
    boxes = {}
    for artifact, own in groups.items():
        used = [graph.nodes[edge.node].artifact for node in own for edge in node.edges]
        verbs = ", ".join(node.step.verb for node in own if not isinstance(node.step, Source))
        name = graph.loaded.recipe.repo_id(artifact) or shown_name(own[0])
        inputs = tuple(dict.fromkeys(other for other in used if other != artifact and other in groups))
        kind = own[-1].kind if verbs else "source"
        boxes[artifact] = Box(kind, name.rpartition("/")[2], verbs or f"{own[-1].kind}, as it is", inputs)
    return boxes


def drawing(boxes: Mapping[str, Box]) -> bytes:
    """The boxes as an SVG, each in a column behind all that it was made from, the last one last."""
    order = [*TopologicalSorter({key: box.inputs for key, box in boxes.items()}).static_order()]
    boxes = {key: boxes[key] for key in order}
    column: dict[str, int] = {}
    for key, box in boxes.items():
        column[key] = 1 + max((column[other] for other in box.inputs), default=-1)
    for key in reversed(order):  # what begins a chain stands right before it
        after = [column[other] for other, box in boxes.items() if key in box.inputs]
        column[key] = min(after) - 1 if after else column[key]
    filled: dict[int, int] = {}
    place: dict[str, tuple[int, int]] = {}
    for key in boxes:
        row = filled[column[key]] = filled.get(column[key], -1) + 1
        place[key] = (MARGIN + column[key] * (BOX + ACROSS), MARGIN + row * (HEIGHT + DOWN))
    arrows = [
        (place[other][0] + BOX, place[other][1] + HEIGHT // 2, place[key][0], place[key][1] + HEIGHT // 2)
        for key, box in boxes.items()
        for other in box.inputs
    ]
    context: dict[str, Any] = {
        "width": 2 * MARGIN + (max(column.values()) + 1) * (BOX + ACROSS) - ACROSS,
        "height": 2 * MARGIN + (max(filled.values()) + 1) * (HEIGHT + DOWN) - DOWN,
        "box_width": BOX,
        "box_height": HEIGHT,
        "arrows": arrows,
        "boxes": [
            {
                "x": place[key][0],
                "y": place[key][1],
                "fill": COLOURS[box.kind],
                "name": _cut(box.name),
                "note": _cut(box.note),
            }
            for key, box in boxes.items()
        ],
    }
    return environment().get_template("lineage.svg").render(**context).encode()


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
