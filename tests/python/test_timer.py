"""Timer, Measurement and Compare with a clock that tells what it is told."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight.utils.benchmark import (
    Compare,
    Language,
    Measurement,
    TaskSpec,
    Timer,
    select_unit,
    trim_sigfig,
    unit_to_english,
)


class Clock:
    """Stands still but for what the statement adds."""

    def __init__(self, step=1e-6):
        self.now, self.step, self.runs = 0.0, step, 0

    def __call__(self):
        return self.now

    def tick(self):
        self.runs += 1
        self.now += self.step


def timed(clock, **kwargs):
    return Timer("clock.tick()", globals={"clock": clock}, timer=clock, **kwargs)


def test_timeit():
    clock = Clock(2e-6)
    found = timed(clock).timeit(1000)
    assert found.number_per_run == 1000
    assert found.times == pytest.approx([2e-6])
    assert clock.runs == 1010
    assert found.iqr == 0 and not found.has_warnings
    assert repr(found).splitlines()[1:] == [
        "clock.tick()",
        "  2.00 us",
        "  1 measurement, 1000 runs , 1 thread",
    ]


def test_blocked_autorange():
    clock, seen = Clock(1e-5), []
    found = timed(clock, label="L", sub_label="S", description="D", setup="y = 1")
    found = found.blocked_autorange(lambda n, t: seen.append((n, t)), min_run_time=0.5)
    assert found.median == pytest.approx(1e-5)
    assert sum(found.raw_times) == pytest.approx(0.5, rel=0.1)
    assert [n for n, _ in seen] == [found.number_per_run] * len(found.raw_times)
    assert repr(found).splitlines()[1:] == [
        "L: S",
        "D",
        "setup: y = 1",
        "  Median: 10.00 us",
        "  IQR:    0.00 us (10.00 to 10.00)",
        (
            f"  {len(found.times)} measurements, {found.number_per_run} runs per "
            "measurement, 1 thread"
        ),
    ]


def test_adaptive_autorange():
    found = timed(Clock(1e-3)).adaptive_autorange(min_run_time=0.001)
    assert len(found.times) == 4
    unsteady = Clock()

    def tick():
        unsteady.step = 3e-3 if unsteady.runs % 2 else 1e-3
        Clock.tick(unsteady)

    unsteady.tick = tick
    found = timed(unsteady).adaptive_autorange(min_run_time=1e-3, max_run_time=0.5)
    assert sum(found.raw_times) == pytest.approx(0.5, abs=0.01)
    assert not found.meets_confidence()


def test_real_time():
    found = Timer("time.sleep(0.01)", "import time").timeit(3)
    assert 0.01 <= found.median < 1
    assert Timer("torch.ones(3) + x", "x = rushlight.ones(3)").timeit(10).mean > 0


def test_threads_and_indents():
    before, seen = rl.get_num_threads(), []
    names = {"seen": seen, "rl": rl}
    statement = """
        if True:
            seen.append(rl.get_num_threads())
    """
    assert Timer(statement, globals=names, num_threads=2).timeit(1).num_threads == 2
    assert set(seen) == {2}
    assert rl.get_num_threads() == before


def test_measurement():
    spec = TaskSpec("x + y", "pass", label="sum")
    found = Measurement(10, [4e-5, 1e-5, 2e-5, 3e-5, 10e-5], spec)
    assert found.times == pytest.approx([4e-6, 1e-6, 2e-6, 3e-6, 10e-6])
    assert (found.median, found.mean) == pytest.approx((3e-6, 4e-6))
    assert found.iqr == pytest.approx(2e-6)
    assert found.has_warnings and found.label == "sum" and found.as_row_name == "x + y"
    assert repr(found).splitlines()[-2:] == [
        "  WARNING: Interquartile range is 66.7% of the median measurement.",
        "           This suggests significant environmental influence.",
    ]
    other = Measurement(1, [7e-6], TaskSpec("z", "pass"))
    again = Measurement(1, [5e-6], spec)
    one, two = Measurement.merge([found, other, again])
    assert one.times == pytest.approx([4e-6, 1e-6, 2e-6, 3e-6, 10e-6, 5e-6])
    assert two.task_spec is other.task_spec
    with pytest.raises(AttributeError):
        found.missing
    with pytest.raises(ValueError, match="no times"):
        Measurement(1, [], spec).median


def took(name, column, seconds, threads=1, label="Sums"):
    spec = TaskSpec("f", "pass", "", label, name, column, num_threads=threads)
    return Measurement(1, [seconds], spec)


def test_compare():
    table = Compare(
        [
            took("small", "old", 2e-6),
            took("large", "old", 1.5e-3),
            took("large", "new", 3e-6),
        ]
    )
    table.extend_results([took("small", "old", 8e-6, threads=4)])
    assert str(table).splitlines() == [
        "[----------- Sums -----------]",
        "             |     old  |  new",
        "1 threads: -------------------",
        "      small  |     2.0  |",
        "      large  |  1500.0  |  3.0",
        "4 threads: -------------------",
        "      small  |     8.0  |",
        "",
        "Times are in microseconds (us).",
    ]


def test_compare_marks():
    results = [took("a", "c", 1e-6), took("b", "c", 5e-6), took("a", "d", 2e-6)]
    table = Compare(results)
    table.colorize()
    assert "\033[31m5.0\033[0m" in str(table)
    assert "\033[92m\033[1m1.0\033[0m" in str(table)
    table.colorize(rowwise=True)
    assert "\033[31m2.0\033[0m" in str(table)
    wide = TaskSpec("f", "pass", "", "Wide", "a", "c")
    table = Compare([Measurement(1, [1e-6, 2e-6, 3e-6], wide)])
    table.highlight_warnings()
    assert "(! 50%) 2.0" in str(table)
    with pytest.raises(ValueError, match="got int"):
        Compare([3])


def test_units():
    assert select_unit(2e-9) == ("ns", 1e-9)
    assert select_unit(2e-12) == ("ns", 1e-9)
    assert select_unit(0.5) == ("ms", 1e-3)
    assert select_unit(5000) == ("s", 1.0)
    assert unit_to_english("us") == "microsecond"
    assert [trim_sigfig(x, 2) for x in (1234.0, 0.01299, 0.0)] == [1200.0, 0.013, 0.0]


def test_errors():
    with pytest.raises(TypeError, match="stmt must be str, not int"):
        Timer(3)
    with pytest.raises(NotImplementedError, match=r"C\+\+"):
        Timer("x", language=Language.CPP)
    with pytest.raises(ValueError, match="unknown language 'go'"):
        Timer("x", language="go")
    with pytest.raises(ValueError, match="global_setup"):
        Timer("x", global_setup="y")
    with pytest.raises(NotImplementedError, match="blocked_autorange"):
        Timer().repeat()
