"""Train a small convolutional network on real handwritten digits.

Without arguments it takes the 1,797 scanned 8x8 digits that ship with scikit-learn,
trains for a few seconds, draws the loss and accuracy curves and the digits it
misreads, saves the weights, and reads them back in a fresh process to show that the
accuracy is the same:

    python examples/train_digits.py

With ``--data DIR`` it takes MNIST's IDX files from a folder instead.
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import rushlight as rl
from rushlight import nn, optim
from rushlight.utils.data import DataLoader, TensorDataset

IMAGE_MAGIC, LABEL_MAGIC = 2051, 2049
BATCH = 20
LEARNING_RATE = 3e-3


class DataError(Exception):
    """The data set is missing or damaged; the text says what and where."""


@dataclass
class Digits:
    """Images as float32 (n, 1, height, width), standardised; labels as int64 (n,)."""

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


@dataclass
class History:
    """What the curves are drawn from: one entry a step, or one an epoch."""

    step_loss: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)


def find_idx(folder: Path, stem: str) -> Path | None:
    """The IDX file called `stem` in `folder`, compressed or not."""
    for path in (folder / f"{stem}.gz", folder / stem):
        if path.is_file():
            return path
    return None


def read_idx(path: Path, magic: int) -> np.ndarray:
    """Reads an IDX file of bytes, as yann.lecun.com/exdb/mnist describes it."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: damaged or truncated gzip: {error}") from error
    dims = magic & 0xFF
    header = 4 * (1 + dims)
    if len(raw) < header:
        raise DataError(
            f"{path}: {len(raw)} bytes is too short for an IDX header of {header}"
        )
    found, *shape = np.frombuffer(raw, ">u4", 1 + dims).tolist()
    if found != magic:
        raise DataError(f"{path}: IDX magic number is {found}, expected {magic}")
    expected = header + int(np.prod(shape, dtype=object))
    if len(raw) != expected:
        raise DataError(
            f"{path}: the header says {tuple(shape)}, so {expected} bytes, "
            f"but the file has {len(raw)}: it is truncated or damaged"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def read_mnist_pair(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Images and labels of the `train` or `t10k` half, or None when it is not there."""
    names = f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"
    paths = [find_idx(folder, name) for name in names]
    if not any(paths):
        return None
    for name, path in zip(names, paths, strict=True):
        if path is None:
            raise DataError(
                f"{folder}: {name}[.gz] is missing, its other half is there"
            )
    images, labels = read_idx(paths[0], IMAGE_MAGIC), read_idx(paths[1], LABEL_MAGIC)
    if len(images) != len(labels):
        raise DataError(
            f"{folder}: {len(images)} images but {len(labels)} labels for '{prefix}'"
        )
    if not len(images):
        raise DataError(f"{paths[0]}: holds no images")
    if images.shape[1] < 4 or images.shape[2] < 4:
        raise DataError(f"{paths[0]}: images of {images.shape[1:]} are too small")
    if labels.max() > 9:
        raise DataError(f"{paths[1]}: label {labels.max()} is not a digit")
    return images, labels


def load_digits(folder: Path | None, seed: int) -> Digits:
    """scikit-learn's 8x8 digits, or MNIST from `folder`.

    A set that comes in one piece is shuffled by `seed` and split 80 : 20; the full
    MNIST keeps its own test set.
    """
    if folder is None:
        from sklearn import datasets

        images, labels = datasets.load_digits(return_X_y=True)
        name, split = "scikit-learn 8x8 digits", None
        images = images.reshape(-1, 8, 8)
    else:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder")
        train, test = (read_mnist_pair(folder, half) for half in ("train", "t10k"))
        if train is None and test is None:
            raise DataError(
                f"{folder}: no MNIST files here; expected t10k-images-idx3-ubyte.gz "
                "and t10k-labels-idx1-ubyte.gz (or the train- ones), compressed or not"
            )
        halves = [half for half in (train, test) if half is not None]
        name, split = "MNIST", len(train[0]) if len(halves) == 2 else None
        if len({half[0].shape[1:] for half in halves}) > 1:
            raise DataError(f"{folder}: the train and t10k images differ in size")
        images = np.concatenate([half[0] for half in halves])
        labels = np.concatenate([half[1] for half in halves])

    if split is None:
        order = np.random.RandomState(seed).permutation(len(images))
        images, labels = images[order], labels[order]
        split = len(images) * 4 // 5
    images = images.astype(np.float32)[:, None]
    labels = labels.astype(np.int64)
    images = (images - images[:split].mean()) / images[:split].std()
    return Digits(name, images[:split], labels[:split], images[split:], labels[split:])


def build_model(height: int, width: int) -> nn.Sequential:
    """Two convolutions, each halving the image, then two linear layers."""
    features = 32 * (height // 4) * (width // 4)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(features, 128),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )


def make_loader(images: np.ndarray, labels: np.ndarray, **options) -> DataLoader:
    dataset = TensorDataset(rl.from_numpy(images), rl.from_numpy(labels))
    return DataLoader(dataset, **options)


def evaluate(model: nn.Module, digits: Digits) -> tuple[float, int, np.ndarray]:
    """Mean test loss, number read correctly, and the scores as (n, 10)."""
    criterion = nn.CrossEntropyLoss()
    loss, correct, scores = 0.0, 0, []
    model.eval()
    with rl.no_grad():
        for x, y in make_loader(digits.test_x, digits.test_y, batch_size=256):
            logits = model(x)
            loss += criterion(logits, y).item() * len(y)
            correct += logits.argmax(1).eq(y).sum().item()
            scores.append(logits.numpy())
    model.train()
    return loss / len(digits.test_y), int(correct), np.concatenate(scores)


def train(model: nn.Module, digits: Digits, epochs: int) -> History:
    """Adam with a learning rate that falls linearly to zero."""
    from tqdm import tqdm

    loader = make_loader(digits.train_x, digits.train_y, batch_size=BATCH, shuffle=True)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    history, total = History(), epochs * len(loader)
    with tqdm(total=total, unit="step", desc="training") as bar:
        for epoch in range(1, epochs + 1):
            correct = 0
            for x, y in loader:
                for group in optimizer.param_groups:
                    group["lr"] = LEARNING_RATE * (1 - bar.n / total)
                optimizer.zero_grad()
                logits = model(x)
                loss = criterion(logits, y)
                loss.backward()
                optimizer.step()
                history.step_loss.append(loss.item())
                correct += logits.argmax(1).eq(y).sum().item()
                bar.update()
            test_loss, test_correct, _ = evaluate(model, digits)
            history.train_accuracy.append(correct / len(digits.train_y))
            history.test_loss.append(test_loss)
            history.test_accuracy.append(test_correct / len(digits.test_y))
            bar.set_postfix_str(
                f"epoch {epoch}/{epochs}, test loss {test_loss:.3f}, "
                f"accuracy {history.test_accuracy[-1]:.2%}"
            )
    return history


def plot_curves(history: History, title: str, path: Path) -> None:
    """Loss on the left, accuracy on the right, both against the epoch."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    epochs = np.arange(1, len(history.test_loss) + 1)
    steps = np.arange(1, len(history.step_loss) + 1)
    steps = steps * len(epochs) / len(history.step_loss)
    per_epoch = np.array_split(np.asarray(history.step_loss), len(epochs))

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    left.plot(
        steps, history.step_loss, color="C0", alpha=0.25, lw=0.8, label="one step"
    )
    means = [part.mean() for part in per_epoch]
    left.plot(epochs - 0.5, means, "C0o-", ms=4, label="train, mean of an epoch")
    left.plot(epochs, history.test_loss, "C1s-", ms=4, label="test")
    left.set(yscale="log", ylabel="cross-entropy loss (log scale)", title="Loss")

    right.plot(
        epochs, history.train_accuracy, "C0o-", ms=4, label="train (with dropout)"
    )
    right.plot(epochs, history.test_accuracy, "C1s-", ms=4, label="test")
    last = history.test_accuracy[-1]
    right.axhline(last, color="C1", lw=0.8, ls=":")
    low = min(history.train_accuracy + history.test_accuracy)
    right.set(
        ylabel="images read correctly", title=f"Accuracy (test at the end: {last:.2%})"
    )
    right.set_ylim(max(0.0, low - 0.02), 1.005)
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, dpi=120)


def plot_misread(digits: Digits, scores: np.ndarray, title: str, path: Path) -> None:
    """The misread test digits, the most confident mistakes first.

    When nothing is misread, the ones it was least sure of.
    """
    from matplotlib.figure import Figure

    odds = np.exp(scores - scores.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    guess = scores.argmax(1)
    wrong = np.flatnonzero(guess != digits.test_y)
    if len(wrong):
        chosen = wrong[np.argsort(-odds[wrong, guess[wrong]])][:24]
        shown = "" if len(chosen) == len(wrong) else f", the {len(chosen)} surest shown"
        caption = f"{title}: {len(wrong)} of {len(guess)} test digits misread{shown}"
    else:
        chosen = np.argsort(odds.max(1))[:12]
        caption = (
            f"{title}: all {len(guess)} test digits read correctly; the least sure"
        )

    columns = min(6, len(chosen))
    rows = -(-len(chosen) // columns)
    figure = Figure(
        figsize=(max(1.5 * columns, 7.5), 1.85 * rows + 0.8), layout="constrained"
    )
    figure.suptitle(
        f"{caption}\n(probability the network gave to its reading)", fontsize=11
    )
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, index in zip(grid.flat, chosen, strict=False):
        axes.imshow(digits.test_x[index, 0], cmap="gray_r", interpolation="nearest")
        true, read = digits.test_y[index], guess[index]
        axes.set_title(
            f"true {true}, read {read}\n({odds[index, read]:.0%})",
            fontsize=10,
            color="C3" if true != read else "black",
        )
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=120)


def result_line(correct: int, count: int) -> str:
    """One line that both processes print, so that equal results are equal text."""
    return f"test accuracy {correct / count:.2%} ({correct} of {count} read correctly)"


def check(weights: Path, digits: Digits) -> str:
    """Reads saved weights into a new model and evaluates it."""
    model = build_model(*digits.test_x.shape[2:])
    model.load_state_dict(rl.load(weights))
    return result_line(evaluate(model, digits)[1], len(digits.test_y))


def check_in_new_process(weights: Path, options: argparse.Namespace) -> str:
    command = [
        sys.executable,
        __file__,
        "--check",
        str(weights),
        "--seed",
        str(options.seed),
    ]
    if options.data is not None:
        command += ["--data", str(options.data)]
    if options.threads:
        command += ["--threads", str(options.threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise DataError(f"{weights}: the fresh process failed ({done.returncode})")
    return done.stdout.strip()


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with MNIST's IDX files, gz or raw",
    )
    parser.add_argument("--epochs", type=int, help="default: 15, with --data 3")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--threads", type=int, help="default: what the machine has")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("digits-out"),
        metavar="DIR",
        help="where the pictures and the weights go (default: digits-out)",
    )
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="only evaluate the weights in FILE"
    )
    options = parser.parse_args(arguments)
    if options.epochs is None:
        options.epochs = 15 if options.data is None else 3
    for name in ("epochs", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} must be 1 or more, got {value}")
    if not 0 <= options.seed < 2**32:
        parser.error(f"--seed must be in [0, 2**32), got {options.seed}")
    return options


def run(options: argparse.Namespace) -> int:
    started = time.perf_counter()
    digits = load_digits(options.data, options.seed)
    if options.threads:
        rl.set_num_threads(options.threads)
    if options.check:
        print(check(options.check, digits))
        return 0

    rl.manual_seed(options.seed)
    height, width = digits.train_x.shape[2:]
    print(
        f"{digits.name}: {len(digits.train_y):,} images to train on, "
        f"{len(digits.test_y):,} to test, {height}x{width} pixels"
    )
    model = build_model(height, width)
    before = time.perf_counter()
    history = train(model, digits, options.epochs)
    seconds = time.perf_counter() - before
    _, correct, scores = evaluate(model, digits)
    result = result_line(correct, len(digits.test_y))
    print(f"{result}, trained in {seconds:.1f} s")

    options.out.mkdir(parents=True, exist_ok=True)
    curves, misread, weights = (
        options.out / name for name in ("curves.png", "misread.png", "digits.pt")
    )
    plot_curves(history, f"A small convolutional network on {digits.name}", curves)
    plot_misread(digits, scores, digits.name, misread)
    rl.save(model.state_dict(), weights)
    print(f"wrote {curves}, {misread} and {weights}")

    reloaded = check_in_new_process(weights, options)
    same = reloaded == result
    verdict = "the same" if same else "DIFFERENT"
    print(f"reloaded in a fresh process: {reloaded}: {verdict}")
    print(f"done in {time.perf_counter() - started:.1f} s")
    return 0 if same else 1


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    try:
        return run(options)
    except (DataError, OSError) as error:
        print(f"train_digits.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(
            f"train_digits.py: {error.name} is not installed; "
            "install the example's extras with: pip install '.[examples]'",
            file=sys.stderr,
        )
    return 2


if __name__ == "__main__":
    sys.exit(main())
