"""A session as it may leave the site: pseudonyms for devices and, where asked for, other dates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from wearaffect.core.events import ClockSegment, DeviceNote
from wearaffect.core.streams import Gap, Marker, SignalChunk
from wearaffect.core.timebase import NS_PER_S
from wearaffect.recording.pseudonyms import Pseudonyms, identifying
from wearaffect.recording.session import RecordedStream, Session
from wearaffect.recording.sitting_events import Answer, ArtefactMark, PhaseHeld, SittingEvents

__all__ = ["Departure", "as_it_leaves", "departure_of"]

_DAY_S = 86_400
_DATED_NS = 10**17  # later than that, a clock counts from an epoch and not from when it was started
_SHORTEST = 4  # characters of a device's name that is looked for in free text (engineering choice)
_OF_MODELS = ("bundle_id", "model_hash")  # of what is published: they tell no device
_MONTH = (
    "jan(?:uar[iy]?)?|feb(?:ruar[iy]?)?|m(?:ar(?:ch)?|ärz|rz)|apr(?:il)?|ma[iy]|june?|juni|july?|"
    "juli|aug(?:ust)?|sep(?:t(?:ember)?)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_DATE = re.compile(
    r"\b(?:19|20)\d\d([-/.])\d{1,2}\1\d{1,2}(?:[T_ ]\d{1,2}[:.-]\d\d[\d:.-]*Z?)?"
    r"|\b\d{1,2}([-/.]) ?\d{1,2}\2 ?(?:(?:19|20)\d\d|\d\d\b)"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\.? +(?:{_MONTH})\b\.?(?:,? +(?:19|20)\d\d)?"
    rf"|\b(?:{_MONTH})\b\.? +\d{{1,2}}(?:st|nd|rd|th)?\b(?:,? +(?:19|20)\d\d)?",
    re.IGNORECASE,
)


def as_it_leaves(
    session: Session, *, shift_time: bool = False, keep_addresses: bool = False
) -> Session:
    """Give a session without what tells one device, or one day, from another.

    Parameters
    ----------
    session : Session
        As recorded. The site's key is beside its folder, and made there when it is first needed.
    shift_time : bool
        Move the date back by 1 to 365 whole days, the same for all sessions of a participant, so
        that what lies between them stays, and the time of day too; clocks that count from an epoch
        are moved alike, and dates in texts are left out.
    keep_addresses : bool
        Leave names, serial numbers and addresses of devices as they are.

    Returns
    -------
    Session
        The same samples with what lies between them; without the order of arrival and without what
        came late, which no export has.

    Raises
    ------
    RecordingFormatError, OSError
        The site's key can't be read or made.

    Notes
    -----
    Shifting dates by a random offset for each person is what MIMIC-IV does (Johnson et al. 2023,
    doi 10.1038/s41597-022-01899-x); Hripcsak et al. 2016 (doi 10.1093/jamia/ocw001) study what it
    hides. It isn't by itself the safe harbour of 45 CFR 164.514(b)(2)(i)(C), which lets no element
    of a date but its year stay: that an export is de-identified is for an expert to say,
    164.514(b)(1).
    """
    leaving = departure_of(session, shift_time=shift_time, keep_addresses=keep_addresses)
    return leaving.session(session)


def departure_of(
    session: Session, *, shift_time: bool = False, keep_addresses: bool = False
) -> "Departure":
    """Give what becomes of each thing of a session as it leaves; parameters as `as_it_leaves`."""
    names = Pseudonyms(Path(session.path).absolute().parent)
    moved_s = _DAY_S * names.days(session.participant) if shift_time else 0
    told = () if keep_addresses else tuple(_names_told(session))
    base_ns = session.start_ns if shift_time and abs(session.start_ns) <= _DATED_NS else 0
    return Departure(None if keep_addresses else names, told, moved_s, base_ns)


def _names_told(session: Session) -> set[str]:
    """Give the names and serial numbers that devices told: whole, they may stand in any text."""
    told = {
        str(value)
        for note in session.notes
        for name, value in note.facts.items()
        if identifying(name)
    }
    return {name for name in told if len(name) >= _SHORTEST}


@dataclass(frozen=True, slots=True)
class Departure:
    """What becomes of each thing.

    Attributes
    ----------
    names : Pseudonyms or None
        What stands for devices; None: they stay as they are.
    told : tuple of str
        Names that devices told, looked for in any text.
    moved_s : int
        By how much dates are moved back, seconds.
    base_ns : int
        Host time that becomes zero: the uptime of one computer, beside the moved dates of two
        people, would tell how far apart these were moved.
    """

    names: Pseudonyms | None
    told: tuple[str, ...]
    moved_s: int
    base_ns: int = 0

    def session(self, session: Session) -> Session:
        """Of a session; without the order of arrival and without what came late."""
        wall_s = session.wall_start_s
        return replace(
            session,
            streams={self.device(k): self.stream(s) for k, s in session.streams.items()},
            device=self.device(session.device),
            wall_start_s=None if wall_s is None else wall_s - self.moved_s,
            start_ns=self.time_ns(session.start_ns),
            markers=tuple(map(self.marker, session.markers)),
            clock=tuple(map(self.clock, session.clock)),
            notes=tuple(map(self.note, session.notes)),
            late=(),
            repairs=tuple(map(self.text, session.repairs)),
            problems=tuple(map(self.text, session.problems)),
            arrivals=None,
            header={
                name: value if name in _OF_MODELS else self.text(value)
                for name, value in session.header.items()
            },
        )

    def sitting(self, sitting: SittingEvents) -> SittingEvents:
        """Of what holds of a sitting."""
        return replace(
            sitting,
            markers=tuple(map(self.marker, sitting.markers)),
            phases=tuple(map(self.phase, sitting.phases)),
            artefacts=tuple(map(self.artefact, sitting.artefacts)),
            answers=tuple(map(self.answer, sitting.answers)),
        )

    def marker(self, marker: Marker) -> Marker:
        """Of a marker."""
        return Marker(self.time_ns(marker.time_ns), self.text(marker.label))

    def phase(self, phase: PhaseHeld) -> PhaseHeld:
        """Of a phase."""
        end_ns = None if phase.end_ns is None else self.time_ns(phase.end_ns)
        named = self.text(phase.name), self.text(phase.condition)
        return PhaseHeld(*named, self.time_ns(phase.start_ns), end_ns)

    def artefact(self, mark: ArtefactMark) -> ArtefactMark:
        """Of an artefact."""
        stretch = self.time_ns(mark.start_ns), self.time_ns(mark.end_ns)
        return ArtefactMark(self.device(mark.stream_id), *stretch, self.text(mark.reason))

    def answer(self, told: Answer) -> Answer:
        """Of an answer."""
        value: float | str | list[str]
        match told.value:
            case str(text):
                value = self.text(text)
            case list(texts):
                value = [self.text(text) for text in texts]
            case number:
                value = number
        form, item, phase = map(self.text, (told.form, told.item, told.phase))
        return Answer(self.time_ns(told.time_ns), form, item, phase, value)

    def device(self, text: str) -> str:
        """Of a device's name, or of the id of its stream."""
        if self.names is None:
            return text
        name, dot, kind = text.rpartition(".")
        # an id is a name and a kind; a version or an address may have dots too
        whole = not kind.isalpha()
        return self.names.of_device(text if whole else name) + ("" if whole else dot + kind)

    def text(self, text: str) -> str:
        """Of free text."""
        if self.names is not None:
            for name in self.told:
                stands = self.names.of(name)
                text = re.sub(re.escape(name), stands, text, flags=re.IGNORECASE)
            text = self.names.without_addresses(text)
        return _DATE.sub("(date left out)", text) if self.moved_s else text

    def time_ns(self, time_ns: int) -> int:
        """Of the host's time."""
        return self.clock_ns(time_ns) - (0 if abs(time_ns) > _DATED_NS else self.base_ns)

    def clock_ns(self, time_ns: int) -> int:
        """Of any clock's time, as far as it tells a date."""
        return time_ns - self.moved_s * NS_PER_S if abs(time_ns) > _DATED_NS else time_ns

    def stream(self, stream: RecordedStream) -> RecordedStream:
        """Of a stream; its samples aren't copied."""
        about = stream.info
        info = replace(about, id=self.device(about.id), device=self.device(about.device))
        segments = tuple(
            SignalChunk(
                info,
                part.data,
                self.time_ns(part.start_ns),
                # all of a stream are of one clock
                None
                if part.timestamps_ns is None
                else part.timestamps_ns - (part.start_ns - self.time_ns(part.start_ns)),
                part.device_counter,
            )
            for part in stream.segments
        )
        return RecordedStream(info, segments, tuple(map(self.gap, stream.gaps)))

    def gap(self, gap: Gap) -> Gap:
        """Of a gap."""
        start_ns, end_ns = self.time_ns(gap.start_ns), self.time_ns(gap.end_ns)
        return Gap(self.device(gap.stream_id), start_ns, end_ns, gap.n_lost, self.text(gap.reason))

    def clock(self, piece: ClockSegment) -> ClockSegment:
        """Of a piece of a clock's map."""
        device_ns = self.clock_ns(piece.clock.device_ns)
        host_ns = self.time_ns(piece.clock.host_ns)
        clock = replace(piece.clock, device_ns=device_ns, host_ns=host_ns)
        return ClockSegment(self.device(piece.stream_id), clock, self.text(piece.reason))

    def note(self, note: DeviceNote) -> DeviceNote:
        """Of what became of a device."""
        facts: Mapping[str, str | int | float | bool] = note.facts
        if self.names is not None:
            facts = self.names.of_facts(facts)
        told = {k: self.text(v) if isinstance(v, str) else v for k, v in facts.items()}
        return DeviceNote(self.time_ns(note.time_ns), self.device(note.device), note.state, told)
