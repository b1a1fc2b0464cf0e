"""Sittings recorded through the real pipeline: replay, chain, bundle, journal and acts on a clock.

What happens when is written down here, so that a test can count without asking the report.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sitting_parts import AGREED, RESEARCH

from wearaffect.bundle.model import ModelBundle
from wearaffect.clinic.sitting.forms import form_named
from wearaffect.clinic.sitting.protocol import read_protocol
from wearaffect.clinic.sitting.purpose import Consent
from wearaffect.clinic.sitting.records import about
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.core.affect import Outcome
from wearaffect.core.clocks import ClockMap
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState, Event
from wearaffect.core.streams import LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.timebase import exact_rate
from wearaffect.devices.drivers.replay import ReplayDevice
from wearaffect.pipeline.live import run_live
from wearaffect.recording.journal import JournalSettings, JournalWriter
from wearaffect.recording.session import RecordedStream, Session, cut
from wearaffect.signals.enrolment import RestInterval

S = 1_000_000_000
GAP_S = (430, 450)
REST_S = (5, 312)
PROTOCOL: Mapping[str, Any] = {
    "name": "stroop_short",
    "title": {"en": "Rest, colour words, rest", "de": "Ruhe, Farbwörter, Ruhe"},
    "phases": [
        {
            "name": "rest", "title": {"en": "Rest", "de": "Ruhe"}, "length_s": 300,
            "enrols": True, "streams": ["eda", "bvp"], "forms": ["affect"],
        },
        {
            "name": "colour_words", "title": {"en": "Colour words", "de": "Farbwörter"},
            "length_s": 180, "streams": ["eda"], "forms": ["affect"],
            "markers": [{"key": "b", "label": "first card"}],
        },
        {"name": "interview", "title": {"en": "Interview", "de": "Gespräch"}, "length_s": 120},
        {"name": "recovery", "title": {"en": "Recovery", "de": "Erholung"}, "length_s": 180},
    ],
    "forms": ["words"],
}  # fmt: skip

Act = Callable[[Sitting, int], None]
"""Does something, given the time now."""


def _fill(form: str, answers: Mapping[str, Any]) -> Act:
    def act(sitting: Sitting, now_ns: int) -> None:
        page = sitting.open_form(form)
        for item, answer in answers.items():
            sitting.answer(page, item, answer)
        sitting.close_form(page)

    return act


EDA, BVP = "e4.eda", "e4.bvp"
REMARK = 'It was <b>loud</b> & warm; =HYPERLINK("http://x","y")'
SCRIPT: Sequence[tuple[int, Act]] = (
    (5, lambda s, now: s.start()),
    (312, lambda s, now: s.end_phase("rest")),
    (312, lambda s, now: s.rest_taken("made-up")),
    (315, _fill("affect", {"arousal": 0.2, "valence": 0.7, "dominance": 0.8})),
    (322, lambda s, now: s.mark("first card")),
    (380, lambda s, now: s.mark("spoke")),
    (384, lambda s, now: s.undo_marker(1)),
    (402, lambda s, now: s.mark("eror")),
    (470, lambda s, now: s.extend("colour_words", 60, "the strap had to be closed again")),
    (500, lambda s, now: s.leave_out("interview", "the participant asked to skip it")),
    (540, lambda s, now: s.end_phase("colour_words", "all cards were read")),
    (545, _fill("affect", {"arousal": 0.8, "valence": 0.3})),
    (712, lambda s, now: s.stop("recovery", "the participant had to leave")),
    (713, _fill("words", {"feelings": ["tired", "worried"], "strain": 6, "remarks": REMARK})),
    (715, lambda s, now: s.review()),
    (
        716,
        lambda s, now: s.correct_marker(2, "error", now - 320 * S, "seen on the video"),
    ),
    (
        717,
        lambda s, now: s.mark_artefact(EDA, now - 265 * S, now - 245 * S, "strap closed again"),
    ),
    (
        717,
        lambda s, now: s.mark_artefact(BVP, now - 100 * S, now - 90 * S, "a cough"),
    ),
    (718, lambda s, now: s.lift_artefact(1, "the pulse is clear there")),
    (719, lambda s, now: s.close()),
)


def wristband(session: Session, start_s: float, seconds: float, gap_s: Sequence[float]) -> Session:
    """A part of a recording as a device with a counter gives it, with a disconnect in it.

    Temperature keeps no count: of it loss can't be proved.
    """
    first_ns = session.start_ns + int(start_s * S)
    streams = {}
    for stream in session.streams.values():
        if stream.info.sampling_rate is None:
            continue
        counted = stream.info.kind != SignalKind.TEMP
        info = replace(
            stream.info,
            id=f"e4.{stream.info.kind}",
            device="E4",
            loss_evidence=LossEvidence.COUNTER if counted else LossEvidence.NONE,
        )
        (segment,) = stream.segments
        whole = cut(segment, first_ns, first_ns + int(seconds * S))
        count = round((whole.start_ns - first_ns) * exact_rate(info.rate_hz) / S)
        whole = SignalChunk(
            info, whole.data, whole.start_ns, device_counter=count if counted else None
        )
        edges = (first_ns, *(first_ns + int(edge * S) for edge in gap_s), whole.end_ns)
        parts = [cut(whole, a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        streams[info.id] = RecordedStream(info, tuple(part for part in parts if len(part)))
    return replace(session, streams=streams, start_ns=first_ns, markers=(), path="wristband")


class Desk:
    """A sink between pipeline and journal: acts happen when their time has come."""

    def __init__(self, journal: JournalWriter, sitting: Sitting, script: Sequence[tuple[int, Act]]):
        self.journal, self.sitting = journal, sitting
        self.now_ns, self.stopped = 0, False
        self._todo = list(script)
        self._start_ns = 0

    def start(self, streams: Sequence[StreamInfo], start_ns: int) -> None:
        self._start_ns = self.now_ns = start_ns
        self.sitting.see_streams(streams)
        self.journal.start(streams, start_ns)
        self.sitting.attach(self.journal)
        note = DeviceNote(start_ns, "E4", DeviceState.CONNECTED, {"battery_percent": 81})
        self.journal.event(note)
        for stream in streams[:2]:
            clock = ClockMap(0, start_ns, 12.5, 300_000, 1_400_000, None)
            self.journal.event(ClockSegment(stream.id, clock, "start"))
        self._later = {
            GAP_S[0]: DeviceNote(start_ns + GAP_S[0] * S, "E4", DeviceState.LOST, {"reason": "?"}),
            GAP_S[1]: DeviceNote(start_ns + GAP_S[1] * S, "E4", DeviceState.CONNECTED),
        }

    def until(self, time_ns: int) -> None:
        """Let everything happen that was to happen until then."""
        while self._todo and self._start_ns + self._todo[0][0] * S <= time_ns:
            at_s, act = self._todo.pop(0)
            self.now_ns = self._start_ns + at_s * S
            act(self.sitting, self.now_ns)
        for at_s in [s for s in self._later if self._start_ns + s * S <= time_ns]:
            self.journal.event(self._later.pop(at_s))

    def chunk(self, chunk: SignalChunk, received_ns: int) -> None:
        self.until(chunk.end_ns)
        self.journal.chunk(chunk, chunk.end_ns)

    def watermark(self, time_ns: int) -> None:
        self.journal.watermark(time_ns)

    def outcome(self, outcome: Outcome) -> None:
        self.journal.outcome(self.sitting.shown(outcome))

    def event(self, event: Event) -> None:
        self.journal.event(event)

    def close(self) -> None:
        self.until(2**62)
        if self.stopped:
            self.journal.audit("recorder", "server stopped", reason="nobody closed the sitting")
        self.journal.close()


def record(
    folder: Path,
    session: Session,
    bundle: ModelBundle | None,
    *,
    script: Sequence[tuple[int, Act]] = SCRIPT,
    protocol: Mapping[str, Any] = PROTOCOL,
    participant: str = "KA-0007-F",
    consent: Consent = AGREED,
    wall_start_s: float = 1_763_800_000.0,
    stopped: bool = False,
) -> Desk:
    """Record a sitting over a replayed session, as fast as it goes."""
    device = ReplayDevice(session, speed=0)
    desk: Desk

    def now_ns() -> int:
        return desk.now_ns if made else session.start_ns

    made = False
    forms = [form_named("affect"), form_named("words")]
    sitting = Sitting.open(participant, read_protocol(protocol), forms, now_ns)
    sitting.note_consent(consent)
    sitting.state_use(RESEARCH)
    journal = JournalWriter(
        folder,
        participant=participant,
        device="E4",
        wall_start_s=wall_start_s,
        intended_use=RESEARCH.sentence,
        bundle_id=bundle.manifest.id if bundle else "",
        model_hash=bundle.manifest.files["model.onnx"] if bundle else "",
        settings=JournalSettings(
            about=about(sitting.state.protocol, sitting.state.consent), copy_patience_s=20.0
        ),
    )
    desk = Desk(journal, sitting, script)
    desk.now_ns, desk.stopped, made = session.start_ns, stopped, True
    rest = RestInterval(*REST_S) if bundle else None
    run_live([device], bundle, [desk], rest=rest)
    return desk
