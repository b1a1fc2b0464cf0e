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
from wearaffect.core.timebase import NS_PER_S

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
    """

    FLAT = 1
    CLIPPED = 2
    OFF_SKIN = 4
    LOOSE = 8
    NOISE = 16


# Seconds without any change. In 27 h of worn E4 recordings the longest natural ones were 0.2 s of
# BVP, 4.2 s of EDA (0.1 % of the time is above 2 s), 21 s of ACC and 18 s of TEMP, whose steps are
# coarse: a stuck thermometer can't be told sooner.
_FLAT_S = MappingProxyType(
    {SignalKind.BVP: 0.5, SignalKind.EDA: 1.75, SignalKind.ACC: 30.0, SignalKind.TEMP: 30.0}
)
_LOOK_BACK_S = 1.0

Rule = Callable[[NDArray[np.float32], int, float], NDArray[np.uint8]]


class FaultFinder:
    """Flag the faults of one stream's samples, whatever the chunks.

    Parameters
    ----------
    info : StreamInfo
        A regular stream in µS, g or degC; other kinds are judged for flatness alone.

    Notes
    -----
    EDA: off the skin below 0.05 µS, clipped above 60 µS, noise faster than 10 µS/s (Kleckner et al.
    2018, doi 10.1109/TBME.2017.2758643); loose where it rises by more than 20 % or falls by more
    than 10 % within a second (Kocielnik et al. 2013, doi 10.1109/CBMS.2013.6627790), and by at
    least 0.1 µS (engineering choice: on low levels a response is a large share).
    ACC: clipped where it stays at 1.98 g or beyond, the end of a 2 g range, for two samples.
    TEMP: off the skin outside 20-40 degC (engineering choice; Kleckner et al. have 30-40, which
    real wrists in cool rooms don't meet).
    """

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self._rule = _RULES.get(info.kind)
        rate = info.rate_hz
        self._back = max(1, round(_LOOK_BACK_S * rate))
        self._flat = _FLAT_S.get(info.kind, 30.0) * rate
        self._half_sample_ns = int(NS_PER_S / rate / 2)
        self.reset()

    def reset(self) -> None:
        """Forget all state."""
        self._expected_ns: int | None = None
        self._tail = np.empty((0, len(self.info.channels)), np.float32)
        self._unchanged = 0

    def __call__(self, chunk: SignalChunk) -> NDArray[np.uint8]:
        """Give the flags of the next chunk's samples, (n_samples,)."""
        if not len(chunk):
            return np.empty(0, np.uint8)
        expected_ns = self._expected_ns
        if expected_ns is not None and abs(chunk.start_ns - expected_ns) > self._half_sample_ns:
            self.reset()
        self._expected_ns = chunk.end_ns
        data = np.concatenate([self._tail, chunk.data])
        before = self._tail.shape[0]
        flags = np.where(self._unchanged_for(data, before) >= self._flat, Fault.FLAT, 0)
        flags = flags.astype(np.uint8)
        if self._rule is not None:
            flags |= self._rule(data, self._back, self.info.rate_hz)[before:]
        self._tail = data[-self._back :].copy()
        return flags

    def _unchanged_for(self, data: NDArray[np.float32], before: int) -> NDArray[np.int64]:
        """Count the samples since the last change; a missing sample is one."""
        changed = np.ones(data.shape[0], dtype=bool)
        changed[1:] = (data[1:] != data[:-1]).any(axis=1)  # NaN differs from everything
        index = np.arange(data.shape[0] - before)
        last = np.maximum.accumulate(np.where(changed[before:], index, -1))
        count = np.where(last < 0, self._unchanged + index + 1, index - last)
        self._unchanged = int(count[-1])
        return count


def _eda_faults(data: NDArray[np.float32], back: int, rate: float) -> NDArray[np.uint8]:
    level = data[:, 0]
    earlier = np.full_like(level, np.nan)
    earlier[back:] = level[:-back]
    change = level - earlier
    step = np.abs(np.diff(level, prepend=np.float32(np.nan))) * rate
    with np.errstate(invalid="ignore"):
        moved = (change > 0.2 * earlier) | (change < -0.1 * earlier)
        return np.asarray(
            np.where(level < 0.05, Fault.OFF_SKIN, 0)
            | np.where(level > 60.0, Fault.CLIPPED, 0)
            | np.where(step > 10.0, Fault.NOISE, 0)
            | np.where(moved & (np.abs(change) >= 0.1), Fault.LOOSE, 0)
        ).astype(np.uint8)


def _acc_faults(data: NDArray[np.float32], _back: int, _rate: float) -> NDArray[np.uint8]:
    beyond = np.abs(data) >= 1.98
    beyond[1:] &= data[1:] == data[:-1]
    beyond[:1] = False
    return np.where(beyond.any(axis=1), Fault.CLIPPED, 0).astype(np.uint8)


def _temp_faults(data: NDArray[np.float32], _back: int, _rate: float) -> NDArray[np.uint8]:
    level = data[:, 0]
    return np.where((level < 20.0) | (level > 40.0), Fault.OFF_SKIN, 0).astype(np.uint8)


_RULES: MappingProxyType[SignalKind, Rule] = MappingProxyType(
    {SignalKind.EDA: _eda_faults, SignalKind.ACC: _acc_faults, SignalKind.TEMP: _temp_faults}
)
