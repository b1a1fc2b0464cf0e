"""The causal filter stage: state carried from chunk to chunk, the same bits however it is cut.

Samples are worked in blocks on a grid that starts where the segment starts, at most 0.25 s long.
A whole block is one affine map of its inputs and the state before it; a block that isn't full yet
is computed from the same state with the same additions in the same order, so an output never
depends on how many samples came after it or in how many pieces they came. Sums run over samples
in ufuncs, never in BLAS, whose bits depend on shapes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.signals.design import StateSpace, butterworth, group_delay_s

__all__ = ["BandFilter", "BandSettings"]

_BLOCK_S = 0.25
_BLOCK_SAMPLES = 16  # longer blocks cost more multiplications than they save calls


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
        self._block = max(1, min(_BLOCK_SAMPLES, int(_BLOCK_S * rate)))
        self._kernel = _BlockKernel(self._system, self._block)
        self._half_sample_ns = int(NS_PER_S / rate / 2)
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
        self._expected_ns: int | None = None
        self._state: NDArray[np.float64] | None = None
        self._pending = np.empty((0, len(self.info.channels)))

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Filter the next chunk."""
        if not len(chunk):
            return chunk
        late = self._expected_ns is not None and (
            abs(chunk.start_ns - self._expected_ns) > self._half_sample_ns
        )
        if late:
            self._end_segment()
        self._expected_ns = chunk.end_ns
        data = chunk.data.astype(np.float64)
        missing = np.asarray(~np.isfinite(data).all(axis=1))
        out = np.full_like(data, np.nan)
        borders = np.flatnonzero(np.diff(missing)) + 1
        for run in np.split(np.arange(len(chunk)), borders):
            if missing[run[0]]:
                self._end_segment()
            else:
                out[run] = self._run(data[run])
        return replace(chunk, data=out.astype(np.float32))

    def _end_segment(self) -> None:
        self._state = None
        self._pending = self._pending[:0]

    def _run(self, data: NDArray[np.float64]) -> NDArray[np.float64]:
        """Filter finite samples that follow on from the state."""
        if self._state is None:
            self._state = self._kernel.settled(data[0])
        carried = self._pending.shape[0]
        samples = np.concatenate([self._pending, data]) if carried else data
        full = samples.shape[0] // self._block
        head, tail = samples[: full * self._block], samples[full * self._block :]
        parts = []
        if full:
            blocks = head.reshape(full, self._block, -1)
            parts.append(self._kernel.outputs(blocks, self._advance(blocks)))
        if tail.shape[0]:
            padded = np.zeros((1, self._block, samples.shape[1]))
            padded[0, : tail.shape[0]] = tail
            parts.append(self._kernel.outputs(padded, self._state[None])[: tail.shape[0]])
        self._pending = tail.copy()
        return np.concatenate(parts)[carried:]

    def _advance(self, blocks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Carry the state over whole blocks; give the state before each, (blocks, s, channels)."""
        assert self._state is not None
        before, self._state = self._kernel.states(blocks, self._state)
        return before


class _BlockKernel:
    """The affine map of a block: inputs and state before it to outputs and state after it."""

    def __init__(self, system: StateSpace, block: int) -> None:
        A, B, C, D = system
        n = A.shape[0]
        powers = [np.eye(n)]
        for _ in range(block):
            powers.append(powers[-1] @ A)
        impulse = np.array([float(D), *(float(C @ powers[i] @ B) for i in range(block - 1))])
        index = np.subtract.outer(np.arange(block), np.arange(block))
        self.block = block
        self._toeplitz = np.where(index >= 0, impulse[np.maximum(index, 0)], 0.0)
        self._observe = np.stack([C @ powers[i] for i in range(block)])
        self._enter = np.stack([powers[block - 1 - j] @ B for j in range(block)])
        self._step = [[float(v) for v in row] for row in powers[block]]
        self._rest = np.linalg.solve(np.eye(n) - A, B)

    def settled(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """State that a constant input leaves, (s, channels)."""
        return np.asarray(np.multiply.outer(self._rest, level))

    def outputs(
        self, blocks: NDArray[np.float64], before: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Outputs of blocks (n, block, channels) from the states before them, flattened in time."""
        out = np.zeros_like(blocks)
        for s in range(before.shape[1]):
            out += self._observe[None, :, s, None] * before[:, None, s, :]
        for j in range(self.block):
            # from row j on only: a later, absent sample can't touch an earlier output
            out[:, j:] += self._toeplitz[None, j:, j, None] * blocks[:, None, j, :]
        return out.reshape(-1, blocks.shape[2])

    def states(
        self, blocks: NDArray[np.float64], state: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """States before each block, (n, s, channels), and the one after the last, (s, channels)."""
        entered = np.zeros((blocks.shape[0], *state.shape))
        for j in range(self.block):
            entered += self._enter[j][None, :, None] * blocks[:, j, None, :]
        before = np.empty_like(entered)
        after = np.empty_like(state)
        for channel in range(state.shape[1]):
            x = [float(v) for v in state[:, channel]]
            path = []
            for drive in entered[:, :, channel].tolist():
                path.append(x)
                x = [
                    sum(a * v for a, v in zip(row, x, strict=True)) + d
                    for row, d in zip(self._step, drive, strict=True)
                ]
            before[:, :, channel] = path
            after[:, channel] = x
        return before, after
