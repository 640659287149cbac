"""A tower's first layer as a matrix product: the same numbers and gradients, and only while it is asked for."""

from __future__ import annotations

import torch

from factory.models.train.patches import patches_as_rows


def test_the_product_is_the_convolution():
    kernel = (2, 14, 14)
    model = torch.nn.Sequential(torch.nn.Conv3d(3, 8, kernel, stride=kernel, bias=True))
    model.device = torch.device("cpu")
    patches = torch.randn(5, 3, *kernel, requires_grad=True)
    expected = model(patches)
    [wanted] = torch.autograd.grad(expected.square().sum(), patches)
    with patches_as_rows(model):
        found = model(patches)
        assert found.shape == expected.shape and torch.allclose(found, expected, atol=1e-5)
        assert torch.allclose(torch.autograd.grad(found.square().sum(), patches)[0], wanted, atol=1e-4)
        assert "forward" in vars(model[0])
        assert model(torch.randn(1, 3, 4, 28, 28)).shape == (1, 8, 2, 2, 2)
    assert "forward" not in vars(model[0])


def test_overlapping_convolutions_stay():
    model = torch.nn.Sequential(torch.nn.Conv3d(3, 8, 3, stride=1), torch.nn.Conv3d(8, 8, 2, stride=2, padding=1))
    model.device = torch.device("cpu")
    with patches_as_rows(model):
        assert not any("forward" in vars(module) for module in model)
