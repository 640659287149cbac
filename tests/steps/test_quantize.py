import json

import pytest

from factory.errors import FactoryError
from factory.steps.quantize import Quantize
from tests.steps.model_toys import CONFIGS, answer, dataset, job, make_model, sentences, weights


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
    with pytest.raises(FactoryError, match="no tensor is in FP8"):
        quantized(tmp_path, source, "none", ignore=["re:.*"])


def test_validation_on_a_dataset(tmp_path):
    from transformers import AutoTokenizer

    source = make_model(tmp_path / "base", dtype="bfloat16")
    texts = sentences(6)
    work = job(tmp_path / "small", source, texts=dataset(tmp_path / "texts", [{"ar": text} for text in texts]))
    Quantize(validate_on="texts", text="ar", validate_rows=4).run(work)
    tokenizer = AutoTokenizer.from_pretrained(source.model)
    assert work.metrics["validation"]["texts"] == 4
    assert work.metrics["validation"]["tokens"] == sum(len(ids) for ids in tokenizer(texts[:4]).input_ids)
    with pytest.raises(FactoryError, match=r"no column 'text' in texts .text: it has ar"):
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
