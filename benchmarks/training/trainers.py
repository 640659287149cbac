"""The same tiny sft by TRL and by AutoTrain on real instructions: held-out loss, tokens a second, peak memory.

    python benchmarks/training/trainers.py DATA [--rows 999] [--rounds 3]

DATA is a JSON file of rows {instruction, input, output}; one in ten is held out. Both trainers are given the same
float32 Llama, made from nothing with a tokenizer of these rows, the same parameters (those that AutoTrain can do) and
one thread, and take turns; every run is a process of its own, as a step of a recipe would run it. AutoTrain must be
installed (`factory engines install autotrain`). `trl, as usual` is TRL without what AutoTrain forces on it: no
packing, loss on the assistant's words alone.

Held-out loss is that of the model folder as it was saved, computed here in the same way for all: nats per token of the
whole conversations, and of the answers alone. Tokens a second are those of the training loop; seconds and peak memory
those of the whole process with its children.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measure import run, save
from sft import artifact, job, turn

from factory.engines.environments import needed

CONFIG = {
    "model_type": "llama",
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 384,
    "max_position_embeddings": 512,
    "tie_word_embeddings": False,
}
COMMON = {"data": "data", "learning_rate": 2e-3, "batch_size": 4, "max_length": 512, "epochs": 1, "warmup_ratio": 0.05}
PACKED = {"packing": True, "assistant_only_loss": False, "seed": 42}
TRAINERS: dict[str, dict[str, Any]] = {
    "trl": PACKED,
    "autotrain": {"backend": "autotrain", **PACKED},
    "trl, as usual": {"batch_size": 16},
}


def prepare(root: Path, data: Path, count: int | None) -> list[Any]:
    """The base model and the rows to train on; returns the held-out conversations."""
    import pyarrow as pa

    from factory.steps.init import Init
    from factory.store import write_shard

    rows = json.loads(data.read_text(encoding="utf-8"))[:count]
    chats = [[turn("user", _question(row)), turn("assistant", row["output"])] for row in rows]
    held_out = chats[::10]
    train = [{"messages": chat} for i, chat in enumerate(chats) if i % 10]
    write_shard(root / "data" / "data" / "train-00000.parquet", pa.Table.from_pylist(train))
    texts = artifact(root / "data", "dataset")
    step = Init.model_validate(
        {"config": CONFIG, "tokenizer_data": "data", "columns": ["messages"], "vocab_size": 2000, "dtype": "float32"}
    )
    step.run(job(root, "base", data=texts))
    return held_out


def _question(row: dict[str, str]) -> str:
    return f"{row['instruction']}\n\n{row['input']}" if row["input"] else row["instruction"]


def train(root: Path, trainer: str, name: str) -> dict[str, Any]:
    """One run of the step in this process."""
    from factory.steps.sft import Sft

    work = job(root, name, artifact(root / "base", "model"), data=artifact(root / "data", "dataset"))
    Sft.model_validate(COMMON | TRAINERS[trainer]).run(work)
    metrics = work.metrics
    found = {key: metrics[key] for key in ("tokens", "tokens_per_second", "steps", "rows_left_out") if key in metrics}
    return found | {"last_training_loss": metrics["loss"]["last"]}


def held_out_loss(folder: Path, chats: list[Any]) -> dict[str, float]:
    """Nats per token of the rendered conversations, and of the answers' tokens alone, cut at 512 tokens."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    sums, counts = [0.0, 0.0], [0, 0]
    for chat in chats:
        encoded = tokenizer.apply_chat_template(chat, return_dict=True, return_assistant_tokens_mask=True)
        ids = torch.tensor([encoded["input_ids"][:512]])
        answered = torch.tensor(encoded["assistant_masks"][:512], dtype=torch.bool)[1:]
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        for i, part in enumerate((losses, losses[answered])):
            sums[i] += float(part.sum())
            counts[i] += len(part)
    return {"all": round(sums[0] / counts[0], 4), "answers": round(sums[1] / counts[1], 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, help="of DATA, the first; default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trainer", choices=TRAINERS, help="one run, in --root")
    parser.add_argument("--root", type=Path)
    parser.add_argument("--name")
    given = parser.parse_args()
    if given.trainer:
        print(json.dumps(train(given.root, given.trainer, given.name)))
        return
    version = needed("autotrain").version
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        held_out = prepare(root, given.data, given.rows)
        before = held_out_loss(root / "base" / "model", held_out)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in TRAINERS}
        for number in range(given.rounds):
            for trainer, done in runs.items():
                name = f"{trainer.replace(', ', '-').replace(' ', '-')}-{number}"
                command = [sys.executable, __file__, str(given.data), "--trainer", trainer, "--root", folder]
                whole = run([*command, "--name", name], {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}, interval=0.5)
                if whole.exit_code:
                    raise SystemExit(whole.output)
                done.append(
                    json.loads(whole.output.splitlines()[-1])
                    | {"held_out": held_out_loss(root / name / "model", held_out)}
                    | {"seconds": round(whole.seconds, 1), "peak_mb": round(whole.peak_bytes / 1e6)}
                )
                print(trainer, done[-1], f"load {os.getloadavg()[0]:.1f}", flush=True)
    measured = ("tokens_per_second", "seconds", "peak_mb")
    result = {
        "autotrain": version,
        "parameters": COMMON | PACKED,
        "held_out_rows": len(held_out),
        "held_out_before": before,
        "medians": {name: {key: median(one[key] for one in done) for key in measured} for name, done in runs.items()},
        "runs": runs,
    }
    print(json.dumps(result["medians"], indent=2))
    print(save("training_trainers", result))


if __name__ == "__main__":
    main()
