"""The catalogue: everything that shipped recipes name is in it, and what is not is one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.recipe import load
from factory.rehearsal.catalogue import Catalogue, catalogue
from factory.rehearsal.refs import wanted

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_shipped_recipe_can_be_rehearsed(path: Path) -> None:
    known = catalogue()
    for entry in wanted(load(path)):
        if entry.kind == "model":
            known.model(entry.repo)
        elif not entry.by_suite:
            for config in entry.configs or {None}:
                known.dataset(entry.repo, config)


def test_every_entry_says_where_its_facts_are_from() -> None:
    known = catalogue()
    assert all(entry.source for entry in [*known.datasets.values(), *known.models.values()])


def test_an_unknown_repo_is_one_line_with_the_nearest_name() -> None:
    with pytest.raises(FactoryError) as caught:
        catalogue().model("LiquidAI/LFM2-1.3B", "recipe.yaml:3:5")
    message = str(caught.value)
    assert message.startswith("recipe.yaml:3:5: no stand-in is known for the model LiquidAI/LFM2-1.3B")
    assert "LiquidAI/LFM2-1.2B" in message and "catalogue.yaml" in message and "\n" not in message


def test_an_unknown_config_is_named() -> None:
    with pytest.raises(FactoryError, match=r"no config 'de-en'"):
        catalogue().dataset("Helsinki-NLP/opus-100", "de-en")


def test_a_model_of_an_unknown_family_is_refused() -> None:
    model = {"family": "no-such", "heads": [2, 1], "source": "here"}
    with pytest.raises(ValueError, match="no family 'no-such'"):
        Catalogue.model_validate({"datasets": {}, "families": {}, "models": {"a/b": model}})
