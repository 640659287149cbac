"""`factory init`: what it writes plans as it stands."""

from __future__ import annotations

import doctest
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.cli import main
from factory.commands.init import TRANSLATOR, Wanted, write_data_recipe, write_recipe
from factory.errors import UsageError
from factory.graph.nodes import build_graph
from factory.graph.plan import make_plan
from factory.profile import load_profile
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.starter import endpoints, files, languages
from factory.starter.languages import MMMLU, NAMES, OPUS_100, language
from factory.steps.filter import Filter
from factory.store import Store
from factory.text.language_codes import is_known, same_language
from factory.text.scripts import ranges, scripts_of

DOZEN = ["hi", "fa", "ja", "de", "zh", "th", "am", "el", "tr", "uk", "ta", "nb", "ur"]


def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cwd / "hf"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "factory", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=clean | offline, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", DOZEN)
def test_the_recipe_plans_as_it_stands(tmp_path: Path, code: str) -> None:
    path = write_recipe(Wanted(code, tmp_path / code)).path
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
    assert written.returncode == 0 and "factory plan mine\n" in written.stdout
    planned = run("plan", "mine.yaml", "--json", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert "Helsinki-NLP/opus-100:en-hi" in json.loads(planned.stdout)["unresolved"]
    again = run("init", "--language", "hi", "mine.yaml", cwd=tmp_path)
    assert again.returncode == 2 and "is there already" in again.stderr
    assert run("init", "--language", "hi", "--size", "350m", "mine.yaml", cwd=tmp_path).returncode == 0  # the same
    assert run("init", "--language", "sw", cwd=tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} >= {"mine.stand-ins.yaml", "swahili-1.2b.stand-ins.yaml"}


def test_another_base_model(tmp_path: Path) -> None:
    recipe = load(write_recipe(Wanted("hi", tmp_path), model="Qwen/Qwen2.5-0.5B").path).recipe
    assert recipe.models["translator"].from_ == "Qwen/Qwen2.5-0.5B"
    assert "hindi-qwen2.5-0.5b" in recipe.models
    with pytest.raises(UsageError, match="not a model on the Hub"):
        write_recipe(Wanted("hi", tmp_path / "x"), model="no model")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hin", "hi"), ("pt-BR", "pt-BR"), ("hindi", "hi"), ("ZH", "zh"), ("sw", "sw"), ("swh", "sw"),
        ("Kiswahili", "sw"), ("yo", "yo"), ("zh-Hant", "zh-Hant"), ("iw", "he"), ("Igbo", "ig"),
    ],
)  # fmt: skip
def test_codes_and_names(text: str, code: str) -> None:
    assert language(text).code == code


@pytest.mark.parametrize("text", ["xx", "Klingonese", "", "en", "en-GB", "not a language", "qaa", "mul"])
def test_what_is_no_language_to_translate_into_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        language(text)
    assert refused.value.exit_code == 2


def test_every_language_has_letters_to_check_by() -> None:
    assert all(ranges(script) for code in OPUS_100 for script in scripts_of(code))
    assert [language(code).script for code in ("hi", "or", "tt", "ur", "ko")] == [
        "Devanagari", "Odia", "Cyrillic", "Arabic", "Korean",
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["aaa", "quy", "sr-Latn", "zh-Hant", *sorted(filter(is_known, NAMES))]))
def test_any_language_of_iso_639_has_a_recipe(code: str) -> None:
    if same_language(code, "en"):
        return
    with tempfile.TemporaryDirectory() as folder:
        recipe = load(write_recipe(Wanted(code, Path(folder))).path).recipe
    assert same_language(recipe.language.target, code)
    assert (recipe.models["translator"].from_ == TRANSLATOR) is ("pairs" not in recipe.datasets)


def test_examples_in_the_docstrings() -> None:
    assert [doctest.testmod(module).failed for module in (endpoints, files, languages)] == [0, 0, 0]


ROWS = [
    {
        "id": f"q-{n}",
        "en": {"question": f"Do {n} rivers cross the town?", "choices": [f"Yes, {n} do", f"Only {n - 1} of them"]},
        "answer": "AB"[n % 2],
    }
    for n in range(30)
]


def written(folder: Path, rows: list[dict[str, object]], name: str = "My rows.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_own_data_and_own_endpoint_plan_as_they_stand(tmp_path: Path) -> None:
    written(tmp_path, ROWS)
    asked = [
        "--language",
        "Swahili",
        "--data",
        "My rows.jsonl",
        "--endpoint",
        "http://127.0.0.1:9",
        "--translator",
        "a: b",
    ]
    made = run("init", *asked, "--api-key-env", "MY_KEY", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "30 rows; to translate: en.question, en.choices" in made.stdout
    assert "answer stays as it is: few values again and again" in made.stdout
    assert "next: factory plan my-rows-sw" in made.stdout
    first = (tmp_path / "my-rows-sw.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=recipe.schema.json"
    jsonschema.Draft202012Validator.check_schema(json.loads((tmp_path / "recipe.schema.json").read_text("utf-8")))
    planned = run("plan", "my-rows-sw", "--json", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    endpoint = load_profile(None, tmp_path).endpoint("own")
    assert (endpoint.base_url, endpoint.api_key_env) == ("http://127.0.0.1:9/v1", "MY_KEY")
    settings = (tmp_path / "factory.toml").read_bytes()
    assert run("init", *asked, "--api-key-env", "MY_KEY", cwd=tmp_path).returncode == 0
    assert (tmp_path / "factory.toml").read_bytes() == settings


def test_a_second_endpoint_stands_beside_the_first(tmp_path: Path) -> None:
    (tmp_path / "factory.toml").write_text(
        "[profiles.default]\ndevice = 'cpu'\n[profiles.default.endpoints.own]\nbase_url = 'http://a/v1'\n"
    )
    data = str(written(tmp_path, ROWS))
    for address, name in (("http://a/v1/", "own"), ("https://b/openai/", "own-2"), ("https://b/openai", "own-2")):
        wanted = Wanted("sw", tmp_path, force=True, endpoint=address, translator="x")
        recipe = load(write_data_recipe(wanted, data).path).recipe
        assert recipe.models["translator"].from_.endpoint == name  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
    assert load_profile(None, tmp_path).device == "cpu"


def test_a_text_that_may_be_blank_costs_no_row(tmp_path: Path) -> None:
    """As the input of Alpaca's rows: `translate` itself refuses an empty answer."""
    rows = [
        {"question": f"Which {n} towns lie at the river?", "input": "" if n % 2 else f"Name {n}"} for n in range(30)
    ]
    recipe = load(write_data_recipe(Wanted("ar", tmp_path), str(written(tmp_path, rows))).path).recipe
    step = recipe.datasets["my-rows-ar"].steps[1]
    assert isinstance(step, Filter)
    checks = [check.in_language("ar", "en") for check in step.checks]
    columns = {"input": ["", "Name 2"], "input_ar": ["", "الاسم 2"]}
    scored, _ = step.score(columns, checks, [("input", "input_ar")])
    assert not scored.refused()


def test_a_recipe_of_pairs_translates_nothing(tmp_path: Path) -> None:
    pairs = [
        {"english": f"There are {n} houses by the river.", "arabic": f"هناك {n} بيوت بجانب النهر."} for n in range(30)
    ]
    recipe = load(write_data_recipe(Wanted("ar", tmp_path), str(written(tmp_path, pairs))).path).recipe
    assert not recipe.models
    step = recipe.datasets["my-rows-ar"].steps[0]
    assert isinstance(step, Filter) and "empty" in [check.name for check in step.checks]
    assert [step.verb for step in recipe.datasets["my-rows-ar"].steps] == ["filter", "dedup"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "gone.jsonl"], "no such file"),
        (["--data", "rows.jsonl", "--columns", "qestion"], "did you mean 'question'"),
        (["--data", "rows.jsonl", "--columns", "n"], "neither text nor"),
        (["--data", "rows.jsonl", "--endpoint", "http://a"], "name it with --translator"),
        (["--data", "rows.jsonl", "--endpoint", "a", "--translator", "b"], "not an address: 'a'"),
        (["--data", "rows.jsonl", "--translator", "b"], "not a model on the Hub"),
        (["--data", "rows.jsonl", "--source", "xx"], "no language code"),
        (["--data", "rows.jsonl", "--source", "fr"], "question: in en"),
        (["--data", "rows.jsonl", "--size", "350m"], "--data makes a dataset"),
        (["--data", "empty.jsonl"], "no rows"),
        (["--columns", "a"], "are about --data"),
        (["--api-key-env", "a"], "--api-key-env is about --endpoint"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_written(
    tmp_path: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(
        tmp_path,
        [{"question": f"How many towns are on the road, are there {n}?", "n": n} for n in range(9)],
        "rows.jsonl",
    )
    written(tmp_path, [], "empty.jsonl")
    result = CliRunner().invoke(main, ["init", "--language", "sw", *arguments])
    assert result.exit_code == 2 and said in result.stderr, result.output
    assert {path.name for path in tmp_path.iterdir()} == {"rows.jsonl", "empty.jsonl"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_rehearsal_runs_to_the_end(tmp_path: Path) -> None:
    """In a script that the demo world does not have."""
    assert run("init", "--language", "hi", "--size", "350m", "hi.yaml", cwd=tmp_path).returncode == 0
    done = run("publish", "hi.yaml", "--rehearse", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {"translator", "instructions", "hindi-350m"} <= set(report["pushed"])
