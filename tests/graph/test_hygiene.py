"""What a model may have read of its suites before: looked for in all its trainings, and shown on its card."""

from __future__ import annotations

import json
import re

import pyarrow as pa

from factory.evaluate.base import DETAILS, RESULTS
from factory.evaluate.samples import Part, Samples
from factory.graph import hygiene, lineage
from factory.publishing.cards.model import model_card
from factory.store import Manifest, write_shard
from factory.store.writing import facts_of
from tests.shelf import PAIRS, build, shelf

QUESTION = "in which year did the old river leave its bed near the seven bridges of the town"


def measured(graph, questions):
    """Details and samples of both evaluations, as the suite writes them."""
    for node in graph.evaluations():
        rows = [{"subtask": "quiz", "question": question} for question in questions]
        write_shard(node.folder / DETAILS, pa.Table.from_pylist(rows))
        part = Part.of_values([str(i) for i in range(len(questions))], [100.0] * len(questions))
        Samples({"quiz": part}, {"acc": [["quiz"]]}).write(node.folder)
        (node.folder / RESULTS).write_text(json.dumps({"scores": {"acc": {}}}))
    return graph


def test_a_question_of_the_training_data_stands_on_the_card(tmp_path):
    pairs = [*PAIRS, {"en": f"Answer: {QUESTION}?", "ar": "سؤال"}]
    graph = measured(
        build(shelf(tmp_path, pairs=pairs)), [QUESTION, "how many " + QUESTION[12:].replace("bed", "way")]
    )
    data = graph.nodes["pairs/02-judge"]
    write_shard(data.folder / "data" / "train-00000.parquet", pa.Table.from_pylist(pairs))
    manifest = Manifest.load(data.folder)
    assert manifest is not None
    manifest.files = facts_of(data.folder)
    manifest.save(data.folder)
    assert hygiene.trained_on(graph, "tuned") == [graph.nodes["tuned/01-sft"].inputs["pairs"]]
    assert hygiene.found(graph, "quiz", "tuned") is None
    assert "in training data" not in model_card(graph, "tuned", lineage.of(graph, "tuned"))
    hygiene.look(graph, "tuned")
    known, shares = hygiene.found(graph, "quiz", "tuned") or (None, {})
    assert known is not None and known.rows == 4 and shares == {"acc": 50}
    card = model_card(graph, "tuned", lineage.of(graph, "tuned"))
    assert "| in training data |" in card and re.search(r"\| 50(\.0+)? % \|", card)


def test_a_model_from_nothing_was_trained_on_nothing(tmp_path):
    graph = measured(build(shelf(tmp_path)), [QUESTION])
    assert hygiene.trained_on(graph, "base") == []
    hygiene.look(graph, "base")
    assert hygiene.found(graph, "quiz", "base") is None
