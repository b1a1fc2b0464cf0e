"""The untrained index: direction, what is missing, and what no spread can do to it."""

import math

import pytest

from wearaffect.signals.arousal import INDEX_FEATURES, arousal_index
from wearaffect.signals.history import mean_key, sd_key


def usual(mean: float = 10.0, sd: float = 2.0) -> dict[str, float]:
    return {mean_key(n): mean for n in INDEX_FEATURES} | {sd_key(n): sd for n in INDEX_FEATURES}


def test_it_counts_standard_deviations_above_the_usual():
    assert arousal_index(dict.fromkeys(INDEX_FEATURES, 10.0), usual()) == 0
    assert arousal_index(dict.fromkeys(INDEX_FEATURES, 13.0), usual()) == pytest.approx(1.5)
    assert arousal_index(dict.fromkeys(INDEX_FEATURES, 7.0), usual()) == pytest.approx(-1.5)


def test_what_is_missing_is_left_out():
    features = dict.fromkeys(INDEX_FEATURES, math.nan) | {"hr_median": 14.0, "eda_level": 12.0}
    assert arousal_index(features, usual()) == pytest.approx(1.5)
    assert arousal_index({}, usual()) == 0
    assert arousal_index(features, {}) == 0


@pytest.mark.parametrize("sd", [0.0, 1e-300, 1e-9])
def test_a_person_who_never_moved_does_not_blow_up(sd):
    assert arousal_index(dict.fromkeys(INDEX_FEATURES, 11.0), usual(sd=sd)) <= 4
    assert arousal_index(dict.fromkeys(INDEX_FEATURES, 1e300), usual(sd=sd)) == pytest.approx(4)
    assert arousal_index(dict.fromkeys(INDEX_FEATURES, 10.0), usual(sd=sd)) == 0
