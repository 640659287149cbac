"""The registry, what importing it costs, and the schema that editors read."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from factory.engines import Request
from factory.engines.tokens import Tokens, has_chat_template
from factory.errors import FactoryError
from factory.evaluate.base import input_rows
from factory.evaluate.suites import suites
from tests.evaluate.conftest import model_artifact

NAMES = [
    "acva",
    "arabic-exams",
    "camel-bench",
    "mmlu",
    "mmlu-arabic",
    "mmlu-translation",
    "multiple-choice",
    "oall-v2",
    "perplexity",
    "translation",
    "visual-question-answering",
]


def test_every_suite_is_found_under_its_files_name():
    assert sorted(suites()) == NAMES
    assert all(suite.produces == "evaluation" and suite.description for suite in suites().values())


def test_importing_the_suites_imports_nothing_heavy():
    code = (
        "import sys; from factory.evaluate.suites import suites; import factory.evaluate.gates; suites();"
        "heavy = {'torch', 'transformers', 'lighteval', 'datasets', 'numpy', 'sacrebleu'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_closed_and_data_may_be_one_or_several(name):
    schema = suites()[name].model_json_schema()
    assert schema["additionalProperties"] is False and "models" in schema["required"]
    if name in ("multiple-choice", "perplexity"):
        assert {option["type"] for option in schema["properties"]["data"]["anyOf"]} == {"string", "array"}
    with pytest.raises(ValidationError):
        suites()[name](models=[])


def test_chat_template_is_found_where_transformers_writes_it(llama, lfm2):
    assert has_chat_template(llama.model) and not has_chat_template(lfm2.model)


def test_an_empty_chat_template_is_none(tmp_path):
    """As a base model's folder may have it: rendered, every prompt would be empty."""
    model = model_artifact(tmp_path / "bare").model
    (model / "chat_template.jinja").write_text("")
    assert not has_chat_template(model)
    chat = Request.chat("Hello!", max_new_tokens=4)
    with pytest.raises(FactoryError, match="no chat template"):
        Tokens(model).encode([chat])


def test_rows_come_from_the_split_that_is_meant(lfm2, make_job, make_dataset):
    rows = [{"text": f"row {i}", "other": i} for i in range(20)]
    own = make_dataset(rows, "own", split="test")
    make_dataset(rows[:3], "own", split="dev")
    hub = make_dataset(rows[:5], "some/repo:config", split="validation")
    hub.manifest.identity["parameters"] = {"revision": "a" * 40}
    job = make_job(lfm2, {"own": own, "some/repo:config": hub})

    source, found = input_rows(job, "own", ["text"], "test[5:8]")
    assert found == [{"text": f"row {i}"} for i in (5, 6, 7)] and source.revision == "fp-own"
    assert len(input_rows(job, "own", ["text"], None)[1]) == 20
    assert len(input_rows(job, "own", ["text"], "dev")[1]) == 3
    # Rows 5 to 8 of the Hub's split are what was loaded: cutting again would leave nothing.
    source, found = input_rows(job, "some/repo:config", ["text"], "validation[5:10]")
    assert len(found) == 5
    assert (source.dataset, source.config, source.split) == ("some/repo", "config", "validation")
    assert source.revision == "a" * 40
    with pytest.raises(FactoryError, match=r"no split 'train'.*it has: dev, test"):
        input_rows(job, "own", ["text"], "train")
