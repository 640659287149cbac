"""Files that are not code are found wherever the package is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from factory import resources
from factory.errors import FactoryError
from factory.resources import resource

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["cards", "spaces", "recipes"])
def test_found_in_a_checkout_and_packed_into_the_wheel(name: str) -> None:
    assert resource(name) == ROOT / name
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"][name] == f"factory/_resources/{name}"


def test_found_inside_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "factory" / "_resources" / "cards").mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "factory")
    assert resource("cards") == tmp_path / "factory" / "_resources" / "cards"
    with pytest.raises(FactoryError, match="spaces/ is missing"):
        resource("spaces")
