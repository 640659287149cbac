"""One training run as data, and the running of it: in this process, or in each of several that read it from a file."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from factory.models.models import load_model, load_tokenizer
from factory.models.train import checkpoints
from factory.models.train.history import Report
from factory.models.train.packing import convolutions_apart

ONLY = ""  # the name of held-out rows that are one dataset, among several by name


class TrainingRun(BaseModel):
    """What a run does.

    Attributes:
        trainer: TRL's SFTTrainer (conversations and plain text) or DPOTrainer (preference pairs).
        model: folder of the model and tokenizer it starts from.
        arguments: of the trainer's configuration class.
        lora: arguments of `peft.LoraConfig`; None trains all weights.
        patience: of early stopping.
        resume: the checkpoint to go on from.
    """

    model_config = ConfigDict(frozen=True)

    trainer: Literal["sft", "dpo"]
    model: Path
    arguments: dict[str, Any]
    lora: dict[str, Any] | None = None
    patience: int | None = None
    resume: Path | None = None
    trust_remote_code: bool = False
    where: str = ""


@dataclass
class TrainingOutcome:
    """What came of a run.

    Attributes:
        history: the trainer's log: losses, measurements on held-out rows, tokens.
        steps: optimizer steps, those before a resume included; `before` is how many of them were.
        seconds: of this process's part, loading and measuring left out as far as the trainer can tell them apart.
    """

    history: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0
    before: int = 0
    seconds: float = 0.0


def make_trainer(work: TrainingRun, rows: Any, held_out: Any, report: Report) -> Any:
    """The trainer with its model loaded. `held_out` is a dataset, several by name, or None.

    The arguments are made before the model is loaded: under DeepSpeed and FSDP they decide where its weights go.
    """
    from peft import LoraConfig
    from transformers import EarlyStoppingCallback, PrinterCallback, ProgressCallback
    from trl import DPOConfig, SFTConfig

    from factory.models.train.trainer import ConversationTrainer, PreferenceTrainer, Reporter

    Config, Trainer = (SFTConfig, ConversationTrainer) if work.trainer == "sft" else (DPOConfig, PreferenceTrainer)
    arguments = Config(**work.arguments)
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # one process, one device; DataParallel is refused by TRL and slow anyway
    trainer = Trainer(
        model=load_model(work.model, "float32", work.where, work.trust_remote_code),
        args=arguments,  # type: ignore[arg-type]
        train_dataset=rows,
        eval_dataset=held_out,
        processing_class=load_tokenizer(work.model, work.where, work.trust_remote_code),
        peft_config=LoraConfig(task_type="CAUSAL_LM", **work.lora) if work.lora is not None else None,
        callbacks=[Reporter(report), *([EarlyStoppingCallback(work.patience)] if work.patience is not None else [])],
    )
    for kind in (PrinterCallback, ProgressCallback):  # they write each log to the terminal
        trainer.remove_callback(kind)
    return trainer


def train(work: TrainingRun, trainer: Any, *, measure: bool) -> TrainingOutcome:
    """Train, and with `measure` see at the end how the finished weights do on the held-out rows."""
    started = time.monotonic()
    with convolutions_apart(trainer.model):
        trainer.train(resume_from_checkpoint=str(work.resume) if work.resume else None)
    seconds = time.monotonic() - started
    state = trainer.state
    measured = [entry["step"] for entry in state.log_history if any(key.startswith("eval_") for key in entry)]
    if measure and (work.patience is not None or state.global_step not in measured):
        trainer.evaluate()
    before = checkpoints.steps_of(work.resume) if work.resume else 0
    return TrainingOutcome(state.log_history, state.global_step, before, seconds)
