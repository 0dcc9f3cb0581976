"""Train a small GPT on a text, letter by letter, and let it write.

Without arguments it reads the sonnets of Shakespeare beside this file, trains for less
than a minute, draws the loss, saves the weights and prints what the model writes:

    python examples/train_gpt.py

With ``--text FILE`` it takes any other text file; the longer, the better.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import rushlight as rl
from rushlight import nn, optim
from rushlight.nn import functional as F

SONNETS = Path(__file__).with_name("sonnets.txt")
LENGTH = 32  # letters that the model sees at once
BATCH = 32
WIDTH, HEADS, DEPTH, DROPOUT = 64, 4, 2, 0.1
LEARNING_RATE, WARM_UP = 6e-3, 100
EVALUATIONS = 20


class TextError(Exception):
    """The text cannot be trained on; the message says why."""


@dataclass
class Text:
    """A text as numbers: int64 tensors of letters, indices into ``letters``."""

    name: str
    letters: str
    train: rl.Tensor
    test: rl.Tensor


@dataclass
class History:
    """What the curve is drawn from: the loss of every step, and some test losses."""

    step_loss: list[float]
    test_steps: list[int]
    test_loss: list[float]


def read_text(path: Path) -> Text:
    """Reads a text file; its last tenth is for testing."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: not UTF-8 text: {error}") from error
    needed = 20 * (LENGTH + 1)
    if len(text) < needed:
        raise TextError(f"{path}: {len(text)} characters; at least {needed} are needed")
    letters = "".join(sorted(set(text)))
    number = {letter: at for at, letter in enumerate(letters)}
    codes = rl.tensor([number[letter] for letter in text])
    split = len(text) * 9 // 10
    return Text(path.name, letters, codes[:split], codes[split:])


class Attention(nn.Module):
    """Several heads that look at the letters so far (Vaswani et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x):
        batch, length, _ = x.shape
        parts = self.project(x).view(batch, length, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        dropped = DROPOUT if self.training else 0.0
        mixed = F.scaled_dot_product_attention(
            query, key, value, dropout_p=dropped, is_causal=True
        )
        mixed = mixed.transpose(1, 2).reshape(batch, length, WIDTH)
        return self.dropout(self.output(mixed))


class Block(nn.Module):
    """Attention, then a small network at every place, each added to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.norm2 = nn.LayerNorm(WIDTH)
        self.network = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.GELU(),
            nn.Linear(4 * WIDTH, WIDTH),
            nn.Dropout(DROPOUT),
        )

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.network(self.norm2(x))


class GPT(nn.Module):
    """Scores for the next letter at every place (Radford et al. 2019)."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.letter = nn.Embedding(letters, WIDTH)
        self.place = nn.Embedding(LENGTH, WIDTH)
        self.dropout = nn.Dropout(DROPOUT)
        self.blocks = nn.Sequential(*(Block() for _ in range(DEPTH)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, letters, bias=False)
        self.apply(self.initialise)
        self.head.weight = self.letter.weight

    @staticmethod
    def initialise(module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, codes):
        x = self.letter(codes) + self.place(rl.arange(codes.shape[1]))
        return self.head(self.norm(self.blocks(self.dropout(x))))


def pieces(codes: rl.Tensor, starts: rl.Tensor) -> tuple[rl.Tensor, rl.Tensor]:
    """Pieces of a text, and for each letter of them the one that follows."""
    rows = codes[starts[:, None] + rl.arange(LENGTH + 1)]
    return rows[:, :-1], rows[:, 1:]


def loss_of(model: GPT, x: rl.Tensor, y: rl.Tensor) -> rl.Tensor:
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten())


def evaluate(model: GPT, codes: rl.Tensor) -> float:
    """Mean loss of a letter over the whole text."""
    model.eval()
    with rl.no_grad():
        starts = rl.arange(0, len(codes) - LENGTH, LENGTH)
        losses = [
            loss_of(model, *pieces(codes, part)).item() * len(part)
            for part in starts.split(BATCH)
        ]
    model.train()
    return sum(losses) / len(starts)


def rate(step: int, steps: int) -> float:
    """A short linear start, then half a cosine down to a tenth."""
    if step < WARM_UP:
        return (step + 1) / WARM_UP
    done = (step - WARM_UP) / max(1, steps - WARM_UP)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * done))


def train(model: GPT, text: Text, steps: int) -> History:
    from tqdm import tqdm

    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": others}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.95),
        weight_decay=0.0,
    )
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps))
    history = History([], [0], [evaluate(model, text.test)])
    every = max(1, steps // EVALUATIONS)
    with tqdm(total=steps, unit="step", desc="training") as bar:
        for step in range(1, steps + 1):
            starts = rl.randint(len(text.train) - LENGTH, (BATCH,))
            loss = loss_of(model, *pieces(text.train, starts))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            history.step_loss.append(loss.item())
            if step % every == 0 or step == steps:
                history.test_steps.append(step)
                history.test_loss.append(evaluate(model, text.test))
                bar.set_postfix_str(
                    f"loss {loss.item():.3f}, test {history.test_loss[-1]:.3f}"
                )
            bar.update()
    return history


def write(model: GPT, letters: str, count: int, heat: float = 0.8) -> str:
    """Draws letters one after the other, each by the scores after those before."""
    model.eval()
    written = [letters.index("\n") if "\n" in letters else 0]
    with rl.no_grad():
        for _ in range(count):
            scores = model(rl.tensor([written[-LENGTH:]]))[0, -1]
            written.append(rl.multinomial((scores / heat).softmax(0), 1).item())
    model.train()
    return "".join(letters[code] for code in written[1:])


def plot(history: History, text: Text, path: Path) -> None:
    """The training loss, smoothed, and the test loss against the step."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.6), layout="constrained")
    axes = figure.subplots()
    steps = range(1, len(history.step_loss) + 1)
    axes.plot(steps, history.step_loss, "C0", alpha=0.25, lw=0.8, label="one step")
    window = max(1, len(history.step_loss) // 50)
    means = rl.tensor(history.step_loss).unfold(0, window, 1).mean(1).tolist()
    middle = (window + 1) / 2
    axes.plot(
        [middle + step for step in range(len(means))],
        means,
        "C0",
        label=f"train, mean of {window} steps (with dropout)",
    )
    axes.plot(history.test_steps, history.test_loss, "C1s-", ms=4, label="test")
    guess = math.log(len(text.letters))
    axes.axhline(guess, color="grey", ls=":", lw=1)
    axes.annotate(
        f"any of {len(text.letters)} letters equally",
        (axes.get_xlim()[1], guess),
        xytext=(-4, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        color="grey",
    )
    axes.set(
        xlabel="step",
        ylabel="cross-entropy, nats a letter",
        title=f"A small GPT on {text.name} "
        f"({len(text.train) + len(text.test):,} letters): "
        f"test loss {min(history.test_loss):.2f} at best",
    )
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=120)


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--text",
        type=Path,
        metavar="FILE",
        default=SONNETS,
        help="what to train on (default: the sonnets beside this file)",
    )
    parser.add_argument("--steps", type=int, default=2000, help="default: 2000")
    parser.add_argument(
        "--letters", type=int, default=600, help="how many to write (default: 600)"
    )
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--threads", type=int, help="default: what the machine has")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("gpt-out"),
        metavar="DIR",
        help="where the picture and the weights go (default: gpt-out)",
    )
    options = parser.parse_args(arguments)
    for name in ("steps", "letters", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} must be 1 or more, got {value}")
    return options


def run(options: argparse.Namespace) -> int:
    text = read_text(options.text)
    if options.threads:
        rl.set_num_threads(options.threads)
    rl.manual_seed(options.seed)
    model = GPT(len(text.letters))
    count = sum(p.numel() for p in model.parameters())
    print(
        f"{text.name}: {len(text.train):,} letters to train on, {len(text.test):,} to "
        f"test, {len(text.letters)} kinds; {count:,} parameters"
    )
    before = time.perf_counter()
    history = train(model, text, options.steps)
    seconds = time.perf_counter() - before
    print(
        f"test loss {history.test_loss[0]:.3f} -> {history.test_loss[-1]:.3f} nats a "
        f"letter (best {min(history.test_loss):.3f}), trained in {seconds:.1f} s"
    )
    options.out.mkdir(parents=True, exist_ok=True)
    curve, weights = options.out / "loss.png", options.out / "gpt.pt"
    plot(history, text, curve)
    rl.save(model.state_dict(), weights)
    print(f"wrote {curve} and {weights}\n")

    reloaded = GPT(len(text.letters))
    reloaded.load_state_dict(rl.load(weights))
    print(write(reloaded, text.letters, options.letters))
    return 0


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    try:
        return run(options)
    except (TextError, OSError) as error:
        print(f"train_gpt.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(
            f"train_gpt.py: {error.name} is not installed; "
            "install the example's extras with: pip install '.[examples]'",
            file=sys.stderr,
        )
    return 2


if __name__ == "__main__":
    sys.exit(main())
