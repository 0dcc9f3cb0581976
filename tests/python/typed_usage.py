"""What mypy must find in code that uses rushlight; test_stubs.py runs it on this file.

``assert_type`` compares exact types; a line with ``type: ignore`` must be an error.
"""

from __future__ import annotations

from typing import assert_type

import rushlight
import rushlight.nn.functional as F
from rushlight import Tensor, nn

x = rushlight.zeros(3)
assert_type(x, Tensor)
assert_type(x + 1, Tensor)
assert_type(2.5 * x, Tensor)
assert_type(1 - x @ x, Tensor)
assert_type(x == 1, Tensor)
assert_type(x[0], Tensor)
assert_type(-x, Tensor)
x += 1
assert_type(x, Tensor)

assert_type(rushlight.zeros((2, 3), dtype=rushlight.float64), Tensor)
assert_type(rushlight.tensor([[1, 2], [3, 4]]).float(), Tensor)
assert_type(rushlight.float32, rushlight.dtype)
assert_type(rushlight.promote_types(rushlight.int8, rushlight.half), rushlight.dtype)

assert_type(x.max(), Tensor)
values, indices = x.max(0)
assert_type(indices, Tensor)
assert_type(x.max(0).values, Tensor)
assert_type(rushlight.sort(x).indices, Tensor)
assert_type(rushlight.linalg.eigh(x).eigenvalues, Tensor)
assert_type(rushlight.max(x, x), Tensor)

assert_type(x.shape, rushlight.Size)
assert_type(x.shape[0], int)
assert_type(x.size(), rushlight.Size)
assert_type(x.size(0), int)
assert_type(x.stride(-1), int)
assert_type(x.dtype, rushlight.dtype)
assert_type(x.device, rushlight.device)
assert_type(x.requires_grad, bool)
assert_type(x.grad, Tensor | None)
assert_type(x.numel(), int)
assert_type(x.is_contiguous(), bool)
assert_type(x.split(1), tuple[Tensor, ...])
assert_type(rushlight.equal(x, x), bool)
assert_type(float(x.sum()), float)

assert_type(x.view(-1, 1), Tensor)
assert_type(x.view(rushlight.int32), Tensor)
assert_type(x.to(rushlight.float64), Tensor)
assert_type(x.to("cpu"), Tensor)
assert_type(x.sum(dim=0, keepdim=True), Tensor)
assert_type(x.sum((0,)), Tensor)
assert_type(rushlight.cat([x, x], dim=0), Tensor)
assert_type(rushlight.nonzero(x, as_tuple=True), tuple[Tensor, ...])
assert_type(rushlight.where(x > 0, x, 0.0), Tensor)
assert_type(rushlight.unique(x, return_counts=True), tuple[Tensor, Tensor])
assert_type(rushlight.fft.fft(x), Tensor)
assert_type(rushlight.special.erf(x), Tensor)
assert_type(F.relu(x), Tensor)
assert_type(rushlight.randn(2, generator=rushlight.Generator()), Tensor)
assert_type(rushlight.autograd.grad(x.sum(), [x]), tuple[Tensor | None, ...])

layer = nn.Linear(3, 2)
assert_type(layer.weight, nn.Parameter)
with rushlight.no_grad():
    layer.weight.mul_(2)
assert_type(nn.utils.parametrizations.weight_norm(layer), nn.Linear)
assert_type(nn.utils.skip_init(nn.Conv2d, 3, 2, 1), nn.Conv2d)
assert_type(nn.Sequential(layer, nn.ReLU()), nn.Sequential)
assert_type(nn.LSTM(3, 2, proj_size=1), nn.LSTM)
optimizer = rushlight.optim.SGD(layer.parameters(), lr=0.1)
assert_type(optimizer, rushlight.optim.SGD)
hook = rushlight.autograd.graph.register_multi_grad_hook([x], print)
assert_type(hook, rushlight.utils.hooks.RemovableHandle)
rushlight.utils.checkpoint.check_backward_validity([x])
with rushlight.utils.checkpoint.set_checkpoint_early_stop(False):
    evaluated = rushlight.autograd.functional.vjp(rushlight.exp, x, x)
assert_type(len(evaluated), int)


@rushlight.no_grad()
def evaluate(batch: Tensor) -> float:
    return float(batch.mean())


assert_type(evaluate(x), float)

rushlight.zeros("3")  # type: ignore  # one code or another, by mypy's version
rushlight.exp("x")  # type: ignore[arg-type]
nn.LSTM(3)  # type: ignore[call-arg]
nn.NoSuchLayer  # type: ignore[attr-defined]
x.sum(axes=0)  # type: ignore[call-arg]
x.no_such_method()  # type: ignore[attr-defined]
rushlight.no_such_function  # type: ignore[attr-defined]
