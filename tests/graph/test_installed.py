"""Engines that steps need and that are not there: found before the steps that come first are done."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.engines.environments import MARK
from factory.graph.installed import missing_engines
from factory.profile import Profile
from factory.store import Manifest
from tests.graph.test_run import graph_of

RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me, endpoint: local}
datasets:
  chats:
    from: {demo: instructions, rows: 20}
    steps:
      - columns: {messages: [{role: user, content: "{question}"}, {role: assistant, content: "{response}"}]}
  translated:
    from: {demo: alpaca, rows: 20}
    steps:
      - translate: {model: MODEL, columns: [instruction], prompt: "Translate: {text}"}
models:
  base:
    steps:
      - init: {config: {model_type: llama}, tokenizer_data: chats, columns: [messages], vocab_size: 300}
  tuned:
    from: base
    steps:
      - sft: {data: chats, backend: BACKEND, packing: true, assistant_only_loss: false, learning_rate: 1.0e-4}
  far: {from: {endpoint: rented, model: m}, license: mit}
"""


@pytest.fixture(autouse=True)
def engines(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("FACTORY_ENGINES", str(tmp_path / "engines"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "engines"


def recipe(backend="trl", model="base"):
    return RECIPE.replace("BACKEND", backend).replace("MODEL", model)


def missing(graph, engine="auto", **more):
    return [str(error) for error in missing_engines(graph, graph.order(), Profile(engine=engine, **more))]


def installed(folder, package):
    (folder / "lib" / "python3.11" / "site-packages" / f"{package}.dist-info").mkdir(parents=True)
    (folder / MARK).write_text("{}")


def test_autotrain_is_asked_for_by_the_step_that_names_it(tmp_path, engines):
    graph = graph_of(tmp_path, recipe("autotrain"))
    [line] = missing(graph)
    assert line.endswith(
        "recipe.yaml:21:9: tuned/01-sft needs the engine autotrain, which is missing "
        "(run `factory engines install autotrain`)"
    )
    assert missing_engines(graph, graph.needed_for(["tuned"]), Profile()) != []
    assert missing_engines(graph, graph.needed_for(["translated"]), Profile()) == []
    assert missing(graph_of(tmp_path, recipe("trl"))) == []
    installed(engines / "autotrain", "autotrain_advanced-0.8.36")
    assert missing(graph) == []


def test_what_is_done_needs_no_engine_any_more(tmp_path):
    graph = graph_of(tmp_path, recipe("autotrain"))
    node = graph.final("tuned")
    node.folder.mkdir(parents=True)
    Manifest(name=node.name, kind="model", verb="sft", fingerprint=node.fingerprint, identity={}).save(node.folder)
    assert missing(graph) == []


def test_the_profiles_engine_is_needed_where_a_model_generates_here(tmp_path, engines):
    graph = graph_of(tmp_path, recipe())
    assert missing(graph, "transformers") == missing(graph) == []
    [line] = missing(graph, "vllm")
    assert "translated/01-translate needs the engine vllm" in line and "factory engines install vllm" in line
    assert missing(graph_of(tmp_path, recipe(model="far")), "vllm") == [], "an endpoint answers"
    (engines / "vllm").mkdir(parents=True)
    assert "which is half installed" in missing(graph, "vllm")[0]
    assert len(missing(graph_of(tmp_path, recipe("autotrain")), "vllm")) == 2


def test_commands_say_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")  # nothing of the recipe is on a Hub
    (tmp_path / "recipe.yaml").write_text(recipe("autotrain").partition("  far:")[0])
    planned = CliRunner().invoke(main, ["plan", "recipe.yaml"])
    assert planned.exit_code == 0 and "on this machine not yet: " in planned.output
    for command in ("build", "publish"):
        done = CliRunner().invoke(main, [command, "recipe.yaml"])
        assert done.exit_code == 1 and "tuned/01-sft needs the engine autotrain" in done.output
    assert not list(tmp_path.glob(".factory/*/*/manifest.json"))
