"""The same seed trains the same model: losses of 50 steps in both libraries."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402
import training_models  # noqa: E402
from training_models import MNIST, MODELS, losses  # noqa: E402

STEPS = 50


@pytest.fixture(autouse=True)
def one_thread():
    # The models are small: more threads only wait for each other on a busy machine.
    before = [library.get_num_threads() for library in (rushlight, torch)]
    for library in (rushlight, torch):
        library.set_num_threads(1)
    yield
    for library, threads in zip((rushlight, torch), before, strict=True):
        library.set_num_threads(threads)


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_losses_agree(make):
    if make is training_models.lenet and not MNIST.is_dir():
        pytest.skip(f"no MNIST images in {MNIST}")
    ours, model = losses(rushlight, make, STEPS)
    theirs, expected = losses(torch, make, STEPS)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    # A loss that never moved would agree without any training.
    assert min(theirs[-10:]) < 0.9 * theirs[0]
    assert list(model.state_dict()) == list(expected.state_dict())
    # Both generators were asked for as many numbers.
    assert rushlight.rand(1).item() == torch.rand(1).item()
