"""Pictures before a judge: what it does not find safe is taken out, and not written down again."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.profile import Profile
from factory.steps.safety import Safety
from factory.text.picture_policy import CATEGORIES
from tests.drawing import cell, images, picture
from tests.judging import judge, verdict
from tests.steps.test_image_columns import digest, ids, rows
from tests.support import Artifact, kept, make_job, rejected, run_step
from tests.tiny_vision import make_qwen2_vl


def safety(**parameters: Any) -> Safety:
    return Safety.model_validate({"model": "m", "images": ["image"], **parameters})


SECRET = "a description that must not be shown"
REPLIES = {
    picture(0): verdict("Safe"),
    picture(1): verdict("Unsafe", "O2: Violence, Harm, or Cruelty", SECRET),
    picture(2): "I am sorry, I cannot look at that.",
    picture(3): verdict("Safe", "O6: Weapons or Substance Abuse"),
    picture(4): verdict("Unsafe", "O8: Animal Cruelty", SECRET),
    picture(5): '{"rating": "Safe", "category": "NA", "rationale": ',
    picture(6): '{"rating": "Unsafe", "rating": "Safe", "category": "NA", "rationale": "both"}',
    picture(7): verdict("Safe", "O12: Boredom"),
    picture(8): verdict("Safe", rationale=" "),
    picture(9): verdict("Probably safe"),
}


def test_unsafe_and_unread_rows_are_out_and_the_run_goes_on(tmp_path: Path) -> None:
    source = images(tmp_path / "in", rows(*range(10)), shard_rows=3)
    with judge(tmp_path / "judge", REPLIES) as (server, model, profile):
        job = run_step(safety(), source, tmp_path / "out", profile, m=model)
        assert ids(kept(job)) == [0, 3]
        assert [digest(row["image"]) for row in kept(job)] == [digest(cell(picture(n))) for n in (0, 3)]
        assert {row["input_row"]: (row["outcome"], row["reason"]) for row in rejected(job)} == {
            1: ("rejected", "safety: 1 > 0.5 (O2)"),
            4: ("rejected", "safety: 1 > 0.5 (O8)"),
            **dict.fromkeys((2, 5, 6, 7, 8, 9), ("failed", "safety: reply is no verdict in the form asked for")),
        }
        assert job.metrics["safety"] == {"pictures": 10, "safe": 2, "O2": 1, "O8": 1}
        prompts = [json.dumps(body, ensure_ascii=False) for body in server.bodies]
        assert all(category.name in prompt for category in CATEGORIES.values() for prompt in prompts)
        again = run_step(safety(), source, tmp_path / "out", profile, m=model)
        assert len(server.bodies) == 10 and again.rows == job.rows


def test_nothing_of_what_is_out_is_written_again(tmp_path: Path) -> None:
    source = images(tmp_path / "in", rows(*range(10)))
    with judge(tmp_path / "judge", REPLIES) as (_, model, profile):
        job = run_step(safety(), source, tmp_path / "out", profile, m=model)
    for row in rejected(job):
        assert row["image"] is None and row["t"] is None and row["id"] == row["input_row"]
    [path] = (job.out / "rejected").glob("*.parquet")
    content = path.read_bytes() + json.dumps([job.metrics, job.notes]).encode()
    assert SECRET.encode() not in content and picture(1)[20:60] not in content
    assert str(pq.read_schema(path).field("image").type) == str(pq.read_schema(job.out / "data" / path.name)[2].type)


def test_the_worst_of_several_pictures_decides_and_each_is_asked_about_once(tmp_path: Path) -> None:
    several = [[0, 3], [0, 1], [], None, [3]]
    table = [
        {"id": n, "image": None if seeds is None else [cell(picture(s)) for s in seeds]}
        for n, seeds in enumerate(several)
    ]
    with judge(tmp_path / "judge", REPLIES) as (server, model, profile):
        job = run_step(safety(), images(tmp_path / "in", table), tmp_path / "out", profile, m=model)
        assert ids(kept(job)) == [0, 2, 3, 4] and len(server.bodies) == 3
    assert [row["score_unsafe"] for row in kept(job)] == [0.0, None, None, 0.0]
    assert job.metrics["safety"] == {"pictures": 5, "safe": 4, "O2": 1}


def film() -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(out := io.BytesIO(), "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def test_what_a_judge_would_not_see_whole_is_not_safe(tmp_path: Path) -> None:
    cells = [*map(cell, [film(), b"no picture", b""]), None, cell(picture(0))]
    table = [{"id": n, "image": value} for n, value in enumerate(cells)]
    with judge(tmp_path / "judge", REPLIES) as (server, model, profile):
        job = run_step(safety(), images(tmp_path / "in", table), tmp_path / "out", profile, m=model)
        assert ids(kept(job)) == [3, 4] and len(server.bodies) == 1, "a null is no picture"
    assert [row["reason"] for row in rejected(job)] == [
        "safety: a picture has 2 frames, and a judge sees one",
        "safety: a picture is broken",
        "safety: a picture is empty",
    ]


def test_an_endpoint_that_refuses_one_picture_fails_one_row(tmp_path: Path) -> None:
    source = images(tmp_path / "in", rows(0, 77))
    with judge(tmp_path / "judge", REPLIES) as (_, model, profile):
        job = run_step(safety(), source, tmp_path / "out", profile, m=model)
    assert ids(kept(job)) == [0] and rejected(job)[0]["reason"].startswith("safety: no reply: 400")


def test_fewer_categories_are_another_policy(tmp_path: Path) -> None:
    step = safety(categories=["O1", "O6"])
    source = images(tmp_path / "in", rows(0, 1, 3))
    with judge(tmp_path / "judge", REPLIES) as (server, model, profile):
        job = run_step(step, source, tmp_path / "out", profile, m=model)
        asked = json.dumps(server.bodies)
        assert "O2:" not in asked and "Weapons" in asked
    assert ids(kept(job)) == [0, 2] and rejected(job)[0]["outcome"] == "failed"
    assert step.parameters() != safety().parameters()


def test_another_limit_asks_nobody(tmp_path: Path) -> None:
    assert safety(max=1).made() == safety().made()
    source = images(tmp_path / "in", rows(0, 1))
    with judge(tmp_path / "judge", REPLIES) as (server, model, profile):
        for limit, left in ((0.5, [0]), (1, [0, 1])):
            job = make_job(tmp_path / f"out{limit}", source, profile, m=model)
            job.made_in = tmp_path / "made"
            safety(max=limit).run(job)
            assert ids(kept(job)) == left
        assert len(server.bodies) == 2


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    from factory.store import Manifest

    folder = tmp_path_factory.mktemp("qwen")
    make_qwen2_vl(folder / "model")
    return Artifact("m", folder, Manifest(name="m", kind="model", verb="t", fingerprint="0" * 64, identity={}))


def test_a_local_model_is_shown_the_pictures(tmp_path: Path, qwen: Artifact) -> None:
    """With random weights it says nothing that can be read: so no row is kept, and none is lost."""
    source = images(tmp_path / "in", rows(0, 1))
    step = safety(max_new_tokens=8, prompt="Is it safe?")
    job = run_step(step, source, tmp_path / "out", Profile(device="cpu", threads=1, batch_size=2), m=qwen)
    assert (job.rows.kept, job.rows.failed) == (0, 2) and job.usage.prompt_tokens > 0
    assert job.engines == ["transformers"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": ["t"]},
        {"images": []},
        {"categories": []},
        {"categories": ["O10"]},
        {"prompt": "{text}"},
        {"reply_key": "rating"},
        {"unsafe_labels": ["x"]},
        {"safe": "unsafe"},
    ],
)
def test_wrong_parameters(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        safety(**wrong)


def test_a_column_without_pictures_is_refused(tmp_path: Path) -> None:
    source = images(tmp_path / "in", rows(0))
    with (
        judge(tmp_path / "judge", REPLIES) as (_, model, profile),
        pytest.raises(FactoryError, match="column 't' holds no pictures"),
    ):
        run_step(safety(images=["t"]), source, tmp_path / "out", profile, m=model)
    with pytest.raises(FactoryError, match="no column 'pics'"):
        safety(images=["pics"]).check_columns(["image"])
