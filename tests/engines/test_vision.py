"""A model is asked with pictures: by transformers, with its own processor, torchvision or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.engines import Request, engine_for, local_engine
from factory.engines.vision import decoded
from factory.errors import FactoryError, UsageError
from factory.profile import Profile
from tests.evaluate.conftest import CHAT, model_artifact
from tests.tiny_vision import drawn, make_qwen2_vl

PROFILE = Profile(device="cpu", dtype="float32", batch_size=3, threads=1)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_qwen2_vl(tmp_path_factory.mktemp("qwen"))


def answers(model: Path, requests: list[Request]) -> dict:
    with engine_for(model, PROFILE, pictures=True) as engine:
        return {i: made for batch in engine.generate(requests) for i, made in batch}


def ask(*images: bytes, text: str = "ما هذا؟") -> Request:
    return Request.chat(text, images=images, max_new_tokens=5)


def test_one_picture_several_and_none_in_one_call(qwen):
    requests = [ask(drawn("red")), ask(text="hello"), ask(drawn("blue", (90, 30)), drawn("red")), ask(drawn("green"))]
    found = answers(qwen, requests)
    assert sorted(found) == [0, 1, 2, 3] and {made.finish_reason for made in found.values()} <= {"stop", "length"}
    assert found[2].prompt_tokens > found[0].prompt_tokens > found[1].prompt_tokens
    for i, request in enumerate(requests):  # what stands beside it in a batch changes nothing
        assert answers(qwen, [request])[0] == found[i]


def test_what_a_picture_shows_reaches_the_model(qwen):
    from factory.engines.transformers import TransformersEngine

    engine = TransformersEngine(qwen, PROFILE)
    red, blue = (engine.new_sight().encode([ask(drawn(colour))]) for colour in ("red", "blue"))
    assert red["input_ids"].equal(blue["input_ids"]) and not red["pixel_values"].equal(blue["pixel_values"])


def test_a_picture_that_cannot_be_decoded_fails_alone(qwen):
    found = answers(qwen, [ask(drawn()), ask(b"no picture"), ask(drawn()[:80]), ask(drawn("blue"))])
    assert [found[i].finish_reason for i in (1, 2)] == ["error", "error"]
    assert found[1].detail == "the picture cannot be decoded: its bytes are of no known type"
    assert found[0] == answers(qwen, [ask(drawn())])[0] and found[3].finish_reason != "error"


def test_a_model_of_text_cannot_be_asked_about_pictures(tmp_path):
    model = model_artifact(tmp_path / "llama", template=CHAT).model
    with pytest.raises(FactoryError, match="reads text only") as error:
        answers(model, [ask(drawn())])
    assert "\n" not in str(error.value)


def test_a_huge_picture_is_not_decoded(monkeypatch):
    monkeypatch.setattr("factory.images.decoding.LARGEST_DECODED", 1000)
    with pytest.raises(ValueError, match="60 x 40 pixels are more than 1,000"):
        decoded(drawn())


def test_only_engines_that_see_are_taken_for_pictures():
    assert local_engine(PROFILE, pictures=True) == "transformers"
    with pytest.raises(UsageError, match="the engine ray is not asked about pictures here"):
        local_engine(PROFILE.model_copy(update={"engine": "ray"}), pictures=True)


def test_endpoints_get_pictures_inside_the_request():
    import base64

    from factory.engines.openai import _messages

    [message] = _messages(ask(drawn(), drawn(kind="JPEG"), text="ما هذا؟"))
    png, jpeg, text = message["content"]
    assert text == {"type": "text", "text": "ما هذا؟"}
    assert png["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(drawn()).decode()
    assert jpeg["image_url"]["url"].startswith("data:image/jpeg;base64,")
    assert _messages(Request.chat("hello", max_new_tokens=1)) == [{"role": "user", "content": "hello"}]


def test_texts_are_scored_by_the_text_side(qwen):
    with engine_for(qwen, PROFILE) as engine:
        [score] = engine.log_probabilities([("سؤال", " ب")])  # type: ignore[attr-defined]
    assert score.total < 0 and score.tokens == 3
