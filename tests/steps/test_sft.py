import json
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.profile import Profile
from factory.steps.sft import Sft
from tests.steps.killed import kill_third
from tests.steps.model_toys import CONFIGS, answer, artifact, chats, dataset, job, make_model, weights


def tune(tmp_path, options, rows=None, source=None, name="out", profile=None, **more):
    source = source or make_model(tmp_path / "base")
    data = dataset(tmp_path / f"{name}-data", rows if rows is not None else chats(40))
    work = job(tmp_path / name, source, profile, data=data)
    Sft.model_validate({"data": "data", "learning_rate": 1e-3, "batch_size": 8} | options).run(work)
    return work


def largest_gap(first: Path, second: Path) -> float:
    ours, theirs = weights(first), weights(second)
    assert ours.keys() == theirs.keys()
    return max((ours[name].float() - theirs[name].float()).abs().max().item() for name in ours)


@pytest.mark.parametrize("kind", CONFIGS)
def test_each_architecture_learns_its_answers(tmp_path, kind):
    source = make_model(tmp_path / "base", kind)
    rows = [
        {"messages": [{"role": "user", "content": a}, {"role": "assistant", "content": b}]}
        for a, b in (("cat", "dog"), ("قطة", "كبير"))
    ] * 8
    # Cohere 2 scales its logits by 1/16, so that they move slowly
    options = {"max_steps": 200 if kind == "cohere2" else 60, "learning_rate": 1e-2, "lr_scheduler_type": "constant"}
    work = tune(tmp_path, options, rows, source)
    folder = work.out / "model"
    assert answer(folder, "cat") == "dog"
    assert answer(folder, "قطة") == "كبير"
    assert work.metrics["loss"]["last"] < 0.1
    assert {path.name for path in work.out.iterdir()} == {"model"}
    before, after = (json.loads((path / "config.json").read_text()) for path in (source.model, folder))
    assert before == after
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (folder / name).read_bytes() == (source.model / name).read_bytes()


def test_only_the_assistant_is_learnt(tmp_path):
    """The user's words are random: a model that is trained on them too cannot get near zero, one that is not can."""
    rows = [{"prompt": row["messages"][0]["content"], "completion": "sun"} for row in chats(40)]
    options = {"max_steps": 40, "learning_rate": 1e-2}
    source = make_model(tmp_path / "base")
    assistant = tune(tmp_path, options, rows, source, "assistant")
    everything = tune(tmp_path, options | {"assistant_only_loss": False}, rows, source, "all")
    assert assistant.metrics["loss"]["last"] < 0.1
    assert everything.metrics["loss"]["last"] > 0.5


TURNS = [{"role": "user", "content": "cat"}, {"role": "assistant", "content": "dog"}]
FORMS = {
    "sharegpt": ([{"from": "human", "value": "cat"}, {"from": "gpt", "value": "dog"}], "conversations", {}),
    "messages": (TURNS, "messages", {}),
    "named": (TURNS, "chat", {"columns": ["chat"]}),
    "old word": (TURNS, "chat", {"messages": "chat"}),
}


def test_all_forms_of_rows_train_alike(tmp_path):
    source = make_model(tmp_path / "base")
    cases = {name: ([{column: turns}] * 8, options) for name, (turns, column, options) in FORMS.items()}
    cases["prompt"] = ([{"prompt": "cat", "completion": "dog"}] * 8, {})
    cases["fields"] = ([{"en": "cat", "ar": "dog"}] * 8, {"prompt": "{en}", "response": "{ar}"})
    done = [tune(tmp_path, options, rows, source, name) for name, (rows, options) in cases.items()]
    for other in done[1:]:
        assert largest_gap(done[0].out / "model", other.out / "model") == 0


def test_every_shape_of_turn_is_learnt_from_and_what_teaches_nothing_is_counted(tmp_path):
    def turn(role, content, calls=None):
        return {"role": role, "content": content, "tool_calls": calls}

    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"cat": "dog"}'}}
    good = [
        [turn("User", "cat"), turn("Assistant", "dog")],
        [turn("developer", "sun"), turn("user", "cat"), turn("user", None), turn("model", "dog"), turn("gpt", "")],
        [
            turn("user", "cat"),
            turn("assistant", None, [call]),
            turn("observation", "1"),
            turn("system", "sun"),
            turn("ai", "dog"),
        ],
    ]
    bad = [
        None,
        [],
        [turn("user", "cat")],
        [turn("narrator", "cat"), turn("assistant", "dog")],
        [turn("user", "cat"), turn("assistant", "dog", [{**call, "function": {"name": "f", "arguments": "{"}}])],
    ]
    rows = [{"messages": turns} for turns in [*good, *bad]]
    work = tune(tmp_path, {}, rows)
    assert work.metrics["rows"] == len(rows) and work.metrics["loss"]["last"] > 0
    assert work.metrics["rows_left_out"] == {
        "the assistant says nothing": 2,
        "there is no conversation": 1,
        "role 'narrator' is not known": 1,
        "the arguments of a tool call are not JSON": 1,
    }


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([{"text": "a"}], {}, "no messages, conversations or prompt and completion, but text"),
        ([{"text": "a"}], {"columns": ["chat"]}, "no column 'chat' in the training data .valid: text"),
        (
            [{"en": "a", "ar": "b"}],
            {"prompt": "{en}", "response": "{arabic}"},
            "no column 'arabic' in the training data .valid: ar, en",
        ),
        ([{"en": "a", "ar": "b"}], {"prompt": "{en}"}, "prompt and response go together"),
        ([{"en": "a", "ar": "b"}], {"prompt": "en", "response": "{ar}"}, "prompt names no column"),
        (
            [{"en": "a", "ar": None}],
            {"prompt": "{en}", "response": "{ar}"},
            r"no row is left .*; column 'ar' is empty \(1\)",
        ),
        ([{"messages": [{"role": "bot", "content": ""}]}], {}, r"; the assistant says nothing \(1\)"),
        ([{"messages": [{"role": "narrator", "content": "x"}]}], {}, r"; role 'narrator' is not known \(1\)"),
        ([{"messages": [{"role": "user", "content": "x"}]}], {}, "no row is left to train on"),
        (chats(4), {"eval_split": "test"}, "data has no split 'test' .it has train"),
        (chats(4), {"packing": True, "max_length": None}, "packing needs max_length"),
    ],
)
def test_wrong_data_is_one_clear_line(tmp_path, rows, options, message):
    with pytest.raises(FactoryError, match=message) as error:
        tune(tmp_path, options, rows)
    assert error.value.where == "recipe.yaml:7:5"


def test_empty_dataset(tmp_path):
    full = dataset(tmp_path / "full", chats(2))
    work = job(tmp_path / "out", artifact(tmp_path / "none"))
    work.inputs["data"] = dataset(tmp_path / "empty", [], schema=full.dataset.schema())
    with pytest.raises(FactoryError, match="data has no rows"):
        Sft.model_validate({"data": "data", "learning_rate": 1e-3}).run(work)


def test_a_quantized_source_is_refused(tmp_path):
    source = make_model(tmp_path / "base")
    path = source.model / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization_config": {"quant_method": "fp8"}}))
    with pytest.raises(FactoryError, match=r"the model is quantized \(start from its 16-bit"):
        tune(tmp_path, {}, source=source)


def test_many_rows_are_tokenized_by_processes(tmp_path, monkeypatch):
    import factory.models.train.data as training_data

    source, profile = make_model(tmp_path / "base"), Profile(device="cpu", threads=2)
    options = {"max_steps": 3}
    alone = tune(tmp_path, options, chats(60), source, "alone", profile)
    monkeypatch.setattr(training_data, "PARALLEL_ROWS", 50)
    together = tune(tmp_path, options, chats(60), source, "together", profile)
    assert largest_gap(alone.out / "model", together.out / "model") < 1e-6
    rows = [*chats(55), {"messages": [{"role": "narrator", "content": "x"}]}]
    work = tune(tmp_path, options, rows, source, "wrong", profile)
    assert work.metrics["rows_left_out"] == {"role 'narrator' is not known": 1}


def test_no_chat_template_says_what_to_set(tmp_path):
    source = make_model(tmp_path / "base", chat_template=None)
    with pytest.raises(FactoryError, match=r"no chat template .set `chat_template: chatml`"):
        tune(tmp_path, {}, source=source)
    work = tune(tmp_path, {"chat_template": "chatml"}, source=source, name="with")
    assert "{%- generation -%}" in (work.out / "model" / "chat_template.jinja").read_text()


def test_chatml_on_a_tokenizer_without_its_tokens(tmp_path):
    """The turn markers become tokens, the embeddings grow, and the model stops at the new end of turn."""
    from transformers import AutoTokenizer

    source = make_model(tmp_path / "base", "llama", chat_template=None)
    path = source.model / "tokenizer.json"
    path.write_text(path.read_text().replace("<|im_start|>", "<|one|>").replace("<|im_end|>", "<|two|>"))
    path = source.model / "tokenizer_config.json"
    path.write_text(path.read_text().replace("<|im_start|>", "<|one|>").replace("<|im_end|>", "<|two|>"))
    rows = [{"prompt": "cat", "completion": "dog"}] * 8
    options = {"chat_template": "chatml", "max_steps": 40, "learning_rate": 1e-2}
    work = tune(tmp_path, options, rows, source)
    folder = work.out / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert end >= 320 and json.loads((folder / "config.json").read_text())["vocab_size"] == 322
    assert end in json.loads((folder / "generation_config.json").read_text())["eos_token_id"]
    assert answer(folder, "cat") == "dog"
    assert any("<|im_start|> <|im_end|>" in note for note in work.notes)


def test_lora_is_merged_into_the_weights(tmp_path):
    source = make_model(tmp_path / "base", "llama")
    work = tune(tmp_path, {"lora": {"r": 4, "lora_alpha": 8}, "learning_rate": 1e-2}, source=source)
    ours, theirs = weights(work.out / "model"), weights(source.model)
    assert ours.keys() == theirs.keys()
    changed = {name for name in ours if not (ours[name] == theirs[name]).all()}
    assert changed == {name for name in ours if "proj" in name}
    with pytest.raises(ValidationError, match=r"lora\.rank"):
        Sft.model_validate({"data": "d", "learning_rate": 1e-3, "lora": {"rank": 4}})


def test_packing_joins_conversations(tmp_path):
    source = make_model(tmp_path / "base", "llama")
    plain = tune(tmp_path, {}, source=source, name="plain")
    packed = tune(tmp_path, {"packing": True, "max_length": 256, "learning_rate": 1e-2}, source=source, name="packed")
    assert packed.metrics["tokens"] == plain.metrics["tokens"]
    assert packed.metrics["steps"] < plain.metrics["steps"]
    assert packed.notes == []
    assert packed.metrics["loss"]["first"] == pytest.approx(plain.metrics["loss"]["first"], abs=0.3)


def test_long_conversations_are_cut_and_counted(tmp_path):
    long = {"prompt": "cat", "completion": " ".join(["dog"] * 100)}
    buried = {"prompt": " ".join(["cat"] * 100), "completion": "dog"}
    work = tune(tmp_path, {"max_length": 24}, [long, buried, {"prompt": "cat", "completion": "dog"}])
    counts = {name: work.metrics[name] for name in ("rows", "rows_truncated", "rows_left_out")}
    left_out = {"the assistant says nothing within max_length": 1}
    assert counts == {"rows": 3, "rows_truncated": 1, "rows_left_out": left_out}


def test_eval_split_is_measured_before_and_after(tmp_path):
    source = make_model(tmp_path / "base")
    data = dataset(tmp_path / "data", chats(40))
    dataset(tmp_path / "data", chats(8, seed=1), split="test")
    work = job(tmp_path / "out", source, data=data)
    Sft.model_validate({"data": "data", "learning_rate": 1e-2, "eval_split": "test"}).run(work)
    assert work.metrics["eval_loss"]["after"] < work.metrics["eval_loss"]["before"] - 0.5


def test_training_stops_when_held_out_answers_get_worse_and_the_best_weights_are_kept(tmp_path):
    """The held-out answers are the opposite of the lesson, so the first measurements are the best."""
    import torch
    from datasets import Dataset

    from factory.models.chat import make_encoder
    from factory.models.layout import find_layout
    from factory.models.models import load_model, load_tokenizer

    source = make_model(tmp_path / "base")
    data = dataset(tmp_path / "data", [{"prompt": "cat", "completion": "dog dog"}] * 32)
    held_out = [{"prompt": "cat", "completion": "red sun"}] * 3 + [{"prompt": "cat", "completion": "a"}]
    dataset(tmp_path / "data", held_out, split="test")
    work = job(tmp_path / "out", source, data=data)
    options = {"data": "data", "learning_rate": 1e-2, "batch_size": 4, "epochs": 10, "warmup_ratio": 0.1}
    options |= {"eval_split": "test", "eval_steps": 2, "patience": 3, "lr_scheduler_type": "constant_with_warmup"}
    Sft.model_validate(options).run(work)
    found = work.metrics["eval_loss"]
    steps, losses = zip(*found["curve"], strict=True)
    assert work.metrics["steps"] < 80 and steps[-1] == work.metrics["steps"]
    assert 0 < found["best_step"] <= steps[-1] - 6
    assert found["after"] == min(losses) and found["before"] == losses[0]

    tokenizer = load_tokenizer(work.out / "model")
    layout = find_layout(["prompt", "completion"])
    encoder = make_encoder(tokenizer, layout, None, True, "")
    pairs = [encoder.example(row) for row in encoder.read(Dataset.from_list(held_out).with_format("arrow")[:])]
    model, loss, tokens = load_model(work.out / "model", "float32").eval(), 0.0, 0
    with torch.no_grad():
        for ids, labels in ((pair["input_ids"], pair["labels"]) for pair in pairs):
            learnt = sum(label != -100 for label in labels[1:])
            loss += model(torch.tensor([ids]), labels=torch.tensor([labels])).loss.item() * learnt
            tokens += learnt
    assert loss / tokens == pytest.approx(found["after"], abs=1e-4)


def test_the_progress_line_has_tokens_per_second(tmp_path):
    work = tune(tmp_path, {"max_steps": 4})
    assert work.progress.counts["tokens"] == work.metrics["tokens"] > 0
    assert work.progress.done == 4


def test_reporting_to_trackio_needs_trackio(tmp_path):
    import importlib.util

    if importlib.util.find_spec("trackio"):
        pytest.skip("trackio is installed")
    with pytest.raises(FactoryError, match=r"trackio, which is not installed .pip install 'hf-factory\[trackio\]'"):
        tune(tmp_path, {"max_steps": 1}, profile=Profile(device="cpu", report_to="trackio"))


def test_the_profile_does_not_change_the_result(tmp_path):
    source = make_model(tmp_path / "base")
    rows = chats(20)  # 20 rows in batches of 8: the last one is short
    whole = tune(tmp_path, {"epochs": 2}, rows, source, "whole")
    split = tune(tmp_path, {"epochs": 2}, rows, source, "split", Profile(device="cpu", threads=1, train_batch_size=2))
    less = {"epochs": 2, "gradient_checkpointing": True}
    memory = tune(tmp_path, less, rows, source, "memory")
    assert largest_gap(whole.out / "model", split.out / "model") < 1e-5
    assert largest_gap(whole.out / "model", memory.out / "model") < 1e-5
    assert largest_gap(whole.out / "model", source.model) > 1e-3
    assert (
        Sft(data="d", learning_rate=1.0).parameters()
        == Sft(data="e", learning_rate=1.0, gradient_checkpointing=True).parameters()
    )


def test_weights_keep_their_type(tmp_path):
    source = make_model(tmp_path / "base", dtype="bfloat16")
    for name, options, wanted in (("same", {}, "bfloat16"), ("asked", {"dtype": "float32"}, "float32")):
        work = tune(tmp_path, options, source=source, name=name)
        assert {str(tensor.dtype) for tensor in weights(work.out / "model").values()} == {f"torch.{wanted}"}
        assert json.loads((work.out / "model" / "config.json").read_text())["dtype"] == wanted


def test_nothing_global_is_left_behind(tmp_path, capfd):
    import logging
    import random

    import torch
    import tqdm

    make = make_model(tmp_path / "base")
    capfd.readouterr()

    def state():
        return (
            torch.get_num_threads(),
            torch.get_rng_state().tolist(),
            random.getstate(),
            dict(os.environ),
            logging.getLogger().level,
            logging.root.manager.disable,
            tqdm.tqdm.__init__,
        )

    before = state()
    tune(tmp_path, {}, source=make, profile=Profile(device="cpu", threads=1))
    assert state() == before
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err == ""


def test_kill_9_and_resume_give_the_uninterrupted_model(tmp_path):
    """Killed while its third checkpoint is being written: the second one counts, and the weights agree to 1e-6."""
    source, data = make_model(tmp_path / "base"), dataset(tmp_path / "data", chats(100))
    step = Sft(data="data", learning_rate=1e-2, batch_size=8, epochs=4, lr_scheduler_type="cosine", warmup_ratio=0.1)
    whole = job(tmp_path / "whole", source, data=data)
    step.run(whole)
    assert kill_third(tmp_path, step) == {"checkpoint-10": True, "checkpoint-15": False}
    assert not (tmp_path / "killed" / "model").exists()

    resumed = job(tmp_path / "killed", source, data=data)
    step.run(resumed)
    assert largest_gap(whole.out / "model", resumed.out / "model") < 1e-6
    assert resumed.metrics["tokens"] == whole.metrics["tokens"]
    assert resumed.metrics["steps"] == whole.metrics["steps"] == 52
    first, second = (dict(work.metrics["loss"]["curve"]) for work in (whole, resumed))
    assert second == pytest.approx(first, abs=1e-4)
    assert not (tmp_path / "killed" / "checkpoints").exists()
