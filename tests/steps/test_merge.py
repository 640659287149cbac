import json
import shutil

import pytest
from pydantic import ValidationError

from factory.errors import FactoryError
from factory.steps.merge import Merge
from tests.steps.model_toys import CONFIGS, answer, artifact, job, make_model, weights


def merged(tmp_path, tuned, base, name="merged", third=None, origin=None, **options):
    options |= {"base": origin} if origin else {}
    work = job(tmp_path / name, tuned, base=base, third=third or base)
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
    with pytest.raises(FactoryError, match=r"1 are missing \(model\.layers\.1\.self_attn\.q_proj"):
        merged(tmp_path, tuned, base, method="ties", origin="base")


def test_a_torn_merge_is_done_again(tmp_path):
    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2)
    whole = merged(tmp_path, tuned, base)
    (tmp_path / "torn").mkdir()
    shutil.copytree(whole.out / "model", tmp_path / "torn" / "model")
    (tmp_path / "torn" / "model" / "model-00009-of-00009.safetensors").write_bytes(b"half a fi")
    again = merged(tmp_path, tuned, base, "torn")
    ours, theirs = weights(again.out / "model"), weights(whole.out / "model")
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def by_mergekit(tmp_path, tuned, base, method, t, dtype=None):
    """mergekit with its own defaults on the same two models."""
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    first, second = str(base.model), str(tuned.model)
    config = {"merge_method": method, "models": [{"model": first}, {"model": second}]}
    if method == "slerp":
        config |= {"base_model": first, "parameters": {"t": t}}
    else:
        for entry, weight in zip(config["models"], t, strict=True):
            entry["parameters"] = {"weight": weight}
    out = tmp_path / "mergekit"
    options = MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True)
    run_merge(MergeConfiguration.model_validate(config), str(out), options)
    return weights(out)


DEEP = {"num_hidden_layers": 3}
GRADIENT = [{"filter": "self_attn", "value": [0, 0.5, 1]}, {"filter": "mlp", "value": [1, 0.2]}, {"value": 0.4}]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("method", ["slerp", "linear"])
def test_streaming_equals_mergekit(tmp_path, kind, dtype, method):
    """To 1e-6 of a tensor's largest value in float32; in bfloat16 one step more, in at most 1 of 200 places."""
    import torch

    config = CONFIGS[kind] | DEEP
    tuned, base = (
        make_model(tmp_path / name, kind, seed=seed, dtype=dtype, config=config)
        for name, seed in (("tuned", 1), ("base", 2))
    )
    t = GRADIENT if method == "slerp" else [[0.2, 1.0], 0.7]
    options = {"t": t} if method == "slerp" else {"weights": [t[1], t[0]]}
    ours = weights(merged(tmp_path, tuned, base, method=method, **options).out / "model")
    theirs = by_mergekit(tmp_path, tuned, base, method, t)
    theirs.pop("lm_head.weight", None) if "lm_head.weight" not in ours else None
    assert ours.keys() == theirs.keys()
    differing = 0
    for name, tensor in ours.items():
        assert tensor.dtype == theirs[name].dtype and tensor.shape == theirs[name].shape
        gap = (tensor.double() - theirs[name].double()).abs()
        if dtype == "float32":
            assert gap.max() <= 1e-6 * theirs[name].abs().max(), name
        else:
            assert (gap <= 2**-7 * theirs[name].double().abs() + 1e-6 * theirs[name].abs().max()).all(), name
            differing += int((gap > 0).sum())
    total = sum(tensor.numel() for tensor in ours.values())
    assert dtype == "float32" or differing <= total / 200, (differing, total)
    assert all(torch.isfinite(tensor).all() for tensor in ours.values())


def test_nearly_parallel_models_are_averaged_exactly_as_by_mergekit(tmp_path):
    from safetensors.torch import load_file, save_file

    tuned, base = (make_model(tmp_path / name, seed=1, dtype="bfloat16") for name in ("tuned", "base"))
    (path,) = tuned.model.glob("*.safetensors")
    save_file({name: tensor * 1.01 for name, tensor in load_file(path).items()}, path, {"format": "pt"})
    ours = weights(merged(tmp_path, tuned, base).out / "model")
    theirs = by_mergekit(tmp_path, tuned, base, "slerp", 0.5)
    assert all(ours[name].equal(theirs[name]) for name in ours)


def test_linear_of_three(tmp_path):
    models = [make_model(tmp_path / f"m{seed}", seed=seed) for seed in (1, 2, 3)]
    work = merged(tmp_path, models[0], models[1], third=models[2], **{"with": ["base", "third"]}, method="linear",
                  weights=[2, 1, 1])  # fmt: skip
    ours, parts = weights(work.out / "model"), [weights(model.model) for model in models]
    for name in ours:
        wanted = (2 * parts[0][name] + parts[1][name] + parts[2][name]) / 4
        assert (ours[name] - wanted).abs().max() < 1e-7, name


@pytest.mark.parametrize("kind", CONFIGS)
def test_task_vectors_are_merged_in_every_architecture(tmp_path, kind):
    """With everything kept, one model beside its base comes out as it went in."""
    tuned, base = make_model(tmp_path / "tuned", kind, seed=1), make_model(tmp_path / "base", kind, seed=2)
    options = {"method": "ties", "origin": "base", "weights": [1, 0], "normalize": False, "density": 1}
    whole, wanted = weights(merged(tmp_path, tuned, base, **options).out / "model"), weights(tuned.model)
    assert whole.keys() == wanted.keys()
    assert all((whole[name] - wanted[name]).abs().max() < 1e-6 for name in wanted)


@pytest.mark.parametrize("method", ["ties", "dare_linear", "dare_ties"])
def test_task_vectors_by_mergekit(tmp_path, method):
    """With everything kept, one model beside its base comes out as it went in; with half, dare repeats itself."""
    tuned, base = make_model(tmp_path / "tuned", seed=1), make_model(tmp_path / "base", seed=2)
    options = {"method": method, "origin": "base", "weights": [1, 0], "normalize": False}
    whole = weights(merged(tmp_path, tuned, base, "whole", density=1, **options).out / "model")
    second, first = weights(tuned.model), weights(base.model)
    assert all((whole[name] - second[name]).abs().max() < 1e-6 for name in second)
    half = [weights(merged(tmp_path, tuned, base, f"half-{i}", **options).out / "model") for i in (0, 1)]
    name = "model.layers.1.self_attn.q_proj.weight"
    kept = (half[0][name] != first[name]).float().mean()
    assert 0.4 < kept < 0.6
    assert all(half[0][key].equal(half[1][key]) for key in half[0])


def test_mergekit_is_refused_where_it_would_leave_tensors_out(tmp_path):
    tuned, base = make_model(tmp_path / "tuned"), make_model(tmp_path / "base", seed=2)
    for model in (tuned, base):
        path = model.model / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"vision_config": {"depth": 1}}))
    with pytest.raises(FactoryError, match="ties is for models of text, and this one reads pictures too") as error:
        merged(tmp_path, tuned, base, method="ties", origin="base")
    assert "slerp or linear" in error.value.fix


def test_images_and_text_are_merged_by_their_tensors_names(tmp_path):
    """Qwen2-VL, of which mergekit writes one tensor: all of them, each stack's layers counted apart."""
    import torch
    from transformers import AutoConfig, Qwen2VLForConditionalGeneration

    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": 128,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4}}  # fmt: skip
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "patch_size": 4}
    config = AutoConfig.for_model("qwen2_vl", text_config=text, vision_config=vision)
    models = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        Qwen2VLForConditionalGeneration(config).save_pretrained(tmp_path / f"m{seed}" / "model")
        models.append(artifact(tmp_path / f"m{seed}"))
    tuned, base = models
    work = merged(tmp_path, tuned, base, method="linear", t=[0, 1])
    ours, first, second = (weights(path) for path in (work.out / "model", base.model, tuned.model))
    assert ours.keys() == second.keys() and len(ours) > 60
    for name in ours:
        if ".layers.1." in name:
            assert (ours[name] - (first[name] + second[name]) / 2).abs().max() < 1e-6, name
        else:
            last = ".layers.2." in name or ".blocks.1." in name
            assert ours[name].equal((second if last else first)[name]), name
    Qwen2VLForConditionalGeneration.from_pretrained(work.out / "model")


def test_the_recipe_writes_with():
    step = Merge.model_validate({"with": "owner/base", "t": 0.25})
    assert list(step.references()) == [("with", "owner/base", "model")]
    assert step.parameters()["t"] == 0.25 and "with" not in step.parameters()
    assert Merge.model_validate({"with": "owner/base", "t": 0.5}).parameters() != step.parameters()
    assert Merge.model_validate({"with": "owner/base"}).parameters()["t"] == 0.5
    several = Merge.model_validate({"with": ["a", "b"], "method": "ties", "base": "c"})
    assert [value for _, value, _ in several.references()] == ["a", "b", "c"]
    assert several.parameters()["density"] == 0.5
    assert "with" in Merge.model_json_schema()["properties"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"t": 1.5},
        {"t": [0.5, -1]},
        {"t": [{"value": 2}]},
        {"t": []},
        {"t": [{"filter": "mlp", "value": 0.5}]},
        {"method": "ties"},
        {"method": "ties", "base": "b", "t": 0.5},
        {"method": "ties", "base": "b", "density": 0},
        {"method": "slerp", "with": ["a", "b"]},
        {"method": "slerp", "weights": [1, 1]},
        {"method": "linear", "weights": [1, 1, 1]},
        {"method": "linear", "base": "b"},
        {"method": "median"},
    ],
)
def test_wrong_parameters(wrong):
    with pytest.raises(ValidationError):
        Merge.model_validate({"with": "b", **wrong})
