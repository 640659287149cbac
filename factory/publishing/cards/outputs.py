"""What a model wrote, and what it is asked in the snippet: from its evaluations and its training data, not made up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from factory.evaluate.base import DETAILS
from factory.graph import lineage
from factory.graph.lineage import Made
from factory.graph.nodes import Graph
from factory.look.layout import turns_of
from factory.store import Dataset
from factory.store.columns import filled
from factory.store.kinds import rows_of
from factory.text.scripts import script_shares
from factory.text.template import fill, placeholders

SHOWN = 3
LOOKED_AT = 200  # rows in which a question is looked for
LONGEST = 200  # characters of a question in a snippet
ASKED, WRITTEN, WANTED = ("source", "question"), "output", ("reference", "answer")
PLAIN = "The house is big."


@dataclass(frozen=True)
class Output:
    """What one evaluation asked, what the model wrote, and what was wanted."""

    suite: str
    asked: str
    written: str
    wanted: str


def sample_outputs(graph: Graph, name: str) -> list[Output]:
    """The first three answers in the target language's script of the first suite in which the model wrote any.

    Suites that only compare likelihoods have none.
    """
    import pyarrow.parquet as pq

    target = graph.loaded.recipe.language.target
    for step in lineage.made(graph, graph.evaluations()):
        path = step.node.folder / DETAILS
        if step.manifest is None or step.node.name.partition("/")[2] != name or not path.is_file():
            continue
        names = pq.read_schema(path).names
        asked = next((column for column in ASKED if column in names), None)
        wanted = next((column for column in WANTED if column in names), None)
        if WRITTEN not in names or asked is None:
            continue
        rows = (
            pq.read_table(path, columns=[asked, WRITTEN, *([wanted] if wanted else [])])
            .slice(0, LOOKED_AT)
            .to_pylist()
        )
        found = [row for row in rows if row[WRITTEN] and _is_in(row[WRITTEN], target)][:SHOWN]
        if found:
            suite = step.node.artifact
            return [Output(suite, row[asked], row[WRITTEN], str(row[wanted] or "") if wanted else "") for row in found]
    return []


def question(graph: Graph, name: str, chain: list[Made]) -> str:
    """A user's turn of the kind the model was made for.

    Its training prompt with a row of its data put in, or the first turn of a conversation of them, in the target
    language where there is one; only of data that anyone may read. Else its prompt around a plain sentence.
    """
    if translating := lineage.translation_prompt(graph, name):
        return fill(translating, {"text": PLAIN})
    prompts = [prompt for made in reversed(chain) if (prompt := _prompt(made)) is not None]
    asked = [text for made in reversed(chain) for text in islice(_asked(graph, name, made), LOOKED_AT)]
    asked = [text for text in asked if 0 < len(text) <= LONGEST]
    target = graph.loaded.recipe.language.target
    if asked:
        return next((text for text in asked if _is_in(text, target)), asked[0])
    return next((fill(prompt, dict.fromkeys(placeholders(prompt), PLAIN)) for prompt in prompts), "Hello!")


def _is_in(text: str, language: str) -> bool:
    return script_shares([text], language)[0] > 0.5 and any(map(str.isalpha, text))


def _prompt(made: Made) -> str | None:
    """The prompt with one place for a text that a model was tuned by."""
    prompt = lineage.parameters(made.node).get("prompt")
    known = made.node.step.verb == "sft" and isinstance(prompt, str) and len(placeholders(prompt)) == 1
    return prompt if known else None


def _asked(graph: Graph, name: str, made: Made) -> Iterator[str]:
    """What a step of training has the user say, row by row, where its data is published for all who see the model."""
    recipe = graph.loaded.recipe
    for parameter, value, kind in made.node.step.references() if made.node.step.verb == "sft" else ():
        node = graph.nodes[made.node.inputs[value].node] if kind == "dataset" and parameter == "data" else None
        if node is None or recipe.repo_id(node.artifact) is None or lineage.of(graph, node.artifact).judged:
            continue
        if recipe.is_private(node.artifact) and not recipe.is_private(name):
            continue
        dataset, prompt = Dataset(node.folder), lineage.parameters(made.node).get("prompt")
        template = prompt if isinstance(prompt, str) and placeholders(prompt) else None
        with suppress(OSError, ValueError):  # damaged rows are told of where they are pushed; the model is whole
            for whole in dataset.tables(dataset.splits[0]) if dataset.splits else ():
                table = whole.slice(0, LOOKED_AT)
                if template is not None:
                    yield from (text for text in filled(table, template) if isinstance(text, str))
                else:
                    yield from map(_first_turn, rows_of(table))


def _first_turn(row: dict[str, Any]) -> str:
    for value in row.values():
        if isinstance(value, list) and (turns := turns_of(value)):
            return next((said for role, said in turns if role in ("user", "human") and isinstance(said, str)), "")
    return ""
