"""Documents kept out of training, by dataset or language: rows for the trainer, and what its losses mean."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.models.layout import texts_by_language
from factory.models.train.history import held_out_curve


@dataclass(frozen=True)
class Group:
    """Documents of one dataset or language: how many, their predicted tokens and the bytes of UTF-8 they stand for."""

    documents: int
    tokens: int
    size: int


def encode_group(tokenizer: Any, texts: list[str], length: int) -> tuple[Any, Group] | None:
    """(rows of input_ids and labels, facts) of documents cut at `length` tokens; None where nothing can be predicted.

    Documents are not joined: each is predicted from its own beginning.
    """
    from datasets import Dataset

    begin = [i for i in [tokenizer.bos_token_id] if i is not None]
    rows, size = [], 0
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"][: length - len(begin)]
        if len(begin) + len(ids) > 1:
            rows.append([*begin, *ids])
            size += len(tokenizer.decode(ids).encode())
    if not rows:
        return None
    facts = Group(len(rows), sum(len(ids) - 1 for ids in rows), size)
    return Dataset.from_dict({"input_ids": rows, "labels": rows}), facts


def by_language(rows: Any, columns: list[str]) -> dict[str, list[str]]:
    """The texts by the rows' `language`, or all together."""
    groups: dict[str, list[str]] = {}
    for language, text in texts_by_language(rows, columns):
        groups.setdefault(language, []).append(text)
    return groups


def held_out_metrics(
    groups: Mapping[str, Group], history: list[dict[str, Any]], saved: Mapping[str, float]
) -> dict[str, Any]:
    """{rows, before, after, curve: {name: [[step, perplexity], …]}} from a trainer's log, and of the saved model.

    `before` and `after` are {name: {loss, perplexity, bits_per_byte, tokens}} with the loss in nats per token. Bits
    per byte of UTF-8, loss·tokens / (bytes·ln 2), can be compared between tokenizers, perplexity cannot.
    """

    def key(name: str) -> str:
        return f"eval_{name}_loss"

    losses = {name: held_out_curve(history, key(name)) for name in groups}

    def said(name: str, loss: float) -> dict[str, float]:
        group = groups[name]
        return {
            "loss": loss,
            "perplexity": perplexity(loss),
            "bits_per_byte": round(loss * group.tokens / math.log(2) / max(group.size, 1), 5),
            "tokens": group.tokens,
        }

    return {
        "rows": sum(group.documents for group in groups.values()),
        "before": {name: said(name, curve[0][1]) for name, curve in losses.items()},
        "after": {name: said(name, round(saved[key(name)], 6)) for name in groups},
        "curve": {name: [[step, perplexity(loss)] for step, loss in curve] for name, curve in losses.items()},
    }


def perplexity(loss: float) -> float:
    """e to the mean loss in nats per token, kept finite."""
    return round(math.exp(min(loss, 100.0)), 4)
