"""What a forecast recalls: levels and moves, against plain means, and the same live as at once."""

import numpy as np
import pytest
from signal_pieces import cut_up, info

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Window, WindowSignal, WindowSpec
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.skin_history import FORECAST_HISTORY, SkinHistory, forecast_inputs

SHORT, LONG, MOVE = FORECAST_HISTORY
RATE_HZ, HOP_S, WINDOW_S = 4, 5, 60


def windows_of(trace):
    for end in range(WINDOW_S * RATE_HZ, len(trace) + 1, HOP_S * RATE_HZ):
        data = np.asarray(trace, np.float32)[None, end - WINDOW_S * RATE_HZ : end]
        yield WindowSignal(data, RATE_HZ, 1.0)


def history_of(trace):
    history = SkinHistory(HOP_S)
    return [history.advance(eda) for eda in windows_of(trace)]


def test_early_on_it_is_the_plain_mean_of_what_was_seen():
    trace = 3 + np.random.default_rng(1).standard_normal(4 * 120).cumsum() / 50
    ends = trace[WINDOW_S * RATE_HZ - 1 :: HOP_S * RATE_HZ]
    before = trace[(WINDOW_S - HOP_S) * RATE_HZ - 1 :: HOP_S * RATE_HZ][: len(ends)]
    found = history_of(trace)
    assert len(found) == len(ends) == 13
    assert found[-1][SHORT] == pytest.approx(ends.mean(), rel=1e-6)
    assert found[-1][LONG] == pytest.approx(ends.mean(), rel=1e-6)
    assert found[-1][MOVE] == pytest.approx(np.abs(ends - before).mean(), rel=1e-4)


def test_after_a_step_the_means_forget_at_their_own_pace():
    half_hour = 4 * 60 * 300
    found = history_of(np.concatenate([np.full(half_hour, 2.0), np.full(4 * 300, 4.0)]))
    left_short, left_long = ((4.0 - found[-1][key]) / 2.0 for key in (SHORT, LONG))
    # 60 windows after the step
    assert left_short == pytest.approx(np.exp(-300 / 300), rel=1e-3)
    assert left_long == pytest.approx(np.exp(-300 / 1800), rel=1e-3)
    assert found[0][MOVE] == 0.0
    assert 0 < found[-1][MOVE] < 2 * 5 / 600


def test_how_long_it_has_lasted_does_not_show_in_what_goes_on_as_it_began():
    trace = 3 + np.tile(np.repeat([0.0, 0.5], HOP_S * RATE_HZ), 400)
    found = np.array([[f[key] for key in FORECAST_HISTORY] for f in history_of(trace)])
    np.testing.assert_allclose(found[-100:].mean(axis=0), found[100:200].mean(axis=0), rtol=0.01)


def test_a_gap_leaves_it_as_it_was():
    history = SkinHistory(HOP_S)
    first, second = windows_of(np.linspace(1, 2, 4 * 65))
    known = history.advance(first)
    ends_in_gap = WindowSignal(second.data.copy(), RATE_HZ, 0.9)
    ends_in_gap.data[0, -8:] = np.nan
    assert history.advance(None) == known
    assert history.advance(ends_in_gap) == known
    assert history.advance(second) != known


@pytest.mark.parametrize("trace", [[], [1.0], [np.nan] * 240, [-1.0] * 240, [3e38] * 240])
def test_anything_goes_in(trace):
    data = np.array(trace, np.float32)[None]
    found = SkinHistory(HOP_S).advance(WindowSignal(data, RATE_HZ, 1.0))
    assert set(FORECAST_HISTORY) <= set(found)


def test_an_unknown_history_is_nan_in_the_array():
    bare, full = Window(0, 1, {}), Window(0, 1, {}, history=dict.fromkeys(FORECAST_HISTORY, 2.0))
    np.testing.assert_array_equal(forecast_inputs([bare, full]), [[np.nan] * 3, [2.0] * 3])
    assert forecast_inputs([]).shape == (0, 3)


def test_live_and_at_once_recall_the_same_bits():
    eda = info(SignalKind.EDA, RATE_HZ)
    data = 2 + np.random.default_rng(2).standard_normal(4 * 300).cumsum() / 50
    data[500:520] = np.nan

    def recalled(sizes, often):
        chain, found = Chain(ChainSettings(WindowSpec(WINDOW_S, HOP_S))), []
        for chunk in cut_up(eda, data, sizes):
            chain.push(chunk)
            found += chain.advance(chunk.end_ns) if often else []
        return forecast_inputs([*found, *chain.advance(300 * 10**9)])

    together = recalled([10**6], often=False)
    assert np.isfinite(together).all()
    assert recalled([7, 1, 33], often=True).tobytes() == together.tobytes()
