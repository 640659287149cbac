"""Mixtures of experts, linear attention, per-layer embeddings, state spaces: every tensor is merged, or nothing is."""

import pytest
import torch
import transformers

from factory.errors import FactoryError
from factory.models.merge.fit import HEAD, check_output
from factory.models.tensors import Tensor, read_tensors
from factory.steps.merge import Merge
from tests.steps.model_toys import COMMON, artifact, job, weights

SIZES = COMMON | {"vocab_size": 96}
MIXED = ["linear_attention", "full_attention"]
MAMBA = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "num_dense_layers": 1}
LINEAR = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8}
PER_LAYER = {"global_head_dim": 8, "hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": 96}
KINDS = {
    "Lfm2Moe": ("Lfm2MoeConfig", {"layer_types": ["conv", "full_attention"], **EXPERTS}),
    "Qwen3_5": ("Qwen3_5TextConfig", {"head_dim": 8, "layer_types": MIXED, **LINEAR}),
    "Gemma4": ("Gemma4TextConfig", {"head_dim": 8, **PER_LAYER}),
    "GraniteMoeHybrid": ("GraniteMoeHybridConfig", {"layer_types": MIXED, "num_local_experts": 0, **MAMBA}),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """By kind, a tuned model and its base."""
    folder, found = tmp_path_factory.mktemp("kinds"), {}
    for kind, (config, fields) in KINDS.items():
        settings = getattr(transformers, config)(**SIZES, **fields)
        for seed, name in enumerate(("tuned", "base")):
            torch.manual_seed(seed)
            model = getattr(transformers, f"{kind}ForCausalLM")(settings)
            model.save_pretrained(folder / kind / name / "model")
        found[kind] = artifact(folder / kind / "tuned"), artifact(folder / kind / "base")
    return found


def merged(tmp_path, pair, **options):
    work = job(tmp_path / "out", pair[0], base=pair[1])
    Merge.model_validate({"with": "base", **options}).run(work)
    return work.out / "model"


@pytest.mark.parametrize("method", ["slerp", "linear"])
@pytest.mark.parametrize("kind", KINDS)
def test_streamed_merges_take_every_tensor(tmp_path, models, kind, method):
    tuned, base = models[kind]
    out = merged(tmp_path, models[kind], method=method)
    assert read_tensors(out) == read_tensors(tuned.model)
    ours, first, second = (weights(folder) for folder in (out, base.model, tuned.model))
    middle = {name: (first[name] + second[name]) / 2 for name in ours}
    for name, tensor in ours.items():  # slerp's arc lies outside the line, in its direction
        scale = 1.0 if method == "linear" else float(tensor.norm() / middle[name].norm().clamp(min=1e-9))
        assert torch.allclose(tensor, middle[name] * scale, atol=1e-2 if method == "slerp" else 1e-6), name
    model, report = getattr(transformers, f"{kind}ForCausalLM").from_pretrained(out, output_loading_info=True)
    assert not any(report.values()), report
    assert torch.isfinite(model(torch.tensor([[1, 2, 3]])).logits).all()


@pytest.mark.parametrize("method", ["ties", "dare_linear", "dare_ties"])
@pytest.mark.parametrize("kind", KINDS)
def test_mergekit_takes_every_tensor_or_is_refused_before_its_work(tmp_path, models, kind, method):
    refused = {
        "Lfm2Moe": r"would leave 12 of \d+ tensors of a lfm2_moe model out: model\.layers\.1\.feed_forward\.experts",
        "GraniteMoeHybrid": r"cannot merge granitemoehybrid models: Tensor \S*block_sparse_moe\S* required",
    }
    if kind in refused:
        with pytest.raises(FactoryError, match=refused[kind]) as caught:
            merged(tmp_path, models[kind], method=method, base="base")
        assert caught.value.fix and "`method: slerp` or `method: linear`" in caught.value.fix
        assert not list(tmp_path.rglob("*.safetensors"))
    else:
        out = merged(tmp_path, models[kind], method=method, base="base")
        assert read_tensors(out) == read_tensors(models[kind][0].model)


def test_a_head_of_its_own_that_is_not_written_is_a_loss():
    asked = {HEAD: Tensor("F32", (4, 2)), "model.embed_tokens.weight": Tensor("F32", (4, 2))}
    without = {name: tensor for name, tensor in asked.items() if name != HEAD}
    with pytest.raises(FactoryError, match=r"1 are missing \(lm_head\.weight\)"):
        check_output(asked, without, tied=False)
    check_output(asked, without, tied=True)
    check_output(without, asked, tied=True)


def test_what_differs_is_counted_and_named():
    asked = {f"layers.{n}": Tensor("F32", (2, 2)) for n in range(5)}
    wrong = {"layers.0": Tensor("F32", (2, 3)), "other": Tensor("F32", (1,))}
    with pytest.raises(FactoryError) as caught:
        check_output(asked, wrong, tied=False)
    assert caught.value.what == (
        "5 tensors go into the merge, 2 came out: 4 are missing (layers.1, layers.2, layers.3, …); "
        "1 are of other shapes (layers.0); 1 are in no input (other)"
    )
