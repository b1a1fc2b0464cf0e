"""What the models see, by name, standardised on the rows that a model is fitted on."""

import numpy as np
from numpy.typing import NDArray

from wearaffect.evaluation.paper.rows import N_LAGS, PaperRows

__all__ = ["INPUTS", "encoded", "input_names"]

Floats = NDArray[np.float64]

INPUTS = {
    "questionnaire": ("questionnaire",),
    "questionnaire_time": ("questionnaire", "time"),
    "questionnaire_lagged": ("questionnaire", "lagged"),
    "questionnaire_time_lagged": ("questionnaire", "time", "lagged"),
    "lagged": ("lagged",),
}
_NAMES = {
    "questionnaire": ("SAM valence", "SAM arousal", "20 PANAS items"),
    "time": ("time since the first condition began",),
    "lagged": tuple(f"EDA level {k} hop{'s' * (k > 1)} before" for k in range(1, N_LAGS + 1)),
}
# Sines and cosines let smooth models follow a course over time (engineering choice: two hours,
# the length of a sitting, down to two minutes, two windows).
_PERIODS_S = 7200.0 / 2.0 ** np.arange(7)
_LEAST_SD = 0.3  # of an answer on a scale of whole steps: one odd answer isn't thrown far out


def input_names(variant: str) -> tuple[str, ...]:
    """Name the inputs of a variant, as the protocol carries them."""
    return tuple(name for part in INPUTS[variant] for name in _NAMES[part])


def encoded(rows: PaperRows, variant: str, train: NDArray[np.int64]) -> Floats:
    """Encode all rows by means and spreads of some.

    Parameters
    ----------
    rows : PaperRows
        All of them.
    variant : str
        A key of `INPUTS`.
    train : numpy.ndarray, int
        Rows that a model is fitted on.

    Returns
    -------
    numpy.ndarray, (n, d)
        Finite; a question left open is the mean of the answers in `train`.

    Raises
    ------
    KeyError
        An unknown variant.
    """
    parts = [_PARTS[name](rows, train) for name in INPUTS[variant]]
    return np.concatenate(parts, axis=1)


def _answers(rows: PaperRows, train: NDArray[np.int64]) -> Floats:
    some = rows.answers[train]
    known = np.isfinite(some)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, some, 0.0).sum(axis=0) / count
    off = np.where(known, some - mean, 0.0)
    sd = np.maximum(np.sqrt((off**2).sum(axis=0) / count), _LEAST_SD)
    return np.asarray(np.nan_to_num((rows.answers - mean) / sd))


def _time(rows: PaperRows, train: NDArray[np.int64]) -> Floats:
    some = rows.start_s[train]
    turns = 2 * np.pi * rows.start_s[:, None] / _PERIODS_S
    straight = (rows.start_s - some.mean())[:, None] / _sd(some)
    return np.concatenate([straight, np.sin(turns), np.cos(turns)], axis=1)


def _lagged(rows: PaperRows, train: NDArray[np.int64]) -> Floats:
    some = rows.level[train]
    return np.asarray((rows.lagged - some.mean()) / _sd(some))


def _sd(values: Floats) -> float:
    return max(float(values.std()), 1e-6)


_PARTS = {"questionnaire": _answers, "time": _time, "lagged": _lagged}
