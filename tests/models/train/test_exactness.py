"""What is measured is what is saved, with real tiny models: tied heads under adapters, merging and saving."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.models.models import load_model
from factory.models.train import loop
from factory.models.train.exactness import mean_loss, merged, probe_of_tokens, require_apart, require_saved
from factory.profile import Profile
from factory.steps.dpo import Dpo
from factory.steps.sft import Sft
from factory.store import Dataset
from tests.steps.model_toys import artifact, chats, dataset, job, make_model, weights

TIED = ["gemma2", "lfm2", "cohere2"]
PROBE = probe_of_tokens([[5, 6, 7, 8, 9, 30, 40], [50, 51, 52, 53]])
TWO = Profile(device="cpu", threads=1, devices=2, strategy="ddp")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models by their architecture, and conversations with a held-out split."""
    folder = tmp_path_factory.mktemp("shelf")
    for kind in (*TIED, "llama"):
        make_model(folder / kind, kind)
    dataset(folder / "data", chats(24))
    dataset(folder / "data", chats(8, seed=1), split="test")
    return folder


def tune(shelf: Path, out: Path, kind: str, profile: Profile | None = None, **options: Any) -> Any:
    work = job(out, artifact(shelf / kind), profile, data=artifact(shelf / "data", "dataset"))
    known = {"data": "data", "learning_rate": 1e-2, "batch_size": 8, "eval_split": "test"}
    Sft.model_validate(known | options).run(work)
    return work


def held_out_loss(shelf: Path, model: Path) -> float:
    """Mean loss of the held-out answers, by transformers alone."""
    from factory.models.chat import make_encoder
    from factory.models.layout import find_layout
    from factory.models.models import load_tokenizer

    encoder = make_encoder(load_tokenizer(model), find_layout(["messages"]), None, True, "")
    loaded, total, count = load_model(model, "float32").eval(), 0.0, 0
    for table in Dataset(shelf / "data").tables("test"):
        for messages in encoder.read(table):
            ids, labels = (torch.tensor([found]) for found in encoder.encode(messages))  # type: ignore[arg-type]
            learnt = int((labels[:, 1:] != -100).sum())
            with torch.no_grad():
                total += loaded(input_ids=ids, labels=labels).loss.item() * learnt
            count += learnt
    return total / count


@pytest.mark.parametrize(
    "modules", [["q_proj", "embed_tokens"], ["model.embed_tokens"], ["lm_head"], r".*(_proj|embed_tokens)", r".+"]
)
@pytest.mark.parametrize("kind", TIED)
def test_an_adapter_on_tied_weights_is_refused_before_any_work(shelf: Path, tmp_path: Path, kind: str, modules: Any):
    with pytest.raises(FactoryError, match=r"recipe\.yaml:7:5: lora reaches \S+, .* share.*modules_to_save"):
        tune(shelf, tmp_path / "out", kind, lora={"target_modules": modules})
    assert not (tmp_path / "out" / "tokenized").exists()


def test_the_head_is_refused_where_it_would_not_be_trained(shelf: Path, tmp_path: Path):
    with pytest.raises(FactoryError, match=r"lora reaches lm_head: .* learns nothing .*modules_to_save: \[lm_head\]"):
        tune(shelf, tmp_path / "out", "llama", lora={"target_modules": ["q_proj", "lm_head"]})


def test_modules_that_are_not_there_are_named(shelf: Path, tmp_path: Path):
    with pytest.raises(FactoryError, match=r"'nothing'.*not found in the base model.*correct lora.target_modules"):
        tune(shelf, tmp_path / "out", "llama", lora={"target_modules": ["nothing"]})
    with pytest.raises(ValidationError, match="not a regular expression"):
        Sft.model_validate({"data": "data", "learning_rate": 1e-3, "lora": {"target_modules": "*_proj"}})


@pytest.mark.parametrize(
    ("kind", "lora", "tied"),
    [
        ("gemma2", {}, True),
        ("lfm2", {"modules_to_save": ["embed_tokens"]}, True),
        ("gemma2", {"modules_to_save": ["lm_head"]}, True),
        ("cohere2", {"modules_to_save": ["model.embed_tokens"]}, True),
        ("llama", {"modules_to_save": ["lm_head", "embed_tokens"]}, False),
        ("llama", {"target_modules": ["embed_tokens"]}, False),
    ],
)
def test_the_loss_of_the_manifest_is_that_of_the_saved_model(shelf: Path, tmp_path: Path, kind, lora, tied):
    work = tune(shelf, tmp_path / "out", kind, lora={"r": 4, **lora})
    model = work.out / "model"
    found = work.metrics["eval_loss"]
    assert found["after"] == pytest.approx(held_out_loss(shelf, model), abs=1e-4)
    assert found["after"] < found["before"] - 0.02
    assert ("lm_head.weight" in weights(model)) is (not tied)
    assert json.loads((model / "config.json").read_text()) == json.loads(
        (shelf / kind / "model" / "config.json").read_text()
    )
    embedding, before = (weights(folder)["model.embed_tokens.weight"] for folder in (model, shelf / kind / "model"))
    assert bool((embedding != before).any()) is bool(lora)


def test_rounding_is_part_of_what_is_measured(shelf: Path, tmp_path: Path):
    work = tune(shelf, tmp_path / "out", "gemma2", dtype="bfloat16")
    found = work.metrics["eval_loss"]
    assert found["after"] == pytest.approx(held_out_loss(shelf, work.out / "model"), abs=1e-4)
    assert 0 < abs(found["after"] - found["curve"][-1][1]) < 0.05


def test_several_processes_measure_and_merge_alike(shelf: Path, tmp_path: Path):
    work = tune(shelf, tmp_path / "out", "gemma2", TWO, lora={"r": 4, "modules_to_save": ["embed_tokens"]})
    after = held_out_loss(shelf, work.out / "model")
    assert work.metrics["eval_loss"]["after"] == pytest.approx(after, abs=1e-4)


def test_what_a_step_did_before_there_were_modules_to_save_stays_what_it_is():
    plain = Sft.model_validate({"data": "data", "learning_rate": 1e-3, "lora": {"r": 4}})
    assert set(plain.parameters()["lora"]) == {"r", "lora_alpha", "lora_dropout", "target_modules"}


@pytest.mark.parametrize("kind", ["gemma2", "lfm2"])
def test_merging_that_changes_the_model_ends_the_step(shelf: Path, kind: str):
    """The fault itself, past the plan and past the trainer: an adapter on an embedding that the head shares."""
    torch.manual_seed(0)
    config = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules=["embed_tokens"], init_lora_weights=False)
    model = get_peft_model(load_model(shelf / kind / "model", "float32"), config)
    with pytest.raises(FactoryError, match=r"lora reaches model\.embed_tokens"):
        require_apart(model, "here")
    with pytest.raises(FactoryError, match=r"here: merging the adapter moves the logits by \d"):
        merged(model, PROBE, "here")


def test_merging_adapters_on_layers_changes_nothing(shelf: Path):
    config = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear", init_lora_weights=False)
    base = load_model(shelf / "lfm2" / "model", "float32")
    plain = mean_loss(base, PROBE)
    model = get_peft_model(base, config)
    require_apart(model, "here")
    tuned = mean_loss(model.get_base_model(), PROBE)
    assert mean_loss(merged(model, PROBE, "here"), PROBE) == pytest.approx(tuned, abs=1e-5)
    assert tuned != pytest.approx(plain, abs=1e-2)


@pytest.mark.parametrize("verb", ["sft", "dpo"])
@pytest.mark.parametrize("split", ["test", None])
def test_a_model_that_is_saved_otherwise_ends_the_step(shelf: Path, tmp_path: Path, monkeypatch, verb, split):
    """The weights are spoilt between memory and disk, as a wrong name or a lost tie would."""
    write = loop.write_model

    def spoilt(model: Any, *arguments: Any, **options: Any) -> None:
        with torch.no_grad():
            model.get_output_embeddings().weight.mul_(30.0)
        write(model, *arguments, **options)

    monkeypatch.setattr(loop, "write_model", spoilt)
    said = r"recipe\.yaml:7:5: the model that was saved is not the one that was trained: \w+ is .* \(dtype: float32"
    with pytest.raises(FactoryError, match=said):
        if verb == "sft":
            tune(shelf, tmp_path / "out", "llama", eval_split=split, max_steps=2)
        else:
            pairs = [
                {"prompt": "cat", "chosen": "dog", "rejected": "sun"},
                {"prompt": "sun", "chosen": "the cat", "rejected": "big river"},
            ] * 4
            data = dataset(tmp_path / "pairs", pairs)
            dataset(tmp_path / "pairs", pairs, split="test")
            work = job(tmp_path / "out", artifact(shelf / "llama"), data=data)
            options = {"data": "data", "learning_rate": 1e-3, "max_steps": 2, "eval_split": split}
            Dpo.model_validate(options).run(work)


def test_a_loss_may_move_by_one_per_cent_or_twice_what_rounding_costs():
    def never() -> dict[str, float]:
        raise AssertionError("nothing is far")

    require_saved({"loss": 4.0}, {"loss": 4.039}, never, "bfloat16", "here")
    require_saved({"loss": 0.001}, {"loss": 0.01}, never, "bfloat16", "here")  # below 1 nat: 1 % of that
    require_saved({"loss": 4.0}, {"loss": 4.19}, lambda: {"loss": 0.1}, "bfloat16", "here")
    for saved in (4.21, float("nan"), float("inf")):
        with pytest.raises(FactoryError, match="here: the model that was saved is not"):
            require_saved({"loss": 4.0}, {"loss": saved}, lambda: {"loss": 0.1}, "bfloat16", "here")
