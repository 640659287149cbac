"""sft of an LFM2-1.2B-shaped model on one GPU, and FP8 linear layers beside bfloat16's.

    python benchmarks/training/gpu.py                  # needs one GPU with some 40 GB
    python benchmarks/training/gpu.py --small          # that the script works: a small shape, here or on a CPU

The model is made from nothing by `init` and trained by the verb `sft` on packed conversations of the demo world.
Reported are tokens per second, the largest memory that torch held, and the share of the card's own bfloat16 peak,
which is measured with one large product of matrices: 6 x parameters x tokens per second over that peak, recomputed
activations not counted. The linear layers have LFM2-1.2B's shapes; FP8 is torch's scaled product with a scale per
token and per output channel, as vLLM computes FP8_DYNAMIC, the rounding of the activations included.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from measure import save
from sft import artifact

# The public configuration of LiquidAI/LFM2-1.2B.
LFM2 = {
    "model_type": "lfm2",
    "hidden_size": 2048,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 12288,
    "block_auto_adjust_ff_dim": True,
    "vocab_size": 65536,
    "full_attn_idxs": [2, 5, 8, 10, 12, 14],
    "tie_word_embeddings": True,
    "max_position_embeddings": 4096,
}
SMALL = LFM2 | {"hidden_size": 128, "intermediate_size": 256, "num_attention_heads": 4}
SMALL |= {"num_key_value_heads": 2, "vocab_size": 4096, "num_hidden_layers": 4, "full_attn_idxs": [2]}
LAYERS = {"w1": (2048, 8192), "w2": (8192, 2048), "q_proj": (2048, 2048), "in_proj": (2048, 6144)}
"""Inputs and outputs of linear layers."""
ROWS, WARM, REPEATS = 20_000, 5, 20
FP8_MAX = 448.0  # of torch.float8_e4m3fn


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--length", type=int, default=2048, help="tokens of a packed sequence")
    parser.add_argument("--batch-size", type=int, default=16, help="sequences per optimizer step")
    parser.add_argument("--per-device", type=int, default=4, help="sequences at once")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not options.small:
        parser.error("no GPU is visible; --small tries the script without one")
    peak = bf16_peak(device, 512 if device == "cpu" else 8192)
    found = {
        "what": f"sft of an LFM2-1.2B-shaped model{', made small' if options.small else ''}, packed, bfloat16",
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "bf16_tflops_measured": round(peak / 1e12, 2),
        "sft": training(device, options, peak),
        "linear_fp8_over_bf16": linears(device, 64 if options.small else 8192),
    }
    print(found)
    if not options.small:
        print(save("training_gpu", found))


def training(device: str, options: argparse.Namespace, peak: float) -> dict[str, Any]:
    """Tokens per second of the verb after its first steps, memory, and share of the peak."""
    import pyarrow as pa
    import torch

    from factory.demo.catalogue import iter_rows
    from factory.profile import Profile
    from factory.step.job import Job
    from factory.step.progress import quiet
    from factory.steps.init import Init
    from factory.steps.sft import Sft
    from factory.store import write_shard

    profile = Profile(device=device, train_batch_size=options.per_device, gradient_checkpointing=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        count = 500 if options.small else ROWS
        pairs = [(row["question"], row["response"]) for row in iter_rows("instructions", count, 0)]
        rows = [{"prompt": question, "completion": response} for question, response in pairs]
        write_shard(root / "data" / "data" / "train-00000.parquet", pa.Table.from_pylist(rows))
        texts = [{"text": text} for pair in pairs for text in pair]
        write_shard(root / "text" / "data" / "train-00000.parquet", pa.Table.from_pylist(texts))
        config = SMALL if options.small else LFM2
        step = Init.model_validate({"config": config, "tokenizer_data": "text", "vocab_size": 2500})
        text = artifact(root / "text", "dataset")
        step.run(Job("base", root / "base", None, {"text": text}, profile, quiet(), {}))
        data = artifact(root / "data", "dataset")
        work = Job("tuned", root / "tuned", artifact(root / "base", "model"), {"data": data}, profile, quiet(), {})
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        tune = {"data": "data", "learning_rate": 1e-5, "packing": True, "max_length": options.length}
        Sft.model_validate(tune | {"batch_size": options.batch_size, "max_steps": options.steps}).run(work)
    speed, size = work.metrics["tokens_per_second"], work.metrics["parameters"]
    return {
        "parameters": size,
        "tokens_per_second": speed,
        "share_of_measured_peak": round(6 * size * speed / peak, 3),
        "peak_memory_gb": round(torch.cuda.max_memory_allocated() / 1e9, 1) if device == "cuda" else None,
        "loss": [work.metrics["loss"]["first"], work.metrics["loss"]["last"]],
        "settings": {name: getattr(options, name) for name in ("steps", "length", "batch_size", "per_device")},
    }


def bf16_peak(device: str, size: int) -> float:
    """Operations per second of one product of square bfloat16 matrices."""
    import torch

    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * size**3 / seconds(lambda: a @ b, device)


def linears(device: str, tokens: int) -> dict[str, float] | None:
    """Speed of FP8 products over bfloat16's by layer; None where the card does not compute in FP8."""
    import torch

    if device == "cpu" or torch.cuda.get_device_capability() < (8, 9):
        return None
    found = {}
    for name, (inputs, outputs) in LAYERS.items():
        x = torch.randn(tokens, inputs, device=device, dtype=torch.bfloat16)
        weight = torch.randn(outputs, inputs, device=device, dtype=torch.bfloat16)
        scales = weight.abs().amax(1, keepdim=True).float() / FP8_MAX
        small = (weight.float() / scales).to(torch.float8_e4m3fn)

        def fp8(x: Any = x, small: Any = small, scales: Any = scales) -> Any:
            scale = x.abs().amax(1, keepdim=True).float() / FP8_MAX
            rounded = (x / scale).to(torch.float8_e4m3fn)
            return torch._scaled_mm(rounded, small.t(), scale, scales.t(), out_dtype=torch.bfloat16)

        plain = seconds(lambda x=x, weight=weight: x @ weight.t(), device)
        found[name] = round(plain / seconds(fp8, device), 2)
    return found


def seconds(work: Callable[[], Any], device: str) -> float:
    """Of one call, the mean of several after some to warm up."""
    import torch

    def wait() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    for _ in range(WARM):
        work()
    wait()
    started = time.perf_counter()
    for _ in range(REPEATS):
        work()
    wait()
    return (time.perf_counter() - started) / REPEATS


if __name__ == "__main__":
    main()
