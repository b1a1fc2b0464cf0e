"""Acts before and around a run: purpose, consent, streams, the signal check, an earlier rest."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wearaffect.clinic.sitting.acts import Act, Deed, during, named, reasoned, require
from wearaffect.clinic.sitting.checks import Light
from wearaffect.clinic.sitting.errors import SittingError, StartBlockedError
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse
from wearaffect.clinic.sitting.running import begun
from wearaffect.clinic.sitting.state import Resting, SittingState, Stage
from wearaffect.core.streams import SignalKind

__all__ = ["PREPARING"]

_OPEN = (Stage.PREPARE, Stage.RUN, Stage.SELF_REPORT, Stage.REVIEW)


def _use(state: SittingState, act: Act) -> SittingState:
    during(state, act, *_OPEN)
    try:
        use = IntendedUse.from_dict(act.new)
    except (KeyError, ValueError) as error:
        raise SittingError(f"{act.what}: isn't an intended use", got=str(error)) from error
    return dataclasses.replace(state, use=use)


def _consent(state: SittingState, act: Act) -> SittingState:
    during(state, act, *_OPEN)
    try:
        consent = Consent.from_dict(act.new)
    except (TypeError, ValueError) as error:
        raise SittingError(f"{act.what}: isn't a consent", got=str(error)) from error
    return dataclasses.replace(state, consent=consent)


def _streams(state: SittingState, act: Act) -> SittingState:
    during(state, act, *_OPEN)
    streams = _by_text(act, "streams", tuple(SignalKind))
    return dataclasses.replace(state, streams=streams)


def _lights(state: SittingState, act: Act) -> SittingState:
    during(state, act, *_OPEN)
    lights = _by_text(act, "lights", tuple(Light))
    return dataclasses.replace(state, lights=lights)


def _waived(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.PREPARE)
    kind = named(act, "kind")
    needed = ", ".join(state.protocol.streams) or "nothing"
    require(
        kind in state.protocol.streams,
        f"{act.what}: the protocol doesn't need it",
        expected=needed,
        got=kind,
    )
    reason = reasoned(act, "a stream that the protocol needs isn't there")
    return dataclasses.replace(state, waived={**state.waived, kind: reason})


def _reused(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.PREPARE, Stage.RUN)
    require(
        named(act, "participant") == state.participant,
        f"{act.what}: it is another person's rest",
        expected=state.participant,
        got=named(act, "participant"),
        remedy="take rest in this sitting",
    )
    session = named(act, "session")
    require(session, f"{act.what}: no session", expected="the name of the session", got="none")
    resting = Resting(act.time_ns, session, named(act, "chain_id"))
    return dataclasses.replace(state, resting=resting)


def _started(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.PREPARE)
    if state.blockers:
        raise StartBlockedError(state.blockers)
    require(state.upcoming is not None, f"{act.what}: every phase is left out")
    return begun(dataclasses.replace(state, stage=Stage.RUN), act.time_ns)


def _closed(state: SittingState, act: Act) -> SittingState:
    during(state, act, Stage.PREPARE, Stage.REVIEW)
    if state.stage == Stage.PREPARE:
        reasoned(act, "it never started")
    return dataclasses.replace(state, stage=Stage.CLOSED)


def _by_text(act: Act, key: str, allowed: tuple[str, ...]) -> dict[str, str]:
    told: Any = act.new.get(key)
    fits = isinstance(told, Mapping) and all(
        isinstance(k, str) and value in allowed for k, value in told.items()
    )
    require(fits, f"{act.what}: {key}", expected=f"names to {', '.join(allowed)}", got=repr(told))
    return {k: str(value) for k, value in told.items()}


PREPARING: Mapping[str, Deed] = MappingProxyType(
    {
        "intended use stated": _use,
        "consent noted": _consent,
        "streams seen": _streams,
        "signals checked": _lights,
        "stream waived": _waived,
        "earlier rest reused": _reused,
        "sitting started": _started,
        "sitting closed": _closed,
    }
)
"""What may be done, by the act's name."""
