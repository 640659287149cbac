"""Models are asked as their cards say: template arguments, structured content, plain prompts, sampling with a seed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from factory.engines.base import Request
from factory.engines.drawing import drawing
from factory.engines.manner import Manner, Sampling
from factory.engines.openai import _chosen
from factory.engines.tokens import Tokens
from factory.engines.transformers import TransformersEngine
from factory.engines.vllm import _order
from factory.errors import FactoryError
from factory.profile import Profile
from tests.support import random_model

THINKING = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}{% endfor %}"
    "<assistant>{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"
)
TRANSLATING = (  # as TranslateGemma's, which takes no plain text
    "{% for message in messages %}{% set item = message['content'][0] %}"
    "{% if item['type'] is not defined %}{{ raise_exception('content is a list of one item') }}{% endif %}"
    "{{ item['source_lang_code'] }}>{{ item['target_lang_code'] }}: {{ item['text'] }}{% endfor %}"
)


def sampled(**values) -> Sampling:
    return Sampling.model_validate(values)


def manner(**values) -> Manner:
    return Manner.model_validate(values)


def chat(text: str = "Hi", seed: int = 0, **values) -> Request:
    return Request.chat(text, max_new_tokens=12, manner=manner(**values), seed=seed)


def test_a_template_is_told_its_arguments(tmp_path):
    tokens = Tokens(random_model(tmp_path, template=THINKING).model)
    assert tokens.render(chat()) == "<user>Hi<assistant>"
    assert tokens.render(chat(template={"enable_thinking": False})) == "<user>Hi<assistant><think></think>"
    with pytest.raises(FactoryError, match="its chat template has no argument 'thinking_budget'"):
        tokens.encode([chat(template={"thinking_budget": 0})])


def test_content_is_structured(tmp_path):
    tokens = Tokens(random_model(tmp_path, template=TRANSLATING).model)
    codes = {"source_lang_code": "en", "target_lang_code": "ar"}
    assert tokens.render(chat("The sea", content=codes)) == "en>ar: The sea"
    with pytest.raises(FactoryError, match="does not take the messages: content is a list of one item"):
        tokens.encode([chat("The sea")])
    shown = Request.chat("What?", images=[b"x"], max_new_tokens=1, manner=manner(content=codes)).turns()
    assert shown[0]["content"] == [{"type": "image"}, {"type": "text", **codes, "text": "What?"}]


def test_a_plain_prompt_needs_no_template(tmp_path):
    tokens = Tokens(random_model(tmp_path, template=None).model)
    plain = chat("Translate: sea <ar>", template="plain")
    assert tokens.encode([plain]) == [tokens.tokenizer("Translate: sea <ar>")["input_ids"]]
    with_system = Request.chat("sea", system="Be brief.", max_new_tokens=1, manner=manner(template="plain"))
    assert with_system.prompt == "Be brief.\n\nsea"
    with pytest.raises(FactoryError, match="no chat template"):
        tokens.encode([chat()])


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return random_model(tmp_path_factory.mktemp("sampled"), ends=20).model


def answers(model, requests, batch_size=8):
    with TransformersEngine(
        model, Profile.model_validate({"device": "cpu", "threads": 1, "batch_size": batch_size})
    ) as engine:
        found = {i: completion for batch in engine.generate(requests) for i, completion in batch}
    return [found[i].text for i in range(len(requests))]


def test_what_is_drawn_belongs_to_the_request_and_not_to_its_batch(model):
    sampling = sampled(temperature=0.9, top_p=0.9, top_k=50, repetition_penalty=1.05)
    texts = [f"{'word ' * n}{n}" for n in range(6)]
    requests = [chat(text, seed=n, sampling=sampling) for n, text in enumerate(texts)]
    together = answers(model, requests)
    assert together == answers(model, requests, batch_size=1)
    assert together[2:5] == answers(model, requests[2:5])
    assert together != answers(model, [chat(text) for text in texts])
    assert together != answers(model, [chat(text, seed=n + 100, sampling=sampling) for n, text in enumerate(texts)])


def test_draws_are_distributed_as_the_model_says():
    """Frequencies of 4,000 seeds within 5 standard errors of the probabilities."""
    import torch

    logits, count = torch.tensor([2.0, 1.0, 0.0, -1.0]), 4000
    draw = drawing(sampled(temperature=0.8), range(count), pad=3)
    ids = torch.zeros((count, 1), dtype=torch.long)
    found = draw(ids, logits.expand(count, 4)).argmax(-1).bincount(minlength=4) / count
    wanted = (logits / 0.8).softmax(-1)
    assert ((found - wanted).abs() < 5 * (wanted * (1 - wanted) / count).sqrt()).all(), (found, wanted)
    kept = drawing(sampled(top_k=2), range(count), pad=3)(ids, logits.expand(count, 4)).argmax(-1)
    assert set(kept.tolist()) == {0, 1}
    nucleus = drawing(sampled(top_p=0.5), range(count), pad=3)(ids, logits.expand(count, 4)).argmax(-1)
    assert set(nucleus.tolist()) == {0}


def test_a_penalty_is_of_what_was_said_and_not_of_padding():
    import torch

    logits = torch.tensor([[4.0, -4.0, 1.0, 2.0]])
    draw = drawing(sampled(repetition_penalty=2.0), [0], pad=3)
    plain = drawing(sampled(), [0], pad=3)
    ids = torch.tensor([[3, 0, 1]])
    change = draw(ids, logits) - plain(ids, logits)
    assert torch.allclose(change, torch.tensor([[-2.0, -4.0, 0.0, 0.0]]), atol=1e-5)


def test_other_engines_are_told_in_their_own_words():
    sampling = {"temperature": 0.7, "top_p": 0.6, "top_k": 20, "repetition_penalty": 1.05, "seed": 3}
    request = chat(seed=11, sampling=sampling, template={"enable_thinking": False})
    assert _order(5, [1, 2], request, [9]) == ["5", [1, 2], 12, [9], sampling | {"seed": 11}]
    assert _order(5, [1], chat(), [9])[-1] == {"temperature": 0}
    assert _chosen(request) == sampling | {"seed": 11, "chat_template_kwargs": {"enable_thinking": False}}
    assert _chosen(chat()) == {"temperature": 0}


@pytest.mark.parametrize("wrong", [{"temperature": 0}, {"top_p": 0}, {"top_k": -1}, {"temprature": 1}])
def test_wrong_sampling(wrong):
    with pytest.raises(ValidationError):
        Sampling.model_validate(wrong)
