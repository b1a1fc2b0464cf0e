"""The desk: what sees a whole recording, with scipy, pandas and numba.

The names that a notebook wants are here, loaded when they are first used::

    from wearaffect import analysis

    frame = analysis.eda_frame(eda, sampling_rate=4)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wearaffect.analysis.convex_eda import decompose_eda
    from wearaffect.analysis.frames import bvp_frame, eda_frame, hrv_frame, to_neurokit
    from wearaffect.analysis.hrv import hrv_frequency, hrv_nonlinear, hrv_time
    from wearaffect.analysis.ibi import classify_intervals, correct_intervals
    from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
    from wearaffect.analysis.responses import find_responses
    from wearaffect.analysis.skin_fit import fit_skin
    from wearaffect.analysis.skin_gaps import fill_gaps
    from wearaffect.analysis.table import feature_table

__all__ = [
    "bvp_frame",
    "classify_intervals",
    "clean_bvp",
    "correct_intervals",
    "decompose_eda",
    "eda_frame",
    "feature_table",
    "fill_gaps",
    "find_responses",
    "find_systolic_peaks",
    "fit_skin",
    "hrv_frame",
    "hrv_frequency",
    "hrv_nonlinear",
    "hrv_time",
    "to_neurokit",
]

_HOMES = {
    "bvp_frame": "frames",
    "classify_intervals": "ibi",
    "clean_bvp": "pulse",
    "correct_intervals": "ibi",
    "decompose_eda": "convex_eda",
    "eda_frame": "frames",
    "feature_table": "table",
    "fill_gaps": "skin_gaps",
    "find_responses": "responses",
    "find_systolic_peaks": "pulse",
    "fit_skin": "skin_fit",
    "hrv_frame": "frames",
    "hrv_frequency": "hrv",
    "hrv_nonlinear": "hrv",
    "hrv_time": "hrv",
    "to_neurokit": "frames",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
