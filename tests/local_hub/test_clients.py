"""The libraries above huggingface_hub, in processes with a client's environment."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi

from factory.local_hub import LocalHub


def test_datasets(client: Callable[..., str], api: HfApi, repo: str) -> None:
    code = f"""
from datasets import Dataset, DatasetDict, load_dataset, get_dataset_config_names
rows = {{"id": list(range(2000)), "text": ["نص عربي %d" % n for n in range(2000)]}}
whole = Dataset.from_dict(rows)
DatasetDict(train=whole, test=whole.select(range(10))).push_to_hub("{repo}", max_shard_size="20KB")
whole.select(range(3)).push_to_hub("{repo}", config_name="rejected")
back = load_dataset("{repo}")
assert back["train"][1234] == whole[1234] and len(back["test"]) == 10
streamed = load_dataset("{repo}", split="train", streaming=True)
assert sum(row["id"] for row in streamed) == sum(range(2000))
assert next(iter(load_dataset("{repo}", "rejected", split="train", streaming=True)))["text"] == "نص عربي 0"
assert get_dataset_config_names("{repo}") == ["default", "rejected"]
"""
    client(code)
    files = api.list_repo_files(repo, repo_type="dataset")
    assert sum(name.startswith("data/train-") for name in files) > 1


def test_transformers(client: Callable[..., str], api: HfApi, repo: str) -> None:
    code = f"""
import torch
torch.set_num_threads(1)
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
config = LlamaConfig(vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
model = LlamaForCausalLM(config)
model.push_to_hub("{repo}", private=True)
back = AutoModelForCausalLM.from_pretrained("{repo}")
assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), back.state_dict().values()))
assert AutoConfig.from_pretrained("{repo}", revision="main").hidden_size == 16
"""
    client(code)
    info = api.model_info(repo)
    assert info.library_name == "transformers" and info.pipeline_tag == "text-generation"
    assert info.safetensors and info.safetensors.total > 0


def test_command_line(client: Callable[..., str], hub: LocalHub, api: HfApi, repo: str, tmp_path: Path) -> None:
    hf = shutil.which("hf", path=str(Path(sys.executable).parent))
    assert hf
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("أ")
    (tmp_path / "folder" / "w.bin").write_bytes(b"w" * 1000)

    def run(*arguments: str) -> str:
        return client("", command=[hf, *arguments])

    assert "factory" in run("auth", "whoami")
    name = f"{repo}-cli"
    run("repos", "create", name, "--type", "dataset")
    run("upload", name, "folder", ".", "--type", "dataset")
    assert api.list_repo_files(name, repo_type="dataset") == [".gitattributes", "a.txt", "w.bin"]
    run("download", name, "--type", "dataset", "--local-dir", "down")
    assert (tmp_path / "down" / "a.txt").read_text() == "أ"
    run("repos", "tag", "create", name, "v1", "--type", "dataset")
    assert "v1" in run("repos", "tag", "list", name, "--type", "dataset")
    run("repos", "delete", name, "--type", "dataset", "--yes")
    assert not api.repo_exists(name, repo_type="dataset")


def test_cards_and_scores(client: Callable[..., str], repo: str) -> None:
    code = f"""
from huggingface_hub import EvalResult, HfApi, ModelCard, ModelCardData
scores = [EvalResult("translation", "a/b", "AB", "bleu", 31.5)]
data = ModelCardData(license="mit", model_name="m", eval_results=scores)
card = ModelCard("---\\n" + data.to_yaml() + "\\n---\\n# م")
HfApi().upload_file(path_or_fileobj=str(card).encode(), path_in_repo="README.md", repo_id="{repo}")
back = ModelCard.load("{repo}")
assert back.data.license == "mit" and back.data.eval_results[0].metric_value == 31.5 and back.text.strip() == "# م"
assert HfApi().model_info("{repo}").model_index[0]["results"]
"""
    client(code)
