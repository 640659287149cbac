"""Calibration data: rows of a dataset as token ids, from which LLM Compressor sees what reaches each layer."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from factory.step.job import Job

SEED = 0  # of the choice of rows
PLAIN = "text"  # the usual column of plain text


def calibration_data(job: Job, reference: str, column: str | None, rows: int, length: int, tokenizer: Any) -> Any:
    """At most `rows` rows of the dataset, drawn at random, as a `datasets.Dataset` of input_ids and attention_mask.

    Plain text is read from `column`. Without one, conversations go through the model's chat template, and else the
    column `text` is read. Each row is cut at `length` tokens; rows without a token are left out.

    Raises:
        FactoryError: no such column, nothing that can be read, or no token at all.
    """
    from datasets import Dataset

    from factory.models.train.data import load_rows

    data = load_rows(job, reference)
    reader = _reader(job, reference, column, data.column_names, tokenizer)
    chosen = sorted(random.Random(SEED).sample(range(len(data)), min(rows, len(data))))
    encoded = []
    for row in data.select(chosen):
        if ids := reader(row)[:length]:
            encoded.append({"input_ids": ids, "attention_mask": [1] * len(ids)})
    if not encoded:
        raise FactoryError(f"no text to calibrate on in {reference}", where=job.where)
    return Dataset.from_list(encoded)


def _reader(
    job: Job, reference: str, column: str | None, columns: list[str], tokenizer: Any
) -> Callable[[Any], list[int]]:
    from factory.models.chat import find_layout

    if column is not None and column not in columns:
        has = f"calibration_text: it has {', '.join(columns)}"
        raise FactoryError(f"no column {column!r} in {reference}", where=job.where, fix=has)
    try:
        layout = find_layout(columns) if column is None else None
    except FactoryError:
        column = PLAIN
        if column not in columns:
            has = f"calibration_text: it has {', '.join(columns)}"
            message = f"{reference} holds neither conversations nor a column text"
            raise FactoryError(message, where=job.where, fix=has) from None
        layout = None
    if layout is None:
        return lambda row: tokenizer(row[column])["input_ids"] if row[column] else []
    if not tokenizer.chat_template:
        fix = "name a column of plain text: calibration_text"
        raise FactoryError("the model has no chat template for conversations", where=job.where, fix=fix)

    def conversation(row: dict[str, Any]) -> list[int]:
        from jinja2 import TemplateError

        try:
            messages = layout.messages(row)
            return tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"] if messages else []
        except (ValueError, TypeError, KeyError, TemplateError) as error:
            raise FactoryError(f"a row of {reference} is no conversation: {error}", where=job.where) from None

    return conversation
