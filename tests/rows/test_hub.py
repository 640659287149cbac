"""Files of a Hub repo are read as the same files here are."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi

from factory.errors import FactoryError
from factory.graph.sources import HubDataset, local_dataset
from factory.refs import HubRef
from factory.rows.hub import hub_rows
from factory.steps.columns import Columns
from factory.store import Dataset
from tests.support import dataset, kept, make_job, run_step

TURNS = [{"role": "user", "content": "Hi", "weight": 0}, {"role": "assistant", "content": "Hello"}]
MIXED = [
    {"id": 1, "m": TURNS, "meta": {}, "at": "2020-01-01 00:00:00"},
    {"id": "x", "m": TURNS[:1], "meta": {"k": [1, "a"]}, "at": None},
]


@pytest.fixture
def hub(embedded_hub: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`datasets` read its settings when it was imported."""
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", embedded_hub.endpoint)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    return embedded_hub


def pushed(hub: Any, name: str, files: dict[str, bytes]) -> str:
    """The commit."""
    api = HfApi(endpoint=hub.endpoint)
    repo = f"{api.whoami()['name']}/{name}"
    api.create_repo(repo, repo_type="dataset", exist_ok=True)
    for path, content in files.items():
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=repo, repo_type="dataset")
    return repo


def load(repo: str, out: Path, **more: Any) -> Dataset:
    job = make_job(out, None)
    HubDataset(repo=repo, revision="main", **more).run(job)
    return Dataset(out)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mixed.jsonl", "".join(json.dumps(row) + "\n" for row in MIXED)),
        ("wrapped.json", json.dumps({"data": MIXED})),
        ("cells.csv", "id;text\n007;NA\n1.50;2020-01-01\n"),
        ("cells.tsv", "id\ttext\n007\tNA\n1.50\t\n"),
        ("lines.txt", "one\n\ntwo\n"),
    ],
)
def test_the_same_rows_as_from_a_file(hub: Any, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    here = make_job(tmp_path / "here", None)
    local_dataset(tmp_path / name, "train").run(here)
    repo = pushed(hub, name.replace(".", "-"), {name: content.encode()})
    there = load(repo, tmp_path / "there")
    rows = list(Dataset(tmp_path / "here").rows())
    assert list(there.rows()) == rows and there.schema() == Dataset(tmp_path / "here").schema()
    assert len(rows) > 1
    if name.startswith(("mixed", "wrapped")):
        assert rows == [{**row, "id": str(row["id"])} for row in MIXED]
        assert list(hub_rows(HubRef(repo), "train")) == MIXED


def test_labels_have_their_names_and_configs_are_listed(hub: Any, tmp_path: Path) -> None:
    features = datasets.Features({"label": datasets.ClassLabel(names=["bad", "good"]), "t": datasets.Value("string")})
    datasets.Dataset.from_list([{"label": 1, "t": "x"}], features=features).to_parquet(str(tmp_path / "x.parquet"))
    repo = pushed(hub, "labels", {"data/train.parquet": (tmp_path / "x.parquet").read_bytes()})
    found = load(repo, tmp_path / "labels")
    source = dataset(tmp_path / "unused", [{"x": 1}])
    job = run_step(
        Columns.model_validate({"prompt": "{t} is {label}"}),
        type(source)("labels", found.folder, source.manifest),
        tmp_path / "out",
    )
    assert kept(job) == [{"prompt": "x is good"}]
    card = "---\nconfigs:\n- config_name: one\n  data_files: a.csv\n- config_name: two\n  data_files: b.csv\n---\n"
    repo = pushed(hub, "several", {"README.md": card.encode(), "a.csv": b"x\n1\n", "b.csv": b"x\n2\n"})
    with pytest.raises(FactoryError, match=r"several configs and none is named \(pick one among.*'one', 'two'"):
        load(repo, tmp_path / "several")
    assert list(load(repo, tmp_path / "two", config="two").rows()) == [{"x": "2"}]


def tables(hub: Any, name: str, first: dict[str, Any], second: dict[str, Any], card: str = "") -> str:
    """A dataset of two Parquet files."""
    files = {}
    for number, columns in enumerate((first, second)):
        pq.write_table(pa.table(columns), file := io.BytesIO())
        files[f"data/train-0000{number}-of-00002.parquet"] = file.getvalue()
    return pushed(hub, name, files | ({"README.md": card.encode()} if card else {}))


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ({"a": [1, 2]}, {"a": ["x"]}, [{"a": "1"}, {"a": "2"}, {"a": "x"}]),
        ({"a": [1]}, {"a": [2], "b": ["y"]}, [{"a": 1, "b": None}, {"a": 2, "b": "y"}]),
        ({"a": [1], "b": ["y"]}, {"a": [2]}, [{"a": 1, "b": "y"}, {"a": 2, "b": None}]),
        ({"a": [{"k": 1}]}, {"a": ["x"]}, [{"a": {"k": 1}}, {"a": "x"}]),
    ],
)
def test_parquet_files_of_a_repo_may_differ(
    hub: Any, tmp_path: Path, first: dict[str, Any], second: dict[str, Any], wanted: list[dict[str, Any]]
) -> None:
    repo = tables(hub, f"differ-{uuid.uuid4().hex[:8]}", first, second)
    assert list(load(repo, tmp_path / "out").rows()) == wanted


def test_files_that_are_not_what_the_card_declares_are_named(hub: Any, tmp_path: Path) -> None:
    card = "---\ndataset_info:\n  features:\n  - name: a\n    dtype: int64\n---\n"
    repo = tables(hub, f"declared-{uuid.uuid4().hex[:8]}", {"a": [1]}, {"a": ["x"]}, card)
    with pytest.raises(FactoryError, match=r"differ in their columns, or from those .*`data_files`"):
        load(repo, tmp_path / "out")


def test_a_script_is_not_run(hub: Any, tmp_path: Path) -> None:
    name = f"script-{uuid.uuid4().hex[:8]}"
    with pytest.raises(FactoryError, match=r"scripts are no longer supported.*Parquet"):
        load(pushed(hub, name, {f"{name}.py": b"print(1)\n"}), tmp_path / "out")
