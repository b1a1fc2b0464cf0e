"""Acceleration in two parts: what the earth does, and what the arm does."""

from dataclasses import dataclass, replace

import numpy as np

from wearaffect.core.streams import Channel, SignalChunk, StreamInfo
from wearaffect.signals.filters import BandFilter, BandSettings

__all__ = ["GravitySettings", "GravitySplit"]

_GRID = 2.0**-18  # of the unit of the stream: under any accelerometer's step


@dataclass(frozen=True, slots=True)
class GravitySettings:
    """Where gravity ends and motion begins.

    Attributes
    ----------
    high_hz : float
        Corner of the low-pass that keeps gravity. 0.3 Hz as in Anguita et al. 2013 (A public domain
        dataset for human activity recognition using smartphones, ESANN).
    order : int
        Of the low-pass. 2 is an engineering choice: 0.75 s late, where 4 would be 1.4 s.
    """

    high_hz: float = 0.3
    order: int = 2


class GravitySplit:
    """A `Stage` that gives gravity and motion beside each other.

    Parameters
    ----------
    settings : GravitySettings
        The corner.
    info : StreamInfo
        Acceleration, regular, of any number of axes.

    Raises
    ------
    SamplingRateError
        The rate is missing, or too low for the corner.

    Notes
    -----
    Out come twice as many channels in the same unit: ``gravity_<name>`` of every axis, then
    ``motion_<name>``. Their sum is the input: to the last bit where samples lie on a grid of 2**-18
    of their unit (any sensor's counts over a power of two do) and motion stays under 32 units, to
    the rounding of one float32 elsewhere. Gaps are those of `BandFilter`. Why a split at all, and
    what it gets wrong while a wrist turns: van Hees et al. 2013, doi 10.1371/journal.pone.0061691.
    """

    def __init__(self, settings: GravitySettings, info: StreamInfo) -> None:
        self.settings = settings
        self.info = info
        band = BandSettings(high_hz=settings.high_hz, order=settings.order)
        self._low_pass = BandFilter(band, info)
        self._output_info = self.output_info(info)

    @property
    def delay_s(self) -> float:
        """Delay of the gravity channels, seconds; motion is what is left now and isn't late."""
        return self._low_pass.delay_s

    def output_info(self, info: StreamInfo) -> StreamInfo:
        """Name gravity of each axis, then motion of each axis."""
        channels = tuple(
            Channel(f"{part}_{channel.name}", channel.unit)
            for part in ("gravity", "motion")
            for channel in info.channels
        )
        return replace(info, channels=channels)

    def reset(self) -> None:
        """Forget all state."""
        self._low_pass.reset()

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Split the next chunk."""
        slow = self._low_pass(chunk).data
        with np.errstate(over="ignore", invalid="ignore"):  # beyond float32 is missing
            gravity = np.rint(slow / _GRID) * _GRID
            data = np.concatenate([gravity, chunk.data - gravity], axis=1)
        return replace(chunk, info=self._output_info, data=data)
