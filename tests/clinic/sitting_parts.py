"""A made-up protocol, a clock that is set by hand, and a log that keeps what it is told."""

from collections.abc import Mapping
from typing import Any

from wearaffect.clinic.sitting.forms import Form, form_named, read_form
from wearaffect.clinic.sitting.protocol import Protocol, read_protocol
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse, Purpose, Setting
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.core.affect import AffectEstimate
from wearaffect.core.events import Event
from wearaffect.core.streams import Channel, SignalKind, StreamInfo
from wearaffect.core.units import Unit

S = 1_000_000_000
EDA = StreamInfo("w.eda", SignalKind.EDA, (Channel("eda", Unit.MICROSIEMENS),), 4.0, "W")
BVP = StreamInfo("w.bvp", SignalKind.BVP, (Channel("bvp", Unit.ARBITRARY),), 64.0, "W")
PROTOCOL: Mapping[str, Any] = {
    "name": "three",
    "title": "Three phases",
    "phases": [
        {
            "name": "rest", "length_s": 300, "enrols": True, "streams": ["eda", "bvp"],
            "forms": ["affect"],
        },
        {"name": "task", "length_s": 60, "streams": ["eda"]},
        {"name": "open_end"},
    ],
    "forms": ["words"],
}  # fmt: skip
RESEARCH = IntendedUse(Setting.LABORATORY, Purpose.RESEARCH, "study 7")
AGREED = Consent(recording=True, estimates=True, document="v3", keep_days=365)


class Clock:
    """The host's monotonic clock, set by hand."""

    def __init__(self, start_s: float = 1000.0) -> None:
        self.ns = int(start_s * S)

    def __call__(self) -> int:
        return self.ns

    def pass_s(self, seconds: float) -> None:
        self.ns += int(seconds * S)


class Kept:
    """A log in memory: everything in the order in which it came."""

    def __init__(self) -> None:
        self.audited: list[dict[str, Any]] = []
        self.told: list[tuple[str, dict[str, Any], int]] = []
        self.events: list[Event] = []

    def audit(
        self, who: str, what: str, *, old: object = None, new: object = None, reason: str = ""
    ) -> None:
        self.audited.append({"who": who, "what": what, "old": old, "new": new, "reason": reason})

    def tell(self, topic: str, message: Mapping[str, Any], time_ns: int) -> None:
        self.told.append((topic, dict(message), time_ns))

    def event(self, event: Event) -> None:
        self.events.append(event)


def protocol_of(document: Mapping[str, Any] = PROTOCOL) -> Protocol:
    return read_protocol(document)


def forms() -> list[Form]:
    return [form_named("affect"), form_named("words"), read_form(form_named("sam_scores").document)]


def opened(clock: Clock, document: Mapping[str, Any] = PROTOCOL) -> Sitting:
    return Sitting.open("KA-0007-F", protocol_of(document), forms(), clock)


def started(clock: Clock, log: Kept | None = None) -> Sitting:
    """A sitting in its first phase, with everything that estimates need but rest."""
    sitting = opened(clock)
    sitting.note_consent(AGREED)
    sitting.state_use(RESEARCH)
    sitting.see_streams([EDA, BVP])
    sitting.attach(log or Kept())
    sitting.start()
    return sitting


def estimate(end_ns: int) -> AffectEstimate:
    return AffectEstimate(end_ns - 60 * S, end_ns, {"calm": 0.2, "stress": 0.8}, 0.8, bundle_id="b")
