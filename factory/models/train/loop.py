"""One training step: arguments from the step and the profile, resume, metrics, and the finished model folder."""

import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.models.generation import end_answers, told
from factory.models.models import count_parameters, load_model, read_config, size_bytes, stored_dtype, write_model
from factory.models.tokens import set_chat_template
from factory.models.train import checkpoints
from factory.models.train.distributed import processes, train_in_processes
from factory.models.train.history import Report, last_losses, loss_metrics, tokens_seen
from factory.models.train.parameters import EarlyStopping, Lora, Training
from factory.models.train.pictures import Sight
from factory.models.train.reporting import report_arguments
from factory.models.train.run import TrainingOutcome, TrainingRun, collator, make_trainer, measure, train
from factory.profile import Profile
from factory.step.job import Job
from factory.step.progress import Progress
from factory.text import yaml

ARGUMENTS = Path(__file__).with_name("arguments.yaml")
CURVE_POINTS = 200


@dataclass
class Trained:
    """What a training leaves.

    Attributes:
        model: in float32, adapters merged.
        start: folder of the model that it began with.
        probe: a few rows as the model reads them.
        outcome: of the run.
        work, held_out: the run and the rows on which it measured itself; None where it did not.
    """

    model: Any
    start: Path
    probe: Sequence[Mapping[str, Any]]
    outcome: TrainingOutcome
    work: TrainingRun | None = None
    held_out: Any = None


def split_batch(batch_size: int, per_device: int | None, devices: int = 1) -> tuple[int, int]:
    """(per device, accumulation), which times `devices` are the batch size: the largest divisor that fits.

    >>> split_batch(32, 5), split_batch(32, 5, devices=4)
    ((4, 8), (4, 2))

    Raises:
        ValueError: the batch cannot be shared out evenly.
    """
    share, rest = divmod(batch_size, devices)
    if rest or not share:
        raise ValueError(f"a batch of {batch_size} cannot be shared out evenly to {devices} devices")
    limit = min(per_device or share, share)
    fitting = next(size for size in range(limit, 0, -1) if share % size == 0)
    return fitting, share // fitting


def divided(job: Job, step: Training, devices: int) -> tuple[int, int]:
    """`split_batch` of the step's batch under the profile.

    Raises:
        FactoryError: it cannot be shared out evenly.
    """
    try:
        return split_batch(step.batch_size, job.profile.train_batch_size, devices)
    except ValueError as error:
        raise FactoryError(str(error), where=job.where, fix="change batch_size, or devices in the profile") from None


def starting_model(job: Job, tokenizer: Any, template: str | None) -> Path:
    """Folder of the model that training starts from: the source, or a copy whose tokenizer has the chat template.

    The tokenizer in hand gets the template too. The copy has larger embeddings where the template's tokens are new.
    """
    if template is None:
        return job.input.model
    folder = job.out / "start"
    shutil.rmtree(folder, ignore_errors=True)
    model = load_model(job.input.model, "float32", job.where, job.trust_remote_code)
    job.notes += set_chat_template(tokenizer, model, template)
    write_model(model, folder, "float32", like=job.input.model, tokenizer=tokenizer)
    return folder


def fit(
    job: Job,
    step: Training,
    start: Path,
    rows: Any,
    *,
    trainer: str = "sft",
    steps: int | None = None,
    held_out: Any = None,
    lora: Lora | None = None,
    sight: Sight | None = None,
    freeze_vision_tower: bool = False,
    **special: Any,
) -> Trained:
    """Train the model in `start` on tokenized `rows`; with `sight` they have pictures.

    Resumes from the last complete checkpoint in ``job.out/checkpoints``; the order of the rows depends on the seed
    alone. Fills ``job.metrics`` (loss, tokens, tokens_per_second, steps) and ``job.usage``. `held_out` is a dataset
    or several by name; `steps` replaces what `max_steps` and `epochs` say; `special` are arguments of the trainer's
    own.
    """
    steps = steps or step.max_steps or math.ceil((step.epochs or 1) * math.ceil(len(rows) / step.batch_size))
    folder = job.out / "checkpoints"
    work = TrainingRun.model_validate(
        {
            "trainer": trainer,
            "model": start,
            "arguments": make_arguments(job, step, steps, folder, held_out is not None) | special,
            "lora": lora.model_dump() if lora else None,
            "patience": getattr(step, "patience", None),
            "resume": checkpoints.last_complete(folder),
            "sight": sight,
            "freeze_vision_tower": freeze_vision_tower,
            "trust_remote_code": job.trust_remote_code,
            "where": job.where,
        }
    )
    if work.resume:  # what was measured at the start is in its log
        work.arguments["eval_on_start"] = False
    with job.progress.task(job.name, total=steps, unit="steps"):
        try:
            trained = _run(job, work, rows, held_out)
        except RuntimeError as error:
            if "out of memory" in str(error).lower():
                raise FactoryError(
                    "out of GPU memory", where=job.where, fix="lower train_batch_size in the profile"
                ) from None
            raise
    # the trainer turns the cache off, and it would be saved so
    trained.model.config.use_cache = read_config(start).get("use_cache", True)
    tell(job, trained.outcome, tokens_seen(trained.outcome.history))
    return trained


def tell(job: Job, outcome: TrainingOutcome, tokens: int) -> None:
    """What came of a run, into the job's metrics and usage; `tokens` are those of the whole run."""
    here = tokens * (outcome.steps - outcome.before) / max(outcome.steps, 1)
    job.metrics |= {
        "loss": loss_metrics(outcome.history),
        "tokens": tokens,
        "tokens_per_second": round(here / outcome.seconds, 1) if outcome.seconds else None,
        "steps": outcome.steps,
    }
    job.usage.prompt_tokens += tokens


def _run(job: Job, work: TrainingRun, rows: Any, held_out: Any) -> Trained:
    from factory.models.train.exactness import merged, probe_of

    count = processes(job.profile)
    probe = probe_of(rows, collator(work))
    if count > 1:
        outcome, measured = train_in_processes(job, work, rows, held_out, count, shown(job.progress))
        model = load_model(job.out / "trained", "float32", job.where, job.trust_remote_code)
    else:
        with redirect_stdout(sys.stderr):  # trackio prints
            trainer = make_trainer(work, rows, held_out, shown(job.progress))
            outcome = train(work, trainer, measure=held_out is not None)
        measured = trainer.eval_dataset  # with what the reference says of it
        model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
        if work.lora is not None:
            model = merged(model, probe, job.where)
    return Trained(model, work.model, probe, outcome, work if held_out is not None else None, measured)


def shown(progress: Progress) -> Report:
    """What a run reports, on the progress line: steps, loss, tokens per second."""

    def report(event: dict[str, Any]) -> None:
        total = event.get("total", progress.total)
        if "resumed" in event:
            progress.advance(event["resumed"] - progress.done, total=total)
            progress.resume()
        elif "step" in event:
            progress.advance(event["step"] - progress.done, total=total)
        else:
            progress.advance(0, loss=event["loss"], tokens=event["tokens"])

    return report


def make_arguments(job: Job, step: Training, steps: int, folder: Path, measured: bool) -> dict[str, Any]:
    """Arguments that TRL's configurations share. The batch is divided so that the devices change nothing."""
    device = single_device(job.profile, job.where)
    dtype = job.profile.torch_dtype()
    per_device, accumulation = divided(job, step, processes(job.profile))
    known = yaml.load(ARGUMENTS.read_text(encoding="utf-8"))
    arguments: dict[str, Any] = {
        **known["always"],
        "output_dir": str(folder),
        "per_device_train_batch_size": per_device,
        "per_device_eval_batch_size": per_device,
        "gradient_accumulation_steps": accumulation,
        "max_steps": steps,
        "learning_rate": step.learning_rate,
        "lr_scheduler_type": step.lr_scheduler_type,
        "warmup_steps": math.ceil(step.warmup_ratio * steps),
        "weight_decay": step.weight_decay,
        "max_grad_norm": step.max_grad_norm,
        "train_sampling_strategy": step.train_sampling_strategy,
        "seed": step.seed,
        "data_seed": step.seed,
        "use_cpu": device == "cpu",
        "bf16": device != "cpu" and dtype == "bfloat16",
        "fp16": device != "cpu" and dtype == "float16",
        "gradient_checkpointing": step.recomputes(job.profile),
        "logging_steps": max(1, steps // CURVE_POINTS),
        "dataloader_pin_memory": device != "cpu",
        **report_arguments(job),
    }
    if measured:
        arguments |= known["with held-out rows"]
    if step.eval_steps is not None and measured:
        every = max(1, math.ceil(step.eval_steps * steps) if step.eval_steps < 1 else round(step.eval_steps))
        arguments |= {"eval_strategy": "steps", "eval_steps": every}
        if isinstance(step, EarlyStopping) and step.patience is not None:
            arguments |= {**known["with early stopping"], "save_steps": every}
    return arguments


def finish(
    job: Job, trained: Trained, tokenizer: Any, step: Training, *, tokenizer_changed: bool = False, turns: bool = False
) -> dict[str, float]:
    """Write ``job.out/model``, compare it with what was trained, and remove what was only needed on the way.

    `turns`: it was trained on conversations, so that it ends its answers where the chat template ends a turn.
    Returns what the saved model, read again, has on held-out rows: {eval_…: value}; nothing where there are none.

    Raises:
        FactoryError: the saved model is another than the trained one.
    """
    source, target = job.input.model, job.out / "model"
    dtype = step.dtype or stored_dtype(source)
    job.metrics["parameters"] = count_parameters(trained.model)
    if target.exists():  # of a run killed while saving
        shutil.rmtree(target)
    measured = _saved(job, trained, target, dtype, tokenizer if tokenizer_changed else None)
    job.notes += told(source, job.trust_remote_code)
    if turns:
        job.notes += end_answers(target, learnt=True, trust_remote_code=job.trust_remote_code)
    job.metrics["size_bytes"] = size_bytes(target)
    for name in ("checkpoints", "tokenized", "start", "trained", "launch"):
        shutil.rmtree(job.out / name, ignore_errors=True)
    return measured


def _saved(job: Job, trained: Trained, target: Path, dtype: str, tokenizer: Any) -> dict[str, float]:
    """Save the model; what the folder's own weights have on held-out rows."""
    from factory.models.train.exactness import cost_of_rounding, mean_loss, require_saved

    model, device = trained.model, trained.model.device
    name = "loss"

    def losses(folder: Path) -> dict[str, float]:
        if trained.work is not None:
            return measure(trained.work.of_saved(folder), trained.held_out)
        again = load_model(folder, "float32", job.where, job.trust_remote_code).to(device)
        return {name: mean_loss(again, trained.probe)}

    before = last_losses(trained.outcome.history) if trained.work else {name: mean_loss(model, trained.probe)}
    write_model(model, target, dtype, like=job.input.model, tokenizer=tokenizer)
    model.to("cpu")  # makes room for the one that was saved
    after = losses(target)
    scratch = job.out / "rounded"
    require_saved(before, after, lambda: cost_of_rounding(trained.start, scratch, dtype, losses), dtype, job.where)
    return after if trained.work is not None else {}


def single_device(profile: Profile, where: str) -> str:
    """``cpu`` or ``cuda``: where this process trains.

    Raises:
        FactoryError: the profile names another GPU than the first visible one.
    """
    device = profile.torch_device()
    if device in ("cpu", "cuda", "cuda:0"):
        return device.split(":")[0]
    number = device.removeprefix("cuda:")
    raise FactoryError(
        f"training runs on the first visible GPU, not on {device}",
        where=where,
        fix=f"set CUDA_VISIBLE_DEVICES={number} and device: cuda in the profile",
    )
