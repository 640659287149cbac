"""Shipped recipes after slips of hands, merges and tools: planned, or refused in lines that say where."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.local_hub import LocalHub
from tests.faults.mutations import mutated

RECIPES = Path(__file__).parents[2] / "recipes"
NAMES = sorted(path.stem for path in RECIPES.glob("*.yaml"))
SEEDS = range(12)


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the shipped recipes, in a world whose Hub is empty."""
    folder = tmp_path_factory.mktemp("mutated")
    shutil.copytree(RECIPES, folder / "recipes")
    with pytest.MonkeyPatch.context() as patch, LocalHub(folder / "hub") as hub:
        for name, value in hub.environment().items():
            patch.setenv(name, value)
        patch.chdir(folder)
        yield folder / "recipes"


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_planned_or_refused(recipes: Path, name: str) -> None:
    text = (RECIPES / f"{name}.yaml").read_text("utf-8")
    path = recipes / f"{name}-mutated.yaml"
    refused = 0
    for seed in SEEDS:
        path.write_text(mutated(text, seed), "utf-8", errors="surrogatepass")
        done = CliRunner().invoke(main, ["plan", str(path), "--store", str(recipes.parent / "store")])
        assert done.exception is None or isinstance(done.exception, SystemExit), f"seed {seed}: {done.exception!r}"
        assert "mistake in factory" not in done.output and "Traceback" not in done.output, f"seed {seed}"
        assert done.exit_code == 0 or path.name in done.output, f"seed {seed}: {done.output}"
        refused += done.exit_code != 0
    assert refused > len(SEEDS) // 3
