"""How each stream stood over the sitting, as numbers: kept, missing, worn, good or not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wearaffect.clinic.report.facts import Stretch, quality_level, speaks_from_s
from wearaffect.clinic.report.reported import Reported
from wearaffect.core.streams import Gap, SignalKind
from wearaffect.recording.session import RecordedStream

__all__ = ["MissingSpan", "WornShare", "marked", "missing_spans", "standing", "worn_share"]

_JOINED_S = 1.5  # gaps of several streams that begin and end so close together are one event
_OFF_SKIN = "off_skin"
_SHAKEN = (SignalKind.EDA, SignalKind.BVP)  # for which quality names movement


@dataclass(frozen=True, slots=True)
class WornShare:
    """How much of the judged time a signal was what; shares of windows.

    Attributes
    ----------
    good, doubtful, poor, off_skin : float
        They sum to 1; `off_skin` isn't counted as poor again.
    n_windows : int
        How many were judged.
    reasons : tuple of str
        Why it wasn't good, the most frequent first; codes.
    moving : float or None
        Share of windows with strong movement, whatever else they are; None: it isn't judged.
    """

    good: float
    doubtful: float
    poor: float
    off_skin: float
    n_windows: int
    reasons: tuple[str, ...]
    moving: float | None


def standing(told: Reported, stream: RecordedStream) -> list[Stretch]:
    """Give how a stream stood over time.

    Parameters
    ----------
    told : Reported
        The recording.
    stream : RecordedStream
        One of its streams.

    Returns
    -------
    list of Stretch
        `what` is ``good``, ``doubtful``, ``poor`` or ``off_skin``, in time order, for the first
        stream of each kind that is judged; empty for the others.
    """
    kind = stream.info.kind
    first = told.session.of_kind(kind)
    found: list[Stretch] = []
    if first is None or first.info.id != stream.info.id:
        return found
    for window in told.windows:
        level = quality_level(told, window, kind)
        if level is None:
            continue
        from_s = max(speaks_from_s(window, told.spec.hop_s), found[-1].end_s if found else 0.0)
        if found and found[-1].what == level and from_s <= found[-1].end_s + 1e-6:
            found[-1] = Stretch(found[-1].start_s, window.end_s, level)
        else:
            found.append(Stretch(from_s, window.end_s, level))
    return found


def marked(told: Reported, stream_id: str) -> list[Stretch]:
    """Give the stretches of a stream that people marked as artefacts, and why."""
    marks = () if told.sitting is None else told.sitting.artefacts
    return [
        Stretch(told.second(mark.start_ns), told.second(mark.end_ns), mark.reason)
        for mark in marks
        if mark.stream_id == stream_id and not mark.lifted
    ]


def worn_share(told: Reported, stream: RecordedStream) -> WornShare | None:
    """Give the shares of a stream's judged windows; None where it isn't judged."""
    if not standing(told, stream):
        return None
    kind = stream.info.kind
    levels: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for window in told.windows:
        level = quality_level(told, window, kind)
        if level is None:
            continue
        levels[level] += 1
        if level != "good":
            reasons.update(window.quality[kind].reasons[:1])
    n = levels.total()
    good, doubtful, poor, off = (levels[k] / n for k in ("good", "doubtful", "poor", _OFF_SKIN))
    common = tuple(reason for reason, _ in reasons.most_common(2))
    return WornShare(good, doubtful, poor, off, n, common, _moving_share(told, kind))


def _moving_share(told: Reported, kind: SignalKind) -> float | None:
    if kind not in _SHAKEN or told.session.of_kind(SignalKind.ACC) is None:
        return None
    judged = [window for window in told.windows if quality_level(told, window, kind) is not None]
    return sum("motion" in window.quality[kind].reasons for window in judged) / len(judged)


@dataclass(frozen=True, slots=True)
class MissingSpan:
    """A stretch in which one or more streams have no samples; seconds from the start.

    `n_lost` is None where nothing is known of how many, `at_least` where that holds for some.
    """

    start_s: float
    end_s: float
    streams: tuple[str, ...]
    n_lost: int | None
    at_least: bool
    reason: str


def missing_spans(told: Reported) -> list[MissingSpan]:
    """Give the gaps, those of several streams at the same time as one; in time order."""
    gaps = [gap for stream in told.session.streams.values() for gap in stream.gaps]
    groups: list[list[Gap]] = []
    for gap in sorted(gaps, key=lambda gap: (gap.start_ns, gap.end_ns)):
        for group in groups[-8:]:
            close = max(abs(gap.start_ns - group[0].start_ns), abs(gap.end_ns - group[0].end_ns))
            if close <= _JOINED_S * 1e9 and gap.stream_id not in {g.stream_id for g in group}:
                group.append(gap)
                break
        else:
            groups.append([gap])
    return [_span(told, group) for group in groups]


def _span(told: Reported, group: Sequence[Gap]) -> MissingSpan:
    known = [gap.n_lost for gap in group if gap.n_lost is not None]
    at_least = 0 < len(known) < len(group)
    reasons = dict.fromkeys(gap.reason for gap in group if gap.reason)
    return MissingSpan(
        told.second(min(gap.start_ns for gap in group)),
        told.second(max(gap.end_ns for gap in group)),
        tuple(gap.stream_id for gap in group),
        sum(known) if known else None,
        at_least,
        " / ".join(reasons),
    )
