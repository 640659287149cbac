"""One training run: arguments from the step and the profile, resume, metrics, and the finished model folder."""

from __future__ import annotations

import math
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError
from factory.training import checkpoints
from factory.training.models import (
    copy_tokenizer,
    count_parameters,
    save_model,
    save_tokenizer,
    size_bytes,
    stored_dtype,
)
from factory.training.state import single_device

if TYPE_CHECKING:
    from factory.job import Job
    from factory.training.parameters import Training


def split_batch(batch_size: int, per_device: int | None) -> tuple[int, int]:
    """(per device, accumulation) with their product the batch size: the largest divisor that fits the device.

    >>> split_batch(32, 5)
    (4, 8)
    """
    limit = min(per_device or batch_size, batch_size)
    fitting = next(size for size in range(limit, 0, -1) if batch_size % size == 0)
    return fitting, batch_size // fitting


def fit(
    job: Job, step: Training, model: Any, tokenizer: Any, rows: Any, *, packed: bool, peft_config: Any = None
) -> Any:
    """Train on tokenized `rows` (input_ids, labels; seq_lengths where packed) and return the trained model.

    Resumes from the last complete checkpoint in ``job.out/checkpoints``; the order of the rows depends on the seed
    alone. Fills ``job.metrics`` (loss, tokens, tokens_per_second, steps) and ``job.usage``.
    """
    from transformers import PrinterCallback, ProgressCallback

    from factory.training.trainer import Reporter, Trainer, loss_metrics, tokens_seen

    steps = step.max_steps or math.ceil((step.epochs or 1) * math.ceil(len(rows) / step.batch_size))
    folder = job.out / "checkpoints"
    resume = checkpoints.last_complete(folder)
    arguments = make_arguments(job, step, steps, folder, packed)
    use_cache = getattr(model.config, "use_cache", True)  # the trainer turns it off, and it would be saved so
    with job.progress.task(f"{job.name}", total=steps, unit="steps"):
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=rows,
            processing_class=tokenizer,
            peft_config=peft_config,
            callbacks=[Reporter(job.progress)],
        )
        for kind in (PrinterCallback, ProgressCallback):  # they write each log to the terminal
            trainer.remove_callback(kind)
        started, before = time.monotonic(), checkpoints.steps_of(resume) if resume else 0
        try:
            result = trainer.train(resume_from_checkpoint=str(resume) if resume else None)
        except RuntimeError as error:
            if "out of memory" in str(error).lower():
                raise FactoryError(
                    "out of GPU memory", where=job.where, fix="lower train_batch_size in the profile"
                ) from None
            raise
    seconds = time.monotonic() - started
    history = trainer.state.log_history
    tokens = tokens_seen(history)
    here = tokens * (result.global_step - before) / max(result.global_step, 1)
    job.metrics |= {
        "loss": loss_metrics(history),
        "tokens": tokens,
        "tokens_per_second": round(here / seconds, 1) if seconds else None,
        "steps": result.global_step,
    }
    job.usage.prompt_tokens += tokens
    trained: Any = trainer.model
    if peft_config is not None:
        trained = trained.merge_and_unload()
    trained.config.use_cache = use_cache
    return trained


def make_arguments(job: Job, step: Training, steps: int, folder: Path, packed: bool) -> Any:
    from trl import SFTConfig

    from factory.training.trainer import CURVE_POINTS

    device = single_device(job.profile, job.where)
    dtype = job.profile.torch_dtype()
    per_device, accumulation = split_batch(step.batch_size, job.profile.train_batch_size)
    arguments = SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=per_device,
        gradient_accumulation_steps=accumulation,
        max_steps=steps,
        learning_rate=step.learning_rate,
        lr_scheduler_type=step.lr_scheduler_type,
        warmup_steps=math.ceil(step.warmup_ratio * steps),
        weight_decay=step.weight_decay,
        max_grad_norm=step.max_grad_norm,
        train_sampling_strategy=step.train_sampling_strategy,
        seed=step.seed,
        data_seed=step.seed,
        use_cpu=device == "cpu",
        bf16=device != "cpu" and dtype == "bfloat16",
        fp16=device != "cpu" and dtype == "float16",
        gradient_checkpointing=step.gradient_checkpointing,
        logging_strategy="steps",
        logging_steps=max(1, steps // CURVE_POINTS),
        logging_first_step=True,
        save_strategy="no",  # the reporter says when
        save_total_limit=None,
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
        packing=packed,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        dataloader_pin_memory=device != "cpu",
    )
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # one process, one device; DataParallel is refused by TRL and slow anyway
    return arguments


def finish(job: Job, model: Any, tokenizer: Any, step: Training, *, tokenizer_changed: bool) -> None:
    """Write ``job.out/model`` and remove what was only needed on the way (checkpoints, tokenized rows)."""
    source, target = job.before.model, job.out / "model"
    dtype = step.dtype or stored_dtype(source)
    job.metrics["parameters"] = count_parameters(model)
    if target.exists():  # of a run killed while saving
        shutil.rmtree(target)
    save_model(model, target, dtype)
    copy_tokenizer(source, target)
    if tokenizer_changed:
        save_tokenizer(tokenizer, target)
    job.metrics["size_bytes"] = size_bytes(target)
    for name in ("checkpoints", "tokenized"):
        shutil.rmtree(job.out / name, ignore_errors=True)
