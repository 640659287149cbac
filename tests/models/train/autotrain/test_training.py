"""The real AutoTrain; what needs it is skipped where `factory engines install autotrain` has not been run."""

from __future__ import annotations

import json
import subprocess

import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file

from factory.engines.environments import find
from factory.errors import FactoryError
from factory.models.layout import Layout
from factory.models.models import load_model, load_tokenizer
from factory.models.train.autotrain.config import ARCHITECTURES, autotrain_config
from factory.models.train.autotrain.training import write_model, write_texts
from factory.steps.sft import Sft
from tests import needs
from tests.steps.model_toys import CONFIGS, answer, chats, dataset, job, make_model, weights

ROTARY = {"rope_parameters": {"rope_type": "default", "rope_theta": 777.0}}


def step(**options):
    possible = {"data": "chats", "backend": "autotrain", "packing": True, "assistant_only_loss": False}
    return Sft.model_validate(possible | {"learning_rate": 5e-3, "max_length": 128, "epochs": 2} | options)


def here(test):
    """Marks what runs AutoTrain itself."""
    return pytest.mark.slow(needs.engine("autotrain")(test))


def in_autotrain(code, *arguments):
    """Output of a program in AutoTrain's environment."""
    command = [str(find("autotrain").python), "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_architecture_that_it_does_not_know_is_refused(tmp_path):
    work = job(tmp_path / "out", make_model(tmp_path / "base"), chats=dataset(tmp_path / "chats", chats(4)))
    with pytest.raises(FactoryError, match=r"AutoTrain cannot train lfm2: its transformers 4.48 .*backend: trl"):
        step().run(work)


def test_without_the_environment_the_fix_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("FACTORY_ENGINES", str(tmp_path / "engines"))
    work = job(tmp_path / "out", make_model(tmp_path / "base", "llama"), chats=dataset(tmp_path / "chats", chats(4)))
    with pytest.raises(FactoryError, match=r"autotrain is not installed .run `factory engines install autotrain`"):
        step().run(work)
    assert not (tmp_path / "out").exists()


def test_texts_are_rendered_with_one_beginning(tmp_path):
    tokenizer = load_tokenizer(make_model(tmp_path / "base", "llama").model)
    rows = chats(3)
    assert tokenizer.chat_template.count("bos_token") == 1
    work = job(tmp_path / "out")
    told = [*rows, {"messages": [{"role": "narrator", "content": "x"}]}]
    layout = Layout(column="messages")
    count = write_texts(tmp_path / "data" / "train.jsonl", work, Dataset.from_list(told), layout, tokenizer)
    assert work.metrics == {"rows": 4, "rows_left_out": {"role 'narrator' is not known": 1}}
    found = [json.loads(line)["text"] for line in (tmp_path / "data" / "train.jsonl").read_text().splitlines()]
    for row, text in zip(rows, found, strict=True):
        whole = tokenizer.apply_chat_template(row["messages"], tokenize=False)
        ids = tokenizer(text)["input_ids"]
        assert ids == tokenizer(whole, add_special_tokens=False)["input_ids"]
        assert ids.count(tokenizer.bos_token_id) == 1
    assert count == sum(len(tokenizer(text)["input_ids"]) + 1 for text in found)
    with pytest.raises(FactoryError, match=r"no row is left to train on: .*; role 'narrator' is not known"):
        write_texts(tmp_path / "more" / "train.jsonl", work, Dataset.from_list(told[-1:]), layout, tokenizer)


@here
def test_its_own_parser_takes_every_parameter(tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps(
            autotrain_config(
                step(lora={"r": 4}),
                model="m",
                data="d",
                per_device=2,
                accumulation=4,
                precision=None,
                checkpointing=False,
            )
        )
    )
    code = (
        "import sys, json; from autotrain.parser import AutoTrainConfigParser as Parser\n"
        "from autotrain.trainers.clm.params import LLMTrainingParams as Params\n"
        "found = Parser(sys.argv[1]).parsed_config.keys()\n"
        "print('RESULT' + json.dumps(sorted(found - Params.model_fields.keys())))"
    )
    assert json.loads(in_autotrain(code, tmp_path / "config.json").partition("RESULT")[2]) == []


@here
def test_its_transformers_builds_the_same_models(tmp_path):
    """Logits of the folder that AutoTrain is given: 4.48 in its environment, 5 here."""
    ids, expected = [[1, 5, 9, 30, 7, 12, 80, 41]], {}
    for kind in ARCHITECTURES:
        source = make_model(tmp_path / kind, kind, config=CONFIGS[kind] | ROTARY | {"initializer_range": 0.3}).model
        write_model(tmp_path / "given" / kind, source, step(), job(tmp_path / f"{kind}-out"))
        model = load_model(source, "float32")
        with torch.inference_mode():
            expected[kind] = model(input_ids=torch.tensor(ids)).logits[0, -1]
        assert len(load_tokenizer(tmp_path / "given" / kind)) == model.config.vocab_size
    code = (
        "import sys, json, pathlib, torch; from transformers import AutoModelForCausalLM as M, AutoTokenizer as T\n"
        f"ids = torch.tensor({ids})\n"
        "for f in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    T.from_pretrained(f); logits = M.from_pretrained(f)(input_ids=ids).logits[0, -1]\n"
        "    print('RESULT' + json.dumps([f.name, logits.tolist()]))\n"
    )
    lines = [line for line in in_autotrain(code, tmp_path / "given").splitlines() if line.startswith("RESULT")]
    found = dict(json.loads(line.removeprefix("RESULT")) for line in lines)
    assert found.keys() == expected.keys()
    for kind, logits in expected.items():
        assert torch.allclose(torch.tensor(found[kind]), logits, atol=1e-4), kind


@here
@pytest.mark.parametrize(("kind", "lora"), [("llama", None), ("qwen2", {"r": 4, "lora_alpha": 8})])
def test_a_model_is_trained(tmp_path, kind, lora):
    source = make_model(tmp_path / "base", kind)
    work = job(tmp_path / "out", source, chats=dataset(tmp_path / "chats", chats(200)))
    step(lora=lora).run(work)
    metrics = work.metrics
    assert metrics["steps"] == len(metrics["loss"]["curve"]) > 8
    assert metrics["loss"]["last"] < metrics["loss"]["first"] - (0.1 if lora else 0.5)
    assert metrics["rows"] == 200 and metrics["tokens"] == work.usage.prompt_tokens > 0
    assert metrics["tokens"] % 128 == 0, "full sequences"
    ours, before = weights(work.out / "model"), weights(source.model)
    assert {name: tensor.shape for name, tensor in ours.items()} == {n: tensor.shape for n, tensor in before.items()}
    assert not ours["model.layers.0.mlp.up_proj.weight"].equal(before["model.layers.0.mlp.up_proj.weight"])
    config, old = (json.loads((folder / "config.json").read_text()) for folder in (work.out / "model", source.model))
    assert {key: config[key] for key in old} == old
    assert (work.out / "model" / "tokenizer.json").read_bytes() == (source.model / "tokenizer.json").read_bytes()
    assert isinstance(answer(work.out / "model", "cat"), str)
    assert sorted(path.name for path in work.out.iterdir()) == ["model"]


@here
def test_rows_that_fill_no_sequence_are_told(tmp_path):
    work = job(tmp_path / "out", make_model(tmp_path / "base", "llama"), chats=dataset(tmp_path / "chats", chats(2)))
    with pytest.raises(
        FactoryError, match=r"the rows have \d+ tokens together.*max_length below 512, or backend: trl"
    ):
        step(max_length=512).run(work)


@here
def test_its_failure_is_ours(tmp_path):
    """AutoTrain ends with exit code 0 when its training fails."""
    source = make_model(tmp_path / "base", "llama")
    path = source.model / "model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("up_proj.weight"))
    save_file(tensors | {name: tensors[name][:-1].clone()}, path, {"format": "pt"})
    work = job(tmp_path / "out", source, chats=dataset(tmp_path / "chats", chats(20)))
    with pytest.raises(FactoryError, match=r"AutoTrain failed: .*[Ee]rror.*the whole log is in .*log.txt"):
        step().run(work)


def test_adapters_that_came_back_on_tied_weights_are_not_merged(tmp_path):
    from peft import LoraConfig, get_peft_model

    from factory.models.train.autotrain.training import _model
    from factory.models.train.exactness import probe_of_tokens

    source = make_model(tmp_path / "base", "gemma2")
    for number, modules in enumerate((["q_proj"], ["embed_tokens"])):
        config = LoraConfig(task_type="CAUSAL_LM", r=4, target_modules=modules, init_lora_weights=False)
        get_peft_model(load_model(source.model, "float32"), config).save_pretrained(tmp_path / str(number))
    work = job(tmp_path / "out", source)
    probe = probe_of_tokens([[5, 6, 7, 8, 9], [50, 51, 52]])
    tuned = step(lora={"r": 4})
    assert _model(work, tuned, tmp_path / "0", source.model, probe).config.tie_word_embeddings
    with pytest.raises(FactoryError, match="merging the adapter moves the logits"):
        _model(work, tuned, tmp_path / "1", source.model, probe)
