"""What the page sends: the shapes that are taken, and nothing beside them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

__all__ = [
    "CodeText",
    "ExportOrder",
    "FormAct",
    "Invitation",
    "Pass",
    "Plan",
    "Site",
    "SittingAct",
]

_LONGEST = 2000  # characters, as in forms
_LONGEST_S = 1e6  # eleven days; engineering choice

# no control characters but tab and new line
Words = Annotated[str, Field(max_length=_LONGEST, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Seconds = Annotated[FiniteFloat, Field(ge=0, le=_LONGEST_S)]
Number = Annotated[int, Field(ge=0, le=10**6)]
Answer = Annotated[int, Field(ge=-(10**9), le=10**9)] | FiniteFloat | Words | None


class Body(BaseModel):
    """Nothing is made into what it isn't, and nothing is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Pass(Body):
    """A one-time token."""

    token: Annotated[str, Field(max_length=200)]


class Invitation(Body):
    """For which role another page is."""

    role: Literal["operator", "viewer", "participant"]


class Site(Body):
    """Of participants' codes."""

    site: Annotated[str, Field(max_length=8, pattern=r"^[A-Z][A-Z0-9]*$")]


class CodeText(Body):
    """A participant's code as it was typed."""

    text: Words
    foreign: bool


class Use(Body):
    """What estimates are for."""

    setting: Literal["clinic", "laboratory", "home", "workplace", "education"]
    purpose: Literal["research", "medical", "safety", "wellbeing", "development"]
    grounds: Words


class ConsentGiven(Body):
    """What the participant agreed to."""

    recording: bool
    estimates: bool
    sharing: bool
    document: Words
    keep_days: Annotated[int, Field(ge=1, le=36500)] | None


class Plan(Body):
    """A sitting that is to be prepared."""

    participant: Words
    foreign: bool
    protocol: Words
    devices: Annotated[list[Words], Field(min_length=1, max_length=16)]
    model: Words
    use: Use
    consent: ConsentGiven
    rest_from: Words


class ExportOrder(Body):
    """How a session is to be given to others."""

    formats: Annotated[
        list[Literal["parquet", "bids", "edf", "xdf", "e4"]], Field(min_length=1, max_length=5)
    ]
    shift_time: bool


class Start(Body):
    """Begin the first phase."""

    act: Literal["start"]


class OfPhase(Body):
    """End, leave out, or stop in a phase."""

    act: Literal["end_phase", "leave_out", "stop"]
    phase: Words
    reason: Words


class Extend(Body):
    """Let a phase last longer."""

    act: Literal["extend"]
    phase: Words
    by_s: Seconds
    reason: Words


class Mark(Body):
    """Set a marker."""

    act: Literal["mark"]
    label: Words
    at_s: Seconds | None
    reason: Words


class TakeBack(Body):
    """Undo a marker, or lift the mark of an artefact."""

    act: Literal["undo_marker", "lift_artefact"]
    id: Number
    reason: Words


class CorrectMarker(Body):
    """Give a marker another label and time."""

    act: Literal["correct_marker"]
    id: Number
    label: Words
    at_s: Seconds
    reason: Words


class MarkArtefact(Body):
    """Say that a stretch isn't to be used."""

    act: Literal["mark_artefact"]
    stream_id: Words
    start_s: Seconds
    end_s: Seconds
    reason: Words


class WaiveStream(Body):
    """Start without a kind of signal."""

    act: Literal["waive_stream"]
    kind: Words
    reason: Words


class StateUse(Use):
    """Say what estimates are for."""

    act: Literal["state_use"]


class NoteConsent(Body):
    """Note what the participant agrees to."""

    act: Literal["note_consent"]
    consent: ConsentGiven


class GoOn(Body):
    """Go on to review, or close."""

    act: Literal["review", "close"]
    reason: Words


SittingAct = Annotated[
    Start
    | OfPhase
    | Extend
    | Mark
    | TakeBack
    | CorrectMarker
    | MarkArtefact
    | WaiveStream
    | StateUse
    | NoteConsent
    | GoOn,
    Field(discriminator="act"),
]


class OpenPage(Body):
    """Open a form."""

    act: Literal["open"]
    form: Words
    phase: Words | None


class GiveAnswer(Body):
    """Give, change or take back an answer."""

    act: Literal["answer"]
    id: Number
    item: Words
    answer: Answer | Annotated[list[Words], Field(max_length=100)]
    reason: Words


class ClosePage(Body):
    """Close a form."""

    act: Literal["close"]
    id: Number
    reason: Words


FormAct = Annotated[OpenPage | GiveAnswer | ClosePage, Field(discriminator="act")]
