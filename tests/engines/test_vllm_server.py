"""vLLM's own server as an endpoint; skipped where `factory engines install vllm` has not been run."""

from __future__ import annotations

import base64
import re
import shlex
import socket
import subprocess

import httpx
import pytest
from safetensors.torch import load_file, save_file

from factory.engines import Request, engine_for
from factory.engines.environments import needed
from factory.engines.openai import OpenAIEngine, stated_model
from factory.engines.tiny import make_tiny_model
from factory.errors import FactoryError
from factory.profile import Endpoint, Profile
from factory.publishing.cards.text import environment
from factory.step.job import Artifact
from factory.steps.translate import Translate
from tests import needs
from tests.engines.vllm_server import NAME, QUICK, vllm_server
from tests.support import _manifest as manifest
from tests.support import behind_endpoint, dataset, kept, rejected, run_step
from tests.tiny_vision import drawn, make_qwen2_vl

pytestmark = [
    pytest.mark.slow,
    needs.engine("vllm"),
]

ALONE = Profile(engine="transformers", device="cpu", threads=1)


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
    own = Artifact("served", model.parent, manifest("served", "model"))
    near = run_step(step, rows, tmp_path / "near", ALONE, m=own)
    assert far.engines == ["endpoint"] and near.engines == ["transformers"]
    assert kept(far) == kept(near) and rejected(far) == rejected(near)
    assert kept(far) and rejected(far), "answers that end and answers that are cut off"
    assert far.usage.completion_tokens == near.usage.completion_tokens


@pytest.fixture(scope="module")
def sees(tmp_path_factory):
    """A model that sees, and its address; served as its card says."""
    if subprocess.run([needed("vllm").python, "-c", "import torchvision"], capture_output=True).returncode:
        pytest.skip("vLLM sees by torchvision, which its environment lacks: no registry has one for torch on a CPU")
    folder = make_qwen2_vl(tmp_path_factory.mktemp("sees") / "model", heads=1)  # its CPU kernel has none of 16 wide
    card = environment().get_template("partials/load_image.md").render(repo=str(folder), pixels=None)
    [command] = re.findall(r"```bash\n(.*?)```", card, re.DOTALL)
    words = shlex.split(command)
    variables = dict(word.split("=", 1) for word in words[: words.index("vllm")])
    flags = words[words.index(str(folder)) + 1 :]
    profile = Profile.model_validate({"device": "cpu", "threads": 1, "vllm": {"options": QUICK}})
    log = folder.parent / "server.log"
    with vllm_server(folder, log, profile, flags, variables) as address:
        yield folder, address


def test_a_picture_is_answered_as_the_card_says_it_is_served(sees):
    folder, url = sees
    request = Request.chat("what?", images=[drawn("red")], max_new_tokens=5)
    with OpenAIEngine(NAME, Endpoint(base_url=url)) as far, engine_for(folder, ALONE, pictures=True) as near:
        [there], [here] = (
            [made for batch in engine.generate([request]) for _, made in batch] for engine in (far, near)
        )
    assert there.finish_reason in ("stop", "length"), there.detail
    assert there.prompt_tokens == here.prompt_tokens, "the places of the picture are in it"


def posted(url, *pictures):
    parts = [{"type": "image_url", "image_url": {"url": picture}} for picture in pictures]
    body = {"model": NAME, "max_tokens": 2, "messages": [{"role": "user", "content": parts}]}
    return httpx.post(f"{url}/chat/completions", json=body, timeout=60)


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}/a.png", "file:///etc/hostname"])
def test_what_the_card_does_not_allow_is_not_fetched(sees, address):
    with socket.create_server(("127.0.0.1", 0)) as there:
        there.setblocking(False)
        found = posted(sees[1], address.format(port=there.getsockname()[1]))
        assert found.is_error and "allowed" in found.text, found.text
        with pytest.raises(BlockingIOError):
            there.accept()


def test_a_request_has_no_more_pictures_than_the_card_says(sees):
    inline = "data:image/png;base64," + base64.b64encode(drawn("red")).decode()
    assert [posted(sees[1], *[inline] * many).status_code for many in (4, 5)] == [200, 400]
