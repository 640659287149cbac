"""An endpoint answers for the models that a recipe declares there, and for no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.engines import engines, local_engine
from factory.errors import UsageError
from factory.profile import Profile
from factory.store import Store
from tests.engines.moody_server import MoodyServer
from tests.support import random_model

RECIPE = """\
recipe: 1
name: two
language: {source: en, target: ar}
hub: {namespace: me, license: cc-by-4.0}
datasets:
  arabic:
    from: ./rows.jsonl
    license: cc-by-4.0
    steps:
      - translate: {model: rented, columns: [text], prompt: "ar: {text}", checks: [], ladder: []}
models:
  rented: {from: {endpoint: NAME, model: gpt-x}, license: cc-by-4.0}
  own: {from: ./own/model, license: cc-by-4.0}
evaluate:
  tr:
    suite: translation
    data: ./pairs.jsonl
    source: text
    reference: ar
    prompt: "ar: {text}"
    models: [rented, own]
"""
ROWS = ["A river.", "A house by the river.", "Two birds sing."]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(tmp_path_factory.mktemp("own") / "own").folder


@pytest.fixture
def folder(tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own").symlink_to(own)
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in ROWS))
    pairs = [{"text": text, "ar": f"ar: {text}"[::-1]} for text in ROWS]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, server: MoodyServer, name: str = "judge", engine: str = "auto") -> None:
    (folder / "two.yaml").write_text(RECIPE.replace("NAME", name))
    (folder / "factory.toml").write_text(
        f'[profiles.default]\nengine = "{engine}"\ndevice = "cpu"\nthreads = 1\n'
        f'[profiles.default.endpoints.{name}]\nbase_url = "{server.url}"\nmax_wait = 0.05\nprompt_price = 1\n'
    )


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, [*arguments, "--hub", "remote"])
    assert done.exit_code == 0, done.output
    return done.output


def test_each_model_is_asked_where_it_is(folder: Path) -> None:
    with MoodyServer(states="gpt-x-2026-11-01") as server:
        write(folder, server)
        plan = json.loads(run("plan", "two.yaml", "--json"))
        assert not server.bodies  # a plan costs nothing
        assert plan["engines"]["own"] == "transformers"
        assert "gpt-x (which model answers is asked when work begins)" in plan["engines"]["rented"]
        assert plan["profile"] == f"default of {folder / 'factory.toml'}"
        run("build", "two.yaml")
        asked = server.asked.total()
        assert all(body["model"] == "gpt-x" for body in server.bodies)
        assert json.loads((folder / "two.lock").read_text())["models"] == {"gpt-x": "gpt-x-2026-11-01"}
    found = {manifest.name: manifest for _, manifest in Store(folder / ".factory").manifests()}
    bleu = {name: found[f"tr/{name}"].metrics["scores"]["bleu"]["value"] for name in ("rented", "own")}
    assert bleu["rented"] > 90 > 20 > bleu["own"]
    assert found["tr/own"].metrics["protocol"]["engine"] == "transformers"
    assert found["tr/rented"].metrics["protocol"]["engine"] == "endpoint"
    assert found["tr/rented"].engines == ["endpoint"] == found["arabic/01-translate"].engines
    assert found["rented/00-fetch"].identity["parameters"] == {"model": "gpt-x", "answers_as": "gpt-x-2026-11-01"}
    cost = found["arabic/01-translate"].usage
    assert cost.dollars == pytest.approx(cost.prompt_tokens / 1e6) and asked >= len(ROWS)


def test_another_name_of_the_endpoint_makes_nothing_new_and_another_model_does(folder: Path) -> None:
    with MoodyServer(states="gpt-x-2026-11-01") as server:
        write(folder, server)
        run("build", "two.yaml")
        asked = server.asked.total()
        write(folder, server, name="moved")
        assert states(run("plan", "two.yaml", "--json")) == {"done"}
        run("build", "two.yaml")
        assert server.asked.total() == asked
        server.states = "gpt-x-2027-01-01"
        run("lock", "two.yaml")
        plan = json.loads(run("plan", "two.yaml", "--json"))
    changed = {node["name"]: node["because"] for node in plan["nodes"] if node["state"] == "changed"}
    assert changed["arabic/01-translate"] == ["input rented"] and "tr/own" not in changed
    assert "gpt-x (answers as gpt-x-2027-01-01)" in plan["engines"]["rented"]


def states(plan: str) -> set[str]:
    nodes = json.loads(plan)["nodes"]
    return {node["state"] for node in nodes if node["artifact"] in ("arabic", "rented")}


def test_a_step_that_is_resumed_with_another_model_ends_by_name(folder: Path) -> None:
    def mood(server: MoodyServer, prompt: str, before: int) -> object:
        return (404, {}, {"error": "gone"}) if "birds" in prompt and server.states == "gpt-x-1" else None

    with MoodyServer(mood, states="gpt-x-1") as server:
        write(folder, server)
        assert CliRunner().invoke(main, ["build", "two.yaml", "--hub", "remote"]).exit_code == 1
        server.states = "gpt-x-2"
        done = CliRunner().invoke(main, ["build", "two.yaml", "--hub", "remote"])
    assert done.exit_code == 1
    assert "gpt-x answers as gpt-x-2, and the work began with gpt-x-1" in done.output


def test_old_words_ask_no_endpoint(folder: Path) -> None:
    with MoodyServer() as server:
        write(folder, server, engine="openai")
        said = run("plan", "two.yaml")
    assert '`engine = "openai"` is an old word' in said and "generates with own: transformers" in said
    assert local_engine(Profile(engine="openai", device="cpu")) == "transformers"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            "  rented: {from: {endpoint: a, model: b}}",
            "'rented' answers behind an endpoint: state its `license`",
        ),
        ("  rented: {from: {endpoint: a, model: b}, license: mit, publish: x}", "'rented' has no weights here"),
        (
            "  rented: {from: {endpoint: a, model: b}, license: mit}\n"
            "  own: {from: rented, steps: [merge: {with: rented}]}",
            "merge needs weights, and 'rented' answers behind an endpoint",
        ),
        (
            "  rented: {from: {endpoint: a, model: b}, license: mit}\nevaluate:\n"
            "  p: {suite: perplexity, models: [rented], data: ./rows.jsonl}",
            "perplexity needs weights, and 'rented' answers behind an endpoint",
        ),
    ],
    ids=["license", "publish", "merge", "log-likelihood"],
)
def test_what_an_endpoint_cannot_be_is_found_in_plan(folder: Path, wrong: str, message: str) -> None:
    head = "recipe: 1\nname: x\nlanguage: {source: en, target: ar}\nhub: {namespace: me}\nmodels:\n"
    (folder / "two.yaml").write_text(head + wrong + "\n")
    done = CliRunner().invoke(main, ["plan", "two.yaml", "--hub", "remote"])
    assert done.exit_code == 2
    assert message in done.output


def test_a_slip_in_an_endpoint_is_one_line(folder: Path) -> None:
    head = "recipe: 1\nname: x\nlanguage: {source: en, target: ar}\nhub: {namespace: me}\nmodels:\n"
    (folder / "two.yaml").write_text(f"{head}  rented: {{from: {{endpoint: a}}, license: mit}}\n")
    done = CliRunner().invoke(main, ["plan", "two.yaml", "--hub", "remote"])
    assert done.exit_code == 2 and done.output.strip() == "error: two.yaml:6:12: missing key 'model'"


def test_a_profile_without_the_endpoint_is_refused_before_any_work(folder: Path) -> None:
    (folder / "two.yaml").write_text(RECIPE.replace("NAME", "judge"))
    assert "NOT IN THE PROFILE" in run("plan", "two.yaml")
    done = CliRunner().invoke(main, ["build", "two.yaml", "--hub", "remote"])
    assert done.exit_code == 2 and "no endpoint 'judge'" in done.output and "two.yaml:" in done.output
    assert not list((folder / ".factory").glob("arabic/*"))


def test_local_engines_do_not_include_the_endpoint() -> None:
    assert "openai" in engines()
    with pytest.raises(UsageError, match="unknown engine 'vlm' in the profile; did you mean 'vllm'"):
        local_engine(Profile(engine="vlm"))


@pytest.mark.parametrize("engine", ["openai", "endpoint"])
def test_a_result_of_another_engine_is_no_result_of_a_model_here(folder: Path, engine: str) -> None:
    with MoodyServer(states="gpt-x-2026-11-01") as server:
        write(folder, server)
        run("build", "two.yaml")
        [(place, manifest)] = [
            (path, manifest) for path, manifest in Store(folder / ".factory").manifests() if manifest.name == "tr/own"
        ]
        manifest.metrics["protocol"]["engine"] = engine
        manifest.save(place)
        for command in ("plan", "build"):
            done = CliRunner().invoke(main, [command, "two.yaml", "--hub", "remote"])
            assert done.exit_code == 1, command
            assert "tr/own was answered by an endpoint" in done.output and f"delete {place}" in done.output
