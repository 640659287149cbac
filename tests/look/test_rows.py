"""Rows from every place, whole, sampled and by score; through the command as people call it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.errors import FactoryError, UsageError
from factory.look.rows import Rows, of_artifact, of_path, sample, worst
from tests.graph.test_run import graph_of, run

RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  a:
    from: ./rows.jsonl
    steps:
      - filter: {checks: [empty, script], columns: {en: ar}}
      - dedup: {columns: [ar]}
"""
TEXTS = ["بيت كبير", "house", "", "قط صغير", "قط صغير", "big house", "نهر"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [json.dumps({"en": f"text {i}", "ar": text}) for i, text in enumerate(TEXTS)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def look(*arguments: object) -> Any:
    done = CliRunner().invoke(main, ["look", *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_an_artifact_is_seen_with_what_every_step_sorted_out(folder: Path) -> None:
    graph = graph_of(folder, RECIPE)
    with pytest.raises(FactoryError, match="nothing is made yet"):
        of_artifact(graph, "a")
    run(graph)
    place = (folder / "recipe.yaml", "a", "--store", folder / "store")
    assert [row["ar"] for row in look(*place)] == ["بيت كبير", "قط صغير", "نهر"]
    assert all("score_script" in row for row in look(*place))
    rest = look(*place, "--rejected")
    assert Counter(row["rejected_by"] for row in rest) == {"a/01-filter": 3, "a/02-dedup": 1}
    assert [row["en"] for row in look(*place, "--reason", "script")] == ["text 1", "text 5"]
    assert [row["en"] for row in look(*place, "--reason", "dedup")] == ["text 4"]
    assert look(*place, "--columns", "en", "--rows", 1) == [{"row": 0, "en": "text 0"}]
    step = look(folder / "recipe.yaml", "a/01-filter", "--store", folder / "store", "--rejected")
    assert len(step) == 3


def test_mistakes_are_one_line(folder: Path) -> None:
    run(graph_of(folder, RECIPE))
    place = ["look", str(folder / "recipe.yaml"), "a", "--store", str(folder / "store")]
    for extra, message in (
        (["--check", "scrip"], "did you mean 'script'?"),
        (["--columns", "er"], "no column 'er'"),
        (["--reason", "judge"], "no row was sorted out because of 'judge'"),
        (["--split", "test"], "no split 'test'"),
    ):
        done = CliRunner().invoke(main, [*place, *extra])
        assert done.exit_code == 2 and message in done.stderr, (extra, done.stderr)
    wrong = CliRunner().invoke(main, [*place[:2], "b", *place[3:]])
    assert wrong.exit_code == 2 and "one of: a, " in wrong.stderr
    missing = CliRunner().invoke(main, ["look", str(folder / "gone.jsonl")])
    assert missing.exit_code == 2 and "no such file" in missing.stderr


def test_files_and_folders_are_read_and_tell_their_verdict(folder: Path) -> None:
    rows = [
        {"source": "a", "target": "ا", "verdict": "kept", "reasons": []},
        {"source": "b", "target": "b", "verdict": "rejected", "reasons": ["script: 0 < 0.5", "echo: 1 > 0.8"]},
    ]
    (folder / "checked").mkdir()
    text = "\n".join(json.dumps(row) for row in rows) + "\n"
    (folder / "checked" / "one.jsonl").write_text(text)
    for place in (folder / "checked", folder / "checked" / "one.jsonl"):
        assert len(look(place)) == 2
        assert [row["source"] for row in look(place, "--rejected")] == ["b"]
        assert [row["source"] for row in look(place, "--reason", "echo")] == ["b"]
    shown = CliRunner().invoke(main, ["look", str(folder / "checked")])
    assert "echo: 1 > 0.8" in shown.stdout and "source / target" in shown.stdout
    (folder / "notes.docx").touch()
    with pytest.raises(UsageError, match=r"cannot read \.docx"):
        of_path(folder / "notes.docx")


def rows(count: int) -> Rows:
    return Rows("n", lambda: iter([{"x": str(i), "score_script": (i * 37 % 100) / 100} for i in range(count)]))


def test_a_sample_is_uniform_and_repeats_with_its_seed() -> None:
    first = sample(rows(50).numbered(), 5, 3)
    assert first == sample(rows(50).numbered(), 5, 3) != sample(rows(50).numbered(), 5, 4)
    assert [n for n, _ in first] == sorted({n for n, _ in first})
    drawn = Counter(n for seed in range(400) for n, _ in sample(rows(20).numbered(), 5, seed))
    assert len(drawn) == 20 and min(drawn.values()) > 60 and max(drawn.values()) < 140  # 100 each, 4.6 sigma
    assert len(sample(rows(3).numbered(), 5, 0)) == 3


def test_the_worst_come_first_on_the_checks_own_side() -> None:
    assert [row["score_script"] for _, row in worst(rows(100).numbered(), "script", 3)] == [0.0, 0.01, 0.02]
    high = Rows("n", lambda: iter([{"score_echo": value} for value in (0.1, 0.9, 0.5)]))
    assert [n for n, _ in worst(high.numbered(), "echo", 2)] == [1, 2]


def test_empty_files_and_broken_rows_end_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert look(tmp_path / "empty.jsonl") == []
    (tmp_path / "torn.jsonl").write_text(
        '{"en": "a", "ar": "ا"}\n{"en": "b",\n{"en": "c", "ar": "ج"}\n', encoding="utf-8"
    )
    assert [row.get("en") for row in look(tmp_path / "torn.jsonl")] == ["a", None, "c"]
    (failed,) = look(tmp_path / "torn.jsonl", "--rejected")
    assert failed["row"] == 1 and failed["verdict"] == "failed" and "no JSON" in failed["reasons"][0]
    (tmp_path / "scored.csv").write_text("en,ar,score_script\na,b,0.25\nc,d,0.5\n")
    assert [row["en"] for row in look(tmp_path / "scored.csv", "--check", "script", "--rows", 1)] == ["a"]


def test_of_many_scores_those_that_tell_something_are_shown(tmp_path: Path) -> None:
    scores = {f"check{i}": float(i % 2) for i in range(12)} | {"length_ratio": 0.5, "echo": 1.0}
    row = {"source": "a", "target": "a", "scores": scores, "verdict": "rejected", "reasons": ["echo: 1 > 0.6"]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    shown = CliRunner().invoke(main, ["look", str(tmp_path / "rows.jsonl")]).stdout
    assert "length_ratio 0.5" in shown and "echo 1" in shown and "check3" not in shown
    assert "check3 1" in CliRunner().invoke(main, ["look", str(tmp_path / "rows.jsonl"), "--full"]).stdout
