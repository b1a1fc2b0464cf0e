"""From acts to what a sitting is: live, and again from its records."""

import dataclasses
from collections.abc import Iterable, Mapping

from wearaffect.clinic.sitting.acts import Act, Deed, require
from wearaffect.clinic.sitting.answering import ANSWERING
from wearaffect.clinic.sitting.errors import SittingError, SittingFileError
from wearaffect.clinic.sitting.forms import read_form
from wearaffect.clinic.sitting.marking import MARKING
from wearaffect.clinic.sitting.participants import is_code
from wearaffect.clinic.sitting.preparing import PREPARING
from wearaffect.clinic.sitting.protocol import read_protocol
from wearaffect.clinic.sitting.running import RUNNING
from wearaffect.clinic.sitting.state import PhaseRun, SittingState

__all__ = ["OPENED", "after", "rebuild"]

OPENED = "sitting opened"
_DEEDS: Mapping[str, Deed] = {**PREPARING, **RUNNING, **ANSWERING, **MARKING}


def after(state: SittingState | None, act: Act) -> SittingState:
    """Give what a sitting is after an act.

    Parameters
    ----------
    state : SittingState or None
        Before; None: the act opens it.
    act : Act
        The next one.

    Returns
    -------
    SittingState
        New; the old one is as it was.

    Raises
    ------
    SittingError, AnswerError
        The sitting doesn't allow the act as it stands; nothing has changed.
    """
    if state is None:
        return _opened(act)
    require(
        act.number == state.n_acts,
        "acts of the sitting are missing",
        expected=f"act {state.n_acts}",
        got=f"act {act.number}",
    )
    require(
        act.time_ns >= state.last_ns,
        "the host's clock went back",
        expected=f"at least {state.last_ns} ns",
        got=f"{act.time_ns} ns",
        remedy="the computer was started anew: recover the recording and open another sitting",
    )
    require(act.what in _DEEDS, "an unknown act", got=act.what)
    done = _DEEDS[act.what](state, act)
    return dataclasses.replace(done, n_acts=state.n_acts + 1, last_ns=act.time_ns)


def rebuild(acts: Iterable[Act]) -> SittingState:
    """Give what a sitting is from its records alone.

    Raises
    ------
    SittingError
        There are none, one is missing, or they don't follow on one another.
    """
    state: SittingState | None = None
    for act in acts:
        state = after(state, act)
    if state is None:
        raise SittingError("no sitting", expected="its records", got="none")
    return state


def _opened(act: Act) -> SittingState:
    require(
        act.what == OPENED and act.number == 0,
        "the sitting's first act is missing",
        expected=OPENED,
        got=f"act {act.number}, {act.what}",
    )
    try:
        protocol = read_protocol(act.new["protocol"])
        forms = {form.name: form for form in map(read_form, act.new["forms"])}
        participant = str(act.new["participant"])
    except (KeyError, TypeError, SittingFileError) as error:
        raise SittingError("the sitting's first act isn't whole", got=str(error)) from error
    require(is_code(participant), "participant", expected="a code", got=repr(participant))
    lacking = [name for name in protocol.all_forms if name not in forms]
    require(not lacking, "forms that the protocol names aren't given", got=", ".join(lacking))
    runs = tuple(PhaseRun(phase) for phase in protocol.phases)
    return SittingState(participant, protocol, forms, 1, act.time_ns, phases=runs)
