"""The one door to numba: loops run compiled where it is installed, and as they stand elsewhere.

Both ways do the same floating-point operations in the same order (no fast-math), so they agree to
rounding; only the speed differs.
"""

import importlib.util
import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

__all__ = ["NO_NUMBA_VARIABLE", "compiled", "is_compiled"]

NO_NUMBA_VARIABLE = "WEARAFFECT_NO_NUMBA"

_Function = TypeVar("_Function", bound=Callable[..., Any])


def is_compiled() -> bool:
    """Tell whether loops run compiled; doesn't import numba.

    Returns
    -------
    bool
        numba is installed, and the environment variable ``WEARAFFECT_NO_NUMBA`` isn't set to
        anything but 0.
    """
    if os.environ.get(NO_NUMBA_VARIABLE, "0") not in {"", "0"}:
        return False
    return importlib.util.find_spec("numba") is not None


def compiled(function: _Function) -> _Function:
    """Compile a function of arrays and numbers on first use, if numba is there.

    Parameters
    ----------
    function : callable
        A loop over arrays that also runs as plain Python.

    Returns
    -------
    callable
        The compiled function, or the same one. Machine code is kept beside the module, or in the
        user's cache where that can't be written to, or for this process alone.
    """
    if not is_compiled():
        return function
    from numba import njit

    try:
        kept = njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder it may write to
        kept = njit(error_model="numpy")(function)
    return cast("_Function", kept)
