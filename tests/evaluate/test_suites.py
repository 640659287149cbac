"""The registry, what importing it costs, and the schema that editors read."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from factory.evaluate.base import has_chat_template
from factory.evaluate.suites import suites

NAMES = ["mmlu-translation", "multiple-choice", "oall-v2", "perplexity", "translation"]


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
