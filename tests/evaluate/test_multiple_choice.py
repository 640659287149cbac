"""The multiple-choice suite against scoring by hand, and the traps of running lighteval in a long-lived process."""

from __future__ import annotations

import json
import logging
import os
import random

import numpy as np
import pyarrow.parquet as pq
import pytest

from factory.errors import FactoryError
from factory.evaluate.suites import suites
from factory.evaluate.suites.multiple_choice import MultipleChoice, answer_index
from factory.step.job import Artifact
from tests.evaluate.conftest import CHAT, manifest, model_artifact
from tests.tiny_vision import make_qwen2_vl

SUBJECTS = ["sums", "animals", "colours"]


def questions(n: int = 45, seed: int = 0) -> list[dict]:
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        options = [str(rng.randrange(100)) for _ in range(4)]
        rows.append(
            {
                "q": f"سؤال رقم {i} " + "كم" * rng.randrange(4),
                **dict(zip(["o1", "o2", "o3", "o4"], options, strict=True)),
                "key": "ABCD"[rng.randrange(4)],
                "topic": SUBJECTS[i % 3 if i < 30 else 0],
            }
        )
    return rows


def suite(**more) -> MultipleChoice:
    fields = {"question": "q", "options": ["o1", "o2", "o3", "o4"], "answer": "key", "subject": "topic"}
    return MultipleChoice(**{"models": ["m"], "data": "bench", **fields, **more})


def by_hand(model_folder, rows: list[dict], template: bool = False) -> dict[str, float]:
    """Percent correct per subject: one forward pass per choice, no padding, no batches."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    hits: dict[str, list[bool]] = {}
    for row in rows:
        lines = "".join(f"{letter}. {row[f'o{i}']}\n" for i, letter in enumerate("أبجد", 1))
        prompt = f"السؤال التالي هو سؤال متعدد الإختيارات. اختر الإجابة الصحيحة:\n\n{row['q']}\n{lines}الإجابة:"
        if template:
            prompt = f"<|user|>{prompt}<|assistant|>"
        scores = []
        for letter in "أبجد":
            context, choice = tokenizer.encode(prompt), tokenizer.encode(letter, add_special_tokens=False)
            with torch.no_grad():
                logits = model(torch.tensor([context + choice])).logits[0].log_softmax(-1)
            steps = [logits[len(context) - 1 + i, token].item() for i, token in enumerate(choice)]
            scores.append(sum(steps) / len(letter))
        hits.setdefault(row["topic"], []).append(int(np.argmax(scores)) == "ABCD".index(row["key"]))
    return {topic: 100 * sum(found) / len(found) for topic, found in hits.items()}


@pytest.mark.parametrize("which", ["llama", "lfm2"])
def test_scores_equal_scoring_by_hand(which, request, make_job, make_dataset):
    model = request.getfixturevalue(which)
    rows = questions()
    job = make_job(model, {"bench": make_dataset(rows)})
    before = sorted(path for path in model.folder.rglob("*"))

    suite().run(job)

    expected = by_hand(model.model, rows, template=which == "llama")
    scores = job.metrics["scores"]
    assert {name: scores[name]["value"] for name in SUBJECTS} == pytest.approx(expected)
    assert scores["acc"]["value"] == pytest.approx(sum(expected.values()) / 3)  # not weighted by 25, 10, 10
    assert scores["sums"]["n"] == 25 and scores["acc"]["n"] == 45
    assert all(0 <= s["low"] <= s["value"] <= s["high"] <= 100 and s["stderr"] > 0 for s in scores.values())
    assert job.metrics["headline"] == "acc"
    assert job.metrics["protocol"]["chat_template"] is (which == "llama")
    assert json.loads((job.out / "results.json").read_text()) == job.metrics
    assert sorted(path for path in model.folder.rglob("*")) == before, "lighteval wrote into the model's folder"


def test_a_rendered_template_gets_no_second_bos(tmp_path, make_job, make_dataset):
    """The template writes one, and the tokenizer would put another before whatever it is given."""
    import torch
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = model_artifact(tmp_path / "bos", template="{{ bos_token }}" + CHAT)
    tokenizer = AutoTokenizer.from_pretrained(model.model)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    tokenizer.save_pretrained(model.model)
    assert AutoTokenizer.from_pretrained(model.model).encode("<s>a")[:2] == [0, 0]
    job = make_job(model, {"bench": make_dataset(questions(3))})

    suite().run(job)

    first = pq.read_table(job.out / "details.parquet").to_pylist()[0]
    prompt = f"<s><|user|>{first['query']}<|assistant|>"
    weights = AutoModelForCausalLM.from_pretrained(model.model, dtype=torch.float32).eval()
    for choice, found in zip(first["choices"], first["logprobs"], strict=True):
        context, wanted = (tokenizer.encode(text, add_special_tokens=False) for text in (prompt, choice))
        assert context.count(0) == 1
        with torch.no_grad():
            logits = weights(torch.tensor([context + wanted])).logits[0].log_softmax(-1)
        by_hand = sum(logits[len(context) - 1 + i, token].item() for i, token in enumerate(wanted))
        assert found == pytest.approx(by_hand, abs=1e-4)


def test_details_hold_every_question_once(llama, make_job, make_dataset):
    rows = questions()
    job = make_job(llama, {"bench": make_dataset(rows)})
    suite().run(job)
    details = pq.read_table(job.out / "details.parquet").to_pylist()
    asked = {detail["query"].split("\n\n", 1)[1].split("\n")[0] for detail in details}
    assert len(details) == 45 and asked == {row["q"] for row in rows}
    assert all((d["predicted"] == d["gold"]) == bool(d["correct"]) for d in details)
    assert job.usage.requests == 4 * 45 and job.usage.prompt_tokens > 4 * 45 * 50


def test_retrained_weights_at_the_same_path_are_scored_anew(make_job, make_dataset, make_model):
    bench = make_dataset(questions())
    found = []
    for seed in (3, 4):
        model = make_model("m", seed)
        job = make_job(model, {"bench": bench}, out=f"out-{seed}")
        suite().run(job)
        found.append({name: score["value"] for name, score in job.metrics["scores"].items()})
        assert {name: found[-1][name] for name in SUBJECTS} == pytest.approx(by_hand(model.model, questions(), True))
    assert found[0] != found[1]


def test_nothing_leaks_into_the_process(llama, make_job, make_dataset):
    import datasets
    import torch

    bench = make_dataset(questions(6))
    os.environ.pop("TOKENIZERS_PARALLELISM", None)
    torch.set_grad_enabled(True)
    random.seed(7)
    np.random.seed(7)
    logging.getLogger("lighteval").setLevel(logging.WARNING)
    expected = random.Random(7).random(), np.random.RandomState(7).rand()
    suite().run(make_job(llama, {"bench": bench}))
    assert torch.is_grad_enabled()
    assert "TOKENIZERS_PARALLELISM" not in os.environ
    assert (random.random(), np.random.rand()) == expected
    assert logging.getLogger("lighteval").level == logging.WARNING
    assert not datasets.are_progress_bars_disabled()


def test_an_interrupted_run_goes_on_after_the_finished_subtask(llama, make_job, make_dataset, monkeypatch):
    from factory.evaluate import lighteval_run

    bench = make_dataset(questions())
    whole = make_job(llama, {"bench": bench}, out="whole")
    suite().run(whole)

    run_one, asked = lighteval_run._run_one, []

    def dies_at_the_second(job, model, subtask, *rest):
        asked.append(subtask.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return run_one(job, model, subtask, *rest)

    monkeypatch.setattr(lighteval_run, "_run_one", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        suite().run(make_job(llama, {"bench": bench}))
    resumed = make_job(llama, {"bench": bench})
    suite().run(resumed)
    assert asked == ["sums", "animals", "animals", "colours"]
    assert resumed.metrics == whole.metrics
    assert resumed.usage == whole.usage


def test_english_few_shot_and_missing_options(lfm2, make_job, make_dataset):
    rows = [
        {"q": f"Question {i}", "o1": "yes", "o2": "no", "o3": None, "o4": "maybe", "key": i % 2, "topic": "t"}
        for i in range(8)
    ]
    bench = make_dataset(rows)
    make_dataset(rows[:2], split="dev")
    job = make_job(lfm2, {"bench": bench})
    suite(language="en", few_shot=1, few_shot_split="dev", subject=None, n=5).run(job)
    assert job.metrics["scores"]["acc"]["n"] == 5
    assert list(job.metrics["scores"]) == ["acc"]
    assert "A. yes\nB. no\nC. maybe\nAnswer:" in job.metrics["protocol"]["prompt_example"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"question": "prompt"}, "no column 'prompt'"),
        ({"split": "validation"}, "no split 'validation'"),
        ({"answer": "q"}, "neither a letter of an option nor its number"),
        ({"options": ["o1", "o2"]}, "not among 2 options"),
        ({"chat_template": True}, "no chat template"),
    ],
)
def test_mistakes_are_said_in_one_line(change, says, lfm2, make_job, make_dataset):
    rows = [{**row, "key": "D"} for row in questions(3)]
    job = make_job(lfm2, {"bench": make_dataset(rows)})
    with pytest.raises(FactoryError, match=says) as caught:
        suite(**change).run(job)
    assert "\n" not in str(caught.value)


def test_references_and_identity():
    one = suite(data=["bench", "more"], models=["a", "b"])
    models, data = [("models", name, "model") for name in "ab"], [("data", x, "dataset") for x in ("bench", "more")]
    assert list(one.references()) == [*models, *data]
    assert "models" not in one.parameters() and one.parameters()["question"] == "q"
    assert suites()["multiple-choice"] is MultipleChoice and MultipleChoice.verb == "multiple-choice"
    with pytest.raises(ValueError, match="few_shot_split"):
        suite(few_shot=2)


def test_answers_as_letters_or_numbers():
    assert [answer_index(x) for x in ("أ", "ا", "A", "a", 0, "0", " د ", "هـ", "ه")] == [0] * 6 + [3, 4, 4]


def test_a_vision_model_is_scored_by_its_text_side(tmp_path, make_job, make_dataset):
    make_qwen2_vl(tmp_path / "qwen" / "model")
    model = Artifact("qwen", tmp_path / "qwen", manifest("qwen", "model"))
    rows = [
        {"question": f"سؤال {i}", "A": "خيار", "B": "آخر", "C": "ثالث", "D": "رابع", "answer": "ب"} for i in range(3)
    ]
    job = make_job(model, {"bench": make_dataset(rows)})
    MultipleChoice(models=["m"], data=["bench"]).run(job)
    assert job.metrics["scores"]["acc"]["n"] == 3 and job.metrics["protocol"]["chat_template"] is True
