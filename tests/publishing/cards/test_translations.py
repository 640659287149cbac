"""The card says what translating cost, what was found again, and how far up the ladder units had to climb."""

from __future__ import annotations

from pathlib import Path

from factory.publishing.artifacts import render_card
from tests.shelf import PAIRS, RECIPE, finish, shelf

STEP = '      - translate: {model: base, columns: [en], prompt: "{text}"}\n'
FOUND = {
    "needed": 1200,
    "generated": 700,
    "reused": {"step": 300, "memory": 250},
    "copied": 4,
    "saved_share": 0.4583,
    "saved_tokens": 5000,
    "saved_token_share": 0.4321,
    "units": {"first": 640, "name": 2, "rejected": 3, "retry": 5},
    "faults": {"masks": 3},
}


def test_the_card_of_a_translated_dataset(tmp_path: Path) -> None:
    recipe = RECIPE.replace("      - columns: {en: en, ar: ar}\n", "      - columns: {en: en, ar: ar}\n" + STEP)
    graph = shelf(tmp_path, recipe)
    assert "## Translation" not in render_card(graph, "pairs")
    for name, node in graph.nodes.items():
        if node.kind == "dataset":
            finish(graph, name, PAIRS, metrics={"translations": FOUND} if node.step.verb == "translate" else {})
    card = render_card(graph, "pairs")
    line = next(line for line in card.splitlines() if "1,200" in line)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:] == ["1,200", "700", "300", "250", "5,000 (43.2 %)"]
    assert "640 at the first attempt, 2 names, left as they are, 3 given up, 5 by a firmer prompt." in card
