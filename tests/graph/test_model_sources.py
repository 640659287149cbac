"""What of a model's folder is taken: the model, and modules only where its configuration names them."""

import json
from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.graph.model_sources import local_model
from tests.support import make_job, random_model


def taken(folder: Path, out: Path) -> set[str]:
    local_model(folder).run(make_job(out, None))
    return {path.relative_to(out / "model").as_posix() for path in (out / "model").rglob("*") if path.is_file()}


def test_scripts_that_lie_beside_a_model_stay_where_they_are(tmp_path: Path) -> None:
    folder = random_model(tmp_path / "m").model
    whole = {path.name for path in folder.iterdir()}
    (folder / "my_upload_script.py").write_text("TOKEN = 'mine'\n")
    (folder / "notes.md").write_text("mine")
    assert taken(folder, tmp_path / "plain") == whole
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoConfig": "modeling_own.Own"}}))
    (folder / "modeling_own.py").write_text("class Own: ...\n")
    assert {"modeling_own.py"} <= taken(folder, tmp_path / "own")


def test_a_folder_without_weights_says_where(tmp_path: Path) -> None:
    folder = random_model(tmp_path / "m").model
    (folder / "model.safetensors").unlink()
    with pytest.raises(FactoryError) as caught:
        taken(folder, tmp_path / "out")
    assert str(folder) in str(caught.value) and "no .safetensors weights" in str(caught.value)
