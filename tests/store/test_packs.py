"""Bytes of pictures are written once, and every folder of a step is whole by itself."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.steps.dedup import Dedup
from factory.steps.filter import Filter
from factory.steps.mix import Mix
from factory.store import Dataset, read_shard, write_shard
from factory.store.columns import column, contents
from factory.store.kinds import metadata_of
from factory.store.packs import Reference, located, packed, packed_bytes, reference, unpacked, unreferenced
from factory.store.pictures import picture_type, pictures_of
from factory.store.writing import damage, facts_of, require_undamaged
from tests.drawing import cell, images, picture
from tests.support import kept, rejected, run_step

ONE = st.none() | st.fixed_dictionaries({"bytes": st.none() | st.binary(max_size=9), "path": st.none() | st.text()})


def rows(*seeds: int) -> list[dict[str, Any]]:
    return [{"id": n, "image": cell(picture(seed), f"{seed}.png")} for n, seed in enumerate(seeds)]


def packs(folder: Path) -> list[Path]:
    return sorted((folder / "pictures").iterdir())


@given(one=st.lists(ONE, max_size=4), several=st.lists(st.none() | st.lists(ONE, max_size=3), max_size=4))
def test_what_is_packed_comes_back(
    tmp_path_factory: pytest.TempPathFactory, one: list[Any], several: list[Any]
) -> None:
    length = max(len(one), len(several))
    columns = {
        "one": pa.array(one + [None] * (length - len(one)), picture_type()),
        "several": pa.array(several + [None] * (length - len(several)), picture_type(True)),
    }
    table, folder = pa.table(columns), tmp_path_factory.mktemp("a : #b")
    there = located(packed(table, folder), folder)
    assert unpacked(there).to_pydict() == _without_empty_names(table.to_pydict())
    assert unpacked(located(packed(there, folder / "next"), folder / "next")) == unpacked(there)
    assert list(pictures_of(unpacked(there)["several"])) == list(pictures_of(there["several"]))
    assert contents(there, "several") == contents(table, "several")


def _without_empty_names(value: Any) -> Any:
    """A name of no letters is none, where there are bytes."""
    if isinstance(value, dict) and value.keys() == {"bytes", "path"}:
        return value | ({"path": None} if value["bytes"] and value["path"] == "" else {})
    if isinstance(value, dict):
        return {name: _without_empty_names(inner) for name, inner in value.items()}
    return [_without_empty_names(inner) for inner in value] if isinstance(value, list) else value


def test_every_step_links_the_bytes_and_needs_no_step_before_it(tmp_path: Path) -> None:
    source = images(tmp_path / "in", rows(0, 1, 0, 2), shard_rows=2)
    first = run_step(Filter.model_validate({"images": ["image"]}), source, tmp_path / "first")
    second = run_step(Dedup.model_validate({"columns": ["image"]}), _artifact(source, first.out), tmp_path / "second")
    mixed = run_step(
        Mix.model_validate({"datasets": ["d"]}), None, tmp_path / "mixed", d=_artifact(source, second.out)
    )
    inodes = [{path.stat().st_ino for path in packs(folder)} for folder in (tmp_path / "in", first.out, mixed.out)]
    assert inodes[0] == inodes[1] == inodes[2]
    assert sum(path.stat().st_size for path in packs(mixed.out)) == sum(len(picture(n)) for n in (0, 1, 0, 2))
    for folder in (tmp_path / "in", first.out, second.out):
        shutil.rmtree(folder)
    assert {row["image"]["bytes"] for row in kept(mixed)} == {picture(n) for n in (0, 1, 2)}
    assert [
        path for path in mixed.out.rglob("*.parquet") if b"/" + bytes(tmp_path.name, "utf-8") in path.read_bytes()
    ] == []


def test_rejected_rows_keep_their_pictures(tmp_path: Path) -> None:
    source = images(tmp_path / "in", rows(0, 0))
    job = run_step(Dedup.model_validate({"columns": ["image"]}), source, tmp_path / "out")
    shutil.rmtree(tmp_path / "in")
    assert [row["image"]["bytes"] for row in rejected(job)] == [picture(0)]


def test_where_no_file_can_be_linked_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = images(tmp_path / "in", rows(0, 1))

    def refuse(*_: object) -> None:
        raise OSError("not here")

    monkeypatch.setattr(os, "link", refuse)
    job = run_step(Filter.model_validate({"images": ["image"]}), source, tmp_path / "out")
    assert [row["image"]["bytes"] for row in kept(job)] == [picture(0), picture(1)]
    assert packs(job.out)[0].stat().st_nlink == 1


@pytest.mark.parametrize("digest", [xxhash.xxh3_128, hashlib.sha256], ids=["now", "older"])
def test_a_harmed_pack_is_named_in_every_part_that_refers_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digest: Any
) -> None:
    monkeypatch.setattr("factory.store.packs.pack_hash", digest)
    images(folder := tmp_path / "in", rows(0, 1))
    facts, [pack] = facts_of(folder), packs(folder)
    assert damage(folder, facts) == []
    assert [row["image"]["bytes"] for row in Dataset(folder).rows()] == [picture(0), picture(1)]
    name = f"pictures/{pack.name}"
    assert pack.stem == digest(pack.read_bytes()).hexdigest() and facts[name].sha256 is None
    facts[name].sha256 = pack.stem if digest is hashlib.sha256 else None  # as older manifests say it
    content = pack.read_bytes()
    pack.write_bytes(content[:-1] + b"?")
    assert damage(folder, facts, "data") == [f"{name} has other bytes than were written"]
    pack.write_bytes(content[:-1])
    assert f"{name} has" in damage(folder, facts, "rejected", digests=False)[0]
    with pytest.raises(FactoryError, match="cut short"):
        list(Dataset(folder).rows())


def test_a_step_that_links_a_harmed_pack_is_no_less_damaged(tmp_path: Path) -> None:
    source = images(tmp_path / "in", rows(0, 1))
    [pack] = packs(tmp_path / "in")
    pack.write_bytes(pack.read_bytes()[:-1] + b"?")
    job = run_step(Dedup.model_validate({"columns": ["image"]}), source, tmp_path / "out")
    facts = facts_of(job.out)
    assert damage(job.out, facts, "data") == [f"pictures/{pack.name} has other bytes than were written"]
    with pytest.raises(FactoryError, match="other steps hold the same pictures"):
        require_undamaged("a/01-x", job.out, facts, "data")


@pytest.mark.parametrize("name", ["pack:/etc/passwd:0:9:aa:x", "pack:x", f"{'0' * 64}.wav"])
def test_a_source_cannot_bring_references_or_digests(name: str) -> None:
    values = pa.array([{"bytes": None, "path": name}, {"bytes": b"x", "path": name}], picture_type())
    table = pa.table({"sound": values}).replace_schema_metadata(metadata_of({"sound": {"_type": "Audio"}}))
    assert [row["path"] for row in unreferenced(table)["sound"].to_pylist()] == [None, None]


def test_the_bytes_and_the_name_of_a_picture_can_be_asked_for(tmp_path: Path) -> None:
    write_shard(
        path := tmp_path / "data" / "train-00000.parquet", pa.table({"image": pa.array([cell(b"x", "a.png")])})
    )
    table = read_shard(path)
    assert column(table, "image.bytes").to_pylist() == [b"x"] and column(table, "image.path").to_pylist() == ["a.png"]
    assert packed_bytes(table) == 1


def test_a_reference_is_read_as_it_was_written() -> None:
    said = Reference("/a b/c:d/é.pack", 7, 9, "0" * 64, "x:y.png")
    assert reference(str(said)) == said and reference("x.png") is None and reference(None) is None


def _artifact(like: Any, folder: Path) -> Any:
    from dataclasses import replace

    return replace(like, folder=folder)
