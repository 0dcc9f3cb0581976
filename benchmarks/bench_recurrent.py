"""Recurrent layers and cells."""

from __future__ import annotations

from _rows import Library, Row

TITLE = "recurrent layers"


def _layer(kind: str, sizes: tuple, shape: tuple[int, ...], **options):
    def setup(lib: Library) -> dict:
        lib.xp.manual_seed(0)
        layer = getattr(lib.nn, kind)(*sizes, **options)
        return {"layer": layer, "x": lib.floats(*shape)}

    return setup


def _packed(lib: Library) -> dict:
    names = _layer("LSTM", (64, 128), (35, 20, 64))(lib)
    lengths = [35 - i for i in range(20)]
    packing = lib.nn.utils.rnn
    return {**names, "x": packing.pack_padded_sequence(names["x"], lengths)}


def _rows(name: str, setup, result: str) -> list[Row]:
    return [
        Row(name, setup, "layer(x)", numpy=None),
        Row(
            f"{name}, + backward",
            setup,
            f"layer(x){result}.sum().backward()",
            numpy=None,
        ),
    ]


BATCH = (35, 20, 64)
ROWS = [
    *_rows("LSTM(64, 128), 35x20", _layer("LSTM", (64, 128), BATCH), "[0]"),
    *_rows("GRU(64, 128), 35x20", _layer("GRU", (64, 128), BATCH), "[0]"),
    *_rows("RNN(64, 128), 35x20", _layer("RNN", (64, 128), BATCH), "[0]"),
    *_rows("LSTM(64, 128), packed", _packed, "[0].data"),
    *_rows(
        "LSTM(64, 128, 2), both ways",
        _layer("LSTM", (64, 128, 2), BATCH, bidirectional=True),
        "[0]",
    ),
    *_rows("LSTM(128, 256), 50x1", _layer("LSTM", (128, 256), (50, 1, 128)), "[0]"),
    *_rows("LSTM(8, 8), 5x1", _layer("LSTM", (8, 8), (5, 1, 8)), "[0]"),
    *_rows("LSTMCell(32, 32), 32", _layer("LSTMCell", (32, 32), (32, 32)), "[0]"),
    *_rows("GRUCell(32, 32), 32", _layer("GRUCell", (32, 32), (32, 32)), ""),
]
