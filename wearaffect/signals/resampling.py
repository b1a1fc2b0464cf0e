"""Another sampling rate, causally: a windowed sinc read at the times of an absolute grid.

Output sample k stands at ``origin + k / rate`` whatever the input's rate, start or gaps, so streams
of any rates meet on one grid. Stamps aren't compensated: the sample stamped t is made of input up
to t, comes out as soon as that is in, and its content is `Resampler.delay_s` old, as with every
filter here.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S, sample_at
from wearaffect.signals.segments import SteadyClock, grid_times_ns, known_runs

__all__ = ["ResampleSettings", "Resampler"]

_PLACE_BITS = 20  # times are read to 2**-20 of an input sample, so that equal times are equal
_PHASES = 1024  # of the kernel between two samples of the slower rate; linear between them
_MAX_TAPS = 1 << 16
_SLICE = 1 << 18  # products held at a time


@dataclass(frozen=True, slots=True)
class ResampleSettings:
    """The rate to give, and how sharply to cut what it can't carry.

    Attributes
    ----------
    rate_hz : float
        Of the output, Hz.
    pass_share : float
        Share of the band that both rates carry (half the lower of the two) that stays flat, in
        (0, 1). More costs delay: 0.6 means 9 samples of the slower rate (engineering choice).
    stop_db : float
        How far what would fold into the band is put down, at least 21 dB (engineering choice).

    Raises
    ------
    ValueError
        A setting is out of range.
    """

    rate_hz: float
    pass_share: float = 0.6
    stop_db: float = 60.0

    def __post_init__(self) -> None:
        if not (0 < self.rate_hz < math.inf and 0 < self.pass_share < 1):
            msg = f"expected rate_hz > 0 and pass_share in (0, 1), got {self}"
            raise ValueError(msg)
        if not 21 <= self.stop_db <= 150:
            msg = f"expected stop_db from 21 to 150, got {self.stop_db}"
            raise ValueError(msg)


class Resampler:
    """A `Stage` that gives one stream at another rate.

    Parameters
    ----------
    settings : ResampleSettings
        The rate and the cut.
    info : StreamInfo
        A regular stream.
    origin_ns : int
        Time of output sample 0; nothing comes out before it.

    Raises
    ------
    SamplingRateError
        The rate is missing, or over a thousand times the one asked for.

    Notes
    -----
    An output sample is missing where the last input sample before it is missing, and a segment
    starts as if its first value had always been there; grid times in a jump get no sample. Stamps
    that creep away from the declared rate move the reading point once they are half a sample off:
    better declare 64.006 Hz than 64. Design: Kaiser window, Oppenheim & Schafer, Discrete-Time
    Signal Processing, 3rd ed., section 7.5; reading between phases: Smith 1984 (A flexible
    sampling-rate conversion method, doi 10.1109/ICASSP.1984.1172555).
    """

    def __init__(self, settings: ResampleSettings, info: StreamInfo, *, origin_ns: int = 0) -> None:
        self.settings = settings
        self.info = info
        self.origin_ns = origin_ns
        self._output_info = self.output_info(info)
        slowdown = settings.rate_hz / info.rate_hz
        self._kernel = _kernel_phases(settings, min(1.0, slowdown), info)
        self._taps = int(self._kernel.shape[1])
        self._clock = SteadyClock(info.rate_hz)
        self.reset()

    @property
    def delay_s(self) -> float:
        """How old the content of a sample is against its stamp, at any frequency, seconds."""
        return self._taps / 2 / self.info.rate_hz

    def output_info(self, info: StreamInfo) -> StreamInfo:
        """Give the stream at the new rate."""
        return replace(info, sampling_rate=self.settings.rate_hz)

    def reset(self) -> None:
        """Forget all state."""
        self._clock.reset()
        self._next: int | None = None
        self._past: NDArray[np.float64] | None = None

    def __call__(self, chunk: SignalChunk) -> SignalChunk:
        """Resample the next chunk; what comes out may be empty."""
        ahead = sample_at(chunk.start_ns, self.origin_ns, self.settings.rate_hz)
        first = ahead if self._next is None else self._next
        out = np.empty((0, len(self.info.channels)))
        if len(chunk):
            if self._clock.begins(chunk):
                self._past = None
                first = max(ahead, first)
            places = self._due(first, self._clock.count + len(chunk))
            out = self._read(chunk.data.astype(np.float64), places)
        self._next = first + len(out)
        start_ns = int(grid_times_ns(self.origin_ns, first, 1, self.settings.rate_hz)[0])
        with np.errstate(over="ignore"):  # what float32 can't hold is as good as missing
            return SignalChunk(self._output_info, out.astype(np.float32), start_ns)

    def _due(self, first: int, count: int) -> NDArray[np.int64]:
        """Places in the segment, in 2**-20 samples, of the outputs that its input allows."""
        ahead = (
            sample_at(self._clock.end_ns(count), self.origin_ns, self.settings.rate_hz) + 1 - first
        )
        times_ns = grid_times_ns(self.origin_ns, first, max(ahead, 0), self.settings.rate_hz)
        scale = self.info.rate_hz * (1 << _PLACE_BITS) / NS_PER_S
        places = np.rint((times_ns - self._clock.start_ns) * scale).astype(np.int64)
        return np.asarray(places[places >> _PLACE_BITS < count])

    def _read(self, data: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the outputs at places from the next samples of the segment."""
        out = np.full((places.size, data.shape[1]), np.nan)
        last = places >> _PLACE_BITS
        count = self._clock.count
        known = np.asarray(np.isfinite(data).all(axis=1))
        for first, end, is_known in known_runs(known):
            if not is_known:
                self._past = None
                continue
            if self._past is None:
                self._past = np.repeat(data[first : first + 1], self._taps, axis=0)
            samples = np.concatenate([self._past, data[first:end]])
            begins = 0 if first == 0 else count + first
            at = slice(*np.searchsorted(last, [begins, count + end]))
            out[at] = self._weigh(samples, places[at], count + first)
            self._past = samples[-self._taps :]
        self._clock.count += len(data)
        return out

    def _weigh(
        self, samples: NDArray[np.float64], places: NDArray[np.int64], first: int
    ) -> NDArray[np.float64]:
        """Weigh the samples before each place; `samples` begin `taps` before the first."""
        windows = sliding_window_view(samples, self._taps, axis=0)
        begins_at = (places >> _PLACE_BITS) - first + 1
        phase, between = _phase_of(places, len(self._kernel) - 1)
        out = np.empty((places.size, samples.shape[1]))
        step = max(1, _SLICE // (self._taps * samples.shape[1]))
        for a in range(0, places.size, step):
            at = slice(a, a + step)
            low = self._kernel[phase[at]]
            taps = low + between[at, None] * (self._kernel[phase[at] + 1] - low)
            products = np.empty((len(taps), samples.shape[1], self._taps))
            np.multiply(windows[begins_at[at]], taps[:, None, :], out=products)
            # each row is summed on its own, always over as many numbers in the same layout
            np.add.reduce(products, axis=2, out=out[at])
        return out


def _phase_of(
    places: NDArray[np.int64], phases: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the row of the kernel at or before each place, and how far it is to the next."""
    within = (places & ((1 << _PLACE_BITS) - 1)) * phases
    return within >> _PLACE_BITS, (within & ((1 << _PLACE_BITS) - 1)) / (1 << _PLACE_BITS)


def _kernel_phases(
    settings: ResampleSettings, slowdown: float, info: StreamInfo
) -> NDArray[np.float64]:
    """Give the taps (phases + 1, taps), oldest sample first, for places between two samples."""
    stop = 0.5 * slowdown  # cycles per input sample
    width = stop * (1 - settings.pass_share)
    taps = math.ceil((settings.stop_db - 7.95) / 14.36 / width)
    if taps > _MAX_TAPS:
        raise SamplingRateError(
            info.id,
            "resampling",
            expected=f"a rate within a thousand times {settings.rate_hz:g} Hz",
            got=f"{info.rate_hz:g} Hz",
            remedy="resample in two steps",
        )
    phases = max(4, math.ceil(_PHASES * slowdown))
    within = np.arange(phases + 1)[:, None] / phases
    apart = np.arange(taps)[::-1] + within - taps / 2
    window = np.i0(_kaiser_beta(settings.stop_db) * np.sqrt(1 - (2 * apart / taps) ** 2))
    kernel = np.sinc((2 * stop - width) * apart) * window
    # a constant goes through unchanged, whatever the phase
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def _kaiser_beta(stop_db: float) -> float:
    """Shape of the Kaiser window, Oppenheim & Schafer eq. 7.75."""
    if stop_db > 50:
        return 0.1102 * (stop_db - 8.7)
    return float(0.5842 * (stop_db - 21) ** 0.4 + 0.07886 * (stop_db - 21))
