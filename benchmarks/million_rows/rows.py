"""Synthetic instruction rows of any number, the same for the same number: written batch by batch."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

BATCH = 10_000
WORDS = [
    "the",
    "house",
    "river",
    "green",
    "small",
    "seven",
    "birds",
    "near",
    "city",
    "teacher",
    "reads",
    "book",
    "morning",
    "water",
    "light",
    "mountain",
    "bread",
    "under",
    "garden",
    "winter",
    "answer",
    "question",
    "market",
    "road",
    "friend",
    "letter",
    "kitchen",
    "window",
    "silver",
    "forest",
    "evening",
    "paper",
]
DUPLICATES = 0.1  # share of rows that repeat an earlier one
BROKEN = 0.03  # share of rows whose answer says one word over and over: `repetition` rejects them


def write(path: Path, count: int, seed: int = 0) -> None:
    """`id`, `question` (about 12 words), `answer` (about 40 words)."""
    schema = pa.schema([("id", pa.int64()), ("question", pa.string()), ("answer", pa.string())])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, count, BATCH):
            ids = list(range(start, min(start + BATCH, count)))
            rows = [_row(number, seed) for number in ids]
            questions, answers = zip(*rows, strict=True)
            writer.write_table(pa.table([ids, questions, answers], schema=schema))


def _row(number: int, seed: int) -> tuple[str, str]:
    chance = random.Random(f"{seed} {number}")
    if number and chance.random() < DUPLICATES:
        return _row(chance.randrange(number), seed)
    question = " ".join(chance.choices(WORDS, k=chance.randint(6, 18)))
    broken = chance.random() < BROKEN
    answer = "again " * 40 if broken else " ".join(chance.choices(WORDS, k=chance.randint(20, 60)))
    return f"What of {question} ({number})?", f"{answer.strip()}."
