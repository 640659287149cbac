"""Licences rolled up over what an artifact was made with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.errors import FactoryError
from factory.graph.licenses import Link, computed, data, effective, license_problems, require_licenses, terms
from factory.graph.nodes import Graph, build_graph
from factory.hub.names import card_license
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Store

HALA = """\
recipe: 1
name: hala
language: {{source: en, target: ar}}
hub: {{namespace: me{declared}}}
datasets:
  orca:
    from: Open-Orca/OpenOrca
    steps:
      - translate: {{model: teacher, columns: [question], prompt: "Translate: {{text}}"}}
    publish: orca
  opus:
    from: Helsinki-NLP/opus-100:ar-en
    steps:
      - judge: {{model: Qwen/Qwen2.5-3B-Instruct, prompt: "{{translation}}?"}}
    publish: opus
  scp:
    from: EricLu/SCP-116K
    publish: scp
  hermes:
    from: NousResearch/Hermes-3-Dataset
    publish: hermes
models:
  teacher:
    from: CohereLabs/command-a-translate-08-2025
    steps:
      - quantize: {{scheme: FP8_DYNAMIC}}
  tuned:
    from: LiquidAI/LFM2-1.2B
    steps:
      - sft: {{data: {data}, epochs: 1, learning_rate: 1.0e-5}}
    publish: tuned
"""


def graph(folder: Path, text: str) -> Graph:
    path = folder / "hala.yaml"
    path.write_text(text, encoding="utf-8")
    return build_graph(load(path), Store(folder / "store"), Resolver(folder / "x.lock", online=False))


def hala(folder: Path, declared: str | None = None, data: str = "orca") -> Graph:
    return graph(folder, HALA.format(declared=f", license: {declared}" if declared else "", data=data))


def roles(found: list[Link]) -> dict[str, tuple[str, str | None]]:
    return {link.name: (link.role, link.license) for link in found}


def test_the_chain_names_every_source_model_and_judge(tmp_path: Path) -> None:
    made = hala(tmp_path)
    assert roles(effective(made, "orca").chain) == {
        "Open-Orca/OpenOrca": ("source", "mit"),
        "CohereLabs/command-a-translate-08-2025": ("translator", "cc-by-nc-4.0"),
    }
    assert roles(effective(made, "opus").chain) == {
        "Helsinki-NLP/opus-100": ("source", None),
        "Qwen/Qwen2.5-3B-Instruct": ("judge", "qwen-research"),
    }
    assert roles(effective(made, "tuned").chain) == {
        "LiquidAI/LFM2-1.2B": ("source", "lfm1.0"),
        "Open-Orca/OpenOrca": ("training data", "mit"),
        "CohereLabs/command-a-translate-08-2025": ("translator", "cc-by-nc-4.0"),
    }


def test_the_reports_own_licence_passes_and_its_flaws_are_named(tmp_path: Path) -> None:
    made = hala(tmp_path, "cc-by-nc-4.0", "scp")
    require_licenses(made)
    problems = "\n".join(license_problems(made))
    assert (
        "EricLu/SCP-116K is cc-by-nc-sa-4.0: work derived from it must be cc-by-nc-sa-4.0 too, not cc-by-nc-4.0"
        in problems
    )
    assert "no licence known for Helsinki-NLP/opus-100" in problems
    assert "LiquidAI/LFM2-1.2B: the terms of lfm1.0 go with it" in problems


@pytest.mark.parametrize(
    ("declared", "who", "why"),
    [
        ("apache-2.0", "command-a-translate-08-2025", "does not permit commercial use"),
        ("cc-by-4.0", "Qwen2.5-3B-Instruct", "does not permit commercial use"),
        ("mit", "LiquidAI/LFM2-1.2B", "limits commercial use"),
        ("cc0-1.0", "NousResearch/Hermes-3-Dataset", "asks for no attribution"),
    ],
)
def test_a_more_permissive_licence_is_refused_with_the_chain(
    tmp_path: Path, declared: str, who: str, why: str
) -> None:
    with pytest.raises(FactoryError) as caught:
        require_licenses(hala(tmp_path, declared))
    text = str(caught.value)
    assert "hala.yaml:4:" in text and f"declared {declared}" in text
    assert any(who in part and why in part for part in text.split("; ")), text


def test_a_plan_of_what_publish_would_refuse_says_all_and_fails(tmp_path: Path) -> None:
    hala(tmp_path, "mit")
    for more in ([], ["--json"]):
        done = CliRunner().invoke(main, ["plan", str(tmp_path / "hala.yaml"), "--hub", "local", *more])
        assert done.exit_code == 1
        assert "what publish does, in this order" in done.output or '"stages"' in done.output
        assert "LiquidAI/LFM2-1.2B" in done.output and "limits commercial use" in done.output


def test_a_licence_that_fits_passes(tmp_path: Path) -> None:
    text = HALA.format(declared=", license: apache-2.0", data="hermes")
    text = text.replace("    publish: orca\n", "").replace("    publish: opus\n", "").replace("    publish: scp\n", "")
    made = graph(tmp_path, text.replace("LiquidAI/LFM2-1.2B", "QCRI/Fanar-1-9B-Instruct"))
    require_licenses(made)
    assert license_problems(made) == []


def test_without_a_declaration_the_licence_is_computed(tmp_path: Path) -> None:
    made = hala(tmp_path)
    assert effective(made, "orca").license == "cc-by-nc-4.0"
    assert effective(made, "hermes").license == "apache-2.0"
    assert effective(made, "scp").license == "cc-by-nc-sa-4.0"
    assert effective(made, "tuned").license == "cc-by-nc-4.0"


def test_the_recipe_states_what_no_page_does(tmp_path: Path) -> None:
    text = HALA.format(declared="", data="orca").replace(
        "opus-100:ar-en\n", "opus-100:ar-en\n    license: cc-by-4.0\n"
    )
    assert roles(effective(graph(tmp_path, text), "opus").chain)["Helsinki-NLP/opus-100"] == ("source", "cc-by-4.0")


def test_what_the_hub_said_at_a_commit_wins_over_our_list(tmp_path: Path) -> None:
    sha = "0" * 40
    text = HALA.format(declared="", data="orca").replace("Hermes-3-Dataset", f"Hermes-3-Dataset@{sha}")
    made = graph(tmp_path, text)
    made.store.root.mkdir()
    said = {f"dataset NousResearch/Hermes-3-Dataset@{sha}": "cc-by-sa-4.0"}
    (made.store.root / "licenses.json").write_text(json.dumps(said))
    assert effective(made, "hermes").license == "cc-by-sa-4.0"


def test_the_hubs_card_is_asked_once_for_a_commit(tmp_path: Path, embedded_hub) -> None:
    from factory.hub.client import api

    repo = "factory/licensed"
    api().create_repo(repo, repo_type="dataset", exist_ok=True)
    card = b"---\nlicense: other\nlicense_name: lfm1.0\n---\n"
    api().upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=repo, repo_type="dataset")
    sha = api().repo_info(repo, repo_type="dataset").sha
    text = HALA.format(declared="", data="orca").replace("NousResearch/Hermes-3-Dataset", f"{repo}@{sha}")
    made = graph(tmp_path, text)
    assert effective(made, "hermes").license is None
    assert effective(made, "hermes", online=True).license == "lfm1.0"
    assert json.loads((made.store.root / "licenses.json").read_text()) == {f"dataset {repo}@{sha}": "lfm1.0"}
    assert effective(made, "hermes").license == "lfm1.0"


def link(license: str | None) -> Link:
    return Link("x/y", "source", license, "test")


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        ([], "cc0-1.0"),
        ([None], None),
        (["mit"], "mit"),
        (["cc0-1.0", "mit"], "mit"),
        (["mit", "apache-2.0"], "apache-2.0"),
        (["mit", "cc-by-4.0"], "cc-by-4.0"),
        (["mit", "cc-by-nc-4.0"], "cc-by-nc-4.0"),
        (["cc-by-sa-4.0", "mit"], "cc-by-sa-4.0"),
        (["cc-by-sa-4.0", "cc-by-nc-4.0"], None),
        (["cc-by-nc-sa-4.0", "cc-by-nc-4.0"], "cc-by-nc-sa-4.0"),
        (["cc-by-sa-4.0", "gpl-3.0"], None),
        (["lfm1.0", "mit"], "lfm1.0"),
        (["lfm1.0", "llama3.1"], None),
        (["cc-by-nd-4.0", "mit"], None),
    ],
)
def test_computed(licenses: list[str | None], expected: str | None) -> None:
    assert computed([link(name) for name in licenses]) == expected


def test_nothing_derived_may_be_shared(tmp_path: Path) -> None:
    text = HALA.format(declared=", license: cc-by-nc-nd-4.0", data="orca")
    text = text.replace("Hermes-3-Dataset\n", "Other\n    license: cc-by-nd-4.0\n")
    with pytest.raises(FactoryError, match="lets nobody share"):
        require_licenses(graph(tmp_path, text))


def test_licences_the_hub_does_not_list_are_named_with_a_link() -> None:
    assert card_license("mit") == {"license": "mit"}
    assert card_license("lfm1.0") == {
        "license": "other",
        "license_name": "lfm1.0",
        "license_link": "https://huggingface.co/LiquidAI/LFM2-1.2B/blob/main/LICENSE",
    }
    assert card_license(None) == {"license": "unknown"}


def test_the_list_is_sound() -> None:
    for name in data()["licenses"]:
        assert terms(name) is not None, name
    for repo, fact in data()["refs"].items():
        assert fact["license"] is None or terms(fact["license"]) is not None, repo
        assert fact["source"]
    assert terms("cc-by-nc-4.0").commercial == "no"  # type: ignore[union-attr]
    assert terms("mit").commercial == "yes"  # type: ignore[union-attr]
