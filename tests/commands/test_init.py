"""`factory init`: what it writes plans as it stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from factory.commands.init import write_recipe
from factory.errors import UsageError
from factory.graph.nodes import build_graph
from factory.graph.plan import make_plan
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.starter.languages import MMMLU, NAMES, language
from factory.store import Store
from factory.text.scripts import ranges, scripts_of

DOZEN = ["hi", "fa", "ja", "de", "zh", "th", "am", "el", "tr", "uk", "ta", "nb", "ur"]


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cwd / "hf"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "factory", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=clean | offline, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", DOZEN)
def test_the_recipe_plans_as_it_stands(tmp_path: Path, code: str) -> None:
    path = write_recipe(code, "1.2b", None, tmp_path / code)
    loaded = load(path)
    resolver = Resolver(tmp_path / "lock", hub="https://nowhere.invalid", online=False, strict=False)
    plan = make_plan(build_graph(loaded, Store(tmp_path / "store"), resolver))
    assert {entry.state for entry in plan.nodes.values()} == {"new"}
    text = path.read_text(encoding="utf-8")
    assert NAMES[code] in loaded.recipe.datasets["instructions"].steps[1].prompt  # type: ignore[attr-defined]
    assert ("mmmlu" in loaded.recipe.evaluate) is (code in MMMLU)
    assert "Arabic" not in text.replace("English and Arabic", "").replace("its Arabic ones", "")


def test_plan_of_the_command_line_accepts_it(tmp_path: Path) -> None:
    written = run("init", "--language", "Hindi", "--size", "350m", "mine.yaml", cwd=tmp_path)
    assert written.returncode == 0 and "factory plan mine.yaml" in written.stdout
    planned = run("plan", "mine.yaml", "--json", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert "Helsinki-NLP/opus-100:en-hi" in json.loads(planned.stdout)["unresolved"]
    again = run("init", "--language", "hi", "mine.yaml", cwd=tmp_path)
    assert again.returncode == 2 and "is there already" in again.stderr


def test_another_base_model(tmp_path: Path) -> None:
    recipe = load(write_recipe("hi", "1.2b", "Qwen/Qwen2.5-0.5B", tmp_path)).recipe
    assert recipe.models["translator"].from_ == "Qwen/Qwen2.5-0.5B"
    assert "hindi-qwen2.5-0.5b" in recipe.models
    with pytest.raises(UsageError, match="not a model on the Hub"):
        write_recipe("hi", "1.2b", "no model", tmp_path / "x")


@pytest.mark.parametrize(("text", "code"), [("hin", "hi"), ("pt-BR", "pt"), ("hindi", "hi"), ("ZH", "zh")])
def test_codes_and_names(text: str, code: str) -> None:
    assert language(text).code == code


@pytest.mark.parametrize("text", ["xx", "Klingonese", "", "en", "not a language", "sw"])
def test_an_unknown_language_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        language(text)
    assert refused.value.exit_code == 2


def test_every_language_has_letters_to_check_by() -> None:
    assert all(ranges(script) for code in NAMES for script in scripts_of(code))
    assert [language(code).script for code in ("hi", "or", "tt", "ur", "ko")] == [
        "Devanagari", "Odia", "Cyrillic", "Arabic", "Korean",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_rehearsal_runs_to_the_end(tmp_path: Path) -> None:
    """In a script that the demo world does not have."""
    assert run("init", "--language", "hi", "--size", "350m", "hi.yaml", cwd=tmp_path).returncode == 0
    done = run("publish", "hi.yaml", "--rehearse", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {"translator", "instructions", "hindi-350m"} <= set(report["pushed"])
