"""The real vLLM in its own environment; skipped where `factory engines install vllm` has not been run."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from factory.engines import Request, engine_for
from factory.engines.tiny import make_tiny_model
from factory.errors import FactoryError
from factory.profile import Profile
from tests import needs
from tests.steps.model_toys import CONFIGS, make_model

pytestmark = [
    pytest.mark.slow,
    needs.engine("vllm"),
]


def profile(engine="vllm", **vllm):
    options = {"max_num_seqs": 16, **vllm.pop("options", {})}
    return Profile.model_validate(
        {"engine": engine, "device": "cpu", "threads": 1, "vllm": {"options": options, **vllm}}
    )


def everything(engine, requests):
    pairs = [pair for batch in engine.generate(requests) for pair in batch]
    assert sorted(i for i, _ in pairs) == list(range(len(requests)))
    return [dict(pairs)[i] for i in range(len(requests))]


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(what, seconds=60):
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("m"), ends=25)


@pytest.fixture(scope="module")
def engine(model):
    with engine_for(model, profile()) as running:
        yield running


def assert_equal_to_transformers(engine, model):
    """Completions and log-probabilities of both; returns how the completions ended."""
    requests = [Request.chat("word " * (i % 7 + 1) + str(i), max_new_tokens=8 + i % 9) for i in range(60)]
    requests.append(Request(5, prompt="plain"))
    found = everything(engine, requests)
    pairs = [("the cat", " sat on the mat"), ("", "begin"), ("trailing ", "space"), ("x", found[0].text or "y")]
    scores = engine.log_probabilities(pairs)
    with engine_for(model, profile("transformers")) as reference:
        assert found == everything(reference, requests)
        for a, b in zip(scores, reference.log_probabilities(pairs), strict=True):
            assert a.total == pytest.approx(b.total, abs=1e-3) and (a.greedy, a.tokens) == (b.greedy, b.tokens)
    means = [score.total / score.tokens for score in scores]
    assert max(means) - min(means) > 0.1, "flat distributions would agree, too"
    return {completion.finish_reason for completion in found}


def test_equals_transformers(engine, model):
    assert assert_equal_to_transformers(engine, model) == {"stop", "length"}


def test_equals_transformers_with_the_convolutions_of_lfm2(tmp_path):
    """Its config.json names no widths, which vLLM's class asks for."""
    wide = {"hidden_size": 256, "intermediate_size": 512, "initializer_range": 0.3}  # heads of 64
    source = make_model(tmp_path / "base", "lfm2", config=CONFIGS["lfm2"] | wide).model
    with engine_for(source, profile()) as running:
        assert_equal_to_transformers(running, source)


def test_a_prompt_that_is_too_long_fails_alone(engine):
    found = everything(engine, [Request.chat("a" * n, max_new_tokens=4) for n in (5, 5000, 7)])
    assert [completion.finish_reason == "error" for completion in found] == [False, True, False]
    assert "512" in found[1].detail


@pytest.mark.long
def test_a_killed_engine_is_restarted_and_costs_no_request(engine, monkeypatch):
    monkeypatch.setattr("factory.engines.vllm.WINDOW", 80)  # so that some still wait when the first batch is here
    requests = [Request.chat(f"{i} " * (i % 5 + 1), max_new_tokens=200) for i in range(200)]
    before = everything(engine, requests)
    first = engine.pid
    batches = engine.generate(requests)
    pairs = list(next(batches))
    os.killpg(first, signal.SIGKILL)
    for batch in batches:
        pairs += batch
    assert engine.pid != first
    assert sorted(i for i, _ in pairs) == list(range(200))
    assert [dict(pairs)[i] for i in range(200)] == before


def test_verified_once_and_a_wrong_engine_is_refused(engine, model, tmp_path, monkeypatch):
    import shutil

    from safetensors.torch import load_file, save_file

    from factory.engines import vllm

    marks = list((engine._python.parents[2] / "verified").glob("*.json"))
    assert any(json.loads(mark.read_text())["model"] == str(model) for mark in marks)
    other = tmp_path / "other"
    shutil.copytree(model, other)
    weights = load_file(other / "model.safetensors")
    weights["lm_head.weight"] = weights["lm_head.weight"].flip(0).contiguous()
    save_file(weights, other / "model.safetensors", {"format": "pt"})
    texts = [(engine.tokens.tokenizer(text)["input_ids"], 1) for text in vllm.TEXTS]
    with engine_for(other, profile("transformers")) as wrong:
        expected = wrong.score_ids(texts)
    monkeypatch.setattr(vllm, "_reference", lambda *_: expected)
    monkeypatch.setattr(vllm, "_digest", lambda *_: "none")
    with pytest.raises(FactoryError, match="other probabilities than transformers"), vllm.verified(engine):
        pass


@pytest.mark.long
def test_nothing_stays_when_the_factory_is_killed(tmp_path, model):
    """kill -9 of the process that started the engine: the engine's whole group goes too."""
    code = (
        "import sys, time; from pathlib import Path; from factory.engines import engine_for;"
        "from factory.profile import Profile;"
        f"p = Profile.model_validate_json({profile(verify=False).model_dump_json()!r});"
        f"e = engine_for(Path({str(model)!r}), p).__enter__(); print(e.pid, flush=True); time.sleep(600)"
    )
    import subprocess
    import sys

    root = str(Path(__file__).parents[2])
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": root}
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    group = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    owner.kill()
    owner.wait()
    wait_for(lambda: not any(alive(one) for one in group), 30)


def test_an_engine_that_cannot_start_names_its_log(model):
    with pytest.raises(FactoryError) as caught, engine_for(model, profile(options={"no_such_option": 1})):
        pass
    where = caught.value.where
    assert where and where.endswith(".log") and "no_such_option" in Path(where).read_text()
    assert "no_such_option" in str(caught.value)


@pytest.mark.long
def test_an_engine_that_keeps_dying_is_given_up(model):
    killing = threading.Event()

    def killer(running):
        while not killing.is_set():
            if running.pid and alive(running.pid):
                os.killpg(running.pid, signal.SIGKILL)
            time.sleep(0.05)

    with engine_for(model, profile(restarts=1, verify=False)) as running:
        thread = threading.Thread(target=killer, args=(running,), daemon=True)
        thread.start()
        with pytest.raises(FactoryError, match=r"\.log: vllm d"):
            everything(running, [Request.chat("x", max_new_tokens=500)] * 40)
        killing.set()
        thread.join()
