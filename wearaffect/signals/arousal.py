"""How far heart and skin are above what this person has shown so far: no training at all."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from wearaffect.signals.history import mean_key, sd_key

__all__ = ["INDEX_FEATURES", "arousal_index"]

# Spreads below these are noise of the estimate, not the person (engineering choices).
INDEX_FEATURES: Mapping[str, float] = MappingProxyType(
    {
        "hr_median": 0.5,
        "hr_p10": 0.5,
        "eda_level": 0.02,
        "eda_slope": 0.02,
        "scr_count": 1.0,
    }
)
"""What the index averages, with the least spread each is divided by: heart rate, 1/min; tonic skin
conductance, where it is going, and its responses, ln µS, µS/min and 1/min. All rise with
sympathetic drive (Boucsein et al. 2012, doi 10.1111/j.1469-8986.2012.01384.x)."""

_CLIP = 4.0


def arousal_index(features: Mapping[str, float], history: Mapping[str, float]) -> float:
    """Average standardised heart rate and skin conductance.

    Parameters
    ----------
    features : mapping of str to float
        Of a window.
    history : mapping of str to float
        Running means and spreads, from `wearaffect.signals.history.History`.

    Returns
    -------
    float
        In standard deviations of the person's own last quarter of an hour, each part within ±4;
        what is missing is left out, and 0 where everything is.
    """
    parts = []
    for name, least in INDEX_FEATURES.items():
        off = features.get(name, math.nan) - history.get(mean_key(name), math.nan)
        if math.isfinite(off):
            parts.append(min(max(off / max(history[sd_key(name)], least), -_CLIP), _CLIP))
    return sum(parts) / len(parts) if parts else 0.0
