"""How far two tables are apart, column by column."""

from collections.abc import Iterator, Mapping

import numpy as np
from harness import Check
from numpy.typing import NDArray

__all__ = ["Array", "relative", "worst_of"]

Array = NDArray[np.float64]

_FLOOR = 1e-12  # a column of zeros is compared as it stands
_LOOSE = ("skewness", "kurtosis")


def relative(ours: Array, theirs: Array) -> float:
    """Largest difference of a column, relative to its own size.

    That size is the reference value itself, or the 95th percentile of the column's where that is
    more: a value that happens to be near zero isn't asked for more digits than its column has.

    Parameters
    ----------
    ours, theirs : numpy.ndarray, (n_rows,)
        A column and its reference.

    Returns
    -------
    float
        Infinite where only one side has a value.
    """
    known = np.isfinite(theirs)
    if (np.isfinite(ours) != known).any():
        return float("inf")
    size = np.abs(theirs[known])
    if not size.size:
        return 0.0
    scale = np.maximum(size, max(float(np.percentile(size, 95)), _FLOOR))
    return float((np.abs(ours[known] - theirs[known]) / scale).max())


def worst_of(off: Mapping[str, float], what: str) -> Iterator[Check]:
    """Check the worst column: 1e-9, and 1e-6 for skewness and kurtosis apart."""
    for loose, most in ((False, 1e-9), (True, 1e-6)):
        part = {name: value for name, value in off.items() if name.endswith(_LOOSE) == loose}
        if part:
            name = max(part, key=lambda key: part[key])
            yield Check(f"worst of {len(part)} {what}: {name}", part[name], most)
