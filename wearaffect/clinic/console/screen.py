"""What a page shows of the signals: the latest of each, gaps, devices, estimates."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.clinic.console.frames import samples_frame
from wearaffect.clinic.console.lights import Lights
from wearaffect.clinic.sitting.checks import StreamCheck
from wearaffect.core.affect import Outcome
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState, Event
from wearaffect.core.streams import Gap, Marker, SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S, ns_from_s

__all__ = ["DeviceFacts", "Screen"]

_SHOWN_NS = ns_from_s(30.0)  # what a page shows of the past (engineering choice)
_MOST = 50  # gaps and markers in a list that people read (engineering choice)
_STEP_S = 1  # seconds that a point of the overview stands for
_GAP_STEPS = 1.5  # a jump of more than this many sampling intervals is a gap, as in the socket


@dataclass(slots=True)
class DeviceFacts:
    """What a device last said of itself.

    Attributes
    ----------
    state : DeviceState
        What it does.
    told : dict
        Facts by name, the latest of each.
    clock_ns : int or None
        Uncertainty of the map of its clock; None: it has no clock of its own.
    """

    state: DeviceState = DeviceState.CONNECTED
    told: dict[str, Any] = field(default_factory=dict)
    clock_ns: int | None = None


class Screen:
    """A sink that keeps what pages show; any thread may read.

    Nothing here is the recording: the journal beside it is.
    """

    def __init__(self) -> None:
        self.streams: tuple[StreamInfo, ...] = ()
        self.start_ns = 0
        self.devices: dict[str, DeviceFacts] = {}
        self.gaps: deque[Gap] = deque(maxlen=_MOST)
        self.n_gaps = 0
        self.heard: deque[Marker] = deque(maxlen=_MOST)
        self.outcomes: list[Outcome] = []
        self._tracks: dict[str, _Track] = {}
        self._lights = Lights((), 0)
        self._changed = threading.Lock()

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Learn what will come."""
        self.streams, self.start_ns = tuple(streams), start_ns
        self.devices = {info.device: DeviceFacts() for info in streams}
        self._tracks = {info.id: _Track(i, info, start_ns) for i, info in enumerate(streams)}
        self._lights = Lights(streams, start_ns)

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:  # noqa: ARG002
        """Keep it for a while, and see whether something is missing before it."""
        with self._changed:
            gap = self._tracks[chunk.info.id].take(chunk)
            if gap is not None:
                self._gap(gap)
        # judging takes its time, and who reads must not wait for it
        self._lights.push(chunk)

    def watermark(self, time_ns: int) -> None:
        """Pages don't wait for windows."""

    def outcome(self, outcome: Outcome) -> None:
        """Keep it."""
        self.outcomes.append(outcome)

    def event(self, event: Event) -> None:
        """Keep what pages show of it."""
        with self._changed:
            if isinstance(event, Gap):
                self._tracks[event.stream_id].missing(event)
                self._gap(event)
            elif isinstance(event, Marker):
                self.heard.append(event)
            elif isinstance(event, ClockSegment):
                device = self._tracks[event.stream_id].info.device
                self.devices[device].clock_ns = event.clock.uncertainty_ns
            elif isinstance(event, DeviceNote):
                self._note(event)

    def close(self) -> None:
        """Nothing is held."""

    def _gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        self.n_gaps += 1

    def _note(self, note: DeviceNote) -> None:
        facts = self.devices.setdefault(note.device, DeviceFacts())
        facts.told.update(note.facts)
        if note.state is not DeviceState.TOLD:
            facts.state = note.state

    def last_ns(self, stream_id: str) -> int | None:
        """Give the time of a stream's latest sample."""
        return self._tracks[stream_id].last_ns

    def lights(self, now_ns: int) -> dict[str, StreamCheck | None]:
        """Give the light of each stream; see `Lights.checks`."""
        return self._lights.checks(now_ns)

    def new_samples(self, now_ns: int) -> bytes | None:
        """Give what came since the last call as a message for the socket."""
        with self._changed:
            blocks = [(t.index, chunk) for t in self._tracks.values() for chunk in t.drain()]
        return samples_frame(blocks, self.start_ns, now_ns)

    def latest_samples(self, now_ns: int) -> bytes | None:
        """Give the latest half minute, for a page that has just come."""
        with self._changed:
            blocks = [(t.index, chunk) for t in self._tracks.values() for chunk in t.sent]
        return samples_frame(blocks, self.start_ns, now_ns)

    def overview(self, points: int) -> dict[str, Any]:
        """Give the lowest and highest value of each channel along the whole recording."""
        with self._changed:
            seconds = max((t.n_steps for t in self._tracks.values()), default=0)
            step = max(1, -(-seconds // points))
            rows = [row for t in self._tracks.values() for row in t.envelopes(step)]
        return {"step_s": step * _STEP_S, "streams": rows}


class _Track:
    """One stream: what waits to be sent, what was sent lately, and its envelope."""

    def __init__(self, index: int, info: StreamInfo, start_ns: int) -> None:
        self.index = index
        self.info = info
        self.sent: deque[SignalChunk] = deque()
        self.last_ns: int | None = None
        self.n_steps = 0
        self._start_ns = start_ns
        self._told_until_ns = start_ns
        self._waiting: list[SignalChunk] = []
        shape = (0, 2, len(info.channels))
        self._envelope: NDArray[np.float32] = np.empty(shape, np.float32)

    def take(self, chunk: SignalChunk) -> Gap | None:
        if not len(chunk):
            return None
        gap = self._gap_before(chunk)
        self.last_ns = chunk.end_ns
        self._waiting.append(chunk)
        self._widen(chunk)
        return gap

    def missing(self, gap: Gap) -> None:
        """Somebody has told of a gap: it isn't found again."""
        self._told_until_ns = max(self._told_until_ns, gap.end_ns)

    def _gap_before(self, chunk: SignalChunk) -> Gap | None:
        rate = self.info.sampling_rate
        if rate is None or self.last_ns is None:
            return None
        begins_ns = int(chunk.times_ns()[0])
        lost = chunk.n_lost + chunk.n_damaged
        jumped = begins_ns - self.last_ns > (_GAP_STEPS - 1) * NS_PER_S / rate
        if not (lost or jumped) or begins_ns <= self._told_until_ns:
            return None
        return Gap(self.info.id, self.last_ns, begins_ns, lost or None, "")

    def drain(self) -> list[SignalChunk]:
        waiting, self._waiting = self._waiting, []
        self.sent.extend(waiting)
        while self.sent and self.sent[0].end_ns < self.sent[-1].end_ns - _SHOWN_NS:
            self.sent.popleft()
        return waiting

    def _widen(self, chunk: SignalChunk) -> None:
        steps = (chunk.times_ns() - self._start_ns) // (_STEP_S * NS_PER_S)
        first, last = int(steps[0]), int(steps[-1])
        if first < 0:
            return
        if last >= len(self._envelope):
            more = np.full((last + 1024, 2, self._envelope.shape[2]), np.nan, np.float32)
            more[: len(self._envelope)] = self._envelope
            self._envelope = more
        self.n_steps = max(self.n_steps, last + 1)
        for step in range(first, last + 1):
            inside = chunk.data[steps == step]
            if len(inside):
                low, high = self._envelope[step]
                np.fmin(low, np.fmin.reduce(inside), out=low)
                np.fmax(high, np.fmax.reduce(inside), out=high)

    def envelopes(self, step: int) -> list[dict[str, Any]]:
        count = -(-self.n_steps // step)
        padded = np.full((count * step, *self._envelope.shape[1:]), np.nan, np.float32)
        padded[: self.n_steps] = self._envelope[: self.n_steps]
        blocks = padded.reshape(count, step, *self._envelope.shape[1:])
        low, high = np.fmin.reduce(blocks[:, :, 0], axis=1), np.fmax.reduce(blocks[:, :, 1], axis=1)
        return [
            {
                "id": self.info.id,
                "channel": channel.name,
                "unit": str(channel.unit),
                "low": _json(low[:, i]),
                "high": _json(high[:, i]),
            }
            for i, channel in enumerate(self.info.channels)
        ]


def _json(values: NDArray[np.float32]) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]
