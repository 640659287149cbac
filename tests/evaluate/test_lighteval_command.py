"""`lighteval accelerate`, as its users type it, on the questions of our suite: the same accuracy to the last digit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from factory.evaluate.suites.multiple_choice import MultipleChoice
from tests.evaluate.test_lighteval_model import tokenizer_with_bos
from tests.evaluate.test_multiple_choice import questions
from tests.steps.model_toys import CONFIGS, make_model

# One of the tasks that it imports with all the others downloads a table that only that task needs.
COMMAND = """\
import types, requests
requests.get = lambda *_, **__: types.SimpleNamespace(status_code=404)
from lighteval.__main__ import app
app()
"""
TASK = """\
from lighteval.metrics.metrics import Metrics
from lighteval.metrics.normalizations import LogProbCharNorm
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc

def prompt(row, task_name=None):
    return Doc(task_name=task_name, query=row["query"], choices=row["choices"], gold_index=row["gold"])

TASKS_TABLE = [LightevalTaskConfig(
    name="asked", prompt_function=prompt, hf_repo=FOLDER, hf_subset="default", hf_avail_splits=["train"],
    evaluation_splits=["train"], few_shots_split=None,
    metrics=[Metrics.loglikelihood_acc(sample_params={"logprob_normalization": LogProbCharNorm()})],
)]
"""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "template"), [("llama", False), ("lfm2", True)])
def test_the_command_finds_what_the_suite_finds(
    tmp_path: Path, make_job, make_dataset, kind: str, template: bool
) -> None:
    model = make_model(tmp_path / "m", kind, config=CONFIGS[kind] | {"initializer_range": 0.3})
    tokenizer_with_bos(model.model)
    job = make_job(model, {"bench": make_dataset(questions(60))})
    suite = MultipleChoice(
        models=["m"], data=["bench"], question="q", options=["o1", "o2", "o3", "o4"], answer="key",
        formulation="CF", chat_template=template, scoring="published",
    )  # fmt: skip
    suite.run(job)
    data = tmp_path / "asked"
    data.mkdir()
    with (data / "train.jsonl").open("w", encoding="utf-8") as lines:
        for detail in pq.read_table(job.out / "details.parquet").to_pylist():
            lines.write(json.dumps({key: detail[key] for key in ("query", "choices", "gold")}) + "\n")
    (tmp_path / "task.py").write_text(f"FOLDER = {str(data)!r}\n{TASK}", encoding="utf-8")
    settings = f"model_name={model.model},dtype=float32,batch_size=8,device=cpu,override_chat_template={template}"
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "accelerate", settings, "asked|0",
         "--custom-tasks", str(tmp_path / "task.py"), "--output-dir", str(tmp_path / "out")],
        env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    [written] = (tmp_path / "out").rglob("results_*.json")
    [theirs] = [value for name, value in json.loads(written.read_text("utf-8"))["results"]["asked|0"].items()
                if name.startswith("acc") and not name.endswith("stderr")]  # fmt: skip
    assert job.metrics["scores"]["acc"]["value"] == 100 * theirs
    assert 0 < theirs < 1
