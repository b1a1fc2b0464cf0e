"""How a person's skin conductance has stood and moved so far: what a forecast recalls."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.windows import Window, WindowSignal
from wearaffect.signals.electrodermal import level_at_end
from wearaffect.signals.history import History, mean_key

__all__ = ["FORECAST_HISTORY", "SkinHistory", "forecast_inputs"]

# Engineering choices; any five minutes beside any half hour forecast as well.
_LEVEL_TAUS_S = (300.0, 1800.0)
_MOVE_TAU_S = 600.0
_MOVE_S = 5.0

FORECAST_HISTORY = (
    *(mean_key("eda_now", tau_s) for tau_s in _LEVEL_TAUS_S),
    mean_key("eda_move", _MOVE_TAU_S),
)
"""Keys of `Window.history` that a forecast takes, in order, each in µS: the usual level over two
times, and by how much it usually changes in five seconds."""


class SkinHistory:
    """Running means of the conductance at the end of windows, and of how much it moved.

    Parameters
    ----------
    hop_s : float
        Time from one window to the next, seconds.
    """

    def __init__(self, hop_s: float) -> None:
        levels = [History(["eda_now"], hop_s=hop_s, tau_s=tau_s) for tau_s in _LEVEL_TAUS_S]
        self._parts = [*levels, History(["eda_move"], hop_s=hop_s, tau_s=_MOVE_TAU_S)]

    def advance(self, eda: WindowSignal | None) -> dict[str, float]:
        """Take a window's skin conductance; give what is known up to and including it.

        Parameters
        ----------
        eda : WindowSignal or None
            In µS. None, or one that ends in a gap, leaves the history as it was.

        Returns
        -------
        dict of str to float
            At least `FORECAST_HISTORY`, µS; NaN until there was a value.
        """
        values = {} if eda is None else _now_and_move(eda)
        return {key: value for part in self._parts for key, value in part.advance(values).items()}


def forecast_inputs(windows: Sequence[Window]) -> NDArray[np.float32]:
    """Give `FORECAST_HISTORY` of windows as an array.

    Parameters
    ----------
    windows : sequence of Window
        From a chain.

    Returns
    -------
    numpy.ndarray, (n, 3), float32
        µS; NaN where it isn't known.
    """
    rows = [[w.history.get(key, np.nan) for key in FORECAST_HISTORY] for w in windows]
    return np.array(rows, dtype=np.float32).reshape(len(windows), len(FORECAST_HISTORY))


def _now_and_move(eda: WindowSignal) -> dict[str, float]:
    trace = eda.data[0]
    now = level_at_end(trace, eda.sampling_rate)
    before = level_at_end(trace[: -round(_MOVE_S * eda.sampling_rate)], eda.sampling_rate)
    return {"eda_now": now, "eda_move": abs(now - before)}
