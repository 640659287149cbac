"""The wheel outside the checkout: recipes, cards and spaces travel with it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as pip lays it out; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def factory(installed: Path, cwd: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "factory", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(installed), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_the_wheel_that_runs(installed: Path, tmp_path: Path) -> None:
    code = "import factory; print(factory.__file__)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.startswith(str(installed))


def test_recipes_and_cards_travel(installed: Path, tmp_path: Path) -> None:
    recipe = installed / "factory" / "_resources" / "recipes" / "hala-1.2b.yaml"
    planned = factory(installed, tmp_path, "plan", recipe)
    assert planned.returncode == 0, planned.stderr
    assert "Hala-1.2B-EN-AR-Translator" in planned.stdout
    card = factory(installed, tmp_path, "card", recipe, "hala-1.2b")
    assert card.returncode == 0, card.stderr
    assert "# Hala-1.2B" in card.stdout


def test_a_recipe_is_built_and_pushed_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(
        "recipe: 1\nname: small\nlanguage: {source: en, target: ar}\nhub: {namespace: me, endpoint: local}\n"
        "datasets:\n  a: {from: {demo: parallel, rows: 20}, publish: pairs}\n"
    )
    result = factory(installed, tmp_path, "publish", "small.yaml", "--hub", "local")
    assert result.returncode == 0, result.stderr
    assert "me/pairs" in result.stdout
