"""DataFrames of the desk: what is in them, and that NeuroKit2 would know them."""

import sys

import numpy as np
import pandas as pd
import pytest
from neurokit_peer import ask, hrv

from wearaffect.analysis.frames import bvp_frame, eda_frame, hrv_frame, to_neurokit
from wearaffect.analysis.table import feature_table
from wearaffect.core.errors import MissingExtraError
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.physiology.participant import ParticipantSettings, simulate_participant
from wearaffect.recording.opening import open_session

SECONDS = 180


@pytest.fixture(scope="module")
def person():
    recorded = simulate_participant(ParticipantSettings(seed=3), SECONDS)
    return {kind: values[:, 0].astype(float) for kind, values in recorded.signals.items()}


@pytest.fixture(scope="module")
def pulse(person):
    return bvp_frame(person[SignalKind.BVP], sampling_rate=64.0)


@pytest.fixture(scope="module")
def skin(person):
    return eda_frame(person[SignalKind.EDA], sampling_rate=4.0)


def test_a_frame_needs_its_rate(person):
    for make in (bvp_frame, eda_frame, hrv_frame):
        with pytest.raises(TypeError, match="sampling_rate"):
            make(person[SignalKind.BVP])


def test_the_pulse_sample_by_sample(person, pulse):
    assert pulse["bvp"].to_numpy() == pytest.approx(person[SignalKind.BVP])
    assert pulse["time_s"].iloc[64] == 1.0
    assert len(pulse) == SECONDS * 64
    peaks = np.flatnonzero(pulse["bvp_peak"])
    at_peaks = pulse.iloc[peaks]
    assert at_peaks["bvp_amplitude"].iloc[1:].min() > 0
    assert pulse["bvp_amplitude"].notna().sum() == len(peaks) - 1
    assert at_peaks["hr"].to_numpy()[1:] == pytest.approx(60 * 64 / np.diff(peaks))
    assert pulse["hr"].notna().all()


def test_the_pulse_by_neurokits_names(pulse, person):
    theirs = to_neurokit(pulse)
    assert list(theirs) == ["PPG_Raw", "PPG_Clean", "PPG_Rate", "PPG_Peaks"]
    processed, _ = ask("ppg_process", person[SignalKind.BVP], sampling_rate=64)
    for name in ("PPG_Raw", "PPG_Clean"):
        assert theirs[name].to_numpy() == pytest.approx(processed[name].to_numpy(), abs=1e-9)
    kept = np.flatnonzero(theirs["PPG_Peaks"] == 1)
    found = np.flatnonzero(processed["PPG_Peaks"] == 1)
    assert len(set(kept.tolist()) & set(found.tolist())) >= 0.97 * len(found)
    middle = slice(64 * 20, 64 * 160)  # it corrects beats after finding them
    away = np.abs(theirs["PPG_Rate"].to_numpy() - processed["PPG_Rate"].to_numpy())[middle]
    assert np.median(away) < 0.01
    assert ask("ppg_analyze", theirs, sampling_rate=64, method="interval-related") is not None


def test_the_skin_sample_by_sample(skin, person):
    assert len(skin) == SECONDS * 4
    total = (skin["eda_tonic"] + skin["eda_phasic"]).to_numpy()
    assert np.abs(total - person[SignalKind.EDA]).max() < 0.1
    assert skin["eda_driver"].min() >= -1e-9
    onsets, peaks = (np.flatnonzero(skin[name]) for name in ("scr_onset", "scr_peak"))
    assert len(peaks) == len(onsets) > 5
    assert (peaks > onsets).all()
    phasic = skin["eda_phasic"].to_numpy()
    assert skin["scr_amplitude"].dropna().to_numpy() == pytest.approx(
        phasic[peaks] - phasic[onsets]
    )
    assert skin["scr_rise_s"].dropna().to_numpy() == pytest.approx((peaks - onsets) / 4)
    assert skin["scr_recovery"].sum() == skin["scr_recovery_s"].notna().sum() > 0
    larger = eda_frame(person[SignalKind.EDA], sampling_rate=4.0, threshold_us=0.2)
    assert larger["scr_amplitude"].min() >= 0.2
    assert larger["scr_peak"].sum() < skin["scr_peak"].sum()


def test_the_skin_by_neurokits_names(skin):
    theirs = to_neurokit(skin)
    assert list(theirs) == [
        "EDA_Raw",
        "EDA_Tonic",
        "EDA_Phasic",
        "SCR_Onsets",
        "SCR_Peaks",
        "SCR_Amplitude",
        "SCR_RiseTime",
        "SCR_Recovery",
        "SCR_RecoveryTime",
    ]
    assert theirs.notna().all().all()
    assert set(theirs["SCR_Peaks"]) == {0, 1}
    summary = ask("eda_analyze", theirs, sampling_rate=4, method="interval-related")
    assert float(summary["SCR_Peaks_N"].iloc[0]) == skin["scr_peak"].sum()
    mean = float(summary["SCR_Peaks_Amplitude_Mean"].iloc[0])
    assert mean == pytest.approx(skin["scr_amplitude"].mean())


def test_variability_in_one_row(pulse):
    peaks = np.flatnonzero(pulse["bvp_peak"])
    row = hrv_frame(peaks, sampling_rate=64)
    assert row.shape[0] == 1
    theirs = to_neurokit(row)
    expected = hrv("hrv_time", peaks, 64)
    for name in ask("hrv_time", peaks, sampling_rate=64):
        assert theirs[name].iloc[0] == pytest.approx(expected[name.lower()], nan_ok=True)
    assert {"HRV_LF", "HRV_HF", "HRV_TP", "HRV_LFHF", "HRV_LnHF"} <= set(theirs)
    assert not {"HRV_LFn", "HRV_HFn"} & set(theirs)


def test_frames_join(skin, pulse):
    joined = pd.concat([skin.drop(columns="time_s"), pulse.iloc[::16].reset_index()], axis=1)
    assert {"EDA_Tonic", "PPG_Clean"} <= set(to_neurokit(joined))


@pytest.mark.parametrize(
    "values",
    [np.empty(0), np.ones(3), np.full(640, np.nan), np.full(640, 2.0), -np.ones(640)],
    ids=["empty", "three", "nan", "flat", "negative"],
)
def test_poor_signals_give_frames_without_events(values):
    skin = eda_frame(values, sampling_rate=4.0)
    pulse = bvp_frame(values, sampling_rate=64.0)
    assert len(skin) == len(pulse) == len(values)
    assert not skin["scr_peak"].any()
    assert not pulse["bvp_peak"].any()
    assert pulse["hr"].isna().all()
    assert len(to_neurokit(pulse)) == len(values)
    assert hrv_frame([], sampling_rate=64.0).isna().all(axis=None)


def test_a_gap_has_no_rate(person):
    bvp = person[SignalKind.BVP].copy()
    bvp[4000:4640] = np.nan
    frame = bvp_frame(bvp, sampling_rate=64.0)
    gone = frame["hr"].isna().to_numpy()
    assert np.flatnonzero(gone).tolist() == list(range(4000, 4640))
    assert frame["bvp_amplitude"].notna().sum() == frame["bvp_peak"].sum() - 2


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="sampling_rate > 0"):
        hrv_frame([1, 2, 3], sampling_rate=0)


def test_other_tables_keep_their_names(pulse, example_recording):
    """What stands under a name of ours elsewhere may be in another unit."""
    windows = feature_table(open_session(example_recording), WindowSpec(60.0, 600.0))
    assert windows["hrv_pnn50"].max() <= 1  # percent in NeuroKit2
    for other in (windows, windows[["hrv_pnn50"]], pulse[["hr"]], pd.DataFrame({"other": [1.0]})):
        with pytest.raises(ValueError, match="expected a frame from eda_frame, bvp_frame or hrv"):
            to_neurokit(other)
    with pytest.raises(ValueError, match="start_s"):
        to_neurokit(pulse.assign(start_s=0.0))
    assert "HRV_pNN50" not in to_neurokit(pulse.assign(hrv_pnn50=0.5))


def test_without_pandas_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="pip install 'wearaffect\\[desk\\]'"):
        hrv_frame([1, 60, 120], sampling_rate=64)
