"""A small recipe whose nodes are finished by hand, so that publishing is tested on known rows, scores and files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.graph.nodes import Graph, Node, build_graph
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Manifest, RowCounts, Store, Usage, write_shard

PROMPT = "Is this a translation?\nArabic: {ar}\nEnglish: {en}"
RECIPE = """\
recipe: 1
name: shelf
language: {source: en, target: ar}
hub: {namespace: factory, collection: Shelf, license: cc-by-4.0}
paper: "2509.14008"
citation: "@misc{shelf, title={A shelf}}"
env: {SHELF_ROWS: ./pairs.jsonl}
datasets:
  pairs:
    description: Pairs that a judge accepted.
    from: ${SHELF_ROWS}
    license: cc-by-4.0
    steps:
      - columns: {en: en, ar: ar}
      - judge: {model: judge, prompt: judge.txt}
    publish: {repo: shelf-pairs, title: Shelf pairs, tags: [parallel]}
  questions:
    from: ./pairs.jsonl
    license: cc-by-4.0
    publish: shelf-questions
models:
  judge:
    steps:
      - init: {config: {model_type: llama}, tokenizer_data: questions, text: [en]}
  base:
    description: A model from nothing.
    steps:
      - init: {config: {model_type: llama}, tokenizer_data: questions, text: [en]}
    publish: shelf-base
  tuned:
    description: The base, tuned.
    from: base
    steps:
      - sft:
          data: pairs
          epochs: 2
          learning_rate: 1.0e-4
          prompt: "Translate everything that follows into Arabic: {en}"
          response: "{ar}"
    assumed: [epochs, sft.learning_rate]
    gates: ["quiz >= base"]
    reported: {source: "[a paper](https://arxiv.org/abs/2509.14008), Table 2", scores: {quiz: 51.4}}
    publish: shelf-tuned
evaluate:
  quiz:
    {suite: multiple-choice, data: questions, question: en, options: [en, ar], answer: ar, models: [tuned, base]}
space: {app: hala, repo: Shelf, demo: [tuned]}
"""

PAIRS = [
    {"en": "The house is big.", "ar": "البيت كبير."},
    {"en": "The cat | sleeps.", "ar": "القطة نائمة."},
    {"en": "A `red` book <b>", "ar": "كتاب أحمر {{ 7 * 7 }}"},
]
REJECTED = [
    {"en": "Hello", "ar": "| # **مرحبا** <script>", "outcome": "rejected", "reason": "judge: reject"},
    {"en": "Bye", "ar": "مع السلامة", "outcome": "rejected", "reason": "judge: no verdict: maybe"},
]


def shelf(folder: Path, text: str = RECIPE, pairs: Sequence[Mapping[str, Any]] = PAIRS) -> Graph:
    """The recipe's graph, nothing built."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "judge.txt").write_text(PROMPT, encoding="utf-8")
    lines = [json.dumps(row, ensure_ascii=False) for row in pairs]
    (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path = folder / "shelf.yaml"
    path.write_text(text, encoding="utf-8")
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "shelf.lock", online=False))


def finish(
    graph: Graph,
    name: str,
    rows: Sequence[Mapping[str, Any]] | None = None,
    rejected: Sequence[Mapping[str, Any]] = (),
    failed: int = 0,
    **manifest: Any,
) -> Node:
    """Finish a node by hand: with `rows` a dataset, otherwise whatever its partial folder holds already."""
    import pyarrow as pa

    node = graph.nodes[name]
    partial = graph.store.partial(node.folder)
    partial.mkdir(parents=True, exist_ok=True)
    counts = None
    if rows is not None:
        write_shard(partial / "data" / "train-00000.parquet", pa.Table.from_pylist([dict(row) for row in rows]))
        if rejected:
            table = pa.Table.from_pylist([dict(row) for row in rejected])
            write_shard(partial / "rejected" / "train-00000.parquet", table)
        reasons: dict[str, int] = {}
        for row in rejected:
            reason = str(row["reason"]).partition(":")[0]
            reasons[reason] = reasons.get(reason, 0) + 1
        total = len(rows) + len(rejected) + failed
        counts = RowCounts(**{"in": total}, kept=len(rows), rejected=len(rejected), failed=failed, reasons=reasons)
    graph.store.finish(
        node.folder,
        Manifest(
            name=node.name,
            kind=node.kind,
            verb=node.step.verb,
            fingerprint=node.fingerprint,
            identity=node.identity,
            rows=counts,
            **{
                "usage": Usage(prompt_tokens=1000, completion_tokens=500, requests=3, seconds=75.0),
                "device": "cpu",
                "versions": {"hf-factory": "0.1.0", "torch": "2.13.0"},
                "created": "2026-01-01T00:00:00+00:00",
                **manifest,
            },
        ),
    )
    return node


def score(value: float, half: float = 2.0) -> dict[str, Any]:
    """Metrics of an evaluation with one score."""
    one = {
        "name": "acc", "value": value, "metric": "accuracy", "n": 300, "stderr": half / 1.96,
        "low": value - half, "high": value + half, "higher_is_better": True, "task": "quiz",
        "dataset": "questions", "split": "train",
    }  # fmt: skip
    return {"headline": "acc", "scores": {"acc": one}, "protocol": {"suite": "quiz", "chat_template": True, "seed": 0}}


def build(
    graph: Graph, *, tuned: float = 51.0, base: float = 40.0, rejected: Any = REJECTED, **manifest: Any
) -> Graph:
    """Finish every node."""
    from tests.support import random_model

    for name, node in graph.nodes.items():
        if node.kind == "dataset":
            out = rejected if name == "pairs/02-judge" else ()
            examples = {"judge": [{k: v for k, v in row.items() if k != "outcome"} for row in out]} if out else {}
            finish(graph, name, PAIRS, out, metrics={"examples": examples} if examples else {}, **manifest)
        elif node.kind == "model":
            random_model(graph.store.partial(node.folder), seed=len(name))
            loss = {"first": 3.0, "last": 1.25, "curve": [[1, 3.0], [5, 2.0], [10, 1.25]]}
            metrics = {"loss": loss, "steps": 10, "tokens": 12345, "rows": 3} if node.step.verb == "sft" else {}
            finish(graph, name, metrics={"parameters": 123456, "size_bytes": 500_000, **metrics}, **manifest)
        else:
            value = tuned if name.endswith("/tuned") else base
            finish(graph, name, metrics=score(value), **manifest)
    return graph
