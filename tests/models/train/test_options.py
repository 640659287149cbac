"""Parameters of trainings that are easily lost on the way: schedule, checkpointing, packing, early stop."""

import math

import pytest
import torch

import factory.models.train.loop as loop
from factory.profile import Profile
from factory.steps.dpo import Dpo
from factory.steps.sft import Sft
from tests.steps.model_toys import CONFIGS, chats, dataset, job, make_model, sentences

STEPS, WARM, PEAK = 20, 4, 1e-3


def share_of_peak(schedule: str, step: int) -> float:
    """Learning rate at a step, by the formulas in transformers.optimization, as a share of the peak."""
    if schedule == "constant":
        return 1.0
    if step < WARM:
        return step / WARM
    done = (step - WARM) / (STEPS - WARM)
    return {
        "constant_with_warmup": 1.0,
        "linear": 1 - done,
        "cosine": (1 + math.cos(math.pi * done)) / 2,
        "inverse_sqrt": math.sqrt(WARM / step) if step else 0.0,
    }[schedule]


@pytest.fixture
def histories(monkeypatch):
    """Logs of the runs that a test starts."""
    found, train = [], loop.train

    def seen(*arguments, **options):
        outcome = train(*arguments, **options)
        found.append(outcome.history)
        return outcome

    monkeypatch.setattr(loop, "train", seen)
    return found


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt"])
def test_the_rate_follows_its_schedule(tmp_path, histories, schedule):
    data = dataset(tmp_path / "data", chats(16))
    work = job(tmp_path / "out", make_model(tmp_path / "base", "llama"), data=data)
    options = {
        "data": "data",
        "learning_rate": PEAK,
        "max_steps": STEPS,
        "batch_size": 2,
        "warmup_ratio": WARM / STEPS,
    }
    Sft.model_validate(options | {"lr_scheduler_type": schedule}).run(work)
    rates = [entry["learning_rate"] for entry in histories[0] if "loss" in entry]
    assert rates == pytest.approx([PEAK * share_of_peak(schedule, step) for step in range(STEPS)], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("kind", CONFIGS)
def test_gradient_checkpointing_runs_each_layer_twice(tmp_path, kind):
    """From the recipe, else from the profile; the recipe's word counts."""
    source, data = make_model(tmp_path / "base", kind), dataset(tmp_path / "data", chats(4))
    counted: list[str] = []

    def count(module, arguments):
        if module.training and type(module).__name__.endswith("DecoderLayer"):
            counted.append(type(module).__name__)

    def forwards(name, asked, profile):
        counted.clear()
        place = Profile(device="cpu", threads=1, gradient_checkpointing=profile)
        step = Sft(data="data", learning_rate=1e-3, batch_size=4, max_steps=1, gradient_checkpointing=asked)
        hook = torch.nn.modules.module.register_module_forward_pre_hook(count)
        try:
            step.run(job(tmp_path / name, source, place, data=data))
        finally:
            hook.remove()
        return len(counted)

    layers = CONFIGS[kind]["num_hidden_layers"]
    assert forwards("plain", None, False) == layers
    assert forwards("recipe", True, False) == 2 * layers
    assert forwards("profile", None, True) == 2 * layers
    assert forwards("refused", False, True) == layers


@pytest.mark.parametrize("kind", CONFIGS)
def test_packed_conversations_do_not_see_each_other(tmp_path, kind):
    """All in one sequence cost what they cost in rows of their own, the first steps' gradients included."""
    loud = CONFIGS[kind] | {"initializer_range": 0.4}  # what is seen across a border must show
    source, data = make_model(tmp_path / "base", kind, config=loud), dataset(tmp_path / "data", chats(6))
    losses = []
    for name, options in (("rows", {"batch_size": 6}), ("packed", {"batch_size": 1, "packing": True})):
        work = job(tmp_path / name, source, data=data)
        step = {"data": "data", "learning_rate": 1e-3, "max_steps": 3, "max_length": 480, "assistant_only_loss": False}
        Sft.model_validate(step | {"gradient_checkpointing": True} | options).run(work)
        losses.append([loss for _, loss in work.metrics["loss"]["curve"]])
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


def test_dpo_stops_when_held_out_pairs_get_worse_and_keeps_the_best(tmp_path):
    """In the held-out pairs the other answer is preferred, so the first measurements are the best."""
    lesson = [{"prompt": text, "chosen": "cat", "rejected": "the river"} for text in sentences(24)]
    data = dataset(tmp_path / "data", lesson)
    turned = [row | {"chosen": row["rejected"], "rejected": row["chosen"]} for row in lesson[:6]]
    dataset(tmp_path / "data", turned, split="test")
    work = job(tmp_path / "out", make_model(tmp_path / "base"), data=data)
    options = {"eval_split": "test", "eval_steps": 1, "patience": 2, "warmup_ratio": 0.1, "batch_size": 4}
    Dpo.model_validate({"data": "data", "learning_rate": 1e-2, "epochs": 5} | options).run(work)
    found = work.metrics["eval_loss"]
    assert work.metrics["steps"] < 30
    assert found["after"] == min(loss for _, loss in found["curve"]) < 1
    assert found["best_step"] < work.metrics["steps"] and found["curve"][-2][1] > found["after"]
