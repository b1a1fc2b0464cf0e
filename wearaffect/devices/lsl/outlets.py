"""What a session gives, offered over LSL: signals, markers, estimates, features, and notes."""

import json
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.affect import AffectEstimate, Outcome
from wearaffect.core.errors import DeviceUriError
from wearaffect.core.events import Event, LateChunk
from wearaffect.core.streams import Marker, SignalChunk, StreamInfo
from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.lsl.liblsl import (
    NETWORK_SETTINGS,
    LslNetwork,
    host_minus_lsl_ns,
    network_of,
    open_liblsl,
)
from wearaffect.devices.uri import parse_uri
from wearaffect.recording.event_messages import event_message
from wearaffect.recording.messages import outcome_message

__all__ = ["LslOutlets", "open_outlets"]

_FOREIGN_NS = 120 * NS_PER_S  # nobody connects for longer; further off is another time line
_BUFFER_S = 360  # what liblsl keeps for a slow reader before its oldest goes: its own default
_SPAN = ("start_s", "end_s", "withheld")
_FIGURES = ("stress", "valence", "arousal", "eda_us", "eda_from_others_us")
_UNITS = {"start_s": "s", "end_s": "s", "eda_us": "uS", "eda_from_others_us": "uS"}
_TEXT = ""

_Column = tuple[str, str, str]
"""Label, unit and type of a column, as XDF's metadata names them."""


class LslOutlets:
    """A sink that offers what it takes as LSL streams.

    Each stream of samples has an outlet of its own, double64, with its name as `StreamInfo.id`,
    its kind as type, and one more column, ``counter``: the device's count of samples, or ours where
    it has none. A reader proves by it what it missed. Stamps are host time on liblsl's clock.

    Beside them there are ``<prefix>.markers``, labels as text; ``<prefix>.notes``, JSON as in the
    journal with its topic as ``type``: outcomes with their reasons, gaps, clocks, what devices
    tell; ``<prefix>.estimates``, a row a window, NaN where nothing is said; and, once used,
    ``<prefix>.features``.

    Parameters
    ----------
    prefix : str
        Begins every source id, which stays the same from run to run: readers find the stream
        again by it.
    network : LslNetwork
        Who may see the streams.
    labels : sequence of str
        Conditions of the bundle, each a column ``p_<label>`` of the estimates; without them that
        outlet opens with the first estimate.

    Attributes
    ----------
    sent : Counter
        Samples and messages handed to liblsl, by source id.
    dropped : Counter
        What was taken but not sent, by source id: samples that came after their place had passed.

    Notes
    -----
    Handing over never waits for a reader. liblsl keeps `360` s for each reader that is too slow,
    then drops its oldest without telling us; that reader sees it by the counter.
    """

    def __init__(
        self,
        prefix: str = "wearaffect",
        network: LslNetwork | None = None,
        labels: Sequence[str] = (),
    ) -> None:
        self._prefix = prefix
        self._pylsl: ModuleType = open_liblsl(network or LslNetwork(), f"lsl:{prefix}")
        self._labels = tuple(labels)
        self._outlets: dict[str, Any] = {}
        self._columns: dict[str, tuple[str, ...]] = {}
        self._counts: dict[str, int] = {}
        self._shift_ns = 0
        self.sent: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        """Open the outlets.

        A time line that isn't the host's, as of a recording that is played, begins now.
        """
        now_ns = time.monotonic_ns()
        foreign = abs(now_ns - start_ns) > _FOREIGN_NS
        self._shift_ns = (now_ns - start_ns if foreign else 0) - host_minus_lsl_ns(self._pylsl)
        for info in streams:
            self._open_signal(info)
        for name, kind in (("markers", "Markers"), ("notes", "Notes")):
            self._open(name, kind, [(name, _TEXT, kind)])
        if self._labels:
            self._open_estimates(self._labels)

    def wait_for_readers(self, timeout_s: float, *names: str) -> bool:
        """Wait until somebody reads: what is sent before that, nobody gets.

        Parameters
        ----------
        timeout_s : float
            At most so long, seconds.
        *names : str
            Outlets, as ``markers`` or the id of a stream; none given: all that are open.

        Returns
        -------
        bool
            Whether each of them has a reader now.
        """
        until_s = time.monotonic() + timeout_s
        return all(
            self._outlets[name].wait_for_consumers(max(0.0, until_s - time.monotonic()))
            for name in names or tuple(self._outlets)
        )

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:  # noqa: ARG002
        """Send samples."""
        stream_id = chunk.info.id
        first = chunk.device_counter
        if first is None:
            first = self._counts.get(stream_id, 0) + chunk.n_lost + chunk.n_damaged
        self._counts[stream_id] = first + len(chunk)
        counter = np.arange(first, first + len(chunk), dtype=np.float64)
        self._push(stream_id, np.column_stack([chunk.data, counter]), chunk.times_ns())

    def watermark(self, time_ns: int) -> None:
        """Nothing is sent of this."""

    def outcome(self, outcome: Outcome) -> None:
        """Send an estimate as numbers and with all it says, or the reasons why there is none."""
        self._note("estimates", outcome.end_ns, outcome_message(outcome))
        if "estimates" not in self._outlets:
            if not isinstance(outcome, AffectEstimate):
                return
            self._open_estimates(tuple(outcome.probabilities))
        self._push_named("estimates", outcome.end_ns, _figures(outcome))

    def features(self, time_ns: int, values: Mapping[str, float]) -> None:
        """Send named numbers: features of a window, or whatever is computed of one.

        Parameters
        ----------
        time_ns : int
            Host time they hold for.
        values : mapping of str to float
            The first call settles the names; a name that is missing later is NaN.
        """
        if "features" not in self._outlets:
            self._open("features", "Features", [(name, "1", "feature") for name in values])
        self._push_named("features", time_ns, values)

    def event(self, event: Event) -> None:
        """Send a marker, or a note of a gap, a piece of a clock, or a device's state."""
        if isinstance(event, Marker):
            self._push_text("markers", event.time_ns, event.label)
        elif isinstance(event, LateChunk):
            self.dropped[self._source(event.chunk.info.id)] += len(event.chunk)
        else:
            self._note(*event_message(event))

    def close(self) -> None:
        """Take the outlets off the air."""
        self._outlets.clear()

    def _open_signal(self, info: StreamInfo) -> None:
        kind = str(info.kind)
        columns = [(c.name, str(c.unit), kind) for c in info.channels]
        columns.append(("counter", "1", "counter"))
        about = {
            "kind": kind,
            "device": info.device,
            "body_site": info.body_site,
            "loss_evidence": str(info.loss_evidence),
        }
        self._open(info.id, kind.upper(), columns, info.sampling_rate or 0.0, about)

    def _open_estimates(self, labels: Sequence[str]) -> None:
        names = (*_SPAN, *_FIGURES, *(f"p_{label}" for label in labels))
        self._open("estimates", "Affect", [(n, _UNITS.get(n, "1"), "estimate") for n in names])

    def _open(
        self,
        name: str,
        kind: str,
        columns: Sequence[_Column],
        rate_hz: float = 0.0,
        about: Mapping[str, str] | None = None,
    ) -> None:
        lsl = self._pylsl
        text = columns[0][1] == _TEXT
        info = lsl.StreamInfo(
            name if about else f"{self._prefix}.{name}",
            kind,
            len(columns),
            rate_hz,
            lsl.cf_string if text else lsl.cf_double64,
            self._source(name),
        )
        described = info.desc()
        channels = described.append_child("channels")
        for label, unit, type_ in columns:
            channel = channels.append_child("channel")
            for key, value in (("label", label), ("unit", unit), ("type", type_)):
                channel.append_child_value(key, value)
        ours = described.append_child("wearaffect")
        for key, value in (about or {}).items():
            ours.append_child_value(key, value)
        self._columns[name] = tuple(label for label, _, _ in columns)
        self._outlets[name] = lsl.StreamOutlet(info, 0, _BUFFER_S)

    def _source(self, name: str) -> str:
        return f"{self._prefix}/{name}"

    def _stamps(self, times_ns: NDArray[np.int64]) -> list[float]:
        # in whole nanoseconds up to here: a double holds them to 0.1 µs for 26 years of uptime
        stamps: list[float] = ((times_ns + self._shift_ns) / NS_PER_S).tolist()
        return stamps

    def _push(self, name: str, rows: NDArray[np.float64], times_ns: NDArray[np.int64]) -> None:
        if len(rows):
            self._outlets[name].push_chunk(rows, self._stamps(times_ns))
            self.sent[self._source(name)] += len(rows)

    def _push_named(self, name: str, time_ns: int, values: Mapping[str, float]) -> None:
        row = [float(values.get(column, math.nan)) for column in self._columns[name]]
        self._push(name, np.array([row]), np.array([time_ns], dtype=np.int64))

    def _push_text(self, name: str, time_ns: int, text: str) -> None:
        (stamp,) = self._stamps(np.array([time_ns], dtype=np.int64))
        self._outlets[name].push_sample([text], stamp)
        self.sent[self._source(name)] += 1

    def _note(self, kind: str, time_ns: int, message: Mapping[str, Any]) -> None:
        text = json.dumps({"type": kind, **message}, allow_nan=False, ensure_ascii=False)
        self._push_text("notes", time_ns, text)


def _figures(outcome: Outcome) -> dict[str, float]:
    """Put an outcome in numbers; what an abstention withholds isn't among them."""
    figures = {"start_s": outcome.start_s, "end_s": outcome.end_s, "withheld": 1.0}
    if not isinstance(outcome, AffectEstimate):
        return figures
    said = {name: getattr(outcome, name) for name in _FIGURES}
    shares = {f"p_{label}": share for label, share in outcome.probabilities.items()}
    known = {name: value for name, value in (said | shares).items() if value is not None}
    return figures | known | {"withheld": 0.0}


def open_outlets(target: str, labels: Sequence[str] = ()) -> LslOutlets:
    """Open ``lsl:[prefix][?scope=machine|link|site&interface=…&session=…]`` as a sink.

    Parameters
    ----------
    target : str
        What stands behind ``lsl:``.
    labels : sequence of str
        Conditions of the bundle whose estimates will come.

    Raises
    ------
    DeviceUriError
        A setting that isn't known or can't be taken.
    """
    uri = parse_uri(f"lsl:{target}")
    uri.allow(*NETWORK_SETTINGS)
    if "/" in uri.target:
        raise DeviceUriError(str(uri), "prefix", expected="a name without /", got=uri.target)
    return LslOutlets(uri.target or "wearaffect", network_of(uri), labels)
