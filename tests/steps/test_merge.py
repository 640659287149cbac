import json
import shutil

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.merge import Merge
from tests.steps.model_toys import CONFIGS, answer, artifact, job, make_model, weights


def merged(tmp_path, tuned, base, name="merged", **options):
    work = job(tmp_path / name, tuned, base=base)
    Merge.model_validate({"with": "base", **options}).run(work)
    return work


def slerp(t, v0, v1):
    """Shoemake's formula on whole tensors, in float64."""
    import torch

    a, b = v0.double().flatten(), v1.double().flatten()
    omega = torch.acos(torch.dot(a / a.norm(), b / b.norm()))
    out = torch.sin((1 - t) * omega) / torch.sin(omega) * a + torch.sin(t * omega) / torch.sin(omega) * b
    return out.reshape(v0.shape)


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_tensor_is_on_the_arc(tmp_path, kind):
    tuned, base = make_model(tmp_path / "tuned", kind, seed=1), make_model(tmp_path / "base", kind, seed=2)
    work = merged(tmp_path, tuned, base, t=0.3)
    ours, first, second = (weights(path) for path in (work.out / "model", base.model, tuned.model))
    assert ours.keys() == second.keys() and work.metrics["tensors"] == len(ours)
    for name in ours:
        if second[name].equal(first[name]):  # norms begin at one in both
            assert ours[name].equal(first[name]), name
        else:
            gap = (ours[name].double() - slerp(0.3, first[name], second[name])).abs().max()
            assert gap < 1e-6, name
    assert isinstance(answer(work.out / "model", "cat"), str)
    assert work.metrics["parameters"] == sum(tensor.numel() for tensor in ours.values())


@pytest.mark.parametrize("method", ["slerp", "linear"])
def test_the_ends_are_the_inputs(tmp_path, method):
    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2)
    for t, wanted in ((0, base), (1, tuned)):
        work = merged(tmp_path, tuned, base, f"at-{t}", t=t, method=method)
        ours, theirs = weights(work.out / "model"), weights(wanted.model)
        assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_linear_is_the_average_even_per_layer(tmp_path):
    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2)
    first, second = weights(base.model), weights(tuned.model)
    half = weights(merged(tmp_path, tuned, base, "half", t=0.5, method="linear").out / "model")
    name = "model.layers.1.feed_forward.w1.weight"
    assert (half[name] - (first[name] + second[name]) / 2).abs().max() < 1e-7
    layers = weights(merged(tmp_path, tuned, base, "layers", t=[0, 1], method="linear").out / "model")
    assert layers["model.layers.0.feed_forward.w1.weight"].equal(first["model.layers.0.feed_forward.w1.weight"])
    assert layers[name].equal(second[name])


def test_filters_choose_tensors(tmp_path):
    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2)
    t = [{"filter": "self_attn", "value": 1}, {"value": 0}]
    ours = weights(merged(tmp_path, tuned, base, t=t).out / "model")
    first, second = weights(base.model), weights(tuned.model)
    for name in ours:
        assert ours[name].equal((second if "self_attn" in name else first)[name]), name


def test_tokenizer_template_and_configuration_are_the_source_s(tmp_path):
    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2, chat_template=None)
    path = base.model / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"norm_eps": 1e-3}))
    work = merged(tmp_path, tuned, base)
    folder = work.out / "model"
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"):
        assert (folder / name).read_bytes() == (tuned.model / name).read_bytes()
    assert json.loads((folder / "config.json").read_text()) == json.loads((tuned.model / "config.json").read_text())
    assert work.notes == ["config norm_eps: 1e-05 is kept, `with` has 0.001"]
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".jinja", ".safetensors"}


def test_bfloat16_stays_bfloat16(tmp_path):
    tuned, base = (make_model(tmp_path / n, seed=s, dtype="bfloat16") for n, s in (("tuned", 1), ("base", 2)))
    work = merged(tmp_path, tuned, base)
    assert {str(tensor.dtype) for tensor in weights(work.out / "model").values()} == {"torch.bfloat16"}
    work = merged(tmp_path, tuned, base, "wide", dtype="float32")
    assert {str(tensor.dtype) for tensor in weights(work.out / "model").values()} == {"torch.float32"}
    assert json.loads((work.out / "model" / "config.json").read_text())["dtype"] == "float32"


def test_models_that_do_not_fit_are_refused_before_the_work(tmp_path):
    tuned = make_model(tmp_path / "tuned", "llama")
    for name, options, message in (
        ("other", {"kind": "qwen2"}, "cannot merge llama with qwen2"),
        ("words", {"kind": "llama", "vocab_size": 310}, "vocabulary sizes differ: .* is 3[0-9]+×32 .* and 310×32"),
        (
            "deep",
            {"kind": "llama", "config": CONFIGS["llama"] | {"num_hidden_layers": 3}},
            "the source has no tensor model.layers.2",
        ),
        ("wide", {"kind": "llama", "config": CONFIGS["llama"] | {"intermediate_size": 96}}, "shapes differ: .*mlp"),
    ):
        with pytest.raises(FactoryError, match=message) as error:
            merged(tmp_path, tuned, make_model(tmp_path / name, **options), f"{name}-out")
        assert error.value.where == "recipe.yaml:7:5"
        assert not (tmp_path / f"{name}-out" / "model").exists()


def test_a_merge_that_leaves_tensors_out_is_an_error(tmp_path, monkeypatch):
    """mergekit with an old definition writes one shard less and reports nothing."""
    import mergekit.merge

    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2)
    real = mergekit.merge.run_merge

    def leaves_out(config, out_path, options):
        from safetensors.torch import load_file, save_file

        real(config, out_path, options)
        (path,) = artifact(tmp_path / "merged").model.glob("*.safetensors")
        tensors = load_file(path)
        del tensors["model.layers.1.self_attn.q_proj.weight"]
        save_file(tensors, path)

    monkeypatch.setattr(mergekit.merge, "run_merge", leaves_out)
    with pytest.raises(FactoryError, match=r"were expected; first wrong: model\.layers\.1\.self_attn\.q_proj"):
        merged(tmp_path, tuned, base)


def test_a_torn_merge_is_done_again(tmp_path):
    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2)
    whole = merged(tmp_path, tuned, base)
    (tmp_path / "torn").mkdir()
    shutil.copytree(whole.out / "model", tmp_path / "torn" / "model")
    (tmp_path / "torn" / "model" / "model-00009-of-00009.safetensors").write_bytes(b"half a fi")
    again = merged(tmp_path, tuned, base, "torn")
    ours, theirs = weights(again.out / "model"), weights(whole.out / "model")
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_the_recipe_writes_with():
    step = Merge.model_validate({"with": "owner/base", "t": 0.25})
    assert list(step.references()) == [("with", "owner/base", "model")]
    assert step.parameters() == {"method": "slerp", "t": 0.25, "dtype": None}
    assert Merge.model_validate({"with": "owner/base", "t": 0.5}).parameters() != step.parameters()
    assert "with" in Merge.model_json_schema()["properties"]


@pytest.mark.parametrize("wrong", [{"t": 1.5}, {"t": [0.5, -1]}, {"t": [{"value": 2}]}, {"t": []}, {"method": "ties"}])
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        Merge.model_validate({"with": "b", **wrong})
