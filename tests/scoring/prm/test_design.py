import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from scoring.prm.design import Dense, Design, Sparse, product


@pytest.fixture(params=["dense", "sparse"])
def rows(request) -> tuple[torch.Tensor, Design]:
    found = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 7))).float()
    found[found < 0.3] = 0
    if request.param == "dense":
        return found, Dense(found)
    return found, Sparse(csr_array(found.numpy()))


def test_products_and_gradients_are_those_of_autograd(rows):
    matrix, design = rows
    weight = torch.linspace(-1, 1, 21).reshape(7, 3)
    ours, theirs = (weight.clone().requires_grad_() for _ in range(2))
    product(design, ours).square().sum().backward()
    (matrix @ theirs).square().sum().backward()
    assert design.features == 7
    assert torch.allclose(product(design, ours), matrix @ theirs, atol=1e-5)
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-3)
