"""Card metadata, benchmarks and results: what the Hub refuses is known here, and what it takes is taken."""

from __future__ import annotations

from typing import Any

import pytest

from factory.hub.metadata import benchmark_problems, card_problems, result_problems

GOOD = {
    "license": "apache-2.0",
    "language": ["ar", "en"],
    "tags": ["factory", "text generation"],
    "library_name": "transformers",
    "pipeline_tag": "text-generation",
    "base_model": ["LiquidAI/LFM2-1.2B"],
    "base_model_relation": "finetune",
    "datasets": ["a/b", "squad"],
    "model-index": [
        {
            "name": "m",
            "results": [
                {
                    "task": {"type": "translation"},
                    "dataset": {"type": "a/b", "name": "AB"},
                    "metrics": [{"type": "bleu", "value": 31.5}],
                }
            ],
        }
    ],
}


def test_a_good_card_is_taken() -> None:
    assert card_problems(GOOD, "model") == []
    assert card_problems({}, "model") == [] == card_problems({"license": None}, "dataset")
    other = {"license": "other", "license_name": "my-license-1.0", "license_link": "LICENSE"}
    assert card_problems(other, "dataset") == []
    assert card_problems({"license": ["mit", "cc-by-4.0"]}, "dataset") == []


@pytest.mark.parametrize("language", ["ar", "en", "arb", "code", "multilingual", "no", "swa", "gsw", ["ar", "kab"]])
def test_languages_of_iso_639(language: Any) -> None:
    assert card_problems({"language": language}, "model") == []


@pytest.mark.parametrize("language", ["pt-BR", "pt_br", "english", "AR", "xx", "a", "", "zh-Hans", 5, ["ar", "ar-EG"]])
def test_other_words_for_languages_are_refused(language: Any) -> None:
    (said,) = card_problems({"language": language}, "model")
    assert "It must be an ISO 639-1, 639-2 or 639-3 code" in said and "language_bcp47" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"license": "Apache-2.0"}, '"license" must be one of [afl-3.0, agpl-3.0, apache-2.0'),
        ({"license": "lfm1.0"}, '"license" must be one of'),
        ({"license": {"a": 1}}, '"license" must be one of'),
        ({"license": "other"}, '"license_name" is required'),
        ({"license": "other", "license_name": "My Own"}, '"license_name" with value "My Own"'),
        ({"license": "other", "license_name": "x", "license_link": "my licence"}, '"license_link" with value'),
        ({"tags": "one, two", "base_model_relation": "copy"}, '"base_model_relation" must be one of [adapter, merge'),
        ({"tags": [1]}, '"tags" must be an array of texts'),
        ({"base_model": "./local"}, '"base_model" with value "./local" is not valid. Use a model id'),
        ({"base_model": ["/tmp/x"]}, '"base_model" with value "/tmp/x"'),
        ({"datasets": ["my data"]}, '"datasets" with value "my data" is not valid. Use a dataset id'),
        ({"datasets": {"a": 1}}, '"datasets" must be a name or a list of names'),
        ({"model-index": "x"}, '"model-index" must be an array'),
        ({"model-index": [{"results": [{"task": {"type": "t"}, "metrics": [{"type": "x"}]}]}]}, "dataset.type"),
        ({"pipeline_tag": ["a"]}, '"pipeline_tag" must be a text'),
    ],
)
def test_what_the_hub_refuses_of_a_model(change: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in card_problems(GOOD | change, "model"))


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ({"colorFrom": "orange"}, '"colorFrom" must be one of [red, yellow'),
        ({"sdk": "shiny"}, '"sdk" must be one of'),
        ({"short_description": 61 * "x"}, "60 characters"),
    ],
)
def test_what_the_hub_refuses_of_a_space(card: dict[str, Any], said: str) -> None:
    assert said in card_problems(card, "space")[0]
    assert card_problems({"configs": 5}, "dataset") == ['"configs" must be an array of objects']


BENCHMARK: dict[str, Any] = {"name": "B", "description": "d", "evaluation_framework": "mteb", "tasks": [{"id": "t"}]}


def test_benchmarks() -> None:
    assert benchmark_problems(BENCHMARK) == []
    assert benchmark_problems({}) == [
        '"name" is required',
        '"description" is required',
        *(p for p in benchmark_problems({**BENCHMARK, "evaluation_framework": "ours"})),
        '"tasks" must be a list of at least one task',
    ]
    missing = benchmark_problems({**BENCHMARK, "evaluation_framework": "inspect-ai"})
    assert missing == [f'"tasks[0].{key}" is required' for key in ("field_spec", "solvers", "scorers")]
    assert "twice" in benchmark_problems({**BENCHMARK, "tasks": [{"id": "t"}, {"id": "t"}]})[0]
    assert "mapping" in benchmark_problems([3])[0]


def test_results() -> None:
    assert result_problems([{"dataset": {"id": "a/b", "task_id": "t"}, "value": 1}]) == []
    assert result_problems([3]) == ['"[0].dataset" must be a mapping of id and task_id']
    assert result_problems([{"dataset": {"id": "a/b"}, "source": {"name": "x"}}]) == [
        '"[0].dataset.task_id" is required',
        '"[0].value" is required',
        '"[0].source.url" is required',
    ]
    assert result_problems({}) and result_problems([])


@pytest.mark.parametrize("framework", [["inspect-ai"], {"name": "inspect-ai"}, 5, None])
def test_a_framework_is_one_name(framework: object) -> None:
    (problem,) = benchmark_problems({**BENCHMARK, "evaluation_framework": framework})
    assert problem.startswith('"evaluation_framework" must be one of')
