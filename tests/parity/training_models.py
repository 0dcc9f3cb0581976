"""Models and their training, written once against the API that both libraries have.

Each function takes the library and returns ``(model, loss of a step, optimizer)``; the
numbers come from the library's own generator or from NumPy's.
"""

from __future__ import annotations

import gzip
import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import _resnet

sys.path.pop(0)
# The folder of real data stands beside the checkout, or further up.
_PLACES = [up / "shared" / "data" / "mnist10k" for up in Path(__file__).parents[2:]]
MNIST = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
TEXT = (
    "whan that aprille with his shoures soote the droghte of march hath perced to "
    "the roote and bathed every veyne in swich licour of which vertu engendred is "
    "the flour "
)


def mlp(torch):
    """Three layers, two kinds of units, dropout, Adam with weight decay."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Linear(20, 64),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(64, 64),
        nn.Tanh(),
        nn.Dropout(0.1),
        nn.Linear(64, 5),
    )
    x = torch.randn(320, 20)
    y = (x[:, :5] * x[:, 5:10]).argmax(1)

    def loss(step):
        rows = slice(32 * (step % 10), 32 * (step % 10) + 32)
        return nn.functional.cross_entropy(model(x[rows]), y[rows])

    return model, loss, torch.optim.AdamW(model.parameters(), lr=3e-3)


def idx(name, header):
    data = gzip.decompress((MNIST / name).read_bytes())
    return np.frombuffer(data, np.uint8, offset=header)


def lenet(torch):
    """Convolutions and pooling on real digits, SGD with momentum, a schedule."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.Dropout(0.2),
        nn.Tanh(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 10),
    )
    images = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:1600]
    x = torch.from_numpy(images.astype(np.float32) / 255)
    y = torch.from_numpy(idx("t10k-labels-idx1-ubyte.gz", 8)[:1600].astype(np.int64))
    dataset = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)
    batches = list(loader)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4
    )
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 20, gamma=0.5)

    def loss(step):
        x, y = batches[step]
        result = nn.CrossEntropyLoss(label_smoothing=0.1)(model(x), y)
        if step:
            schedule.step()
        return result

    return model, loss, optimizer


def resnet18(torch):
    """ResNet-18 on images of ten drawn textures.

    The last weight of every branch starts at zero (Goyal et al. 2017, section 5.1).
    With the ordinary start two runs of PyTorch drift apart by 1% in 50 steps when the
    weights of one differ in the last bit: nothing could be compared.
    """
    model = _resnet.resnet18(torch, width=16)
    for module in model.modules():
        if hasattr(module, "bn2"):
            torch.nn.init.zeros_(module.bn2.weight)
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 10, 800)
    waves = np.arange(64)[None, :, None] * (kinds[:, None, None] + 1) / 10
    images = np.sin(waves)[:, None] + 0.5 * rng.standard_normal((800, 3, 64, 64))
    x, y = torch.from_numpy(images.astype(np.float32)), torch.from_numpy(kinds)

    def loss(step):
        rows = slice(16 * step, 16 * step + 16)
        return torch.nn.functional.cross_entropy(model(x[rows]), y[rows])

    optimizer = torch.optim.SGD(
        model.parameters(), lr=0.002, momentum=0.9, weight_decay=1e-4
    )
    return model, loss, optimizer


def letters(torch, length, count):
    """Pieces of a text as numbers, and the same a letter further."""
    text = TEXT * 4
    known = sorted(set(text))
    codes = np.array([known.index(letter) for letter in text])
    starts = np.random.default_rng(0).integers(0, len(text) - length - 1, count)
    rows = starts[:, None] + np.arange(length)
    return torch.from_numpy(codes[rows]), torch.from_numpy(codes[rows + 1]), len(known)


def lstm(torch):
    """A language model: embedding, two LSTM layers with dropout between, clipping."""
    nn = torch.nn

    x, y, size = letters(torch, 24, 400)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(size, 32)
            self.lstm = nn.LSTM(32, 48, num_layers=2, dropout=0.2, batch_first=True)
            self.drop = nn.Dropout(0.1)
            self.head = nn.Linear(48, size)

        def forward(self, x):
            hidden, _ = self.lstm(self.embedding(x))
            return self.head(self.drop(hidden))

    model = Model()

    def loss(step):
        rows = slice(8 * step, 8 * step + 8)
        scores = model(x[rows])
        return nn.functional.cross_entropy(scores.flatten(0, 1), y[rows].flatten())

    return model, loss, torch.optim.RMSprop(model.parameters(), lr=2e-3)


def gpt(torch):
    """A small GPT-2: pre-norm blocks, causal attention, GELU, dropout everywhere."""
    nn = torch.nn
    length, width, heads, depth = 24, 48, 4, 2

    x, y, size = letters(torch, length, 400)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width)
            self.out = nn.Linear(width, width)
            self.drop = nn.Dropout(0.1)
            mask = torch.ones(length, length).tril() == 0
            self.register_buffer("mask", mask, persistent=False)

        def forward(self, x):
            parts = self.qkv(x).split(width, dim=-1)
            q, k, v = (
                part.view(*part.shape[:2], heads, -1).transpose(1, 2) for part in parts
            )
            scores = q @ k.transpose(-2, -1) / math.sqrt(width // heads)
            scores = scores.masked_fill(self.mask, float("-inf"))
            mixed = self.drop(scores.softmax(-1)) @ v
            return self.drop(self.out(mixed.transpose(1, 2).reshape(x.shape)))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention = Attention()
            self.mlp = nn.Sequential(
                nn.Linear(width, 4 * width),
                nn.GELU(approximate="tanh"),
                nn.Linear(4 * width, width),
                nn.Dropout(0.1),
            )

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.token = nn.Embedding(size, width)
            self.place = nn.Embedding(length, width)
            self.drop = nn.Dropout(0.1)
            self.blocks = nn.ModuleList(Block() for _ in range(depth))
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, size, bias=False)
            self.head.weight = self.token.weight
            self.apply(self.start)

        def start(self, module):
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

        def forward(self, x):
            x = self.drop(self.token(x) + self.place(torch.arange(x.shape[1])))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))

    model = Model()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others}],
        lr=1e-3,
        betas=(0.9, 0.95),
        weight_decay=0.0,
    )

    def loss(step):
        rows = slice(8 * step, 8 * step + 8)
        scores = model(x[rows])
        return nn.functional.cross_entropy(scores.view(-1, size), y[rows].view(-1))

    return model, loss, optimizer


def transformer(torch):
    """PyTorch's own encoder layers and multi-head attention, post-norm, dropout."""
    nn = torch.nn
    x, y, size = letters(torch, 16, 400)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(size, 32)
            layer = nn.TransformerEncoderLayer(32, 4, 64, 0.1, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2)
            self.head = nn.Linear(32, size)

        def forward(self, x):
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
            hidden = self.encoder(self.embedding(x), mask=mask, is_causal=True)
            return self.head(hidden)

    model = Model()

    def loss(step):
        rows = slice(8 * step, 8 * step + 8)
        scores = model(x[rows])
        return nn.functional.cross_entropy(scores.flatten(0, 1), y[rows].flatten())

    return model, loss, torch.optim.Adam(model.parameters(), lr=1e-3)


MODELS = [mlp, lenet, resnet18, lstm, gpt, transformer]


def losses(torch, make, steps):
    """The losses of a training run from a fixed seed, and the final state."""
    torch.manual_seed(1)
    model, loss_of, optimizer = make(torch)
    result = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = loss_of(step)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        result.append(loss.item())
    return result, model
