"""LFM2's convolution over packed conversations."""

import doctest

import torch

import factory.models.train.packing as packing


def test_examples_in_the_docstrings():
    assert doctest.testmod(packing).failed == 0


def test_each_conversation_is_convolved_as_if_alone():
    """Beside transformers' own convolution, of each conversation by itself."""
    import transformers.models.lfm2.modeling_lfm2 as modeling
    from transformers import Lfm2Config, Lfm2ForCausalLM

    config = Lfm2Config(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1,
                        intermediate_size=16, vocab_size=32, full_attn_idxs=[0])  # fmt: skip
    original = modeling.causal_conv1d_fn
    hidden, weight, bias = torch.randn(1, 8, 9), torch.randn(8, 3), torch.randn(8)
    numbers = torch.tensor([[0, 0, 0, 0, 1, 2, 2, 2, 2]], dtype=torch.int32)
    with packing.convolutions_apart(Lfm2ForCausalLM(config)):
        found = modeling.causal_conv1d_fn(hidden, weight, bias, seq_idx=numbers)
        together = modeling.causal_conv1d_fn(hidden, weight, bias)
    assert modeling.causal_conv1d_fn is original
    parts = [original(hidden[..., first:last], weight, bias) for first, last in ((0, 4), (4, 5), (5, 9))]
    assert torch.allclose(found, torch.cat(parts, dim=-1), atol=1e-6)
    assert torch.equal(together, original(hidden, weight, bias)) and not torch.allclose(found, together, atol=1e-3)
