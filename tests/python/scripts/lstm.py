"""A PyTorch script: an LSTM learns to continue a sine wave."""

import torch
import torch.nn as nn
from torch.nn.utils import clip_grad_norm_

torch.manual_seed(0)
wave = torch.sin(torch.arange(0, 60) * 0.3)
x, y = wave[:-1].reshape(1, -1, 1), wave[1:].reshape(1, -1, 1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 12, num_layers=2, batch_first=True)
        self.head = nn.Linear(12, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out)


model = Model()
criterion = nn.MSELoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
for epoch in range(8):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    norm = clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print(f"epoch {epoch}: loss {loss.item():.4f}, norm {float(norm):.3f}")
print(sum(p.numel() for p in model.parameters()), "parameters")
