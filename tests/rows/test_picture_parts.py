"""Pictures that parts of turns name go into a column of their own; the places stay, the names go."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.graph.sources import local_dataset
from factory.step.job import Artifact
from factory.steps.filter import Filter
from factory.store import Dataset
from tests.drawing import images, picture
from tests.rows.test_pictures import data, load  # noqa: F401
from tests.support import kept, rejected, run_step

NAME = "pics/my holiday 0.png"
DATA = "data:image/png;base64," + base64.b64encode(picture(1)).decode()
FORMS: dict[str, tuple[dict[str, Any], int]] = {
    "image": ({"type": "image", "image": NAME}, 0),
    "url": ({"type": "image", "url": NAME}, 0),
    "path": ({"type": "image", "path": NAME}, 0),
    "no type": ({"image": NAME}, 0),
    "openai": ({"type": "image_url", "image_url": {"url": DATA, "detail": "low"}}, 1),
    "responses": ({"type": "input_image", "image_url": DATA}, 1),
    "base64": ({"type": "image", "base64": DATA.split(",")[1]}, 1),
    "source": ({"type": "image", "source": {"type": "base64", "data": DATA.split(",")[1]}}, 1),
}


def talk(*parts: Any, role: str = "role", content: str = "content") -> list[dict[str, Any]]:
    return [
        {role: "user", content: [*parts, {"type": "text", "text": "What is this?"}]},
        {role: "gpt", content: "It."},
    ]


def lines(folder: Path, *rows: dict[str, Any]) -> Path:
    (path := folder / "talks.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return path


def everything(out: Path) -> str:
    found = [row for part in ("data", "rejected") for row in Dataset(out).rows("train", part)]
    return repr([{name: value for name, value in row.items() if name != "reason"} for row in found])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("keys", [("role", "content"), ("from", "value")])
def test_named_pictures_are_taken(data: Path, tmp_path: Path, form: str, keys: tuple[str, str]) -> None:  # noqa: F811
    part, number = FORMS[form]
    rows = [{"messages": talk(part, role=keys[0], content=keys[1])}, {"messages": talk(role=keys[0], content=keys[1])}]
    job = load(lines(data, *rows), tmp_path / "out", images=["messages"])
    first, second = kept(job)
    assert [one["bytes"] for one in first["images"]] == [picture(number)] and second["images"] == []
    place, text = first["messages"][0][keys[1]]
    assert {key: value for key, value in place.items() if value is not None} == {"type": part.get("type", "image")}
    assert text["text"] == "What is this?" and first["messages"][1][keys[1]] == "It."
    assert "holiday" not in everything(job.out) and "base64" not in everything(job.out)


def test_order_and_number_are_those_of_the_places(data: Path, tmp_path: Path) -> None:  # noqa: F811
    parts = [{"type": "image", "image": f"pics/my holiday {n}.png"} for n in (2, 0, 1)]
    job = load(
        lines(data, {"t": talk(*parts)}, {"t": talk(parts[0]) + talk(parts[2])}), tmp_path / "out", images=["t"]
    )
    assert [[one["bytes"] for one in row["images"]] for row in kept(job)] == [
        [picture(2), picture(0), picture(1)],
        [picture(2), picture(1)],
    ]
    checked = run_step(Filter.model_validate({"images": ["images"]}), _artifact(job), tmp_path / "checked")
    assert len(kept(checked)) == 2


@pytest.mark.parametrize("images", [[], ["other"]])
def test_a_column_that_is_not_declared_fails_by_name(data: Path, tmp_path: Path, images: list[str]) -> None:  # noqa: F811
    rows = [
        {"t": talk({"type": "image", "image": NAME}), "other": None},
        {"t": talk({"type": "image"}), "other": None},
    ]
    path = lines(data, *rows)
    job = load(path, tmp_path / "out", images=images)
    assert len(kept(job)) == 1
    [row] = rejected(job)
    assert row["reason"].startswith("load: t: a part of a turn names a picture: name this column in `images`")
    assert "holiday" not in everything(job.out)
    assert local_dataset(path, "train", images=images).foreseen()[-1].startswith("1 of the first 2 rows will fail: t:")


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"type": "image", "image": "../secret.png"}, "outside the data folder"),
        ({"type": "image", "image": "pics/none.png"}, "no such file"),
        ({"type": "image", "image": "notes.txt"}, "no picture, by its first bytes"),
        ({"type": "image_url", "image_url": {"url": "http://169.254.169.254/x.png"}}, "its host is not among"),
        ({"type": "video", "video": "film.mp4"}, "a part of a turn names a film or a sound"),
        ({"type": "image", "image": "film.mp4"}, "a film"),
        ({"type": "image", "image": 7}, "int is no reference"),
    ],
)
def test_what_cannot_be_had_is_one_failed_row(data: Path, tmp_path: Path, part: Any, reason: str) -> None:  # noqa: F811
    job = load(lines(data, {"t": talk(part)}, {"t": talk()}), tmp_path / "out", images=["t"])
    assert len(kept(job)) == 1 and reason in rejected(job)[0]["reason"]
    assert not any(word in everything(job.out) for word in ("secret", "film.mp4", "169.254", "notes", "none.png"))


def test_two_columns_must_name_the_same(data: Path, tmp_path: Path) -> None:  # noqa: F811
    one, other = ({"type": "image", "image": f"pics/my holiday {n}.png"} for n in (0, 1))
    rows = [{"t": talk(one), "t_ar": talk(one)}, {"t": talk(one), "t_ar": talk(other)}, {"t": talk(one), "t_ar": None}]
    job = load(lines(data, *rows), tmp_path / "out", images=["t", "t_ar"])
    assert [[one["bytes"] for one in row["images"]] for row in kept(job)] == [[picture(0)]] * 2
    assert "other pictures than" in rejected(job)[0]["reason"]


@pytest.mark.parametrize("images", [["images", "t"], ["t"]])
def test_pictures_beside_places_stay_as_they_are(data: Path, tmp_path: Path, images: list[str]) -> None:  # noqa: F811
    job = load(lines(data, {"t": talk({"type": "image"}), "images": [NAME]}), tmp_path / "out", images=images)
    assert [one["bytes"] for one in kept(job)[0]["images"]] == [picture(0)]


def _artifact(job: Any) -> Artifact:
    return replace(images(job.out.parent / "like", [{"id": 0, "image": None}]), folder=job.out)


def test_parts_that_are_alike_are_read_in_their_type(data: Path, tmp_path: Path) -> None:  # noqa: F811
    parts = [{"type": "image", "text": None, "image": NAME}, {"type": "text", "text": "What?", "image": None}]
    rows = [{"t": [{"role": "user", "content": parts}]}] * 2
    pq.write_table(pa.Table.from_pylist(rows), data / "talks.parquet")
    job = load(data / "talks.parquet", tmp_path / "out", images=["t"])
    assert [[one["bytes"] for one in row["images"]] for row in kept(job)] == [[picture(0)]] * 2
    assert kept(job)[0]["t"][0]["content"][0] == {"type": "image", "text": None, "image": None}
    undeclared = load(data / "talks.parquet", tmp_path / "other", images=[])
    assert len(rejected(undeclared)) == 2 and "holiday" not in everything(undeclared.out)
