"""Pictures of Hub repos: in Parquet, in folders, in archives and named by rows."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from factory.graph.sources import HubDataset
from factory.rows.pictures import InRepo
from factory.rows.unreadable import Refused
from factory.store import write_parquet
from factory.store.packs import unpacked
from tests.drawing import cell, images, picture
from tests.rows.test_hub import hub, pushed  # noqa: F401
from tests.support import kept, make_job, rejected


def load(server: Any, repo: str, out: Path, **more: Any) -> Any:
    revision = HfApi(endpoint=server.endpoint).dataset_info(repo).sha
    job = make_job(out, None)
    HubDataset(repo=repo, revision=revision, **more).run(job)
    return job


@pytest.fixture
def files() -> dict[str, bytes]:
    return {f"pics/{n}.png": picture(n) for n in range(3)}


def test_parquet_of_pictures(hub: Any, tmp_path: Path) -> None:  # noqa: F811
    source = images(tmp_path / "in", [{"id": n, "image": cell(picture(n), f"/home/me/{n}.png")} for n in range(5)])
    write_parquet(whole := tmp_path / "whole.parquet", unpacked(next(source.dataset.tables())))
    repo = pushed(hub, "seen-parquet", {"data/train-00000.parquet": whole.read_bytes()})
    job = load(hub, repo, tmp_path / "out", split="train[1:4]")
    assert [row["image"]["bytes"] for row in kept(job)] == [picture(n) for n in (1, 2, 3)]
    assert all("home" not in row["image"]["path"] for row in kept(job))


def test_a_folder_of_pictures(hub: Any, tmp_path: Path, files: dict[str, bytes]) -> None:  # noqa: F811
    lines = [json.dumps({"file_name": f"pics/{n}.png", "text": f"t{n}"}) for n in range(3)]
    repo = pushed(hub, "seen-folder", {**files, "metadata.jsonl": "\n".join(lines).encode()})
    job = load(hub, repo, tmp_path / "out")
    assert {row["text"]: row["image"]["bytes"] for row in kept(job)} == {f"t{n}": picture(n) for n in range(3)}


def test_an_archive_of_pictures(hub: Any, tmp_path: Path, files: dict[str, bytes]) -> None:  # noqa: F811
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    repo = pushed(hub, "seen-archive", {"images.zip": packed.getvalue()})
    job = load(hub, repo, tmp_path / "out")
    assert sorted(row["image"]["bytes"] for row in kept(job)) == sorted(files.values())


def test_rows_that_name_files_of_their_repo(hub: Any, tmp_path: Path, files: dict[str, bytes]) -> None:  # noqa: F811
    names = ["../pics/1.png", "../../other/2.png", "/etc/passwd", "hf://datasets/a/b@main/x.png", "http://a.org/x.png"]
    lines = [json.dumps({"id": n, "image": name}) for n, name in enumerate(names)]
    repo = pushed(hub, "seen-rows", {**files, "rows/all.jsonl": "\n".join(lines).encode()})
    job = load(hub, repo, tmp_path / "out", data_files="rows/all.jsonl", images=("image",))
    assert [row["image"]["bytes"] for row in kept(job)] == [picture(1)]
    assert [row["reason"].split(": ")[2] for row in rejected(job)] == [
        "outside the repo",
        "outside the repo",
        "outside the repo",
        "its host is not among `image_hosts`",
    ]


def test_what_is_no_file_of_the_repo_is_one_failed_row(hub: Any, tmp_path: Path, files: dict[str, bytes]) -> None:  # noqa: F811
    odd = ["", ".", "pics", "pics/", "pics/1.png/x", "a\0b", "x" * 5000, "pics/*", "pics/[01].png", "pics/?.png"]
    whole = {"pics/صور [1] *.png": picture(3), **files}
    lines = [json.dumps({"id": n, "image": name}) for n, name in enumerate([*odd, *whole])]
    repo = pushed(hub, "seen-odd", {**whole, "all.jsonl": "\n".join(lines).encode()})
    job = load(hub, repo, tmp_path / "out", data_files="all.jsonl", images=("image",))
    assert [row["image"]["bytes"] for row in kept(job)] == [*whole.values()]
    assert [row["reason"].rpartition(": row ")[0] for row in rejected(job)] == ["load: image: no such file"] * len(odd)


def test_a_name_below_a_file_hides_no_other(hub: Any, tmp_path: Path, files: dict[str, bytes]) -> None:  # noqa: F811
    """Asked for first, it would be all that HfFileSystem knows of its folder."""
    repo = pushed(hub, "seen-below", files)
    revision = str(HfApi(endpoint=hub.endpoint).dataset_info(repo).sha)
    there = InRepo(repo, revision)
    with pytest.raises(Refused, match="no such file"):
        there.open("pics/1.png/x/y", f"hf://datasets/{repo}@{revision}/all.jsonl")
    assert [there.open(name, f"hf://datasets/{repo}@{revision}/all.jsonl").read() for name in files] == [
        *files.values()
    ]


def test_parts_of_turns_name_files_of_the_repo(hub: Any, tmp_path: Path, files: dict[str, bytes]) -> None:  # noqa: F811
    names = ["pics/1.png", "../other/2.png"]
    turns = [[{"role": "user", "content": [{"type": "image", "image": name}, "What?"]}] for name in names]
    rows = "\n".join(json.dumps({"messages": turn}) for turn in turns)
    repo = pushed(hub, "seen-turns", {**files, "all.jsonl": rows.encode()})
    job = load(hub, repo, tmp_path / "out", data_files="all.jsonl", images=("messages",))
    [row] = kept(job)
    assert [one["bytes"] for one in row["images"]] == [picture(1)]
    assert row["messages"][0]["content"] == [{"type": "image"}, "What?"]
    [refused] = rejected(job)
    assert "outside the repo" in refused["reason"] and "other" not in str(refused["messages"])
