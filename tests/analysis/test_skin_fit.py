"""Fitted skins against the skins that made the signal, and against signals that no skin made."""

import numpy as np
import pytest

from wearaffect.analysis import fill_gaps, fit_skin
from wearaffect.analysis.skin_profile import agreement
from wearaffect.core.errors import SignalError
from wearaffect.core.streams import SignalKind
from wearaffect.physiology.eda import PRIORS, EdaParameters
from wearaffect.physiology.shot_noise import (
    SPONTANEOUS,
    ShotSettings,
    shots,
    third_order,
    three_state,
)
from wearaffect.physiology.timeline import Condition
from wearaffect.recording.opening import open_session

TRUE = EdaParameters(rise_s=0.7, fast_s=3.4, slow_s=90.0, tonic_share=0.3)
PROTOCOL = tuple(
    Condition(label, 150.0, rate, size, 0.0, 0.0, 0.0, 0.0)
    for label, rate, size in (("rest", 5.0, 0.2), ("stress", 12.0, 0.3))
)
SPANS = [("rest", 0.0, 150.0), ("stress", 150.0, 300.0)]


@pytest.fixture(scope="module")
def made():
    return shots(ShotSettings(three_state(TRUE), PROTOCOL), 11)


@pytest.fixture(scope="module")
def fit(made):
    return fit_skin(made.eda, 4.0, intervals=SPANS)


def randomised(level, seed):
    """The same spectrum and line from first to last sample; phases, and so bursts, are chance."""
    line = np.linspace(level[0], level[-1], level.size)
    spectrum = np.fft.rfft(level - line)
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, spectrum.size)
    return line + np.fft.irfft(np.abs(spectrum) * np.exp(1j * phases), level.size)


def test_the_fast_decay_is_found_with_an_interval_that_holds_it(fit):
    t2 = fit.fast_decay_s
    assert t2.value == pytest.approx(TRUE.fast_s, rel=0.03)
    assert t2.ci95[0] < TRUE.fast_s < t2.ci95[1]
    assert t2.ci95[1] - t2.ci95[0] < 0.3
    assert t2.interior
    assert t2.identifiable
    assert fit.misfit == ()


def test_bursts_are_found_when_they_came_and_as_large(fit, made):
    apart = np.abs(made.times_s[:, None] - fit.onsets_s).min(axis=1)
    assert np.mean(apart < 0.125) > 0.9
    assert abs(fit.onsets_s.size - made.times_s.size) <= 0.1 * made.times_s.size
    phasic = (1 - TRUE.tonic_share) * made.sizes_us.sum()
    assert fit.sizes_us.sum() == pytest.approx(phasic, rel=0.05)
    assert fit.driver.sum() / 4 == pytest.approx(fit.sizes_us.sum())
    assert fit.driver.min() >= 0


def test_the_ratio_of_drives_is_that_of_the_bursts(fit, made):
    late = made.times_s >= 150
    truth = made.sizes_us[late].sum() / made.sizes_us[~late].sum()
    ratio = fit.beta_ratio("stress", "rest")
    assert ratio.value == pytest.approx(truth, rel=0.1)
    assert ratio.ci95[0] < truth < ratio.ci95[1]
    inverse = fit.beta_ratio("rest", "stress")
    assert inverse.value == pytest.approx(1 / ratio.value)
    assert inverse.ci95[0] == pytest.approx(1 / ratio.ci95[1])


def test_parts_make_up_the_signal(fit, made):
    off = made.eda - fit.tonic - fit.phasic
    assert off[8:].std() < 0.003
    assert np.all(fit.spread_us >= 0)


def test_units_and_offset_change_the_driver_and_not_the_time_constant(fit, made):
    other = fit_skin(5.0 * made.eda - 3.0, 4.0)
    assert other.fast_decay_s.value == pytest.approx(fit.fast_decay_s.value, rel=2e-3)
    assert other.sizes_us.sum() == pytest.approx(5 * fit.sizes_us.sum(), rel=2e-2)


def test_a_gap_is_filled_within_its_spread(made):
    masked = made.eda.copy()
    gap = slice(600, 640)
    masked[gap] = np.nan
    filled = fill_gaps(masked, 4.0)
    off = np.abs(filled.eda - made.eda)[gap]
    assert np.array_equal(filled.eda[~filled.filled], made.eda[~filled.filled])
    assert np.array_equal(np.flatnonzero(filled.filled), np.arange(600, 640))
    assert np.mean(off < 3 * filled.spread_us[gap]) > 0.9
    assert filled.fit.fast_decay_s.value == pytest.approx(TRUE.fast_s, rel=0.05)


def test_without_bursts_nothing_is_shown(made):
    fit = fit_skin(randomised(made.eda[800:], 1), 4.0)
    assert not fit.fast_decay_s.identifiable


def test_a_real_signal_with_random_phases_isnt_shown(example_recording):
    stream = open_session(example_recording).of_kind(SignalKind.EDA)
    level = stream.samples()[1][:, 0].astype(np.float64)
    fit = fit_skin(randomised(level[2400:3600], 2), 4.0)
    assert not fit.fast_decay_s.identifiable


def test_a_skin_of_another_kind_is_told():
    other = shots(ShotSettings(third_order(SPONTANEOUS), PROTOCOL), 12)
    assert fit_skin(other.eda, 4.0).misfit


def test_a_minute_without_bursts_says_less_than_the_prior_asks():
    rng = np.random.default_rng(3)
    fit = fit_skin(2.0 + 0.002 * rng.standard_normal(300), 4.0)
    assert not fit.fast_decay_s.identifiable
    assert fit.fast_decay_s.posterior_sd > 0.5 * PRIORS["fast_s"].sd


@pytest.mark.parametrize(
    "level",
    [
        np.empty(0),
        np.zeros(3),
        np.full(1000, np.nan),
        np.full(1000, 2.5),
        np.full(1000, 1e300),
        np.where(np.arange(1000) < 200, 1.0, np.nan),
        1e9 * np.random.default_rng(4).random(1000),
    ],
    ids=["empty", "three", "missing", "flat", "huge and flat", "short", "huge"],
)
def test_what_no_skin_can_be_fitted_to_has_a_named_error(level):
    with pytest.raises(SignalError, match="a skin can't be fitted"):
        fit_skin(level, 4.0)


def test_clipped_negative_and_broken_signals_give_a_value(made):
    level = np.clip(made.eda, None, np.median(made.eda)) - 5.0
    level[100:104] = [np.nan, np.inf, -np.inf, 50.0]
    fit = fit_skin(level[:600], 4.0)
    assert fit.fast_decay_s.value > 0
    assert np.all(np.isfinite(fit.tonic + fit.phasic))


def test_arguments_out_of_range_are_refused(made):
    with pytest.raises(ValueError, match="shape"):
        fit_skin(made.eda[None], 4.0)
    with pytest.raises(ValueError, match="sampling rate of 2 to 32 Hz"):
        fit_skin(made.eda, 100.0)
    with pytest.raises(ValueError, match="end after they start"):
        fit_skin(made.eda, 4.0, intervals=[("rest", 5.0, 5.0)])


def test_agreement_is_the_classical_analysis_of_variance():
    rng = np.random.default_rng(5)
    people = rng.normal(0, 2, 30)
    first, second = people + rng.normal(0, 1, (2, 30))
    table = np.stack([first, second], axis=1)
    msb = 2 * np.sum((table.mean(axis=1) - table.mean()) ** 2) / 29
    msw = np.sum((table - table.mean(axis=1, keepdims=True)) ** 2) / 30
    assert agreement(first, second) == pytest.approx((msb - msw) / (msb + msw))
    assert agreement(first, first) == pytest.approx(1.0)
    first[4] = np.nan
    assert np.isfinite(agreement(first, second))
    assert np.isnan(agreement(first[:2], second[:2]))
