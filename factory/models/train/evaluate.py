"""Held-out loss: per token on tokenized rows, and perplexity per language on text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from factory.profile import Profile

BATCH = 8


def mean_loss(model: Any, rows: Any, profile: Profile) -> float | None:
    """Mean cross-entropy in nats per labelled token over rows of input_ids and labels; None without such a token."""
    loss, count = _sum_loss(model, ((row["input_ids"], row["labels"]) for row in rows), profile)
    return round(loss / count, 6) if count else None


def perplexity(
    model: Any, tokenizer: Any, rows: Any, column: str, length: int, profile: Profile
) -> dict[str, dict[str, float]]:
    """{language or "all": {loss, perplexity, bits_per_byte, tokens}} of the documents in `column`.

    `loss` is in nats per token. Bits per byte of UTF-8, loss·tokens / (bytes·ln 2), can be compared between
    tokenizers, perplexity cannot. Documents are cut at `length` tokens, and their bytes with them.
    """
    groups: dict[str, list[str]] = {}
    for row in rows if rows is not None else []:
        if row[column]:
            groups.setdefault(str(row.get("language") or "all"), []).append(row[column])
    found = {}
    for name, texts in groups.items():
        pairs, size = [], 0
        begin = [i for i in [tokenizer.bos_token_id] if i is not None]
        for text in texts:
            ids = tokenizer(text, add_special_tokens=False)["input_ids"][: length - len(begin)]
            size += len(tokenizer.decode(ids).encode())
            pairs.append(([*begin, *ids], [*begin, *ids]))
        loss, count = _sum_loss(model, pairs, profile)
        if count:
            found[name] = {
                "loss": round(loss / count, 6),
                "perplexity": round(math.exp(min(loss / count, 100.0)), 4),
                "bits_per_byte": round(loss / math.log(2) / max(size, 1), 5),
                "tokens": count,
            }
    return found


def _sum_loss(model: Any, pairs: Iterable[tuple[list[int], list[int]]], profile: Profile) -> tuple[float, int]:
    """(sum of cross-entropies in nats, number of predicted tokens)."""
    import torch

    device = "cpu" if profile.torch_device() == "cpu" else "cuda"
    training, place = model.training, next(model.parameters()).device
    model.to(device).eval()
    total, count, batch = 0.0, 0, []

    def flush() -> None:
        nonlocal total, count
        width = max(len(ids) for ids, _ in batch)
        ids = torch.zeros(len(batch), width, dtype=torch.long, device=device)
        labels = torch.full((len(batch), width), -100, dtype=torch.long, device=device)
        mask = torch.zeros(len(batch), width, dtype=torch.long, device=device)
        for index, (row, label) in enumerate(batch):
            ids[index, : len(row)] = torch.tensor(row)
            labels[index, : len(row)] = torch.tensor(label)
            mask[index, : len(row)] = 1
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1].float()
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), reduction="sum")
        total += loss.item()
        count += int((labels[:, 1:] != -100).sum())
        batch.clear()

    with torch.inference_mode():
        for pair in pairs:
            if len(pair[0]) > 1:
                batch.append(pair)
            if len(batch) == BATCH:
                flush()
        if batch:
            flush()
    model.train(training)
    model.to(place)
    return total, count
