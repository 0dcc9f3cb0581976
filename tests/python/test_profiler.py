"""The profiler: which events it has, how their times add up, tables and traces."""

from __future__ import annotations

import gzip
import json
import threading
import time

import pytest

import rushlight as rl
from rushlight import _core, _overriding
from rushlight.profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    tensorboard_trace_handler,
)


def keys(p):
    return {e.key: e.count for e in p.key_averages()}


def test_ops_are_counted():
    a = rl.ones(3)
    with profile() as p:
        b = a + 1
        b = b.exp().exp()
        b += a
        rl.zeros(2)
    assert keys(p) == {"aten::add": 2, "aten::exp": 2, "aten::zeros": 1}
    assert [e.name for e in p.events()][:2] == ["aten::add", "aten::exp"]
    assert b.tolist() == pytest.approx([1619.1779919126539] * 3)


def test_nothing_is_left_behind():
    with profile() as p:
        rl.ones(1).exp()
    rl.ones(1).exp()
    assert keys(p) == {"aten::ones": 1, "aten::exp": 1}
    assert _overriding.modes.stack == []
    assert _core._count_override_modes(0) == 0
    with pytest.raises(RuntimeError, match="inconsistent"), profile() as p:
        rl.ones(1) @ rl.ones(2)
    assert keys(p) == {"aten::ones": 2, "aten::matmul": 1}
    assert _core._count_override_modes(0) == 0


def test_blocks_are_parents_and_times_add_up():
    with profile() as p:
        with record_function("outer"):
            time.sleep(0.02)
            with record_function("inner"):
                time.sleep(0.03)
                x = rl.ones(10)
    outer, inner, ones = p.events()
    assert [e.name for e in p.events()] == ["outer", "inner", "aten::ones"]
    assert inner.cpu_parent is outer and ones.cpu_parent is inner
    assert outer.cpu_children == [inner]
    assert outer.is_user_annotation and not ones.is_user_annotation
    assert inner.cpu_time_total >= 30e3
    assert outer.self_cpu_time_total >= 20e3
    assert outer.self_cpu_time_total == outer.cpu_time_total - inner.cpu_time_total
    total = p.key_averages().self_cpu_time_total
    assert total == pytest.approx(outer.cpu_time_total)
    assert p.key_averages().total_average().count == 3
    assert x.sum() == 10


def test_a_block_within_itself_counts_its_time_once():
    @record_function("again")
    def again(n):
        time.sleep(0.005)
        if n:
            again(n - 1)

    with profile() as p:
        again(2)
    (event,) = p.key_averages()
    assert event.count == 3
    assert event.cpu_time_total == pytest.approx(p.events()[0].cpu_time_total)
    assert event.self_cpu_time_total == pytest.approx(event.cpu_time_total)


def test_blocks_cost_nothing_unless_profiled():
    with record_function("alone") as block:
        rl.ones(1)
    assert block.name == "alone"


def test_other_threads_are_left_alone():
    def work():
        with record_function("theirs"):
            rl.ones(3).exp()

    with profile() as p:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        rl.ones(3).sin()
    assert keys(p) == {"aten::ones": 1, "aten::sin": 1}


def test_shapes():
    a, b = rl.ones(2, 3), rl.ones(3, 4)
    with profile(record_shapes=True) as p:
        a @ b
        b.T @ rl.ones(3, 3)
        rl.cat([a, a])
    averages = p.key_averages(group_by_input_shape=True)
    found = [e.input_shapes for e in averages if e.key == "aten::matmul"]
    assert found == [[[2, 3], [3, 4]], [[4, 3], [3, 3]]]
    (cat,) = [e for e in averages if e.key == "aten::cat"]
    assert cat.input_shapes == [[2, 3], [2, 3]]
    assert "Input Shapes" in averages.table()
    assert "Input Shapes" not in p.key_averages().table()


def test_table():
    with profile() as p:
        for _ in range(3):
            with record_function("block"):
                time.sleep(0.002)
        rl.ones(2).exp()
    averages = p.key_averages()
    lines = averages.table(sort_by="self_cpu_time_total", header="Times").splitlines()
    assert lines[0] == "Times"
    titles = "Name Self CPU % Self CPU CPU total % CPU total CPU time avg # of Calls"
    assert lines[2].split() == titles.split()
    cells = lines[4].split()
    assert cells[0] == "block" and cells[-1] == "3"
    assert cells[2].endswith("ms")
    assert lines[-1].startswith("Self CPU time total: ")
    assert sum(float(line.split()[1][:-1]) for line in lines[4:-2]) == pytest.approx(
        100, abs=0.1
    )
    counts = averages.table(sort_by="count", row_limit=1, time_unit="us").splitlines()
    assert len(counts) == 6
    assert counts[3].split()[0] == "block"
    assert "us" in counts[3] and "ms" not in counts[3]
    long = "x" * 80
    with profile() as p, record_function(long):
        pass
    assert "x" * 52 + "..." in p.key_averages().table()
    with pytest.raises(AttributeError, match="cannot sort by 'size'"):
        averages.table(sort_by="size")
    with pytest.raises(ValueError, match="time_unit must be s, ms or us"):
        averages.table(time_unit="h")


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_chrome_trace(tmp_path, name):
    with profile(record_shapes=True) as p, record_function("block"):
        rl.ones(2, 2).exp()
    p.export_chrome_trace(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    data = gzip.decompress(data) if name.endswith("gz") else data
    block, ones, exp = json.loads(data)["traceEvents"]
    assert (block["ph"], block["cat"], block["name"]) == (
        "X",
        "user_annotation",
        "block",
    )
    assert (exp["cat"], exp["name"]) == ("cpu_op", "aten::exp")
    assert exp["args"] == {"Input Dims": [[2, 2]]}
    assert block["ts"] <= ones["ts"] <= ones["ts"] + ones["dur"] <= exp["ts"]
    assert exp["ts"] + exp["dur"] <= block["ts"] + block["dur"]
    with pytest.raises(TypeError, match="averages have no start"):
        p.key_averages().export_chrome_trace(tmp_path / name)


def test_schedule():
    actions = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    none, warm, record, save = list(ProfilerAction)
    assert [actions(i) for i in range(11)] == [
        none, none, warm, record, save, none, warm, record, save, none, none,
    ]  # fmt: skip
    endless = schedule(wait=0, warmup=0, active=1)
    assert endless(1000) is save
    with pytest.raises(ValueError, match="active=0"):
        schedule(wait=1, warmup=0, active=0)


@pytest.mark.parametrize("accumulate", [False, True])
def test_rounds(accumulate):
    rounds = []
    x = rl.ones(2)
    with profile(
        schedule=schedule(wait=1, warmup=1, active=2, repeat=2),
        on_trace_ready=lambda p: rounds.append(keys(p)),
        acc_events=accumulate,
    ) as p:
        for step in range(10):
            for _ in range(step):
                x.exp()
            p.step()
    first = {"ProfilerStep#2": 1, "ProfilerStep#3": 1, "aten::exp": 5}
    second = {"ProfilerStep#6": 1, "ProfilerStep#7": 1, "aten::exp": 13}
    if accumulate:
        second = {**first, **second, "aten::exp": 18}
    assert rounds == [first, second]
    assert keys(p) == second
    assert p.step_num == 10


def test_trace_handler(tmp_path):
    with profile(on_trace_ready=tensorboard_trace_handler(str(tmp_path / "a"), "w")):
        rl.ones(1)
    (file,) = (tmp_path / "a").iterdir()
    assert file.name.startswith("w.") and file.name.endswith(".pt.trace.json")
    assert json.loads(file.read_text())["traceEvents"][0]["name"] == "aten::ones"


def test_errors():
    with pytest.raises(NotImplementedError, match="profile_memory is not supported"):
        profile(profile_memory=True)
    with pytest.warns(UserWarning, match=r"only ProfilerActivity\.CPU"):
        profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])
    with pytest.raises(RuntimeError, match="nothing has been recorded yet"):
        profile().events()
    with profile(), pytest.raises(RuntimeError, match="another profile is recording"):
        profile().start()
    assert _core._count_override_modes(0) == 0
