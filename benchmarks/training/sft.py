"""sft beside a bare TRL run on the same model and rows: tokens per second, and the loss after a kill -9 and a resume.

    python benchmarks/training/sft.py [--rounds 3] [--steps 60]

Both are given the same float32 LFM2 of the demo's size, made from nothing, the same demo conversations, one thread and
equal hyper-parameters; the bare run is TRL's SFTTrainer with its own tokenization and masking of the conversations.
Every run is a process of its own, and the two take turns. Seconds are those of `trainer.train()`; ours makes
checkpoints at tenths of the run in them, the bare run makes none.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measure import RESULTS

ROWS, BATCH, RATE = 4000, 32, 1e-3
CONFIG = {
    "model_type": "lfm2",
    "hidden_size": 192,
    "num_hidden_layers": 3,
    "num_attention_heads": 12,
    "num_key_value_heads": 6,
    "intermediate_size": 192,
    "layer_types": ["full_attention", "conv", "full_attention"],
    "max_position_embeddings": 512,
}


def artifact(folder: Path, kind: str) -> Any:
    from factory.step.job import Artifact
    from factory.store import Manifest

    return Artifact(folder.name, folder, Manifest(name=folder.name, kind=kind, verb="", fingerprint="0", identity={}))


def job(root: Path, name: str, source: Any = None, **inputs: Any) -> Any:
    from factory.profile import Profile
    from factory.step.job import Job
    from factory.step.progress import quiet

    return Job(name, root / name, source, inputs, Profile(device="cpu", threads=1), quiet(), {})


def prepare(root: Path) -> None:
    """The base model, and the conversations as a dataset and as lines for the bare run."""
    import pyarrow as pa

    from factory.demo.catalogue import iter_rows
    from factory.steps.init import Init
    from factory.store import write_shard

    rows = [
        {"messages": [turn("user", row["question"]), turn("assistant", row["response"])]}
        for row in iter_rows("instructions", ROWS, 0)
    ]
    write_shard(root / "data" / "data" / "train-00000.parquet", pa.Table.from_pylist(rows))
    texts = [{"text": turn["content"]} for row in rows for turn in row["messages"]]
    write_shard(root / "text" / "data" / "train-00000.parquet", pa.Table.from_pylist(texts))
    step = Init.model_validate({"config": CONFIG, "tokenizer_data": "text", "vocab_size": 2500, "dtype": "float32"})
    step.run(job(root, "base", text=artifact(root / "text", "dataset")))


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def ours(root: Path, steps: int, name: str) -> dict[str, Any]:
    from factory.steps.sft import Sft

    work = job(root, name, artifact(root / "base", "model"), data=artifact(root / "data", "dataset"))
    Sft(data="data", learning_rate=RATE, batch_size=BATCH, max_steps=steps).run(work)
    metrics = work.metrics
    return {name: metrics[name] for name in ("tokens", "tokens_per_second")} | {"loss": metrics["loss"]["last"]}


def bare(root: Path, steps: int) -> dict[str, Any]:
    import torch
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(1)
    rows = load_dataset("parquet", data_files=str(root / "data" / "data" / "*.parquet"), split="train")
    arguments = SFTConfig(
        output_dir=str(root / "bare"),
        per_device_train_batch_size=BATCH,
        max_steps=steps,
        learning_rate=RATE,
        lr_scheduler_type="cosine",
        assistant_only_loss=True,
        max_length=2048,
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
    folder = root / "base" / "model"
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
        args=arguments,
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(folder),
    )
    started = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - started
    logs = [entry for entry in trainer.state.log_history if "loss" in entry]
    tokens = int(logs[-1]["num_tokens"])
    return {"tokens": tokens, "tokens_per_second": round(tokens / seconds, 1), "loss": logs[-1]["loss"]}


def apart(*arguments: str) -> dict[str, Any]:
    """One part in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, __file__, *arguments], env=environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def killed_and_resumed(root: Path, steps: int) -> dict[str, Any]:
    """Kill -9 once the fifth checkpoint is sealed, then run the same again."""
    command = [sys.executable, __file__, "--part", "ours", "--root", str(root), "--steps", str(steps), "--name", "cut"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
    folder = root / "cut" / "checkpoints"
    while not any((folder / f"checkpoint-{n}" / "complete").exists() for n in range(steps // 2, steps)):
        if process.poll() is not None:
            raise SystemExit("the run ended before it could be killed")
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return apart(*command[2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--part", choices=["ours", "bare"])
    parser.add_argument("--root", type=Path)
    parser.add_argument("--name", default="out")
    given = parser.parse_args()
    if given.part:
        found = ours(given.root, given.steps, given.name) if given.part == "ours" else bare(given.root, given.steps)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root)
        rounds: dict[str, list[dict[str, Any]]] = {"ours": [], "bare": []}
        for number in range(given.rounds):
            for part in ("ours", "bare"):
                options = ["--root", folder, "--steps", str(given.steps), "--name", f"out{number}"]
                rounds[part].append(apart("--part", part, *options))
                print(part, rounds[part][-1], f"load {os.getloadavg()[0]:.1f}", flush=True)
        resumed = killed_and_resumed(root, given.steps)
    speed = {part: median(run["tokens_per_second"] for run in runs) for part, runs in rounds.items()}
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "steps": given.steps,
        "rounds": rounds,
        "tokens_per_second": speed,
        "ratio": round(speed["ours"] / speed["bare"], 3),
        "loss_whole": rounds["ours"][0]["loss"],
        "loss_resumed": resumed["loss"],
        "loss_gap": abs(rounds["ours"][0]["loss"] - resumed["loss"]),
    }
    print(json.dumps({name: value for name, value in result.items() if name != "rounds"}, indent=2))
    (RESULTS / "training_sft.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
