"""Puts a choice of rows into the README's comparison section."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from _report import OURS, Result, human_time

BEGIN, END = "<!-- comparison:begin -->", "<!-- comparison:end -->"
CHOSEN = (
    "bench_small/a + b",
    "bench_small/a[1:3]",
    "bench_small/a[0]",
    "bench_small/a.sum()",
    "bench_small/a @ b",
    "bench_small/zeros(10)",
    "bench_small/a.view(2, 5)",
    "bench_autograd/a + b, recorded",
    "bench_autograd/(a * b).sum().backward()",
    "bench_autograd/Linear(4, 4)(x)",
    "bench_elementwise/a + b, 1e6",
    "bench_elementwise/exp(a), 1e6",
    "bench_elementwise/a + b, 64 MB, against a copy",
    "bench_elementwise/a.t() + b, 1000x1000",
    "bench_reduce/sum over all, 1000x1000",
    "bench_reduce/argmax over dim 1, 1000x1000",
    "bench_index/gather dim 1, 1000x1000",
    "bench_index/cat dim 1, 10 of 1000x100",
    "bench_linalg/mm 512",
    "bench_linalg/mm 1024",
    "bench_nn/conv2d 64x1x28x28, 6 of 5x5, + backward",
    "bench_nn/conv2d 4x64x56x56, 64 of 3x3",
    "bench_nn/cross_entropy, 512x1000, + backward",
    "bench_nn/training step, MLP 10-32-3, Adam, 16",
    "bench_nn/training step, LeNet, Adam, 64",
    "bench_startup/import",
)


def markdown_lines(results: list[Result], machine: dict) -> list[str]:
    """The table, preceded by the machine and followed by the count of all rows."""
    named = {f"{result.family}/{result.row.name}": result for result in results}
    unknown = [name for name in CHOSEN if name not in named]
    if unknown:
        raise ValueError(f"the README needs a run of all rows; {unknown[0]} is missing")
    ours, *rivals = machine["versions"][OURS], "numpy", "torch"
    against = ", ".join(
        f"{label} {machine['versions'].get(name, '(not installed)')}"
        for name, label in zip(rivals, ("NumPy", "PyTorch"), strict=True)
    )
    count = f"{machine['threads']} thread{'s' * (machine['threads'] > 1)}"
    where = f"{machine['processor']}, {count}"
    lines = [
        f"Rushlight {ours}, {against}, Python {machine['python']}; {where}.",
        f"Time of one call, {machine['statistic']} of {machine['rounds']} rounds:",
        "",
        "| | Rushlight | NumPy | PyTorch | to the faster rival |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name in CHOSEN:
        result = named[name]
        cells = [human_time(result.ns(lib)).strip() for lib in (OURS, *rivals)]
        cells[0] = cells[0] or "n/a"
        ratio = result.ratio()
        note = f"{ratio:.2f}x" if ratio else ""
        if result.verdict() == "lost":
            note = f"**{note}**"
        lines.append(f"| `{result.row.name}` | " + " | ".join([*cells, note]) + " |")
    counts = Counter(result.verdict() for result in results)
    share = named["bench_elementwise/a + b, 64 MB, against a copy"].of_copy(OURS)
    wins = counts["won"] + counts["missed"]
    notes = [
        f"Of all {len(results)} rows Rushlight is faster than both rivals on {wins}",
        f"even (within 5%) on {counts['even']}",
        f"slower on {counts['lost']}",
    ]
    if counts["failed"]:
        notes.append(f"without a result on {counts['failed']}")
    if counts["missed"]:
        notes.append(f"faster but short of its own promise on {counts['missed']}")
    lines += ["", ", ".join(notes) + "."]
    share = named["bench_elementwise/a + b, 64 MB, against a copy"].of_copy(OURS)
    if share:
        lines.append(f"The 64 MB sum runs at {share:.0%} of the copy bandwidth.")
    return lines


def fill_readme(path: Path, results: list[Result], machine: dict) -> None:
    """Replaces what stands between the two comparison markers."""
    text = path.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    table = "\n".join(markdown_lines(results, machine))
    path.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
