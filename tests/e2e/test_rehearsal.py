"""`factory publish … --rehearse` as a user runs it: shipped recipes whole, and what real clients find afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.engines import environments
from tests import needs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
SHARED = {"teacher", "orca-bilingual", "opus-pairs", "translator-pairs", "translator", "hala-sft"}


def run(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_", "HALA_"))}
    clean = kept | {"FACTORY_ENGINES": str(environments.root())}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=clean | (environment or {}), capture_output=True, text=True, check=False
    )


class Rehearsal:
    """One store in which recipes are rehearsed in turn."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.first = self.publish("hala-1.2b")

    def publish(self, recipe: str) -> dict[str, Any]:
        done = run(
            "-m", "factory", "publish", RECIPES / f"{recipe}.yaml", "--rehearse", "--store", self.store, "--json"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def client(self, code: str) -> list[str]:
        """What a user's code prints who works with this Hub."""
        from factory.local_hub import LocalHub

        with LocalHub(self.store / "rehearsal" / "hub") as hub:
            home = {"HF_HOME": str(self.store / "client"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
            done = run("-c", code, environment=hub.environment() | home)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    return Rehearsal(tmp_path_factory.mktemp("rehearsal"))


def test_every_step_ran_and_everything_was_pushed(rehearsal: Rehearsal) -> None:
    pushed = rehearsal.first["pushed"]
    assert {"teacher", "translator-pairs", "translator", "hala-sft", "hala-1.2b"} <= set(pushed)
    assert all("127.0.0.1" in entry["url"] for entry in pushed.values())
    assert {"oall-v2/hala-1.2b", "mmlu-translation/translator", "hala-1.2b/02-merge"} <= set(rehearsal.first["built"])
    [oall] = [e for e in rehearsal.first["scores"] if (e["suite"], e["model"]) == ("oall-v2", "hala-1.2b")]
    assert len(oall["protocol"]["subtasks"]) == 116


def test_rows_pass_every_step_and_some_are_rejected(rehearsal: Rehearsal) -> None:
    rows = {}
    for path in (rehearsal.store / "rehearsal").glob("*/*/manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        assert manifest["stand_in"] is True
        if manifest["rows"]:
            rows[manifest["name"]] = manifest["rows"]
    judged = rows["opus-pairs/02-judge"]
    assert judged["kept"] > 100 and judged["rejected"] > 30 and judged["failed"] == 0
    assert rows["orca-bilingual/01-translate"]["kept"] > 120, "an answer ends where the teacher's template says"
    assert rows["hala-pairs/02-filter"]["kept"] > 150
    assert rows["tulu-ar/01-filter"]["rejected"] > 20, "the rows that are Arabic already"
    assert rows["hermes-ar/01-filter"]["rejected"] > 20, "the rows with code"
    assert rows["hermes-ar/02-translate"]["kept"] > 20 and rows["tulu-ar/02-translate"]["kept"] > 20, "conversations"
    assert rows["hala-sft/02-dedup"]["kept"] > 150 and rows["hala-sft/02-dedup"]["rejected"] > 0


def test_a_repeat_does_nothing(rehearsal: Rehearsal) -> None:
    again = rehearsal.publish("hala-1.2b")
    assert again["built"] == []
    assert [name for name, entry in again["pushed"].items() if entry["changed"]] == []


def test_the_next_size_reuses_teacher_translator_and_corpus(rehearsal: Rehearsal) -> None:
    report = rehearsal.publish("hala-9b")
    assert {name.split("/")[0] for name in report["built"]} & SHARED == set()
    assert {"hala-9b/01-sft", "hala-9b/02-merge", "oall-v2/hala-9b"} <= set(report["built"])
    for recipe in ("hala-1.2b", "hala-9b"):
        again = rehearsal.publish(recipe)
        assert [name for name, entry in again["pushed"].items() if entry["changed"]] == []
    [printed] = rehearsal.client(
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n"
        "model = AutoModelForCausalLM.from_pretrained('hammh0a/Hala-9B')\n"
        "tokenizer = AutoTokenizer.from_pretrained('hammh0a/Hala-9B')\n"
        "turns = [{'role': 'system', 'content': 'S'}, {'role': 'user', 'content': 'U'}]\n"
        "text = tokenizer.apply_chat_template(turns, tokenize=False)\n"
        "print(type(model).__name__, text.startswith('<bos>S<start_of_turn>user'))\n"
    )
    assert printed == "Gemma2ForCausalLM True"


@needs.engine("autotrain")
def test_autotrain_trains_the_same_size_on_the_same_corpus(rehearsal: Rehearsal) -> None:
    report = rehearsal.publish("hala-9b-autotrain")
    assert {name.split("/")[0] for name in report["built"]} & SHARED == set()
    assert {"hala-9b/01-sft", "hala-9b/02-merge", "oall-v2/hala-9b"} <= set(report["built"])
    by_trainer = {}
    for path in (rehearsal.store / "rehearsal" / "hala-9b").glob("*/manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["verb"] == "sft":
            by_trainer[manifest["identity"]["parameters"]["backend"]] = manifest["metrics"]
    assert by_trainer["autotrain"]["autotrain"] and by_trainer["autotrain"]["tokens"] > 1000
    assert by_trainer["autotrain"]["rows"] == by_trainer["trl"]["rows"]
    [printed] = rehearsal.client(
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n"
        "print(type(AutoModelForCausalLM.from_pretrained('hammh0a/Hala-9B-AutoTrain')).__name__)\n"
    )
    assert printed == "Gemma2ForCausalLM"
    for recipe in ("hala-9b", "hala-9b-autotrain"):  # they share the model's name and nothing that is pushed
        assert [name for name, entry in rehearsal.publish(recipe)["pushed"].items() if entry["changed"]] == []


@pytest.mark.long  # hala-9b shows in every run that a size reuses what is there
@pytest.mark.parametrize("recipe", ["hala-350m", "hala-700m"])
def test_the_small_sizes_build_only_their_own_model(rehearsal: Rehearsal, recipe: str) -> None:
    report = rehearsal.publish(recipe)
    assert {name.split("/")[0] for name in report["built"]} & SHARED == set()
    assert {f"{recipe}/01-sft", f"{recipe}/02-merge", f"oall-v2/{recipe}"} <= set(report["built"])
    assert recipe in report["pushed"]


def test_the_translator_alone_has_nothing_left_to_build(rehearsal: Rehearsal) -> None:
    report = rehearsal.publish("hala-translator")
    assert report["built"] == [] and {"teacher", "translator-pairs", "translator"} <= set(report["pushed"])


def test_the_teacher_alone(tmp_path: Path) -> None:
    """In a store of its own: a stand-in learns what its recipe asks of it, here nothing but to be measured."""
    command = [
        "-m",
        "factory",
        "publish",
        RECIPES / "hala-teacher-fp8.yaml",
        "--rehearse",
        "--store",
        tmp_path,
        "--json",
    ]
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert "teacher/01-quantize" in report["built"] and report["pushed"]["teacher"]["changed"]
    scores = {entry["model"] for entry in report["scores"] if entry["suite"] == "teacher-translation"}
    assert scores == {"teacher", "CohereLabs/command-a-translate-08-2025"}
    again = json.loads(run(*command).stdout)
    assert again["built"] == [] and not again["pushed"]["teacher"]["changed"]


def test_allam_7b_adapted_goes_its_whole_way(tmp_path: Path) -> None:
    done = run(
        "-m", "factory", "publish", RECIPES / "allam-7b-adapted.yaml", "--rehearse", "--store", tmp_path, "--json",
        environment={"ALLAM_NAMESPACE": "lab"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {"pretrained", "allam-7b-adapted"} <= set(report["pushed"])
    made = {}
    for path in (tmp_path / "rehearsal").glob("*/*/manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        made[manifest["name"]] = manifest["metrics"]
    fertility = made["expanded/01-expand_vocab"]["fertility"]["ar"]
    assert fertility["after"] < fertility["before"]
    assert set(made["pretrained/01-pretrain"]["held_out"]["after"]) == {"english-web", "arabic-web", "parallel"}
    assert made["allam-7b-adapted/01-dpo"]["preference"]["before"]["reward_margin"] == 0
    config = json.loads(next((tmp_path / "rehearsal" / "expanded").glob("*/model/config.json")).read_text("utf-8"))
    assert config["model_type"] == "llama" and config["vocab_size"] % 128 == 0


@pytest.fixture(scope="module")
def ain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which both ways to AIN were rehearsed in turn."""
    return tmp_path_factory.mktemp("ain")


@pytest.mark.parametrize("recipe", ["ain-7b", "ain-7b-lora"])
def test_ain_goes_its_whole_way_with_pictures(ain: Path, recipe: str) -> None:
    done = run(
        "-m", "factory", "publish", RECIPES / f"{recipe}.yaml", "--rehearse", "--store", ain, "--json",
        environment={"AIN_NAMESPACE": "lab"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {"ain-data", recipe} <= set(report["pushed"])
    assert {entry["model"] for entry in report["scores"]} == {recipe, "Qwen/Qwen2-VL-7B-Instruct"}
    made = {}
    for path in (ain / "rehearsal").glob("*/*/manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        made[manifest["name"]] = manifest
    rows = {name: manifest["rows"] for name, manifest in made.items()}
    for step in ("01-filter", "03-safety", "04-decontaminate"):
        assert rows[f"visual-instructions/{step}"]["kept"] > 80, step
    assert rows["visual-instructions-ar/03-translate"]["kept"] > 80
    for step in ("04-similarity", "05-backtranslate"):
        assert rows[f"visual-instructions-ar/{step}"]["kept"] > 20, step
    assert made[f"{recipe}/01-sft"]["metrics"]["rows"] == rows["ain-data/01-mix"]["kept"]


def test_real_clients_load_what_was_pushed(rehearsal: Rehearsal) -> None:
    printed = rehearsal.client(
        "from datasets import load_dataset\n"
        "from huggingface_hub import HfApi\n"
        "from transformers import pipeline\n"
        "rows = load_dataset('hammh0a/Hala-4.6M-SFT', split='train')\n"
        "print(sorted({turn['from'] for row in rows for turn in row['conversations']}))\n"
        "print('reason' in load_dataset('hammh0a/Hala-4.6M-SFT', 'rejected', split='train').column_names)\n"
        "judged = load_dataset('hammh0a/Hala-1.25M-Translation-Pairs', 'rejected', split='train')\n"
        "print(sum(reason.startswith('judge: reject') for reason in judged['reason']) > 30)\n"
        "answer = pipeline('text-generation', 'hammh0a/Hala-1.2B')([{'role': 'user', 'content': 'مرحبا'}])\n"
        "print(answer[0]['generated_text'][-1]['role'])\n"
        "api = HfApi()\n"
        "print('stand-in' in api.model_info('hammh0a/Hala-1.2B').tags)\n"
        "print('stand-in' in api.dataset_info('hammh0a/Hala-4.6M-SFT').tags)\n"
    )
    assert printed == ["['gpt', 'human', 'system']", "True", "True", "assistant", "True", "True"]
