"""The files of TensorBoard's projector: tables of vectors, labels and pictures."""

from __future__ import annotations

import math
import os

import rushlight
from rushlight.utils.tensorboard import _messages


def _table(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write("\t".join(map(str, row)) + "\n")


def save(folder, tag, step, vectors, metadata, header, pictures) -> None:
    """Writes an embedding's files and names them in the folder's configuration.

    Args:
        folder (str): the writer's.
        tag (str), step (int): name the embedding.
        vectors (Tensor): a row for each point.
        metadata (list or None): a label for each, or a list of them under ``header``.
        header (list of str or None): the columns' names.
        pictures (Tensor or None): bytes, (N, H, W, C).
    """
    name = f"{step:05d}/{''.join(c if c.isalnum() or c in '-_.' else '_' for c in tag)}"
    where = os.path.join(folder, name)
    os.makedirs(where, exist_ok=True)
    _table(os.path.join(where, "tensors.tsv"), vectors.tolist())
    lines = [f'tensor_name: "{tag}:{step:05d}"', f'tensor_path: "{name}/tensors.tsv"']
    if metadata is not None:
        rows = [header, *metadata] if header else [[label] for label in metadata]
        _table(os.path.join(where, "metadata.tsv"), rows)
        lines.append(f'metadata_path: "{name}/metadata.tsv"')
    if pictures is not None:
        count, height, width, channels = pictures.shape
        side = math.ceil(math.sqrt(count))
        grid = rushlight.zeros(side**2, height, width, channels, dtype=pictures.dtype)
        grid[:count] = pictures
        grid = grid.reshape(side, side, height, width, channels).transpose(1, 2)
        pixels = bytes(grid.reshape(-1).tolist())
        png = _messages.png(side * height, side * width, channels, pixels)
        with open(os.path.join(where, "sprite.png"), "wb") as file:
            file.write(png)
        sizes = f"single_image_dim: {width} single_image_dim: {height}"
        lines.append(f'sprite {{ image_path: "{name}/sprite.png" {sizes} }}')
    with open(os.path.join(folder, "projector_config.pbtxt"), "a") as file:
        file.write("embeddings {\n" + "".join(f"  {x}\n" for x in lines) + "}\n")
