"""Artefacts among intervals: put there by hand, and as NeuroKit2 sees them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neurokit_peer import ask

from wearaffect.analysis.hrv import hrv_time
from wearaffect.analysis.ibi import (
    IntervalKind,
    Intervals,
    classify_intervals,
    correct_intervals,
)
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.core.streams import SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session

AT = 140


def heart(seed=0, count=300):
    """Beats that breathe."""
    noise = np.random.default_rng(seed).standard_normal(count)
    t = 0.8 * np.arange(count)
    breath = 0.04 * np.sin(2 * np.pi * 0.25 * t) + 0.03 * np.sin(2 * np.pi * 0.1 * t)
    return np.cumsum(0.8 + breath + 0.01 * noise)


def missed(beats_s):
    return np.delete(beats_s, AT)


def extra(beats_s):
    between_s = 0.6 * beats_s[AT - 1] + 0.4 * beats_s[AT]
    return np.insert(beats_s, AT, between_s)


def early(beats_s):
    return beats_s - 0.3 * (np.arange(beats_s.size) == AT)


def late(beats_s):
    return beats_s + 0.3 * (np.arange(beats_s.size) == AT)


def paused(beats_s):
    return beats_s + 0.35 * (np.arange(beats_s.size) >= AT)


def hurried(beats_s):
    return beats_s - 0.45 * (np.arange(beats_s.size) >= AT)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("spoil", "kind", "where"),
    [
        (missed, IntervalKind.MISSED, AT - 1),
        (extra, IntervalKind.EXTRA, AT - 1),
        (early, IntervalKind.ECTOPIC, AT),
        (late, IntervalKind.ECTOPIC, AT),
        (paused, IntervalKind.LONG, AT - 1),
        (hurried, IntervalKind.SHORT, AT - 1),
    ],
)
def test_one_artefact_is_found_named_and_mended(spoil, kind, where, seed):
    beats_s = heart(seed)
    spoilt = classify_intervals(spoil(beats_s))
    assert IntervalKind(spoilt.kind[where]) is kind
    elsewhere = np.delete(spoilt.kind, slice(where - 1, where + 2))
    assert np.count_nonzero(elsewhere) <= 1
    mended = correct_intervals(spoilt)
    assert mended.ibi_s == pytest.approx(np.diff(beats_s), abs=0.12)
    assert not mended.kind.any()
    truth = hrv_time(beats_s)["hrv_rmssd"]
    rebuilt_s = np.concatenate([[0.0], np.cumsum(mended.ibi_s)])
    assert hrv_time(rebuilt_s)["hrv_rmssd"] == pytest.approx(truth, rel=0.15)
    usable = hrv_time(spoil(beats_s), usable=spoilt.normal)["hrv_rmssd"]
    assert usable == pytest.approx(truth, rel=0.15)
    assert hrv_time(spoil(beats_s))["hrv_rmssd"] > 1.1 * truth


@pytest.mark.parametrize("spoil", [missed, extra, early, late])
def test_mending_what_happened_to_one_beat_changes_no_time(spoil):
    beats_s = heart(2)
    mended = correct_intervals(classify_intervals(spoil(beats_s)))
    assert mended.ibi_s.sum() == pytest.approx(np.ptp(beats_s))
    assert np.diff(mended.end_s) == pytest.approx(mended.ibi_s[1:])


def test_a_healthy_heart_has_hardly_any():
    marked = total = 0
    for seed in range(4):
        beats_s = simulate_participant(ParticipantSettings(seed=seed), 900).truth.beat_times_s
        kinds = classify_intervals(beats_s).kind
        marked += np.count_nonzero(kinds)
        total += kinds.size
    assert total > 4000
    assert marked / total < 0.002


def test_a_heart_like_a_clock_still_shows_its_artefacts():
    """All thresholds would be zero; the floor is 20 ms."""
    spoilt = classify_intervals(missed(0.8 * np.arange(300)))
    assert np.flatnonzero(spoilt.kind).tolist() == [AT - 1]
    assert spoilt.kind[AT - 1] == IntervalKind.MISSED
    assert correct_intervals(spoilt).ibi_s == pytest.approx(0.8)


def test_neurokit_marks_the_same(example_recording):
    """Its own reading of the same paper, on beats that motion spoilt."""
    session = open_session(example_recording)
    bvp = session.require(SignalKind.BVP).samples()[1][:, 0].astype(float)
    peaks = find_systolic_peaks(clean_bvp(bvp, 64.0), 64.0)
    found = classify_intervals(peaks / 64)
    wrong = np.flatnonzero(~found.normal)
    touched = {*wrong.tolist(), *(wrong + 1).tolist()}  # of two marks in a row we keep one
    peer, _ = ask("signal_fixpeaks", peaks, sampling_rate=64, iterative=False, method="kubios")
    for name, kind in (("ectopic", 1), ("missed", 4), ("extra", 5)):
        theirs = {i - 1 for i in peer[name]}  # it counts a first interval that isn't there
        ours = set(np.flatnonzero(found.kind == kind).tolist())
        assert len(theirs & touched) >= 0.95 * len(theirs)
        assert len(ours & theirs) >= 0.95 * len(ours)
    assert np.count_nonzero(found.kind) > 50


def test_rate_and_what_touches_an_artefact():
    kind = np.array([0, 0, 1, 0, 5, 0, 0, 4, 0, 2], dtype=np.int8)
    intervals = Intervals(np.arange(10.0), np.full(10, 0.75), kind)
    assert intervals.rate_per_min == pytest.approx(80)
    good = [True, False, False, True, False, False, True, False, True, False]
    assert intervals.normal.tolist() == good


@given(
    st.lists(st.sampled_from([0.1, 0.39, 0.4, 0.8, 0.82, 1.6, 5.0]), max_size=60),
)
def test_any_beats_give_positive_intervals(steps):
    beats_s = np.cumsum(steps)
    found = classify_intervals(beats_s)
    assert found.ibi_s.size == max(0, len(steps) - 1)
    mended = correct_intervals(found)
    assert (mended.ibi_s > 0).all()
    assert np.isfinite(mended.end_s).all()
    if not np.isin(found.kind, [IntervalKind.LONG, IntervalKind.SHORT]).any():
        assert mended.ibi_s.sum() == pytest.approx(found.ibi_s.sum())


@pytest.mark.parametrize("beats_s", [[0.0, 0.8, 0.8], [0.0, np.nan], np.ones((2, 2))])
def test_wrong_beats_are_named(beats_s):
    with pytest.raises(ValueError, match="ascending beat times"):
        classify_intervals(beats_s)
