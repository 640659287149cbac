"""`prepare` on the embedded Hub with the real client: once, under pinned revisions, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.hub.client import api
from factory.recipe import LoadedRecipe, load
from factory.rehearsal import prepare
from factory.store import Store

SHA = "0123456789abcdef0123456789abcdef01234567"
RECIPE = f"""
recipe: 1
name: small
language: {{source: en, target: ar}}
hub: {{namespace: lab}}
datasets:
  gptj:
    from: Dahoas/synthetic-instruct-gptj-pairwise@{SHA}
    steps: [{{columns: {{question: prompt}}}}]
  pairs:
    from: Helsinki-NLP/opus-100:ar-en
models:
  base:
    from: LiquidAI/LFM2-350M
"""
REPOS = [
    ("dataset", "Dahoas/synthetic-instruct-gptj-pairwise"),
    ("dataset", "Helsinki-NLP/opus-100"),
    ("model", "LiquidAI/LFM2-350M"),
]


@pytest.fixture
def recipe(tmp_path: Path) -> LoadedRecipe:
    return written(tmp_path, RECIPE)


def written(folder: Path, text: str) -> LoadedRecipe:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def heads() -> list[str]:
    return [api().list_repo_commits(repo, repo_type=kind)[0].commit_id for kind, repo in REPOS]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for the module, as the Hub is one: the model is trained once."""
    return tmp_path_factory.mktemp("store")


@pytest.mark.usefixtures("embedded_hub")
def test_stand_ins_are_marked_licensed_and_pinned(recipe: LoadedRecipe, root: Path) -> None:
    prepare(recipe, Store(root))
    for kind, repo in REPOS:
        card = api().repo_info(repo, repo_type=kind).card_data
        assert "stand-in" in card["tags"]
    model = api().model_info("LiquidAI/LFM2-350M")
    assert (model.card_data["license"], model.card_data["license_name"]) == ("other", "lfm1.0")
    assert "license" not in api().dataset_info("Helsinki-NLP/opus-100").card_data.to_dict()
    gptj = REPOS[0][1]
    assert api().dataset_info(gptj, revision=SHA).sha == api().dataset_info(gptj).sha
    readme = Path(api().hf_hub_download(gptj, "README.md", repo_type="dataset")).read_text(encoding="utf-8")
    assert f"**This is not {gptj}.**" in readme


@pytest.mark.usefixtures("embedded_hub")
@pytest.mark.parametrize("forgotten", [False, True], ids=["noted", "compared"])
def test_a_repeat_makes_no_commit(recipe: LoadedRecipe, root: Path, forgotten: bool, monkeypatch) -> None:
    prepare(recipe, Store(root))
    before = heads()
    monkeypatch.setattr("factory.rehearsal.models.build", lambda *_: pytest.fail("trained again"))
    if forgotten:
        (root / "stand-ins" / "small.json").unlink()
    prepare(recipe, Store(root))
    assert heads() == before


@pytest.mark.usefixtures("embedded_hub")
def test_a_changed_pin_moves_the_tag_only(recipe: LoadedRecipe, root: Path, tmp_path: Path) -> None:
    prepare(recipe, Store(root))
    before, other = heads(), SHA[::-1]
    prepare(written(tmp_path, RECIPE.replace(SHA, other)), Store(root))
    assert heads() == before
    assert api().dataset_info(REPOS[0][1], revision=other).sha == before[0]


@pytest.mark.usefixtures("embedded_hub")
def test_the_real_client_loads_a_pinned_stand_in(recipe: LoadedRecipe, root: Path, hub_client) -> None:
    prepare(recipe, Store(root))
    printed = hub_client(
        "from datasets import load_dataset\n"
        f"rows = load_dataset({REPOS[0][1]!r}, split='train', revision={SHA!r})\n"
        "print(rows.column_names, len(rows))\n"
        f"print(load_dataset({REPOS[1][1]!r}, 'ar-en', split='test', streaming=True).features)\n"
    )
    assert printed.splitlines()[0] == "['prompt', 'chosen', 'rejected'] 80"
    assert "Translation(languages=['ar', 'en'])" in printed


@pytest.mark.usefixtures("embedded_hub")
def test_everything_unknown_is_reported_at_once_and_nothing_is_made(tmp_path: Path) -> None:
    text = RECIPE.replace("Dahoas/synthetic-instruct-gptj-pairwise", "lab/unheard-of").replace("LFM2-350M", "LFM2-3M")
    with pytest.raises(FactoryError) as caught:
        prepare(written(tmp_path, text), Store(tmp_path / "store"))
    lines = str(caught.value).splitlines()
    assert ["lab/unheard-of" in lines[0], "LiquidAI/LFM2-3M" in lines[1]] == [True, True]
    assert "small.yaml:8:5" in lines[0] and len(lines) == 2
    assert not (tmp_path / "store").exists()


def test_a_hub_that_is_not_on_this_machine_is_refused(recipe: LoadedRecipe, tmp_path: Path, monkeypatch) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "ENDPOINT", "https://huggingface.co")
    with pytest.raises(FactoryError, match="on the embedded Hub only"):
        prepare(recipe, Store(tmp_path / "store"))
    assert not (tmp_path / "store").exists()


@pytest.mark.usefixtures("embedded_hub")
def test_entries_beside_the_recipe_are_used_and_gates_announced(tmp_path: Path, capfd) -> None:
    (tmp_path / "stand-ins.yaml").write_text(
        "datasets: {lab/own: {source: here, gated: true, configs: {default: {train: 3}}, row: {text: '{ask}'}}}\n"
    )
    text = RECIPE[: RECIPE.index("datasets:")] + "datasets:\n  own:\n    from: lab/own\n"
    prepare(written(tmp_path, text), Store(tmp_path / "store"))
    assert "stand-in" in api().dataset_info("lab/own").card_data["tags"]
    assert "accept the terms on the Hub pages of lab/own" in " ".join(capfd.readouterr().err.split())
