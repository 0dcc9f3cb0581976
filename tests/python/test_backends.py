"""Questions about what computes, and switches that are kept."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight import accelerator, backends


@pytest.mark.parametrize(
    "name", ["enabled", "benchmark", "deterministic", "allow_tf32"]
)
def test_switches_are_kept(name):
    before = getattr(backends.cudnn, name)
    try:
        setattr(backends.cudnn, name, not before)
        assert getattr(backends.cudnn, name) is not before
        with pytest.raises(RuntimeError, match=f"cudnn.{name} must be bool, got str"):
            setattr(backends.cudnn, name, "yes")
    finally:
        setattr(backends.cudnn, name, before)


def test_flags_are_of_a_block():
    cudnn = backends.cudnn
    names = ("enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32")
    before = [getattr(cudnn, n) for n in names]
    with cudnn.flags(enabled=True, benchmark=True, deterministic=True):
        assert [getattr(cudnn, n) for n in names] == [True, True, 10, True, True]
    assert [getattr(cudnn, n) for n in names] == before
    with pytest.raises(KeyError), cudnn.flags(deterministic=True):
        raise KeyError
    assert [getattr(cudnn, n) for n in names] == before


def test_tf32_is_the_precision_of_products():
    matmul = backends.cuda.matmul
    assert matmul.allow_tf32 is False
    try:
        matmul.allow_tf32 = True
        assert rl.get_float32_matmul_precision() == "high"
        rl.set_float32_matmul_precision("highest")
        assert matmul.allow_tf32 is False
        with pytest.raises(RuntimeError, match="must be bool"):
            matmul.allow_tf32 = 1
        with pytest.raises(AttributeError):
            matmul.allow_tf64 = True
    finally:
        rl.set_float32_matmul_precision("highest")


def test_what_is_there():
    assert not backends.mps.is_available() and not backends.mps.is_built()
    assert not backends.cudnn.is_available() and backends.cudnn.version() is None
    assert not backends.mkl.is_available() and not backends.mkldnn.is_available()
    assert backends.openmp.is_available()
    assert backends.cuda.is_built() == rl.cuda.is_available()


def test_accelerator():
    device = accelerator.current_accelerator()
    if rl.cuda.is_available():
        assert device == rl.device("cuda")
        assert accelerator.device_count() == rl.cuda.device_count()
        assert accelerator.current_device_index() == rl.cuda.current_device()
        accelerator.synchronize()
    else:
        assert device is None and not accelerator.is_available()
        assert accelerator.device_count() == 0
        for call in (accelerator.current_device_index, accelerator.synchronize):
            with pytest.raises(RuntimeError, match="Cannot access accelerator device"):
                call()
