"""The causal filter stage: state carried from chunk to chunk, the same bits however it is cut.

Samples are worked in blocks on a grid that starts where the segment starts. A block is one linear
map of the state before it and its inputs, always the same product on the same memory: BLAS gives
other bits for other shapes and alignments, never for the same. A block that isn't full yet goes
through that very product, where samples to come meet a coefficient of zero. So no sample waits for
its block to fill, and no output depends on how many samples came after it or in how many pieces.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.signals.design import StateSpace, butterworth, group_delay_s
from wearaffect.signals.segments import SegmentClock, known_runs

__all__ = ["BandFilter", "BandSettings", "Unfiltered"]

_BLOCK = 128  # samples; longer blocks cost more multiplications than they save calls


@dataclass(frozen=True, slots=True)
class BandSettings:
    """A Butterworth pass band.

    Attributes
    ----------
    low_hz, high_hz : float or None
        Corners; None leaves that side open.
    order : int
        Order of the prototype.
    """

    low_hz: float | None = None
    high_hz: float | None = None
    order: int = 2

    def __post_init__(self) -> None:
        if self.low_hz is None and self.high_hz is None:
            msg = "expected low_hz, high_hz or both"
            raise ValueError(msg)
        if self.low_hz is not None and self.high_hz is not None and self.low_hz >= self.high_hz:
            msg = f"expected low_hz < high_hz, got {self.low_hz} and {self.high_hz}"
            raise ValueError(msg)


class BandFilter:
    """A `Stage` that filters each channel of one stream.

    Parameters
    ----------
    settings : BandSettings
        The band.
    info : StreamInfo
        A regular stream.

    Raises
    ------
    SamplingRateError
        The rate is missing, or too low for the band.

    Notes
    -----
    A missing sample (NaN) stays missing and ends the segment, as does a jump in time of more than
    half a sample; the next segment starts from the state that a constant input of its first value
    would have left, so there is no start-up transient to a level.
    """

    def __init__(self, settings: BandSettings, info: StreamInfo) -> None:
        self.settings = settings
        self.info = info
        rate = info.rate_hz
        try:
            self._system = butterworth(settings.order, settings.low_hz, settings.high_hz, rate)
        except ValueError as error:
            corner_hz = settings.high_hz or settings.low_hz or 0.0
            raise SamplingRateError(
                info.id,
                "sampling rate is too low for the chain",
                expected=f"above {2 * corner_hz:g} Hz",
                got=f"{rate:g} Hz",
            ) from error
        self._kernel = _BlockKernel(self._system, len(info.channels))
        self._clock = SegmentClock(rate)
        self.reset()

    @property
    def delay_s(self) -> float:
        """Group delay at the middle of the pass band (at 0 Hz for a low-pass), seconds."""
        low, high = self.settings.low_hz, self.settings.high_hz
        rate = self.info.rate_hz
        middle_hz = 0.0 if low is None else float(np.sqrt(low * (high or rate / 2)))
        return group_delay_s(self._system, middle_hz, rate)

    def output_info(self, info: StreamInfo) -> StreamInfo:
        """Give the stream unchanged: rate, channels and units stay."""
        return info

    def reset(self) -> None:
        """Forget all state."""
        self._clock.reset()
        self._kernel.forget()

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Filter the next chunk."""
        if not len(chunk):
            return chunk
        if self._clock.jumped(chunk):
            self._kernel.forget()
        known: NDArray[np.bool_] = np.isfinite(chunk.data)
        with np.errstate(over="ignore"):  # what float32 can't hold is as good as missing
            if known.all():
                out = self._kernel(chunk.data)
            else:
                out = self._around_gaps(chunk.data, np.asarray(known.all(axis=1)))
        return chunk.with_data(out)

    def _around_gaps(
        self, data: NDArray[np.float32], known: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Filter each run of known samples as a segment, and leave the rest missing."""
        out = np.full_like(data, np.nan)
        for first, end, is_known in known_runs(known):
            if is_known:
                out[first:end] = self._kernel(data[first:end])
            else:
                self._kernel.forget()
        return out


class Unfiltered:
    """A `Stage` that leaves samples as they are, but for those that aren't numbers: missing.

    Parameters
    ----------
    info : StreamInfo
        Any stream.
    """

    delay_s = 0.0

    def __init__(self, info: StreamInfo) -> None:
        self.info = info

    def output_info(self, info: StreamInfo) -> StreamInfo:
        """Give the stream unchanged."""
        return info

    def reset(self) -> None:
        """Forget all state: there is none."""

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Take the next chunk; a sample is missing where any of its channels is."""
        known = np.asarray(np.isfinite(chunk.data).all(axis=1, keepdims=True))
        if known.all():
            return chunk
        return chunk.with_data(np.where(known, chunk.data, np.float32(np.nan)))


class _BlockKernel:
    """State and unfinished block of a filter, and the linear map from them to outputs and state."""

    def __init__(self, system: StateSpace, channels: int) -> None:
        A, B, C, D = system
        s = A.shape[0]
        powers = [np.eye(s)]
        for _ in range(_BLOCK):
            powers.append(powers[-1] @ A)
        impulse = np.array([float(D), *(float(C @ powers[i] @ B) for i in range(_BLOCK - 1))])
        lag = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
        self._map = _aligned(_BLOCK + s, s + _BLOCK)
        self._map[:_BLOCK, :s] = [C @ powers[i] for i in range(_BLOCK)]
        self._map[:_BLOCK, s:] = np.where(lag >= 0, impulse[np.maximum(lag, 0)], 0.0)
        self._map[_BLOCK:, :s] = powers[_BLOCK]
        self._map[_BLOCK:, s:] = np.stack([powers[_BLOCK - 1 - j] @ B for j in range(_BLOCK)], 1)
        self._rest = np.linalg.solve(np.eye(s) - A, B)
        self._before, self._after = _aligned(s + _BLOCK, channels), _aligned(_BLOCK + s, channels)
        self._state, self._inputs = self._before[:s], self._before[s:]
        self._outputs, self._next_state = self._after[:_BLOCK], self._after[_BLOCK:]
        self.forget()

    def forget(self) -> None:
        """End the segment."""
        self._filled: int | None = None
        self._inputs[:] = 0.0

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Filter finite samples (n, channels) that follow on from the ones before.

        They are worked in double precision and rounded once.
        """
        if self._filled is None:
            # the state that a constant input leaves
            self._filled, self._state[:] = 0, np.multiply.outer(self._rest, samples[0])
        out = np.empty_like(samples)
        at = 0
        while at < len(samples):
            first, count = self._filled, min(_BLOCK - self._filled, len(samples) - at)
            self._inputs[first : first + count] = samples[at : at + count]
            np.dot(self._map, self._before, out=self._after)
            # plus zero: a sum of zeros may be -0 or 0 by what is still to come
            np.add(self._outputs[first : first + count], 0.0, out=out[at : at + count])
            at, self._filled = at + count, first + count
            if self._filled == _BLOCK:
                self._state[:] = self._next_state
                self._filled = 0
        return out


def _aligned(rows: int, columns: int) -> NDArray[np.float64]:
    """Give zeros that start on a cache line, so that products on them give the same bits."""
    raw = np.zeros(rows * columns + 8)
    skip = -raw.ctypes.data // 8 % 8
    return raw[skip : skip + rows * columns].reshape(rows, columns)
