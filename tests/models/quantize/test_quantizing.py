from torch.nn import Linear, ModuleDict, MultiheadAttention

from factory.models.quantize.quantizing import other_linears


def test_linear_layers_of_classes_of_their_own_are_named() -> None:
    """torch's attention projects its output with one: the compressor, which goes by the class, passes over it."""
    model = ModuleDict({"pooling": MultiheadAttention(8, 2), "plain": Linear(8, 8)})
    assert other_linears(model) == ["pooling.out_proj"]
