"""sft by AutoTrain: a process in its own environment, and the model that comes back in the factory's own layout."""

import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.engines.environments import needed
from factory.engines.process import Died, EngineProcess, last_error
from factory.engines.weights import INDEX, ONE, needed_weights
from factory.errors import FactoryError
from factory.models.chat import Encoder, Renderer
from factory.models.layout import Layout
from factory.models.models import load_model, load_tokenizer, read_config, save_tokenizer
from factory.models.tensors import read_tensors
from factory.models.train.autotrain.config import ARCHITECTURES, PROJECT, autotrain_config, for_transformers_4
from factory.models.train.data import nothing_left
from factory.models.train.loop import Trained, divided, shown, tell
from factory.models.train.parameters import FineTuning
from factory.models.train.run import TrainingOutcome
from factory.step.job import Job

WORKER = Path(__file__).with_name("worker.py")
LEFT_OUT = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "SPACE_ID", "ENDPOINT_ID"}
"""Not for AutoTrain's eyes: secrets, this environment's paths, and the Space it would pause when it is done."""


def check(job: Job) -> None:
    """Refuse what could only fail later.

    Raises:
        FactoryError: AutoTrain is not installed, or does not know the architecture.
    """
    kind = read_config(job.input.model, job.where).get("model_type", "")
    if kind not in ARCHITECTURES:
        tried = f"{', '.join(ARCHITECTURES[:-1])} and {ARCHITECTURES[-1]}"
        why = f"AutoTrain cannot train {kind or 'this model'}: its transformers 4.48 was tried with {tried} alone"
        raise FactoryError(why, where=job.where, fix="backend: trl")
    needed("autotrain")


def train(job: Job, step: FineTuning, start: Path, tokenizer: Any, rows: Any, layout: Layout) -> Trained:
    """Train the model in `start` on the rows' conversations, adapters merged; fills ``job.metrics``.

    There is no resuming: AutoTrain writes no checkpoints that it could go on from.

    Raises:
        FactoryError: there is no chat template, the rows fill no sequence, or AutoTrain failed; the fix names its log.
    """
    if not tokenizer.chat_template:
        raise FactoryError("the model has no chat template", where=job.where, fix="set `chat_template: chatml`")
    folder = job.out / "launch"
    shutil.rmtree(folder, ignore_errors=True)
    tokens = write_texts(folder / "data" / "train.jsonl", job, rows, layout, tokenizer)
    if tokens < (step.max_length or 1):
        raise FactoryError(
            f"the rows have {tokens:,} tokens together, and AutoTrain trains on full sequences of max_length alone",
            where=job.where,
            fix=f"a max_length below {step.max_length:,}, or backend: trl",
        )
    write_model(folder / "model", start, step, job)
    config = folder / "config.json"  # which is YAML too
    config.write_text(json.dumps(_config(job, step), indent=2), encoding="utf-8")
    outcome, seen = _run(job, step, folder, config, tokens * int(step.epochs or 1))
    probe = _probe(folder / "data" / "train.jsonl", tokenizer)
    model = _model(job, step, folder / PROJECT, start, probe)
    tell(job, outcome, seen)
    job.metrics["autotrain"] = needed("autotrain").version
    return Trained(model, start, probe, outcome)


def write_texts(path: Path, job: Job, rows: Any, layout: Layout, tokenizer: Any) -> int:
    """{text} lines of rendered conversations; returns their tokens, each with the end token that packing adds.

    Rows that teach nothing are left out, as for TRL; fills ``job.metrics`` with rows and rows_left_out.

    A beginning-of-text token that the tokenizer adds by itself is left out of the text, else it would stand twice.
    """
    begin = tokenizer.bos_token if tokenizer.bos_token_id in tokenizer("")["input_ids"][:1] else None
    encoder = Encoder(Renderer(tokenizer), layout, None, assistant_only=False)
    path.parent.mkdir(parents=True)
    count, left_out = 0, Counter()
    with path.open("w", encoding="utf-8") as file:
        for table in rows.with_format("arrow").iter(batch_size=256):
            for messages in encoder.read(table):
                try:
                    text = encoder.rendered(messages)
                except ValueError as error:
                    left_out[str(error)] += 1
                    continue
                text = text.removeprefix(begin) if begin else text
                file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
                count += len(tokenizer(text)["input_ids"]) + 1
    job.metrics |= {"rows": len(rows), "rows_left_out": dict(left_out.most_common())}
    if not count:
        raise nothing_left(job, len(rows), left_out)
    return count


def write_model(folder: Path, start: Path, step: FineTuning, job: Job) -> None:
    """The starting model as transformers 4.48 reads it; the weights are links.

    AutoTrain cuts the embeddings to the tokenizer's length, so rows that only pad the vocabulary get tokens.

    Raises:
        FactoryError: 4.48 would build another model from its configuration.
    """
    from tokenizers import AddedToken

    folder.mkdir(parents=True)
    config = read_config(start, job.where)
    try:
        old = for_transformers_4(config)
    except ValueError as error:
        raise FactoryError(
            f"AutoTrain cannot train this model: {error}", where=job.where, fix="backend: trl"
        ) from None
    (folder / "config.json").write_text(json.dumps(old, indent=2), encoding="utf-8")
    weights = needed_weights(start, job.where)
    for path in weights if weights[0].name == ONE else [*weights, start / INDEX]:
        (folder / path.name).symlink_to(path.resolve())
    tokenizer = load_tokenizer(start, job.where, job.trust_remote_code)
    missing = config["vocab_size"] - len(tokenizer)
    tokenizer.add_tokens([AddedToken(f"<|padding-{i}|>", special=True) for i in range(missing)])
    tokenizer.model_max_length = step.max_length
    save_tokenizer(tokenizer, folder)
    path = folder / "tokenizer_config.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(said.get("extra_special_tokens"), list):  # the name in transformers 5
        said["additional_special_tokens"] = said.pop("extra_special_tokens")
    path.write_text(json.dumps(said, indent=2, ensure_ascii=False), encoding="utf-8")


def _config(job: Job, step: FineTuning) -> dict[str, Any]:
    on_gpu = job.profile.torch_device() != "cpu"
    per_device, accumulation = divided(job, step, job.profile.devices if on_gpu else 1)
    return autotrain_config(
        step,
        model="model",
        data="data",
        per_device=per_device,
        accumulation=accumulation,
        precision={"bfloat16": "bf16", "float16": "fp16"}.get(job.profile.torch_dtype()) if on_gpu else None,
        checkpointing=step.recomputes(job.profile),
    )


def _run(job: Job, step: FineTuning, folder: Path, config: Path, tokens: int) -> tuple[TrainingOutcome, int]:
    """What came of it, and how many of the `tokens` were learnt: those in full sequences, a rest is left out."""
    environment, log = needed("autotrain"), folder / "log.txt"
    total = max(1, math.ceil(tokens / (step.max_length or 1) / step.batch_size))  # about: packing decides
    command = [str(environment.python), "-P", str(WORKER), config.name]
    history, seconds, sequences, error = [], 0.0, 0.0, ""
    with job.progress.task(job.name, total=total, unit="steps"):
        report = shown(job.progress)
        process = EngineProcess(command, _environment(job, environment.folder), log, math.inf, folder)
        try:
            while "ended" not in (event := process.receive() or {}):
                error = event.get("error", error)
                entry = event.get("log", {})
                seconds = entry.get("train_runtime", seconds)
                sequences = entry.get("train_samples_per_second", 0.0) * seconds or sequences
                if "loss" in entry:
                    history.append(entry | {"step": len(history) + 1})
                    report({"step": len(history), "total": max(total, len(history))})
                    report({"loss": entry["loss"], "tokens": tokens // total})
        except Died as death:
            error = error or f"{death}: {last_error(log)}"
        finally:
            process.close()
    if not any((folder / PROJECT).glob("*.safetensors")):
        why = error or last_error(log)
        raise FactoryError(f"AutoTrain failed: {why}", where=job.where, fix=f"the whole log is in {log}")
    return TrainingOutcome(history, len(history), seconds=seconds), round(sequences) * (step.max_length or 1)


def _environment(job: Job, folder: Path) -> dict[str, str]:
    """AutoTrain finds accelerate on the PATH, reaches no network, and sees the profile's devices only."""
    made = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    made |= {
        "PATH": os.pathsep.join([str(folder / "bin"), made.get("PATH", "")]),
        "HF_HUB_OFFLINE": "1",
        "PAUSE_ON_FAILURE": "0",
        "ALLOW_REMOTE_CODE": str(job.trust_remote_code).lower(),
    }
    if job.profile.threads:
        made["OMP_NUM_THREADS"] = str(job.profile.threads)
    if job.profile.torch_device() == "cpu":
        made["CUDA_VISIBLE_DEVICES"] = ""
    else:
        made.setdefault("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(job.profile.devices))))
    return made


def _probe(path: Path, tokenizer: Any) -> Sequence[Mapping[str, Any]]:
    """The beginnings of the first texts, tokenized."""
    from factory.models.train.exactness import probe_of_tokens

    with path.open(encoding="utf-8") as lines:
        return probe_of_tokens(tokenizer(json.loads(line)["text"])["input_ids"] for line in lines)


def _model(job: Job, step: FineTuning, folder: Path, start: Path, probe: Sequence[Mapping[str, Any]]) -> Any:
    """The model that AutoTrain wrote, under the configuration it came with."""
    if step.lora is not None:
        from peft import PeftModel

        from factory.models.train.exactness import merged

        base = load_model(start, "float32", job.where, job.trust_remote_code)
        return merged(PeftModel.from_pretrained(base, str(folder)), probe, job.where)
    wrote, had = read_tensors(folder), read_tensors(start)
    if {name: tensor.shape for name, tensor in wrote.items()} != {name: tensor.shape for name, tensor in had.items()}:
        other = sorted(wrote.keys() ^ had.keys()) or [name for name in had if wrote[name].shape != had[name].shape]
        raise FactoryError(f"AutoTrain wrote another model than it was given: {other[0]}", where=job.where)
    shutil.copyfile(start / "config.json", folder / "config.json")
    return load_model(folder, "float32", job.where, job.trust_remote_code)
