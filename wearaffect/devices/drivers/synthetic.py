"""A live device without a body: the synthetic participant over a radio that jitters and fails.

``synthetic:?seed=1&speed=1&duration_s=300&fault=dropout,off_skin&fault_at_s=30&fault_for_s=10``
"""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DeviceError
from wearaffect.core.streams import LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import NS_PER_S, exact_rate, n_samples, s_from_ns
from wearaffect.devices.uri import DeviceUri
from wearaffect.physiology.participant import (
    SENSORS,
    ParticipantSettings,
    SyntheticRecording,
    simulate_participant,
)

__all__ = ["FAULTS", "SyntheticDevice", "SyntheticSettings", "open_synthetic"]

FAULTS = ("dropout", "off_skin", "flat", "disconnect")
"""Packets lost; sensor off the skin; pulse wave stuck; device gone for good."""

# Samples to a packet: 0.25 s of the fast signals, 0.5 s and 1 s of the slow ones, as a wristband
# that fills radio frames does. The delay is the connection interval plus retries. Engineering.
_PACKET = {SignalKind.EDA: 2, SignalKind.BVP: 16, SignalKind.ACC: 8, SignalKind.TEMP: 4}
_DELAY_S, _RETRY_S = 0.015, 0.02
_AMBIENT_C, _COOLING_S = 24.0, 60.0


@dataclass(frozen=True, slots=True)
class SyntheticSettings:
    """What the synthetic device does.

    Attributes
    ----------
    seed : int
        Of the person and of the radio.
    speed : float
        Signal time over real time; 0 is as fast as the reader takes it.
    duration_s : float
        Of the signals, seconds, ≥ 1.
    faults : tuple of str
        Of `FAULTS`.
    fault_at_s, fault_for_s : float
        When each fault begins and how long it lasts, seconds; ``disconnect`` is for good.
    """

    seed: int = 1
    speed: float = 1.0
    duration_s: float = 3600.0
    faults: tuple[str, ...] = ()
    fault_at_s: float = 30.0
    fault_for_s: float = 10.0


class Packet(NamedTuple):
    """Samples ``[first, last)`` of a stream, and when they reach the host, in signal time."""

    due_s: float
    stream: int
    first: int
    last: int


class SyntheticDevice:
    """A wristband on a synthetic participant.

    Parameters
    ----------
    settings : SyntheticSettings
        What it does.

    Attributes
    ----------
    start_ns : int
        Host time of the first sample, from the moment the device is entered.
    recording : SyntheticRecording or None
        What is being sent, with the truth behind it; None before the device is entered.

    Notes
    -----
    Host time of a sample is the monotonic clock when the device was entered plus signal time. At
    speed 1 that is real time; at other speeds the stamps run at the pace of the signal, so that
    rates stay true, and leave the real clock behind or ahead.
    """

    def __init__(self, settings: SyntheticSettings) -> None:
        self.settings = settings
        self.recording: SyntheticRecording | None = None
        self.start_ns = 0
        self._left = asyncio.Event()

    @property
    def streams(self) -> tuple[StreamInfo, ...]:
        """Pulse wave, acceleration, skin conductance and temperature of a wrist."""
        return tuple(
            StreamInfo(
                f"synthetic.{kind}",
                kind,
                sensor.channels,
                sensor.sampling_rate,
                device="synthetic",
                body_site="wrist",
                loss_evidence=LossEvidence.COUNTER,
            )
            for kind, sensor in SENSORS.items()
        )

    @property
    def facts(self) -> Mapping[str, str | int]:
        """Which person it is on."""
        return {"name": "synthetic", "seed": self.settings.seed}

    async def __aenter__(self) -> Self:
        """Simulate the sitting, off the event loop, and start the clock."""
        person = ParticipantSettings(seed=self.settings.seed)
        recording = await asyncio.to_thread(simulate_participant, person, self.settings.duration_s)
        self.recording = _spoilt(recording, self.settings)
        self._left.clear()
        self.start_ns = time.monotonic_ns()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; a reader that waits for the next chunk is let go."""
        self._left.set()

    async def chunks(self) -> AsyncIterator[SignalChunk]:
        """Give chunks as the radio delivers them; each call starts over.

        Yields
        ------
        SignalChunk
            In time order per stream; `device_clock_ns` counts from the device's start.

        Raises
        ------
        DeviceError
            The device hasn't been entered.
        """
        recording = self.recording
        if recording is None:
            raise DeviceError(
                "synthetic:", "not started", remedy="read chunks inside 'async with device:'"
            )
        streams = self.streams
        expected = [0] * len(streams)
        for packet in _packets(recording, self.settings):
            if await self._left_before(packet.due_s):
                return
            info = streams[packet.stream]
            lost = packet.first - expected[packet.stream]
            expected[packet.stream] = packet.last
            yield self._chunk(info, packet, recording.signals[info.kind], lost)

    def _chunk(
        self, info: StreamInfo, packet: Packet, data: NDArray[np.float32], lost: int
    ) -> SignalChunk:
        clock_ns = int(packet.first * NS_PER_S / exact_rate(info.rate_hz))
        return SignalChunk(
            info,
            data[packet.first : packet.last],
            self.start_ns + clock_ns,
            device_counter=packet.first,
            device_clock_ns=clock_ns,
            n_lost=lost,
        )

    async def _left_before(self, due_s: float) -> bool:
        """Wait until a packet is due; True if the device was left by then."""
        speed = self.settings.speed
        passed_s = s_from_ns(time.monotonic_ns() - self.start_ns)
        wait_s = due_s / speed - passed_s if speed else 0.0
        if wait_s <= 0:
            await asyncio.sleep(0)  # the reader's other tasks must get their turn
            return self._left.is_set()
        try:
            await asyncio.wait_for(self._left.wait(), wait_s)
        except TimeoutError:
            return False
        return True


def open_synthetic(uri: DeviceUri) -> SyntheticDevice:
    """Open ``synthetic:``.

    Parameters
    ----------
    uri : DeviceUri
        Settings: the fields of `SyntheticSettings`, the faults as ``fault``.

    Returns
    -------
    SyntheticDevice
        Not yet started.

    Raises
    ------
    DeviceUriError
        A setting that isn't known or can't be taken.
    """
    uri.allow("seed", "speed", "duration_s", "fault", "fault_at_s", "fault_for_s")
    return SyntheticDevice(
        SyntheticSettings(
            seed=uri.integer("seed", 1, 0, 2**31),
            speed=uri.number("speed", 1.0, 0.0, 10_000.0),
            duration_s=uri.number("duration_s", 3600.0, 1.0, 86_400.0),
            faults=uri.choices("fault", FAULTS),
            fault_at_s=uri.number("fault_at_s", 30.0, 0.0, 86_400.0),
            fault_for_s=uri.number("fault_for_s", 10.0, 0.0, 86_400.0),
        )
    )


def _packets(recording: SyntheticRecording, settings: SyntheticSettings) -> Iterator[Packet]:
    """Give the packets that arrive, in the order in which they do."""
    kinds = tuple(SENSORS)
    radios = np.random.default_rng([settings.seed, 1]).spawn(len(kinds))
    sent = (
        _sent(index, kind, len(recording.signals[kind]), radio)
        for index, (kind, radio) in enumerate(zip(kinds, radios, strict=True))
    )
    start_s, end_s = settings.fault_at_s, settings.fault_at_s + settings.fault_for_s
    for packet in heapq.merge(*sent):
        at_s = packet.first / SENSORS[kinds[packet.stream]].sampling_rate
        if "disconnect" in settings.faults and packet.due_s >= start_s:
            return
        if not ("dropout" in settings.faults and start_s <= at_s < end_s):
            yield packet


def _sent(index: int, kind: SignalKind, count: int, radio: np.random.Generator) -> Iterator[Packet]:
    """Give the packets of one stream; a late one holds up those behind it."""
    rate, size = SENSORS[kind].sampling_rate, _PACKET[kind]
    due_s = 0.0
    for first in range(0, count, size):
        last = min(first + size, count)
        due_s = max(due_s, last / rate + _DELAY_S + radio.exponential(_RETRY_S))
        yield Packet(due_s, index, first, last)


def _spoilt(recording: SyntheticRecording, settings: SyntheticSettings) -> SyntheticRecording:
    """Apply the faults that change samples."""
    signals = dict(recording.signals)
    for fault, kind, spoil in _SPOILS:
        if fault in settings.faults:
            rate = SENSORS[kind].sampling_rate
            first = n_samples(settings.fault_at_s, rate)
            last = first + n_samples(settings.fault_for_s, rate)
            data = signals[kind].copy()
            data[first:last] = spoil(data[first:last], rate)
            signals[kind] = data
    return replace(recording, signals=signals)


def _cooled(data: NDArray[np.float32], rate: float) -> NDArray[np.float32]:
    """Let a sensor off the skin cool to room temperature, Newton's way."""
    elapsed_s = np.arange(len(data))[:, None] / rate
    left = np.exp(-elapsed_s / _COOLING_S)
    return np.asarray(_AMBIENT_C + (data - _AMBIENT_C) * left, dtype=np.float32)


def _held(data: NDArray[np.float32], _: float) -> NDArray[np.float32]:
    """Repeat the first sample."""
    return np.broadcast_to(data[:1], data.shape)


def _silenced(data: NDArray[np.float32], _: float) -> NDArray[np.float32]:
    """Leave a thousandth: dry electrodes, light on no vessel."""
    return np.float32(1e-3) * data


_Spoil = Callable[[NDArray[np.float32], float], NDArray[np.float32]]
_SPOILS: tuple[tuple[str, SignalKind, _Spoil], ...] = (
    ("off_skin", SignalKind.EDA, _silenced),
    ("off_skin", SignalKind.BVP, _silenced),
    ("off_skin", SignalKind.TEMP, _cooled),
    ("flat", SignalKind.BVP, _held),
)
