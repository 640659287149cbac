"""TRL's trainer without its telemetry and cards, and the callback that ties it to a job. Imports torch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer

from factory.training import checkpoints
from factory.training.sampler import LengthGroupedBatches

if TYPE_CHECKING:
    from factory.progress import Progress

CHECKPOINT_SECONDS = 900.0
CHECKPOINTS_PER_RUN = 10
CURVE_POINTS = 200


class Trainer(SFTTrainer):
    """TRL's trainer on rows that are tokenized already: it sends nothing anywhere and writes no card."""

    def _send_telemetry(self) -> None:
        pass

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        rows: Any = train_dataset if train_dataset is not None else self.train_dataset
        lengths = [len(ids) for ids in rows["input_ids"]]
        return LengthGroupedBatches(
            lengths, self.args.train_batch_size * self.args.gradient_accumulation_steps, self.args.seed
        )

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        with _labelled_positions_only(self.args.device.type):
            return super().compute_loss(*args, **kwargs)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        pass


@contextmanager
def _labelled_positions_only(device: str) -> Iterator[None]:
    """On a CPU, put the LM head to those positions that have a label, as TRL does where there is Triton.

    Elsewhere TRL scores every position, so that accelerators which compile for a shape need not do so at every batch;
    a CPU does not compile, and on short answers to long prompts the head is most of the work. The loss is the same.
    """
    import trl.trainer.utils as utils

    if device != "cpu":
        yield
        return
    before = utils._use_triton
    utils._use_triton = lambda device: True
    try:
        yield
    finally:
        utils._use_triton = before


class Reporter(TrainerCallback):
    """Moves the job's progress, and asks for checkpoints at tenths of the run and at least every 15 minutes."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.saved = time.monotonic()

    def on_train_begin(self, args: SFTConfig, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step:
            self.progress.advance(state.global_step, total=state.max_steps)

    def on_step_end(self, args: SFTConfig, state: Any, control: Any, **kwargs: Any) -> None:
        self.progress.advance(1, total=state.max_steps)
        tenth = max(1, state.max_steps // CHECKPOINTS_PER_RUN)
        late = time.monotonic() - self.saved >= CHECKPOINT_SECONDS
        if (late or state.global_step % tenth == 0) and state.global_step < state.max_steps:
            control.should_save = control.should_log = True  # the log first, or a resumed curve would have a gap

    def on_log(
        self, args: SFTConfig, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if logs and "loss" in logs:
            self.progress.advance(0, loss=float(logs["loss"]))

    def on_save(self, args: SFTConfig, state: Any, control: Any, **kwargs: Any) -> None:
        checkpoints.seal(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}")
        self.saved = time.monotonic()


def tokens_seen(log_history: list[dict[str, Any]]) -> int:
    """Tokens of the whole run: TRL counts from 0 again when a run is resumed, so a falling value begins a new part.

    A part's tokens are those at its last log; logging comes before every checkpoint, so none lie between.
    """
    total = last = 0
    for entry in log_history:
        if "num_tokens" in entry:
            if entry["num_tokens"] < last:
                total += last
            last = int(entry["num_tokens"])
    return total + last


def loss_metrics(log_history: list[dict[str, Any]]) -> dict[str, Any]:
    """{first, last, curve: [[step, loss], …]} with each loss the mean since the point before."""
    curve = [[entry["step"], round(float(entry["loss"]), 6)] for entry in log_history if "loss" in entry]
    return {"first": curve[0][1], "last": curve[-1][1], "curve": curve} if curve else {}
