"""Log-likelihoods of choices: as lighteval has them where it is right, by hand where it is not, from every engine."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from factory.engines import scorer_for
from factory.evaluate.lighteval_model import encoded_choices, scoring_model
from factory.profile import Profile
from factory.step.surroundings import contained
from tests import needs
from tests.engines.vllm_server import QUICK
from tests.steps.model_toys import CONFIGS, make_model, sentences

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]\n{% endif %}"
)


def tokenizer_with_bos(folder: Path) -> Any:
    """The model's, with <bos> before all texts and a template that writes it, too, and ends with a line break."""
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.bos_token = tokenizer.bos_token or tokenizer.eos_token
    bos = tokenizer.bos_token, tokenizer.bos_token_id
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=f"{bos[0]} $A", special_tokens=[bos])
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return tokenizer


def docs(n: int = 23) -> list[Any]:
    from lighteval.tasks.requests import Doc

    rng, asked = random.Random(0), sentences(n, seed=5)
    choices = [
        [" ".join(sentences(1, seed=100 * i + k)[0].split()[: rng.randint(1, 5)]) for k in range(4)] for i in range(n)
    ]
    choices[::2] = [["أ", "ب", "ج", "د"]] * len(choices[::2])  # letters, which share all that is read
    return [
        Doc(query=f"{q}\n" * rng.randint(1, 4) + "the cat:", choices=c, gold_index=0)
        for q, c in zip(asked, choices, strict=True)
    ]


@pytest.fixture(scope="module", params=list(CONFIGS))
def model(request, tmp_path_factory) -> Path:
    shape = {"initializer_range": 0.3}
    folder = make_model(
        tmp_path_factory.mktemp(request.param) / "m", request.param, config=CONFIGS[request.param] | shape
    )
    tokenizer_with_bos(folder.model)
    return folder.model


def ours(folder: Path, asked: list[Any], template: bool, scoring: Any, engine: str = "transformers", **more: Any):
    profile = Profile.model_validate(
        {"engine": engine, "device": "cpu", "dtype": "float32", "batch_size": 8, "threads": 1, **more}
    )
    with contained(), scorer_for(folder, profile) as scorer:
        made = scoring_model(
            scorer, chat_template=template, scoring=scoring, cache=str(folder.parent), advance=lambda *_, **__: None
        )
        return [response.logprobs for response in made.loglikelihood(asked)]


def lightevals(folder: Path, asked: list[Any], template: bool) -> list[list[float]]:
    import torch
    from lighteval.models.transformers.transformers_model import TransformersModel, TransformersModelConfig
    from transformers import AutoModelForCausalLM

    class Offline(TransformersModelConfig):
        def get_model_sha(self) -> str:
            return ""  # it would ask the Hub

    config = Offline(
        model_name="m",
        tokenizer=str(folder),
        batch_size=8,
        device="cpu",
        override_chat_template=template,
        cache_dir=str(folder.parent),
    )
    with contained():
        weights = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        plain = TransformersModel.from_model(weights, config)
        return [response.logprobs for response in plain._loglikelihood_tokens(asked)]


def accuracy(asked: list[Any], logprobs: list[list[float]]) -> float:
    """As lighteval's Arabic tasks count, to the last digit."""
    from factory.evaluate.lighteval_run import arabic_accuracy

    metric = arabic_accuracy().sample_level_fn
    return sum(
        metric.compute(doc, SimpleNamespace(logprobs=found, output_tokens=[]))
        for doc, found in zip(asked, logprobs, strict=True)
    ) / len(asked)


@pytest.mark.parametrize(("template", "scoring"), [(False, "clean"), (False, "published"), (True, "published")])
def test_equals_plain_lighteval(model, template, scoring):
    asked = docs()
    found, expected = ours(model, asked, template, scoring), lightevals(model, asked, template)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    assert accuracy(asked, found) == accuracy(asked, expected)


def test_a_rendered_prompt_keeps_its_line_break_and_its_one_bos(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    folder = make_model(tmp_path / "m", "llama", config=CONFIGS["llama"] | {"initializer_range": 0.3}).model
    tokenizer = tokenizer_with_bos(folder)
    asked = docs(6)
    weights = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found = ours(folder, asked, True, "clean")
    assert found[0] != pytest.approx(ours(folder, asked, True, "published")[0], abs=0.1)
    for doc, scores in zip(asked, found, strict=True):
        prompt = f"{tokenizer.bos_token}[user] {doc.query}\n[assistant]\n"
        context = tokenizer.encode(prompt, add_special_tokens=False)
        assert context.count(tokenizer.bos_token_id) == 1
        for choice, score in zip(doc.choices, scores, strict=True):
            wanted = tokenizer.encode(choice, add_special_tokens=False)
            with torch.no_grad():
                logs = weights(torch.tensor([context + wanted])).logits[0].log_softmax(-1)
            by_hand = sum(logs[len(context) - 1 + i, token].item() for i, token in enumerate(wanted))
            assert score == pytest.approx(by_hand, abs=1e-4)


def test_too_long_a_prompt_loses_its_beginning(tmp_path):
    folder = make_model(tmp_path / "m", "llama").model
    tokenizer = tokenizer_with_bos(folder)
    tokens: Any = SimpleNamespace(tokenizer=tokenizer)
    [[(whole, _)]] = encoded_choices(tokens, ["the cat sees " * 40], [["a dog"]], as_text=True, longest=10**6)
    [[(cut, begin)]] = encoded_choices(tokens, ["the cat sees " * 40], [["a dog"]], as_text=True, longest=20)
    assert len(cut) == 20 and cut == whole[-20:] and tokenizer.decode(cut[begin:]).strip() == "a dog"
    [[(ids, begin)]] = encoded_choices(tokens, [""], [["dog"]], as_text=False, longest=20)
    assert ids[0] == tokenizer.bos_token_id and begin == 1


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
@needs.engine("vllm")
@pytest.mark.parametrize("kind", list(CONFIGS))
def test_vllm_scores_as_transformers_does(tmp_path, kind):
    """Heads of 64, which vLLM's CPU build has attention for, and windows as real models have them: where a prompt is
    longer than the window, that build is up to 2e-3 nats off.
    """
    wide = {"hidden_size": 256, "intermediate_size": 512, "initializer_range": 0.04}
    real = {name: value for name, value in (("head_dim", 64), ("sliding_window", 4096)) if name in CONFIGS[kind]}
    folder = make_model(tmp_path / "m", kind, config=CONFIGS[kind] | wide | real).model
    tokenizer_with_bos(folder)
    asked = docs()
    found = ours(folder, asked, True, "clean", "vllm", vllm={"options": QUICK, "verify": False})
    expected = ours(folder, asked, True, "clean")
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    assert accuracy(asked, found) == accuracy(asked, expected)
    flat = [score for scores in expected for score in scores]
    assert max(flat) - min(flat) > 1, "flat distributions would agree, too"
