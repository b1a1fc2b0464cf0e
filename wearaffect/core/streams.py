"""Streams and the chunks they come in: time-first arrays that carry rate, unit and loss."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import SamplingRateError, SignalError
from wearaffect.core.naming import require_names
from wearaffect.core.timebase import sample_times_ns, samples_ns
from wearaffect.core.units import Unit

__all__ = [
    "Channel",
    "Gap",
    "LossEvidence",
    "Marker",
    "SignalChunk",
    "SignalKind",
    "StreamInfo",
    "Watermark",
    "fits",
]


class SignalKind(StrEnum):
    """What a stream measures."""

    EDA = "eda"
    BVP = "bvp"
    PPG = "ppg"
    ECG = "ecg"
    ACC = "acc"
    TEMP = "temp"
    HR = "hr"
    IBI = "ibi"
    RESP = "resp"
    MARKER = "marker"


_CONDUCTANCE = {Unit.MICROSIEMENS, Unit.NANOSIEMENS, Unit.SIEMENS}
_ACCELERATION = {Unit.GRAVITY, Unit.GRAVITY_64TH, Unit.METRE_PER_SECOND_SQUARED}
_UNITS = {
    SignalKind.EDA: _CONDUCTANCE | {Unit.MILLIVOLT},
    SignalKind.BVP: {Unit.MILLIVOLT},
    SignalKind.PPG: {Unit.MILLIVOLT},
    SignalKind.ECG: {Unit.MILLIVOLT},
    SignalKind.ACC: _ACCELERATION | {Unit.MILLIVOLT},
    SignalKind.TEMP: {Unit.CELSIUS, Unit.MILLIVOLT},
    SignalKind.HR: {Unit.BEATS_PER_MINUTE},
    SignalKind.IBI: {Unit.SECOND, Unit.MILLISECOND},
    SignalKind.RESP: {Unit.MILLIVOLT},
    SignalKind.MARKER: set[Unit](),
}


def fits(kind: SignalKind, unit: Unit) -> bool:
    """Tell whether a kind of signal can be in a unit: its own, its sensor's volts, or counts.

    Parameters
    ----------
    kind : SignalKind
        What is measured.
    unit : Unit
        In which it is said to be.

    Returns
    -------
    bool
        False where one of the two must be a mistake, as conductance in degrees.
    """
    return unit is Unit.ARBITRARY or unit in _UNITS[kind]


class LossEvidence(StrEnum):
    """What a stream can show of samples that never arrived."""

    COUNTER = "counter"
    DEVICE_CLOCK = "device_clock"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of a stream: its name and unit."""

    name: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stream is.

    Attributes
    ----------
    id : str
        ``<device>.<kind>``, unique in a session; it names files, so that of ASCII it has only
        letters, digits, ``_``, ``-`` and dots between them, at most 120.
    kind : SignalKind
        What it measures.
    channels : tuple of Channel
        Name and unit of each column; names are printable, each stands once, and none is that of
        a column which copies and exports add: ``time_ns``, ``segment``, ``counter``.
    sampling_rate : float or None
        Hz; None for a stream of events.
    device, body_site : str
        Where it comes from.
    loss_evidence : LossEvidence
        Whether loss can be proved.

    Raises
    ------
    SamplingRateError
        The rate isn't a positive finite number.
    SignalError
        There is no channel, or the id or a channel's name can't be used.
    """

    id: str
    kind: SignalKind
    channels: tuple[Channel, ...]
    sampling_rate: float | None
    device: str = ""
    body_site: str = ""
    loss_evidence: LossEvidence = LossEvidence.NONE

    def __post_init__(self) -> None:
        require_names(self.id, [channel.name for channel in self.channels])
        rate = self.sampling_rate
        if rate is not None and not (np.isfinite(rate) and rate > 0):
            raise SamplingRateError(
                self.id, "sampling rate", expected="a positive number of Hz", got=str(rate)
            )
        if not self.channels:
            raise SignalError(self.id, "channels", expected="at least one", got="none")

    @property
    def rate_hz(self) -> float:
        """Sampling rate of a regular stream, Hz."""
        if self.sampling_rate is None:
            raise SamplingRateError(
                self.id, "sampling rate", expected="a regular stream", got="none"
            )
        return self.sampling_rate


@dataclass(frozen=True, slots=True, eq=False)
class SignalChunk:
    """Consecutive samples of one stream, in device units.

    Attributes
    ----------
    info : StreamInfo
        The stream.
    data : numpy.ndarray, (n_samples, n_channels), float32, read-only
        Samples; NaN where the device gave none.
    start_ns : int
        Host time of the first sample of a regular stream.
    timestamps_ns : numpy.ndarray, (n_samples,), int64 or None
        One stamp a sample, for irregular streams only.
    device_counter : int or None
        The device's own count at the first sample.
    device_clock_ns : int or None
        The device's own time of the first sample.
    n_lost : int
        Samples known never to have arrived between the chunk before and this one.
    n_damaged : int
        Samples between the chunk before and this one that arrived, but damaged.

    Raises
    ------
    SignalError
        The shape doesn't match the stream, or stamps and regularity contradict each other.
    """

    info: StreamInfo
    data: NDArray[np.float32]
    start_ns: int = 0
    timestamps_ns: NDArray[np.int64] | None = None
    device_counter: int | None = None
    device_clock_ns: int | None = None
    n_lost: int = 0
    n_damaged: int = 0

    def __post_init__(self) -> None:
        data = np.asarray(self.data, dtype=np.float32)
        if data.ndim != 2 or data.shape[1] != len(self.info.channels):
            raise SignalError(
                self.info.id,
                "chunk shape",
                expected=f"(n_samples, {len(self.info.channels)})",
                got=str(data.shape),
            )
        stamped = self.timestamps_ns is not None
        if stamped != (self.info.sampling_rate is None):
            raise SignalError(
                self.info.id, "timestamps", expected="them on irregular streams, and only there"
            )
        if self.timestamps_ns is not None and self.timestamps_ns.shape != (data.shape[0],):
            raise SignalError(
                self.info.id,
                "timestamps",
                expected=str((data.shape[0],)),
                got=str(self.timestamps_ns.shape),
            )
        view = data.view()
        view.flags.writeable = False
        object.__setattr__(self, "data", view)

    def __len__(self) -> int:
        return int(self.data.shape[0])

    @property
    def end_ns(self) -> int:
        """Host time just after the last sample: where the next one is due."""
        if self.timestamps_ns is not None:
            return int(self.timestamps_ns[-1]) + 1 if len(self) else self.start_ns
        return self.start_ns + samples_ns(len(self), self.info.rate_hz)

    def with_data(
        self, data: NDArray[np.floating], info: StreamInfo | None = None
    ) -> "SignalChunk":
        """Give the same stretch with other samples, of this stream or of what it has become.

        Parameters
        ----------
        data : numpy.ndarray, (n_samples, n_channels)
            One row for each sample there is now.
        info : StreamInfo or None
            What the stream has become.
        """
        # not dataclasses.replace: it looks all fields up, which every stage would pay per chunk
        return SignalChunk(
            self.info if info is None else info,
            data,
            self.start_ns,
            self.timestamps_ns,
            self.device_counter,
            self.device_clock_ns,
            self.n_lost,
            self.n_damaged,
        )

    def times_ns(self) -> NDArray[np.int64]:
        """Host time of each sample, (n_samples,)."""
        if self.timestamps_ns is not None:
            return self.timestamps_ns
        return sample_times_ns(self.start_ns, len(self), self.info.rate_hz)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a stream that has no samples.

    Attributes
    ----------
    stream_id : str
        Whose.
    start_ns, end_ns : int
        Half-open interval on the host's clock.
    n_lost : int or None
        How many samples are missing; None where that can't be known.
    reason : str
        What is known of the cause.
    """

    stream_id: str
    start_ns: int
    end_ns: int
    n_lost: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Marker:
    """Something that happened at a time: a button press, a task border."""

    time_ns: int
    label: str


@dataclass(frozen=True, slots=True)
class Watermark:
    """A decision: whatever ends up to this time is complete, later arrivals are late."""

    time_ns: int
