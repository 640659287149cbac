"""What can be seen of a run while it goes on: the terminal's line, trackio, the card's picture."""

import importlib.util
import io
import json
import sqlite3
from contextlib import closing

import pytest
from rich.console import Console

import factory.models.train.loop as loop
import factory.step.progress as progress_module
from factory.models.train.reporting import report_arguments
from factory.profile import Profile
from factory.publishing.pictures import loss_svg
from factory.step.progress import Progress
from factory.steps.dpo import Dpo
from factory.steps.pretrain import Pretrain
from factory.steps.sft import Sft
from tests.steps.model_toys import chats, dataset, job, make_model, sentences

PAIRS = [{"prompt": text, "chosen": "cat", "rejected": "the river"} for text in sentences(24)]
RUNS = {
    "sft": (Sft(data="data", learning_rate=1e-3, batch_size=8, eval_split="test", eval_steps=2), chats(40)),
    "pretrain": (
        Pretrain(data="data", learning_rate=1e-3, sequence_length=32, batch_size=4, eval_rows=8, eval_steps=3),
        [{"text": text} for text in sentences(80)],
    ),
    "dpo": (Dpo(data="data", learning_rate=1e-3, batch_size=8, eval_split="test", eval_steps=1), PAIRS),
}


def run(tmp_path, verb, profile=None, progress=None):
    step, rows = RUNS[verb]
    data = dataset(tmp_path / "data", rows)
    dataset(tmp_path / "data", rows[:6], split="test")
    work = job(tmp_path / verb, make_model(tmp_path / "base", "llama"), profile, data=data)
    work.progress = progress or work.progress
    step.run(work)
    return work


@pytest.mark.parametrize("verb", RUNS)
@pytest.mark.parametrize("terminal", [True, False])
def test_loss_and_speed_stand_in_the_terminal(tmp_path, monkeypatch, verb, terminal):
    monkeypatch.setattr(progress_module, "LOG_INTERVAL", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=160, legacy_windows=False, color_system=None)
    work = run(tmp_path, verb, progress=Progress(console))
    shown = screen.getvalue()
    assert "tokens/s" in shown and f"{work.metrics['steps']}/{work.metrics['steps']}" in shown
    assert any(f"loss {value:.3f}" in shown for _, value in work.metrics["loss"]["curve"])


@pytest.mark.parametrize("verb", RUNS)
def test_each_log_has_the_speed_beside_the_loss_and_the_card_draws_both_losses(tmp_path, monkeypatch, verb):
    outcomes, train = [], loop.train

    def seen(*arguments, **options):
        outcomes.append(train(*arguments, **options))
        return outcomes[-1]

    monkeypatch.setattr(loop, "train", seen)
    work = run(tmp_path, verb)
    logged = [entry for entry in outcomes[0].history if "loss" in entry]
    assert len(logged) == work.metrics["steps"] and all(entry["tokens_per_second"] > 0 for entry in logged)
    held_out = work.metrics.get("eval_loss", {}).get("curve") or work.metrics["held_out"]["curve"]["all"]
    assert len(held_out) >= 3
    picture = loss_svg({"training": work.metrics["loss"]["curve"], "held out": held_out})
    assert picture is not None and picture.count(b"<polyline") == 2


def test_a_changed_step_is_another_run_of_trackio(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "trackio")
    names = []
    for digest in ("aa11", "bb22"):
        work = job(tmp_path / f"01-sft-{digest}.partial", profile=Profile(device="cpu", report_to="trackio"))
        work.name = "translator/01-sft"
        names.append(report_arguments(work)["run_name"])
    assert names == ["translator-01-sft-aa11", "translator-01-sft-bb22"]


@pytest.mark.parametrize("verb", RUNS)
def test_trackio_has_loss_and_speed(tmp_path, monkeypatch, verb):
    pytest.importorskip("trackio")
    import trackio.utils

    monkeypatch.setattr(trackio.utils, "TRACKIO_DIR", tmp_path / "trackio")
    for module in ("trackio.sqlite_storage", "trackio"):
        monkeypatch.setattr(f"{module}.TRACKIO_DIR", tmp_path / "trackio", raising=False)
    work = run(tmp_path, verb, Profile(device="cpu", threads=1, report_to="trackio"))
    with closing(sqlite3.connect(tmp_path / "trackio" / "factory.db")) as database:
        found = [json.loads(row) for (row,) in database.execute("select metrics from metrics")]
    losses = [entry for entry in found if "train/loss" in entry]
    assert len(losses) == work.metrics["steps"] and all(entry["train/tokens_per_second"] > 0 for entry in losses)
    assert any(name.startswith("eval/") and name.endswith("loss") for entry in found for name in entry)
