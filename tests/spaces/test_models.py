"""Models of the Space: loaded once, unloaded when memory is short, ending where they should, stopped when asked."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

import memory
import models
from config import Model
from refused import Refused
from tests.spaces.speaking import speaking_model
from tests.support import random_model
from tests.tiny_vision import drawn, make_qwen2_vl

WORDS = ["أهلًا ", "بك ", "هنا"]


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> models.Shelf:
    fresh = models.Shelf()
    monkeypatch.setattr(models, "SHELF", fresh)
    return fresh


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> str:
    return speaking_model(tmp_path_factory.mktemp("speaking"), WORDS)


def chat(repo: str, **more: Any) -> Model:
    return Model(Path(repo).parent.name, repo, "chat", **more)


def test_the_text_grows_to_the_whole_answer(repo: str) -> None:
    texts = list(models.stream(chat(repo), models.question(chat(repo), "س")))
    assert texts[-1] == "أهلًا بك هنا" and all(texts[-1].startswith(text.rstrip()) for text in texts)


def test_it_ends_on_each_end_token_of_the_model(repo: str) -> None:
    path = Path(repo) / "generation_config.json"
    before = path.read_text()
    vocabulary = models.SHELF.get(chat(repo)).tokenizer.get_added_vocab()
    path.write_text(json.dumps({**json.loads(before), "eos_token_id": [1, vocabulary["بك "]]}))
    models.SHELF = models.Shelf()
    try:
        assert models.answer(chat(repo), models.question(chat(repo), "س")).startswith("أهلًا")
        assert "هنا" not in models.answer(chat(repo), models.question(chat(repo), "س"))
    finally:
        path.write_text(before)


def test_a_reader_who_leaves_stops_the_model(tmp_path: Path) -> None:
    endless = chat(speaking_model(tmp_path, WORDS, endless=True))
    before = threading.active_count()
    answers = models.stream(endless, models.question(endless, "س"), models.Sampling(max_new_tokens=900))
    next(answers)
    answers.close()
    assert threading.active_count() == before


def test_temperature_zero_is_greedy_and_the_rest_samples(tmp_path: Path) -> None:
    model = chat(str(random_model(tmp_path).folder / "model"))
    asked = models.question(model, "Hello")
    greedy = {models.answer(model, asked, models.Sampling(max_new_tokens=20)) for _ in range(3)}
    sampled = {models.answer(model, asked, models.Sampling(1.5, 1.0, 20)) for _ in range(3)}
    assert len(greedy) == 1 and len(sampled) > 1


def test_the_settings_are_at_first_the_models_own() -> None:
    own = Model("x", "x", "chat", generation={"do_sample": True, "temperature": 0.3, "top_p": 0.9})
    assert models.Sampling.of(own) == models.Sampling(0.3, 0.9, models.NEW_TOKENS)
    assert models.Sampling.of(Model("x", "x", "chat", generation={"temperature": 0.3})).temperature == 0


def test_the_oldest_turns_of_a_long_conversation_are_left_out(repo: str) -> None:
    turns = [{"role": role, "content": "x" * 300} for role in ("user", "assistant") * 4]
    assert models.answer(chat(repo), [{"role": "system", "content": "s"}, *turns, turns[0]]) == "أهلًا بك هنا"
    with pytest.raises(Refused) as refused:
        models.answer(chat(repo), [{"role": "user", "content": "x" * 2000}])
    assert refused.value.key == "too_long"


def test_a_template_without_a_system_prompt_gets_it_with_the_first_message(tmp_path: Path) -> None:
    repo = speaking_model(tmp_path, WORDS)
    path = Path(repo) / "chat_template.jinja"
    path.write_text("{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + path.read_text())
    loaded = models.SHELF.get(chat(repo))
    inputs = models._encoded(loaded, [{"role": "system", "content": "be"}, {"role": "user", "content": "hi"}])
    assert "be\n\nhi" in loaded.tokenizer.decode(inputs["input_ids"][0])


def test_models_are_loaded_once_and_the_oldest_makes_room(
    tmp_path: Path, repo: str, shelf: models.Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = chat(str(random_model(tmp_path).folder / "model"))
    first = shelf.get(chat(repo))
    assert shelf.get(chat(repo)) is first
    shelf.get(other)
    free = iter([0, 10**12])
    monkeypatch.setattr(memory, "free", lambda: next(free))
    third = chat(speaking_model(tmp_path / "third", WORDS))
    shelf.get(third)
    assert [*shelf._loaded] == [other.repo, third.repo]


def test_a_model_that_never_fits_is_refused(repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: 0)
    with pytest.raises(Refused) as refused:
        models.SHELF.get(chat(repo))
    assert refused.value.key == "too_big"


def test_the_weights_are_counted_from_the_headers(repo: str) -> None:
    loaded = models.SHELF.get(chat(repo))
    parameters = sum(weights.numel() for weights in loaded.model.state_dict().values())
    assert memory.needed(Path(repo), models.DTYPE) == parameters * models.DTYPE.itemsize


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    import torch

    folder = random_model(tmp_path).folder / "model"
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        models.SHELF.get(chat(str(folder)))


def test_a_model_that_sees_is_shown_pictures(tmp_path: Path) -> None:
    from pictures import picture

    model = Model("eyes", str(make_qwen2_vl(tmp_path)), "image")
    content = [{"type": "image", "image": picture(drawn())}, {"type": "text", "text": "?"}]
    loaded = models.SHELF.get(model)
    inputs = models._encoded(loaded, [{"role": "user", "content": content}])
    assert "pixel_values" in inputs
    assert list(models.stream(model, [{"role": "user", "content": content}], models.Sampling(max_new_tokens=5)))
