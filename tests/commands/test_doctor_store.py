from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from factory.cli import main
from factory.store import Manifest, Store, fingerprint


def step(root: Path, artifact: str, content: bytes = b"rows") -> Path:
    store = Store(root)
    identity = {"verb": "x", "of": artifact}
    digest = fingerprint(identity)
    folder = store.folder(artifact, "01-x", digest)
    (store.partial(folder) / "data").mkdir(parents=True)
    (store.partial(folder) / "data" / "train-00000.parquet").write_bytes(content)
    name = f"{artifact}/01-x"
    store.finish(folder, Manifest(name=name, kind="dataset", verb="x", fingerprint=digest, identity=identity))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("one", "two", "three", "four"):
        step(tmp_path / "store", name)
    return tmp_path / "store"


def doctor(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments], env=environment)


def test_a_whole_store(root: Path) -> None:
    for result in (doctor("--store", str(root)), doctor("--store", FACTORY_STORE=str(root))):
        assert result.exit_code == 0
        assert result.output == "4 steps, 4 files, 0.00 GB compared; 0 damaged steps\n"


def test_damage_is_named_with_what_to_do(root: Path) -> None:
    folders = {name: next((root / name).iterdir()) for name in ("one", "two", "three", "four")}
    (folders["one"] / "data" / "train-00000.parquet").write_bytes(b"rowz")
    (folders["two"] / "data" / "train-00000.parquet").unlink()
    (folders["three"] / "manifest.json").write_text("{")
    manifest = Manifest.load(folders["four"])
    assert manifest is not None
    manifest.files = None
    manifest.save(folders["four"])

    result = doctor("--store", str(root))
    assert result.exit_code == 1
    for text in (
        "one/01-x is damaged:\n  data/train-00000.parquet has other bytes than were written\n  delete ",
        f"delete {folders['two']}: the next run makes it again",
        "manifest.json is damaged",
        "four/01-x cannot be compared",
        "4 steps, 2 files, 0.00 GB compared; 3 damaged steps",
    ):
        assert text in result.output

    result = doctor("--store", str(root), "--json")
    found = json.loads(result.output)
    assert result.exit_code == 1 and found["cannot_be_compared"] == ["four/01-x"]
    assert [entry["wrong"] for entry in found["damaged"] if entry["step"] == "two/01-x"] == [
        ["data/train-00000.parquet is gone"]
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"identity": {"verb": "x", "of": "another"}}, "the fingerprint is not that of the identity"),
        ({"fingerprint": "f" * 64}, "the fingerprint is not that of the identity"),
        (
            {"identity": {"verb": "y"}, "fingerprint": fingerprint({"verb": "y"})},
            "the fingerprint is not the one in the folder's name",
        ),
    ],
)
@pytest.mark.parametrize("files", [True, False])
def test_a_manifest_that_was_edited_is_damage(root: Path, change: dict[str, Any], said: str, files: bool) -> None:
    folder = next((root / "two").iterdir())
    manifest = Manifest.load(folder)
    assert manifest is not None
    manifest.model_copy(update=change if files else change | {"files": None}).save(folder)
    result = doctor("--store", str(root))
    assert result.exit_code == 1 and "1 damaged step" in result.output
    assert f"two/01-x is damaged:\n  manifest.json: {said}" in result.output


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    result = doctor("--store", str(tmp_path / "nothing"))
    assert result.exit_code == 2 and "no store at" in result.output
