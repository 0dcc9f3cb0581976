"""The GPT example: its pieces, its errors, and its whole run on a made-up text."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight as rl

SCRIPT = Path(__file__).parents[2] / "examples" / "train_gpt.py"
# What follows a letter is certain, so a few steps learn it.
ROUND = "abcdefghij\n" * 200


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("train_gpt", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def round_text(tmp_path):
    path = tmp_path / "round.txt"
    path.write_text(ROUND, encoding="utf-8")
    return path


def test_reads_a_text_as_numbers(example, round_text):
    text = example.read_text(round_text)
    assert text.letters == "\nabcdefghij"
    codes = np.concatenate([text.train.numpy(), text.test.numpy()])
    assert "".join(text.letters[code] for code in codes) == ROUND
    assert len(text.test) == len(ROUND) // 10


def test_pieces_are_a_letter_apart(example):
    x, y = example.pieces(rl.arange(200), rl.tensor([3, 50]))
    assert x.shape == y.shape == (2, example.LENGTH)
    assert x[:, 0].tolist() == [3, 50]
    assert (y - x == 1).all()


def test_the_model_does_not_look_ahead(example):
    rl.manual_seed(0)
    model = example.GPT(11).eval()
    x = rl.randint(11, (1, example.LENGTH))
    half = example.LENGTH // 2
    other = x.clone()
    other[0, half:] = (other[0, half:] + 1) % 11
    with rl.no_grad():
        first, second = model(x)[0], model(other)[0]
    first, second = first.numpy(), second.numpy()
    np.testing.assert_allclose(first[:half], second[:half], atol=1e-6)
    assert not np.isclose(first[half:], second[half:], atol=1e-6).all(1).any()


def test_rate_rises_and_falls(example):
    rates = [example.rate(step, 500) for step in range(500)]
    peak = rates.index(max(rates))
    assert rates[0] < 0.1 and max(rates) == 1.0
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert math.isclose(rates[-1], 0.1, abs_tol=1e-3)


def test_trains_draws_saves_and_writes(
    example, round_text, tmp_path, capsys, monkeypatch
):
    pytest.importorskip("matplotlib", reason="the example draws with matplotlib")
    pytest.importorskip("tqdm", reason="the example shows its progress with tqdm")
    sizes = {"WIDTH": 16, "HEADS": 2, "DEPTH": 1, "LENGTH": 16, "LEARNING_RATE": 0.02}
    for name, value in sizes.items():
        monkeypatch.setattr(example, name, value)
    out = tmp_path / "out"
    arguments = ["--text", round_text, "--out", out, "--steps", 150, "--letters", 44]
    assert example.main([str(argument) for argument in arguments]) == 0
    printed = capsys.readouterr().out
    assert "11 kinds" in printed
    assert printed.endswith(ROUND[:44] + "\n")
    assert (out / "loss.png").read_bytes().startswith(b"\x89PNG")
    state = rl.load(out / "gpt.pt")
    assert state["letter.weight"].shape == (11, 16)


def test_texts_that_cannot_be_read(example, tmp_path, capsys):
    short, latin = tmp_path / "short.txt", tmp_path / "latin.txt"
    short.write_text("abc", encoding="utf-8")
    latin.write_bytes("été ".encode("latin-1") * 2000)
    for path, problem in (
        (short, "at least"),
        (latin, "not UTF-8"),
        (tmp_path / "none.txt", "No such file"),
    ):
        assert example.main(["--text", str(path)]) == 2
        error = capsys.readouterr().err
        assert error.startswith("train_gpt.py: ") and problem in error


def test_sonnets_are_beside_the_example(example):
    text = example.read_text(example.SONNETS)
    assert len(text.letters) < 70 and len(text.train) > 10_000


@pytest.mark.parametrize("option", ["--steps", "--letters", "--threads"])
def test_counts_are_positive(example, option, capsys):
    with pytest.raises(SystemExit):
        example.main([option, "0"])
    assert f"{option} must be 1 or more" in capsys.readouterr().err
