"""The signal check says ok, look or bad, and what to do."""

import math

import pytest

from wearaffect.clinic.sitting.checks import ADVICE, Light, check_signals
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality
from wearaffect.signals.faults import Fault

EDA, BVP = SignalKind.EDA, SignalKind.BVP


@pytest.mark.parametrize(
    ("quality", "light", "word"),
    [
        (Quality(1.0), Light.OK, ""),
        (Quality(0.95, (), ()), Light.OK, ""),
        (Quality(1.0, (), ("motion",)), Light.LOOK, "still"),
        (Quality(0.7, ("loose",)), Light.LOOK, "press the electrodes"),
        (Quality(0.7), Light.LOOK, "put the sensor on again"),
        (Quality(0.3, ("off_skin", "gap")), Light.BAD, "strap"),
        (Quality(0.0), Light.BAD, "put the sensor on again"),
        (Quality(math.nan), Light.BAD, "put the sensor on again"),
        (None, Light.BAD, "switch the device on"),
    ],
)
def test_a_stream_is_judged(quality: Quality | None, light: Light, word: str) -> None:
    (check,) = check_signals(["eda"], {} if quality is None else {EDA: quality})
    assert check.kind == "eda"
    assert check.light == light
    assert word in " ".join(check.advice)
    assert bool(check.advice) == (light != Light.OK)


def test_a_pulse_may_lose_more_beats_than_skin_contact_before_it_is_bad() -> None:
    same = Quality(0.4, ("few_beats",))
    lights = {c.kind: c.light for c in check_signals([], {EDA: same, BVP: same})}
    assert lights == {"eda": Light.BAD, "bvp": Light.LOOK}


def test_needed_and_present_kinds_come_once_each() -> None:
    found = check_signals(["bvp", "eda"], {EDA: Quality(1.0), SignalKind.TEMP: Quality(1.0)})
    assert [(c.kind, c.light) for c in found] == [
        ("bvp", Light.BAD),
        ("eda", Light.OK),
        ("temp", Light.OK),
    ]


@pytest.mark.parametrize("kind", SignalKind)
def test_every_reason_of_every_kind_has_advice(kind: SignalKind) -> None:
    reasons = [*(str(fault.name).lower() for fault in Fault), "few_beats", "motion", "unheard_of"]
    for reason in reasons:
        (check,) = check_signals([], {kind: Quality(0.1, (reason,))})
        assert check.reasons == (reason,)
        assert len(check.advice) == 1
    assert {reason for _, reason in ADVICE} >= set(reasons) - {"unheard_of"}
