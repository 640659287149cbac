"""Rows/s of the verb `translate` beside the bare engines it stands on: vLLM's own `LLM.generate` and a plain batched
transformers loop. Same model, same prompts, same budgets, side by side in one run; loading is not counted.

python benchmarks/engines/overhead.py [--rows 512] [--rounds 3]     (needs `factory engines install vllm`)
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from measure import save  # noqa: E402

from factory.engines import Request, engine_for  # noqa: E402
from factory.engines.environments import needed  # noqa: E402
from factory.engines.vllm_options import llm_options, process_environment  # noqa: E402
from factory.profile import Profile  # noqa: E402

LIMIT, BATCH, LONGEST = 64, 32, 40  # tokens to write; prompts of a transformers batch; words of a text
ASKED = {"translate with vllm / raw vllm": 0.95, "translate with transformers / plain loop": 1.2}
ONE_PASS: dict[str, Any] = {"split": "none", "checks": [], "ladder": []}
"""Each text is asked once, as it is: the same work as the bare engines do."""

Timed = Callable[[], float]  # seconds of one run


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="factory-engines-") as folder:
        seconds = _measure(Path(folder), arguments.rows, arguments.rounds)
    medians = {name: arguments.rows / statistics.median(found) for name, found in seconds.items()}
    ratios = {
        "translate with vllm / raw vllm": medians["translate, vllm"] / medians["raw vllm"],
        "translate with transformers / plain loop": medians["translate, transformers"] / medians["plain loop"],
    }
    result = {
        "rows": arguments.rows,
        "tokens_a_row": LIMIT,
        "rounds": arguments.rounds,
        "load": [round(value, 1) for value in os.getloadavg()],
        "seconds": {name: [round(value, 2) for value in found] for name, found in seconds.items()},
        "rows_per_second": {name: round(value, 1) for name, value in medians.items()},
        "ratios": {name: {"measured": round(value, 2), "asked": ASKED[name]} for name, value in ratios.items()},
    }
    print(json.dumps(result, indent=2))
    print(save("engine_overhead", result))


def _measure(folder: Path, rows: int, rounds: int) -> dict[str, list[float]]:
    model = _model(folder / "m" / "model")
    _never_ending(model)
    texts = [" ".join(f"word{(i * 7 + n) % 97}" for n in range(1 + i * 13 % LONGEST)) for i in range(rows)]
    vllm = Profile.model_validate({"engine": "vllm", "device": "cpu"})
    here = Profile.model_validate({"engine": "transformers", "device": "cpu", "batch_size": 256})
    with (
        _translate(folder, texts, vllm) as ours,
        _raw(folder, texts, vllm) as raw,
        _translate(folder, texts, here) as ours_here,
        _plain_loop(model, texts) as loop,
    ):
        runs: dict[str, Timed] = {
            "raw vllm": raw,
            "translate, vllm": ours,
            "plain loop": loop,
            "translate, transformers": ours_here,
        }
        for run in runs.values():  # the first run of each compiles and fills caches
            run()
        found: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                found[name].append(run())
        return found


def _model(folder: Path) -> Path:
    """A Llama of 3.4 million parameters over bytes."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.support import CHAT, byte_tokenizer

    tokenizer = byte_tokenizer(CHAT)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _never_ending(model: Path) -> None:
    """Every answer as long as its budget, so that all write the same number of tokens."""
    for name in ("config.json", "generation_config.json"):
        path = model / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token_id": None}))
    path = model / "tokenizer_config.json"
    settings = {name: value for name, value in json.loads(path.read_text()).items() if name != "eos_token"}
    path.write_text(json.dumps(settings))


@contextmanager
def _translate(folder: Path, texts: list[str], profile: Profile) -> Iterator[Timed]:
    """The whole verb from a dataset on disk to a dataset on disk, ledger and checks and all, over a loaded engine."""
    import shutil
    from unittest.mock import patch

    from factory.job import Artifact
    from factory.steps.translate import Translate
    from tests.support import _manifest, dataset, make_job

    source = dataset(folder / f"in-{profile.engine}", [{"text": text} for text in texts])
    model = Artifact("m", folder / "m", _manifest("m", "model"))
    step = Translate.model_validate(
        {"model": "m", "fields": ["text"], "prompt": "{text}", "max_new_tokens": LIMIT, **ONE_PASS}
    )
    out = folder / f"out-{profile.engine}"
    with engine_for(model.model, profile) as engine:

        class Loaded:
            count_tokens, generate = engine.count_tokens, engine.generate

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *exception: object) -> None: ...

        def run() -> float:
            shutil.rmtree(out, ignore_errors=True)
            started = time.monotonic()
            with patch("factory.rows.generation.engine_for", lambda *_, **__: Loaded()):
                job = make_job(out, source, profile, m=model)
                step.run(job)
            seconds = time.monotonic() - started
            assert job.usage.completion_tokens == LIMIT * len(texts), f"{profile.engine} wrote {job.usage}"
            return seconds

        yield run


@contextmanager
def _raw(folder: Path, texts: list[str], profile: Profile) -> Iterator[Timed]:
    from factory.engines.tokens import Tokens

    tokens = Tokens(folder / "m" / "model")
    prompts = [
        tokens.tokenizer.apply_chat_template(
            Request.chat(text, max_new_tokens=LIMIT).turns(), add_generation_prompt=True, tokenize=False
        )
        for text in texts
    ]
    options = llm_options(folder / "m" / "model", profile) | {"skip_tokenizer_init": False}
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
    print(json.dumps({"options": options, "prompts": prompts, "limits": [LIMIT] * len(texts)}), file=process.stdin)
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == {"ready": True}

    def run() -> float:
        assert process.stdin is not None and process.stdout is not None
        print("go", file=process.stdin, flush=True)
        seconds, written = json.loads(process.stdout.readline())
        assert written == LIMIT * len(texts), f"raw vllm wrote {written} tokens"
        return seconds

    try:
        yield run
    finally:
        process.stdin.close()
        process.wait()


@contextmanager
def _plain_loop(model: Path, texts: list[str]) -> Iterator[Timed]:
    """What one writes by hand: batches in the order of the file, padded on the left, `generate`, decode."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(model, padding_side="left")
    loaded: Any = AutoModelForCausalLM.from_pretrained(model).eval()

    def run() -> float:
        started = time.monotonic()
        for start in range(0, len(texts), BATCH):
            chats = [[{"role": "user", "content": text}] for text in texts[start : start + BATCH]]
            inputs = tokenizer.apply_chat_template(
                chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
            )
            with torch.inference_mode():
                ids = loaded.generate(**inputs, max_new_tokens=LIMIT, do_sample=False)
            tokenizer.batch_decode(ids[:, inputs["input_ids"].shape[1] :])
        return time.monotonic() - started

    yield run


if __name__ == "__main__":
    main()
