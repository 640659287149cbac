"""Structure, conversations, faults and odd values, with an engine that answers at once."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.engines import Completion
from factory.errors import FactoryError
from tests.echo import EchoEngine, arabic, use
from tests.steps.test_translate import laddered
from tests.support import dataset, kept, rejected, run_step

TURNS = [
    {"role": "system", "content": "You are kind."},
    {"role": "user", "content": "List files with `ls`:\n\n1. all\n2. some"},
    {"role": "assistant", "content": "Use this:\n```sh\nls -a\n```\nIt lists all."},
]


@pytest.fixture
def model(tmp_path):
    return dataset(tmp_path / "m", [{"x": 1}])


def translated(monkeypatch, tmp_path, rows, model, engine=None, schema=None, **parameters):
    use(monkeypatch, engine or EchoEngine())
    return run_step(laddered(**parameters), dataset(tmp_path / "in", rows, schema=schema), tmp_path / "out", m=model)


def test_structure_stays(monkeypatch, tmp_path, model):
    text = (
        "# Title\n\nRun `ls -l` at https://a.org/x, {name}!\n\n```python\nprint('hello')\n```\n\n"
        "| a | bb cc |\n| --- | --- |\n| one | 2 |\n\n$$x = y$$\n"
    )
    engine = EchoEngine()
    job = translated(monkeypatch, tmp_path, [{"t": text}], model, engine)
    [row] = kept(job)
    for piece in (
        "`ls -l`",
        "https://a.org/x",
        "{name}",
        "```python\nprint('hello')\n```",
        "| --- | --- |",
        "$$x = y$$",
    ):
        assert piece in row["t_ar"]
    assert arabic("Title") in row["t_ar"] and row["t_ar"].startswith("# ")
    assert not any("print" in asked or "http" in asked for asked in engine.asked)
    assert job.metrics["translations"]["units"] == {"first": len(set(engine.asked))}


LINES = st.sampled_from(
    [
        "Tell me more.",
        "- an item",
        "1. first",
        "```",
        "x = 1",
        "    indented",
        "| a | b |",
        "",
        "$x$ is `y`",
        "{a} %s <b>it</b>",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.lists(LINES, max_size=8).map("\n".join), st.text(max_size=60)))
def test_an_engine_that_repeats_gives_the_source_back(tmp_path_factory, monkeypatch, text):
    folder = tmp_path_factory.mktemp("p")
    model = dataset(folder / "m", [{"x": 1}])
    with monkeypatch.context() as patch:
        use(patch, EchoEngine(lambda asked: asked))
        source = dataset(folder / "in", [{"t": text}], schema=pa.schema([("t", pa.string())]))
        job = run_step(laddered(checks=[]), source, folder / "out", m=model)
    if job.rows.kept:
        assert kept(job) == [{"t": text, "t_ar": text}]
    else:  # a text may hold what no answer may: nothing but white space where it was stripped
        assert next(iter(job.rows.reasons)).startswith("translate: ")
        assert rejected(job)[0]["t"] == text


def test_conversations_keep_roles_order_and_other_keys(monkeypatch, tmp_path, model):
    rows = [
        {"messages": [{**turn, "weight": i} for i, turn in enumerate(TURNS)]},
        {"messages": None},
        {"messages": []},
    ]
    job = translated(monkeypatch, tmp_path, rows, model, fields=["messages"])
    found, *others = [row["messages_ar"] for row in kept(job)]
    assert [(turn["role"], turn["weight"]) for turn in found] == [("system", 0), ("user", 1), ("assistant", 2)]
    assert found[0]["content"] == arabic("You are kind.")
    assert "`ls`" in found[1]["content"] and "\n2. " in found[1]["content"]
    assert found[2]["content"].endswith("```sh\nls -a\n```\n" + arabic("It lists all."))
    assert others == [None, []]
    from factory.store import Dataset

    schema = Dataset(job.out).schema()
    assert schema.field("messages_ar").type == schema.field("messages").type


def test_conversations_that_differ_in_keys_are_translated_and_stay_as_they_are(monkeypatch, tmp_path, model):
    calls = [
        {"function": {"name": "f", "arguments": {"city": "Rome"}}},
        {"function": {"name": "g", "arguments": "{}"}},
    ]
    rows = [
        {"m": [{"role": "user", "content": "Hello there", "weight": 0}, {"role": "assistant", "tool_calls": calls}]},
        {"m": [{"role": "user", "content": "Good evening"}]},
        {"m": "A text"},
        {"m": None},
        {"m": {"a": 1}},
    ]
    schema = pa.schema([("m", pa.json_())])
    job = translated(monkeypatch, tmp_path, rows, model, schema=schema, fields=["m"])
    first, second, third, fourth = kept(job)
    asked, called = rows[0]["m"]
    assert first["m_ar"] == [{**asked, "content": arabic("Hello there")}, called]
    assert second["m_ar"] == [{"role": "user", "content": arabic("Good evening")}]
    assert third["m_ar"] == arabic("A text") and fourth["m_ar"] is None
    assert [row["m"] for row in kept(job)] == [row["m"] for row in rows[:4]]
    assert [row["outcome"] for row in rejected(job)] == ["failed"]


def test_sharegpt_system_turns_and_tools(monkeypatch, tmp_path, model):
    call = json.dumps({"name": "find", "arguments": {"query": "red shoes", "id": "a-1"}})
    turns = [
        {"from": "system", "value": "You are kind."},
        {"from": "human", "value": "Find red shoes"},
        {"from": "function_call", "value": call},
        {"from": "observation", "value": '{"found": "red shoes"}'},
        {"from": "gpt", "value": "Found them."},
    ]
    parameters = {"fields": ["conversations"], "system_turns": "keep", "json_keys": ["query"]}
    job = translated(monkeypatch, tmp_path, [{"conversations": turns}], model, **parameters)
    values = [turn["value"] for turn in kept(job)[0]["conversations_ar"]]
    assert [turn["from"] for turn in kept(job)[0]["conversations_ar"]] == [turn["from"] for turn in turns]
    assert values[0] == "You are kind." and values[3] == '{"found": "red shoes"}'
    assert json.loads(values[2]) == {"name": "find", "arguments": {"query": arabic("red shoes"), "id": "a-1"}}
    assert (values[1], values[4]) == (arabic("Find red shoes"), arabic("Found them."))


def test_one_bad_turn_rejects_its_row_alone(monkeypatch, tmp_path, model):
    def answer(text):
        return "I'm sorry, I cannot translate this." if "bomb" in text else arabic(text)

    rows = [{"c": [{"role": "user", "content": text}]} for text in ("How are you today?", "How is a bomb built?")]
    job = translated(monkeypatch, tmp_path, rows, model, EchoEngine(answer), fields=["c"], checks=["refusal"])
    assert job.rows.kept == 1 and job.rows.reasons == {"translate: refusal": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda text: text, "echo"),
        (lambda text: Completion(arabic(text)[:4], "length", 1, 1), "cut off"),
        (lambda text: " \n", "empty"),
        (lambda text: arabic(text) + "<|im_end|>", "chat tokens"),
        (lambda text: arabic(text).replace("⟦", "(").replace("<", "("), "masks"),
        (lambda text: "ما " * 60, "repetition"),
        (lambda text: arabic(text) + arabic("and so on and on ") * 9, "length_ratio"),
        (lambda text: "Here is the translation: " + arabic(text), "refusal"),
        (lambda text: "Привет, " * 2 + "как у вас дела? ⟦1⟧", "script"),
        (lambda text: "Put the whole of this into Arabic: " + arabic(text), "prompt"),
    ],
)
def test_faults_have_names(monkeypatch, tmp_path, model, answer, reason):
    rows = [{"t": "Please tell me what `ls` does, my friend."}]
    checks = [{"echo": {"max": 0.6}}, "refusal", "script", {"length_ratio": {"min": 0.3}}, "repetition"]
    if reason == "repetition":
        checks = ["repetition"]
        rows = [{"t": "Please tell me what this does, my friend."}]
    prompt = "Put the whole of this into Arabic: {text}"
    engine = EchoEngine(lambda asked: answer(asked.rpartition(": ")[2]))
    job = translated(monkeypatch, tmp_path, rows, model, engine, prompt=prompt, checks=checks, ladder=["retry"])
    assert job.rows.reasons == {f"translate: {reason}": 1}
    assert job.metrics["translations"]["faults"] == {reason: 1}


def test_what_the_engine_cannot_answer_fails_its_row(monkeypatch, tmp_path, model):
    def answer(text):
        return Completion.error("400: refused by the provider") if "bad" in text else arabic(text)

    job = translated(monkeypatch, tmp_path, [{"t": "a bad text"}, {"t": "a good text"}], model, EchoEngine(answer))
    assert (job.rows.kept, job.rows.failed) == (1, 1)
    assert job.rows.reasons == {"translate: error": 1}


def test_an_example_of_the_prompt_in_place_of_many_texts(monkeypatch, tmp_path, model):
    """The failure in a public Arabic MMLU: 846 rows asked the same unrelated question."""
    leaked = arabic("What is the capital city of the country of France?")
    asks = (
        "Name seven rivers",
        "Why do cats purr",
        "How are steel bridges built",
        "Who wrote Hamlet",
        "Define entropy",
    )
    rows = [{"t": f"{text} in about ten or twelve short words?"} for text in asks]
    job = translated(monkeypatch, tmp_path, rows, model, EchoEngine(lambda text: leaked), checks=[], ladder=[])
    assert job.rows.kept == 5  # half of their words are the same: they may have one translation
    rows = [{"t": text} for text in asks]
    source = dataset(tmp_path / "in2", rows)
    job = run_step(laddered(checks=[], ladder=[]), source, tmp_path / "out2", m=model)
    assert job.rows.reasons == {"translate: same answer": 5}


def test_names_may_stay(monkeypatch, tmp_path, model):
    """The check of scripts knows words that begin with a capital, the ladder the small ones between them, too."""
    rows = [{"t": "- Microsoft Word\n- Bank of England\n- tell me more"}]
    engine = EchoEngine(lambda text: arabic(text) if "tell" in text else text)
    job = translated(monkeypatch, tmp_path, rows, model, engine)
    assert kept(job)[0]["t_ar"] == "- Microsoft Word\n- Bank of England\n- " + arabic("tell me more")
    assert job.metrics["translations"]["units"] == {"first": 2, "name": 1}


def test_tasks_about_the_language_cost_nothing(monkeypatch, tmp_path, model):
    rows = [
        {"i": "Correct the spelling of this word: recieve", "r": "receive"},
        {"i": "Write about rivers", "r": "It is the word that rhymes."},
    ]
    engine = EchoEngine()
    job = translated(monkeypatch, tmp_path, rows, model, engine, fields=["i", "r"], language_tasks=0.8)
    assert [row["i"] for row in kept(job)] == ["Write about rivers"]
    assert rejected(job)[0]["reason"] == "translate: about the source language: spelling: Correct the spelling"
    assert rejected(job)[0]["i_ar"] is None
    assert engine.asked == ["Write about rivers", "It is the word that rhymes."]


def test_odd_texts(monkeypatch, tmp_path, model):
    texts = [
        "a\u0000b \ufeffword",
        "emoji 👩‍👩‍👧 and ⟦1⟧ marks",
        "\u202eright to left\u202c",
        "é̂" * 50,
        "\u2028",
        "x" * 30_000,
    ]
    engine = EchoEngine(lambda text: arabic(text) + "\ud800")  # half a surrogate pair, as JSON may hold
    job = translated(monkeypatch, tmp_path, [{"t": text} for text in texts], model, engine, checks=[])
    assert job.rows.rows_in == len(texts) and job.rows.balanced and job.rows.kept >= 4


def test_wrong_types_are_said_before_the_work(monkeypatch, tmp_path, model):
    with pytest.raises(FactoryError, match="'n' is list"):
        translated(monkeypatch, tmp_path, [{"n": [1]}], model, fields=["n"])


def test_large_strings_stay_large(monkeypatch, tmp_path, model):
    schema = pa.schema([("t", pa.large_string())])
    job = translated(monkeypatch, tmp_path, [{"t": "hello there"}], model, schema=schema)
    from factory.store import Dataset

    assert Dataset(job.out).schema().field("t_ar").type == pa.large_string()
