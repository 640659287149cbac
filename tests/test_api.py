"""The factory from Python, as a notebook calls it."""

import doctest
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import factory
from factory.errors import FactoryError, UsageError
from factory.recipe import RecipeError
from tests.test_cli import RECIPE


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def test_a_recipe_is_planned_built_and_planned_again(recipe: Path, tmp_path: Path) -> None:
    assert factory.load_recipe(recipe).recipe.name == "small"
    store = tmp_path / "store"
    planned = factory.plan(recipe, store=store)
    assert planned.todo == ["a/00-load", "a/01-columns"]
    assert [stage["stage"] for stage in planned.stages] == ["build", "build"]
    assert "<td>build a/01-columns</td>" in planned._repr_html_()
    code = f"""
        import factory
        made = factory.build({str(recipe)!r}, "a", store={str(store)!r})
        assert made.built == ["a/00-load", "a/01-columns"], made.built
        assert made.pushed == {{}} and made.scores == []
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert factory.plan(recipe, store=store).todo == []
    assert factory.plan(recipe, store=store, diff=True).stages == []


def test_a_recipe_is_published_in_another_thread(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE.replace("a:\n", "a:\n    publish: small-a\n"))
    code = f"""
        import threading, factory
        found = []
        def work():
            found.append(factory.publish({str(path)!r}, store={str(tmp_path / "store")!r}, hub="local"))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert found[0].pushed["a"].endswith("/datasets/me/small-a"), found
        assert "/datasets/me/small-a" in found[0]._repr_html_()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_mistakes_are_raised_with_their_places(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(RECIPE.replace("columns:", "colums:"))
    for call in (factory.load_recipe, factory.plan, factory.build, factory.publish):
        with pytest.raises(RecipeError, match=r"small\.yaml:9:9: no dataset verb 'colums'"):
            call(recipe)
    with pytest.raises(FactoryError, match="no such recipe"):
        factory.plan(tmp_path / "gone.yaml")


def test_pairs_are_checked_where_they_are() -> None:
    found = factory.check(["How are you?", "Two cats.", None], ["كيف حالك؟", "Two cats.", "لا"])
    assert [outcome.verdict for outcome in found] == ["kept", "rejected", "failed"]
    assert found.kept == [0] and "<td>rejected</td>" in found._repr_html_()
    assert factory.check([], []) == []
    only = factory.check(["Two cats."], ["Two cats."], checks="numbers")
    assert [*only[0].scores] == ["numbers"] and only[0].verdict == "kept"
    with pytest.raises(UsageError, match="1 source and 0 translations"):
        factory.check(["x"], [])
    with pytest.raises(UsageError, match="no check"):
        factory.check(["x"], ["y"], checks="gone")


def test_what_the_docs_show_is_so() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "python.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, factory; print([name for name in sys.modules if name.startswith('factory.')], factory.__all__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] ['build', 'check', 'load_recipe', 'plan', 'publish']")
    with pytest.raises(AttributeError):
        _ = factory.gone  # pyright: ignore[reportAttributeAccessIssue]
