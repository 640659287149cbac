"""`factory check --images`: pictures of any file, folder or Hub dataset through the checks of pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.drawing import draw, encoded, picture
from tests.look.test_check import check, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data" / "pics").mkdir(parents=True)
    for seed in range(2):
        (tmp_path / "data" / "pics" / f"{seed}.png").write_bytes(picture(seed))
    (tmp_path / "data" / "pics" / "lies.png").write_bytes(encoded(draw(2), "JPEG"))
    (tmp_path / "secret.png").write_bytes(picture(3))
    return tmp_path / "data"


def rows(folder: Path, **values: Any) -> Path:
    lines = [
        json.dumps({"id": name, "source": "<image>What?", "target": "ما هذا؟", "image": value})
        for name, value in values.items()
    ]
    (path := folder / "rows.jsonl").write_text("\n".join(lines))
    return path


BAD = {
    "outside": ("../secret.png", "failed: outside the data folder (image)"),
    "host": ("http://127.0.0.1:1/a.png", "failed: its host is not among `image_hosts` (image)"),
    "gone": ("pics/9.png", "failed: no such file (image)"),
    "number": (7, "failed: int is no reference to a picture (image)"),
    "lies": ("pics/lies.png", "image_type: "),
    "two": (["pics/0.png", "pics/1.png"], "image_markers: places in the text and pictures differ by 1"),
    "none": (None, "image_markers: places in the text and pictures differ by 1"),
    "empty": ([None], "image_empty: "),
}


def test_each_bad_picture_is_one_line(folder: Path, tmp_path: Path) -> None:
    path = rows(folder, good="pics/0.png", **{name: value for name, (value, _) in BAD.items()})
    said = check(path, "--images", "image", "--out", out := tmp_path / "out.jsonl")
    first, *others = read(out)
    assert first["verdict"] == "kept" and first["image"] == ["png 64x48, 546 bytes"]
    assert first["scores"]["image_broken"] == 1 and "source" in first
    for found, (name, (_, reason)) in zip(others, BAD.items(), strict=True):
        assert found["verdict"] != "kept" and found["reasons"][0].startswith(reason), name
    assert "failed: outside the data folder (image): 1" in said and "9 rows: 1 kept, 4 rejected, 4 failed" in said


def test_a_folder_of_pictures_and_a_few_checks_as_json(folder: Path, tmp_path: Path) -> None:
    wanted = ["--images", "image", "--checks", "image_type,image_pixels=0.001", "--json"]
    found = json.loads(check(folder, *wanted, "--out", tmp_path / "out.jsonl"))
    assert (found["in"], found["rejected"]) == (3, 3)
    assert {entry["check"]: entry["refused"] for entry in found["checks"]} == {"image_type": 1, "image_pixels": 3}


def test_texts_are_checked_beside_pictures(folder: Path, tmp_path: Path) -> None:
    path = rows(folder, good="pics/0.png", lies="pics/lies.png", gone="pics/9.png")
    check(path, "--images", "image", "--checks", "image_type,script", "--out", out := tmp_path / "out.jsonl")
    assert [[*row["scores"]] for row in read(out)] == [["script", "image_type"]] * 2 + [[]]
    assert [row["verdict"] for row in read(out)] == ["kept", "rejected", "failed"]


def test_pictures_of_parts_of_turns(folder: Path, tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": [{"type": "image", "image": "pics/0.png"}, {"type": "text", "text": "What?"}]}
    ]
    (path := folder / "turns.jsonl").write_text(json.dumps({"messages": turns}))
    check(path, "--images", "messages", "--out", out := tmp_path / "out.jsonl")
    [row] = read(out)
    assert row["verdict"] == "kept" and row["images"] == ["png 64x48, 546 bytes"] and "pics" not in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--checks", "image_blank"], "it looks at pictures (say which column has them: --images image)"),
        (["--images", "nope"], "no column 'nope' (name it with --images"),
    ],
)
def test_what_is_asked_for_in_vain(folder: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    path = rows(folder, good="pics/0.png")
    assert said in check(path, *arguments, "--out", tmp_path / "out.jsonl", code=2)


def test_where_no_picture_is_there_it_says_why(folder: Path, tmp_path: Path) -> None:
    path = rows(folder, gone="pics/9.png")
    assert "no row can be read: no such file (image)" in check(
        path, "--images", "image", "--out", tmp_path / "out.jsonl", code=1
    )
