"""sft of a tiny Qwen2-VL beside bare TRL on the same rows of prompt, completion and picture: steps a second, loss.

    python benchmarks/training/vision.py [--rounds 3] [--rows 1024]

Both are given the same float32 model (0.3 M parameters, made from nothing), the same drawings of 84 x 84 pixels, one
thread and equal hyper-parameters, for one epoch and for three. The bare run is TRL's SFTTrainer with its own collator;
its rows are finished text, where its labels are the same as ours, and the factory's processor, which needs no
torchvision. Every run is a process of its own, and the two take turns.

`train` is `trainer.train()`; ours makes checkpoints at tenths of the run in it, the bare run makes none. `whole` is
that and what comes before: our check and count of every row, which renders the template; the rendering of the bare
run's rows and TRL's making of the trainer. The model's loading, and the saving and measuring of what was saved, are in
neither. `cpu` is the CPU seconds of `train` by step, in the process
that trains; `beside` those of the process that makes our batches. They say more than the clock on a busy machine.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measure import RESULTS

BATCH, RATE, SIDE = 32, 3e-3, 84
COLOURS = ("red", "green", "blue", "yellow", "black", "white")
SHAPES = ("rectangle", "ellipse")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>")
PROCESSOR = {
    "image_processor_type": "Qwen2VLImageProcessor",
    "processor_class": "Qwen2VLProcessor",
    "patch_size": 14,
    "temporal_patch_size": 2,
    "merge_size": 2,
    "size": {"shortest_edge": 3136, "longest_edge": 50176},
}


def artifact(folder: Path, kind: str) -> Any:
    from factory.step.job import Artifact
    from factory.store import Manifest

    return Artifact(folder.name, folder, Manifest(name=folder.name, kind=kind, verb="", fingerprint="0", identity={}))


def prepare(root: Path, count: int) -> None:
    """The base model, and the drawings with a question and its answer."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image, ImageDraw

    from factory.store import write_shard
    from factory.store.kinds import metadata_of
    from factory.store.pictures import picture_feature, picture_type

    chance, rows = random.Random(0), []
    for _ in range(count):
        colour, ground = chance.sample(COLOURS, 2)
        shape, x, y = chance.choice(SHAPES), chance.randrange(40), chance.randrange(40)
        image = Image.new("RGB", (SIDE, SIDE), ground)
        getattr(ImageDraw.Draw(image), shape)([x, y, x + 40, y + 40], fill=colour)
        image.save(file := io.BytesIO(), "PNG")
        answer = f"A {colour} {shape} on a {ground} ground."
        rows.append({"prompt": "What is drawn here?", "completion": answer, "image": {"bytes": file.getvalue()}})
    fields = {"prompt": pa.string(), "completion": pa.string(), "image": picture_type()}
    schema = pa.schema([*fields.items()], metadata_of({"image": picture_feature()}))
    table = pa.Table.from_pylist(rows, schema)
    write_shard(root / "data" / "data" / "train-00000.parquet", table)
    pq.write_table(table, root / "rows.parquet")  # with the bytes in the rows, as the bare run reads them
    make_model(root / "base" / "model")


def make_model(folder: Path) -> None:
    """Hidden 64, two layers, a vision tower of two blocks, and a tokenizer of single bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedTokenizerFast

    from factory.models.train.templates import template_text

    tokens = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    raw = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens([*SPECIAL])
    text = {
        "vocab_size": len(tokens),
        "hidden_size": 64,
        "intermediate_size": 192,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "initializer_range": 0.1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0},
    }
    vision = {"depth": 2, "embed_dim": 48, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2, "patch_size": 14}
    config = AutoConfig.for_model(
        "qwen2_vl", text_config=text, vision_config=vision, image_token_id=SPECIAL.index("<|image_pad|>")
    )
    torch.manual_seed(0)
    AutoModelForImageTextToText.from_config(config).save_pretrained(folder)
    ends = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    template = template_text("qwen-vl")
    PreTrainedTokenizerFast(tokenizer_object=raw, chat_template=template, **ends).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))


def ours(root: Path, epochs: int, name: str) -> dict[str, Any]:
    from factory.models.train import run
    from factory.profile import Profile
    from factory.step.job import Job
    from factory.step.progress import quiet
    from factory.steps import sft

    data = artifact(root / "data", "dataset")
    profile = Profile(device="cpu", threads=1)
    work = Job(name, root / name, artifact(root / "base", "model"), {"data": data}, profile, quiet(), {})
    encode, spent = sft.encode_rows, []

    def timed(*arguments: Any) -> Any:
        started = time.monotonic()
        found = encode(*arguments)
        spent.append(time.monotonic() - started)
        return found

    sft.encode_rows = timed
    train = run.train
    outcomes, used = [], []
    loop_train = sys.modules["factory.models.train.loop"]

    def kept(*arguments: Any, **options: Any) -> Any:
        before = os.times()
        outcomes.append(train(*arguments, **options))
        used.append((before, os.times()))
        return outcomes[-1]

    loop_train.train = kept  # type: ignore[attr-defined]
    step = {"data": "data", "learning_rate": RATE, "batch_size": BATCH, "epochs": epochs}
    sft.Sft.model_validate(step).run(work)
    [outcome] = outcomes
    losses = [entry["loss"] for entry in outcome.history if "loss" in entry]
    return said(outcome.steps, outcome.seconds, spent[0], losses) | cpu(outcome.steps, *used[0])


def bare(root: Path, epochs: int) -> dict[str, Any]:
    import torch
    from datasets import Image, load_dataset
    from transformers import AutoModelForImageTextToText
    from trl import SFTConfig, SFTTrainer

    from factory.engines.processors import load_processor
    from factory.models.models import load_tokenizer

    torch.set_num_threads(1)
    folder = root / "base" / "model"
    processor = load_processor(folder, load_tokenizer(folder))
    rows = load_dataset("parquet", data_files=str(root / "rows.parquet"), split="train")
    rows = rows.cast_column("image", Image())
    arguments = SFTConfig(
        output_dir=str(root / "bare"),
        per_device_train_batch_size=BATCH,
        num_train_epochs=epochs,
        learning_rate=RATE,
        lr_scheduler_type="cosine",
        max_length=None,
        gradient_checkpointing=False,
        use_cpu=True,
        bf16=False,
        seed=0,
        data_seed=0,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    started = time.monotonic()
    rows = rows.map(written, fn_kwargs={"processor": processor}, input_columns="prompt")
    rows = rows.map(lambda answer: {"completion": f"{answer}<|im_end|>"}, input_columns="completion")
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=rows, processing_class=processor)
    made, before = time.monotonic(), os.times()
    trainer.train()
    steps, after = trainer.state.global_step, os.times()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return said(steps, time.monotonic() - made, made - started, losses) | cpu(steps, before, after)


def written(prompt: str, processor: Any) -> dict[str, str]:
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}
    return {"prompt": processor.apply_chat_template([turn], add_generation_prompt=True, tokenize=False)}


def said(steps: int, seconds: float, before: float, losses: list[float]) -> dict[str, Any]:
    return {
        "steps": steps,
        "train": round(steps / seconds, 3),
        "whole": round(steps / (seconds + before), 3),
        "losses": [round(loss, 4) for loss in losses],
    }


def cpu(steps: int, before: Any, after: Any) -> dict[str, float]:
    own = after.user + after.system - before.user - before.system
    others = after.children_user + after.children_system - before.children_user - before.children_system
    return {"cpu": round(own / steps, 4), "beside": round(others / steps, 4)}


def apart(*arguments: str) -> dict[str, Any]:
    """One part in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, __file__, *arguments], env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def compared(rounds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians of steps a second by what is in the time, and of CPU seconds a step; ratios; the losses' largest gap."""
    measured = ("train", "whole", "cpu", "beside")
    medians = {part: {what: median(run[what] for run in runs) for what in measured} for part, runs in rounds.items()}
    ours, bare = medians["ours"], medians["bare"]
    ratios = {what: round(ours[what] / bare[what], 2) for what in ("train", "whole")}
    ratios["cpu"] = round(bare["cpu"] / ours["cpu"], 2)
    pairs = zip(rounds["ours"][0]["losses"], rounds["bare"][0]["losses"], strict=True)
    last = rounds["ours"][0]["losses"][-1]
    return {"medians": medians, "ratio": ratios, "loss": last, "loss_gap": max(abs(a - b) for a, b in pairs)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1024)
    parser.add_argument("--part", choices=["ours", "bare"])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--name", default="out")
    given = parser.parse_args()
    if given.part:
        found = ours(given.root, given.epochs, given.name) if given.part == "ours" else bare(given.root, given.epochs)
        print(json.dumps(found))
        return
    result: dict[str, Any] = {"date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "rows": given.rows}
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), given.rows)
        for epochs in (1, 3):
            rounds: dict[str, list[dict[str, Any]]] = {"ours": [], "bare": []}
            for number in range(given.rounds):
                for part in ("ours", "bare"):
                    options = ["--root", folder, "--epochs", str(epochs), "--name", f"out{epochs}-{number}"]
                    rounds[part].append(apart("--part", part, *options))
                    shown = {name: value for name, value in rounds[part][-1].items() if name != "losses"}
                    print(part, epochs, shown, f"load {os.getloadavg()[0]:.1f}", flush=True)
            result[f"epochs_{epochs}"] = compared(rounds) | {"rounds": rounds}
            print(json.dumps({name: value for name, value in result[f"epochs_{epochs}"].items() if name != "rounds"}))
    (RESULTS / "training_vision.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
