"""The protocol of a sitting laid out in time: conditions, what each does to the body, lookups."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.timebase import n_samples
from wearaffect.physiology.processes import event_times

__all__ = ["REST", "STEP_S", "STRESS", "Condition", "Interval", "Timeline"]

Array = NDArray[np.float64]

STEP_S = 0.25
"""Everything slow is drawn at the 4 Hz of wrist EDA."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A stretch of a sitting and what it does to the body.

    Attributes
    ----------
    label : str
        Its name.
    duration_s : float
        Seconds, > 0.
    bursts_per_min : float
        Sudomotor bursts before the dead time of 1 s, ≥ 0.
    burst_us : float
        Median size of a burst, µS, ≥ 0.
    heart_rise_per_min, sinus_per_min : float
        Rise of the mean heart rate, and amplitude of its swing with breathing.
    moves_per_min : float
        Movements, ≥ 0.
    cooling : float
        Fall of skin temperature, kelvin.

    Raises
    ------
    ValueError
        The duration isn't positive, or a rate or size is negative.
    """

    label: str
    duration_s: float
    bursts_per_min: float
    burst_us: float
    heart_rise_per_min: float
    sinus_per_min: float
    moves_per_min: float
    cooling: float

    def __post_init__(self) -> None:
        low = min(self.bursts_per_min, self.burst_us, self.sinus_per_min, self.moves_per_min)
        if not (0 < self.duration_s < math.inf and low >= 0):
            msg = f"expected duration_s > 0 and rates >= 0 in condition {self.label!r}"
            raise ValueError(msg)


# Rates and sizes are engineering choices; the heart's rise in stress is the mean of the WESAD
# wrist recordings (doi 10.1145/3242969.3242985), the burst rates put EDA near its +2 µS.
REST = Condition("rest", 360.0, 3.0, 0.2, 0.0, 4.0, 0.3, 0.0)
STRESS = Condition("stress", 300.0, 10.0, 0.3, 15.0, 2.0, 1.0, 0.5)


@dataclass(frozen=True, slots=True)
class Interval:
    """A condition and when it was, half-open, in seconds."""

    condition: Condition
    start_s: float
    end_s: float


class Timeline:
    """A protocol, repeated until the end.

    Parameters
    ----------
    protocol : tuple of Condition
        Not empty.
    duration_s : float
        Seconds.

    Attributes
    ----------
    intervals : tuple of Interval
        They tile ``[0, duration_s)``.
    slow_s : numpy.ndarray, (n,)
        Every `STEP_S`, one step beyond the end, so that every fast sample lies between two.
    """

    def __init__(self, protocol: tuple[Condition, ...], duration_s: float) -> None:
        self.protocol, self.duration_s = protocol, duration_s
        self.intervals = tuple(_intervals(protocol, duration_s))
        self.slow_s = STEP_S * np.arange(math.ceil(duration_s / STEP_S) + 1, dtype=np.float64)
        self._starts_s = np.array([interval.start_s for interval in self.intervals])

    def at(self, name: str, times_s: Array) -> Array:
        """Give a number of the condition at each time, (...)."""
        values = np.array([getattr(i.condition, name) for i in self.intervals], dtype=np.float64)
        place = np.searchsorted(self._starts_s, times_s, side="right") - 1
        return np.asarray(values[place])

    def times(self, sampling_rate: float) -> Array:
        """Give the time of each sample at a rate, (n_samples,), seconds."""
        count = n_samples(self.duration_s, sampling_rate)
        return np.arange(count, dtype=np.float64) / sampling_rate

    def events(self, rng: np.random.Generator, name: str, apart_s: float) -> Array:
        """Draw events at the rate per minute that the conditions give under a name, (n_events,)."""
        # the bound is that of the whole protocol: a longer recording starts with a shorter one
        highest = max(getattr(condition, name) for condition in self.protocol)
        return event_times(
            rng, self.duration_s, lambda t: float(self.at(name, np.asarray(t))), highest, apart_s
        )


def _intervals(protocol: tuple[Condition, ...], duration_s: float) -> Iterator[Interval]:
    start_s, index = 0.0, 0
    while start_s < duration_s:
        condition = protocol[index % len(protocol)]
        end_s = min(start_s + condition.duration_s, duration_s)
        yield Interval(condition, start_s, end_s)
        start_s, index = end_s, index + 1
