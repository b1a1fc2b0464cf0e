"""From a session folder to what its report is made of: what was recorded and shown, nothing new."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.bundle.estimator import NO_REST
from wearaffect.bundle.manifest import Manifest, read_manifest
from wearaffect.bundle.model import ModelBundle, find_bundle
from wearaffect.clinic.report.custody import custody_of
from wearaffect.clinic.report.reported import Reported, Rested
from wearaffect.clinic.sitting.acts import Act
from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.gate import shown
from wearaffect.clinic.sitting.history import rebuild
from wearaffect.clinic.sitting.records import acts_in
from wearaffect.clinic.sitting.running import rest_intervals
from wearaffect.clinic.sitting.state import Resting, SittingState
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome, Quantity
from wearaffect.core.errors import BundleError, WearAffectError
from wearaffect.core.streams import Marker, SignalKind
from wearaffect.core.timebase import ns_from_s
from wearaffect.core.windows import Quality, Window
from wearaffect.pipeline.offline import analyze
from wearaffect.recording.journal_reader import read_journal, read_topic
from wearaffect.recording.session import Session
from wearaffect.recording.windows import Progress, windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import RestInterval

__all__ = ["estimated_afterwards", "recorded"]

_BUNDLE_NAME = re.compile(r"[A-Za-z0-9_.-]+")


def recorded(folder: str | PathLike[str], progress: Progress | None = None) -> Reported:
    """Read a session folder, closed or cut off, for its report.

    Parameters
    ----------
    folder : path
        A session folder.
    progress : callable or None
        Called with the share of the samples that heart rate was worked out for.

    Returns
    -------
    Reported
        Its outcomes are those that the journal holds: what was shown.

    Raises
    ------
    RecordingNotFoundError, RecordingFormatError, CorruptRecordingError, RecordingError
        It isn't a session, nothing of it is left, or it is sealed.
    """
    place = Path(folder)
    custody = custody_of(place)
    session, sitting, acts = _with_sitting(place, read_journal(place))
    outcomes = _outcomes(place)
    told = Reported(
        session,
        outcomes=outcomes,
        manifest=_manifest(str(custody.header.get("bundle_id") or _bundle_of(outcomes))),
        rested=_rested(session, sitting, outcomes),
        asked_rest=None if sitting is None else _rest_held(session, sitting),
        custody=custody,
        sitting=sitting,
        acts=acts,
        afterwards=False,
    )
    return _described(told, progress)


def estimated_afterwards(
    told: Reported,
    bundle: ModelBundle,
    rest: RestInterval | None = None,
    progress: Progress | None = None,
) -> Reported:
    """Give a session with outcomes that are worked out now.

    Parameters
    ----------
    told : Reported
        From `recorded`.
    bundle : ModelBundle
        What estimates.
    rest : RestInterval or None
        When the person rests; None: in the sitting's resting phase, if there was one.
    progress : callable or None
        Called with the share that is done.

    Returns
    -------
    Reported
        What the participant didn't consent to, or the law bars, is withheld as in the sitting.

    Raises
    ------
    BundleMismatchError
        The bundle doesn't fit the recording.
    """
    asked = rest or told.asked_rest
    analysis = analyze(told.session, bundle, rest=asked, progress=progress)
    made = Reported.of(analysis)
    outcomes = analysis.outcomes
    if told.sitting is not None:
        state = told.sitting
        if analysis.enrolment is not None:
            taken_ns = told.session.start_ns + ns_from_s(analysis.enrolment.end_s)
            state = replace(state, resting=Resting(taken_ns, "", analysis.enrolment.chain_id))
        outcomes = tuple(shown(state, outcome) for outcome in outcomes)
    return replace(
        made, outcomes=outcomes, custody=told.custody, sitting=told.sitting, acts=told.acts
    )


def _with_sitting(
    folder: Path, session: Session
) -> tuple[Session, SittingState | None, tuple[Act, ...]]:
    """Give the session with the markers that hold in the end, and what people noted."""
    try:
        acts = acts_in(folder)
        if not acts:
            return session, None, ()
        state = rebuild(acts)
    except SittingError as error:
        found = f"what people noted in the sitting can't be read ({error.line()})"
        return replace(session, problems=(*session.problems, found)), None, ()
    told = Counter(
        (int(act.new["at_ns"]), str(act.new["label"]).strip())
        for act in acts
        if act.what == "marker set"
    )
    heard = []
    for marker in session.markers:
        key = (marker.time_ns, marker.label)
        if told[key]:
            told[key] -= 1
        else:
            heard.append(marker)
    set_by_hand = [Marker(m.time_ns, m.label) for m in state.markers if not m.undone]
    markers = sorted([*heard, *set_by_hand], key=lambda marker: marker.time_ns)
    return replace(session, markers=tuple(markers)), state, acts


def _rest_held(session: Session, state: SittingState) -> RestInterval | None:
    return next(iter(rest_intervals(state, session.start_ns)), None)


def _rested(
    session: Session, state: SittingState | None, outcomes: Sequence[Outcome]
) -> Rested | None:
    """Say which resting state the outcomes were set against."""
    if state is not None and state.resting is not None:
        if state.resting.session:
            return Rested(where=state.resting.session)
        held = _rest_held(session, state)
        return Rested(None if held is None else (held.start_s, held.end_s))
    if state is None and any(isinstance(o, AffectEstimate) for o in outcomes):
        # a recording without a protocol doesn't say when rest was, but withheld until it was over
        waited = [o for o in outcomes if isinstance(o, Abstention) and NO_REST in o.reasons]
        return Rested() if waited else None
    return None


def _described(told: Reported, progress: Progress | None) -> Reported:
    """Add windows: time and quality as they were shown, heart rate and movement worked out now."""
    settings = (
        told.manifest.chain_settings if told.manifest is not None else ChainSettings(told.spec)
    )
    # in time order: what was late isn't, and the journal needn't be replayed
    plain = replace(told.session, arrivals=None)
    chain = Chain(settings, origin_ns=plain.start_ns)
    try:
        made = [replace(window, signals={}) for window in windows_of(plain, chain, progress)]
    except WearAffectError as error:
        found = f"heart rate and movement couldn't be worked out ({error.line()})"
        problems = (*told.session.problems, found)
        told = replace(told, session=replace(told.session, problems=problems))
        made = []
    if not told.outcomes:
        return replace(told, windows=tuple(made))
    features = {window.end_ns: window.features for window in made}
    windows = tuple(
        Window(
            outcome.start_ns,
            outcome.end_ns,
            {},
            outcome.quality,
            features.get(outcome.end_ns, {}),
            origin_ns=outcome.origin_ns,
        )
        for outcome in told.outcomes
    )
    return replace(told, windows=windows)


# ---- the bundle and what it said


def _bundle_of(outcomes: Iterable[Outcome]) -> str:
    return next((o.bundle_id for o in outcomes if o.bundle_id), "")


def _manifest(bundle_id: str) -> Manifest | None:
    """Give the manifest of the very bundle that estimated, if it is at hand."""
    name = bundle_id.partition("@")[0]
    if _BUNDLE_NAME.fullmatch(name) is None:
        return None
    try:
        manifest = read_manifest(find_bundle(name))
    except BundleError:
        return None
    return manifest if manifest.id == bundle_id else None


def _outcomes(folder: Path) -> tuple[Outcome, ...]:
    return tuple(_outcome(message) for message in read_topic(folder, "estimates"))


def _outcome(message: Mapping[str, Any]) -> Outcome:
    quality = {
        SignalKind(kind): Quality(_number(said["score"]), tuple(said["reasons"]))
        for kind, said in message["quality"].items()
    }
    start_ns, end_ns = int(message["start_ns"]), int(message["end_ns"])
    bundle_id, origin_ns = str(message["bundle_id"]), int(message["origin_ns"])
    if message["withheld"]:
        reasons = tuple(map(str, message["reasons"]))
        return Abstention(start_ns, end_ns, reasons, quality, None, bundle_id, origin_ns)
    return AffectEstimate(
        start_ns,
        end_ns,
        {str(name): _number(p) for name, p in message["probabilities"].items()},
        _number(message["stress"]),
        _optional(message["eda_us"]),
        {float(h): _band(band) for h, band in message["eda_forecast_us"].items()},
        {str(name): _quantity(said) for name, said in message["physics"].items()},
        _optional(message["valence"]),
        _optional(message["arousal"]),
        modalities=tuple(map(SignalKind, message["modalities"])),
        quality=quality,
        bundle_id=bundle_id,
        origin_ns=origin_ns,
    )


def _quantity(said: Mapping[str, Any]) -> Quantity:
    bounds = said["ci95"]
    ci95 = None if bounds is None else (_number(bounds[0]), _number(bounds[1]))
    return Quantity(_number(said["value"]), str(said["unit"]), ci95, bool(said["identifiable"]))


def _band(values: Sequence[Any]) -> tuple[float, float, float]:
    low, median, high = map(_number, values)
    return low, median, high


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _optional(value: Any) -> float | None:
    return None if value is None else _number(value)
