"""Acts on markers and artefacts: nothing is erased, each undoing is a record of its own."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from wearaffect.clinic.sitting.acts import Act, Deed, during, named, reasoned, require
from wearaffect.clinic.sitting.state import Artefact, SetMarker, SittingState, Stage
from wearaffect.core.timebase import NS_PER_S

__all__ = ["MARKING", "UNDO_NS"]

UNDO_NS = 10 * NS_PER_S
"""How long a marker can be undone without a reason (engineering choice: a slip is seen at once)."""

_STAGES = (Stage.RUN, Stage.SELF_REPORT, Stage.REVIEW)
_LONGEST_LABEL = 200


def _set(state: SittingState, act: Act) -> SittingState:
    during(state, act, *_STAGES)
    if state.stage == Stage.REVIEW:
        reasoned(act, "the run is over")
    _expect_id(act, len(state.markers))
    label, time_ns = _marked(state, act)
    marker = SetMarker(len(state.markers), act.time_ns, time_ns, label, act.who)
    return dataclasses.replace(state, markers=(*state.markers, marker))


def _undone(state: SittingState, act: Act) -> SittingState:
    marker = _marker(state, act)
    if act.time_ns - marker.set_ns > UNDO_NS:
        reasoned(act, f"it was set more than {UNDO_NS // NS_PER_S} s ago")
    return _with_marker(state, dataclasses.replace(marker, undone=True))


def _corrected(state: SittingState, act: Act) -> SittingState:
    marker = _marker(state, act)
    label, time_ns = _marked(state, act)
    reasoned(act, "it says something else now")
    return _with_marker(state, dataclasses.replace(marker, label=label, time_ns=time_ns))


def _artefact(state: SittingState, act: Act) -> SittingState:
    during(state, act, *_STAGES)
    _expect_id(act, len(state.artefacts))
    stream_id = named(act, "stream_id")
    there = ", ".join(state.streams) or "no stream"
    require(stream_id in state.streams, f"{act.what}: stream", expected=there, got=stream_id)
    # samples from before the first phase are recorded, too
    start_ns, end_ns = _time(act, "start_ns", 0), _time(act, "end_ns", 0)
    require(start_ns < end_ns, f"{act.what}: a stretch", expected="a start before the end")
    reason = reasoned(act, "samples are there")
    mark = Artefact(len(state.artefacts), stream_id, start_ns, end_ns, reason, act.who)
    return dataclasses.replace(state, artefacts=(*state.artefacts, mark))


def _lifted(state: SittingState, act: Act) -> SittingState:
    during(state, act, *_STAGES)
    index = _index(act, len(state.artefacts))
    mark = state.artefacts[index]
    require(not mark.lifted, f"{act.what}: it is lifted already")
    reasoned(act, "somebody marked it")
    marks = list(state.artefacts)
    marks[index] = dataclasses.replace(mark, lifted=True)
    return dataclasses.replace(state, artefacts=tuple(marks))


def _marker(state: SittingState, act: Act) -> SetMarker:
    during(state, act, *_STAGES)
    marker = state.markers[_index(act, len(state.markers))]
    require(not marker.undone, f"{act.what}: it is undone already")
    return marker


def _with_marker(state: SittingState, marker: SetMarker) -> SittingState:
    markers = list(state.markers)
    markers[marker.id] = marker
    return dataclasses.replace(state, markers=tuple(markers))


def _marked(state: SittingState, act: Act) -> tuple[str, int]:
    label = named(act, "label").strip()
    fits = 0 < len(label) <= _LONGEST_LABEL
    expected = f"1 to {_LONGEST_LABEL} characters"
    require(fits, f"{act.what}: label", expected=expected, got=f"{len(label)}")
    begun = [run.began_ns for run in state.phases if run.began_ns is not None]
    return label, _time(act, "at_ns", min(begun, default=0))


def _time(act: Act, key: str, first_ns: int) -> int:
    """Give a time that has been."""
    value = act.new.get(key)
    fits = type(value) is int and first_ns <= value <= act.time_ns
    expected = f"host time from the start, {first_ns}, until now, {act.time_ns}"
    require(fits, f"{act.what}: {key}", expected=expected, got=repr(value))
    return int(value or 0)


def _index(act: Act, count: int) -> int:
    value = act.new.get("id")
    fits = type(value) is int and 0 <= value < count
    require(fits, f"{act.what}: which", expected=f"an id below {count}", got=repr(value))
    return int(value or 0)


def _expect_id(act: Act, due: int) -> None:
    value = act.new.get("id")
    require(value == due, f"{act.what}: id", expected=str(due), got=repr(value))


MARKING: Mapping[str, Deed] = MappingProxyType(
    {
        "marker set": _set,
        "marker undone": _undone,
        "marker corrected": _corrected,
        "artefact marked": _artefact,
        "artefact lifted": _lifted,
    }
)
"""What may be done, by the act's name."""
