"""Trains small networks on a CUDA device and on the CPU and compares their losses.

    python tests/device/train.py

The weights are the same at first; the losses agree to 1e-3 relative for 20 steps; a
dropout network learns on the device.
"""

from __future__ import annotations

import time

import numpy as np

import rushlight as rl
from rushlight import nn


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, stride=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(144, 64),
        nn.Tanh(),
        nn.Linear(64, 10),
    )


def losses(device, make_optimizer, steps=20, batch=64):
    rl.manual_seed(0)
    model = lenet().to(device)
    optimizer = make_optimizer(model.parameters())
    rng = np.random.default_rng(0)
    found = []
    begin = time.perf_counter()
    for _ in range(steps):
        x = rl.from_numpy(rng.normal(size=(batch, 1, 28, 28)).astype("float32"))
        y = rl.from_numpy(rng.integers(0, 10, batch))
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return np.array(found), time.perf_counter() - begin


def main():
    optimizers = {
        "SGD": lambda p: rl.optim.SGD(p, lr=0.05, momentum=0.9),
        "Adam": lambda p: rl.optim.Adam(p, lr=1e-3),
        "AdamW": lambda p: rl.optim.AdamW(p, lr=1e-3, amsgrad=True),
    }
    for name, make in optimizers.items():
        on_cpu, seconds_cpu = losses("cpu", make)
        on_device, seconds = losses("cuda", make)
        apart = np.abs(on_device - on_cpu).max() / np.abs(on_cpu).max()
        print(
            f"{name}: last loss {on_device[-1]:.5f}, {apart:.1e} apart from the CPU; "
            f"{seconds:.2f} s, CPU {seconds_cpu:.2f} s"
        )
        if not apart < 1e-3:
            raise SystemExit(f"{name}: the losses differ: {on_device} and {on_cpu}")
    rl.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 1)
    ).cuda()
    optimizer = rl.optim.Adam(model.parameters(), lr=1e-2)
    x = rl.randn(256, 20, device="cuda")
    y = x[:, :1] * 2 + x[:, 1:2]
    first = last = None
    for _ in range(100):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        first, last = first or loss.item(), loss.item()
    print(f"dropout network: loss {first:.3f} to {last:.3f}")
    if not last < first / 2:
        raise SystemExit("the network with dropout did not learn")


if __name__ == "__main__":
    main()
