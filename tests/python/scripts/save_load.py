"""A PyTorch script: training goes on from a checkpoint as if it had not stopped."""

import os
import sys

import torch
from torch import nn


def make():
    model = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1)
    )
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def train(model, optimizer, x, y, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(x), y)
        loss.backward()
        optimizer.step()
        print(f"{loss.item():.4f}")


path = os.path.join(sys.argv[1], "checkpoint.pt")
torch.manual_seed(1)
x, y = torch.randn(16, 4), torch.randn(16, 1)
model, optimizer = make()
train(model, optimizer, x, y, 3)
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
train(model, optimizer, x, y, 3)
print("again")
model, optimizer = make()
checkpoint = torch.load(path, map_location="cpu", weights_only=True)
print(model.load_state_dict(checkpoint["model"]))
optimizer.load_state_dict(checkpoint["optimizer"])
train(model, optimizer, x, y, 3)
