"""The steps of recipe.yaml with `datasets.map` and its like, as one writes them who knows that pictures must be left
undecoded: `python by_map.py FOLDER REPO`."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import datasets

from factory.checks import checks
from factory.images.facts import look
from factory.text.conversations import image_places

CHECKS = ("image_empty", "image_type", "image_pixels", "image_animated", "image_depth", "image_ratio")


def columns(row: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": row["question"], "response": row["answer"], "image": row["image"]}


def is_good(row: dict[str, Any]) -> bool:
    facts = look(row["image"]["bytes"], row["image"]["path"], decode=False)
    scores = [(check, check.measure_image(facts)) for check in USED]
    return image_places(row["prompt"]) == 1 and all(
        score is not None and check.accept(score) for check, score in scores
    )


def digested(row: dict[str, Any]) -> dict[str, str]:
    return {"digest": hashlib.sha256(row["image"]["bytes"]).hexdigest()}


def is_new(row: dict[str, Any], seen: set[str]) -> bool:
    new = row["digest"] not in seen
    seen.add(row["digest"])
    return new


USED = [checks()[name]() for name in CHECKS]

if __name__ == "__main__":
    folder, repo = sys.argv[1:]
    data: Any = datasets.load_dataset("parquet", data_files=f"{folder}/*.parquet", split="train")
    data = data.cast_column("image", datasets.Image(decode=False))
    data = data.map(columns, remove_columns=["question", "answer"])
    data = data.filter(is_good)
    data = data.map(digested)
    data = data.filter(is_new, fn_kwargs={"seen": set()}).remove_columns("digest")
    data = datasets.concatenate_datasets([data]).shuffle(seed=0)
    data.cast_column("image", datasets.Image()).push_to_hub(repo)
