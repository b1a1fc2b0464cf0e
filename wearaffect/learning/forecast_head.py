"""Where skin conductance will be: what is asked of a trace, and how an answer is made of it.

A long autoregression with running means, plus a small network that bends it and sets the widths.
Changes are measured in units of how much the conductance moves in the window, widths in units of
how much this person's usually moves, so that one fit serves people whose levels differ by factors.
The inputs are the trace and what the chain recalls of it, never elapsed time.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from wearaffect.bundle.encoding import EDA_RATE_HZ
from wearaffect.core.timebase import n_samples
from wearaffect.learning.table import HORIZONS_S

__all__ = ["Described", "ForecastHead"]

# Engineering choices. Lags are dense where responses rise and fall (1-10 s), sparse beyond.
_LAGS_S = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12.5, 15, 20, 25, 30, 40, 50, 59.75)
_MEANS_S = (5, 15, 30, 60)
_RANGES_S = (15, 60)
_SPREADS_S = (5, 15, 60)
_LEAST_LEVEL_US = 0.05
_LEAST_MOVE_US = 0.002  # what a wrist device resolves
_MOST_US = 1e3  # far above any skin
_CLIP = 40.0
_LEAST_WINDOW_S = 10.0
_SOFT = 3.0


class Described(NamedTuple):
    """Windows in terms that are alike for all people.

    Attributes
    ----------
    changes : Tensor, (n, c)
        Level now minus levels, means and extremes before, in units of how much the window moves.
    shape : Tensor, (n, s)
        Logarithms of how much the trace moves over several spans, in units of the usual.
    ratio : Tensor, (n,)
        How much the window moves, in units of the usual.
    usual : Tensor, (n,)
        How much the conductance usually moves in five seconds, µS.
    """

    changes: Tensor
    shape: Tensor
    ratio: Tensor
    usual: Tensor


class ForecastHead(nn.Module):
    """Forecast of skin conductance from its trace and its history.

    Parameters
    ----------
    window_s : float
        Length of a window, seconds.
    n_horizons : int
        How many horizons.
    width : int
        Of the hidden layer.

    Raises
    ------
    ValueError
        The window is shorter than 10 s.

    Notes
    -----
    As built, before it is fitted, it says that all stays as it is.
    """

    def __init__(self, window_s: float, n_horizons: int = len(HORIZONS_S), width: int = 32) -> None:
        super().__init__()
        if window_s < _LEAST_WINDOW_S:
            msg = f"expected windows of at least {_LEAST_WINDOW_S:g} s, got {window_s:g}"
            raise ValueError(msg)
        length = n_samples(window_s, EDA_RATE_HZ)
        lags = [n for n in (n_samples(s, EDA_RATE_HZ) for s in _LAGS_S) if n < length]
        self._means = _inside(_MEANS_S, length)
        self._ranges = _inside(_RANGES_S, length)
        self._spreads = _inside(_SPREADS_S, length)
        self.n_horizons = n_horizons
        n_changes = len(lags) + len(self._means) + 2 + 2 * len(self._ranges)
        n_shape = 6 + len(self._spreads)
        self.lag_at: Tensor
        self.change_scale: Tensor
        self.shape_mean: Tensor
        self.shape_scale: Tensor
        self.register_buffer("lag_at", torch.tensor([length - 1 - n for n in lags]))
        self.register_buffer("change_scale", torch.ones(n_changes))
        self.register_buffer("shape_mean", torch.zeros(n_shape))
        self.register_buffer("shape_scale", torch.ones(n_shape))
        self.middle = nn.Linear(n_changes, n_horizons, bias=False)
        self.widths = nn.Linear(n_changes + n_shape, 2 * n_horizons)
        self.hidden = nn.Linear(n_changes + n_shape, width)
        self.dropout = nn.Dropout(0.2)
        self.bend = nn.Linear(width, 3 * n_horizons, bias=False)
        for parameter in (self.middle.weight, self.widths.weight, self.bend.weight):
            nn.init.zeros_(parameter)
        nn.init.zeros_(self.widths.bias)

    def forward(self, eda: Tensor, history: Tensor) -> Tensor:
        """Forecast.

        Parameters
        ----------
        eda : Tensor, (n, window_s * 4)
            Skin conductance at 4 Hz, µS, ≥ 0.
        history : Tensor, (n, 3)
            As `wearaffect.signals.skin_history.forecast_inputs` gives it; NaN where unknown.

        Returns
        -------
        Tensor, (n, horizons, 3)
            5th percentile, median and 95th percentile, µS, in this order and ≥ 0.
        """
        eda = eda.clamp(0.0, _MOST_US)
        said = self.describe(eda, history)
        ahead = self.relative(said) * said.usual[:, None, None]
        return (eda[:, -1, None, None] + ahead).clamp_min(0.0)

    def describe(self, eda: Tensor, history: Tensor) -> "Described":
        """Put traces and history in terms that are alike for all people."""
        now = eda[:, -1:]
        # a person nothing is known of yet is taken as usual as they are
        fallback = torch.cat([now, now, torch.zeros_like(now)], dim=1)
        known = torch.where(torch.isnan(history), fallback, history).clamp(0.0, _MOST_US)
        level = eda.mean(dim=1, keepdim=True).clamp_min(_LEAST_LEVEL_US)
        least = 0.01 * level + _LEAST_MOVE_US
        usual, lately = known[:, 2:] + least, 0.3 * _sd(eda) + least
        means = [eda[:, -n:].mean(dim=1, keepdim=True) for n in self._means]
        ranges = [
            found for n in self._ranges for found in (_lowest(eda[:, -n:]), -_lowest(-eda[:, -n:]))
        ]
        before = torch.cat([eda[:, self.lag_at], *means, known[:, :2], *ranges], dim=1)
        changes = ((now - before) / lately).clamp(-_CLIP, _CLIP)
        ratio = lately / usual
        shape = torch.cat([self._shape(eda, level, usual), torch.log(ratio), ratio], dim=1)
        return Described(changes, shape, ratio[:, 0], usual[:, 0])

    def _shape(self, eda: Tensor, level: Tensor, usual: Tensor) -> Tensor:
        now = eda[:, -1:]
        least = 0.002 * level + _LEAST_MOVE_US
        seconds = eda[:, 3::4]
        steps = (seconds[:, 1:] - seconds[:, :-1]).abs().mean(dim=1, keepdim=True)
        moved = (now - eda[:, -n_samples(5.0, EDA_RATE_HZ) - 1, None]).abs()
        spreads = [_sd(eda[:, -n:]) + least * (n / eda.shape[1]) for n in self._spreads]
        parts = [steps + 0.1 * least, moved + 0.3 * least, now + _LEAST_LEVEL_US, *spreads]
        log_usual = torch.log(usual)
        return torch.cat([log_usual, torch.log(torch.cat(parts, dim=1)) - log_usual], dim=1)

    def relative(self, said: "Described") -> Tensor:
        """Forecast the change from now in units of the usual, (n, horizons, 3)."""
        x = said.changes / self.change_scale
        shape = (said.shape - self.shape_mean) / self.shape_scale
        context = torch.cat([x / (1 + x.abs() / _SOFT), shape], dim=1)
        bend = self.bend(self.dropout(torch.tanh(self.hidden(context))))
        h = self.n_horizons
        middle = (self.middle(x) + bend[:, :h]) * said.ratio[:, None]
        widths = torch.exp((self.widths(context) + bend[:, h:]).clamp(-8.0, 5.0))
        return torch.stack([middle - widths[:, :h], middle, middle + widths[:, h:]], dim=2)


def _inside(spans_s: Sequence[float], length: int) -> list[int]:
    """Spans in samples, none longer than the window."""
    return sorted({min(n_samples(s, EDA_RATE_HZ), length) for s in spans_s})


def _lowest(eda: Tensor) -> Tensor:
    return eda.amin(dim=1, keepdim=True)


def _sd(eda: Tensor) -> Tensor:
    off = eda - eda.mean(dim=1, keepdim=True)
    return off.square().mean(dim=1, keepdim=True).sqrt()
