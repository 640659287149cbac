"""A column of pictures through every verb of datasets: bytes, names and what `datasets` knows of them stay."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.errors import FactoryError
from factory.step.job import Artifact
from factory.steps.columns import Columns
from factory.steps.decontaminate import Decontaminate
from factory.steps.dedup import Dedup
from factory.steps.filter import Filter
from factory.steps.mix import Mix
from factory.steps.sample import Sample
from factory.steps.split import Split
from factory.steps.translate import Translate
from factory.store import Dataset, write_parquet
from factory.store.packs import unpacked
from tests.drawing import cell, draw, encoded, images, picture
from tests.echo import EchoEngine, arabic, use
from tests.support import dataset, kept, rejected, run_step


def rows(*seeds: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {"id": n, "t": f"<image>Row {n}", "image": cell(picture(s), f"{s}.png"), **more} for n, s in enumerate(seeds)
    ]


def ids(found: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in found]


def digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(value["bytes"]).hexdigest()


VERBS = {
    "columns": Columns.model_validate({"keep": "all", "copy": "image"}),
    "filter": Filter.model_validate({"images": ["image"]}),
    "dedup": Dedup.model_validate({"columns": ["image"]}),
    "near": Dedup.model_validate({"columns": ["image"], "near_images": {}}),
    "sample": Sample(n=6),
    "split": Split(test=2),
}


@pytest.mark.parametrize("verb", VERBS)
def test_bytes_and_feature_stay(tmp_path: Path, verb: str) -> None:
    source = images(tmp_path / "in", rows(*range(6)), shard_rows=4)
    job = run_step(VERBS[verb], source, tmp_path / "out")
    made = Dataset(job.out)
    found = [row for split in made.splits for row in made.rows(split)]
    assert {row["id"]: digest(row["image"]) for row in found} == {n: digest(cell(picture(n))) for n in range(6)}
    for split in made.splits:
        loaded = made.load(split).features
        assert type(loaded["image"]).__name__ == "Image"
    if verb == "columns":
        assert type(made.load().features["copy"]).__name__ == "Image"


def test_a_picture_out_of_a_list_is_still_one(tmp_path: Path) -> None:
    several = [{"id": 0, "images": [cell(picture(0)), cell(picture(1))]}, {"id": 1, "images": []}]
    source = images(tmp_path / "in", several, "images")
    job = run_step(Columns.model_validate({"first": "images[0]", "images": "images"}), source, tmp_path / "out")
    assert [row["first"] and row["first"]["bytes"] for row in kept(job)] == [picture(0), None]
    features = Dataset(job.out).load().features
    assert type(features["first"]).__name__ == "Image" and type(features["images"].feature).__name__ == "Image"


def test_equal_bytes_under_other_names_are_equal(tmp_path: Path) -> None:
    found = [*rows(1, 2), {**rows(1)[0], "id": 2, "image": cell(picture(1), "other.png")}]
    job = run_step(Dedup.model_validate({"columns": ["image"]}), images(tmp_path / "in", found), tmp_path / "out")
    assert ids(kept(job)) == [0, 1]


def test_what_looks_the_same_is_near(tmp_path: Path) -> None:
    copies = [draw(1, (160, 120)), draw(2, (160, 120)), draw(1, (160, 120)).resize((80, 60))]
    found = [{"id": n, "image": cell(encoded(image, "JPEG"))} for n, image in enumerate(copies)]
    found += [{"id": n, "image": nothing} for n, nothing in enumerate([None, None, cell(b""), cell(b"")], 3)]
    found.append({"id": 7, "image": cell(b"words")})
    source = images(tmp_path / "in", found, shard_rows=2)
    job = run_step(Dedup.model_validate({"columns": ["image"], "near_images": {}}), source, tmp_path / "out")
    assert ids(kept(job)) == [0, 1, 3, 4, 5, 6]
    assert [row["reason"].split(": ")[:2] for row in rejected(job)] == [
        ["dedup", "near an earlier row"],
        ["dedup", "ValueError"],
    ]
    other = images(tmp_path / "other", [{"id": n, "image": cell(encoded(draw(n, (160, 120))))} for n in range(9)])
    loose = Dedup.model_validate({"columns": ["image"], "near_images": {"threshold": 0.5}})
    assert len(kept(run_step(loose, other, tmp_path / "loose"))) < 9


def test_rows_of_several_pictures_are_near_to_their_equals_alone(tmp_path: Path) -> None:
    one, other = cell(encoded(draw(1, (160, 120)))), cell(encoded(draw(1, (160, 120)), "JPEG"))
    found = [{"id": n, "images": pair} for n, pair in enumerate([[one, one], [one, other], [one, one]])]
    step = Dedup.model_validate({"columns": ["images"], "near_images": {}})
    assert ids(kept(run_step(step, images(tmp_path / "in", found, "images"), tmp_path / "out"))) == [0, 1]


def test_near_images_of_texts_are_refused(tmp_path: Path) -> None:
    step = Dedup.model_validate({"columns": ["t"], "near_images": {}})
    with pytest.raises(FactoryError, match="'t' holds no pictures"):
        run_step(step, images(tmp_path / "in", rows(1)), tmp_path / "out")
    with pytest.raises(ValueError, match="give one of them"):
        Dedup.model_validate({"columns": ["image"], "near": {}, "near_images": {}})


def test_every_check_rejects_by_name_and_the_run_goes_on(tmp_path: Path) -> None:
    bad = [cell(b""), cell(b"<html>", "a.png"), cell(picture(1)[:40]), cell(encoded(draw(1), "JPEG"), "a.png")]
    found = [*rows(1, 2), *({"id": n, "t": "<image>", "image": one} for n, one in enumerate(bad, 2))]
    found.append({"id": 9, "t": "<image> <image>", "image": cell(picture(3))})
    job = run_step(Filter.model_validate({"images": ["image"]}), images(tmp_path / "in", found), tmp_path / "out")
    assert ids(kept(job)) == [0, 1]
    reasons = {row["id"]: row["reason"].partition(":")[0] for row in rejected(job)}
    assert reasons == {2: "image_empty", 3: "image_type", 4: "image_broken", 5: "image_type", 9: "image_markers"}


def test_texts_and_pictures_in_one_filter(tmp_path: Path) -> None:
    found = [*rows(1, 2), {"id": 2, "t": "", "image": cell(picture(3))}]
    step = Filter.model_validate({"columns": ["t"], "checks": ["empty", "image_broken"]})
    job = run_step(step, images(tmp_path / "in", found), tmp_path / "out")
    assert ids(kept(job)) == [0, 1]
    assert {"score_empty", "score_image_broken"} <= kept(job)[0].keys()


def test_checks_of_pictures_need_some(tmp_path: Path) -> None:
    source = images(tmp_path / "in", [{"t": "x", "image": cell(picture(1))}])
    plain = run_step(Columns.model_validate({"image": "t"}), source, tmp_path / "plain")
    texts = Artifact("x", plain.out, source.manifest)
    with pytest.raises(FactoryError, match="no column holds pictures"):
        run_step(Filter.model_validate({"checks": ["image_broken"]}), texts, tmp_path / "any")
    with pytest.raises(FactoryError, match="'image' holds no pictures"):
        run_step(Filter.model_validate({"images": ["image"]}), texts, tmp_path / "named")


@pytest.mark.parametrize("columns", [None, ["image"], ["t", "image"]])
def test_a_benchmarks_pictures_are_found(tmp_path: Path, columns: list[str] | None) -> None:
    bench = images(tmp_path / "bench", [{"q": "What?", "image": cell(encoded(draw(2, (160, 120)), "JPEG"))}])
    found = [{"id": n, "t": "x", "image": cell(encoded(draw(n, (160, 120))))} for n in range(4)]
    found.append({"id": 4, "t": "x", "image": None})
    step = Decontaminate.model_validate({"against": "b", "columns": columns})
    job = run_step(step, images(tmp_path / "in", found), tmp_path / "out", b=bench)
    assert ids(kept(job)) == [0, 1, 3, 4]
    assert [row["reason"].partition(": 1.0")[0].partition(": 0.")[0] for row in rejected(job)] == [
        "decontaminate: b: a picture"
    ]
    assert job.metrics["benchmarks"]["images"] == 1
    assert kept(job)[3]["score_image_contamination"] is None


def test_texts_of_rows_with_pictures_are_still_compared(tmp_path: Path) -> None:
    words = " ".join(f"word{n}" for n in range(20))
    bench = images(tmp_path / "bench", [{"q": words, "image": cell(picture(9))}])
    found = [{"id": 0, "t": words, "image": cell(picture(1))}, {"id": 1, "t": "x", "image": cell(picture(2))}]
    step = Decontaminate.model_validate({"against": "b"})
    assert ids(kept(run_step(step, images(tmp_path / "in", found), tmp_path / "out", b=bench))) == [1]


def test_a_mix_of_pictures_is_written_in_parts_that_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factory.steps.mix.SHARD_BYTES", 4 * len(picture(0)))
    parts = {"a": images(tmp_path / "a", rows(*range(10))), "b": images(tmp_path / "b", rows(*range(10, 16)))}
    job = run_step(Mix(datasets=["a", "b"]), None, tmp_path / "out", **parts)
    assert len(Dataset(job.out).shards()) > 3
    assert {digest(row["image"]) for row in kept(job)} == {digest(cell(picture(n))) for n in range(16)}
    assert type(Dataset(job.out).load().features["image"]).__name__ == "Image"


def translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any, column: str = "messages", **how: Any
) -> Any:
    turns = [
        {"role": "user", "content": "<image>What is at [10, 20, 30, 40]?"},
        {"role": "assistant", "content": "A cat."},
    ]
    found = [{"t": turns[0]["content"], "messages": turns, "image": cell(picture(1))}]
    use(monkeypatch, EchoEngine(answer))
    given = {"model": "m", "columns": [column], "prompt": "{text}", "checks": ["echo"], "ladder": [], **how}
    model = dataset(tmp_path / "model", [{"x": 1}])
    return run_step(Translate.model_validate(given), images(tmp_path / "in", found), tmp_path / "out", m=model)


def test_places_of_pictures_come_through_a_translation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [row] = kept(translated(tmp_path, monkeypatch, arabic))
    user, assistant = (turn["content"] for turn in row["messages_ar"])
    assert user.startswith("<image>") and user.count("<image>") == 1 and "<" not in assistant
    assert "[10, 20, 30, 40]" in user
    assert row["image"]["bytes"] == picture(1)


@pytest.mark.parametrize(("split", "reason"), [("structure", "masks"), ("none", "places of pictures")])
def test_a_place_that_is_lost_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split: str, reason: str
) -> None:
    job = translated(tmp_path, monkeypatch, lambda text: arabic(re.sub("<.*?>|⟦.*?⟧", "", text)), "t", split=split)
    assert [row["reason"].split(": ")[:2] for row in rejected(job)] == [["translate", reason]]


def test_pictures_are_stored_as_they_are_and_read_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factory.store.shards.GROUP_BYTES", 3 * len(picture(0)))
    source = images(tmp_path / "in", rows(*range(10)))
    write_parquet(shard := tmp_path / "whole.parquet", unpacked(next(source.dataset.tables())))
    footer = pq.read_metadata(shard)
    assert footer.num_row_groups > 2
    group = footer.row_group(0)
    kinds = {group.column(n).path_in_schema: group.column(n).compression for n in range(group.num_columns)}
    assert kinds == {"id": "ZSTD", "t": "ZSTD", "image.bytes": "UNCOMPRESSED", "image.path": "ZSTD"}
    assert isinstance(pq.read_table(shard), pa.Table)
