from __future__ import annotations

import pytest

from factory.errors import FactoryError
from factory.steps.decontaminate import Decontaminate
from tests.support import build, dataset, kept, rejected, run_step

LONG = "which of the seven rivers in the north of the country is the longest and runs into the sea"
SHORT = "who wrote the long poem about the green river"
CONTEXT = " ".join(f"word{i}" for i in range(40))


@pytest.fixture
def bench(tmp_path):
    rows = [
        {"question": LONG, "choices": ["the first", "the second"], "answer": 1},
        {"question": SHORT, "choices": ["nobody"], "answer": 0},
        {"question": CONTEXT, "choices": [LONG.upper()], "answer": 0},
        {"question": None, "choices": ["a b c"], "answer": 0},
    ]
    return dataset(tmp_path / "bench", rows, shard_rows=2)


def decontaminate(**parameters) -> Decontaminate:
    return Decontaminate.model_validate({"against": "b", **parameters})


ROWS = [
    {"id": "asks it", "t": f"Please answer: {LONG.title()}?"},
    {"id": "asks half of it", "t": " ".join(LONG.split()[:12])},
    {"id": "short one whole", "t": f"Tell me, {SHORT}!"},
    {"id": "short one changed", "t": SHORT.replace("poem", "book")},
    {"id": "part of a context", "t": " ".join(CONTEXT.split()[5:20])},
    {"id": "clean", "t": "what is the name of the red bird that sings in the morning before the sun is up"},
    {"id": "none", "t": None},
]


def test_rows_that_hold_a_benchmarks_words_are_named(tmp_path, bench):
    job = run_step(decontaminate(on=["t"]), dataset(tmp_path / "in", ROWS, shard_rows=3), tmp_path / "out", b=bench)
    assert [row["id"] for row in kept(job)] == ["asks half of it", "short one changed", "clean", "none"]
    assert [(row["id"], row["reason"], round(row["score_contamination"], 3)) for row in rejected(job)] == [
        ("asks it", f"decontaminate: b: 1.00: {' '.join(LONG.split()[:13])}", 1.0),
        ("short one whole", f"decontaminate: b: 1.00: {SHORT}", 1.0),
        ("part of a context", f"decontaminate: b: 0.11: {' '.join(CONTEXT.split()[5:18])}", 0.107),
    ]
    assert job.metrics["benchmarks"] == {"against": ["b"], "texts": 3, "too_short": 4}
    assert job.notes == ["decontaminate: 4 benchmark texts of fewer than 8 words were not looked for"]


def test_a_larger_limit_and_shorter_ngrams(tmp_path, bench):
    step = decontaminate(ngram=8, max=0.5, keep_scores=False)
    job = run_step(step, dataset(tmp_path / "in", ROWS), tmp_path / "out", b=bench)
    assert [row["id"] for row in rejected(job)] == ["asks it", "short one whole"]
    assert "score_contamination" not in kept(job)[0]


def test_every_text_of_a_row_is_looked_into(tmp_path, bench):
    rows = [{"messages": [{"role": "user", "content": LONG}]}, {"messages": [{"role": "user", "content": "hello"}]}]
    job = run_step(decontaminate(), dataset(tmp_path / "in", rows), tmp_path / "out", b=bench)
    assert job.rows.rejected == 1


def test_arabic_is_found_in_any_spelling(tmp_path):
    question = "ما هي أطول الأنهار التي تجري في شمال البلاد وتصب في البحر الأبيض المتوسط"
    marked = "مَا هِيَ اطول الانهار، التي تجرى في شمال البلاد وتصب في البحر الابيض المتوسط؟"
    bench = dataset(tmp_path / "bench", [{"benchmark": "set:part", "text": question}])
    job = run_step(decontaminate(), dataset(tmp_path / "in", [{"t": marked}]), tmp_path / "out", b=bench)
    assert rejected(job)[0]["reason"].startswith("decontaminate: b: set:part, 1.00: ما هي اطول")


def test_a_benchmark_of_short_texts_only(tmp_path):
    bench = dataset(tmp_path / "bench", [{"q": "too short"}])
    job = run_step(decontaminate(), dataset(tmp_path / "in", ROWS), tmp_path / "out", b=bench)
    assert job.rows.kept == len(ROWS)


def test_unknown_column():
    with pytest.raises(FactoryError, match="did you mean 'text'"):
        decontaminate(on=["txt"]).check_columns(["text"])
    assert decontaminate().check_columns(["text"]) == ["text", "score_contamination"]


RECIPE = """recipe: 1
name: clean
language: {source: en, target: ar}
hub: {namespace: me}
datasets:
  questions:
    from: {demo: benchmark_ar, rows: 12}
  texts:
    from: {demo: benchmark_ar, rows: 4}
    steps:
      - decontaminate: {against: AGAINST, ngram: 4, shortest: 3}
evaluate:
  quiz:
    {suite: multiple-choice, models: [x/y], data: questions, question: Question, answer: Answer Key,
     options: [Option 1, Option 2], split: train, MORE}
"""


def graph(folder, against: str, more: str = "n: 5"):
    from factory.graph.nodes import build_graph
    from factory.recipe import load
    from factory.recipe.lock import Resolver
    from factory.store import Store

    (folder / "clean.yaml").write_text(RECIPE.replace("AGAINST", against).replace("MORE", more))
    loaded = load(folder / "clean.yaml")
    return build_graph(loaded, Store(folder / "store"), Resolver(folder / "clean.lock", online=False))


def test_a_suite_is_an_edge_to_its_data(tmp_path):
    from factory.store import Dataset, Manifest

    built = graph(tmp_path, "quiz")
    node = built.final("texts")
    assert [edge.node for edge in node.edges] == ["texts/00-load", "benchmark/quiz"]
    assert [edge.node for edge in built.nodes["benchmark/quiz"].edges] == ["questions/00-load"]
    build(built, "texts")
    texts = list(Dataset(built.nodes["benchmark/quiz"].folder).rows())
    assert texts and {row["benchmark"] for row in texts} == {"questions"}
    manifest = Manifest.load(node.folder)
    assert manifest is not None and manifest.rows is not None
    assert manifest.rows.rejected == 4  # the same generator made both
    assert manifest.rows.reasons == {"decontaminate: quiz": 4}


def test_only_what_chooses_the_data_changes_the_texts(tmp_path):
    one = graph(tmp_path, "quiz").nodes["benchmark/quiz"]
    same = graph(tmp_path, "quiz", "n: 3, few_shot: 0").nodes["benchmark/quiz"]
    other = graph(tmp_path, "quiz", "subject: Subject").nodes["benchmark/quiz"]
    assert same.step != one.step and same.fingerprint == one.fingerprint
    assert other.fingerprint != one.fingerprint


def test_a_suite_by_its_own_name_needs_no_entry(tmp_path):
    built = graph(tmp_path, "[oall-v2, questions]")
    assert [edge.node for edge in built.final("texts").edges][1:] == ["benchmark/oall-v2", "questions/00-load"]
    assert "MBZUAI/ArabicMMLU" in built.unresolved


@pytest.mark.parametrize(
    ("against", "message"),
    [("quizz", "did you mean 'quiz'"), ("texts", "need each other"), ("translation", "no evaluation or dataset")],
)
def test_what_is_no_benchmark_is_refused_with_its_place(tmp_path, against, message):
    from factory.errors import UsageError

    with pytest.raises(UsageError, match=rf"clean\.yaml:\d+:\d+.*{message}"):
        graph(tmp_path, against)


def test_pictures_that_a_suite_shows_are_found_among_the_rows(tmp_path):
    from factory.demo.catalogue import iter_rows
    from factory.evaluate.suites.visual_question_answering import VisualQuestionAnswering
    from factory.evaluate.texts import SuiteTexts

    shown = [
        {name: row[name] for name in ("image", "question", "answer")} for row in iter_rows("drawn_text_test", 6, 0)
    ]
    shown.append({**shown[0], "question": "again"})
    suite = VisualQuestionAnswering(models=["x/y"], data="questions")
    texts = run_step(SuiteTexts(suite=suite), None, tmp_path / "known", questions=dataset(tmp_path / "q", shown))
    found = kept(texts)
    assert sum(row["image"] is not None for row in found) == 6  # each once
    assert {row["text"] for row in found if row["text"]} >= {"again", shown[0]["answer"]}
    assert not any(".png" in (row["text"] or "") for row in found)

    other = [{"image": row["image"], "t": row["question"]} for row in iter_rows("drawings", 4, 3)]
    rows = [*other, {"image": shown[2]["image"], "t": "a leak"}]
    job = run_step(decontaminate(), dataset(tmp_path / "in", rows), tmp_path / "out", b=dataset(tmp_path / "b", found))
    assert [row["t"] for row in rejected(job)] == ["a leak"] and len(kept(job)) == 4
