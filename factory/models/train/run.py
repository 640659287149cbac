"""One training run as data, and the running of it: in this process, or in each of several that read it from a file."""

import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from factory.errors import FactoryError, first_line
from factory.models.models import load_model, load_tokenizer, read_config
from factory.models.outline import is_tied
from factory.models.train import checkpoints
from factory.models.train.history import Report
from factory.models.train.packing import convolutions_apart
from factory.models.train.patches import patches_as_rows
from factory.models.train.pictures import PictureCollator, Sight
from factory.models.train.towers import freeze_but_language, outside_language

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
        sight: how pictures are shown; None: there are none.
        freeze_vision_tower: all but the language model stays as it is.
    """

    model_config = ConfigDict(frozen=True)

    trainer: Literal["sft", "dpo"]
    model: Path
    arguments: dict[str, Any]
    lora: dict[str, Any] | None = None
    patience: int | None = None
    resume: Path | None = None
    sight: Sight | None = None
    freeze_vision_tower: bool = False
    trust_remote_code: bool = False
    where: str = ""

    def of_saved(self, folder: Path) -> "TrainingRun":
        """The run with the finished model in `folder`, to measure it as this one is measured."""
        nothing = {"report_to": "none", "eval_strategy": "no", "save_strategy": "no", "load_best_model_at_end": False}
        changed = {"model": folder, "arguments": self.arguments | nothing}
        return self.model_copy(update=changed | {"lora": None, "patience": None, "resume": None})


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
    from peft.utils.error import NoMatchingPeftModuleError
    from transformers import EarlyStoppingCallback, PrinterCallback, ProgressCallback
    from trl import DPOConfig, SFTConfig

    from factory.models.train.exactness import require_apart
    from factory.models.train.trainer import ConversationTrainer, PreferenceTrainer, Reporter

    Config, Trainer = (SFTConfig, ConversationTrainer) if work.trainer == "sft" else (DPOConfig, PreferenceTrainer)
    arguments = Config(**work.arguments)
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # one process, one device; DataParallel is refused by TRL and slow anyway
    early = [EarlyStoppingCallback(work.patience)] if work.patience is not None else []
    model = load_model(work.model, "float32", work.where, work.trust_remote_code)
    if work.freeze_vision_tower:
        freeze_but_language(model)
    try:
        trainer = Trainer(
            model=model,
            args=arguments,  # type: ignore[arg-type]
            data_collator=collator(work, model),
            train_dataset=rows,
            eval_dataset=held_out,
            processing_class=load_tokenizer(work.model, work.where, work.trust_remote_code),
            peft_config=_adapters(work, model) if work.lora is not None else None,
            callbacks=[Reporter(report), *early],
        )
    except NoMatchingPeftModuleError as error:
        raise FactoryError(first_line(error), where=work.where, fix="correct lora.target_modules") from None
    for kind in (PrinterCallback, ProgressCallback):  # they write each log to the terminal
        trainer.remove_callback(kind)
    if work.lora is not None:
        require_apart(trainer.model, work.where)
    return trainer


def collator(work: TrainingRun, model: Any = None) -> PictureCollator | None:
    """What makes batches of rows with pictures, for `model`; None: the trainer's own, for rows of tokens."""
    if work.sight is None:
        return None
    return PictureCollator(work.sight, work.sight.of(work.model, work.where, work.trust_remote_code), model)


def _adapters(work: TrainingRun, model: Any) -> Any:
    """PEFT's configuration; a head that is tied to an embedding trained whole stays tied to it.

    Names of modules mean those of the language model, where there are more; an expression means what it matches.
    """
    from peft import LoraConfig
    from peft.utils.constants import EMBEDDING_LAYER_NAMES

    assert work.lora is not None
    whole = [name.rpartition(".")[2] for name in work.lora.get("modules_to_save") or ()]
    tied = not set(whole).isdisjoint(EMBEDDING_LAYER_NAMES) and is_tied(read_config(work.model))
    named = isinstance(work.lora["target_modules"], list) or work.lora["target_modules"].lower() == "all-linear"
    others = outside_language(model) if named or work.freeze_vision_tower else None
    return LoraConfig(task_type="CAUSAL_LM", ensure_weight_tying=tied, exclude_modules=others, **work.lora)


def measure(work: TrainingRun, held_out: Any) -> dict[str, float]:
    """What the trainer says of the model on held-out rows (a dataset, or several by name): {eval_…: value}."""
    first = next(iter(held_out.values())) if isinstance(held_out, dict) else held_out
    with redirect_stdout(sys.stderr):  # trackio prints
        trainer = make_trainer(work, first.select(range(1)), held_out, lambda event: None)
        with convolutions_apart(trainer.model), patches_as_rows(trainer.model):
            trainer.evaluate()
    return {
        name: value for entry in trainer.state.log_history for name, value in entry.items() if name.startswith("eval_")
    }


def train(work: TrainingRun, trainer: Any, *, measure: bool) -> TrainingOutcome:
    """Train, and with `measure` see at the end how the finished weights do on the held-out rows."""
    started = time.monotonic()
    with convolutions_apart(trainer.model), patches_as_rows(trainer.model):
        trainer.train(resume_from_checkpoint=str(work.resume) if work.resume else None)
    seconds = time.monotonic() - started
    state = trainer.state
    measured = [entry["step"] for entry in state.log_history if any(key.startswith("eval_") for key in entry)]
    if measure and (work.patience is not None or state.global_step not in measured):
        trainer.evaluate()
    before = checkpoints.steps_of(work.resume) if work.resume else 0
    return TrainingOutcome(state.log_history, state.global_step, before, seconds)
