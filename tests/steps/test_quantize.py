import json

import pytest
import torch
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.quantize import Quantize
from tests.steps.model_toys import CONFIGS, answer, chats, dataset, job, make_model, sentences, weights

WIDE = {"hidden_size": 128, "intermediate_size": 256, "num_attention_heads": 2, "num_key_value_heads": 2}
INTEGERS = {"INT8": ("weight", torch.int8, 127), "W4A16": ("weight_packed", torch.int32, 7)}
"""Name and type of the stored weights, and steps from zero to the largest value."""


def quantized(tmp_path, source, name="small", **options):
    work = job(tmp_path / name, source)
    Quantize.model_validate(options).run(work)
    return work


@pytest.mark.parametrize("kind", CONFIGS)
def test_linear_layers_are_fp8_and_the_model_still_answers(tmp_path, kind):
    source = make_model(tmp_path / "base", kind, dtype="bfloat16")
    work = quantized(tmp_path, source)
    folder = work.out / "model"
    ours, before = weights(folder), weights(source.model)
    small = {name for name, tensor in ours.items() if "float8" in str(tensor.dtype)}
    linear = {
        name for name, tensor in before.items() if tensor.ndim == 2 and "embed" not in name and "lm_head" not in name
    }
    assert small == linear
    for (
        name
    ) in small:  # one scale per output channel gives the weights back to FP8's precision: 3 bits after the point
        again = ours[name].float() * ours[name.replace("weight", "weight_scale")].float()
        assert (again - before[name].float()).abs().max() <= before[name].float().abs().max() / 14
    assert isinstance(answer(folder, "cat"), str)
    metrics = work.metrics
    assert metrics["quantized_tensors"] == len(small)
    assert metrics["parameters"] == sum(tensor.numel() for tensor in before.values())
    assert metrics["size_bytes"] < metrics["size_before"]
    assert 0 < metrics["validation"]["kl_mean"] < 0.01
    assert 0 < metrics["validation"]["mean_logit_diff"] <= metrics["validation"]["max_logit_diff"]
    assert metrics["validation"]["loss_after"] == pytest.approx(metrics["validation"]["loss_before"], abs=0.05)
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".jinja", ".safetensors"}


def wide_model(folder, kind):
    """Wide enough for groups of 128 inputs."""
    heads = {"head_dim": 64} if "head_dim" in CONFIGS[kind] else {}
    return make_model(folder, kind, config=CONFIGS[kind] | WIDE | heads, dtype="bfloat16")


@pytest.mark.parametrize("scheme", INTEGERS)
@pytest.mark.parametrize("kind", CONFIGS)
def test_calibrated_integers_load_again_in_every_architecture(tmp_path, kind, scheme):
    from transformers import AutoModelForCausalLM

    source = wide_model(tmp_path / "base", kind)
    work = job(tmp_path / "small", source, chats=dataset(tmp_path / "chats", chats(12)))
    Quantize(scheme=scheme, calibrate_on="chats", calibration_rows=8, max_length=16).run(work)
    ours, before = weights(work.out / "model"), weights(source.model)
    suffix, dtype, steps = INTEGERS[scheme]
    small = {name.removesuffix(f".{suffix}") for name, tensor in ours.items() if tensor.dtype == dtype}
    linear = {
        name.removesuffix(".weight")
        for name, tensor in before.items()
        if tensor.ndim == 2 and "embed" not in name and "lm_head" not in name
    }
    assert small == linear and work.metrics["quantized_tensors"] == len(small)
    loaded = AutoModelForCausalLM.from_pretrained(work.out / "model")
    with torch.inference_mode():
        loaded(input_ids=torch.tensor([[1, 2]]))  # which unpacks the weights
    for name in small:  # GPTQ moves weights to make up for others' rounding, by a step or two at the most here
        old = before[f"{name}.weight"].float()
        away = (loaded.get_submodule(name).weight.float() - old).abs()
        assert away.max() <= 3 * old.abs().max() / steps and away.mean() <= old.abs().max() / steps, name
    assert isinstance(answer(work.out / "model", "cat"), str)
    metrics = work.metrics
    assert metrics["parameters"] == sum(tensor.numel() for tensor in before.values())
    assert metrics["calibration"]["rows"] == 8 and 8 < metrics["calibration"]["tokens"] <= 8 * 16
    assert metrics["size_bytes"] < metrics["size_before"] and 0 < metrics["validation"]["kl_mean"] < 0.05
    assert metrics.get("group_size") == (128 if scheme == "W4A16" else None)


def test_perplexities_side_by_side(tmp_path):
    source = make_model(tmp_path / "base", "llama", dtype="bfloat16")
    found = quantized(tmp_path, source).metrics["validation"]["perplexity"]
    assert set(found) == {"en", "ar"}
    for side in found.values():
        assert side["after"] == pytest.approx(side["before"], rel=0.05) and side["after"] != side["before"]


def test_calibration_is_asked_for_where_it_is_needed_and_only_there():
    with pytest.raises(ValidationError, match="W4A16 needs calibration data: calibrate_on names a dataset"):
        Quantize(scheme="W4A16")
    with pytest.raises(ValidationError, match="FP8_DYNAMIC needs no calibration: take calibrate_on, max_length away"):
        Quantize(calibrate_on="chats", max_length=64)


def test_identity():
    assert set(Quantize().parameters()) == {"scheme", "ignore", "validate_on", "text", "validate_rows"}
    calibrated = Quantize(scheme="INT8", calibrate_on="chats", validate_on="texts")
    assert list(calibrated.references()) == [
        ("calibrate_on", "chats", "dataset"),
        ("validate_on", "texts", "dataset"),
    ]
    assert calibrated.parameters()["calibration_rows"] == 512
    assert calibrated.parameters() != Quantize(scheme="INT8", calibrate_on="chats", max_length=64).parameters()


def test_groups_fit_a_narrow_model(tmp_path):
    source = make_model(tmp_path / "base", "llama", dtype="bfloat16")
    work = job(tmp_path / "small", source, chats=dataset(tmp_path / "chats", chats(4)))
    Quantize(scheme="W4A16", calibrate_on="chats").run(work)
    assert work.metrics["group_size"] == 32 and "groups of 32 inputs share a scale, not 128" in work.notes[0]
    odd = make_model(tmp_path / "odd", "llama", config=CONFIGS["llama"] | {"intermediate_size": 72}, dtype="bfloat16")
    work = job(tmp_path / "none", odd, chats=dataset(tmp_path / "more", chats(4)))
    with pytest.raises(FactoryError, match=r"mlp.down_proj has 72 inputs, which groups of 32 do not divide"):
        Quantize(scheme="W4A16", calibrate_on="chats").run(work)


def test_lfm2_convolutions_stay(tmp_path):
    source = make_model(tmp_path / "base", dtype="bfloat16")
    work = quantized(tmp_path, source)
    ours, before = weights(work.out / "model"), weights(source.model)
    assert ours["model.layers.0.conv.conv.weight"].equal(before["model.layers.0.conv.conv.weight"])
    config = json.loads((work.out / "model" / "config.json").read_text())
    assert config["quantization_config"]["quant_method"] == "compressed-tensors"
    assert config["conv_dim"] == config["block_dim"] == 32


def test_own_list_of_what_to_leave(tmp_path):
    source = make_model(tmp_path / "base", "llama", dtype="bfloat16")
    work = quantized(tmp_path, source, ignore=["lm_head", "re:.*mlp.*"])
    small = {n for n, tensor in weights(work.out / "model").items() if "float8" in str(tensor.dtype)}
    assert small and all("self_attn" in name for name in small)
    with pytest.raises(FactoryError, match="no tensor is in FP8_DYNAMIC"):
        quantized(tmp_path, source, "none", ignore=["re:.*"])


def test_validation_on_a_dataset(tmp_path):
    from transformers import AutoTokenizer

    source = make_model(tmp_path / "base", dtype="bfloat16")
    texts = sentences(6)
    work = job(tmp_path / "small", source, texts=dataset(tmp_path / "texts", [{"ar": text} for text in texts]))
    Quantize(validate_on="texts", columns=["ar"], validate_rows=4).run(work)
    tokenizer = AutoTokenizer.from_pretrained(source.model)
    assert work.metrics["validation"]["texts"] == 4
    assert work.metrics["validation"]["tokens"] == sum(len(ids) for ids in tokenizer(texts[:4]).input_ids)
    with pytest.raises(FactoryError, match=r"no column 'text' in texts .valid: ar"):
        Quantize(validate_on="texts").run(work)


def test_a_quantized_model_is_not_quantized_again(tmp_path):
    from tests.steps.model_toys import artifact

    quantized(tmp_path, make_model(tmp_path / "base", dtype="bfloat16"))
    with pytest.raises(FactoryError, match=r"the model is quantized \(start from its 16-bit"):
        quantized(tmp_path, artifact(tmp_path / "small"), "twice")


def test_no_output_and_no_files_elsewhere(tmp_path, capfd, monkeypatch):
    source = make_model(tmp_path / "base", dtype="bfloat16")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    capfd.readouterr()
    quantized(tmp_path, source)
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err == ""
    assert not list((tmp_path / "here").iterdir())
