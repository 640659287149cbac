"""The catalogue: everything that shipped recipes name is in it, and what is not is one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.errors import FactoryError, UsageError
from factory.recipe import load
from factory.rehearsal.catalogue import Catalogue, catalogue, catalogue_for
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
    assert "LiquidAI/LFM2-1.2B" in message and "stand-ins.yaml" in message and "\n" not in message


def test_an_unknown_config_is_named() -> None:
    with pytest.raises(FactoryError, match=r"no config 'de-en'"):
        catalogue().dataset("Helsinki-NLP/opus-100", "de-en")


def test_a_model_of_an_unknown_family_is_refused() -> None:
    model = {"family": "no-such", "heads": [2, 1], "source": "here"}
    with pytest.raises(ValueError, match="no family 'no-such'"):
        Catalogue.model_validate({"datasets": {}, "families": {}, "models": {"a/b": model}})


def test_a_file_beside_the_recipe_adds_entries(tmp_path: Path) -> None:
    (tmp_path / "stand-ins.yaml").write_text(
        "datasets:\n"
        "  lab/corpus: {source: here, license: mit, configs: {default: {train: 2}}, row: {text: '{ask}'}}\n"
        "models:\n"
        "  lab/model: {source: here, family: lfm2, heads: [2, 1]}\n"
    )
    known = catalogue_for([tmp_path, tmp_path / "none"])
    assert known.dataset("lab/corpus").columns == ["text"]
    assert (known.model("lab/model").family, known.license("lab/corpus")) == ("lfm2", "mit")
    assert known.model("LiquidAI/LFM2-1.2B") == catalogue().model("LiquidAI/LFM2-1.2B")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models: {lab/model: {source: here, family: lfm9, heads: [2, 1]}}", "no family 'lfm9'"),
        ("datasets: {lab/corpus: {source: here, configs: {}, colour: red}}", "datasets.lab/corpus"),
        ("sets: {}", "sets: Extra inputs"),
        ("- a list", "not a catalogue"),
        ("a: [", "not a catalogue"),
    ],
)
def test_a_mistake_beside_the_recipe_is_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "stand-ins.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        catalogue_for([tmp_path])
    assert said in str(caught.value) and "stand-ins.yaml" in str(caught.value) and "\n" not in str(caught.value)
