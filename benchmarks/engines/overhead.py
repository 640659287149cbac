"""Rows/s of the verb `translate` beside the bare engines it stands on: vLLM's own `LLM.generate` and a plain batched
transformers loop. Same model, same prompts, same budgets, side by side in one run; loading is not counted.

python benchmarks/engines/overhead.py [--rows 1024] [--rounds 5]     (needs `factory engines install vllm`)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import work  # noqa: E402
from measure import save  # noqa: E402

from factory.engines import Request  # noqa: E402
from factory.engines.environments import needed  # noqa: E402
from factory.engines.vllm_options import llm_options, process_environment  # noqa: E402
from factory.profile import Profile  # noqa: E402

ASKED = {"vllm": 0.95, "transformers": 1.2}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1024, help="beside vLLM; a quarter of them beside the slower loop")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    pairs = {"vllm": (arguments.rows, _beside_vllm), "transformers": (arguments.rows // 4, _beside_a_loop)}
    measured = {}
    for name, (rows, measure) in pairs.items():
        with tempfile.TemporaryDirectory(prefix="factory-engines-") as folder:
            seconds = measure(Path(folder), rows, arguments.rounds)
        medians = work.rates(seconds, rows)
        ours, bare = medians.values()
        measured[name] = {
            "rows": rows,
            "load": [round(value, 1) for value in os.getloadavg()],
            "seconds": work.rounded(seconds),
            "rows_per_second": {name: round(value, 1) for name, value in medians.items()},
            "ratio": round(ours / bare, 3),
            "asked": ASKED[name],
        }
    result = {"tokens_a_row": work.LIMIT, "rounds": arguments.rounds, **measured}
    print(json.dumps(result, indent=2))
    print(save("engine_overhead", result))


def _beside_vllm(folder: Path, rows: int, rounds: int) -> dict[str, list[float]]:
    model, texts = work.model(folder / "m"), work.texts(rows)
    profile = Profile.model_validate({"engine": "vllm", "device": "cpu"})
    with (
        work.translating(folder / "work", model, texts, profile) as ours,
        _raw(model.model, texts, profile) as raw,
    ):
        return work.in_turn({"translate": ours, "vllm.LLM.generate": raw}, rounds)


def _beside_a_loop(folder: Path, rows: int, rounds: int) -> dict[str, list[float]]:
    model, texts = work.model(folder / "m"), work.texts(rows)
    profile = Profile.model_validate({"engine": "transformers", "device": "cpu", "batch_size": 256})
    with (
        work.translating(folder / "work", model, texts, profile) as ours,
        _plain_loop(model.model, texts) as loop,
    ):
        return work.in_turn({"translate": ours, "plain loop": loop}, rounds)


@contextmanager
def _raw(model: Path, texts: list[str], profile: Profile) -> Iterator[work.Timed]:
    from factory.engines.tokens import Tokens

    tokens = Tokens(model)
    prompts = [
        tokens.tokenizer.apply_chat_template(
            Request.chat(text, max_new_tokens=work.LIMIT).turns(), add_generation_prompt=True, tokenize=False
        )
        for text in texts
    ]
    options = llm_options(model, profile) | {"skip_tokenizer_init": False}
    script = str(Path(__file__).with_name("raw_vllm.py"))
    process = subprocess.Popen(
        [str(needed("vllm").python), "-P", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=process_environment(profile),
    )
    assert process.stdin is not None and process.stdout is not None
    print(
        json.dumps({"options": options, "prompts": prompts, "limits": [work.LIMIT] * len(texts)}), file=process.stdin
    )
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == {"ready": True}

    def run() -> float:
        assert process.stdin is not None and process.stdout is not None
        print("go", file=process.stdin, flush=True)
        seconds, written = json.loads(process.stdout.readline())
        assert written == work.LIMIT * len(texts), f"raw vllm wrote {written} tokens"
        return seconds

    try:
        yield run
    finally:
        process.stdin.close()
        process.wait()


@contextmanager
def _plain_loop(model: Path, texts: list[str]) -> Iterator[work.Timed]:
    """What one writes by hand: batches in the order of the file, padded on the left, `generate`, decode."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(model, padding_side="left")
    loaded: Any = AutoModelForCausalLM.from_pretrained(model).eval()

    def run() -> float:
        started = time.monotonic()
        for start in range(0, len(texts), work.BATCH):
            chats = [[{"role": "user", "content": text}] for text in texts[start : start + work.BATCH]]
            inputs = tokenizer.apply_chat_template(
                chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
            )
            with torch.inference_mode():
                ids = loaded.generate(**inputs, max_new_tokens=work.LIMIT, do_sample=False)
            tokenizer.batch_decode(ids[:, inputs["input_ids"].shape[1] :])
        return time.monotonic() - started

    yield run


if __name__ == "__main__":
    main()
