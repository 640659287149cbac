"""TRL's trainers without their telemetry and cards, and the callback that tells how far they are. Imports torch."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peft import PeftModel
from transformers import Trainer, TrainerCallback, TrainingArguments
from trl import DPOTrainer, SFTTrainer

from factory.models.train import checkpoints
from factory.models.train.history import Report
from factory.models.train.packing import conversation_numbers
from factory.models.train.restoring import keep, restore
from factory.models.train.sampler import LengthGroupedBatches

CHECKPOINT_SECONDS = 900.0
REFERENCE = "ref_chosen_logps"  # the column in which TRL keeps a reference's log-probabilities
CHECKPOINTS_PER_RUN = 10
LOOK_STEPS = 10  # with several processes, how often they agree on whether a checkpoint is late


class Quiet(Trainer):
    """What both trainers have in common: rows are tokenized already, nothing is sent anywhere, no card is written."""

    _logged: tuple[float, int] | None = None  # when, and the tokens until then
    _total_train_tokens: int  # TRL's count, of this run's part

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """With tokens per second since the log before, so that trackio shows the speed beside the loss."""
        if "loss" in logs and start_time is not None:
            now, tokens = time.time(), self._total_train_tokens
            before, counted = self._logged or (start_time, 0)
            logs["tokens_per_second"] = round((tokens - counted) / max(now - before, 1e-9), 1)
            self._logged = now, tokens
        super().log(logs, start_time)

    def _send_telemetry(self) -> None:
        pass

    @property
    def _is_whole(self) -> bool:
        """All weights are trained, and each process has them; adapters and shards are kept transformers' own way."""
        return not (self.is_fsdp_enabled or self.is_deepspeed_enabled or isinstance(self.model, PeftModel))

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        if not (_internal_call and self._is_whole):  # else it is of a checkpoint
            super().save_model(output_dir, _internal_call)
        elif self.args.should_save:
            keep(self.model, Path(str(output_dir)))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if self._is_whole:
            restore(self.model, Path(resume_from_checkpoint))
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _load_best_model(self) -> None:
        if self._is_whole:
            restore(self.model, Path(str(self.state.best_model_checkpoint)))
        else:
            super()._load_best_model()

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        pass

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        rows: Any = train_dataset if train_dataset is not None else self.train_dataset
        together = self.args.train_batch_size * self.args.gradient_accumulation_steps * self.accelerator.num_processes
        return LengthGroupedBatches(self._lengths(rows), together, self.args.seed)

    def _lengths(self, rows: Any) -> list[int]:
        return [len(ids) for ids in rows["input_ids"]]

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        with _labelled_positions_only(self.args.device.type):
            return super().compute_loss(*args, **kwargs)


class ConversationTrainer(Quiet, SFTTrainer):
    """TRL's SFTTrainer. Its held-out loss is the mean over labelled tokens, whatever the batches.

    transformers takes the mean over batches, which gives short answers more weight. With several processes the rows
    that fill up the last batch are counted twice.
    """

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        trained: Any = self.model
        if "position_ids" in inputs and trained.config.model_type == "lfm2":  # a packed sequence
            inputs = inputs | {"seq_idx": conversation_numbers(inputs["position_ids"])}
        return super().compute_loss(model, inputs, *args, **kwargs)

    def prediction_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        loss, *rest = super().prediction_step(model, inputs, *args, **kwargs)
        count = (inputs["labels"][..., 1:] != -100).sum()
        self._held_out[0] += loss.double().cpu() * count.cpu()
        self._held_out[1] += count.cpu()
        return (loss, *rest)

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any) -> Any:
        import torch

        self._held_out = torch.zeros(2, dtype=torch.float64)
        output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
        sums: Any = self.accelerator.reduce(self._held_out.to(self.args.device), "sum")
        total, count = sums.tolist()
        assert output.metrics is not None
        output.metrics[f"{metric_key_prefix}_loss"] = total / max(count, 1)
        return output


class PreferenceTrainer(Quiet, DPOTrainer):
    """TRL's DPOTrainer on rows of prompt_ids, chosen_ids and rejected_ids."""

    def _prepare_dataset(self, dataset: Any, *args: Any) -> Any:
        return dataset

    def _precompute_ref_logps(self, dataset: Any, *args: Any) -> Any:
        """Rows that bring along what the reference says of them are measured against that."""
        return dataset if REFERENCE in dataset.column_names else super()._precompute_ref_logps(dataset, *args)

    def _lengths(self, rows: Any) -> list[int]:
        columns = (rows["prompt_ids"], rows["chosen_ids"], rows["rejected_ids"])
        return [len(prompt) + max(len(one), len(other)) for prompt, one, other in zip(*columns, strict=True)]


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
    """Says how far the run is, and asks for checkpoints at tenths of the run and at least every 15 minutes."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.saved = time.monotonic()
        self.tokens = 0

    def on_train_begin(self, args: TrainingArguments, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step:
            self.report({"resumed": state.global_step, "total": state.max_steps})

    def on_step_end(self, args: TrainingArguments, state: Any, control: Any, **kwargs: Any) -> None:
        self.report({"step": state.global_step, "total": state.max_steps})
        tenth = max(1, state.max_steps // CHECKPOINTS_PER_RUN)
        due = state.global_step % tenth == 0 or self._late(args, state.global_step)
        if due and state.global_step < state.max_steps:
            control.should_save = control.should_log = True  # the log first, or a resumed curve would have a gap

    def _late(self, args: TrainingArguments, step: int) -> bool:
        """All processes must come to the same answer, for they write a checkpoint together: the first one's clock."""
        late = time.monotonic() - self.saved >= CHECKPOINT_SECONDS
        if args.world_size == 1:
            return late
        if step % LOOK_STEPS:
            return False
        from accelerate.utils import broadcast_object_list

        return bool(broadcast_object_list([late])[0])

    def on_log(
        self, args: TrainingArguments, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if logs and "loss" in logs:
            tokens = int(logs.get("num_tokens", self.tokens))
            self.report({"loss": float(logs["loss"]), "tokens": tokens - self.tokens})
            self.tokens = tokens

    def on_save(self, args: TrainingArguments, state: Any, control: Any, **kwargs: Any) -> None:
        from accelerate import PartialState

        PartialState().wait_for_everyone()  # each process has written its part
        if args.should_save:
            best = state.best_model_checkpoint
            folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
            checkpoints.seal(folder, keep=Path(best) if best else None)
        self.saved = time.monotonic()
