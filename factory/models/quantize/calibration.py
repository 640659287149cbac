"""Calibration data: rows of a dataset as token ids, from which LLM Compressor sees what reaches each layer."""

import random
from collections.abc import Iterator
from typing import Any

from factory.arrays import Table
from factory.errors import FactoryError
from factory.models.chat import Renderer
from factory.models.layout import Layout, find_layout, present
from factory.models.train.data import load_rows
from factory.step.job import Job
from factory.store.columns import documents

SEED = 0  # of the choice of rows
PLAIN = "text"  # the usual column of plain text


def calibration_data(
    job: Job, reference: str, columns: list[str] | None, rows: int, length: int, tokenizer: Any
) -> Any:
    """At most `rows` rows of the dataset, drawn at random, as a `datasets.Dataset` of input_ids and attention_mask.

    Plain text is read from those of `columns` that are there. Without them, conversations go through the model's chat
    template, and else the column `text` is read. Each is cut at `length` tokens; what has no token is left out, and
    so is a conversation that the template does not take.

    Raises:
        FactoryError: no such column, nothing that can be read, or no token at all.
    """
    from datasets import Dataset

    data = load_rows(job, reference)
    found = _columns(data.column_names, columns, reference, job.where)
    if isinstance(found, Layout) and not tokenizer.chat_template:
        fix = "name a column of plain text: columns"
        raise FactoryError("the model has no chat template for conversations", where=job.where, fix=fix)
    chosen = sorted(random.Random(SEED).sample(range(len(data)), min(rows, len(data))))
    table = data.select(chosen).with_format("arrow")[:]
    if isinstance(found, Layout):
        read = _conversations(table, found, Renderer(tokenizer))
    else:
        read = (tokenizer(text)["input_ids"] for text in documents(table, found))
    cut = [ids[:length] for ids in read if ids[:length]]
    if not cut:
        raise FactoryError(f"no text to calibrate on in {reference}", where=job.where)
    return Dataset.from_list([{"input_ids": ids, "attention_mask": [1] * len(ids)} for ids in cut])


def _columns(has: list[str], columns: list[str] | None, reference: str, where: str) -> list[str] | Layout:
    if columns is not None:
        return present(columns, has, reference, where)
    try:
        return find_layout(has)
    except FactoryError:
        if PLAIN in has:
            return [PLAIN]
    fix = f"columns: it has {', '.join(has)}"
    raise FactoryError(f"{reference} holds neither conversations nor a column text", where=where, fix=fix)


def _conversations(table: Table, layout: Layout, render: Renderer) -> Iterator[list[int]]:
    for messages in layout.conversations(table, render.tool_calls):
        try:
            if messages and not isinstance(messages, ValueError):
                yield render(messages, return_dict=True)["input_ids"]
        except ValueError:
            continue
