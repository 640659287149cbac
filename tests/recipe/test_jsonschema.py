import json
from pathlib import Path

import jsonschema
import pytest

from factory.recipe.jsonschema import recipe_schema
from factory.text import yaml

RECIPES = Path(__file__).parent.parent.parent / "recipes"


def test_the_schema_beside_the_recipes_is_todays() -> None:
    assert json.loads((RECIPES / "recipe.schema.json").read_text(encoding="utf-8")) == recipe_schema()


@pytest.mark.parametrize("path", sorted(RECIPES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_and_part_fits_the_schema(path: Path) -> None:
    jsonschema.Draft202012Validator(recipe_schema()).validate(yaml.load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "change",
    [
        {"langauge": {}},
        {"datasets": {"a": {"from": "x/y", "steps": [{"dedupe": {}}]}}},
        {"datasets": {"a": {"from": "x/y", "steps": [{"sample": {"n": "many"}}]}}},
        {"evaluate": {"x": {"suite": "nosuite", "models": ["m"]}}},
    ],
)
def test_mistakes_do_not_fit(change: dict[str, object]) -> None:
    assert list(jsonschema.Draft202012Validator(recipe_schema()).iter_errors({"recipe": 1, **change}))
