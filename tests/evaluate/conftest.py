"""Tiny models of the real classes, built and saved in a second, and jobs as the runner hands them to suites."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.evaluate.base import Suite
from factory.profile import Profile
from factory.rehearsal import card
from factory.rehearsal.data import from_suite
from factory.step.job import Artifact, Job
from factory.step.progress import quiet
from factory.store import Manifest, ShardWriter

CHAT = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def byte_tokenizer(template: str | None = None):
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


def model_artifact(folder: Path, kind: str = "llama", seed: int = 0, template: str | None = None) -> Artifact:
    import torch
    from transformers import Lfm2Config, Lfm2ForCausalLM, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    tokenizer = byte_tokenizer(template)
    shape = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
        "initializer_range": 0.5,  # random answers that differ, instead of one flat distribution
    }
    if kind == "llama":
        model = LlamaForCausalLM(LlamaConfig(**shape))
    else:
        model = Lfm2ForCausalLM(
            Lfm2Config(**shape, layer_types=["conv", "full_attention"], block_auto_adjust_ff_dim=False)
        )
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return Artifact(folder.name, folder, manifest(folder.name, "model"))


def manifest(name: str, kind: str) -> Manifest:
    return Manifest(name=name, kind=kind, verb="test", fingerprint=f"fp-{name}", identity={})


@pytest.fixture(scope="session")
def llama(tmp_path_factory) -> Artifact:
    return model_artifact(tmp_path_factory.mktemp("llama"), template=CHAT)


@pytest.fixture(scope="session")
def lfm2(tmp_path_factory) -> Artifact:
    return model_artifact(tmp_path_factory.mktemp("lfm2"), "lfm2", seed=1)


@pytest.fixture
def make_model(tmp_path):
    """Build a model with the chat template at a name; the same name is overwritten."""
    return lambda name, seed: model_artifact(tmp_path / name, seed=seed, template=CHAT)


@pytest.fixture
def make_dataset(tmp_path):
    def make(rows: list[dict], name: str = "bench", split: str = "test") -> Artifact:
        import pyarrow as pa

        folder = tmp_path / name.replace("/", "--")
        with ShardWriter(folder, pa.Table.from_pylist(rows).schema, split, rows=7) as writer:
            writer.write(rows)
        return Artifact(name, folder, manifest(name, "dataset"), split)

    return make


@pytest.fixture
def make_job(tmp_path):
    def make(model: Artifact, inputs: dict[str, Artifact], out: str = "out", name: str = "suite/model") -> Job:
        folder = tmp_path / out
        folder.mkdir(exist_ok=True)
        profile = Profile(device="cpu", dtype="float32", batch_size=16, threads=1)
        return Job(name, folder, model, inputs, profile, quiet(), {"source": "en", "target": "ar"})

    return make


@pytest.fixture
def on_the_hub(tmp_path, monkeypatch):
    """Stand-ins of what a suite reads: `load_dataset("owner/name", config)` finds a folder of that name first."""

    def lay(suite: Suite) -> None:
        for dataset in suite.required_datasets():
            made = from_suite([dataset])
            readme = card(dataset.repo, None, {"configs": made.configs}, "")
            for path, content in {**made.files, "README.md": readme}.items():
                file = tmp_path / "hub" / dataset.repo / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        monkeypatch.chdir(tmp_path / "hub")
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")

    return lay
