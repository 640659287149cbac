"""A vision tower's first layer on a CPU: its patches do not overlap, so that they are rows of one matrix product.

transformers writes the layer as a convolution whose steps are as wide as its kernel, as the released weights have it.
On a CPU torch takes a tenth of a small model's training for it. The numbers are the same up to rounding.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


@contextmanager
def patches_as_rows(model: Any) -> Iterator[None]:
    """While it lasts, convolutions of `model` that see each input once are matrix products, where it is on a CPU."""
    from torch.nn import Conv3d

    found: list[Any] = [module for module in model.modules() if isinstance(module, Conv3d) and _apart(module)]
    found = found if model.device.type == "cpu" else []
    for module in found:
        module.forward = partial(_product, module)
    try:
        yield
    finally:
        for module in found:
            del module.forward


def _apart(module: Any) -> bool:
    plain = module.groups == 1 and not any(module.padding) and all(step == 1 for step in module.dilation)
    return plain and tuple(module.stride) == tuple(module.kernel_size)


def _product(module: Any, patches: Any) -> Any:
    """patches [number, channels, time, height, width], each of the kernel's size -> [number, features, 1, 1, 1]."""
    from torch.nn.functional import linear

    if tuple(patches.shape[2:]) != tuple(module.kernel_size):  # one input of several patches
        return type(module).forward(module, patches)
    return linear(patches.flatten(1), module.weight.flatten(1), module.bias)[..., None, None, None]
