from __future__ import annotations

import pyarrow as pa
import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.columns import Columns
from factory.store import Dataset
from tests.support import dataset, kept, rejected, run_step

ROWS = [
    {"question": "Q1", "answer": "A1", "translation": {"en": "one", "ar": "واحد"}, "turns": [{"value": "x"}], "n": 1},
    {"question": "Q2", "answer": None, "translation": None, "turns": [], "n": 2},
]


def columns(**definitions):
    return Columns.model_validate(definitions)


def test_renames_and_drops(tmp_path):
    job = run_step(
        columns(instruction="question", response="answer"), dataset(tmp_path / "in", ROWS), tmp_path / "out"
    )
    assert kept(job) == [{"instruction": "Q1", "response": "A1"}, {"instruction": "Q2", "response": None}]
    assert job.rows.kept == 2


def test_paths_reach_inside_and_short_lists_give_null(tmp_path):
    step = columns(en="translation.en", first="turns[0].value", last="turns[-1].value")
    job = run_step(step, dataset(tmp_path / "in", ROWS), tmp_path / "out")
    assert kept(job) == [{"en": "one", "first": "x", "last": "x"}, {"en": None, "first": None, "last": None}]


def test_messages_from_templates_reject_rows_without_a_value(tmp_path):
    step = columns(
        messages=[{"role": "user", "content": "{question} ({n})"}, {"role": "assistant", "content": "{answer}"}],
        source={"constant": "orca"},
        weight=0.5,
    )
    job = run_step(step, dataset(tmp_path / "in", ROWS), tmp_path / "out")
    messages = [{"role": "user", "content": "Q1 (1)"}, {"role": "assistant", "content": "A1"}]
    assert kept(job) == [{"messages": messages, "source": "orca", "weight": 0.5}]
    assert [(row["outcome"], row["reason"]) for row in rejected(job)] == [("rejected", "columns: no answer")]
    assert job.rows.reasons == {"columns: no answer": 1}


def test_many_rows_keep_their_own_messages(tmp_path):
    rows = [{"q": f"q{i}", "a": f"a{i}"} for i in range(57)]
    step = columns(messages=[{"role": "user", "content": "{q}"}, {"role": "assistant", "content": "{a}"}])
    job = run_step(step, dataset(tmp_path / "in", rows, shard_rows=10), tmp_path / "out")
    assert [[m["content"] for m in row["messages"]] for row in kept(job)] == [[r["q"], r["a"]] for r in rows]


def test_a_part_of_a_template_may_depend_on_a_value(tmp_path):
    rows = [{"q": "Sort.", "x": "2 1"}, {"q": "Sing.", "x": ""}, {"q": "Rest.", "x": None}, {"q": None, "x": "y"}]
    prompt = "{q}{% if x %}\n\n{x}{% endif %}"
    step = columns(prompt=prompt, messages=[{"role": "user", "content": prompt}])
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out")
    texts = ["Sort.\n\n2 1", "Sing.", "Rest."]
    assert [row["prompt"] for row in kept(job)] == texts
    assert [row["messages"][0]["content"] for row in kept(job)] == texts
    assert job.rows.reasons == {"columns: no q": 1}
    with pytest.raises(ValidationError, match=r"has no \{% endif %\}"):
        columns(prompt="{% if x %}{x}")


def test_paths_reach_into_lists_and_json(tmp_path):
    """The first rows differ in their keys: that column is JSON, and its paths are read row by row."""
    inner = [{"output": "a", "n": 1}, {"output": "b"}]
    step = columns(first="i[0].output", last="i[-1].output", number="i[0].n", text="{i[0].output} {i[0].n}")
    plain = [{"i": [{"output": "a", "n": 1}, {"output": "b", "n": 2}]}, {"i": []}]
    wanted = {"first": "a", "last": "b", "number": 1, "text": "a 1"}
    job = run_step(step, dataset(tmp_path / "in", plain), tmp_path / "out")
    assert kept(job) == [wanted] and job.rows.reasons == {"columns: no i[0].output": 1}
    mixed = [{"i": inner}, {"i": []}, {"i": "text"}]
    schema = pa.schema([("i", pa.json_())])
    job = run_step(step, dataset(tmp_path / "in2", mixed, schema=schema), tmp_path / "out2")
    assert kept(job) == [wanted] and job.rows.rejected == 2


def test_a_label_is_its_name_in_a_text_and_stays_a_label(tmp_path):
    import datasets

    features = datasets.Features({"label": datasets.ClassLabel(names=["bad", "good"]), "t": datasets.Value("string")})
    schema = features.arrow_schema
    rows = [{"label": 1, "t": "x"}, {"label": 0, "t": "y"}, {"label": -1, "t": "z"}]
    step = columns(keep=["label"], prompt="{t}: {label}")
    job = run_step(step, dataset(tmp_path / "in", rows, schema=schema), tmp_path / "out")
    assert kept(job) == [{"label": 1, "prompt": "x: good"}, {"label": 0, "prompt": "y: bad"}]
    assert job.rows.reasons == {"columns: no label": 1}
    [shard] = (tmp_path / "out").glob("data/*.parquet")
    assert datasets.Dataset.from_parquet(str(shard)).features["label"] == features["label"]


def test_literal_braces_and_keep(tmp_path):
    step = columns(keep=["n"], text="{{question}} is {question} {x y}")
    job = run_step(step, dataset(tmp_path / "in", ROWS[:1]), tmp_path / "out")
    assert kept(job) == [{"n": 1, "text": "{question} is Q1 {x y}"}]


def test_keep_all_overwrites_in_place(tmp_path):
    job = run_step(columns(keep="all", question="answer"), dataset(tmp_path / "in", ROWS[:1]), tmp_path / "out")
    assert list(kept(job)[0]) == list(ROWS[0])
    assert kept(job)[0]["question"] == "A1"


def test_unknown_columns_name_the_nearest(tmp_path):
    with pytest.raises(FactoryError, match="did you mean 'question'"):
        columns(instruction="questoin").check_columns(["question", "answer"])
    with pytest.raises(FactoryError, match="no column 'fr'"):
        run_step(columns(x="translation.fr"), dataset(tmp_path / "in", ROWS), tmp_path / "out")
    with pytest.raises(FactoryError, match="not a list"):
        run_step(columns(x="question[0]"), dataset(tmp_path / "in2", ROWS), tmp_path / "out2")


def test_columns_after(tmp_path):
    assert columns(a="x", b="{y}").check_columns(["x", "y"]) == ["a", "b"]
    assert columns(keep="all", b="x").check_columns(None) is None
    assert columns(b="x").check_columns(None) == ["b"]


@pytest.mark.parametrize(
    "wrong", [{}, {"a": []}, {"a": [{"x": "1"}, {"y": "1"}]}, {"a": "x..y"}, {"a": "[0]"}, {"keep": "some"}]
)
def test_wrong_definitions_are_refused(wrong):
    with pytest.raises(ValidationError):
        Columns.model_validate(wrong)


def test_empty_dataset_keeps_the_schema(tmp_path):
    source = dataset(tmp_path / "in", [], schema=pa.schema([("question", pa.string())]))
    job = run_step(
        columns(instruction="question", m=[{"role": "user", "content": "{question}"}]), source, tmp_path / "o"
    )
    assert job.rows.rows_in == 0
    from factory.store import Dataset

    assert Dataset(job.out).schema().names == ["instruction", "m"]


def test_features_of_copied_columns_stay(tmp_path):
    import io

    from datasets import Features, Image, Value
    from PIL import Image as PillowImage

    features = Features({"picture": Image(), "text": Value("string")})
    buffer = io.BytesIO()
    PillowImage.new("RGB", (2, 2)).save(buffer, "PNG")
    rows = [{"picture": {"bytes": buffer.getvalue(), "path": None}, "text": "x"}]
    source = dataset(tmp_path / "in", rows, schema=features.arrow_schema)
    job = run_step(columns(image="picture", label="text"), source, tmp_path / "out")
    loaded = Dataset(job.out).load()
    assert isinstance(loaded.features["image"], Image)
    assert loaded.cast_column("image", Image())[0]["image"].size == (2, 2)


def test_conversations_in_the_other_form(tmp_path):
    rows = [
        {"m": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"m": None},
        {"m": [{"role": "narrator", "content": "Once"}]},
    ]
    step = Columns.model_validate({"c": {"sharegpt": "m"}})
    job = run_step(step, dataset(tmp_path / "in", rows), tmp_path / "out")
    assert kept(job) == [{"c": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}, {"c": None}]
    assert job.rows.reasons == {"columns: no text in every turn of m": 1}
    back = Columns.model_validate({"m": {"messages": "c"}})
    source = dataset(tmp_path / "in2", kept(job))
    assert kept(run_step(back, source, tmp_path / "out2"))[0] == rows[0]
    with pytest.raises(FactoryError, match="did you mean 'm'"):
        Columns.model_validate({"c": {"sharegpt": "mm"}}).check_columns(["m"])
