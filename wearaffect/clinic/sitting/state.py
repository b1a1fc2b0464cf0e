"""What a sitting is at one moment; every act makes a new one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wearaffect.clinic.sitting.errors import Hindrance
from wearaffect.clinic.sitting.forms import Answer, Form
from wearaffect.clinic.sitting.protocol import Phase, Protocol
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse

__all__ = [
    "Artefact",
    "Change",
    "Filled",
    "PhaseRun",
    "Resting",
    "SetMarker",
    "SittingState",
    "Stage",
]


class Stage(StrEnum):
    """How far a sitting has come."""

    PREPARE = "prepare"
    RUN = "run"
    SELF_REPORT = "self_report"
    REVIEW = "review"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class PhaseRun:
    """A phase as it went.

    Attributes
    ----------
    phase : Phase
        As planned.
    began_ns, ended_ns : int or None
        Host time.
    extended_ns : int
        What was added to its planned length.
    skipped : str
        Why it was left out; empty: it wasn't.
    cut_short : str
        Why it ended before its planned length; empty: it didn't.
    """

    phase: Phase
    began_ns: int | None = None
    ended_ns: int | None = None
    extended_ns: int = 0
    skipped: str = ""
    cut_short: str = ""

    @property
    def running(self) -> bool:
        """Whether it has begun and hasn't ended."""
        return self.began_ns is not None and self.ended_ns is None

    @property
    def due_ns(self) -> int | None:
        """Host time at which it should end; None: nobody planned that, or it hasn't begun."""
        length_ns = self.phase.length_ns
        if self.began_ns is None or length_ns is None:
            return None
        return self.began_ns + length_ns + self.extended_ns

    def lasted_ns(self, now_ns: int) -> int:
        """Give how long it lasted until now, or until it ended."""
        if self.began_ns is None:
            return 0
        return (now_ns if self.ended_ns is None else self.ended_ns) - self.began_ns


@dataclass(frozen=True, slots=True)
class SetMarker:
    """A marker; `set_ns` is when it was set, `time_ns` what it marks."""

    id: int
    set_ns: int
    time_ns: int
    label: str
    by: str
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Artefact:
    """A stretch of a stream that a person says isn't to be used; samples stay as they are."""

    id: int
    stream_id: str
    start_ns: int
    end_ns: int
    reason: str
    by: str
    lifted: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """An answer given, changed or taken back."""

    time_ns: int
    item: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled.

    Attributes
    ----------
    id : int
        In the sitting.
    form, phase : str
        Which form, and in which phase it was opened; no phase after the last one.
    opened_ns, closed_ns : int or None
        Host time.
    changes : tuple of Change
        Every one, in order.
    unfinished : str
        Why it was closed with required questions open; empty: it wasn't.
    """

    id: int
    form: str
    phase: str
    opened_ns: int
    closed_ns: int | None = None
    changes: tuple[Change, ...] = ()
    unfinished: str = ""

    @property
    def answers(self) -> dict[str, Answer]:
        """What was answered in the end."""
        last = {change.item: change.answer for change in self.changes}
        return {item: answer for item, answer in last.items() if answer is not None}


@dataclass(frozen=True, slots=True)
class Resting:
    """Where the person's resting state comes from.

    Attributes
    ----------
    taken_ns : int
        Host time from which it holds.
    session : str
        Name of the earlier session that it was taken in; empty: this one.
    chain_id : str
        Of the chain that took it.
    """

    taken_ns: int
    session: str
    chain_id: str


@dataclass(frozen=True, slots=True)
class SittingState:
    """Everything that is known of a sitting.

    Attributes
    ----------
    participant : str
        Code.
    protocol : Protocol
        What is to happen.
    forms : mapping of str to Form
        Those that the protocol names, and others at hand.
    n_acts, last_ns : int
        How many acts made it, and when the last was.
    stage : Stage
        How far it has come.
    use : IntendedUse or None
        What estimates are for.
    consent : Consent or None
        What the participant agreed to.
    streams : mapping of str to str
        Kind of each stream that is there, by its id.
    waived : mapping of str to str
        Kinds that may be missing, with the reason.
    lights : mapping of str to str
        The latest signal check: light by kind.
    phases : tuple of PhaseRun
        One for each of the protocol.
    markers, artefacts, filled
        In the order in which they came.
    resting : Resting or None
        The person's resting state.
    """

    participant: str
    protocol: Protocol
    forms: Mapping[str, Form]
    n_acts: int
    last_ns: int
    stage: Stage = Stage.PREPARE
    use: IntendedUse | None = None
    consent: Consent | None = None
    streams: Mapping[str, str] = field(default_factory=dict)
    waived: Mapping[str, str] = field(default_factory=dict)
    lights: Mapping[str, str] = field(default_factory=dict)
    phases: tuple[PhaseRun, ...] = ()
    markers: tuple[SetMarker, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    filled: tuple[Filled, ...] = ()
    resting: Resting | None = None

    @property
    def current(self) -> int | None:
        """Index of the phase that runs."""
        return next((i for i, run in enumerate(self.phases) if run.running), None)

    @property
    def upcoming(self) -> int | None:
        """Index of the phase that comes next."""
        waiting = (i for i, run in enumerate(self.phases) if run.began_ns is None)
        return next((i for i in waiting if not self.phases[i].skipped), None)

    @property
    def blockers(self) -> tuple[Hindrance, ...]:
        """Why it can't start, each a sentence; empty: it can."""
        found = []
        if self.consent is None or not self.consent.recording:
            text = "the participant's consent to be recorded isn't noted"
            found.append(Hindrance(text, "no_consent"))
        for kind in self.missing:
            text = f"no {kind} stream is there, and the protocol needs one"
            found.append(Hindrance(text, "missing_stream", kind))
        return tuple(found)

    @property
    def missing(self) -> tuple[str, ...]:
        """Kinds of signals that the protocol needs, aren't there, and weren't waived."""
        there = {*self.streams.values(), *self.waived}
        return tuple(kind for kind in self.protocol.streams if kind not in there)

    @property
    def due_forms(self) -> tuple[tuple[str, str], ...]:
        """(phase, form) of what should have been filled by now and wasn't.

        A phase's forms are due once it is over: nobody who rests should find questions waiting.
        """
        over = [run for run in self.phases if run.ended_ns is not None]
        due = [(run.phase.name, form) for run in over for form in run.phase.forms]
        if self.stage not in {Stage.PREPARE, Stage.RUN}:
            due += [("", form) for form in self.protocol.forms]
        done = {(f.phase, f.form) for f in self.filled if f.closed_ns is not None}
        return tuple(item for item in due if item not in done)

    @property
    def withheld_because(self) -> tuple[Hindrance, ...]:
        """Why estimates may not be shown at all, each a sentence; empty: they may."""
        found = []
        if self.use is None:
            found.append(Hindrance("intended use not stated", "use_not_stated"))
        elif self.use.barred:
            found.append(Hindrance(self.use.barred, "use_barred", str(self.use.setting)))
        if self.consent is None or not self.consent.estimates:
            found.append(Hindrance("no consent to estimates", "no_estimate_consent"))
        if self.resting is None:
            found.append(self._no_rest)
        return tuple(found)

    @property
    def _no_rest(self) -> Hindrance:
        """Why there is no resting state; begins as bundles say it."""
        what = "resting baseline not taken"
        rests = [run for run in self.phases if run.phase.enrols]
        if not rests:
            return Hindrance(f"{what}: the protocol has no resting phase", "no_rest_phase")
        name, title = rests[0].phase.name, rests[0].phase.title
        if all(run.skipped for run in rests):
            return Hindrance(f"{what}: {title} was left out", "rest_left_out", name)
        if any(run.running for run in rests):
            return Hindrance(f"{what}: {title} isn't over yet", "rest_not_over", name)
        return Hindrance(what, "no_rest", name)
