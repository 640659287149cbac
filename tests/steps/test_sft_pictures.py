"""sft of models that see: what is learnt, what stays as it was, and that a kill changes nothing."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from factory.engines.base import Request
from factory.engines.transformers import TransformersEngine
from factory.errors import FactoryError
from factory.profile import Profile
from factory.step.job import Artifact
from factory.steps.dpo import Dpo
from factory.steps.expand_vocab import ExpandVocab
from factory.steps.sft import Sft
from factory.store.pictures import picture_type
from tests.steps.killed import kill_third
from tests.steps.model_toys import artifact, chats, dataset, job, make_model, weights
from tests.tiny_vision import VISION, drawn, make_vision_model

COLOURS = ("red", "green", "blue")
KINDS = [kind for kind in VISION if kind != "lfm2_vl" or find_spec("torchvision")]
QUICK = {"learning_rate": 1e-2, "lr_scheduler_type": "constant", "batch_size": 8}


def rows(count: int, answers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """What colour a picture has; one of six rows has none."""
    found = []
    for number in range(count):
        colour = COLOURS[number % 3]
        row = {"prompt": "Which?", "completion": (answers or {}).get(colour, colour)}
        found.append({**row, "image": {"bytes": drawn(colour, (56 + number % 2 * 28, 56)), "path": None}})
        if number % 6 == 5:
            found[-1] |= {"prompt": "Nothing?", "completion": "no", "image": None}
    return found


def drawings(folder: Path, found: list[dict[str, Any]], split: str = "train") -> Artifact:
    names = {"prompt": pa.string(), "completion": pa.string(), "image": picture_type()}
    return dataset(folder, found, split, pa.schema(list(names.items())))


def base(folder: Path, kind: str = "qwen2_vl") -> Artifact:
    make_vision_model(folder / "model", kind)
    return artifact(folder)


def tune(tmp_path: Path, source: Artifact, name: str = "out", data: Artifact | None = None, **options: Any) -> Any:
    work = job(tmp_path / name, source, data=data or drawings(tmp_path / f"{name}-data", rows(24)))
    Sft.model_validate({"data": "data", **QUICK, **options}).run(work)
    return work


def changed(work: Any) -> set[str]:
    ours, theirs = weights(work.out / "model"), weights(work.source.model)
    assert ours.keys() == theirs.keys()
    return {name for name in ours if not ours[name].equal(theirs[name])}


def gap(first: Path, second: Path) -> float:
    ours, theirs = weights(first), weights(second)
    assert ours.keys() == theirs.keys()
    return max((ours[name] - theirs[name]).abs().max().item() for name in ours)


def sight(names: set[str]) -> set[str]:
    return {name for name in names if "visual" in name or "vision_tower" in name or "projector" in name}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns_from_pictures_and_keeps_its_processor(tmp_path, kind):
    source = base(tmp_path / "base", kind)
    work = tune(tmp_path, source, epochs=2)
    assert work.metrics["loss"]["last"] < 0.5 * work.metrics["loss"]["first"] and work.metrics["rows_left_out"] == {}
    assert sight(changed(work)) and changed(work) - sight(changed(work))
    folder = work.out / "model"
    for name in ("preprocessor_config.json", "chat_template.jinja", "tokenizer.json"):
        assert (folder / name).read_bytes() == (source.model / name).read_bytes()
    assert not (folder / "processor_config.json").exists()
    settings = [json.loads((place / "tokenizer_config.json").read_text()) for place in (source.model, folder)]
    assert settings[1] == settings[0] | {"padding_side": "left"}
    adapters = tune(tmp_path, source, "lora", lora={"r": 4}, epochs=1)
    assert changed(adapters) and not sight(changed(adapters))


def test_the_tuned_model_says_what_it_sees(tmp_path):
    work = tune(tmp_path, base(tmp_path / "base"), epochs=12)
    engine = TransformersEngine(work.out / "model", Profile(device="cpu", threads=1))
    asked = [Request.chat("Which?", images=[drawn(colour, (56, 56))], max_new_tokens=8) for colour in COLOURS]
    asked.append(Request.chat("Nothing?", max_new_tokens=8))
    answers = {index: completion.text for batch in engine.generate(asked) for index, completion in batch}
    assert [answers[index] for index in range(4)] == [*COLOURS, "no"]


def test_another_template_is_taken_and_the_tokenizer_still_pads_on_the_left(tmp_path):
    work = tune(tmp_path, base(tmp_path / "base"), max_steps=1, chat_template="qwen-vl")
    folder = work.out / "model"
    assert json.loads((folder / "tokenizer_config.json").read_text())["padding_side"] == "left"
    assert "video_pad" in (folder / "chat_template.jinja").read_text() and not work.metrics["rows_left_out"]


def test_a_frozen_tower_stays_as_it_is(tmp_path):
    frozen = changed(tune(tmp_path, base(tmp_path / "base"), freeze_vision_tower=True))
    assert frozen and not sight(frozen)


def test_names_of_modules_mean_the_language_model(tmp_path):
    """Qwen2.5-VL's tower has projections of the same names."""
    source = base(tmp_path / "base", "qwen2_5_vl")
    named = changed(tune(tmp_path, source, "names", lora={"r": 4, "target_modules": ["gate_proj", "down_proj"]}))
    assert named and not sight(named)
    expression = changed(tune(tmp_path, source, "all", lora={"r": 4, "target_modules": r".*\.gate_proj"}))
    assert sight(expression) and expression - sight(expression)


def test_held_out_rows_with_pictures_are_measured_as_by_hand(tmp_path):
    import torch

    from factory.models.models import load_model

    data = drawings(tmp_path / "data", rows(24))
    drawings(tmp_path / "data", rows(7), "test")
    work = tune(tmp_path, base(tmp_path / "base"), data=data, eval_split="test", epochs=2)
    found = work.metrics["eval_loss"]
    assert found["after"] < found["before"] - 1

    from factory.engines.processors import load_processor
    from factory.engines.vision import decoded
    from factory.models.models import load_tokenizer

    folder = work.out / "model"
    processor: Any = load_processor(folder, load_tokenizer(folder))
    model, loss, tokens = load_model(folder, "float32").eval(), 0.0, 0
    for row in rows(7):
        parts = [*([{"type": "image"}] if row["image"] else []), {"type": "text", "text": row["prompt"]}]
        text = processor.apply_chat_template([{"role": "user", "content": parts}], add_generation_prompt=True)
        images = [[decoded(row["image"]["bytes"])]] if row["image"] else None
        inputs = processor(text=[f"{text}{row['completion']}<|im_end|>"], images=images, return_tensors="pt")
        answer = len(row["completion"]) + 1
        with torch.no_grad():
            logits = model(**inputs).logits[0]
        expected = inputs["input_ids"][0, -answer:]
        loss += torch.nn.functional.cross_entropy(logits[-answer - 1 : -1], expected, reduction="sum").item()
        tokens += answer
    assert loss / tokens == pytest.approx(found["after"], abs=1e-4)


@pytest.mark.parametrize("lora", [None, {"r": 4}])
def test_kill_9_and_resume_give_the_uninterrupted_model(tmp_path, lora):
    """All weights: the tower's too, which a checkpoint calls otherwise than the model in memory does."""
    source, data = base(tmp_path / "base"), drawings(tmp_path / "data", rows(40))
    step = Sft.model_validate({"data": "data", **QUICK, "epochs": 4, "lora": lora})
    whole = job(tmp_path / "whole", source, data=data)
    step.run(whole)
    assert kill_third(tmp_path, step) == {"checkpoint-4": True, "checkpoint-6": False}
    resumed = job(tmp_path / "killed", source, data=data)
    step.run(resumed)
    assert gap(whole.out / "model", resumed.out / "model") < 1e-6
    assert gap(whole.out / "model", source.model) > 1e-2
    assert resumed.metrics["tokens"] == whole.metrics["tokens"]


@pytest.mark.parametrize("lora", [None, {"r": 4}])
def test_early_stop_keeps_the_best_weights(tmp_path, lora):
    """The held-out answers are others than the lesson's: they get worse while it is learnt."""
    data = drawings(tmp_path / "data", rows(24))
    drawings(tmp_path / "data", rows(6, {"red": "blue", "green": "red", "blue": "green"}), "test")
    options = {"eval_split": "test", "eval_steps": 2, "patience": 3, "epochs": 20, "lora": lora}
    work = tune(tmp_path, base(tmp_path / "base"), data=data, **options)
    found = work.metrics["eval_loss"]
    steps, losses = zip(*found["curve"], strict=True)
    assert 0 < found["best_step"] < steps[-1] < 60
    assert found["after"] == pytest.approx(min(losses[1:-1]), abs=1e-4)
    assert min(losses[1:-1]) < losses[-2] - 0.01  # the weights of the end are others


@pytest.mark.parametrize("lora", [None, {"r": 4}])
def test_two_processes_give_what_one_gives(tmp_path, lora):
    """One of them may have a batch without any picture: its tower has no gradients then."""
    source, data = base(tmp_path / "base"), drawings(tmp_path / "data", rows(12))
    drawings(tmp_path / "data", rows(6), "test")
    options = {"batch_size": 2, "epochs": 1, "eval_split": "test", "lora": lora}
    step = Sft.model_validate({"data": "data", **QUICK, "learning_rate": 1e-3, **options})
    alone = job(tmp_path / "one", source, data=data)
    step.run(alone)
    both = job(tmp_path / "two", source, Profile(device="cpu", threads=1, devices=2, strategy="ddp"), data=data)
    step.run(both)
    assert gap(alone.out / "model", source.model) > 1e-3
    assert gap(alone.out / "model", both.out / "model") < 1e-5
    assert both.metrics["eval_loss"]["after"] == pytest.approx(alone.metrics["eval_loss"]["after"], abs=1e-3)
    assert both.metrics["tokens"] == alone.metrics["tokens"]


def test_rows_that_cannot_be_shown_are_counted_and_the_others_train(tmp_path):
    wrong = rows(12)
    wrong[0]["image"]["bytes"] = b"no picture"
    wrong[1]["prompt"] = "<image><image>"
    work = tune(tmp_path, base(tmp_path / "base"), data=drawings(tmp_path / "data", wrong), max_steps=1)
    assert work.metrics["rows_left_out"] == {
        "the picture cannot be decoded: its bytes are of no known type": 1,
        "2 places for 1 picture": 1,
    }
    long = tune(tmp_path, work.source, "long", max_steps=1, max_length=37, min_pixels=784)
    assert long.metrics["rows_shrunk"] > 0 and not long.metrics["rows_left_out"]


def test_a_column_that_holds_no_pictures(tmp_path):
    data, source = dataset(tmp_path / "data", [{"prompt": "a", "completion": "b", "image": "a.png"}]), None
    source = base(tmp_path / "base")
    with pytest.raises(
        FactoryError, match=r"column 'image' holds no pictures .say `images: \[image\]` at the dataset"
    ):
        tune(tmp_path, source, data=data, images=["image"])
    with pytest.raises(FactoryError, match=r"no column 'photo' in the training data"):
        tune(tmp_path, source, "other", data=data, images=["photo"])


@pytest.mark.parametrize(
    "options", [{"images": ["image"]}, {"max_pixels": 50176}, {"min_pixels": 784}, {"freeze_vision_tower": True}]
)
def test_a_model_of_text_is_not_shown_pictures(tmp_path, options):
    source = make_model(tmp_path / "base")
    with pytest.raises(FactoryError, match="the model reads text only, so it cannot be asked about pictures") as error:
        tune(tmp_path, source, **options)
    assert error.value.where == "recipe.yaml:7:5"


def test_a_model_of_text_learns_from_the_texts_beside_pictures(tmp_path):
    assert tune(tmp_path, make_model(tmp_path / "base"), max_steps=2).metrics["rows_left_out"] == {}


def test_what_is_not_done_with_pictures_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="packing is for texts"):
        Sft.model_validate({"data": "d", **QUICK, "images": ["image"], "packing": True})
    with pytest.raises(ValidationError, match="min_pixels is more than max_pixels"):
        Sft.model_validate({"data": "d", **QUICK, "min_pixels": 10, "max_pixels": 9})
    autotrain = {"backend": "autotrain", "packing": True, "assistant_only_loss": False, "max_pixels": 9}
    with pytest.raises(ValidationError, match="it shows no pictures"):
        Sft.model_validate({"data": "d", **QUICK, **autotrain, "packing": False})
    source = base(tmp_path / "base")
    with pytest.raises(FactoryError, match="packing is for texts, and the data has pictures"):
        tune(tmp_path, source, packing=True)
    for verb, step in {
        "dpo": Dpo.model_validate({"data": "data", "learning_rate": 1e-5}),
        "expand_vocab": ExpandVocab.model_validate({"data": "data", "language": "ar"}),
    }.items():
        work = job(tmp_path / verb, source, data=dataset(tmp_path / f"{verb}-data", chats(4)))
        with pytest.raises(FactoryError, match=f"{verb} is for models of text") as error:
            step.run(work)
        assert error.value.where == "recipe.yaml:7:5"


def test_old_artifacts_keep_their_identity():
    step = Sft.model_validate({"data": "d", **QUICK})
    assert not {"images", "min_pixels", "max_pixels", "freeze_vision_tower"} & step.parameters().keys()
    shown = Sft.model_validate({"data": "d", **QUICK, "max_pixels": 9, "freeze_vision_tower": True})
    assert shown.parameters() != step.parameters()
