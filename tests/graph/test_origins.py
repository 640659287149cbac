"""The share of authentic text: counted on finished rows, expected before, and a gate of the dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.errors import FactoryError
from factory.graph.nodes import build_graph
from factory.graph.origins import Share, Untold, counted_share
from factory.publishing.artifacts import render_card
from factory.publishing.gates import judge_gates
from factory.publishing.stages import stages
from factory.recipe import RecipeError, load
from factory.recipe.lock import Resolver
from factory.store import Store
from factory.store.votes import Vote, save_votes
from tests.support import build

RECIPE = """\
recipe: 1
name: origins
language: {source: en, target: ar}
hub: {namespace: factory, license: cc0-1.0, endpoint: local}
datasets:
  born: {from: ./born.jsonl, license: cc0-1.0, origin: authentic}
  made: {from: ./made.jsonl, license: cc0-1.0, origin: translated}
  english: {from: ./english.jsonl, license: cc0-1.0}
  all:
    license: cc0-1.0
    gates: ["authentic >= 35"]
    publish: all
    steps:
      - mix: {datasets: [born, made, english]%s}
%s
"""
SIZES = {"born": 7, "made": 13, "english": 40}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in SIZES.items():
        rows = [json.dumps({"text": f"{name} {n}", "half": f"{name} {n // 2}"}) for n in range(size)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)


def graph(mix: str = "", steps: str = "", text: str = RECIPE) -> Any:
    Path("recipe.yaml").write_text(text % (mix, steps))
    return build_graph(load(Path("recipe.yaml")), Store(Path(".factory")), Resolver(Path("x.lock"), hub="h"))


COLUMN = ", source_column: from_where"
DEDUP = "      - dedup: {columns: [half]}"


@pytest.mark.parametrize(
    ("mix", "steps", "share"),
    [
        ("", "", Share(7, 13)),
        (COLUMN, DEDUP, Share(4, 7)),
        ("", "      - split: {test: 10}", Share(7, 13)),
        (", weights: [3, 4, 1]", "", Share(7, 9)),
    ],
)
def test_rows_are_counted(mix: str, steps: str, share: Share) -> None:
    made = graph(mix, steps)
    build(made)
    assert counted_share(made, "all") == share
    assert f"{share.authentic} ({share.percent:.1f} %) were written in it" in render_card(made, "all")


def test_rows_dropped_after_a_mix_need_a_column() -> None:
    made = graph("", DEDUP)
    build(made)
    with pytest.raises(Untold, match="source_column"):
        counted_share(made, "all")
    with pytest.raises(FactoryError, match="no column says"):
        judge_gates(made, "all")
    assert "were written in it" not in render_card(made, "all")


def test_a_mix_of_mixes() -> None:
    inner = "  pair: {license: cc0-1.0, steps: [mix: {datasets: [born, made]}]}\n  all:"
    text = RECIPE.replace("  all:", inner).replace("[born, made, english]", "[pair, english]")
    made = graph(text=text)
    build(made)
    assert counted_share(made, "all") == Share(7, 13)
    drawn = graph(", weights: [1, 10]", text=text)
    build(drawn)
    with pytest.raises(Untold, match="itself mixed"):
        counted_share(drawn, "all")


def test_what_is_said_last_counts() -> None:
    sides = """\
  left: {from: made, origin: source, steps: [columns: {text: text}]}
  right: {from: born, steps: [columns: {text: text}]}
  all:"""
    made = graph(text=RECIPE.replace("  all:", sides).replace("[born, made, english]", "[left, right]"))
    build(made)
    assert counted_share(made, "all") == Share(7, 0)


def test_what_a_step_translates_is_translated_and_what_is_neither_does_not_count() -> None:
    made = graph(text=RECIPE.replace(", origin: translated", "").replace(", origin: authentic", ""))
    build(made)
    assert counted_share(made, "all") == Share(0, 0) and Share(0, 0).percent == 0


def test_the_gate_stands_before_the_push() -> None:
    made = graph()
    assert [stage.name for stage in stages(made)][-2:] == ["gate all", "push all"]
    assert stages(made)[-1].needs[-1] == "gate all"
    build(made)
    assert judge_gates(made, "all") == ()
    stricter = graph(text=RECIPE.replace(">= 35", ">= 36"))
    build(stricter)
    with pytest.raises(
        FactoryError, match=r"authentic >= 36: 35\.00 against 36\.00.*recipe\.yaml|recipe\.yaml.*35\.00"
    ):
        judge_gates(stricter, "all")


def test_what_people_said_is_a_gate_too() -> None:
    made = graph(text=RECIPE.replace("authentic >= 35", "rated.correct >= 60"))
    build(made)
    with pytest.raises(FactoryError, match="has no score 'correct'"):
        judge_gates(made, "all")
    votes = [Vote(split="train", row=n, rater="a", question="correct", yes=n < 5) for n in range(8)]
    save_votes(made.store, made.final("all").fingerprint, votes)
    assert judge_gates(made, "all") == ()
    save_votes(made.store, made.final("all").fingerprint, votes[3:])
    with pytest.raises(FactoryError, match=r"rated\.correct >= 60: 40\.00 against 60\.00"):
        judge_gates(made, "all")


def test_a_plan_says_what_is_expected() -> None:
    graph(", weights: [3, 7, 5]")
    found = CliRunner().invoke(main, ["plan", "recipe.yaml", "--hub", "local"])
    assert found.exit_code == 0, found.output
    assert "all: authentic of its ar rows: 30.0 % (gate: authentic >= 35)" in found.output
    asked = CliRunner().invoke(main, ["plan", "recipe.yaml", "--hub", "local", "--json"])
    assert "30.0 %" in json.loads(asked.output)["origins"]["all"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("authentic >= 35", "authentik >= 35", "did you mean 'authentic'"),
        ("authentic >= 35", "authentic >= base", "compared with a number"),
        ("authentic >= 35", "authentic.ar >= 35", "one number"),
        ("authentic >= 35", "authentic 35", "is not a gate"),
        ("origin: authentic}", "origin: born}", "origin"),
        (
            "origin: authentic}",
            "origin: authentic, steps: [translate: {model: m/m, columns: [text], prompt: '{text}'}]}",
            "translated by a step of its own",
        ),
    ],
)
def test_wrong_words_are_refused_at_their_place(old: str, new: str, said: str) -> None:
    with pytest.raises(RecipeError) as error:
        graph(text=RECIPE.replace(old, new))
    assert said in str(error.value) and "recipe.yaml:" in str(error.value)
