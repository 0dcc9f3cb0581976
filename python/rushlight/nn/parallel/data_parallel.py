"""A model for a batch split over devices; here there is one device at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rushlight
from rushlight.nn.modules.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """Run a module on the devices there are.

    Without a GPU the module runs in place. On one GPU the inputs are moved to it.
    Replicas on several devices are not supported: run one process a device instead.

    Args:
        module: the module to run; it stands under the name ``module``, so a state_dict
            has the prefix ``module.``.
        device_ids: indices of the GPUs. Default: all.
        output_device: the device of the output. Default: the first of ``device_ids``.
        dim: the dim of the inputs that would be split. Default: 0.

    Raises:
        NotImplementedError: more than one device is asked for.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> net = nn.DataParallel(nn.Linear(2, 3), device_ids=[])
        >>> list(net.state_dict())
        ['module.weight', 'module.bias']
        >>> tuple(net(rushlight.zeros(4, 2)).shape)
        (4, 3)
    """

    def __init__(self, module, device_ids=None, output_device=None, dim=0) -> None:
        super().__init__()
        self.module = module
        self.device_ids = _usable_devices(device_ids)
        if not self.device_ids:
            return
        self.dim = dim
        if output_device is None:
            output_device = self.device_ids[0]
        self.output_device = _index_of(output_device)
        self.src_device_obj = rushlight.device("cuda", self.device_ids[0])
        module.to(self.src_device_obj)

    def forward(self, *inputs, **kwargs):
        if not self.device_ids:
            return self.module(*inputs, **kwargs)
        for tensor in (*self.module.parameters(), *self.module.buffers()):
            if tensor.device != self.src_device_obj:
                raise RuntimeError(
                    "module must have its parameters and buffers on device "
                    f"{self.src_device_obj} (device_ids[0]) but found one of them on "
                    f"device: {tensor.device}"
                )
        inputs = _moved(inputs, self.src_device_obj)
        kwargs = _moved(kwargs, self.src_device_obj)
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any] | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Call a module as :class:`DataParallel` does.

    Args:
        module: the module to call.
        inputs: a tuple of arguments, a single one, or ``None`` for none.
        device_ids: indices of the GPUs. Default: all.
        output_device: the device of the output. Default: the first of ``device_ids``.
        dim: the dim of the inputs that would be split. Default: 0.
        module_kwargs: a dict of keyword arguments. Default: none.

    Returns:
        What the module returns.

    Raises:
        RuntimeError: there is no GPU.
        NotImplementedError: more than one device is asked for.
    """
    if not rushlight.cuda.is_available():
        raise RuntimeError(
            "data_parallel(): device type could not be determined: "
            f"{rushlight.cuda.why_not()}; call the module itself"
        )
    if not isinstance(inputs, tuple):
        inputs = () if inputs is None else (inputs,)
    parallel = DataParallel(module, device_ids, output_device, dim)
    return parallel(*inputs, **(module_kwargs or {}))


def _usable_devices(device_ids) -> list[int]:
    if not rushlight.cuda.is_available():
        # PyTorch ignores device_ids too where there is no GPU.
        return []
    if device_ids is None:
        device_ids = range(rushlight.cuda.device_count())
    devices = [_index_of(device) for device in device_ids]
    if len(devices) > 1:
        raise NotImplementedError(
            f"DataParallel: replicas on {len(devices)} devices ({devices}) are not "
            "supported; pass device_ids with one of them"
        )
    return devices


def _index_of(device) -> int:
    if isinstance(device, int):
        return device
    index = rushlight.device(device).index
    return 0 if index is None else index


def _moved(value, device):
    """Return arguments with every tensor in tuples, lists and dicts on a device."""
    if isinstance(value, rushlight.Tensor):
        return value.to(device)
    if isinstance(value, dict):
        return type(value)((key, _moved(item, device)) for key, item in value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_moved(item, device) for item in value))
    if isinstance(value, (tuple, list)):
        return type(value)(_moved(item, device) for item in value)
    return value
