"""Artefacts among intervals: put there by hand, and as NeuroKit2 sees them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neurokit_peer import ask

from wearaffect.analysis.hrv import hrv_time
from wearaffect.analysis.ibi import (
    Intervals,
    classify_intervals,
    correct_intervals,
)
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.core.streams import SignalKind
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session
from wearaffect.signals.cardiac import IbiClass

AT = 140
_ONE_KIND = {"ectopic": IbiClass.ECTOPIC, "missed": IbiClass.MISSED, "extra": IbiClass.EXTRA}


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
        (missed, IbiClass.MISSED, AT - 1),
        (extra, IbiClass.EXTRA, AT - 1),
        (early, IbiClass.ECTOPIC, AT),
        (late, IbiClass.ECTOPIC, AT),
        (paused, IbiClass.LONG, AT - 1),
        (hurried, IbiClass.SHORT, AT - 1),
    ],
)
def test_one_artefact_is_found_named_and_mended(spoil, kind, where, seed):
    beats_s = heart(seed)
    spoilt = classify_intervals(spoil(beats_s))
    assert IbiClass(spoilt.kind[where]) is kind
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
    assert spoilt.kind[AT - 1] == IbiClass.MISSED
    assert correct_intervals(spoilt).ibi_s == pytest.approx(0.8)


def test_neurokit_marks_the_same(example_recording):
    """Its own reading of the same paper, on beats that motion spoilt."""
    session = open_session(example_recording)
    bvp = session.require(SignalKind.BVP).samples()[1][:, 0].astype(float)
    peaks = find_systolic_peaks(clean_bvp(bvp, 64.0), 64.0)
    found = classify_intervals(peaks / 64)
    peer, _ = ask("signal_fixpeaks", peaks, sampling_rate=64, iterative=False, method="kubios")
    # it counts a first interval that isn't there
    theirs = {name: {i - 1 for i in peer[name]} for name in (*_ONE_KIND, "longshort")}
    ours = {name: set(np.flatnonzero(found.kind == kind)) for name, kind in _ONE_KIND.items()}
    ours["longshort"] = set(np.flatnonzero(np.isin(found.kind, [IbiClass.LONG, IbiClass.SHORT])))
    assert ours["missed"] == theirs["missed"]
    assert ours["extra"] == theirs["extra"]
    assert (len(ours["missed"]), len(ours["extra"])) == (52, 5)
    assert set().union(*ours.values()) <= set().union(*theirs.values())

    ectopic, more = ours["ectopic"], theirs["ectopic"] - ours["ectopic"]
    assert (len(ectopic), len(ectopic - theirs["ectopic"]), len(more)) == (42, 1, 14)
    assert {i for i in more if not {i - 1, i + 1} & ectopic} == {1}

    rest = theirs["longshort"] - ours["longshort"]
    assert ours["longshort"] <= theirs["longshort"]
    assert (len(ours["longshort"]), len(rest)) == (35, 8)
    assert not found.normal[list(rest)].any()


def test_what_touches_an_artefact():
    kind = np.zeros(10, dtype=np.int8)
    kind[[2, 4, 7, 9]] = IbiClass.ECTOPIC, IbiClass.EXTRA, IbiClass.MISSED, IbiClass.LONG
    intervals = Intervals(np.arange(10.0), np.full(10, 0.75), kind)
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
    if not np.isin(found.kind, [IbiClass.LONG, IbiClass.SHORT]).any():
        assert mended.ibi_s.sum() == pytest.approx(found.ibi_s.sum())


@pytest.mark.parametrize("beats_s", [[0.0, 0.8, 0.8], [0.0, np.nan], np.ones((2, 2))])
def test_wrong_beats_are_named(beats_s):
    with pytest.raises(ValueError, match="ascending beat times"):
        classify_intervals(beats_s)
