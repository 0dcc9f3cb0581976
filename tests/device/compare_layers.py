"""Runs layers and optimizers on a CUDA device and on the CPU from the same weights.

    python tests/device/compare_layers.py

Outputs and gradients agree to 1e-4 of the largest one; prints a line for each.
"""

from __future__ import annotations

import numpy as np

import rushlight as rl
from rushlight import nn, optim

# A layer, the shape of its input, and for indices the number of them.
LAYERS = {
    "Conv1d": (lambda: nn.Conv1d(3, 8, 3), (2, 3, 9), None),
    "Conv2d depthwise": (
        lambda: nn.Conv2d(8, 8, 3, groups=8, padding=1),
        (2, 8, 6, 6),
        None,
    ),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(3, 4, 3, 2, 1), (2, 3, 5, 5), None),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(2), (2, 1, 9, 9), None),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3), (4, 3, 5, 5), None),
    "LayerNorm": (lambda: nn.LayerNorm(16), (4, 16), None),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3, 3), None),
    "RMSNorm": (lambda: nn.RMSNorm(8), (3, 8), None),
    "LSTM": (lambda: nn.LSTM(8, 16, 2, batch_first=True), (3, 5, 8), None),
    "GRU": (lambda: nn.GRU(8, 16, bidirectional=True), (5, 3, 8), None),
    "TransformerEncoderLayer": (
        lambda: nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True),
        (2, 6, 16),
        None,
    ),
    "Embedding": (lambda: nn.Embedding(10, 8), (3, 4), 10),
    "EmbeddingBag": (lambda: nn.EmbeddingBag(10, 4), (3, 4), 10),
    "units": (
        lambda: nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.SiLU(), nn.Softplus()),
        (4, 8),
        None,
    ),
    "PReLU": (nn.PReLU, (4, 8), None),
}
OPTIMIZERS = (
    "SGD Adam AdamW Adagrad Adadelta Adamax ASGD NAdam RAdam RMSprop Rprop"
).split()


def host(tensor):
    return tensor.detach().cpu().numpy()


def layer_results(make, shape, entries, device, weights=None):
    rl.manual_seed(0)
    layer = make()
    if weights is not None:
        layer.load_state_dict(weights)
    x = rl.randint(0, entries, shape) if entries else rl.randn(*shape)
    layer, x = layer.to(device), x.to(device)
    if not entries:
        x.requires_grad_()
    out = layer(x)
    out = out[0] if isinstance(out, tuple) else out
    # Not a sum of squares, of which a normalised layer's gradient is nearly nothing.
    slope = rl.linspace(-1, 1, out.numel()).reshape(out.shape).to(device)
    (out * slope).sum().backward()
    found = [host(out), *(host(p.grad) for p in layer.parameters())]
    return found if entries else [*found, host(x.grad)]


def optimizer_results(name, device):
    rl.manual_seed(1)
    layer = nn.Linear(4, 3).to(device)
    optimizer = getattr(optim, name)(layer.parameters(), lr=0.01)
    x = rl.linspace(-1, 1, 20).reshape(5, 4).to(device)
    for _ in range(5):
        optimizer.zero_grad()
        layer(x).pow(2).sum().backward()
        optimizer.step()
    return [host(layer.weight), host(layer.bias)]


def main():
    failed = []
    jobs = [
        (name, lambda device, case=case: layer_results(*case, device))
        for name, case in LAYERS.items()
    ]
    jobs += [
        (name, lambda device, name=name: optimizer_results(name, device))
        for name in OPTIMIZERS
    ]
    for name, run in jobs:
        expected = run("cpu")
        try:
            found = run("cuda")
        except NotImplementedError as error:
            print(f"missing  {name}: {error}")
            continue
        most = max(np.abs(b).max() for b in expected)
        apart = max(np.abs(a - b).max() for a, b in zip(found, expected, strict=True))
        print(f"{apart / most:8.1e} {name}")
        if not apart <= 1e-4 * most:
            failed.append(name)
    if failed:
        raise SystemExit(f"differ from the CPU: {failed}")
    print("all agree")


if __name__ == "__main__":
    main()
