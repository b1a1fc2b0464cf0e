"""What a person has shown so far: running means and spreads that forget, carried by the chain.

A window is judged against the minutes before it as well as against the world: people differ from
one another by more than they change. Nothing here knows how long a session has lasted; a recording
that goes on as it began gives the same numbers for ever.
"""

import math
from collections.abc import Mapping, Sequence

__all__ = ["HISTORY_S", "History", "mean_key", "sd_key"]

HISTORY_S = 900.0
"""Time over which features are forgotten, seconds (a quarter of an hour: engineering choice)."""


def mean_key(name: str, tau_s: float = HISTORY_S) -> str:
    """Give the key of a running mean in `Window.history`."""
    return f"{name}_mean_{tau_s:g}s"


def sd_key(name: str, tau_s: float = HISTORY_S) -> str:
    """Give the key of a running standard deviation in `Window.history`."""
    return f"{name}_sd_{tau_s:g}s"


class History:
    """Exponentially forgetting mean and standard deviation of some quantities.

    Parameters
    ----------
    names : sequence of str
        Of the quantities.
    hop_s : float
        Time from one window to the next, seconds.
    tau_s : float
        Time over which they are forgotten, seconds of windows that had a value: hours off the
        skin leave it as it was. Before so much has been seen, every window counts alike.

    Examples
    --------
    >>> history = History(["hr"], hop_s=5.0)
    >>> _ = history.advance({"hr": 60.0})
    >>> history.advance({"hr": 80.0})["hr_mean_900s"]
    70.0

    Notes
    -----
    The recursion for mean and variance is West 1979, doi 10.1145/359146.359153, with a weight that
    stops falling at ``1 - exp(-hop/tau)``.
    """

    def __init__(self, names: Sequence[str], *, hop_s: float, tau_s: float = HISTORY_S) -> None:
        self._least = -math.expm1(-hop_s / tau_s)
        self._keys = {name: (mean_key(name, tau_s), sd_key(name, tau_s)) for name in names}
        self._state = dict.fromkeys(names, (0, 0.0, 0.0))

    def advance(self, values: Mapping[str, float]) -> dict[str, float]:
        """Take a window's values; give what is known up to and including it.

        Parameters
        ----------
        values : mapping of str to float
            By name; one that is absent or NaN leaves its history as it was.

        Returns
        -------
        dict of str to float
            ``<name>_mean_<tau>s`` and ``<name>_sd_<tau>s``; NaN until there was a value.
        """
        found = {}
        for name, (mean_of, sd_of) in self._keys.items():
            count, mean, variance = self._state[name]
            value = values.get(name, math.nan)
            if math.isfinite(value):
                count += 1
                weight = max(self._least, 1.0 / count)
                off = value - mean
                mean += weight * off
                variance = (1.0 - weight) * (variance + weight * off * off)
                self._state[name] = (count, mean, variance)
            found[mean_of] = mean if count else math.nan
            found[sd_of] = math.sqrt(variance) if count else math.nan
        return found
