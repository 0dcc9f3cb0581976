"""The short-time Fourier transform and its inverse."""

from __future__ import annotations

import math
import warnings

import rushlight
from rushlight import _core, _fourier
from rushlight._functions import _tensor


def _warn_window(op):
    warnings.warn(
        f"{op}(): A window was not provided. A rectangular window will be applied, "
        "which leaks between frequencies. Pass window=rushlight.ones(win_length) to "
        "say that it is meant.",
        stacklevel=3,
    )


def _fitted_window(op, window, n_fft, win_length, dtype):
    if window is None:
        window = _core.ones(win_length, dtype=dtype)
    left = (n_fft - win_length) // 2
    if n_fft == win_length:
        return window
    return rushlight.constant_pad_nd(window, (left, n_fft - win_length - left))


def stft(
    input,
    n_fft,
    hop_length=None,
    win_length=None,
    window=None,
    center=True,
    pad_mode="reflect",
    normalized=False,
    onesided=None,
    return_complex=None,
    align_to_window=None,
):
    """The Fourier transforms of overlapping windows of a signal.

    Args:
        input (Tensor): (T,) or (B, T), floating or complex.
        n_fft (int): the points of each transform.
        hop_length (int, optional): from window to window; default ``n_fft // 4``.
        win_length (int, optional): of the window, centred in ``n_fft`` points.
        window (Tensor, optional): (win_length,); default ones, with a warning.
        center (bool): pad the signal, so that frame t is centred at ``t * hop_length``.
        pad_mode (str): how :func:`nn.functional.pad` pads then.
        normalized (bool): divide by the root of ``n_fft``.
        onesided (bool, optional): only ``n_fft // 2 + 1`` frequencies; default for
            reals.
        return_complex (bool): must be given for real input; False returns (..., 2).
        align_to_window (bool, optional): frames begin with the window, not the
            transform.

    Returns:
        Tensor: (B?, frequencies, frames), complex.

    Raises:
        RuntimeError: for sizes that do not fit each other.

    Example::

        >>> x = rushlight.stft(
        ...     rushlight.ones(20), 8, window=rushlight.ones(8), return_complex=True)
        >>> x.shape
        rushlight.Size([5, 11])
    """
    _tensor("stft", input)
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    if window is None:
        _warn_window("stft")
    as_complex = input.is_complex() or (window is not None and window.is_complex())
    if return_complex is None:
        if not as_complex:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, "
                "and will further require that return_complex=True in a future release."
            )
        return_complex = True
    if not return_complex:
        warnings.warn(
            "stft with return_complex=False is deprecated; call "
            "rushlight.view_as_real on the complex output for that format.",
            stacklevel=2,
        )
    if not (input.is_floating_point() or input.is_complex()) or input.dim() not in (
        1,
        2,
    ):
        raise RuntimeError(
            "stft(): expected a 1D or 2D tensor of floating point or complex values, "
            "got "
            f"{input.dtype} of shape {tuple(input.shape)}"
        )
    if center and align_to_window is not None:
        raise RuntimeError(
            "stft align_to_window should only be set when center = false"
        )
    signal = input.unsqueeze(0) if input.dim() == 1 else input
    if center:
        pad = n_fft // 2
        signal = rushlight.nn.functional.pad(
            signal.unsqueeze(1), (pad, pad), pad_mode
        ).squeeze(1)
    n = signal.shape[1]
    if not 0 < n_fft <= n:
        raise RuntimeError(f"stft(): expected 0 < n_fft <= {n}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"stft(): expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(
            f"stft(): expected 0 < win_length <= n_fft ({n_fft}), but got "
            f"win_length={length}"
        )
    _check_window("stft", window, length)
    taps = None
    if window is not None or length < n_fft:
        taps = _fitted_window("stft", window, n_fft, length, input.dtype)
    if align_to_window:
        left, span = (n_fft - length) // 2, length
        signal = rushlight.constant_pad_nd(signal, (left, n_fft - length - left))
        frames = 1 + (n - span) // hop
    else:
        frames = 1 + (n - n_fft) // hop
    parts = signal.unfold(1, n_fft, hop).narrow(1, 0, frames)
    if taps is not None:
        parts = parts * taps
    if onesided is None:
        onesided = not as_complex
    scale = "ortho" if normalized else "none"
    if parts.is_complex():
        if onesided:
            raise RuntimeError(
                "Cannot have onesided output if window or input is complex"
            )
        result = _fourier.c2c(parts, (2,), scale, True)
    elif onesided:
        result = _fourier.r2c(parts, (2,), scale, True)
    else:
        result = _fourier.c2c(parts.to(parts.dtype.to_complex()), (2,), scale, True)
    result = result.transpose(1, 2)
    if input.dim() == 1:
        result = result.squeeze(0)
    return result if return_complex else rushlight.view_as_real(result)


def _check_window(op, window, length):
    if window is not None and (window.dim() != 1 or window.shape[0] != length):
        raise RuntimeError(
            f"{op}(): expected a 1D window tensor of size equal to "
            f"win_length={length}, but got window with size {list(window.shape)}"
        )


def istft(
    input,
    n_fft,
    hop_length=None,
    win_length=None,
    window=None,
    center=True,
    normalized=False,
    onesided=None,
    length=None,
    return_complex=False,
):
    """The signal whose :func:`stft` is ``input``, by the least squares of the overlaps.

    Args:
        input (Tensor): (frequencies, frames) or (B, frequencies, frames), complex.
        n_fft, hop_length, win_length, window, center, normalized, onesided: as in stft.
        length (int, optional): of the signal; the rest is cut off, or zeros.
        return_complex (bool): the signal is complex.

    Returns:
        Tensor: (T,) or (B, T).

    Raises:
        RuntimeError: for sizes that do not fit, or where the windows leave gaps.
    """
    _tensor("istft", input)
    hop = n_fft // 4 if hop_length is None else hop_length
    span = n_fft if win_length is None else win_length
    if window is None:
        _warn_window("istft")
    if not input.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from "
            "stft with return_complex=True."
        )
    if input.numel() == 0:
        raise RuntimeError("istft(): input tensor cannot be empty.")
    if input.dim() not in (2, 3):
        raise RuntimeError(
            "istft(): expected a tensor with 2 or 3 dims, got shape "
            f"{tuple(input.shape)}"
        )
    x = input.unsqueeze(0) if input.dim() == 2 else input
    if onesided is None:
        onesided = x.shape[1] != n_fft
    bins = n_fft // 2 + 1 if onesided else n_fft
    if x.shape[1] != bins:
        raise RuntimeError(
            f"istft(): expected the frequency dimension to be {bins} for n_fft={n_fft} "
            f"and onesided={bool(onesided)}, but got {x.shape[1]}"
        )
    if not 0 < hop <= span:
        raise RuntimeError(
            f"istft(): expected 0 < hop_length <= win_length, got hop_length={hop} and "
            f"win_length={span}"
        )
    if not 0 < span <= n_fft:
        raise RuntimeError(
            f"istft(): expected 0 < win_length <= n_fft, got win_length={span} and "
            f"n_fft={n_fft}"
        )
    _check_window("istft", window, span)
    real = x.dtype.to_real()
    kind = x.dtype if window is not None and window.is_complex() else real
    taps = _fitted_window("istft", window, n_fft, span, kind)
    x = x.transpose(1, 2)
    scale = "ortho" if normalized else "n"
    if return_complex:
        if onesided:
            raise RuntimeError(
                "Cannot have onesided output if window or input is complex"
            )
        parts = _fourier.c2c(x, (2,), scale, False)
    else:
        if taps.is_complex():
            raise RuntimeError(
                "istft(): Complex windows are incompatible with return_complex=False"
            )
        half = x if onesided else x.narrow(2, 0, n_fft // 2 + 1)
        parts = _fourier.c2r(half, (2,), scale, False, n_fft)
    frames = parts.shape[1]
    parts = parts * taps.view(1, 1, n_fft)
    total = n_fft + hop * (frames - 1)
    places = (
        rushlight.arange(frames).mul_(hop).unsqueeze(1) + rushlight.arange(n_fft)
    ).view(-1)
    power = (taps * taps).to(parts.dtype).expand(frames, n_fft).reshape(-1)
    signal = _core.zeros(x.shape[0], total, dtype=parts.dtype)
    signal = signal.index_add(1, places, parts.reshape(x.shape[0], -1))
    envelope = _core.zeros(total, dtype=parts.dtype).index_add(0, places, power)
    start = n_fft // 2 if center else 0
    if length is not None:
        end = start + length
    else:
        end = total - n_fft // 2 if center else total
    signal, envelope = signal[:, start:end], envelope[start:end]
    lowest = envelope.detach().abs().min() if envelope.numel() else math.inf
    if not float(lowest) > 1e-11:
        raise RuntimeError(
            f"istft(): window overlap add min: {float(lowest)}; the windows leave gaps"
        )
    signal = signal / envelope
    if input.dim() == 2:
        signal = signal.squeeze(0)
    if end > total:
        warnings.warn(
            "istft(): The length of signal is shorter than the length parameter. "
            "Result is being padded with zeros in the tail. Please check your center "
            "and hop_length settings.",
            stacklevel=2,
        )
        signal = rushlight.constant_pad_nd(signal, (0, end - total))
    return signal


METHODS = {"istft": istft, "stft": stft}
