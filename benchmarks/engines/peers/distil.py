"""A distilabel pipeline that generates one answer for each text: run by beside_distilabel.py in distilabel's own
environment.

Standard input: {"texts", "tokens": budget of an answer, "rows_at_once": of a step's batch, "cache": an empty folder},
and either {"model": a folder, "prompts_at_once": 1 or more} or {"url", "name"}. The last line of standard output:
{"generating": seconds from the first batch's start to the last one's end, "whole": to the finished dataset,
"answers": in the order of the texts}.
"""

import json
import sys
import time
from pathlib import Path

from distilabel.models import OpenAILLM, TransformersLLM
from distilabel.pipeline import Pipeline
from distilabel.steps import StepInput
from distilabel.steps.tasks import TextGeneration

ORDER = json.loads(sys.stdin.read())
TIMES = Path(ORDER["cache"]) / "times"


class Batched(TransformersLLM):
    """TransformersLLM has no setting for this: its transformers pipeline gets one prompt at a time."""

    def load(self) -> None:
        super().load()
        self._pipeline._batch_size = ORDER["prompts_at_once"]


class Clocked(TextGeneration):
    def process(self, inputs: StepInput):
        _note()
        for rows in super().process(inputs):
            _note()
            yield rows


def _note() -> None:
    with TIMES.open("a") as file:
        print(time.monotonic(), file=file)


def model():
    budget = {"max_new_tokens": ORDER["tokens"]}
    if "url" in ORDER:
        settings = {"model": ORDER["name"], "base_url": ORDER["url"], "api_key": "none", "timeout": 600}
        return OpenAILLM(**settings, generation_kwargs=budget | {"temperature": 0.0})
    greedy = budget | {"do_sample": False, "repetition_penalty": 1.0}
    kind = Batched if ORDER["prompts_at_once"] > 1 else TransformersLLM
    return kind(model=ORDER["model"], device="cpu", generation_kwargs=greedy)


def main() -> None:
    with Pipeline(name="answers", cache_dir=ORDER["cache"]) as pipeline:
        Clocked(name="answer", llm=model(), input_batch_size=ORDER["rows_at_once"])
    rows = [{"instruction": text} for text in ORDER["texts"]]
    found = pipeline.run(use_cache=False, dataset=rows, dataset_batch_size=ORDER["rows_at_once"])
    done = time.monotonic()
    answers = {row["instruction"]: row["generation"] for row in found["default"]["train"]}
    first, *_, last = map(float, TIMES.read_text().split())
    result = {"generating": last - first, "whole": done - first, "answers": [answers[text] for text in ORDER["texts"]]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
