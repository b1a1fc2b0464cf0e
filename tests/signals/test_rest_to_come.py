"""Rest that is told late gives what rest known from the start gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import ns_from_s
from wearaffect.core.windows import Quality, Window
from wearaffect.signals.enrolment import RestInterval, RestToCome
from wearaffect.signals.features import FEATURES

_HOP_S = 5.0


def _window(i: int, score: float = 1.0) -> Window:
    start_ns = ns_from_s(i * _HOP_S)
    rng = np.random.default_rng(i)
    return Window(
        start_ns,
        start_ns + ns_from_s(60.0),
        {},
        {SignalKind.EDA: Quality(score), SignalKind.BVP: Quality(score)},
        dict.fromkeys(FEATURES, 0.0) | {"eda_level": float(rng.normal())},
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 40), st.integers(24, 80), st.integers(0, 300))
def test_the_moment_of_telling_does_not_matter(first: int, n_hops: int, told_after: int) -> None:
    interval = RestInterval(first * _HOP_S, (first + n_hops) * _HOP_S)
    known, late = RestToCome(interval), RestToCome()
    for i in range(320):
        known.see(_window(i), "c")
        if i == told_after:
            late.tell(interval)
        late.see(_window(i), "c")
    assert known.enrolment == late.enrolment
    # the oracle: windows wholly inside, counted by hand
    inside = [i for i in range(320) if i >= first and i * _HOP_S + 60 <= (first + n_hops) * _HOP_S]
    assert known.enrolment is not None
    assert known.enrolment.n_windows == len(inside)
    level = np.mean([np.random.default_rng(i).normal() for i in inside])
    assert known.enrolment.features["eda_level"] == pytest.approx(level)


def test_rest_that_was_too_poor_can_be_held_again() -> None:
    rest = RestToCome()
    for i in range(40):
        rest.see(_window(i, score=0.1), "c")
    rest.tell(RestInterval(0.0, 200.0))
    rest.see(_window(40, score=0.1), "c")
    assert rest.failed
    assert rest.enrolment is None
    for i in range(41, 100):
        rest.see(_window(i), "c")
    assert rest.failed, "nothing new was told"
    rest.tell(RestInterval(41 * _HOP_S, 99 * _HOP_S))
    assert rest.see(_window(100), "c") is not None
    assert not rest.failed


def test_windows_from_hours_ago_are_forgotten() -> None:
    rest = RestToCome()
    for i in range(3000):
        rest.see(_window(i), "c")
    rest.tell(RestInterval(0.0, 300.0))
    assert rest.see(_window(3000), "c") is None
    assert rest.failed
