import json

import pytest

from factory.engines.vllm_options import llm_options
from factory.errors import FactoryError
from factory.profile import Profile


def options(tmp_path, config, **profile):
    (tmp_path / "config.json").write_text(json.dumps(config))
    return llm_options(tmp_path, Profile.model_validate({"device": "cpu"} | profile))


def test_four_bit_weights_need_16_bits_on_a_cpu(tmp_path):
    config = {"model_type": "llama", "quantization_config": {"format": "pack-quantized"}}
    with pytest.raises(FactoryError, match=r"computes in 16 bits, and the profile in 32 .dtype = \"bfloat16\""):
        options(tmp_path, config)
    assert options(tmp_path, config, dtype="bfloat16")["dtype"] == "bfloat16"
    whole = {"model_type": "llama", "quantization_config": {"format": "int-quantized"}}
    assert options(tmp_path, whole)["dtype"] == "float32"


def test_lfm2_gets_the_widths_that_vllm_reads(tmp_path):
    config = {"model_type": "lfm2", "hidden_size": 64}
    assert options(tmp_path, config)["hf_overrides"] == {"conv_dim": 64, "block_dim": 64}
    with pytest.raises(FactoryError, match="ties the output layer"):
        options(tmp_path, config | {"tie_word_embeddings": False})


def test_the_profile_has_the_last_word(tmp_path):
    found = options(tmp_path, {"model_type": "llama"}, vllm={"options": {"max_num_seqs": 3}})
    assert found["max_num_seqs"] == 3
