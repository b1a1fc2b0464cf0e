"""The detectors of beats and of skin conductance responses that are scored: ours and the peers'.

Every one is called as its manual has it, with its own defaults. BioSPPy's `eda` raises at 4 Hz (it
begins with a low-pass of 5 Hz), so the detector that it would call next, `emotiphai_eda`, is called
with its defaults: its own low-pass of 2 Hz can't be made at 4 Hz either, which it prints and goes
on to smooth over a second. It runs at half its least response too: its 0.1 µS is above many true
responses.
"""

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping

import biosppy.signals.eda
import biosppy.signals.ppg
import heartpy
import neurokit2 as nk
import numpy as np
from harness import say
from numpy.typing import NDArray

from wearaffect.analysis.convex_eda import decompose_eda
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.analysis.responses import find_responses
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.physiology.participant import SENSORS
from wearaffect.signals.cardiac import IbiClass, find_beats
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.electrodermal import find_scrs
from wearaffect.signals.filters import BandFilter

Array = NDArray[np.float64]
Found = tuple[Array, Array]
"""Times in seconds, and what is scored beside them: amplitude µS, or 1 where a beat is trusted."""


def _live(kind: SignalKind, values: Array) -> Array:
    """Filter as the chain does."""
    sensor = SENSORS[kind]
    info = StreamInfo(str(kind), kind, sensor.channels, sensor.sampling_rate)
    chunk = SignalChunk(info, values[:, None].astype(np.float32))
    out = BandFilter(ChainSettings().bands[kind], info)(chunk)
    return out.data[:, 0].astype(np.float64)


def _beats_live(bvp: Array) -> Found:
    beats = find_beats(_live(SignalKind.BVP, bvp)[None], 64.0)
    real = np.isfinite(beats.times_s[0])
    return beats.times_s[0][real], (beats.classes[0][real] == IbiClass.NORMAL).astype(float)


def _beats_desk(bvp: Array) -> Found:
    return _trusted(find_systolic_peaks(clean_bvp(bvp, 64.0), 64.0) / 64.0)


def _trusted(times_s: Array) -> Found:
    return times_s, np.ones(len(times_s))


def _beats_neurokit(bvp: Array) -> Found:
    cleaned = nk.ppg_clean(bvp, sampling_rate=64)
    return _trusted(np.asarray(nk.ppg_findpeaks(cleaned, sampling_rate=64)["PPG_Peaks"]) / 64.0)


def _beats_biosppy(bvp: Array) -> Found:
    return _trusted(np.asarray(biosppy.signals.ppg.ppg(bvp, 64.0, show=False)["peaks"]) / 64.0)


def _beats_heartpy(bvp: Array) -> Found:
    cleaned = heartpy.filter_signal(bvp, [0.5, 8], 64.0, order=2, filtertype="bandpass")
    return _trusted(np.asarray(heartpy.process(cleaned, 64.0)[0]["peaklist"]) / 64.0)


BEATS: Mapping[str, Callable[[Array], Found]] = {
    "wearaffect live": _beats_live,
    "wearaffect desk": _beats_desk,
    "neurokit2": _beats_neurokit,
    "biosppy": _beats_biosppy,
    "heartpy": _beats_heartpy,
}


def _scrs_live(eda: Array) -> Found:
    onset_s, _, amplitude = find_scrs(_live(SignalKind.EDA, eda), 4.0).T
    return onset_s, amplitude


def _scrs_convex(eda: Array) -> Found:
    found = find_responses(decompose_eda(eda, 4.0).phasic, 4.0)
    return found.onset_s, found.amplitude_us


def _scrs_neurokit(eda: Array, phasic: str) -> Found:
    parts = nk.eda_phasic(eda, sampling_rate=4, method=phasic)
    info = nk.eda_peaks(parts["EDA_Phasic"].to_numpy(), sampling_rate=4)[1]
    onset_s = np.asarray(info["SCR_Onsets"], dtype=float) / 4.0
    there = np.isfinite(onset_s)
    return onset_s[there], np.asarray(info["SCR_Amplitude"], dtype=float)[there]


def _scrs_biosppy(eda: Array, least_us: float) -> Found:
    found = biosppy.signals.eda.emotiphai_eda(eda, 4.0, min_amplitude=least_us)
    return np.asarray(found["onsets"]) / 4.0, np.asarray(found["amplitudes"], dtype=float)


SCRS: Mapping[str, Callable[[Array], Found]] = {
    "wearaffect live": _scrs_live,
    "wearaffect convex": _scrs_convex,
    "neurokit2": lambda x: _scrs_neurokit(x, "highpass"),
    "neurokit2 cvxeda": lambda x: _scrs_neurokit(x, "cvxeda"),
    "biosppy": lambda x: _scrs_biosppy(x, 0.1),
    "biosppy 0.05 µS": lambda x: _scrs_biosppy(x, 0.05),
}


def detect(detector: Callable[[Array], Found], signal: Array) -> Found | None:
    """Run a detector; None where it gives up."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            times_s, beside = detector(signal)
        except Exception as error:  # noqa: BLE001  peers raise all sorts
            say(f"   gave up: {type(error).__name__}: {str(error)[:80]}")
            return None
    return np.asarray(times_s, dtype=float), np.asarray(beside, dtype=float)
