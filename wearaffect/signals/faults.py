"""Faults of single samples: what a sensor reads when it isn't on the skin, or isn't working.

Flags are found on the raw samples, before any filter smears a fault over its neighbours, and travel
beside the filtered ones into every window. A flag looks back only, so live knows what a file knows.
"""

from collections.abc import Callable
from enum import IntFlag
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.signals.given_rate import HEART_RATE_RANGE
from wearaffect.signals.segments import SegmentClock

__all__ = ["Fault", "FaultFinder"]


class Fault(IntFlag):
    """What can be wrong with a sample; one bit each.

    Attributes
    ----------
    FLAT
        The reading hasn't changed for longer than a living wrist leaves it alone.
    CLIPPED
        At the end of the sensor's range.
    OFF_SKIN
        What the sensor reads in air.
    LOOSE
        Conductance jumps or falls within a second as contact does and sweat doesn't.
    NOISE
        Conductance changes faster than any response.
    GAP
        There is no sample.
    """

    FLAT = 1
    CLIPPED = 2
    OFF_SKIN = 4
    LOOSE = 8
    NOISE = 16
    GAP = 32


# Seconds without any change. In 38 h of worn E4 recordings the longest natural ones were 0.2 s of
# BVP, 4.2 s of EDA (0.2 % of the time beyond 1.5 s), 21 s of ACC and 18 s of TEMP, whose steps are
# coarse: a stuck thermometer can't be told sooner.
_FLAT_S = MappingProxyType(
    {
        SignalKind.BVP: 0.5,
        SignalKind.EDA: 1.5,
        SignalKind.ACC: 30.0,
        SignalKind.TEMP: 30.0,
        SignalKind.HR: 120.0,
    }
)
_LOOK_BACK_S = 1.0

# plain bytes: arithmetic on enumeration members is slow, and this runs on every chunk
_FLAT, _CLIPPED, _OFF_SKIN, _LOOSE, _NOISE, _GAP = (np.uint8(fault) for fault in Fault)

Rule = Callable[[NDArray[np.float32], int, float], NDArray[np.uint8]]


class FaultFinder:
    """Flag the faults of one stream's samples, whatever the chunks.

    Parameters
    ----------
    info : StreamInfo
        A regular stream in µS, g, degC or 1/min; other kinds are judged for flatness alone.

    Notes
    -----
    EDA: off the skin below 0.05 µS, clipped above 60 µS, noise faster than 10 µS/s (Kleckner et al.
    2018, doi 10.1109/TBME.2017.2758643); loose where it rises by more than 20 % or falls by more
    than 10 % within a second (Kocielnik et al. 2013, doi 10.1109/CBMS.2013.6627790), and by at
    least 0.1 µS (engineering choice: on low levels a response is a large share).
    ACC: clipped where it stays at 1.98 g or beyond, the end of a 2 g range, for two samples.
    TEMP: off the skin outside 20-40 degC (engineering choice; Kleckner et al. have 30-40, which
    real wrists in cool rooms don't meet); a band that lies in a warm room isn't seen.
    HR: off the skin outside `HEART_RATE_RANGE`, 0 above all, which devices give without a pulse.
    """

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self._rule = _RULES.get(info.kind)
        self._rate = info.rate_hz
        self._back = max(1, round(_LOOK_BACK_S * self._rate))
        self._flat = _FLAT_S.get(info.kind, 30.0) * self._rate
        self._clock = SegmentClock(self._rate)
        self.reset()

    def reset(self) -> None:
        """Forget all state."""
        self._clock.reset()
        self._forget()

    def _forget(self) -> None:
        """Begin a segment: what was before it is missing."""
        self._tail = np.full((self._back, len(self.info.channels)), np.nan, np.float32)
        self._unchanged = 0

    def __call__(self, chunk: SignalChunk) -> NDArray[np.uint8]:
        """Give the flags of the next chunk's samples, (n_samples,)."""
        if not len(chunk):
            return np.empty(0, np.uint8)
        if self._clock.jumped(chunk):
            self._forget()
        data = np.concatenate([self._tail, chunk.data])
        self._tail = data[-self._back :].copy()
        flags = self._flat_in(data[self._back - 1 :])
        known = np.isfinite(chunk.data)
        if not known.all():
            flags |= ~known.all(axis=1) * _GAP
        if self._rule is not None:
            flags |= self._rule(data, self._back, self._rate)
        return flags

    def _flat_in(self, data: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Flag what hasn't changed for too long; the first row came before the chunk."""
        changed = (data[1:] != data[:-1]).any(axis=1)  # NaN differs from everything
        n = len(changed)
        if self._unchanged + n < self._flat:  # too short to tell, as live chunks mostly are
            at = np.flatnonzero(changed)
            self._unchanged = n - 1 - int(at[-1]) if at.size else self._unchanged + n
            return np.zeros(n, np.uint8)
        index = np.arange(n)
        count = index - np.maximum.accumulate(np.where(changed, index, -1 - self._unchanged))
        self._unchanged = int(count[-1])
        return (count >= self._flat) * _FLAT


def _eda_faults(data: NDArray[np.float32], back: int, rate: float) -> NDArray[np.uint8]:
    level, earlier = data[back:, 0], data[:-back, 0]
    with np.errstate(invalid="ignore", over="ignore"):  # infinite and huge samples
        change = level - earlier
        step = np.abs(level - data[back - 1 : -1, 0]) * rate
    moved = (change > 0.2 * earlier) | (change < -0.1 * earlier)
    flags: NDArray[np.uint8] = (
        (level < 0.05) * _OFF_SKIN
        | (level > 60.0) * _CLIPPED
        | (step > 10.0) * _NOISE
        | (moved & (np.abs(change) >= 0.1)) * _LOOSE
    )
    return flags


def _acc_faults(data: NDArray[np.float32], back: int, _rate: float) -> NDArray[np.uint8]:
    now = data[back:]
    stays = (np.abs(now) >= 1.98) & (now == data[back - 1 : -1])
    flags: NDArray[np.uint8] = stays.any(axis=1) * _CLIPPED
    return flags


def _temp_faults(data: NDArray[np.float32], back: int, _rate: float) -> NDArray[np.uint8]:
    level = data[back:, 0]
    flags: NDArray[np.uint8] = ((level < 20.0) | (level > 40.0)) * _OFF_SKIN
    return flags


def _hr_faults(data: NDArray[np.float32], back: int, _rate: float) -> NDArray[np.uint8]:
    rate = data[back:, 0]
    flags: NDArray[np.uint8] = (
        (rate < HEART_RATE_RANGE[0]) | (rate > HEART_RATE_RANGE[1])
    ) * _OFF_SKIN
    return flags


_RULES: MappingProxyType[SignalKind, Rule] = MappingProxyType(
    {
        SignalKind.EDA: _eda_faults,
        SignalKind.ACC: _acc_faults,
        SignalKind.TEMP: _temp_faults,
        SignalKind.HR: _hr_faults,
    }
)
