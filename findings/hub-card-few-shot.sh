#!/usr/bin/env bash
# Package: huggingface_hub 1.33.0 (model cards, `model-index`).
# Expected: two EvalResults that differ in `dataset_args` (0 and 5 examples in the prompt), in `task_name` and in their
#   source are two results in the card, and reading the card gives both back.
# Seen: the card holds one result with two metrics. The second score stands under the arguments, names and source of the
#   first, and reading the card back says that both are zero-shot and come from the first source. No warning.
#   Results are grouped by task type, dataset, configuration, split and revision alone.
# Why it matters: a card that shows zero-shot beside few-shot scores, or one's own beside a leaderboard's, publishes the
#   second with a false protocol and a false origin, and every tool that reads the card believes it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check huggingface_hub==1.33.0 PyYAML==6.0.4
venv/bin/python - <<'PY'
import sys

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

shared = {
    "task_type": "text-generation",
    "dataset_type": "example/exams",
    "dataset_name": "Exams",
    "dataset_split": "test",
    "metric_type": "accuracy",
}
given = [
    EvalResult(**shared, metric_value=41.0, dataset_args={"num_few_shot": 0}, task_name="Zero-shot",
               source_name="Our run", source_url="https://example.org/ours"),
    EvalResult(**shared, metric_value=55.0, dataset_args={"num_few_shot": 5}, task_name="Five-shot",
               source_name="A leaderboard", source_url="https://example.org/board"),
]
header = ModelCardData(language="ar", model_name="tiny", eval_results=given).to_yaml()
results = yaml.safe_load(header)["model-index"][0]["results"]
read = ModelCard(f"---\n{header}\n---\n# tiny\n").data.eval_results


def told(result):
    return result.metric_value, result.dataset_args["num_few_shot"], result.task_name, result.source_name


print("Written:")
for result in given:
    print("  ", told(result))
print(f"Results in the card: {len(results)}, metrics in the first: {len(results[0]['metrics'])}. Read back:")
for result in read:
    print("  ", told(result))

seen = [told(result) for result in read]
if len(results) != 1 or seen != [(41.0, 0, "Zero-shot", "Our run"), (55.0, 0, "Zero-shot", "Our run")]:
    sys.exit("CHANGED: the results are no longer joined under the first one's arguments.")
print("As stated: the five-shot score 55.0 of a leaderboard is read back as a zero-shot score of our own run.")
PY
