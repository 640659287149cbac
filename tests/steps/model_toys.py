"""Real architectures at a size that trains in a second, and jobs to run steps in."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from factory.profile import Profile
from factory.step.job import Artifact, Job
from factory.step.progress import quiet
from factory.steps.init import Init
from factory.store import Manifest, write_shard

COMMON: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "lfm2": COMMON | {"model_type": "lfm2", "full_attn_idxs": [1], "block_auto_adjust_ff_dim": False},
    "llama": COMMON | {"model_type": "llama", "head_dim": 8, "tie_word_embeddings": False},
    "gemma2": COMMON | {"model_type": "gemma2", "head_dim": 8, "sliding_window": 64},
    "cohere2": COMMON | {"model_type": "cohere2", "sliding_window": 64},
    "qwen2": COMMON | {"model_type": "qwen2", "use_sliding_window": False},
}
WORDS = ["the", "cat", "dog", "sees", "a", "big", "red", "house", "in", "river", "sun", "walks"]
WORDS += ["الكِتَاب", "كبير", "البيت", "أحمر", "قطة", "ترى"]


def sentences(rows: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(4, 12))) for _ in range(rows)]


def chats(rows: int, seed: int = 0) -> list[dict[str, Any]]:
    """A question and the answer that repeats its second word."""
    return [
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text.split()[1]}]}
        for text in sentences(rows, seed)
    ]


def dataset(
    folder: Path, rows: list[dict[str, Any]], split: str = "train", schema: pa.Schema | None = None
) -> Artifact:
    write_shard(folder / "data" / f"{split}-00000.parquet", pa.Table.from_pylist(rows, schema=schema))
    return artifact(folder, "dataset")


def artifact(folder: Path, kind: str = "model") -> Artifact:
    return Artifact(folder.name, folder, Manifest(name=folder.name, kind=kind, verb="x", fingerprint="f", identity={}))


def job(out: Path, source: Artifact | None = None, profile: Profile | None = None, **inputs: Artifact) -> Job:
    return Job(
        name=out.name,
        out=out,
        source=source,
        inputs=inputs,
        profile=profile or Profile(device="cpu", threads=1),
        progress=quiet(),
        language={},
        where="recipe.yaml:7:5",
    )


def make_model(folder: Path, kind: str = "lfm2", **parameters: Any) -> Artifact:
    """A model of that architecture by the real `init`, with a tokenizer trained on the toy sentences."""
    text = dataset(folder.parent / f"{folder.name}-text", [{"text": text} for text in sentences(200)])
    options = {"config": CONFIGS[kind], "tokenizer_data": "text", "vocab_size": 320, "dtype": "float32"} | parameters
    Init.model_validate(options).run(job(folder, text=text))
    return artifact(folder)


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.safetensors")):
        found |= load_file(path)
    return found


def answer(folder: Path, question: str, tokens: int = 8) -> str:
    """Greedy answer of a model folder through its own chat template."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    chat = [{"role": "user", "content": question}]
    ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(**ids, max_new_tokens=tokens, do_sample=False)
    return tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
