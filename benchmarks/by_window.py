"""What one writes without us: a loop over windows with NeuroKit2, NumPy and SciPy; and FLIRT.

FLIRT 0.0.2 asks NumPy for `trapz`, which is gone from NumPy 2.4: it is put back here before FLIRT
is imported, or its HRV features would fail. Everything else runs as published.
"""

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

os.environ["TQDM_DISABLE"] = "1"

import neurokit2 as nk
import numpy as np
import pandas as pd
import scipy.stats
from numpy.typing import NDArray

np.trapz = np.trapezoid  # type: ignore[attr-defined]  # noqa: NPY201
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import flirt

Array = NDArray[np.float64]


def _delayed(x: Array) -> Array:
    return np.stack([x[:-3], x[3:]], axis=1)


def _one_sign(x: Array) -> bool:
    return bool((x.min() >= 0 or x.max() <= 0) and x.any())


def _permutation(x: Array) -> float:
    _, counts = np.unique(_delayed(x).argsort(axis=1, kind="stable")[:, 0], return_counts=True)
    return float(scipy.stats.entropy(counts, base=2))


def _svd(x: Array) -> float:
    return float(scipy.stats.entropy(np.linalg.svd(_delayed(x), compute_uv=False), base=2))


STATISTICS: Mapping[str, Callable[[Array], Any]] = {
    "mean": np.mean,
    "std": np.std,
    "min": np.min,
    "max": np.max,
    "ptp": np.ptp,
    "sum": np.sum,
    "energy": lambda x: np.sum(x**2),
    "skewness": scipy.stats.skew,
    "kurtosis": scipy.stats.kurtosis,
    "peaks": lambda x: scipy.signal.find_peaks(x)[0].size,
    "rms": lambda x: np.sqrt(np.mean(x**2)),
    "lineintegral": lambda x: np.abs(np.diff(x)).sum(),
    "n_above_mean": lambda x: np.sum(x > np.mean(x)),
    "n_below_mean": lambda x: np.sum(x < np.mean(x)),
    "n_sign_changes": lambda x: np.sum(np.diff(np.sign(x)) != 0),
    "iqr": scipy.stats.iqr,
    "iqr_5_95": lambda x: scipy.stats.iqr(x, rng=(5, 95)),
    "pct_5": lambda x: np.percentile(x, 5),
    "pct_95": lambda x: np.percentile(x, 95),
    "entropy": lambda x: scipy.stats.entropy(np.abs(x)) if _one_sign(x) else float("nan"),
    "perm_entropy": _permutation,
    "svd_entropy": _svd,
}
"""The same statistics as ours, of one window of one channel, by NumPy and SciPy."""


def statistics(x: Array) -> dict[str, float]:
    """Compute them all."""
    return {name: float(function(x)) for name, function in STATISTICS.items()}


def skin(eda: Array) -> Any:
    """Decompose skin conductance and find its responses."""
    parts = nk.eda_phasic(eda, sampling_rate=4, method="cvxeda")
    nk.eda_peaks(parts["EDA_Phasic"].to_numpy(), sampling_rate=4)
    return parts


def beats(bvp: Array) -> NDArray[np.int64]:
    """Find systolic peaks, in samples."""
    cleaned = nk.ppg_clean(bvp, sampling_rate=64)
    return np.asarray(nk.ppg_findpeaks(cleaned, sampling_rate=64)["PPG_Peaks"], dtype=np.int64)


def variability(peaks: NDArray[np.int64]) -> dict[str, float]:
    """Describe the intervals between beats, in time and in frequency."""
    if len(peaks) <= 3:
        return {}
    tables = nk.hrv_time(peaks, sampling_rate=64), nk.hrv_frequency(peaks, sampling_rate=64)
    return {name: value for table in tables for name, value in table.iloc[0].items()}


def pulse(bvp: Array) -> tuple[NDArray[np.int64], dict[str, float]]:
    """Find beats and describe their intervals."""
    peaks = beats(bvp)
    return peaks, variability(peaks)


def channels_of(acc: Array, parts: Any) -> dict[str, Array]:
    """Give the six channels that statistics are taken of."""
    channels = dict(zip(("acc_x", "acc_y", "acc_z", "acc_l2"), acc.T, strict=True))
    return channels | {
        "eda_tonic": parts["EDA_Tonic"].to_numpy(), "eda_phasic": parts["EDA_Phasic"].to_numpy()
    }  # fmt: skip


@dataclass(frozen=True)
class Described:
    """What a window gives: statistics as ``<channel>_<statistic>``, beats, HRV by NeuroKit2."""

    statistics: dict[str, float]
    peaks: NDArray[np.int64]
    hrv: dict[str, float]


def all_statistics(channels: Mapping[str, Array]) -> dict[str, float]:
    """Compute all statistics of all channels."""
    return {
        f"{channel}_{name}": value
        for channel, values in channels.items()
        for name, value in statistics(values).items()
    }


def window(acc: Array, eda: Array, bvp: Array) -> Described:
    """Describe one window of a wristband by NeuroKit2's functions and plain statistics.

    Parameters
    ----------
    acc : numpy.ndarray, (n_acc, 4)
        x, y, z and their magnitude at 32 Hz.
    eda, bvp : numpy.ndarray, (n_samples,)
        At 4 and 64 Hz.
    """
    return Described(all_statistics(channels_of(acc, skin(eda))), *pulse(bvp))


def flirt_sides(
    acc: Array, eda: Array, ibi_end_s: Array, ibi: Array
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Give FLIRT's three functions, ready to run on one core, 60 s every 5 s."""
    start = pd.Timestamp(0, tz="UTC")
    acc_times = pd.date_range(start, periods=len(acc), freq="31250us")
    eda_times = pd.date_range(start, periods=len(eda), freq="250ms")
    frame = pd.DataFrame(acc, index=acc_times, columns=["acc_x", "acc_y", "acc_z"])
    intervals = pd.Series(1000 * ibi, index=start + pd.to_timedelta(ibi_end_s, unit="s"))
    conductance = pd.Series(eda, eda_times)
    settings = {"window_length": 60, "window_step_size": 5, "num_cores": 1}
    return {
        "flirt acc": lambda: flirt.get_acc_features(frame, data_frequency=32, **settings),
        "flirt eda": lambda: flirt.get_eda_features(conductance, data_frequency=4, **settings),
        "flirt hrv": lambda: flirt.get_hrv_features(intervals, **settings),
    }
