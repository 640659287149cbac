"""What tests of several folders need: datasets and jobs as the runner hands them to verbs, and tiny real models."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from factory.graph.model_sources import AnsweringModel
from factory.graph.nodes import Graph
from factory.graph.run import Runner
from factory.hub.push import Release
from factory.profile import Profile
from factory.publishing.stages import Execution, Report, builds
from factory.step.base import Step
from factory.step.job import Artifact, Job
from factory.step.progress import quiet
from factory.store import Manifest, ShardWriter

CHAT = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
BARE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def dataset(
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    schema: Any = None,
    shard_rows: int = 10_000,
    split: str = "train",
) -> Artifact:
    """A finished dataset artifact of these rows; an empty one needs a schema."""
    import pyarrow as pa

    schema = schema or pa.Table.from_pylist(list(rows)).schema
    with ShardWriter(folder, schema, split, shard_rows) as writer:
        writer.write(dict(row) for row in rows)
    return Artifact(folder.name, folder, _manifest(folder.name, "dataset"), split)


def _manifest(name: str, kind: str) -> Manifest:
    return Manifest(name=name, kind=kind, verb="test", fingerprint="0" * 64, identity={})


def make_job(out: Path, source: Artifact | None, profile: Profile | None = None, **inputs: Artifact) -> Job:
    """A job in an empty or half-filled folder. Inputs are named by what the step's parameters hold."""
    out.mkdir(parents=True, exist_ok=True)
    language = {"source": "en", "target": "ar"}
    profile = profile or Profile(device="cpu", threads=1, batch_size=8)
    return Job("test/01", out, source, inputs, profile, quiet(), language)


def run_step(
    step: Step, source: Artifact | None, out: Path, profile: Profile | None = None, **inputs: Artifact
) -> Job:
    job = make_job(out, source, profile, **inputs)
    step.run(job)
    assert job.rows is not None and job.rows.balanced, job.rows
    return job


def build(graph: Graph, *names: str, profile: Profile | None = None) -> Report:
    """Build the named artifacts (all by default) and what they need.

    Raises:
        FactoryError: the first failure.
    """
    runner = Runner(graph, profile or Profile(device="cpu", threads=1), quiet())
    report = Execution(runner).run(builds(graph.needed_for(list(names)) if names else graph.order()))
    for error in report.failed.values():
        raise error
    return report


def kept(job: Job, split: str = "train") -> list[dict[str, Any]]:
    from factory.store import Dataset

    return list(Dataset(job.out).rows(split))


def rejected(job: Job) -> list[dict[str, Any]]:
    from factory.store import Dataset

    return list(Dataset(job.out).rows(part="rejected"))


def byte_tokenizer(template: str | None = None) -> Any:
    """One token per byte: any text, no training."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {"<s>": 0, "</s>": 1, **{character: i + 2 for i, character in enumerate(alphabet)}}
    raw = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    tokenizer.chat_template = template
    return tokenizer


def random_model(folder: Path, *, seed: int = 0, template: str | None = CHAT, ends: int = 1) -> Artifact:
    """A two-layer Llama with random weights over bytes; `ends` tokens end a text, so that some texts do end."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    tokenizer = byte_tokenizer(template)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        initializer_range=0.5,  # answers that differ, instead of one flat distribution
    )
    model = LlamaForCausalLM(config)
    model.generation_config.eos_token_id = [1, *range(10, 9 + ends)]
    return _save(folder, model, tokenizer)


def behind_endpoint(folder: Path, model: str, endpoint: str, answers_as: str | None = None) -> Artifact:
    """A model that an endpoint of the profile answers for."""
    step = AnsweringModel(endpoint=endpoint, model=model, answers_as=answers_as or model)
    step.run(make_job(folder, None))
    return Artifact(folder.name, folder, _manifest(folder.name, "model"), endpoint=endpoint)


def chain_model(
    folder: Path, chain: Mapping[str, str], template: str | None = BARE, words: Sequence[str] = ()
) -> Artifact:
    """A Llama whose next token depends on the last one alone: `chain` maps a token to the next, "" ends the text.

    A token is a byte or one of `words`. Those that `chain` does not name end the text too. Attention and MLP write
    nothing, embeddings are one-hot.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = byte_tokenizer(template)
    tokenizer.add_tokens([*words])
    size = len(tokenizer)
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=size,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=1024,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    model = LlamaForCausalLM(config)
    token = {text: tokenizer(text)["input_ids"][0] for text in {*chain, *chain.values()} if text}
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(size))
        model.lm_head.weight.zero_()
        follow = {token[last]: token[nxt] if nxt else 1 for last, nxt in chain.items()}
        for last in range(size):
            model.lm_head.weight[follow.get(last, 1), last] = 1.0
    return _save(folder, model, tokenizer)


def _save(folder: Path, model: Any, tokenizer: Any) -> Artifact:
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return Artifact(folder.name, folder, _manifest(folder.name, "model"))


def small_release(folder: Path, repo: str) -> Release:
    """A card and a file of a few bytes, for a dataset of the embedded Hub whose name nothing else has."""
    data = folder / "rows.parquet"
    data.write_bytes(b"PAR1 rows PAR1")
    return Release(
        kind="dataset",
        repo_id=f"factory/{repo}-{uuid.uuid4().hex[:8]}",
        fingerprint="ab" * 32,
        title="rows",
        documents={"README.md": b"---\nlicense: mit\n---\n# Rows\n"},
        files=lambda: {"data/train-00000-of-00001.parquet": data},
        record=folder / "record",
    )
