"""What of the rows that were sorted out is not published: whatever a safety judge did not find safe.

That is all but numbers of the rows that it sorted out itself, and of those that a step before it did the columns that
it would have judged: pictures, or texts.
"""

from __future__ import annotations

from collections.abc import Iterator

from factory.arrays import Schema
from factory.graph.lineage import Lineage, Made, through
from factory.steps.safety import SAID, Safety

TOLD = {"outcome", "reason", SAID}  # what was said of a row, which is nothing of it


def withheld(history: Lineage, step: Made, schema: Schema) -> list[str]:
    """Columns of a step's rejected rows, of this schema, that are published empty."""
    found: dict[str, None] = {}
    for judge in judges(history, step):
        safety = judge.node.step
        assert isinstance(safety, Safety)
        names = safety.withheld(schema) if judge is step else safety.unjudged(schema)
        found |= dict.fromkeys(name for name in names if name not in TOLD)
    return list(found)


def shows_no_texts(history: Lineage, step: Made) -> bool:
    """Are the texts of a step's rejected rows not to be shown in a card?"""
    return any(judge is step or not _of_pictures(judge) for judge in judges(history, step))


def judges(history: Lineage, step: Made) -> Iterator[Made]:
    """The safety steps that a step's kept rows come to, itself included."""
    for made in history.rows:
        if isinstance(made.node.step, Safety) and step.node.name in through(made.node, history.rows):
            yield made


def _of_pictures(judge: Made) -> bool:
    return isinstance(judge.node.step, Safety) and bool(judge.node.step.images)
