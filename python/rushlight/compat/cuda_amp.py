"""``torch.cuda.amp``: the older names of :mod:`rushlight.amp` for CUDA."""

from __future__ import annotations

import rushlight
from rushlight import amp

__all__ = ["GradScaler", "autocast"]


class autocast(amp.autocast):
    """:class:`rushlight.amp.autocast` for CUDA.

    Args:
        enabled (bool): whether it does anything.
        dtype (dtype): of the ops that may be less precise.
        cache_enabled (bool): whether converted weights are kept in the block.
    """

    def __init__(
        self,
        enabled: bool = True,
        dtype: rushlight.dtype = rushlight.float16,
        cache_enabled: bool = True,
    ):
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """:class:`rushlight.amp.GradScaler` for CUDA.

    Args:
        init_scale, growth_factor, backoff_factor (float), growth_interval (int),
        enabled (bool): as there.
    """

    def __init__(
        self,
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ):
        super().__init__(
            "cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled
        )
