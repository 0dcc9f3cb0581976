"""Writes numbers, spreads, pictures and texts while a program runs."""

from __future__ import annotations

import itertools
import os
import socket
import time
from typing import Any

import rushlight
from rushlight.utils.tensorboard import _graph, _hparams, _messages, _projector
from rushlight.utils.tensorboard._records import RecordWriter

_files = itertools.count()


class _EventFile:
    """One event file in a folder."""

    def __init__(self, folder, suffix, max_queue, flush_secs):
        os.makedirs(folder, exist_ok=True)
        name = (
            f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}."
            f"{os.getpid()}.{next(_files)}{suffix}"
        )
        self.records = RecordWriter(os.path.join(folder, name))
        self.max_queue, self.flush_secs = max_queue, flush_secs
        self.waiting, self.flushed = 0, time.monotonic()
        self.add(None, None, _messages.version())
        self.flush()

    def add(self, wall_time, step, content):
        wall_time = time.time() if wall_time is None else wall_time
        self.records.write(_messages.event(wall_time, step, content))
        self.waiting += 1
        late = time.monotonic() - self.flushed >= self.flush_secs
        if self.waiting > self.max_queue or late:
            self.flush()

    def flush(self):
        self.records.flush()
        self.waiting, self.flushed = 0, time.monotonic()


class SummaryWriter:
    """Writes what TensorBoard shows into an event file of a folder.

    Args:
        log_dir (str, optional): the folder; by default one in ``runs`` by the time and
            the machine.
        comment (str): ends the default folder's name.
        purge_step (int, optional): readers forget what earlier files say of this step
            and later ones.
        max_queue (int): events that may wait to be handed to the system.
        flush_secs (int): seconds that they may wait while others come.
        filename_suffix (str): ends the file's name.

    Example::

        >>> from rushlight.utils.tensorboard import SummaryWriter
        >>> with SummaryWriter("run") as writer:
        ...     for step in range(3):
        ...         writer.add_scalar("loss", 1 / (step + 1), step)
        ...     writer.add_histogram("weights", rushlight.randn(100), 3)
    """

    def __init__(
        self,
        log_dir: str | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ):
        if not log_dir:
            when = time.strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{when}_{socket.gethostname()}{comment}")
        self.log_dir = os.fspath(log_dir)
        self.purge_step = purge_step
        self.max_queue = max_queue
        self.flush_secs = flush_secs
        self.filename_suffix = filename_suffix
        self._files: dict[str, _EventFile] = {}
        main = self._file(self.log_dir)
        if purge_step is not None:
            main.add(None, purge_step, _messages.session_start())

    def _file(self, folder):
        if folder not in self._files:
            self._files[folder] = _EventFile(
                folder, self.filename_suffix, self.max_queue, self.flush_secs
            )
        return self._files[folder]

    def _add(self, tag, value, step, wall_time, folder=None):
        content = _messages.summary(tag, value)
        self._file(folder or self.log_dir).add(wall_time, _step(step), content)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def get_logdir(self) -> str:
        """The folder of the files."""
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """Adds a number to the curve of a name.

        Args:
            tag (str): the name; what stands before a ``/`` groups curves.
            scalar_value (float or Tensor): a number, or a tensor of one element.
            global_step (int, optional): its place on the curve.
            walltime (float, optional): seconds since 1970; by default now.
            new_style (bool): writes it in a tensor, which newer readers like better.
            double_precision (bool): writes all its digits, in a tensor too.
        """
        number = float(scalar_value)
        if not (new_style or double_precision):
            number = _to_single(number)
        value = _messages.scalar(number, new_style, double_precision)
        self._add(tag, value, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Adds a number to each of several curves of one chart.

        Each curve has an event file in a folder of its own.

        Args:
            main_tag (str): the chart's name.
            tag_scalar_dict (dict): the numbers by the curves' names.
            global_step, walltime: as for :meth:`add_scalar`.
        """
        for tag, number in tag_scalar_dict.items():
            folder = f"{self.log_dir}/{main_tag.replace('/', '_')}_{tag}"
            value = _messages.scalar(_to_single(float(number)), False, False)
            self._add(main_tag, value, global_step, walltime, folder)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: str | int | Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Adds how values are spread.

        Args:
            tag (str): the name.
            values (Tensor or array): the values.
            global_step, walltime: as for :meth:`add_scalar`.
            bins (str, int or Tensor): ``"tensorflow"`` for limits that grow by a tenth
                each from 1e-12 on, in both directions; a number of equal bins; or the
                limits.
            max_bins (int, optional): joins neighbouring bins until there are no more.

        Raises:
            ValueError: when there are no values, one is not finite, or ``bins`` is
                another string.
        """
        x = rushlight.as_tensor(values).detach().reshape(-1).cpu().double()
        if x.numel() == 0:
            raise ValueError("add_histogram(): there are no values")
        if not bool(rushlight.isfinite(x).all()):
            raise ValueError("add_histogram(): a value is infinite or NaN")
        found = rushlight.histogram(x, _edges(x, bins))
        counts, edges = found.hist.tolist(), found.bin_edges.tolist()
        if max_bins is not None and len(counts) > max_bins:
            step = -(-len(counts) // max_bins)
            counts = [sum(counts[i : i + step]) for i in range(0, len(counts), step)]
            edges = [*edges[:-1:step], edges[-1]]
        used = [i for i, count in enumerate(counts) if count]
        if not used:
            raise ValueError("add_histogram(): all values are outside of the bins")
        first, last = used[0], used[-1]
        # A reader takes a bin's lower limit from the bin before it.
        limits = edges[first : last + 2]
        counts = [0.0, *counts[first : last + 1]]
        numbers = (x.min(), x.max(), x.numel(), x.sum(), x.dot(x))
        low, high, size, total, squares = (float(number) for number in numbers)
        value = _messages.histogram(low, high, size, total, squares, limits, counts)
        self._add(tag, value, global_step, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Adds a picture.

        Args:
            tag (str): the name.
            img_tensor (Tensor or array): bytes, or numbers from 0 to 1.
            global_step, walltime: as for :meth:`add_scalar`.
            dataformats (str): the order of its dimensions: ``"CHW"``, ``"HWC"`` or
                ``"HW"``. There are 1, 3 or 4 channels.

        Raises:
            ValueError: when the shape does not fit.
        """
        pixels = _arranged("add_image", img_tensor, dataformats, "HWC")
        self._picture(tag, pixels, global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Adds pictures of one size, side by side, 8 in a row.

        Args:
            tag (str): the name.
            img_tensor (Tensor or array): as for :meth:`add_image`.
            global_step, walltime: as for :meth:`add_scalar`.
            dataformats (str): ``"NCHW"``, ``"NHWC"`` or ``"NHW"``.
        """
        x = _arranged("add_images", img_tensor, dataformats, "NHWC")
        count, height, width, channels = x.shape
        columns = min(count, 8)
        rows = -(-count // columns)
        grid = rushlight.zeros(rows * columns, height, width, channels, dtype=x.dtype)
        grid[:count] = x
        grid = grid.reshape(rows, columns, height, width, channels).transpose(1, 2)
        grid = grid.reshape(rows * height, columns * width, channels)
        self._picture(tag, grid, global_step, walltime)

    def _picture(self, tag, pixels, step, wall_time):
        height, width, channels = pixels.shape
        data = bytes(pixels.reshape(-1).tolist())
        value = _messages.image(height, width, channels, data)
        self._add(tag, value, step, wall_time)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Adds a text, which TensorBoard reads as Markdown.

        Args:
            tag (str): the name.
            text_string (str): the text.
            global_step, walltime: as for :meth:`add_scalar`.
        """
        value = _messages.text(text_string)
        self._add(f"{tag}/text_summary", value, global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Adds a run to the table of hyperparameters, in a folder of its own.

        Args:
            hparam_dict (dict): bools, numbers, strings or tensors of one element.
            metric_dict (dict): the numbers that they led to.
            hparam_domain_discrete (dict, optional): lists of the values there are.
            run_name (str, optional): the folder's name; by default the time.
            global_step (int, optional): of the metrics.

        Raises:
            TypeError: when one of the first two is no dict.
            ValueError: when a hyperparameter is something else.
        """
        for given in (hparam_dict, metric_dict):
            if not isinstance(given, dict):
                raise TypeError(
                    f"add_hparams(): expected two dicts, got {type(given).__name__}"
                )
        plain = {
            name: value.item() if isinstance(value, rushlight.Tensor) else value
            for name, value in hparam_dict.items()
        }
        found = _hparams.summaries(plain, metric_dict, hparam_domain_discrete)
        folder = os.path.join(self.log_dir, run_name or str(time.time()))
        for tag, value in found:
            self._add(tag, value, None, None, folder)
        for tag, number in metric_dict.items():
            value = _messages.scalar(_to_single(float(number)), False, False)
            self._add(tag, value, global_step, None, folder)

    def add_embedding(
        self,
        mat: Any,
        metadata: list | None = None,
        label_img: Any = None,
        global_step: int | None = None,
        tag: str = "default",
        metadata_header: list[str] | None = None,
    ) -> None:
        """Adds vectors that the projector shows as points.

        Args:
            mat (Tensor or array): (N, D), a row for each point.
            metadata (list, optional): a label for each, or a list of labels under
                ``metadata_header``.
            label_img (Tensor, optional): (N, C, H, W), a picture for each.
            global_step (int, optional), tag (str): name it.
            metadata_header (list of str, optional): the columns' names.

        Raises:
            ValueError: when the numbers of rows differ.
        """
        vectors = rushlight.as_tensor(mat).detach().cpu()
        if vectors.dim() != 2:
            raise ValueError(
                f"add_embedding(): mat must be a matrix, got shape "
                f"{tuple(vectors.shape)}"
            )
        pictures = None
        if label_img is not None:
            pictures = _arranged("add_embedding", label_img, "NCHW", "NHWC")
        for name, rows in (("metadata", metadata), ("label_img", pictures)):
            if rows is not None and len(rows) != len(vectors):
                raise ValueError(
                    f"add_embedding(): {len(vectors)} vectors but {len(rows)} of {name}"
                )
        step = 0 if global_step is None else int(global_step)
        _projector.save(
            self.log_dir, tag, step, vectors, metadata, metadata_header, pictures
        )

    def add_graph(
        self,
        model: Any,
        input_to_model: Any = None,
        verbose: bool = False,
        use_strict_trace: bool = True,
    ) -> None:
        """Adds the graph of a model's forward pass.

        The model is called once, in evaluation mode and without gradients; every call
        of a public function or method that makes a tensor is a node, under the layers
        it is in.

        Args:
            model (nn.Module): the model.
            input_to_model (Tensor, list or tuple): its argument, or arguments.
            verbose (bool): print the names of the nodes.
            use_strict_trace (bool): accepted; every trace is of what ran.

        Raises:
            TypeError: for a model that is no module, or when there is no input.

        Example:
            >>> import tempfile
            >>> from rushlight import nn
            >>> from rushlight.utils.tensorboard import SummaryWriter
            >>> with tempfile.TemporaryDirectory() as d, SummaryWriter(d) as writer:
            ...     writer.add_graph(nn.Linear(2, 3), rushlight.ones(1, 2))
        """
        if not isinstance(model, rushlight.nn.Module):
            raise TypeError(
                f"add_graph(): model must be an nn.Module, got {type(model).__name__}"
            )
        if input_to_model is None:
            raise TypeError("add_graph(): give the model's input as input_to_model")
        many = isinstance(input_to_model, (list, tuple))
        inputs = tuple(input_to_model) if many else (input_to_model,)
        graph, names = _graph.graph_of(model, inputs)
        if verbose:
            print("\n".join(names))
        self._file(self.log_dir).add(None, None, _messages.data(4, graph))

    def flush(self) -> None:
        """Hands everything written so far to readers."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Closes the files; writing on begins new ones."""
        for file in self._files.values():
            file.records.close()
        self._files = {}


def _step(step):
    return None if step is None else int(step)


def _to_single(number):
    """A number that float32 can hold; larger ones become infinite."""
    return float(rushlight.tensor(number, dtype=rushlight.float32))


def _edges(x, bins):
    if isinstance(bins, str):
        if bins != "tensorflow":
            raise ValueError(
                f"add_histogram(): bins must be 'tensorflow', a number or limits, got "
                f"{bins!r}"
            )
        grown, limit = [], 1e-12
        while limit < 1e20:
            grown.append(limit)
            limit *= 1.1
        edges = [-v for v in reversed(grown)] + [0.0, *grown]
        return rushlight.tensor(edges, dtype=rushlight.float64)
    if isinstance(bins, int):
        return bins
    return rushlight.as_tensor(bins).double()


def _arranged(name, value, order, want):
    """Pixels as bytes, their dimensions in the order ``want``."""
    x = rushlight.as_tensor(value).detach().cpu()
    order = order.upper()
    if x.dim() != len(order):
        raise ValueError(
            f"{name}(): {order!r} has {len(order)} dimensions, the pixels have shape "
            f"{tuple(x.shape)}"
        )
    if "C" not in order:
        x, order = x.unsqueeze(-1), order + "C"
    if sorted(order) != sorted(want):
        raise ValueError(f"{name}(): dataformats is {order!r}, not made of {want!r}")
    x = x.permute(*[order.index(letter) for letter in want])
    if x.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"{name}(): a picture has 1, 3 or 4 channels, not {x.shape[-1]}; the shape "
            f"is {tuple(x.shape)} in the order {want!r}"
        )
    if x.dtype != rushlight.uint8:
        x = (x.double() * 255).clamp(0, 255).to(rushlight.uint8)
    return x
