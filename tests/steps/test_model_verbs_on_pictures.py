"""Verbs that ask a model carry pictures along, and `judge` shows them where it is asked to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.backtranslate import Backtranslate
from factory.steps.judge import Judge
from factory.steps.similarity import Similarity
from factory.store import Dataset
from tests.drawing import cell, images, picture
from tests.encoders import bert
from tests.judging import SHOWN, judge
from tests.steps.test_image_columns import digest, ids
from tests.support import chain_model, kept, rejected, run_step


def pairs(*seeds: int) -> list[dict[str, Any]]:
    said = [("one", "o"), ("two", "o"), ("three", " ")]
    return [
        {"id": n, "t": said[n % 3][0], "t_ar": said[n % 3][1], "image": cell(picture(seed), f"{seed}.png")}
        for n, seed in enumerate(seeds)
    ]


def whole(job: Any) -> None:
    """Bytes and names are those that came in, and the column is still one of pictures."""
    assert all(digest(row["image"]) == digest(cell(picture(row["id"]))) for row in [*kept(job), *rejected(job)])
    assert {row["image"]["path"] for row in kept(job)} == {f"{row['id']}.png" for row in kept(job)}
    assert type(Dataset(job.out).load().features["image"]).__name__ == "Image"


def test_similarity_and_backtranslate_carry_pictures(tmp_path: Path) -> None:
    source = images(tmp_path / "in", pairs(*range(6)), shard_rows=4)
    model = bert(tmp_path / "e")
    near = Similarity.model_validate({"model": "e", "min": -1, "columns": {"t": "t_ar"}})
    job = run_step(near, source, tmp_path / "near", e=model)
    assert ids(kept(job)) == [0, 1, 3, 4] and ids(rejected(job)) == [2, 5]
    whole(job)
    echo = chain_model(tmp_path / "m", {"o": "e", "e": ""})
    back = Backtranslate.model_validate(
        {"model": "m", "prompt": "{text}", "columns": {"t": "t_ar"}, "gates": {"bleu": 0}, "max_new_tokens": 4}
    )
    job = run_step(back, source, tmp_path / "back", m=echo)
    assert ids(kept(job)) == [0, 1, 3, 4]
    whole(job)


def test_judge_is_shown_the_pictures_beside_the_text(tmp_path: Path) -> None:
    table = [*pairs(0, 1, 2), {"id": 3, "t": "one", "t_ar": "o", "image": None}]
    step = Judge.model_validate({"model": "m", "prompt": "Does it fit? {t}", "images": ["image"]})
    replies = {picture(0): "accept", picture(1): "reject", picture(2): "perhaps"}
    with judge(tmp_path / "judge", replies) as (server, model, profile):
        job = run_step(step, images(tmp_path / "in", table), tmp_path / "out", profile, m=model)
        asked = [body["messages"][-1]["content"] for body in server.bodies]
    assert ids(kept(job)) == [0]
    assert {row["id"]: (row["outcome"], row["reason"]) for row in rejected(job)} == {
        1: ("rejected", "judge: reject"),
        2: ("failed", "judge: reply is neither accept nor reject: perhaps"),
        3: ("rejected", "judge: no picture"),
    }
    assert sorted(parts[-1]["text"] for parts in asked) == [f"Does it fit? {word}" for word in ("one", "three", "two")]
    assert all(len(SHOWN.findall(json.dumps(parts))) == 1 for parts in asked)


def test_one_prompt_about_two_pictures_is_asked_twice(tmp_path: Path) -> None:
    step = Judge.model_validate({"model": "m", "prompt": "Is it a drawing?", "images": ["image"]})
    table = [row | {"t": "same"} for row in pairs(0, 1, 2)] + [pairs(0)[0] | {"id": 0}]
    replies = dict.fromkeys(map(picture, range(3)), "accept")
    with judge(tmp_path / "judge", replies) as (server, model, profile):
        job = run_step(step, images(tmp_path / "in", table), tmp_path / "out", profile, m=model)
        assert len(server.bodies) == 3, "equal pictures are asked about once"
    assert ids(kept(job)) == [0, 1, 2, 0]
    whole(job)


def test_wrong_parameters() -> None:
    with pytest.raises(ValidationError, match="the prompt has no"):
        Judge.model_validate({"model": "m", "prompt": "nothing"})
    step = Judge.model_validate({"model": "m", "prompt": "{t}", "images": ["pics"]})
    with pytest.raises(FactoryError, match="no column 'pics'"):
        step.check_columns(["t", "image"])
    assert Judge.model_validate({"model": "m", "prompt": "{t}"}).parameters().get("images") is None
