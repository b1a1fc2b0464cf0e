"""Despiking: planted spikes go, signal stays, and nothing is put in their place."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_pieces import cut_up, info, time_of

from wearaffect.core.errors import SamplingRateError
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session
from wearaffect.signals.despiking import DESPIKE, Despiker, DespikeSettings

EDA, TEMP = SignalKind.EDA, SignalKind.TEMP
LATE = 8  # samples at 4 Hz


def despiked(stream, chunks, settings=DESPIKE[EDA]):
    stage = Despiker(settings, stream)
    return np.concatenate([stage(chunk).data for chunk in chunks]), stage


def by_hand(values, half, settings):
    """Hampel's rule, one sample at a time."""
    kept = []
    for i, value in enumerate(values):
        near = [v for v in values[max(0, i - half) : i + half + 1] if not np.isnan(v)]
        if np.isnan(value):
            kept.append(np.nan)
            continue
        middle = statistics.median(near)
        spread = 1.4826 * statistics.median(abs(v - middle) for v in near)
        far = abs(value - middle) > max(settings.min_step, settings.n_sigma * spread)
        kept.append(np.nan if far else value)
    return kept


def with_faults(seed, n=160, width=1):
    rng = np.random.default_rng(seed)
    data = 2 + np.cumsum(rng.normal(size=(n, width)), axis=0) * 0.05
    data[rng.integers(0, n, 6), rng.integers(width, size=6)] += rng.normal(size=6) * 3
    for first in rng.integers(0, n, rng.integers(0, 4)):
        data[first : first + rng.integers(1, 25), rng.integers(width)] = np.nan
    return data.astype("f4")


@pytest.mark.parametrize("seed", range(5))
def test_it_is_hampels_rule_half_a_window_late(seed):
    stream = info(EDA, 4.0)
    data = with_faults(seed)
    settings = DespikeSettings(2.0, 0.1)
    out, stage = despiked(stream, [SignalChunk(stream, data)], settings)
    expected = by_hand([float(v) for v in data[:, 0]], LATE, settings)
    np.testing.assert_array_equal(out[LATE:, 0], np.array(expected, "f4")[:-LATE])
    assert np.isnan(out[:LATE]).all()
    assert stage.n_removed == np.isnan(out[LATE:]).sum() - np.isnan(data[:-LATE]).sum()


@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=12).filter(any),
    seed=st.integers(0, 2**16),
    width=st.sampled_from([1, 3]),
    rate=st.sampled_from([4.0, 32.0, 64.006]),
)
def test_any_chunking_gives_the_same_bits_and_the_same_count(sizes, seed, width, rate):
    data = with_faults(seed, width=width)
    stream = info(EDA, rate, width=width)
    whole, one = despiked(stream, cut_up(stream, data, [160], 7))
    pieces, many = despiked(stream, cut_up(stream, data, sizes, 7))
    assert whole.tobytes() == pieces.tobytes()
    assert one.n_removed == many.n_removed


def test_declared_delay_is_that_of_a_bump():
    stream = info(EDA, 32.0)
    t = np.arange(32 * 60) / 32
    bump = (2 + np.exp(-0.5 * ((t - 20) / 2) ** 2)).astype("f4")
    out, stage = despiked(stream, [SignalChunk(stream, bump[:, None])])
    assert t[np.nanargmax(out)] - t[np.argmax(bump)] == stage.delay_s == 2.0


@pytest.mark.parametrize("length", [1, 2, 5, 8])
@pytest.mark.parametrize("height", [-1.5, 1.5, 40.0])
def test_a_contact_spike_up_to_half_a_window_goes_and_its_neighbours_stay(length, height):
    stream = info(EDA, 4.0)
    clean = 2 + 0.2 * np.sin(np.arange(200) / 12)
    data = clean.copy()
    data[100 : 100 + length] += height
    out, stage = despiked(stream, [SignalChunk(stream, data[:, None].astype("f4"))])
    gone = np.flatnonzero(np.isnan(out[LATE:, 0]))
    assert gone.tolist() == list(range(100, 100 + length))
    assert stage.n_removed == length


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_real_responses_of_the_skin_stay(seed):
    data = simulate_participant(ParticipantSettings(seed=seed), 1800).signals[EDA]
    stream = info(EDA, 4.0)
    out, stage = despiked(stream, [SignalChunk(stream, data)])
    assert stage.n_removed == 0
    np.testing.assert_array_equal(out[LATE:], data[:-LATE])


def test_what_no_sensor_gives_goes_at_any_length():
    stream = info(TEMP, 4.0)
    data = np.full((80, 1), 33.0, "f4")
    data[20:60] = 382.2
    out, stage = despiked(stream, [SignalChunk(stream, data)], DESPIKE[TEMP])
    assert np.isnan(out[LATE:, 0])[20:60].all()
    assert stage.n_removed == 40
    assert np.nanmax(out) == 33.0


def test_a_jump_starts_anew_and_reset_forgets():
    stream = info(EDA, 4.0)
    stage = Despiker(DESPIKE[EDA], stream)
    empty = SignalChunk(stream, np.empty((0, 1), "f4"), 10**12)
    data = with_faults(1)
    first = stage(SignalChunk(stream, data)).data
    count = stage.n_removed
    assert len(stage(empty)) == 0
    later = stage(SignalChunk(stream, data, time_of(200, 4.0))).data
    np.testing.assert_array_equal(later, first)
    assert stage.n_removed == 2 * count > 0
    stage.reset()
    np.testing.assert_array_equal(stage(SignalChunk(stream, data)).data, first)
    assert stage.n_removed == count
    assert stage.output_info(stream) == stream


@pytest.mark.parametrize("value", [0.0, -5.0, 3.4e38, np.inf, np.nan])
@pytest.mark.parametrize("n", [1, 3, 90])
def test_any_input_gives_a_value_without_a_warning(value, n):
    stream = info(EDA, 4.0)
    data = np.full((n, 1), value, "f4")
    data[1::2] *= -1
    out, _ = despiked(stream, [SignalChunk(stream, data)], DespikeSettings(2.0, 0.1))
    assert out.shape == (n, 1)


@pytest.mark.parametrize(
    "settings", [{"half_window_s": 0.0, "min_step": 1.0}, {"half_window_s": 1.0, "min_step": -1.0},
                 {"half_window_s": 1.0, "min_step": 1.0, "lowest": 2.0, "highest": 1.0}]
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="expected"):
        DespikeSettings(**settings)


def test_a_rate_without_neighbours_is_named():
    with pytest.raises(SamplingRateError, match=r"at least 0.5 Hz.*0.2 Hz"):
        Despiker(DESPIKE[EDA], info(EDA, 0.2))


@pytest.mark.data
def test_the_start_up_of_a_wristband_goes(data_root):
    for person in ("S2", "S16"):
        archive = data_root / "wesad" / person / f"{person}_E4_Data.zip"
        stream = next(
            stream for stream in open_session(archive).streams.values() if stream.info.kind == TEMP
        )
        out, _ = despiked(stream.info, stream.segments, DESPIKE[TEMP])
        assert 15 < np.nanmin(out) <= np.nanmax(out) < 45
        assert np.isfinite(out).mean() > 0.999
