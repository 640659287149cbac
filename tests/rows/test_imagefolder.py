from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.graph.sources import local_dataset
from factory.store import Dataset
from tests.drawing import picture
from tests.support import kept, make_job


def load(path: Path, out: Path, split: str = "train", **how):
    job = make_job(out, None)
    local_dataset(path, split, **how).run(job)
    return job


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label, seeds in {"cat": (1, 2), "dog": (3,)}.items():
        (tmp_path / "in" / label).mkdir(parents=True)
        for seed in seeds:
            (tmp_path / "in" / label / f"{seed}.png").write_bytes(picture(seed))
    return tmp_path / "in"


def test_pictures_alone_have_their_folders_as_labels(tmp_path: Path, folder: Path) -> None:
    job = load(folder, tmp_path / "out")
    assert [(row["label"], row["image"]["bytes"] == picture(n)) for n, row in enumerate(kept(job), 1)] == [
        ("cat", True), ("cat", True), ("dog", True),
    ]  # fmt: skip
    (folder / "cat" / "3.png").write_bytes(b"")
    assert local_dataset(folder, "train").digest != job.identity.get("digest", "")


def test_a_single_folder_has_no_labels(tmp_path: Path, folder: Path) -> None:
    assert [*kept(load(folder / "cat", tmp_path / "out"))[0]] == ["image"]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_metadata_name_the_pictures(tmp_path: Path, folder: Path, form: str) -> None:
    rows = [{"file_name": "cat/1.png", "mask_file_name": "dog/3.png", "text": "a cat"}]
    lines = {
        "jsonl": json.dumps(rows[0]),
        "csv": "file_name,mask_file_name,text\ncat/1.png,dog/3.png,a cat",
    }
    (folder / f"metadata.{form}").write_text(lines[form])
    [row] = kept(load(folder, tmp_path / "out"))
    assert (row["image"]["bytes"], row["mask"]["bytes"], row["text"]) == (picture(1), picture(3), "a cat")
    features = Dataset(tmp_path / "out").load().features
    assert str(features["image"]).startswith("Image") and str(features["mask"]).startswith("Image")


def test_a_folder_of_rows_and_pictures_without_metadata_is_one_of_rows(tmp_path: Path, folder: Path) -> None:
    (folder / "rows.jsonl").write_text('{"image": "cat/1.png"}')
    [row] = kept(load(folder, tmp_path / "out"))
    assert row == {"image": "cat/1.png"}
    [row] = kept(load(folder, tmp_path / "declared", images=["image"]))
    assert row["image"]["bytes"] == picture(1)
