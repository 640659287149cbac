"""Stand-ins of datasets have the columns, types, configs and splits that the catalogue states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from factory.evaluate.base import RequiredDataset
from factory.evaluate.camel.sets import camel_sets
from factory.evaluate.camel.stand_ins import stand_in
from factory.images.hashing import perceptual_hash
from factory.rehearsal.catalogue import DatasetEntry, catalogue
from factory.rehearsal.content import choices, exchanges, filled, pairs, picture, translated_texts
from factory.rehearsal.data import SUITE_ROWS, Content, from_catalogue, from_suite, with_suites, write
from factory.rows.reading import Rows
from factory.text.conversations import image_places

SETS = [(one, "image" if one.images == "one" else "image_0") for one in camel_sets().values()]


def load(content: Content, folder: Path, config: str, split: str):
    from datasets import load_dataset

    for name, data in content.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    [files] = [c["data_files"] for c in content.configs if c["config_name"] == config]
    paths = {entry["split"]: str(folder / entry["path"]) for entry in files}
    kind = {".jsonl": "json", ".json": "json", ".csv": "csv"}.get(Path(paths[split]).suffix, "parquet")
    return load_dataset(kind, data_files=paths, split=split, cache_dir=str(folder / "cache"))


@pytest.mark.parametrize("repo", sorted(catalogue().datasets))
def test_a_stand_in_loads_with_the_stated_columns_and_rows(repo: str, tmp_path: Path) -> None:
    entry = catalogue().datasets[repo]
    content = from_catalogue(repo, entry)
    for config, splits in entry.configs.items():
        for split, rows in splits.items():
            data = load(content, tmp_path, config, split)
            assert data.column_names == entry.columns
            assert len(data) == rows
            assert not [c for c in data.column_names if all(value is None for value in data[c])]


def test_types_that_values_do_not_show_are_kept(tmp_path: Path) -> None:
    from datasets import ClassLabel, Translation

    mmlu = load(from_catalogue("cais/mmlu", catalogue().datasets["cais/mmlu"]), tmp_path / "a", "all", "test")
    assert mmlu.features["answer"] == ClassLabel(names=["A", "B", "C", "D"])
    assert len(mmlu[0]["choices"]) == 4 and set(mmlu["answer"]) == {0, 1, 2, 3}
    repo = "Helsinki-NLP/opus-100"
    opus = load(from_catalogue(repo, catalogue().datasets[repo]), tmp_path / "b", "ar-en", "train")
    assert opus.features["translation"] == Translation(languages=["ar", "en"])


def test_mmlu_and_its_translation_stand_in_the_same_order(tmp_path: Path) -> None:
    from factory.evaluate.suites.mmlu_translation import assert_aligned

    english = load(from_catalogue("cais/mmlu", catalogue().datasets["cais/mmlu"]), tmp_path / "a", "all", "test")
    repo = "openai/MMMLU"
    arabic = load(from_catalogue(repo, catalogue().datasets[repo]), tmp_path / "b", "AR_XY", "test")
    assert_aligned(list(english), list(arabic), "stand-ins")


def test_equal_entries_give_equal_bytes() -> None:
    entry = catalogue().datasets["Helsinki-NLP/opus-100"]
    assert from_catalogue("a/b", entry) == from_catalogue("a/b", entry)


def test_sources_differ_in_their_rows() -> None:
    known = catalogue().datasets
    first = json.loads(from_catalogue("x/one", known["GAIR/ReAlign-Alpaca"]).files["realign_alpaca.json"])
    second = json.loads(from_catalogue("x/two", known["GAIR/ReAlign-Alpaca"]).files["realign_alpaca.json"])
    assert first[0]["items"] != second[0]["items"]


def test_a_suites_dataset_has_all_its_configs(tmp_path: Path) -> None:
    required = RequiredDataset("a/b", ("One (1)", "two"), "test", lambda i: {"q": f"question {i}", "a": i})
    content = from_suite([required])
    assert [config["config_name"] for config in content.configs] == ["One (1)", "two"]
    assert load(content, tmp_path, "One (1)", "test")[1] == {"q": "question 1", "a": 1}


def test_a_catalogues_dataset_has_the_configs_that_a_suite_reads_too(tmp_path: Path) -> None:
    whole = from_catalogue("cais/mmlu", catalogue().datasets["cais/mmlu"])
    required = RequiredDataset("cais/mmlu", ("all", "anatomy"), "test", lambda i: {"question": f"question {i}"})
    content = with_suites(whole, [required])
    assert [config["config_name"] for config in content.configs] == ["all", "anatomy"]
    assert load(content, tmp_path / "a", "anatomy", "test")[1] == {"question": "question 1"}
    assert load(content, tmp_path / "b", "all", "test")[0] == load(whole, tmp_path / "c", "all", "test")[0]


def test_the_closed_set_is_small_and_distinct() -> None:
    assert len({e.ask[0] for e in exchanges()}) == len(exchanges())
    assert 0.2 < sum(not pair.good for pair in pairs()) / len(pairs()) < 0.3
    assert len({english for english, _ in translated_texts()}) == len(translated_texts())
    assert {choice["en"]["Question"] for choice in choices()} <= {english for english, _ in translated_texts()}


def test_pictures_are_pictures_of_their_own(tmp_path: Path) -> None:
    from datasets import Image

    repo = "lmms-lab/LLaVA-NeXT-Data"
    rows = load(from_catalogue(repo, catalogue().datasets[repo]), tmp_path, "default", "train")
    assert rows.features["image"] == Image()
    assert rows[0]["image"].size == (84, 84)
    data = [picture["bytes"] for picture in rows.cast_column("image", Image(decode=False))["image"]]
    assert len(set(data)) > 0.9 * len(rows)
    first = [conversation[0]["value"] for conversation in rows["conversations"]]
    assert all(image_places(text) == 1 for text in first)
    assert set(first) <= {english for english, _ in translated_texts()}


@pytest.mark.parametrize("name", ["rows/train.jsonl", "all.json", "{split}.csv"])
def test_rows_of_text_name_pictures_that_lie_beside_them(name: str, tmp_path: Path) -> None:
    """As the factory itself reads such a repo."""
    configs, row = {"default": {"train": 5}}, {"image": "{picture}", "text": "{ask}"}
    entry = DatasetEntry.model_validate({"source": "here", "configs": configs, "row": row, "files": name})
    content = from_catalogue("lab/drawings", entry)
    content.write(tmp_path)
    file = tmp_path / name.format(split="train")
    found = [row for row in Rows(str(file), images=("image",)) if isinstance(row, dict)]
    expected = [picture("lab/drawings", index)["bytes"] for index in range(5)]
    assert [row["image"]["bytes"] for row in found] == expected


def test_pictures_in_turns_and_lists_are_named_too() -> None:
    turn = {"role": "user", "content": [{"type": "image", "image": "{picture}"}, {"type": "text", "text": "{ask}"}]}
    row = {"messages": [turn], "images": ["{picture}", "{picture}"]}
    described = {"source": "here", "configs": {"default": {"train": 1}}, "row": row, "files": "train.jsonl"}
    files = from_catalogue("lab/drawings", DatasetEntry.model_validate(described)).files
    written = json.loads(files.pop("train.jsonl"))
    assert {written["messages"][0]["content"][0]["image"], *written["images"]} == {*files}


def test_stand_ins_are_not_taken_for_the_pictures_of_a_benchmark() -> None:
    """Else a rehearsal would find all its rows contaminated."""
    theirs = [perceptual_hash(stand_in(one)(i)[name]["bytes"]) for one, name in SETS for i in range(SUITE_ROWS)]
    ours = [perceptual_hash(picture("lmms-lab/LLaVA-NeXT-Data", i)["bytes"]) for i in range(96)]
    assert max((a == b).mean() for a in ours for b in theirs) < 0.9


def test_placeholders_keep_types_and_braces() -> None:
    shape = {"n": "{index}", "l": "{options}", "t": "no. {index} of {{x}}", "c": 3}
    assert filled(shape, {"index": 2, "options": ["a"]}) == {"n": 2, "l": ["a"], "t": "no. 2 of {x}", "c": 3}


def test_a_csv_is_read_as_it_was_written(tmp_path: Path) -> None:
    import pandas

    (tmp_path / "x.csv").write_bytes(write([{"Unnamed: 0": 0, "Q": 'a "b", c'}], "x.csv", {}))
    assert pandas.read_csv(tmp_path / "x.csv").to_dict("records") == [{"Unnamed: 0": 0, "Q": 'a "b", c'}]
