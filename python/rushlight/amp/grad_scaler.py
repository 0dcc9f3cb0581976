"""GradScaler, which keeps small gradients of half precision from vanishing."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import rushlight
from rushlight._core import Tensor

if TYPE_CHECKING:
    from rushlight.optim.optimizer import Optimizer

_READY, _UNSCALED, _STEPPED = "ready", "unscaled", "stepped"


class GradScaler:
    """Scales a loss up before the backward pass and gradients down before the step.

    A step whose gradients are not finite is left out, and the scale shrinks; after
    ``growth_interval`` steps without it grows.

    Args:
        device (str): of the parameters; "cuda" without CUDA disables with a warning.
        init_scale (float): the first scale.
        growth_factor (float): above 1.
        backoff_factor (float): below 1.
        growth_interval (int): steps in a row until the scale grows.
        enabled (bool): False makes every method pass through.

    Example::

        >>> w = rushlight.ones(1, requires_grad=True)
        >>> optimizer = rushlight.optim.SGD([w], lr=0.5)
        >>> scaler = rushlight.GradScaler("cpu")
        >>> scaler.scale(w.sum()).backward()
        >>> scaler.step(optimizer)
        >>> scaler.update()
        >>> w.detach()
        tensor([0.5000])
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device == "cuda" and not rushlight.cuda.is_available():
            warnings.warn(
                "GradScaler(): CUDA is not available; disabled. Pass device='cpu' for "
                "the CPU.",
                stacklevel=2,
            )
            enabled = False
        self._device, self._enabled = device, enabled
        if not enabled:
            return
        if growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._init_scale = init_scale
        self._scale: Tensor | None = None
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._states: dict[int, dict[str, Any]] = {}

    def _scale_tensor(self, op):
        if self._scale is None:
            raise AssertionError(
                f"Attempted {op} but _scale is None. Was scaler.scale(loss) called?"
            )
        return self._scale

    def scale(self, outputs: Any) -> Any:
        """A tensor, or the tensors of an iterable, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            if self._scale is None:
                self._scale = rushlight.full(
                    (), self._init_scale, dtype=rushlight.float32, device=outputs.device
                )
            return outputs * self._scale
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(x) for x in outputs)
        if hasattr(outputs, "__iter__"):
            return map(self.scale, outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def _state(self, optimizer):
        return self._states.setdefault(id(optimizer), {"stage": _READY, "found": None})

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divides the optimizer's gradients by the scale, once between updates.

        Raises:
            RuntimeError: on a second call, or after ``step``.
            ValueError: for float16 gradients.
        """
        if not self._enabled:
            return
        scale = self._scale_tensor("unscale_")
        state = self._state(optimizer)
        if state["stage"] == _UNSCALED:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last "
                "update()."
            )
        if state["stage"] == _STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        inverse = scale.double().reciprocal().float()
        found = None
        with rushlight.no_grad():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    grad = parameter.grad
                    if grad is None:
                        continue
                    if grad.dtype == rushlight.float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    found = bool(found) or not bool(rushlight.isfinite(grad).all())
                    grad.mul_(inverse)
        state["found"], state["stage"] = found, _UNSCALED

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step(*args, **kwargs)`` where all gradients are finite.

        Raises:
            RuntimeError: with ``closure``, or for a second call before ``update``.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError(
                "Closure use is not currently supported if GradScaler is enabled."
            )
        self._scale_tensor("step")
        state = self._state(optimizer)
        if state["stage"] == _STEPPED:
            raise RuntimeError(
                "step() has already been called since the last update()."
            )
        if state["stage"] == _READY:
            self.unscale_(optimizer)
        if state["found"] is None:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        result = None if state["found"] else optimizer.step(*args, **kwargs)
        state["stage"] = _STEPPED
        return result

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Grows or shrinks the scale by what the steps have found, or sets it."""
        if not self._enabled:
            return
        scale = self._scale_tensor("update")
        if new_scale is not None:
            if isinstance(new_scale, float):
                scale.fill_(new_scale)
            elif not (
                isinstance(new_scale, Tensor)
                and new_scale.device.type == self._device
                and new_scale.numel() == 1
                and not new_scale.requires_grad
            ):
                raise AssertionError(
                    "new_scale should be a float or a 1-element FloatTensor with "
                    "requires_grad=False."
                )
            else:
                scale.copy_(new_scale.reshape(()))
            self._states = {}
            return
        found = [s["found"] for s in self._states.values() if s["found"] is not None]
        if not found:
            raise AssertionError("No inf checks were recorded prior to update.")
        self._states = {}
        if any(found):
            scale.mul_(self._backoff_factor)
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            grown = scale * self._growth_factor
            if bool(rushlight.isfinite(grown)):
                scale.copy_(grown)
            self._growth_tracker = 0

    def get_scale(self) -> float:
        """The scale as a float; 1 when disabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else self._scale.item()

    def get_growth_factor(self) -> float:
        """What the scale grows by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Sets what the scale grows by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale shrinks by."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Sets what the scale shrinks by."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """The number of steps in a row after which the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Sets the number of steps after which the scale grows."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether it does anything."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """The scale and its settings; empty when disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what :meth:`state_dict` returned.

        Raises:
            RuntimeError: when it is empty.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a "
                "disabled instance of GradScaler."
            )
        self._init_scale = state_dict["scale"]
        if self._scale is not None:
            self._scale.fill_(self._init_scale)
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._growth_tracker = state_dict["_growth_tracker"]

    def __getstate__(self):
        if not self._enabled:
            return self.__dict__.copy()
        if self._states:
            raise AssertionError(
                "A GradScaler instance may only be pickled at the beginning of an "
                "iteration, or at the end after scaler.update()."
            )
        return self.__dict__ | {"_init_scale": self.get_scale(), "_scale": None}
