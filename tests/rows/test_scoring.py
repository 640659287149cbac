"""Moving a limit of any verb asks no model and scores no row again, and keeps what a fresh build would keep."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from pydoc import locate
from typing import Any

import pytest

from factory.graph.nodes import Graph, Node, build_graph
from factory.graph.plan import make_plan
from factory.profile import Profile
from factory.recipe import load
from factory.recipe.lock import Resolver
from factory.store import Dataset, Ledger, Manifest, Store
from tests import support
from tests.echo import EchoEngine, use
from tests.shelf import finish

RECIPE = """\
recipe: 1
name: moved
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  rows:
    from: ./rows.jsonl
    steps:
      - STEP
  bench:
    from: ./bench.jsonl
models:
  m:
    steps:
      - init: {config: {model_type: llama}, tokenizer_data: bench, text: [q]}
"""
STORY = "the small house near the green river where seven birds sing every morning before the long day begins again"
WORDS = STORY.split()


def story(number: int) -> str:
    """The story with other words in so many places."""
    return " ".join(f"other{number}x{place}" if place < number else word for place, word in enumerate(WORDS))


ROWS = [
    {"en": story(i), "ar": f"{'كبير ' * i}house {i}", "one": f"answer {i}", "two": f"reply {i * 2}", "n": i}
    for i in range(12)
]


def graph_of(folder: Path, verb: str, parameters: dict[str, Any], store: Path | None = None) -> Graph:
    folder.mkdir(exist_ok=True)
    for name, rows in {"rows": ROWS, "bench": [{"q": STORY}]}.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    path = folder / "moved.yaml"
    path.write_text(RECIPE.replace("STEP", json.dumps({verb: parameters}, ensure_ascii=False)), encoding="utf-8")
    return build_graph(load(path), Store(store or folder / "store"), Resolver(folder / "moved.lock", online=False))


def build(graph: Graph, model: Path | None = None) -> Node:
    """Build the rows; the model is finished by hand."""
    node = graph.nodes["m/01-init"]
    if not node.folder.exists():
        if model is not None:
            shutil.copytree(model, graph.store.partial(node.folder) / "model")
        finish(graph, node.name)
    support.build(graph, "rows", profile=Profile(device="cpu", threads=1, batch_size=8))
    return graph.final("rows")


def content(node: Node) -> list[list[dict[str, Any]]]:
    return [list(Dataset(node.folder).rows(part=part)) for part in ("data", "rejected")]


def rate(text: str) -> str:
    """A judge of answers: the last figure in the prompt, as a mark from 1 to 5."""
    return str(1 + int([word for word in text.split() if word.isdigit()][-1]) % 5)


def mirrored(text: str) -> str:
    """There and back: a translation comes back with as many words lost as its number, one made anew with half of them.

    Every third one comes back whole.
    """
    if text.startswith("anew:"):
        return f"fresh house {text.split()[-1]}"
    number = int(text.split()[-1])
    lost = 0 if number % 3 == 0 else number // 2 if "fresh" in text else number
    return " ".join(["lost"] * lost + story(number).split()[lost:])


PREFER = {
    "prompt": "en", "candidates": ["one", "two"], "judge": "m", "method": "score",
    "judge_prompt": "{prompt} {response}", "scale": [1, 5],
}  # fmt: skip
BACK = {"model": "m", "prompt": "{text}", "pairs": {"en": "ar"}, "max_new_tokens": 40}
ANEW = BACK | {"retranslate_model": "m", "retranslate_prompt": "anew: {text} {translation}"}

# verb: (what never changes, limits one after the other, what scores rows, how the model answers)
CASES: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]], str | None, Callable[[str], str] | None]] = {
    "filter": (
        "filter",
        {"pairs": {"en": "ar"}},
        [{"checks": [{"script": {"min": limit}}, "echo"]} for limit in (0.3, 0.8)],
        "factory.checks.scoring.Scored.add",
        None,
    ),
    "judge": (
        "judge",
        {"model": "m", "prompt": "mark {ar}"},
        [{"criteria": {"mark": limit}} for limit in (2, 4)],
        "factory.steps.judge.numbers",
        rate,
    ),
    "preferences": (
        "preferences",
        PREFER,
        [{"min_margin": 0}, {"min_margin": 2}],
        "factory.steps.preferences.numbers",
        rate,
    ),
    "decontaminate": (
        "decontaminate",
        {"against": "bench", "on": ["en"], "ngram": 5},
        [{"max": 0.1}, {"max": 0.6}, {"max": 0.0}],
        "factory.rows.contamination.Benchmarks.hits",
        None,
    ),
    "dedup": (
        "dedup",
        {"on": ["en"]},
        [{"near": {"threshold": limit, "ngram": 2}} for limit in (0.8, 0.5, 0.9)],
        "factory.steps.dedup.signatures",
        None,
    ),
    "backtranslate": (
        "backtranslate",
        BACK,
        [{"gates": {"bleu": 60}}, {"gates": {"chrf": 90}, "keep_back": True}, {"gates": {"bleu": 5}}],
        "factory.steps.backtranslate.closeness",
        mirrored,
    ),
    "retranslate": (
        "backtranslate",
        ANEW,
        [{"gates": {"rouge_f1": 90}}, {"gates": {"rouge_f1": 60}}],
        "factory.steps.backtranslate.closeness",
        mirrored,
    ),
    "safety": (
        "safety",
        {"model": "m", "on": ["ar"], "prompt": "{text}"},
        [{"max": 0.5}, {"max": 1}],
        "factory.steps.safety.labelled",
        lambda text: "unsafe\nS1" if rate(text) > "3" else "safe",
    ),
}  # fmt: skip


def counted(monkeypatch: pytest.MonkeyPatch, target: str) -> list[Any]:
    """Every call of what scores rows."""
    calls: list[Any] = []
    module, _, name = target.rpartition(".")
    holder: Any = locate(module)
    original = getattr(holder, name)

    def counting(*given: Any, **named: Any) -> Any:
        calls.append(given)
        return original(*given, **named)

    monkeypatch.setattr(holder, name, counting)
    return calls


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest):
    return CASES[request.param]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factory.graph.sources.SHARD_ROWS", 4)


def test_a_moved_limit_scores_nothing_and_keeps_what_a_fresh_build_keeps(tmp_path, monkeypatch, case):
    verb, fixed, limits, scores, answer = case
    use(monkeypatch, engine := EchoEngine(answer or str, batch_size=3))
    calls = counted(monkeypatch, scores)
    first = build(graph_of(tmp_path / "a", verb, fixed | limits[0]))
    asked, scored = len(engine.asked), len(calls)
    assert scored and bool(asked) == (answer is not None)
    moved = [build(graph_of(tmp_path / "a", verb, fixed | limit)) for limit in limits]
    assert (len(engine.asked), len(calls)) == (asked, scored)
    assert len({node.fingerprint for node in moved}) == len(limits) and moved[0].fingerprint == first.fingerprint
    fresh = [build(graph_of(tmp_path / str(number), verb, fixed | limit)) for number, limit in enumerate(limits)]
    assert [content(node) for node in moved] == [content(node) for node in fresh]
    assert len({len(content(node)[0]) for node in moved}) > 1, "the limits sort no row differently"
    for node in moved[1:]:
        manifest = Manifest.load(node.folder)
        assert manifest is not None and manifest.usage.requests == 0


@pytest.mark.parametrize("moment", range(1, 8, 2))
def test_back_and_forth_after_a_kill_with_the_earlier_artifact_deleted(tmp_path, monkeypatch, case, moment):
    verb, fixed, limits, _, answer = case
    use(monkeypatch, engine := EchoEngine(answer or str, batch_size=3))
    append, lines = Ledger.append, []

    def killed(self: Ledger, *entries: Any) -> None:
        if self.path.name != "attempts.jsonl" and verb in str(self.path):
            lines.append(entries)
            if len(lines) == moment:
                raise KeyboardInterrupt
        append(self, *entries)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", killed)
        try:
            build(graph_of(tmp_path / "a", verb, fixed | limits[0]))
        except KeyboardInterrupt:
            assert len(lines) == moment
    other = build(graph_of(tmp_path / "a", verb, fixed | limits[1]))
    shutil.rmtree(other.folder)
    first = build(graph_of(tmp_path / "a", verb, fixed | limits[0]))
    other = build(graph_of(tmp_path / "a", verb, fixed | limits[1]))
    assert len(engine.asked) - len(set(engine.asked)) <= 3, "more was asked again than the batch in flight"
    fresh = [build(graph_of(tmp_path / str(number), verb, fixed | limit)) for number, limit in enumerate(limits[:2])]
    assert [content(first), content(other)] == [content(node) for node in fresh]


def test_a_raised_gate_asks_for_what_fails_now_and_was_never_translated_again(tmp_path, monkeypatch):
    use(monkeypatch, engine := EchoEngine(mirrored))
    build(graph_of(tmp_path, "backtranslate", ANEW | {"gates": {"rouge_f1": 60}}))
    asked = list(engine.asked)
    again = {text.split()[-1] for text in asked if text.startswith("anew:")}

    def has_scored(limit: int) -> bool:
        plan = make_plan(graph_of(tmp_path, "backtranslate", ANEW | {"gates": {"rouge_f1": limit}}))
        return plan.nodes["rows/01-backtranslate"].scored

    assert has_scored(50) and not has_scored(90)
    scored = counted(monkeypatch, "factory.steps.backtranslate.closeness")
    node = build(graph_of(tmp_path, "backtranslate", ANEW | {"gates": {"rouge_f1": 90}}))
    assert has_scored(70)
    more = engine.asked[len(asked) :]
    new = {text.split()[-1] for text in more if text.startswith("anew:")}
    assert new and not new & again
    assert {text.split()[-1] for text in more if not text.startswith("anew:")} == new
    assert len(more) == 2 * len(new) == 2 * len(scored)
    manifest = Manifest.load(node.folder)
    assert manifest is not None and manifest.usage.requests == len(more)
    fresh = build(graph_of(tmp_path / "fresh", "backtranslate", ANEW | {"gates": {"rouge_f1": 90}}))
    assert content(node) == content(fresh)
    before = len(engine.asked)
    build(graph_of(tmp_path, "backtranslate", ANEW | {"gates": {"rouge_f1": 70}}))
    assert len(engine.asked) == before


def test_another_check_is_the_only_one_that_is_scored(tmp_path, monkeypatch):
    def filtered(folder: Path, *checks: Any) -> Node:
        return build(graph_of(folder, "filter", {"pairs": {"en": "ar"}, "checks": [*checks]}))

    filtered(tmp_path, "script", "echo")
    calls = counted(monkeypatch, "factory.checks.scoring.Scored.add")
    more = filtered(tmp_path, "repeated_target", "echo", {"script": {"min": 0.9}})
    assert {check.name for scored, *_ in calls for check in scored.checks} == {"repeated_target"}
    calls.clear()
    less = filtered(tmp_path, "repeated_target")
    assert not calls
    assert content(less) == content(filtered(tmp_path / "less", "repeated_target"))
    assert content(more) == content(filtered(tmp_path / "more", "repeated_target", "echo", {"script": {"min": 0.9}}))
    calls.clear()
    filtered(tmp_path, {"script": {"language": "fr"}})  # another language is another score
    assert calls


def test_a_check_that_breaks_fails_its_rows_whatever_the_others_are(tmp_path, monkeypatch):
    from factory.checks.echo import Echo

    def broken(self: Echo, source: str | None, target: str) -> float:
        if "house 3" in target:
            raise ZeroDivisionError("no house")
        return 0.0

    monkeypatch.setattr(Echo, "score", broken)
    limits = [{"checks": checks} for checks in (["echo", {"script": {"min": 0}}], [{"script": {"min": 0}}])]
    both, one = (build(graph_of(tmp_path, "filter", {"pairs": {"en": "ar"}} | limit)) for limit in limits)
    assert [row["reason"] for row in content(both)[1]] == ["filter: echo: ZeroDivisionError: no house"]
    assert content(one)[1] == []
    monkeypatch.setattr(Echo, "score", None)  # the error is known
    again = build(graph_of(tmp_path, "filter", {"pairs": {"en": "ar"}, "checks": [{"echo": {"max": 0.9}}]}))
    assert [row["n"] for row in content(again)[1]] == [3]


def test_two_recipes_share_a_store(tmp_path, monkeypatch):
    use(monkeypatch, engine := EchoEngine(rate))
    verb, fixed, (low, high), *_ = CASES["judge"]
    made = [
        build(graph_of(tmp_path / str(n), verb, fixed | limit, tmp_path / "store"))
        for n, limit in enumerate((low, high))
    ]
    assert len(engine.asked) == len(ROWS) and made[0].made == made[1].made
    assert [len(content(node)[0]) for node in made] == [9, 4]


def test_what_stands_after_a_moved_limit_asks_for_nothing_known(tmp_path, monkeypatch):
    """A row that was judged before is not judged again because an earlier step keeps other rows."""
    use(monkeypatch, engine := EchoEngine(rate))
    judged = {"judge": CASES["judge"][1] | {"criteria": {"mark": 2}}}

    def build_with(limit: float) -> Node:
        graph = graph_of(tmp_path, "filter", {"pairs": {"en": "ar"}, "checks": [{"script": {"min": limit}}]})
        path = tmp_path / "moved.yaml"
        path.write_text(path.read_text().replace("  bench:", f"      - {json.dumps(judged)}\n  bench:"))
        return build(build_graph(load(path), graph.store, Resolver(tmp_path / "moved.lock", online=False)))

    build_with(0.3)
    asked = len(engine.asked)
    build_with(0.8)
    assert asked and len(engine.asked) == asked
    build_with(0)
    assert len(engine.asked) == len(set(engine.asked)) == len(ROWS)


def test_translate_asks_again_only_for_what_its_moved_check_refuses(tmp_path, monkeypatch):
    """Its checks are no limits: they say which units are tried again. What was answered stays in the memory."""
    use(monkeypatch, engine := EchoEngine())
    fixed = {"model": "m", "fields": ["one"], "prompt": "{text}"}
    build(graph_of(tmp_path, "translate", fixed | {"checks": ["script"]}))
    asked = len(engine.asked)
    build(graph_of(tmp_path, "translate", fixed | {"checks": [{"script": {"min": 0.2}}], "language_tasks": 0.9}))
    assert len(engine.asked) == asked


@pytest.mark.parametrize("name", ["judge", "backtranslate", "safety", "retranslate"])
def test_a_store_of_an_older_version_lends_its_scores(tmp_path, monkeypatch, name):
    """They lay in the folder of the finished artifact, and those of what was translated again hung on the gates."""
    verb, fixed, limits, scores, answer = CASES[name]
    use(monkeypatch, EchoEngine(answer))
    old = build(graph_of(tmp_path, verb, fixed | limits[0]))
    final = build(graph_of(tmp_path / "final", verb, BACK | limits[0])) if name == "retranslate" else old
    shutil.copytree(final.made / "scores", old.folder / "scores")
    shutil.rmtree(old.made)
    shutil.rmtree(tmp_path / "store" / "memory")
    use(monkeypatch, engine := EchoEngine(answer))
    calls = counted(monkeypatch, scores)
    assert build(graph_of(tmp_path, verb, fixed | limits[0])).folder == old.folder and not calls
    moved = build(graph_of(tmp_path, verb, fixed | limits[1]))
    assert bool(engine.asked) == bool(calls) == (name == "retranslate")
    assert content(moved) == content(build(graph_of(tmp_path / "fresh", verb, fixed | limits[1])))
    assert (old.folder / "scores").is_dir()
