"""Acts of a run: phases begin, end, last longer or are left out; rest is taken."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from wearaffect.clinic.sitting.acts import Act, Deed, during, named, reasoned, require
from wearaffect.clinic.sitting.state import PhaseRun, Resting, SittingState, Stage
from wearaffect.core.timebase import ns_from_s, s_from_ns
from wearaffect.signals.enrolment import MIN_REST_S, RestInterval

__all__ = ["RUNNING", "begun", "rest_intervals"]

_LONGEST_EXTENSION_NS = ns_from_s(86_400.0)


def begun(state: SittingState, time_ns: int) -> SittingState:
    """Give the state with the next phase begun, or with the run over where there is none."""
    index = state.upcoming
    if index is None:
        return dataclasses.replace(state, stage=Stage.SELF_REPORT)
    return _with(state, index, dataclasses.replace(state.phases[index], began_ns=time_ns))


def rest_intervals(state: SittingState, origin_ns: int) -> tuple[RestInterval, ...]:
    """Give the rests that were held in a sitting.

    Parameters
    ----------
    state : SittingState
        The sitting.
    origin_ns : int
        Host time that counts as zero seconds: the recording's start.

    Returns
    -------
    tuple of RestInterval
        The resting phases that are over and were long enough, in order.
    """
    return tuple(
        RestInterval(s_from_ns(run.began_ns - origin_ns), s_from_ns(run.ended_ns - origin_ns))
        for run in state.phases
        if run.phase.enrols
        and run.began_ns is not None
        and run.ended_ns is not None
        and run.ended_ns - run.began_ns >= ns_from_s(MIN_REST_S)
    )


def _with(state: SittingState, index: int, run: PhaseRun) -> SittingState:
    phases = (*state.phases[:index], run, *state.phases[index + 1 :])
    return dataclasses.replace(state, phases=phases)


def _running(state: SittingState, act: Act) -> int:
    """Give the phase that runs, which must be the one meant: two hands may press at once."""
    during(state, act, Stage.RUN)
    index = state.current
    assert index is not None  # a run always has one
    name = state.phases[index].phase.name
    require(
        named(act, "phase") == name,
        f"{act.what}: another phase runs",
        expected=named(act, "phase"),
        got=name,
        remedy="look again: it may be done already",
    )
    return index


def _ended(state: SittingState, act: Act, index: int, why: str) -> SittingState:
    run = dataclasses.replace(state.phases[index], ended_ns=act.time_ns, cut_short=why)
    return _with(state, index, run)


def _went_on(state: SittingState, act: Act) -> SittingState:
    index = _running(state, act)
    due_ns = state.phases[index].due_ns
    early = due_ns is not None and act.time_ns < due_ns
    why = reasoned(act, "the phase isn't over yet") if early else ""
    return begun(_ended(state, act, index, why), act.time_ns)


def _extended(state: SittingState, act: Act) -> SittingState:
    index = _running(state, act)
    run = state.phases[index]
    by_ns = act.new.get("by_ns")
    require(run.due_ns is not None, f"{act.what}: the phase has no planned length")
    fits = type(by_ns) is int and 0 < by_ns <= _LONGEST_EXTENSION_NS
    require(fits, f"{act.what}: by how much", expected="up to a day", got=repr(by_ns))
    reasoned(act, "the phase is to last longer than planned")
    longer = dataclasses.replace(run, extended_ns=run.extended_ns + int(by_ns or 0))
    return _with(state, index, longer)


def _left_out(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.PREPARE, Stage.RUN)
    name = named(act, "phase")
    waiting = {
        run.phase.name: i
        for i, run in enumerate(state.phases)
        if run.began_ns is None and not run.skipped
    }
    require(
        name in waiting,
        f"{act.what}: it isn't to come",
        expected=f"one of {', '.join(waiting) or 'no phase any more'}",
        got=name,
    )
    reason = reasoned(act, "the protocol has it")
    index = waiting[name]
    return _with(state, index, dataclasses.replace(state.phases[index], skipped=reason))


def _stopped(state: SittingState, act: Act) -> SittingState:
    index = _running(state, act)
    reason = reasoned(act, "the protocol isn't over")
    state = _ended(state, act, index, reason)
    rest = tuple(
        dataclasses.replace(run, skipped=run.skipped or reason) if run.began_ns is None else run
        for run in state.phases
    )
    return dataclasses.replace(state, phases=rest, stage=Stage.SELF_REPORT)


def _rested(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.RUN, Stage.SELF_REPORT)
    lasted_ns = max(
        (run.lasted_ns(act.time_ns) for run in state.phases if run.phase.enrols), default=0
    )
    require(
        lasted_ns >= ns_from_s(MIN_REST_S),
        f"{act.what}: too little rest",
        expected=f"{MIN_REST_S:g} s of a resting phase",
        got=f"{lasted_ns / 1e9:.0f} s",
    )
    resting = Resting(act.time_ns, "", named(act, "chain_id"))
    return dataclasses.replace(state, resting=resting)


RUNNING: Mapping[str, Deed] = MappingProxyType(
    {
        "phase ended": _went_on,
        "phase extended": _extended,
        "phase left out": _left_out,
        "run stopped": _stopped,
        "rest taken": _rested,
    }
)
"""What may be done, by the act's name."""
