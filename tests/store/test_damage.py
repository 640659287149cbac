from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.errors import FactoryError
from factory.store import Manifest, Store
from factory.store.writing import damage, facts_of, require_undamaged


def finished(root: Path, content: bytes = b"0123456789") -> tuple[Path, Manifest]:
    store = Store(root)
    folder = store.folder("a", "01-x", "f" * 64)
    (store.partial(folder) / "data").mkdir(parents=True)
    (store.partial(folder) / "data" / "train-00000.parquet").write_bytes(content)
    (store.partial(folder) / "ledger.jsonl").write_bytes(b"{}\n")
    store.finish(folder, Manifest(name="a/01-x", kind="dataset", verb="x", fingerprint="f" * 64, identity={}))
    manifest = Manifest.load(folder)
    assert manifest is not None and manifest.files is not None
    return folder, manifest


def test_a_finished_step_holds_what_its_manifest_says(tmp_path: Path) -> None:
    folder, manifest = finished(tmp_path)
    assert manifest.files is not None
    assert manifest.files["data/train-00000.parquet"].model_dump() == {
        "size": 10,
        "sha256": "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
    }
    assert set(manifest.files) == {"data/train-00000.parquet", "ledger.jsonl"}
    manifest.recipes.append("another")
    manifest.save(folder)
    (folder / "published.json").write_text("{}")
    assert damage(folder, manifest.files) == []


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:4]), "has 4 bytes, 10 were written"),
    "longer": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "has 11 bytes, 10 were written"),
    "gone": (lambda path: path.unlink(), "is gone"),
    "new": (lambda path: path.with_name("train-00001.parquet").write_bytes(b""), "was not written by the step"),
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("digests", [True, False])
def test_sizes_and_names_are_compared_without_reading(tmp_path: Path, harm: str, digests: bool) -> None:
    folder, manifest = finished(tmp_path)
    do, said = HARM[harm]
    do(folder / "data" / "train-00000.parquet")
    with pytest.raises(FactoryError, match=f"a/01-x is damaged: data/train-.*{said}.*delete {folder}"):
        require_undamaged("a/01-x", folder, manifest.files, "data", digests=digests)
    require_undamaged("a/01-x", folder, manifest.files, "rejected", digests=digests)


@given(content=st.binary(min_size=1, max_size=64), place=st.integers(0), bit=st.integers(0, 7))
def test_one_changed_bit_is_found(tmp_path_factory: pytest.TempPathFactory, content: bytes, place: int, bit: int):
    folder = tmp_path_factory.mktemp("bits")
    path = folder / "weights"
    path.write_bytes(content)
    facts = facts_of(folder)
    changed = bytearray(content)
    changed[place % len(content)] ^= 1 << bit
    path.write_bytes(changed)
    assert damage(folder, facts) == ["weights has other bytes than were written"]
    assert damage(folder, facts, digests=False) == []


def test_steps_of_older_stores_cannot_be_compared_and_a_torn_manifest_says_what_to_do(tmp_path: Path) -> None:
    folder, _ = finished(tmp_path)
    require_undamaged("a/01-x", folder, None)
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(FactoryError, match=r"manifest.json is damaged.*delete .*01-x"):
        Manifest.load(folder)
