"""DataFrames for the desk: a row a sample, in our names or in NeuroKit2's."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wearaffect.analysis.convex_eda import Boundary, decompose_eda
from wearaffect.analysis.hrv import HRV_FREQUENCY, HRV_TIME, hrv_frequency, hrv_time
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks, pulse_amplitude
from wearaffect.analysis.responses import find_responses
from wearaffect.core.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bvp_frame", "eda_frame", "hrv_frame", "to_neurokit"]

Array = NDArray[np.float64]

_NEUROKIT_EDA = {
    "eda": "EDA_Raw",
    "eda_tonic": "EDA_Tonic",
    "eda_phasic": "EDA_Phasic",
    "scr_onset": "SCR_Onsets",
    "scr_peak": "SCR_Peaks",
    "scr_amplitude": "SCR_Amplitude",
    "scr_rise_s": "SCR_RiseTime",
    "scr_recovery": "SCR_Recovery",
    "scr_recovery_s": "SCR_RecoveryTime",
}
_NEUROKIT_BVP = {
    "bvp": "PPG_Raw",
    "bvp_clean": "PPG_Clean",
    "hr": "PPG_Rate",
    "bvp_peak": "PPG_Peaks",
}
# normalised LF and HF are left out: theirs are shares of the total power, ours of LF + HF
_NEUROKIT_HRV = {
    name: f"HRV_{name.removeprefix('hrv_').upper()}"
    for name in (*HRV_TIME, *HRV_FREQUENCY)
    if name not in {"hrv_lfn", "hrv_hfn"}
}
_MIXED_CASE = (
    *("MeanNN", "MedianNN", "MadNN", "MinNN", "MaxNN"),
    *("Prc20NN", "Prc80NN", "pNN50", "pNN20", "LnHF"),
)
_NEUROKIT_HRV |= {f"hrv_{name.lower()}": f"HRV_{name}" for name in _MIXED_CASE}
_NEUROKIT = (_NEUROKIT_EDA, _NEUROKIT_BVP, _NEUROKIT_HRV)
_ZERO_ELSEWHERE = ("SCR_Amplitude", "SCR_RiseTime", "SCR_RecoveryTime")


def eda_frame(
    eda: ArrayLike,
    *,
    sampling_rate: float,
    boundary: Boundary = Boundary.REVISED_2025,
    threshold_us: float = 0.03,
) -> "pd.DataFrame":
    """Describe skin conductance, sample by sample.

    Parameters
    ----------
    eda : array_like, (n_samples,)
        Skin conductance, µS; NaN in gaps.
    sampling_rate : float
        Hz, at least 1.
    boundary : Boundary
        How the decomposition begins and ends; NeuroKit2's is ``Boundary.PUBLISHED_2015``.
    threshold_us : float
        Smallest response that counts, µS; see `wearaffect.analysis.responses.find_responses`.

    Returns
    -------
    pandas.DataFrame
        A row a sample: ``time_s``; ``eda`` as it came, ``eda_tonic`` and ``eda_phasic``, µS;
        ``eda_driver``, µS/s; ``scr_onset``, ``scr_peak`` and ``scr_recovery`` (half of the
        amplitude lost), bool; and at peaks ``scr_amplitude``, µS, ``scr_rise_s`` and
        ``scr_recovery_s``; NaN elsewhere.

    Raises
    ------
    ValueError
        `eda` isn't a vector, or a number is out of its range.
    SignalError
        The values are too large to square.
    MissingExtraError
        pandas isn't installed.
    """
    parts = decompose_eda(eda, sampling_rate, boundary=boundary)
    found = find_responses(parts.phasic, sampling_rate, threshold_us=threshold_us)
    size = parts.phasic.size
    onset, peak = (np.rint(at * sampling_rate).astype(int) for at in (found.onset_s, found.peak_s))
    half = np.rint((found.peak_s + found.recovery_s)[np.isfinite(found.recovery_s)] * sampling_rate)
    columns: dict[str, NDArray[np.generic]] = {
        "time_s": np.arange(size) / sampling_rate,
        "eda": np.array(eda, dtype=np.float64),
        "eda_tonic": parts.tonic,
        "eda_phasic": parts.phasic,
        "eda_driver": parts.driver,
        "scr_onset": _marked(size, onset),
        "scr_peak": _marked(size, peak),
        "scr_recovery": _marked(size, half.astype(int)),
        "scr_amplitude": _placed(size, peak, found.amplitude_us),
        "scr_rise_s": _placed(size, peak, found.rise_s),
        "scr_recovery_s": _placed(size, peak, found.recovery_s),
    }
    return _frame(columns)


def bvp_frame(bvp: ArrayLike, *, sampling_rate: float) -> "pd.DataFrame":
    """Describe a pulse wave, sample by sample.

    Parameters
    ----------
    bvp : array_like, (n_samples,)
        Pulse wave, device units; NaN in gaps.
    sampling_rate : float
        Hz, above 16.

    Returns
    -------
    pandas.DataFrame
        A row a sample: ``time_s``; ``bvp`` as it came; ``bvp_clean``; ``bvp_peak``, bool;
        ``bvp_amplitude``, at peaks, from the trough before; ``hr``, beats per minute: 60 over the
        interval that ends at each beat, between beats by monotone cubics (Fritsch & Carlson 1980,
        doi 10.1137/0717021), held at the ends; NaN in gaps and without two beats.

    Raises
    ------
    ValueError
        `bvp` isn't a vector or is too large to square, or the rate doesn't reach twice 8 Hz.
    MissingExtraError
        pandas isn't installed.
    """
    clean = clean_bvp(bvp, sampling_rate)
    peaks = find_systolic_peaks(clean, sampling_rate)
    raw = np.array(bvp, dtype=np.float64)
    columns: dict[str, NDArray[np.generic]] = {
        "time_s": np.arange(raw.size) / sampling_rate,
        "bvp": raw,
        "bvp_clean": clean,
        "bvp_peak": _marked(raw.size, peaks),
        "bvp_amplitude": _placed(raw.size, peaks, pulse_amplitude(clean, peaks)),
        "hr": np.where(np.isfinite(clean), _rate(peaks, raw.size, sampling_rate), np.nan),
    }
    return _frame(columns)


def hrv_frame(peaks: ArrayLike, *, sampling_rate: float) -> "pd.DataFrame":
    """Describe heart rate variability in one row.

    Parameters
    ----------
    peaks : array_like, (n_beats,), int
        Samples at which beats lie, ascending.
    sampling_rate : float
        Hz, > 0, of those samples.

    Returns
    -------
    pandas.DataFrame
        One row: the columns of `wearaffect.analysis.hrv.hrv_time`, then those of `hrv_frequency`
        (by Lomb and Scargle); units are told there.

    Raises
    ------
    ValueError
        Peaks that don't ascend, or a rate that isn't positive.
    MissingExtraError
        pandas isn't installed.
    """
    if not sampling_rate > 0:
        msg = f"expected sampling_rate > 0, got {sampling_rate}"
        raise ValueError(msg)
    beats_s = np.asarray(peaks, dtype=np.float64) / sampling_rate
    figures = hrv_time(beats_s) | hrv_frequency(beats_s)
    return _frame({name: np.array([value]) for name, value in figures.items()})


def to_neurokit(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Give a frame of ours the names NeuroKit2 uses, for interchange.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `eda_frame`, `bvp_frame` or `hrv_frame`; or joined from these.

    Returns
    -------
    pandas.DataFrame
        The columns that have a counterpart, under its name: ``EDA_Raw``, ``EDA_Tonic``,
        ``EDA_Phasic``, ``SCR_Onsets``, ``SCR_Peaks``, ``SCR_Amplitude``, ...; ``PPG_Raw``,
        ``PPG_Clean``, ``PPG_Rate``, ``PPG_Peaks``; ``HRV_MeanNN``, ... Marks are 0 and 1, and
        figures of responses 0 where there is none, as there. ``hrv_lfn`` and ``hrv_hfn`` are
        defined otherwise there and left out.

    Raises
    ------
    ValueError
        It isn't such a frame: none of the three is there with all its columns, or it is a table of
        windows, where the same names stand for other figures (``hrv_pnn50`` is a share there, in
        percent here and in NeuroKit2).
    """
    whole = [known for known in _NEUROKIT if set(known) <= set(frame.columns)]
    if not whole or "start_s" in frame.columns:
        msg = (
            "expected a frame from eda_frame, bvp_frame or hrv_frame with all its columns, "
            f"got the columns {list(frame.columns)}"
        )
        raise ValueError(msg)
    names = {ours: theirs for known in whole for ours, theirs in known.items()}
    theirs = frame[list(names)].rename(columns=names)
    marks = [name for name in theirs if theirs[name].dtype == np.bool_]
    sparse = [name for name in _ZERO_ELSEWHERE if name in theirs]
    return theirs.astype(dict.fromkeys(marks, np.int64)).fillna(dict.fromkeys(sparse, 0.0))


def _rate(peaks: NDArray[np.int64], size: int, sampling_rate: float) -> Array:
    """Give the heart rate at each sample."""
    if peaks.size < 2:
        return np.full(size, np.nan)
    from scipy.interpolate import PchipInterpolator

    interval_s = np.diff(peaks) / sampling_rate
    at = np.clip(np.arange(size), peaks[0], peaks[-1])
    between = PchipInterpolator(peaks, np.concatenate([interval_s[:1], interval_s]))
    return np.asarray(60.0 / between(at), dtype=np.float64)


def _marked(size: int, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    marks = np.zeros(size, dtype=bool)
    marks[at] = True
    return marks


def _placed(size: int, at: NDArray[np.int64], values: Array) -> Array:
    column = np.full(size, np.nan)
    column[at] = values
    return column


def _frame(columns: dict[str, NDArray[np.generic]]) -> "pd.DataFrame":
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("desk", "a data frame") from error
    return pd.DataFrame(columns)
