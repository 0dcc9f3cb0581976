"""A small GPT trained in both libraries from one seed: the same losses."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402

import rushlight  # noqa: E402

VOCABULARY, WIDTH, HEADS, LENGTH, BATCH = 17, 32, 4, 24, 4


def gpt(m, dropout):
    nn, F = m.nn, m.nn.functional

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.c_attn = nn.Linear(WIDTH, 3 * WIDTH)
            self.c_proj = nn.Linear(WIDTH, WIDTH)

        def forward(self, x):
            B, T, C = x.size()
            q, k, v = (
                y.view(B, T, HEADS, C // HEADS).transpose(1, 2)
                for y in self.c_attn(x).split(C, dim=2)
            )
            y = F.scaled_dot_product_attention(
                q, k, v, dropout_p=dropout if self.training else 0.0, is_causal=True
            )
            return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.attn = Attention()
            self.mlp = nn.Sequential(
                nn.Linear(WIDTH, 4 * WIDTH),
                nn.GELU(),
                nn.Linear(4 * WIDTH, WIDTH),
                nn.Dropout(dropout),
            )

        def forward(self, x):
            x = x + self.attn(self.ln_1(x))
            return x + self.mlp(self.ln_2(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.wte = nn.Embedding(VOCABULARY, WIDTH)
            self.wpe = nn.Embedding(LENGTH, WIDTH)
            self.h = nn.ModuleList([Block() for _ in range(2)])
            self.ln_f = nn.LayerNorm(WIDTH)
            self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)
            self.wte.weight = self.lm_head.weight

        def forward(self, index):
            x = self.wte(index) + self.wpe(m.arange(index.size(1)))
            for block in self.h:
                x = block(x)
            return self.lm_head(self.ln_f(x))

    return GPT()


def losses(m, dropout, steps=25):
    m.manual_seed(4)
    model = gpt(m, dropout)
    optimizer = m.optim.AdamW(model.parameters(), lr=1e-2)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(steps):
        text = m.from_numpy(
            rng.integers(0, 4, (BATCH, LENGTH + 1)).cumsum(1) % VOCABULARY
        )
        scores = model(text[:, :-1])
        loss = m.nn.functional.cross_entropy(
            scores.reshape(-1, VOCABULARY), text[:, 1:].reshape(-1)
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        m.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_same_losses(dropout):
    ours, theirs = losses(rushlight, dropout), losses(torch, dropout)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert ours[-1] < 0.9 * ours[0]
