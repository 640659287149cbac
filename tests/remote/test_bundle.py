"""What travels to a job: the recipe's own files and the factory, the same bytes each time."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from factory.errors import UsageError
from factory.recipe import load
from factory.remote import bundle
from factory.remote.bundle import Bundle, make_bundle

RECIPE = """recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me}
include: [parts/rows.yaml]
datasets:
  judged:
    from: rows
    steps: [{judge: {model: a/b, prompt: prompts/judge.txt}}]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    for name, text in {
        "recipes/small.yaml": RECIPE,
        "recipes/small.lock": "{}",
        "recipes/parts/rows.yaml": "recipe: 1\ndatasets:\n  rows: {from: ./rows.jsonl}\n",
        "recipes/parts/rows.jsonl": '{"en": "a", "ar": "ب"}\n',
        "recipes/prompts/judge.txt": "Is {ar} right for {en}? accept or reject",
        "recipes/other.yaml": "recipe: 1\n",
        "recipes/secret.env": "HF_TOKEN=hf_secret",
        "factory.toml": "[profiles.default]\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "recipes" / "small.yaml"


def names(made: Bundle) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(made.content)) as archive:
        return set(archive.getnames())


def test_it_holds_what_the_recipe_names_and_nothing_else(recipe: Path) -> None:
    made = make_bundle(load(recipe))
    assert made.recipe == "recipes/small.yaml"
    assert {name for name in names(made) if name.startswith("recipe/")} == {
        "recipe/factory.toml",
        "recipe/recipes/small.yaml",
        "recipe/recipes/small.lock",
        "recipe/recipes/parts/rows.yaml",
        "recipe/recipes/parts/rows.jsonl",
        "recipe/recipes/prompts/judge.txt",
    }


def test_a_word_that_happens_to_name_a_file_sends_nothing(recipe: Path) -> None:
    (recipe.parent / "diary.txt").write_text("mine")
    outside = recipe.parent.parent / "outside.env"
    outside.write_text("TOKEN=x")
    before = names(make_bundle(load(recipe)))
    tags = f"secret.env, ./secret.env, '{outside}', /etc/passwd, ../outside.env, diary.txt"
    words = f"publish: {{repo: judged, tags: [{tags}]}}"
    recipe.write_text(f"{RECIPE}    description: ./secret.env\n    {words}\n", encoding="utf-8")
    assert names(make_bundle(load(recipe))) == before


def test_it_holds_the_factory_with_its_cards(recipe: Path) -> None:
    found = names(make_bundle(load(recipe)))
    assert {"factory/cli/group.py", "factory/graph/licenses.yaml", "factory/_resources/cards/model.md"} <= found
    assert not [name for name in found if "__pycache__" in name]


def test_equal_files_give_equal_bytes_and_changed_ones_do_not(recipe: Path) -> None:
    first = make_bundle(load(recipe))
    (recipe.parent / "prompts" / "judge.txt").touch()
    assert make_bundle(load(recipe)).digest == first.digest
    (recipe.parent / "prompts" / "judge.txt").write_text("{ar} for {en}?", encoding="utf-8")
    assert make_bundle(load(recipe)).digest != first.digest


def test_large_local_data_is_refused(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LARGEST", 10)
    with pytest.raises(UsageError, match="push the data"):
        make_bundle(load(recipe))
