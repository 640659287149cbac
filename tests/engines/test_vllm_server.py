"""vLLM's own server as an endpoint; skipped where `factory engines install vllm` has not been run."""

from __future__ import annotations

import pytest
from safetensors.torch import load_file, save_file

from factory.engines import Request
from factory.engines.openai import OpenAIEngine, stated_model
from factory.engines.tiny import make_tiny_model
from factory.errors import FactoryError
from factory.profile import Endpoint, Profile
from factory.step.job import Artifact
from factory.steps.translate import Translate
from tests import needs
from tests.engines.vllm_server import NAME, QUICK, vllm_server
from tests.support import _manifest as manifest
from tests.support import behind_endpoint, dataset, kept, rejected, run_step

pytestmark = [
    pytest.mark.slow,
    needs.engine("vllm"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """It writes printable ASCII alone: torn UTF-8 a server decodes in its own way."""
    folder = make_tiny_model(tmp_path_factory.mktemp("served") / "model", ends=40)
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"][96:] = 0  # ids 2 to 95 are "!" to "~", of whose random logits one is above 0
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def url(model, tmp_path_factory):
    """As one would serve it: ends of answers are those of its generation_config.json."""
    options = {**QUICK, "generation_config": "auto"}
    profile = Profile.model_validate({"device": "cpu", "threads": 1, "vllm": {"options": options}})
    with vllm_server(model, tmp_path_factory.mktemp("log") / "server.log", profile) as address:
        yield address


def test_it_says_what_it_serves_and_refuses_other_names(url):
    endpoint = Endpoint(base_url=url, retries=0)
    with OpenAIEngine(NAME, endpoint) as engine:
        assert engine.served() == [NAME]
    assert stated_model(NAME, endpoint) == NAME
    with pytest.raises(FactoryError, match=r"refused with 404: .*none"):
        stated_model("none", endpoint)


def test_a_prompt_that_is_too_long_fails_alone(url):
    with OpenAIEngine(NAME, Endpoint(base_url=url)) as engine:
        requests = [Request.chat("a" * n, max_new_tokens=4) for n in (5, 5000, 7)]
        found = dict(pair for batch in engine.generate(requests) for pair in batch)
    assert [found[i].finish_reason == "error" for i in range(3)] == [False, True, False]
    assert "512" in found[1].detail


def test_a_step_over_it_gives_the_rows_of_the_model_itself(url, model, tmp_path):
    rows = dataset(tmp_path / "in", [{"text": f"word {i} " + "ab" * (i % 7)} for i in range(40)])
    step = Translate.model_validate(
        {"model": "m", "columns": ["text"], "prompt": "ar: {text}", "max_new_tokens": 24}
        | {"split": "none", "checks": [], "ladder": []}
    )
    there = Profile.model_validate({"endpoints": {"mine": {"base_url": url}}})
    far = run_step(step, rows, tmp_path / "far", there, m=behind_endpoint(tmp_path / "behind", NAME, "mine"))
    here = Profile(engine="transformers", device="cpu", threads=1)
    own = Artifact("served", model.parent, manifest("served", "model"))
    near = run_step(step, rows, tmp_path / "near", here, m=own)
    assert far.engines == ["endpoint"] and near.engines == ["transformers"]
    assert kept(far) == kept(near) and rejected(far) == rejected(near)
    assert kept(far) and rejected(far), "answers that end and answers that are cut off"
    assert far.usage.completion_tokens == near.usage.completion_tokens
