"""`factory publish recipes/demo.yaml` as a user runs it, and what the real clients find on the Hub afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

ROOT = Path(__file__).parent.parent.parent
RECIPE = ROOT / "recipes" / "demo.yaml"


def factory(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    command = [sys.executable, "-m", "factory", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=clean | (environment or {}), capture_output=True, text=True, check=False
    )


class Demo:
    def __init__(self, store: Path) -> None:
        self.store = store
        self.first = self.publish()

    def publish(self) -> dict[str, Any]:
        result = factory("publish", RECIPE, "--hub", "local", "--store", self.store, "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def score(self, suite: str, model: str, name: str | None = None) -> float:
        (found,) = [e for e in self.first["scores"] if (e["suite"], e["model"]) == (suite, model)]
        return found["scores"][name or found["headline"]]["value"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return Demo(tmp_path_factory.mktemp("demo"))


def test_a_repeat_builds_and_pushes_nothing(demo: Demo) -> None:
    again = demo.publish()
    assert again["built"] == []
    assert [repo for repo, pushed in again["pushed"].items() if pushed["changed"]] == []
    assert {n: p["commit"] for n, p in again["pushed"].items()} == {
        n: p["commit"] for n, p in demo.first["pushed"].items()
    }


def test_the_reports_findings_that_show_at_this_size(demo: Demo) -> None:
    assert demo.score("world-translation", "translator") > demo.score("world-translation", "base") + 10
    assert demo.score("world-translation", "teacher") > demo.score("world-translation", "teacher-16bit") - 3
    assert demo.score("world-ar", "arabic-tuned") > demo.score("world-ar", "base") + 5
    assert demo.score("world-ar", "arabic") > demo.score("world-ar", "base") - 5  # half the interval of 88 questions
    assert demo.score("world-en", "arabic") > demo.score("world-en", "arabic-tuned")


def test_scores_land_between_nothing_and_everything(demo: Demo) -> None:
    assert 10 < demo.score("world-translation", "translator") < 95


CLIENT = """
import json, sys
from datasets import load_dataset
from huggingface_hub import HfApi, ModelCard
from transformers import AutoModelForCausalLM, AutoTokenizer, logging
logging.set_verbosity_error()
api = HfApi()
found = {"datasets": {}, "models": {}}
for repo in api.list_datasets(author="factory"):
    rows = load_dataset(repo.id)
    streamed = next(iter(load_dataset(repo.id, split=next(iter(rows)), streaming=True)))
    assert streamed == rows[next(iter(rows))][0]
    info = api.dataset_info(repo.id)
    found["datasets"][repo.id] = {
        "splits": {split: len(part) for split, part in rows.items()}, "license": info.card_data.license,
        "commits": [c.title for c in api.list_repo_commits(repo.id, repo_type="dataset")],
        "configs": [c["config_name"] for c in info.card_data.configs],
        "files": [s.rfilename for s in info.siblings]}
    if "rejected" in found["datasets"][repo.id]["configs"]:
        rejected = load_dataset(repo.id, "rejected")
        found["datasets"][repo.id]["rejected"] = sum(len(part) for part in rejected.values())
for repo in api.list_models(author="factory"):
    tokenizer = AutoTokenizer.from_pretrained(repo.id)
    model = AutoModelForCausalLM.from_pretrained(repo.id)
    chat = [{"role": "user", "content": "Translate from English to Arabic: The cat is small."}]
    inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=24, do_sample=False)
    info = api.model_info(repo.id)
    found["models"][repo.id] = {
        "text": tokenizer.decode(output[0][inputs["input_ids"].shape[1]:], skip_special_tokens=True),
        "base_model": info.card_data.base_model, "results": len(info.card_data.eval_results or []),
        "files": [s.rfilename for s in info.siblings]}
found["spaces"] = [space.id for space in api.list_spaces(author="factory")]
found["collections"] = {c.title: [i.item_id for i in api.get_collection(c.slug).items]
                        for c in api.list_collections(owner="factory")}
print(json.dumps(found, ensure_ascii=False))
"""


@pytest.fixture(scope="module")
def found(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a fresh process with the real clients and an empty cache sees."""
    from factory.local_hub import LocalHub

    with LocalHub(demo.store / "hub") as hub:
        environment = {**os.environ, **hub.environment(), "HF_HOME": str(tmp_path_factory.mktemp("client"))}
        result = subprocess.run(
            [sys.executable, "-c", CLIENT], env=environment, capture_output=True, text=True, check=False
        )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def test_every_dataset_loads_again_with_its_rejected_rows(found: dict[str, Any]) -> None:
    assert {repo.removeprefix("factory/") for repo in found["datasets"]} == {
        "demo-orca-ar", "demo-opus-ar", "demo-hala-sft", "demo-benchmark-ar", "demo-benchmark-en",
        "demo-translation-test",
    }  # fmt: skip
    opus = found["datasets"]["factory/demo-opus-ar"]
    assert opus["rejected"] > 0
    assert opus["splits"]["train"] + opus["rejected"] == 5000
    assert set(found["datasets"]["factory/demo-hala-sft"]["splits"]) == {"train", "test"}


def test_every_repo_has_one_commit_of_ours(found: dict[str, Any]) -> None:
    for name, repo in found["datasets"].items():
        assert len(repo["commits"]) == 2, name  # the repo's creation, and what was published


def test_every_model_loads_again_and_answers(found: dict[str, Any]) -> None:
    models = {repo.removeprefix("factory/"): model for repo, model in found["models"].items()}
    assert set(models) == {"demo-base", "demo-teacher-FP8", "demo-translator", "demo-arabic"}
    assert any("\u0600" <= letter <= "\u06ff" for letter in models["demo-translator"]["text"])
    for name in ("demo-translator", "demo-arabic"):
        assert models[name]["results"] > 0
    results = {name: [f for f in model["files"] if f.startswith(".eval_results/")] for name, model in models.items()}
    ranked = [".eval_results/world-ar.yaml", ".eval_results/world-en.yaml"]  # BLEU is no task of a benchmark
    assert results == {"demo-base": ranked, "demo-arabic": ranked, "demo-teacher-FP8": [], "demo-translator": []}


def test_what_the_demo_measures_on_are_benchmarks(found: dict[str, Any]) -> None:
    benchmarks = {repo for repo, about in found["datasets"].items() if "eval.yaml" in about["files"]}
    assert benchmarks == {f"factory/demo-{name}" for name in ("benchmark-ar", "benchmark-en", "translation-test")}


def test_space_and_collection_are_there(found: dict[str, Any]) -> None:
    assert found["spaces"] == ["factory/demo-space"]
    items = found["collections"]["Hala in miniature"]
    assert {"factory/demo-arabic", "factory/demo-orca-ar", "factory/demo-space"} <= set(items)


def test_one_changed_prompt_names_exactly_what_depends_on_it(demo: Demo, tmp_path: Path) -> None:
    text = RECIPE.read_text(encoding="utf-8")
    before, after = text.split("model: translator\n", 1)  # the second translation, by the light translator
    changed = before + "model: translator\n" + after.replace("Translate from English to Arabic:", "Into Arabic:", 1)
    assert changed != text
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "prompts").symlink_to(ROOT / "recipes" / "prompts")
    (recipes / "demo.yaml").write_text(changed, encoding="utf-8")
    result = factory("plan", recipes / "demo.yaml", "--hub", "local", "--store", demo.store, "--json")
    states = {node["name"]: node for node in json.loads(result.stdout)["nodes"]}
    changed_artifacts = {node["artifact"] for node in states.values() if node["state"] != "done"}
    assert changed_artifacts == {"alpaca-ar", "hala-sft", "arabic-tuned", "arabic", "world-ar", "world-en"}
    assert states["alpaca-ar/03-translate"]["because"] == ["translate.prompt"]
