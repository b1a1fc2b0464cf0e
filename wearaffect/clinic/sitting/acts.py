"""An act: somebody did something in a sitting, then, for a reason. Acts are all that is kept."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wearaffect.clinic.sitting.errors import SittingError
from wearaffect.clinic.sitting.state import SittingState, Stage

__all__ = ["Act", "Deed", "during", "named", "reasoned", "require"]

_WHO = re.compile(r"[A-Za-z0-9_-]{2,32}")
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did.

    Attributes
    ----------
    number : int
        In the sitting, from 0 without a hole.
    time_ns : int
        Host monotonic time.
    who : str
        A role or a code, never a name.
    what : str
        Such as ``marker set``.
    new : mapping
        What it is now; JSON.
    old : JSON
        What it was; None: nothing.
    reason : str
        As given.

    Raises
    ------
    SittingError
        Who did it isn't a role or a code, the reason is too long, or it isn't JSON.
    """

    number: int
    time_ns: int
    who: str
    what: str
    new: Mapping[str, Any] = field(default_factory=dict)
    old: Any = None
    reason: str = ""

    def __post_init__(self) -> None:
        if _WHO.fullmatch(self.who) is None:
            raise SittingError(
                "who did it", expected="a role or code of A-Z a-z 0-9 _ -", got=repr(self.who)
            )
        if len(self.reason) > _LONGEST_REASON:
            raise SittingError(
                "the reason is too long",
                expected=f"at most {_LONGEST_REASON} characters",
                got=str(len(self.reason)),
            )
        # a copy: nobody who holds what went in can rewrite it
        for name in ("new", "old"):
            object.__setattr__(self, name, self._plain(getattr(self, name)))

    def _plain(self, value: Any) -> Any:
        try:
            return json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise SittingError(
                f"{self.what}: can't be kept", expected="JSON", got=str(error)
            ) from error


Deed = Callable[[SittingState, Act], SittingState]
"""Checks an act against a state and gives the state after it; raises SittingError."""


def require(
    holds: object, what: str, *, expected: str = "", got: str = "", remedy: str = ""
) -> None:
    """Refuse an act unless something holds.

    Raises
    ------
    SittingError
        It doesn't.
    """
    if not holds:
        raise SittingError(what, expected=expected, got=got, remedy=remedy)


def during(state: SittingState, act: Act, *stages: Stage) -> None:
    """Refuse an act that doesn't belong to where the sitting is."""
    require(
        state.stage in stages,
        f"{act.what}: not now",
        expected=f"a sitting in {' or '.join(stages)}",
        got=str(state.stage),
    )


def reasoned(act: Act, why: str) -> str:
    """Give the reason of an act that needs one."""
    reason = act.reason.strip()
    require(reason, f"{act.what}: {why}", expected="a reason", got="none", remedy="say why")
    return reason


def named(act: Act, key: str) -> str:
    """Give a text of the act's own data."""
    value = act.new.get(key)
    require(isinstance(value, str), f"{act.what}: {key}", expected="a text", got=repr(value))
    return str(value)
