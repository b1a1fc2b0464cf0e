"""What happens in a session, in one list that every export writes in its own way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wearaffect.core.timebase import s_from_ns
from wearaffect.recording.exports.contents import intended_use
from wearaffect.recording.journal_reader import read_topic
from wearaffect.recording.session import RecordedStream, Session
from wearaffect.recording.sitting_events import SittingEvents

__all__ = ["FACTS", "SITTING", "WHAT", "Happening", "happenings"]

WHAT: Mapping[str, str] = {
    "marker": "set by a person or a device; markers that were undone are left out",
    "phase": "a phase of the protocol, from its beginning to its end",
    "artefact": "a stretch of a stream that a person says isn't to be used; its samples are kept",
    "self_report": "what was answered in the end; its time is when its page was closed",
    "gap": "a stretch without samples",
    "estimate": "what the model said of a window",
    "withheld": "why the model says nothing of a window",
}
"""Each sort of happening, and what it is; irregular streams go by their ids."""

SITTING = ("phase", "artefact", "self_report")
"""Those that only a sitting in the console has."""

FACTS: Mapping[str, str] = {
    "stream": "Of an artefact: the stream that is meant",
    "phase": "Of an answer: the phase that it was asked about",
    "condition": "Of a phase: what it stands for",
    "form": "Of an answer: the form",
    "item": "Of an answer: the question in its form",
}
"""What else may be known of a happening."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something with a time, in seconds from zero.

    Attributes
    ----------
    start_s, length_s : float
        When, and how long; zero: a moment.
    what, text : str
        Of which sort, and what is said of it: a label, a name, a reason, an answer, figures.
    facts : mapping of str to str
        Of `FACTS`, those that it has.
    """

    start_s: float
    length_s: float
    what: str
    text: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """All of it but its time and its sort, in one line."""
        of = ", ".join(
            self.facts[name] for name in ("stream", "form", "item") if name in self.facts
        )
        about = self.facts.get("condition") or self.facts.get("phase")
        text = f"{of}: {self.text}" if of else self.text
        return f"{text} ({about})" if about else text


def happenings(session: Session, sitting: SittingEvents) -> list[Happening]:
    """Give everything that happens, in order of time.

    Parameters
    ----------
    session : Session
        Its markers are those that hold. Estimates are left out where it has no intended use.
    sitting : SittingEvents
        Its phases, artefacts and answers.

    Returns
    -------
    list of Happening
        Times are in seconds from the start of the session.
    """
    zero = session.start_ns
    found = [
        Happening(s_from_ns(m.time_ns - zero), 0.0, "marker", m.label) for m in session.markers
    ]
    found += _of_sitting(session, sitting)
    for stream in session.streams.values():
        found += [
            Happening(s_from_ns(g.start_ns - zero), s_from_ns(g.end_ns - g.start_ns), "gap",
                      f"{g.stream_id}: {g.reason}")
            for g in stream.gaps
        ]  # fmt: skip
        if stream.info.sampling_rate is None:
            found += _values(stream, zero)
    if intended_use(session):
        found += [_said(message, zero) for message in _estimates(session)]
    return sorted(found, key=lambda h: (h.start_s, h.what))


def _of_sitting(session: Session, sitting: SittingEvents) -> Iterator[Happening]:
    zero = session.start_ns
    for phase in sitting.phases:
        # one that wasn't ended goes on as long as the recording
        ended_ns = max(phase.start_ns, session.end_ns)
        end_ns = ended_ns if phase.end_ns is None else phase.end_ns
        times = s_from_ns(phase.start_ns - zero), s_from_ns(end_ns - phase.start_ns)
        yield Happening(*times, "phase", phase.name, _known(condition=phase.condition))
    for mark in sitting.artefacts:
        times = s_from_ns(mark.start_ns - zero), s_from_ns(mark.end_ns - mark.start_ns)
        yield Happening(*times, "artefact", mark.reason, _known(stream=mark.stream_id))
    for told in sitting.answers:
        facts = _known(form=told.form, item=told.item, phase=told.phase)
        yield Happening(
            s_from_ns(told.time_ns - zero), 0.0, "self_report", _written(told.value), facts
        )


def _written(value: float | str | list[str]) -> str:
    if isinstance(value, list):
        return "; ".join(value)
    return value if isinstance(value, str) else repr(value).removesuffix(".0")


def _known(**facts: str) -> dict[str, str]:
    return {name: text for name, text in facts.items() if text}


def _values(stream: RecordedStream, zero: int) -> list[Happening]:
    times, data = stream.samples()
    texts = (" ".join(f"{v:.9g}" for v in row) for row in data)
    return [
        Happening(s_from_ns(int(time) - zero), 0.0, stream.info.id, text)
        for time, text in zip(times, texts, strict=True)
    ]


def _estimates(session: Session) -> list[dict[str, Any]]:
    """Give what the journal says of each window, if the session is one of ours."""
    if not (Path(session.path) / "session.mcap").is_file():
        return []
    return read_topic(session.path, "estimates")


def _said(message: Mapping[str, Any], zero: int) -> Happening:
    start_ns, end_ns = int(message["start_ns"]), int(message["end_ns"])
    if message.get("withheld"):
        what, text = "withheld", "; ".join(map(str, message.get("reasons", ())))
    else:
        figures = {k: message.get(k) for k in ("stress", "valence", "arousal")}
        kept = {k: v for k, v in figures.items() if v is not None}
        what, text = "estimate", " ".join(f"{k}={v:.6g}" for k, v in kept.items())
    return Happening(s_from_ns(start_ns - zero), s_from_ns(end_ns - start_ns), what, text)
