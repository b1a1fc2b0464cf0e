"""The signal check: each stream ok, to look at or bad, and what to do, in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality
from wearaffect.signals.enrolment import LEAST_QUALITY

__all__ = ["ADVICE", "Light", "StreamCheck", "check_signals"]

_OK_FROM = (
    0.9  # engineering choice: what costs under a tenth isn't worth a reason in windows either
)
_BAD_BELOW = 0.5  # engineering choice: half of the window, as for answers


class Light(StrEnum):
    """How a stream stands."""

    OK = "ok"
    LOOK = "look"
    BAD = "bad"


ADVICE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("eda", "off_skin"): "The electrodes don't touch the skin: close the strap by one hole.",
        ("eda", "loose"): "The contact jumps: press the electrodes on, or moisten them a little.",
        ("eda", "flat"): "The value doesn't change: check that the electrodes lie on the skin.",
        ("eda", "clipped"): "The value is at its limit: wipe the skin dry and put it on again.",
        (
            "eda",
            "noise",
        ): "The value flickers: keep cables and the other hand away from the sensor.",
        ("eda", "motion"): "The hand moves: let it lie still on the table.",
        ("bvp", "off_skin"): "The light doesn't reach the skin: close the strap by one hole.",
        ("bvp", "flat"): "No pulse wave comes: close the strap by one hole, or shift it a little.",
        ("bvp", "clipped"): "The light is too strong: loosen the strap a little.",
        ("bvp", "few_beats"): "Few clear beats: warm the hand, keep it still, shift the sensor.",
        ("bvp", "motion"): "The hand moves: let it lie still on the table.",
        ("acc", "flat"): "No movement comes at all: switch the device off and on again.",
        ("temp", "flat"): "The temperature stands still: check that the sensor lies on the skin.",
        ("", "missing"): "Nothing comes: switch the device on, bring it near, check its battery.",
        ("", "gap"): "Samples are missing: bring the device nearer; take the body out of its way.",
        ("", "off_skin"): "The sensor isn't on the skin: put it on again.",
        ("", "loose"): "The contact jumps: press the sensor on.",
        ("", "flat"): "The value doesn't change: check the sensor.",
        ("", "clipped"): "The value is at its limit: put the sensor on again.",
        ("", "noise"): "The signal is noisy: move away from cables and chargers.",
        ("", "few_beats"): "Few clear beats: check that the sensor sits firmly.",
        ("", "motion"): "There is much movement: sit still for a moment.",
        ("", "poor"): "The signal is poor: put the sensor on again.",
    }
)
"""What to do, by kind of signal (empty: any) and reason; the keys are for catalogues."""


@dataclass(frozen=True, slots=True)
class StreamCheck:
    """How one kind of signal stands.

    Attributes
    ----------
    kind : str
        Which.
    light : Light
        Its verdict.
    reasons : tuple of str
        Codes, worst first.
    advice : tuple of str
        What to do, one sentence a reason.
    """

    kind: str
    light: Light
    reasons: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def check_signals(
    required: Iterable[str], quality: Mapping[SignalKind, Quality]
) -> tuple[StreamCheck, ...]:
    """Judge the signals by the latest window.

    Parameters
    ----------
    required : iterable of str
        Kinds that the protocol needs.
    quality : mapping of SignalKind to Quality
        Of the latest window, such as every estimate and abstention carries.

    Returns
    -------
    tuple of StreamCheck
        For each kind that is needed or there. Bad: not there, or too poor for an answer
        (`LEAST_QUALITY`, else half). Look: a tenth is lost, or something is wrong right now.
    """
    kinds = dict.fromkeys([*required, *(str(kind) for kind in quality)])
    return tuple(_check(kind, quality.get(SignalKind(kind))) for kind in kinds)


def _check(kind: str, quality: Quality | None) -> StreamCheck:
    if quality is None:
        return StreamCheck(kind, Light.BAD, ("missing",), _advice(kind, ("missing",)))
    reasons = tuple(dict.fromkeys((*quality.latest, *quality.reasons)))
    # written so that a score that isn't a number is bad
    if not quality.score >= LEAST_QUALITY.get(SignalKind(kind), _BAD_BELOW):
        reasons = reasons or ("poor",)
        return StreamCheck(kind, Light.BAD, reasons, _advice(kind, reasons))
    if quality.score >= _OK_FROM and not reasons:
        return StreamCheck(kind, Light.OK)
    reasons = reasons or ("poor",)
    return StreamCheck(kind, Light.LOOK, reasons, _advice(kind, reasons))


def _advice(kind: str, reasons: tuple[str, ...]) -> tuple[str, ...]:
    found = (ADVICE.get((kind, r)) or ADVICE.get(("", r)) or ADVICE["", "poor"] for r in reasons)
    return tuple(dict.fromkeys(found))
