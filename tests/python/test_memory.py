"""What the allocator keeps: never much more than was in use at once."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

MIB = 1 << 20
reuses_blocks = pytest.mark.skipif(
    "libasan" in os.environ.get("LD_PRELOAD", ""),
    reason="under AddressSanitizer a block goes back at once",
)


def in_own_process(code: str) -> list[int]:
    """The numbers that a program prints; it starts with an allocator of its own."""
    start = """
        import rushlight
        from rushlight import _ops

        def stats():
            found = _ops.memory_stats()
            return found["allocated_bytes.current"], found["cached_bytes.current"]

    """
    program = textwrap.dedent(start) + textwrap.dedent(code)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]


def test_many_sizes_one_after_the_other_do_not_add_up():
    used, cached = in_own_process(
        """
        for step in range(1, 161):
            rushlight.empty(step * 25_000)
        print(*stats())
        """
    )
    assert used < MIB
    # The largest is 16 MB; all classes together are 250 MB.
    assert cached < 1.1 * 16 * MIB


@pytest.mark.parametrize("grow", [True, False])
def test_sizes_of_a_network_stay_within_what_is_in_use_at_once(grow):
    most, used, cached = in_own_process(
        f"""
        for step in range(6):
            kept = []
            for at in range(40):
                size = (at if {grow} else 40 - at) * 30_000 + 1000 * step
                rushlight.empty(size * 2)
                kept.append(rushlight.empty(size))
            while kept:
                rushlight.empty(len(kept) * 50_000)
                kept.pop(0)
        print(_ops.memory_stats()["allocated_bytes.peak"], *stats())
        """
    )
    assert used < MIB
    assert cached < 1.07 * most


@reuses_blocks
def test_a_loop_finds_its_block_again():
    addresses = in_own_process(
        """
        for step in range(5):
            x = rushlight.empty(3_000_000)
            y = rushlight.empty(2_000_000)
            print(x.data_ptr(), y.data_ptr())
            del x, y
        """
    )
    assert len(set(addresses)) == 2


@reuses_blocks
def test_a_block_lent_to_a_smaller_request_comes_back_whole():
    first, lent, again, used, cached = in_own_process(
        """
        x = rushlight.empty(8 << 20, dtype=rushlight.uint8)
        first = x.data_ptr()
        del x
        x = rushlight.empty(6 << 20, dtype=rushlight.uint8)
        lent = x.data_ptr()
        x.fill_(1)
        del x
        x = rushlight.empty(8 << 20, dtype=rushlight.uint8)
        x.fill_(1)
        print(first, lent, x.data_ptr())
        del x
        print(*stats())
        """
    )
    assert first == lent == again
    assert used < MIB
    assert 8 * MIB <= cached < 9 * MIB


def test_a_failed_request_does_not_raise_the_bound():
    used, cached = in_own_process(
        """
        try:
            rushlight.empty(2**45)
        except MemoryError:
            for step in range(1, 161):
                rushlight.empty(step * 25_000)
            print(*stats())
        """
    )
    assert used < MIB
    assert cached < 1.1 * 16 * MIB
