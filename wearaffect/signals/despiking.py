"""Spikes out: samples far from the median of what stands around them become missing.

Nothing is put in their place: a gap is data, and whoever needs a value there must say how it's
made. A spike is known only from what follows it, so the answer is half a window late; stamps aren't
compensated, as with every filter here: the sample stamped t carries what came in
`Despiker.delay_s` earlier.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import n_samples
from wearaffect.signals.segments import SegmentClock

__all__ = ["DESPIKE", "DespikeSettings", "Despiker"]

_SD_PER_MAD = 1.4826  # of normal noise
_SLICE = 1 << 18  # numbers sorted at a time


@dataclass(frozen=True, slots=True)
class DespikeSettings:
    """What counts as a spike.

    Attributes
    ----------
    half_window_s : float
        Seconds looked at on either side; a tall spike up to that long is found.
    min_step : float
        A sample this close to the median is never a spike, in the unit of the stream: under it a
        quiet signal would lose its own ripples, whose median deviation is next to nothing.
    n_sigma : float
        Deviations that make a spike, in standard deviations as the median deviation gives them. 3
        is the usual choice (Pearson et al. 2016, doi 10.1186/s13634-016-0383-6).
    lowest, highest : float
        What the sensor can give, in the unit of the stream; other values are spikes at any length.

    Raises
    ------
    ValueError
        A setting is out of range.
    """

    half_window_s: float
    min_step: float
    n_sigma: float = 3.0
    lowest: float = -math.inf
    highest: float = math.inf

    def __post_init__(self) -> None:
        sizes = (self.half_window_s, self.min_step, self.n_sigma)
        if not (all(0 < size < math.inf for size in sizes) and self.lowest < self.highest):
            msg = f"expected positive sizes and lowest < highest, got {self}"
            raise ValueError(msg)


DESPIKE: Mapping[SignalKind, DespikeSettings] = MappingProxyType(
    {
        SignalKind.EDA: DespikeSettings(2.0, 0.1, lowest=0.0, highest=100.0),
        SignalKind.TEMP: DespikeSettings(2.0, 0.5, lowest=-40.0, highest=115.0),
    }
)
"""Settings in µS and degC: the E4's ranges from its manual, the rest engineering choices."""


class Despiker:
    """A `Stage` that marks spikes as missing, by Hampel's rule on each channel.

    Parameters
    ----------
    settings : DespikeSettings
        What counts as a spike.
    info : StreamInfo
        A regular stream.

    Raises
    ------
    SamplingRateError
        The rate is missing, or there is no neighbour in half a window.

    Notes
    -----
    A sample x goes where ``|x - median| > max(min_step, n_sigma * 1.4826 * MAD)`` over the samples
    within half a window of it, missing ones not counted. Nothing is carried but those samples, so a
    missing one touches nothing else. A jump in time of over half a sample starts anew: the first
    half window has no content yet and comes out missing, and the last half window before the jump
    never comes out, since there is no time left to stamp it with.

    Source: Hampel 1974 and after, as in Pearson et al. 2016, doi 10.1186/s13634-016-0383-6.
    """

    def __init__(self, settings: DespikeSettings, info: StreamInfo) -> None:
        self.settings = settings
        self.info = info
        self._half = n_samples(settings.half_window_s, info.rate_hz)
        if self._half < 1:
            raise SamplingRateError(
                info.id,
                "sampling rate is too low to tell spikes",
                expected=f"at least {1 / settings.half_window_s:g} Hz",
                got=f"{info.rate_hz:g} Hz",
            )
        self._clock = SegmentClock(info.rate_hz)
        self._past: NDArray[np.float64]
        self.reset()

    @property
    def delay_s(self) -> float:
        """Half a window, in whole samples, seconds."""
        return self._half / self.info.rate_hz

    @property
    def n_removed(self) -> int:
        """Values marked as missing since the last reset, over all channels."""
        return self._n_removed

    def output_info(self, info: StreamInfo) -> StreamInfo:
        """Give the stream unchanged: rate, channels and units stay."""
        return info

    def reset(self) -> None:
        """Forget all state."""
        self._clock.reset()
        self._n_removed = 0
        self._start_segment()

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Despike the next chunk."""
        if not len(chunk):
            return chunk
        if self._clock.jumped(chunk):
            self._start_segment()
        possible = (chunk.data >= self.settings.lowest) & (chunk.data <= self.settings.highest)
        judged = np.where(possible & np.isfinite(chunk.data), chunk.data, np.nan)
        self._n_removed += int(np.sum(~possible & np.isfinite(chunk.data)))
        samples = np.concatenate([self._past, judged.astype(np.float64)])
        self._past = samples[-2 * self._half :]
        windows = sliding_window_view(samples, 2 * self._half + 1, axis=0)
        out = windows[:, :, self._half].copy()
        step = max(1, _SLICE // windows[0].size)
        for first in range(0, len(out), step):
            spikes = self._spikes(windows[first : first + step])
            out[first : first + step][spikes] = np.nan
            self._n_removed += int(spikes.sum())
        return replace(chunk, data=out.astype(np.float32))

    def _start_segment(self) -> None:
        self._past = np.full((2 * self._half, len(self.info.channels)), np.nan)

    def _spikes(self, windows: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell whether the middle of each window (..., 2 half + 1) is a spike."""
        median = _median(windows)
        deviations = np.abs(windows - median[..., None])
        limit = np.maximum(
            self.settings.min_step, self.settings.n_sigma * _SD_PER_MAD * _median(deviations)
        )
        # a missing middle or an empty window compares as false
        return np.asarray(deviations[..., self._half] > limit)


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of the finite numbers on the last axis; NaN where there are none."""
    ordered = np.sort(values, axis=-1)  # missing ones last
    count = np.isfinite(ordered).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, count // 2, axis=-1)
    return np.asarray((low + high)[..., 0] / 2)
