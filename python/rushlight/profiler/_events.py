"""What a profile has recorded: events, their averages by name, and tables of them."""

from __future__ import annotations

import json
import os
import threading

_KEYS = (
    "cpu_time",
    "cpu_time_total",
    "self_cpu_time_total",
    "count",
)


def _text(microseconds):
    """A time as people read it."""
    if microseconds >= 1e6:
        return f"{microseconds / 1e6:.3f}s"
    if microseconds >= 1e3:
        return f"{microseconds / 1e3:.3f}ms"
    return f"{microseconds:.3f}us"


class FunctionEvent:
    """One call of an op, or one run of a block. Times are in microseconds.

    Attributes:
        name (str): ``"aten::add"`` for an op, else the block's own.
        start, end (float): since the profile began.
        cpu_parent (FunctionEvent or None), cpu_children (list): what it ran in, and
            what ran in it.
        input_shapes (list of list of int): of the tensors given; empty unless
            ``record_shapes``.
        is_user_annotation (bool): whether it is a block.
    """

    count = 1

    def __init__(self, name, start, parent, shapes, is_user_annotation):
        self.name = self.key = name
        self.start, self.end = start, start
        self.cpu_parent = parent
        self.cpu_children = []
        self.input_shapes = shapes
        self.is_user_annotation = is_user_annotation
        self.thread = threading.get_native_id()
        if parent is not None:
            parent.cpu_children.append(self)

    @property
    def cpu_time_total(self):
        return self.end - self.start

    cpu_time = cpu_time_total

    @property
    def self_cpu_time_total(self):
        return self.cpu_time_total - sum(c.cpu_time_total for c in self.cpu_children)

    def __repr__(self):
        return (
            f"<FunctionEvent name={self.name} cpu_time={_text(self.cpu_time)} "
            f"start_us={self.start:.3f} end_us={self.end:.3f} "
            f"input_shapes={self.input_shapes}>"
        )


class FunctionEventAvg:
    """All events of a name (and of the same shapes, where grouped by them).

    Attributes:
        key (str): the name.
        count (int): how many.
        cpu_time_total, self_cpu_time_total (float): microseconds in all, and without
            the events inside of them.
        cpu_time (float): microseconds each.
        input_shapes (list): where grouped by shape.
    """

    def __init__(self, key, shapes):
        self.key = key
        self.input_shapes = shapes
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0

    def add(self, event):
        """Counts an event in."""
        self.count += event.count
        self.self_cpu_time_total += event.self_cpu_time_total
        # A block inside of one of the same name is in that one's time already.
        parent = getattr(event, "cpu_parent", None)
        while parent is not None and parent.name != self.key:
            parent = parent.cpu_parent
        if parent is None:
            self.cpu_time_total += event.cpu_time_total
        return self

    @property
    def cpu_time(self):
        return self.cpu_time_total / self.count if self.count else 0.0

    def __repr__(self):
        return (
            f"<FunctionEventAvg key={self.key} "
            f"self_cpu_time={_text(self.self_cpu_time_total)} "
            f"cpu_time={_text(self.cpu_time)} input_shapes={self.input_shapes} "
            f"count={self.count}>"
        )


class EventList(list):
    """A list of events, or of their averages."""

    @property
    def self_cpu_time_total(self):
        """Microseconds of all events, each counted once."""
        return sum(event.self_cpu_time_total for event in self)

    def total_average(self):
        """One :class:`FunctionEventAvg` of everything, by the name "Total"."""
        total = FunctionEventAvg("Total", [])
        for event in self:
            total.count += event.count
            total.self_cpu_time_total += event.self_cpu_time_total
        total.cpu_time_total = total.self_cpu_time_total
        return total

    def key_averages(self, group_by_input_shape: bool = False) -> EventList:
        """The averages of events of one name.

        Args:
            group_by_input_shape (bool): one for each combination of input shapes.

        Returns:
            EventList of FunctionEventAvg, in the order of first calls.
        """
        found = {}
        for event in self:
            shapes = event.input_shapes if group_by_input_shape else []
            key = event.key, str(shapes)
            if key not in found:
                found[key] = FunctionEventAvg(event.key, shapes)
            found[key].add(event)
        return EventList(found.values())

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The list as a table of text.

        Args:
            sort_by (str, optional): ``"cpu_time"``, ``"cpu_time_total"``,
                ``"self_cpu_time_total"`` or ``"count"``, the largest first; by default
                as the list is.
            row_limit (int): how many lines at most; -1 for all.
            max_src_column_width (int): accepted; no source column is shown.
            max_name_column_width (int), max_shapes_column_width (int): longer texts
                are cut.
            header (str, optional): a line on top.
            top_level_events_only (bool): leaves out what ran inside of other events.
            time_unit (str, optional): ``"s"``, ``"ms"`` or ``"us"`` for all times.

        Returns:
            str.

        Raises:
            AttributeError: when ``sort_by`` is not one of those.
            ValueError: when ``time_unit`` is not one of those.
        """
        rows = list(self)
        if not rows:
            return ""
        if sort_by is not None:
            if sort_by not in _KEYS:
                raise AttributeError(
                    f"table(): cannot sort by {sort_by!r}, only by {', '.join(_KEYS)}"
                )
            rows.sort(key=lambda event: getattr(event, sort_by), reverse=True)
        if top_level_events_only:
            rows = [e for e in rows if getattr(e, "cpu_parent", None) is None]
        total = self.self_cpu_time_total
        show = _text if time_unit is None else _unit(time_unit)
        titles = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total"]
        titles += ["CPU time avg", "# of Calls"]
        shapes = any(e.input_shapes for e in rows)
        if shapes:
            titles.append("Input Shapes")
        lines = []
        for event in rows if row_limit < 0 else rows[:row_limit]:
            line = [_cut(event.key, max_name_column_width)]
            for time in (event.self_cpu_time_total, event.cpu_time_total):
                part = 100 * time / total if total else 0.0
                line += [f"{part:.2f}%", show(time)]
            line += [show(event.cpu_time), str(event.count)]
            if shapes:
                line.append(_cut(str(event.input_shapes), max_shapes_column_width))
            lines.append(line)
        ends = f"Self CPU time total: {show(total)}\n"
        return (f"{header}\n" if header else "") + _layout(titles, lines) + ends

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Writes events for ``chrome://tracing`` or Perfetto: JSON, one object each.

        Args:
            path (str): the file; compressed with gzip where it ends in ``.gz``.

        Raises:
            TypeError: for averages, which have no times of day.
        """
        if any(not isinstance(event, FunctionEvent) for event in self):
            raise TypeError(
                "export_chrome_trace(): averages have no start; use the profile's own"
            )
        pid = os.getpid()
        events = [
            {
                "ph": "X",
                "cat": "user_annotation" if event.is_user_annotation else "cpu_op",
                "name": event.name,
                "pid": pid,
                "tid": event.thread,
                "ts": event.start,
                "dur": event.cpu_time_total,
                "args": {"Input Dims": event.input_shapes}
                if event.input_shapes
                else {},
            }
            for event in self
        ]
        text = json.dumps({"schemaVersion": 1, "traceEvents": events}).encode()
        path = os.fspath(path)
        if path.endswith(".gz"):
            import gzip

            text = gzip.compress(text)
        with open(path, "wb") as file:
            file.write(text)


def _unit(name):
    scales = {"s": 1e6, "ms": 1e3, "us": 1.0}
    if name not in scales:
        raise ValueError(f"table(): time_unit must be s, ms or us, got {name!r}")
    return lambda time: f"{time / scales[name]:.3f}{name}"


def _cut(text, width):
    return text if len(text) <= width else text[: width - 3] + "..."


def _layout(titles, lines):
    """Columns of text, all to the right, under lines of dashes."""
    columns = list(zip(titles, *lines))
    widths = [max(12, *map(len, column)) for column in columns]
    rule = "".join("-" * width + "  " for width in widths)

    def row(cells):
        return "".join(f"{cell:>{width}}  " for cell, width in zip(cells, widths))

    return "\n".join([rule, row(titles), rule, *map(row, lines), rule, ""])
