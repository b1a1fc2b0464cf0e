"""Skin conductance taken apart while it is measured: tonic level, phasic part, sudomotor driver."""

import math
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from wearaffect.core.errors import SamplingRateError, UnitError
from wearaffect.core.streams import Channel, SignalChunk, StreamInfo
from wearaffect.core.timebase import n_samples
from wearaffect.core.units import Unit
from wearaffect.signals.eda_filter import LaggedFilter, Row, SkinBelief
from wearaffect.signals.segments import SegmentClock

__all__ = ["EdaTracker", "EdaTrackerSettings"]

_MAX_RATE_HZ = 16.0  # above it a sample says next to nothing of the driver of its own step
_NOTHING: Row = [math.nan] * 6
_CHANNELS = (
    Channel("tonic_us", Unit.MICROSIEMENS),
    Channel("phasic_us", Unit.MICROSIEMENS),
    Channel("driver_us_per_s", Unit.MICROSIEMENS_PER_SECOND),
    Channel("tonic_sd_us", Unit.MICROSIEMENS),
    Channel("phasic_sd_us", Unit.MICROSIEMENS),
    Channel("driver_sd_us_per_s", Unit.MICROSIEMENS_PER_SECOND),
)


@dataclass(frozen=True, slots=True)
class EdaTrackerSettings:
    """How long to wait, and what is believed.

    Attributes
    ----------
    lag_s : float
        How long an answer waits for later samples, seconds, ≥ 0. The first second brings all but
        all there is to gain at 4 Hz (benchmarks/eda_lag.py), so 1.
    belief : SkinBelief
        Model of the skin, noise and prior of the driver.

    Raises
    ------
    ValueError
        The lag is negative or not finite.
    """

    lag_s: float = 1.0
    belief: SkinBelief = field(default_factory=SkinBelief)

    def __post_init__(self) -> None:
        if not 0 <= self.lag_s < math.inf:
            msg = f"expected lag_s >= 0, got {self.lag_s}"
            raise ValueError(msg)


class EdaTracker:
    """A `Stage` that gives tonic and phasic conductance and their driver, each with its SD.

    Parameters
    ----------
    settings : EdaTrackerSettings
        What is believed, and the lag.
    info : StreamInfo
        Skin conductance, one channel in µS, regular, at most 16 Hz.

    Raises
    ------
    UnitError
        Not one channel in µS.
    SamplingRateError
        The rate is missing or over 16 Hz.

    Notes
    -----
    Stamps aren't compensated: the row stamped t says what was `delay_s` earlier, known by all
    samples up to t. The driver of a row is that of the step which ends there. A missing sample ends
    the segment: rows that still wait are given as well as they are known by then, its own row is
    missing, and the next sample starts from the steady state at its level. A jump in time of over
    half a sample starts anew too, and what waits is lost, since there is no time to stamp it with;
    the first `delay_s` has no content and comes out missing.

    Sources: Kalman smoother of fixed lag, Anderson & Moore, Optimal Filtering (1979), chapter 7;
    moments of a truncated density as constraint, Simon 2010, doi 10.1049/iet-cta.2009.0032.
    """

    def __init__(self, settings: EdaTrackerSettings, info: StreamInfo) -> None:
        if [channel.unit for channel in info.channels] != [Unit.MICROSIEMENS]:
            got = ", ".join(channel.unit for channel in info.channels)
            raise UnitError(info.id, "skin conductance", expected="one channel in uS", got=got)
        if info.rate_hz > _MAX_RATE_HZ:
            raise SamplingRateError(
                info.id,
                "sampling rate is too high to follow the driver",
                expected=f"at most {_MAX_RATE_HZ:g} Hz",
                got=f"{info.rate_hz:g} Hz",
                remedy="resample to 4 Hz first",
            )
        self.settings = settings
        self.info = info
        self._output_info = self.output_info(info)
        self._lag = n_samples(settings.lag_s, info.rate_hz)
        self._filter = LaggedFilter(settings.belief, 1 / info.rate_hz, self._lag + 1)
        self._clock = SegmentClock(info.rate_hz)
        # the last samples, oldest first: None while the filter still corrects its row
        self._waiting: deque[Row | None] = deque()

    @property
    def delay_s(self) -> float:
        """The lag in whole samples, seconds."""
        return self._lag / self.info.rate_hz

    def output_info(self, info: StreamInfo) -> StreamInfo:
        """Name tonic, phasic, driver and the standard deviation of each."""
        return replace(info, channels=_CHANNELS)

    def reset(self) -> None:
        """Forget all state."""
        self._clock.reset()
        self._filter.forget()
        self._waiting.clear()

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Track the next chunk."""
        if len(chunk) and self._clock.jumped(chunk):
            self._filter.forget()
            self._waiting.clear()
        rows = np.empty((len(chunk), len(_CHANNELS)))
        for i, level in enumerate(chunk.data[:, 0].tolist()):
            rows[i] = self._next(level)
        with np.errstate(over="ignore"):  # what float32 can't hold is as good as missing
            return replace(chunk, info=self._output_info, data=rows.astype(np.float32))

    def _next(self, level: float) -> Row:
        """Take a sample; give the row that has waited long enough."""
        if math.isfinite(level):
            self._filter.step(level)
            self._waiting.append(None)
        else:
            self._settle()
            self._waiting.append(_NOTHING)
        if len(self._waiting) <= self._lag:
            return _NOTHING
        row = self._waiting.popleft()
        return self._filter.row(self._lag) if row is None else row

    def _settle(self) -> None:
        """End the segment; rows that wait are final."""
        last = len(self._waiting) - 1
        for i, row in enumerate(self._waiting):
            if row is None:
                self._waiting[i] = self._filter.row(last - i)
        self._filter.forget()
