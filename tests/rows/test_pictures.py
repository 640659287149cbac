from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import FactoryError
from factory.graph.sources import local_dataset
from factory.rows import pictures
from factory.store import Dataset
from factory.store.kinds import metadata_of, picture_columns
from factory.store.pictures import picture_feature, picture_type
from tests.drawing import cell, draw, encoded, picture
from tests.support import kept, make_job, rejected


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "pics").mkdir(parents=True)
    for seed in range(3):
        (tmp_path / "data" / "pics" / f"my holiday {seed}.png").write_bytes(picture(seed))
    (tmp_path / "secret.png").write_bytes(picture(9))
    (tmp_path / "data" / "notes.txt").write_text("a password")
    return tmp_path / "data"


def load(path: Path, out: Path, split: str = "train", **how: Any):
    job = make_job(out, None)
    local_dataset(path, split, **{"images": ["image"], **how}).run(job)
    assert job.rows is not None and job.rows.balanced
    return job


def lines(data: Path, values: list[Any], column: str = "image") -> Path:
    path = data / "rows.jsonl"
    path.write_text("\n".join(json.dumps({"id": n, column: value}) for n, value in enumerate(values)))
    return path


def name(n: int) -> str:
    return f"pics/my holiday {n}.png"


def test_bytes_are_the_files_and_names_tell_nothing(data: Path, tmp_path: Path) -> None:
    job = load(lines(data, [name(0), name(1), None]), tmp_path / "out")
    found = [row["image"] for row in kept(job)]
    assert [image and image["bytes"] for image in found] == [picture(0), picture(1), None]
    assert found[0]["path"] == hashlib.sha256(picture(0)).hexdigest() + ".png"
    [shard] = Dataset(job.out).shards()
    assert b"holiday" not in shard.read_bytes() and b"pics" not in shard.read_bytes()
    assert Dataset(job.out).load().features["image"].__class__.__name__ == "Image"


def test_lists_of_pictures_frames_of_a_film_among_them(data: Path, tmp_path: Path) -> None:
    job = load(lines(data, [[name(0), name(1)], [], None, name(2)], "frames"), tmp_path / "out", images=["frames"])
    counts = [[image["bytes"] for image in row["frames"]] for row in kept(job)]
    assert counts == [[picture(0), picture(1)], [], [], [picture(2)]]


@pytest.mark.parametrize("value", ["pics/my holiday 0.png", ["pics/my holiday 0.png"], None])
def test_the_first_picture_may_come_late(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    monkeypatch.setattr(pictures, "AT_ONCE", 2)
    job = load(lines(data, [None] * 5 + [value]), tmp_path / "out")
    none = [] if isinstance(value, list) else None
    found = [row["image"] for row in kept(job)]
    assert found[:5] == [none] * 5 and bool(found[5]) is bool(value)
    [shard] = Dataset(job.out).shards()
    assert pq.read_schema(shard).names == ["id", "image"] and picture_columns(pq.read_schema(shard)) == ["image"]


def test_one_list_makes_a_column_of_lists(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "AT_ONCE", 2)
    job = load(lines(data, [name(0)] * 5 + [[name(1), name(2)]]), tmp_path / "out")
    assert [len(row["image"]) for row in kept(job)] == [1, 1, 1, 1, 1, 2]


def test_a_bad_reference_is_one_failed_row_that_names_no_file(data: Path, tmp_path: Path) -> None:
    (data / "link.png").symlink_to(tmp_path / "secret.png")
    (data / "film.mp4").write_bytes(b"\0\0\0\x20ftypisom" + b"\0" * 50)
    (data / "fake.png").write_bytes(b"\0\0\0\x20ftypisom" + b"\0" * 50)
    bad = {
        "../secret.png": "outside the data folder",
        str(tmp_path / "secret.png"): "outside the data folder",
        "file:///etc/passwd": "outside the data folder",
        "link.png": "outside the data folder",
        "/dev/zero": "outside the data folder",
        "pics/none.png": "no such file",
        "pics": "no such file",
        "a\0b": "no such file",
        "x" * 5000: "File name too long",
        "notes.txt": "no picture, by its first bytes",
        "film.mp4": "a film",
        "fake.png": "a film",
        "https://127.0.0.1/a.png": "its host is not among `image_hosts`",
        "data:image/png;base64,@@": "its base64 is broken",
        "data:image/svg+xml,%3Csvg%3E": "a `data:` URL that is not in base64",
    }
    job = load(lines(data, [*bad, name(0)]), tmp_path / "out")
    assert [row["id"] for row in kept(job)] == [len(bad)]
    assert job.rows is not None and job.rows.failed == len(bad)
    for (reference, why), row in zip(bad.items(), rejected(job), strict=True):
        assert row["outcome"] == "failed" and row["reason"].startswith(f"load: image: {why}"), (
            reference,
            row["reason"],
        )
        assert "secret" not in row["reason"] and "none.png" not in row["reason"] and row["image"] is None


def test_the_fix_for_a_film_is_said(data: Path, tmp_path: Path) -> None:
    job = load(lines(data, ["a.webm", name(0)]), tmp_path / "out")
    assert "cut it into frames (ffmpeg" in rejected(job)[0]["reason"]


def test_bytes_in_the_rows_are_taken_as_they_are(data: Path, tmp_path: Path) -> None:
    lying = encoded(draw(5), "JPEG")
    kind = picture_type()
    table = pa.table(
        {
            "t": ["a", "b", "c"],
            "image": pa.array([cell(picture(1), "/home/me/x.png"), cell(lying, "y.png"), None], kind),
        },
        metadata=metadata_of({"image": picture_feature()}),
    )
    pq.write_table(table, data / "rows.parquet")
    job = load(data / "rows.parquet", tmp_path / "out", images=[])
    first, second, third = (row["image"] for row in kept(job))
    assert (first["bytes"], second["bytes"], third) == (picture(1), lying, None)
    assert second["path"].endswith(".png") and "home" not in first["path"]


def test_columns_of_bytes_and_data_urls(data: Path, tmp_path: Path) -> None:
    pq.write_table(pa.table({"image": pa.array([picture(1), None])}), data / "rows.parquet")
    assert [r["image"] and r["image"]["bytes"] for r in kept(load(data / "rows.parquet", tmp_path / "a"))] == [
        picture(1), None,
    ]  # fmt: skip
    url = "data:image/png;base64," + base64.b64encode(picture(2)).decode()
    [row] = kept(load(lines(data, [url]), tmp_path / "b"))
    assert row["image"]["bytes"] == picture(2)


def test_a_part_of_a_file_reads_its_pictures_alone(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = pictures.Local.open
    monkeypatch.setattr(pictures.Local, "open", lambda self, ref, file: (read.append(ref), real(self, ref, file))[1])
    job = load(lines(data, [name(n % 3) for n in range(9)]), tmp_path / "out", "train[4:6]")
    assert [row["id"] for row in kept(job)] == [4, 5] and len(read) == 2


def test_what_is_read_is_bounded_by_bytes_and_nothing_is_lost(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factory.rows.tables.SHARD_BYTES", 3 * len(picture(0)))
    monkeypatch.setattr(pictures, "AT_ONCE", 2)
    path = lines(data, [name(n % 3) if n % 5 else "gone.png" for n in range(23)])
    job = load(path, tmp_path / "out")
    assert len(Dataset(job.out).shards()) > 5
    assert [row["id"] for row in kept(job)] == [n for n in range(23) if n % 5]
    assert [row["id"] for row in rejected(job)] == [0, 5, 10, 15, 20]
    assert job.rows is not None and (job.rows.rows_in, job.rows.failed) == (23, 5)


def test_an_interrupted_load_goes_on(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factory.rows.tables.SHARD_BYTES", 3 * len(picture(0)))
    monkeypatch.setattr(pictures, "AT_ONCE", 2)
    path = lines(data, [name(n % 3) if n % 5 else "gone.png" for n in range(23)])
    whole = load(path, tmp_path / "whole")
    real, calls = pictures.parted, []

    def stops(table: pa.Table):
        calls.append(table)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(table)

    monkeypatch.setattr(pictures, "parted", stops)
    job = make_job(tmp_path / "torn", None)
    with pytest.raises(KeyboardInterrupt):
        local_dataset(path, "train", images=["image"]).run(job)
    local_dataset(path, "train", images=["image"]).run(job)
    assert kept(job) == kept(whole) and rejected(job) == rejected(whole) and job.rows == whole.rows


def test_a_column_that_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="no column 'picture'"):
        load(lines(data, [name(0)]), tmp_path / "out", images=["picture"])


def test_another_picture_is_another_dataset(data: Path) -> None:
    path = lines(data, [name(0)])
    before = local_dataset(path, "train", images=["image"]).parameters()
    (data / "pics" / "my holiday 0.png").write_bytes(picture(7))
    assert local_dataset(path, "train", images=["image"]).parameters() != before
    assert "images" not in local_dataset(path, "train").parameters()


def test_a_plan_tells_which_rows_will_fail_and_fetches_nothing(data: Path) -> None:
    path = lines(data, [name(0), "../secret.png", "../secret.png", "https://a.org/x.png", "film.mp4", None])
    source = local_dataset(path, "train", images=["image"])
    assert source.foreseen() == [
        "2 of the first 6 rows will fail: image: outside the data folder",
        "1 of the first 6 rows will fail: image: its host is not among `image_hosts`",
        f"1 of the first 6 rows will fail: image: {pictures.FILM}",
    ]
    with pytest.raises(FactoryError, match="no column 'picture'"):
        local_dataset(path, "train", images=["picture"]).foreseen()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (7, "int is no reference to a picture"),
        (0.5, "float is no reference to a picture"),
        (True, "bool is no reference to a picture"),
        ([7], "int is no reference to a picture"),
        ({"path": "../secret.png"}, "outside the data folder"),
        ({"path": 7}, "dict is no reference to a picture"),
        ("data:image/png;base64,?", "its base64 is broken"),
        ("data:text/plain;base64,aGVsbG8gd29ybGQ=", pictures.NO_PICTURE),
    ],
)
def test_a_plan_says_of_what_is_no_reference_what_the_load_says(
    data: Path, tmp_path: Path, said: Any, reason: str
) -> None:
    path = lines(data, [said, said])
    foreseen = local_dataset(path, "train", images=["image"]).foreseen()
    assert foreseen == [f"2 of the first 2 rows will fail: image: {reason}"]
    reasons = [row["reason"] for row in rejected(load(path, tmp_path / "out"))]
    assert reasons == [f"load: image: {reason}: row {number}" for number in range(2)]
