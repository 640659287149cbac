"""Files of ours that a disk, an editor or a merge has damaged: read as they were written, or refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.local_hub.users import load_users
from factory.profile import FILE_NAME, load_profile
from factory.recipe.lock import Resolver
from factory.store import Ledger, Manifest, RowCounts
from tests.faults.mutations import mutated

SEEDS = range(150)
PROFILE = """\
[profiles.default]
device = "cpu"
threads = 2
gpu_hour = 2.5
[profiles.default.endpoints.teacher]
base_url = "http://127.0.0.1:8000/v1"
concurrency = 8
timeout = 60
[profiles.default.vllm]
options = {tensor_parallel_size = 2}
silence = 300
[profiles.big.ray]
address = "auto"
"""
LOCK = json.dumps(
    {
        "endpoint": "https://huggingface.co",
        "refs": {"dataset lab/rows@main": "a" * 40, "model lab/model@main": "b" * 40},
        "models": {"teacher": "teacher-2026"},
    },
    indent=2,
)
USERS = """\
users:
  - name: mona
    fullname: Mona M.
    organisations: [{name: lab, role: write, visibility: private}]
    tokens: {hf_mona_0123456789: write, hf_mona_9876543210: read}
  - name: otto
    tokens: {hf_otto_0123456789: admin}
"""


def manifest() -> Manifest:
    return Manifest(
        name="pairs/01-filter",
        kind="dataset",
        verb="filter",
        fingerprint="ab" * 32,
        identity={"verb": "filter", "parameters": {"checks": [1, 2.5, None, "ü"]}},
        rows=RowCounts.model_validate({"in": 5, "kept": 3, "rejected": 2, "reasons": {"empty": 2}}),
        metrics={"scores": [0.1, 1e-9]},
        recipes=["demo"],
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_manifest_is_as_it_was_written_or_refused(tmp_path: Path, seed: int) -> None:
    manifest().save(tmp_path)
    path = tmp_path / "manifest.json"
    text = path.read_text("utf-8")
    path.write_bytes(mutated(text, seed).encode("utf-8", "replace"))
    try:
        assert Manifest.load(tmp_path) == manifest()
    except FactoryError as error:
        assert str(tmp_path) in str(error) and "delete" in str(error)
        assert "\n" not in str(error)


@given(place=st.integers(0, 400), bit=st.integers(0, 7))
def test_every_bit_of_a_manifest_counts(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    folder = tmp_path_factory.mktemp("bits")
    manifest().save(folder)
    content = bytearray((folder / "manifest.json").read_bytes())
    content[place % len(content)] ^= 1 << bit
    (folder / "manifest.json").write_bytes(content)
    try:
        assert Manifest.load(folder) == manifest()  # a space that became a tab
    except FactoryError as error:
        assert "manifest.json is damaged" in str(error)


ENTRIES = [{"shard": 0, "rows": {"in": 3, "kept": 3}, "said": "مرحبا"}, {"shard": 1, "loss": 0.5}, {"done": True}]


@given(place=st.integers(0, 400), bit=st.integers(0, 7))
def test_what_a_ledger_says_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    with Ledger(path) as ledger:
        ledger.append(*ENTRIES)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(content)
    try:
        with Ledger(path) as ledger:
            found = list(ledger)
        # a line without its end is one that a kill has torn; another key in place of the check's is one more
        assert all(entry.items() <= read.items() for entry, read in zip(ENTRIES, found, strict=False))
        assert len(found) >= len(ENTRIES) - 1
    except FactoryError as error:
        assert "ledger.jsonl is damaged" in str(error) and str(path.parent) in str(error)


def test_a_ledger_of_an_older_store_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in ENTRIES))
    with Ledger(path) as ledger:
        ledger.append({"shard": 2})
        assert list(ledger) == [*ENTRIES, {"shard": 2}]


READERS = {
    FILE_NAME: (PROFILE, lambda path: load_profile(None, path.parent)),
    "recipe.lock": (LOCK, lambda path: Resolver(path, online=False)),
    "users.yaml": (USERS, load_users),
}
"""{file: its text, what reads it}."""


@pytest.mark.parametrize("file", READERS)
def test_a_lock_a_profile_and_users_are_read_or_refused(tmp_path: Path, file: str) -> None:
    text, read = READERS[file]
    path = tmp_path / file
    path.write_text(text, "utf-8")
    assert read(path)
    refused = []
    for seed in SEEDS:
        path.write_bytes(mutated(text, seed).encode("utf-8", "replace"))
        try:
            read(path)
        except FactoryError as error:
            refused.append(str(error))
    assert len(refused) > 10 and all(str(path) in said for said in refused)
