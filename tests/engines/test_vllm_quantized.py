"""What `quantize` writes, loaded by the real vLLM; skipped where `factory engines install vllm` has not been run."""

from __future__ import annotations

import pytest

from factory.engines import Request, engine_for
from factory.profile import Profile
from factory.steps.quantize import Quantize
from tests import needs
from tests.engines.vllm_server import QUICK
from tests.steps.model_toys import CONFIGS, chats, dataset, job, make_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(900),
    needs.engine("vllm"),
]

# Heads of 64, which vLLM's CPU build has attention for; random weights large enough for distributions that differ.
SHAPE = {"hidden_size": 256, "intermediate_size": 512, "num_attention_heads": 4, "num_key_value_heads": 2}
SHAPE |= {"initializer_range": 0.1}
PAIRS = [("the cat", " sees a big red house in the river"), ("a dog", " walks"), ("قطة", " ترى البيت")]
NOISE = 0.2
"""Nats per token. The two round activations differently, and random weights of this size make much of it: between 8
bits and 16 transformers itself finds up to 0.4 here."""


def profile(engine):
    vllm = {"options": QUICK, "verify": False}
    return Profile.model_validate({"engine": engine, "device": "cpu", "dtype": "bfloat16", "threads": 1, "vllm": vllm})


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [("llama", "INT8"), ("llama", "W4A16"), ("llama", "FP8_DYNAMIC"), ("lfm2", "INT8"), ("lfm2", "W4A16")],
)
def test_vllm_computes_what_transformers_does(tmp_path, kind, scheme):
    heads = {"head_dim": 64} if "head_dim" in CONFIGS[kind] else {}
    source = make_model(tmp_path / "base", kind, config=CONFIGS[kind] | SHAPE | heads, dtype="bfloat16")
    work = job(tmp_path / "small", source, chats=dataset(tmp_path / "chats", chats(40)))
    Quantize.model_validate({"scheme": scheme, **({} if scheme == "FP8_DYNAMIC" else {"calibrate_on": "chats"})}).run(
        work
    )
    with engine_for(work.out / "model", profile("transformers")) as engine:
        expected = engine.log_probabilities(PAIRS)
    with engine_for(work.out / "model", profile("vllm")) as engine:
        found = engine.log_probabilities(PAIRS)
        [[(_, completion)]] = engine.generate([Request.chat("the cat", max_new_tokens=8)])
    assert completion.finish_reason in ("stop", "length") and completion.completion_tokens
    theirs, ours = ([one.total / one.tokens for one in side] for side in (found, expected))
    assert theirs == pytest.approx(ours, abs=NOISE)
    assert max(ours) - min(ours) > 2.5 * NOISE, "these could agree by being flat"
