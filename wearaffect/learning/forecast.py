"""Fit the forecast of skin conductance on some people."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wearaffect.bundle.encoding import EDA_RATE_HZ, eda_traces
from wearaffect.core.timebase import n_samples
from wearaffect.learning.forecast_head import Described, ForecastHead
from wearaffect.learning.table import HORIZONS_S, PersonTable
from wearaffect.signals.skin_history import forecast_inputs

__all__ = ["ForecastHead", "fit_forecast", "persistence_errors"]

_QUANTILES = (0.05, 0.5, 0.95)


class _Rows(NamedTuple):
    """What a head learns from: changes to come in units of the usual (or NaN), and weights."""

    said: Described
    target: Tensor
    weight: Tensor
    square_weight: Tensor


def fit_forecast(
    people: Sequence[PersonTable], *, seed: int = 0, steps: int = 500, batch_size: int = 2048
) -> ForecastHead:
    """Fit a head on some people; needs no labels.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people, windows of one length, whose windows carry their history.
    seed : int
        Of everything random: the same people and seed give the same head.
    steps, batch_size : int
        How long to fit; engineering choices.

    Returns
    -------
    ForecastHead
        In evaluation mode. Without any skin conductance to learn from it is persistence.

    Raises
    ------
    ValueError
        Nobody has a window, or somebody's windows don't touch.

    Notes
    -----
    The autoregression starts from its ridge solution. Then all goes down the pinball loss, with
    the squared error of the middle beside it, since the middle is read as a median and as a mean.
    People weigh as the square root of how much they move, between equally and by µS.
    """
    people = [person for person in people if person.windows]
    if not people:
        msg = "expected people with windows, got none"
        raise ValueError(msg)
    window_s = people[0].windows[0].end_s - people[0].windows[0].start_s
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = ForecastHead(window_s)
        with torch.no_grad():
            parts = [_rows_of(head, person) for person in people]
            rows = _joined([part for part in parts if len(part.target)])
            if rows is None:
                return head.eval()
            _start(head, rows)
        _descend(head, rows, steps, min(batch_size, len(rows.target)))
    return head.eval()


_STRIDE = 5  # samples between rows: between two windows lie more, of the same trace
_RIDGE = 0.1
_SQUARED = 0.1
_RATE, _DECAY = 0.01, 0.1


def _rows_of(head: ForecastHead, person: PersonTable) -> _Rows:
    """Rows at every few samples of a person's whole trace, put together from its windows."""
    first = person.windows[0]
    eda = eda_traces(person.windows, first.end_s - first.start_s)
    length = eda.shape[1]
    hop = length
    if len(eda) > 1:
        hop = n_samples(person.windows[1].start_s - first.start_s, EDA_RATE_HZ)
    if hop > length:
        msg = f"expected windows that touch, got one of {length} samples every {hop}"
        raise ValueError(msg)
    trace = np.concatenate([eda[0], eda[1:, -hop:].ravel()])
    known = np.repeat(np.isfinite(person.eda_us), hop)  # of the sample each stretch ends with
    known = np.concatenate([np.zeros(length - hop, dtype=bool), known])
    end = np.flatnonzero(known)
    end = end[(end >= length - 1) & ((end - length + 1) % _STRIDE == 0)]
    target = _ahead(trace, known, end)
    windows = np.lib.stride_tricks.sliding_window_view(trace, length)[end - length + 1]
    history = forecast_inputs(person.windows)[(end - length + 1) // hop]
    some = np.flatnonzero(np.isfinite(target).any(axis=1))
    said = head.describe(torch.from_numpy(windows[some]), torch.from_numpy(history[some]))
    square = said.usual**2
    return _Rows(
        said,
        torch.from_numpy(target[some]) / said.usual[:, None],
        said.usual / said.usual.mean().sqrt(),
        square / square.mean().sqrt(),
    )


def _joined(parts: Sequence[_Rows]) -> _Rows | None:
    if not parts:
        return None
    said, *others = zip(*parts, strict=True)
    inputs = Described(*(torch.cat(column) for column in zip(*said, strict=True)))
    return _Rows(inputs, *(torch.cat(column) for column in others))


def _ahead(
    trace: NDArray[np.float32], known: NDArray[np.bool_], end: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Change of the conductance from each sample to each horizon, NaN where it isn't known."""
    target = np.full((end.size, len(HORIZONS_S)), np.nan, np.float32)
    for h, horizon_s in enumerate(HORIZONS_S):
        later = end + n_samples(horizon_s, EDA_RATE_HZ)
        fine = np.flatnonzero(later < trace.size)
        fine = fine[known[later[fine]]]
        target[fine, h] = trace[later[fine]] - trace[end[fine]]
    return target


def _start(head: ForecastHead, rows: _Rows) -> None:
    """Scale the inputs, and set the autoregression to its ridge solution and widths to typical."""
    said = rows.said
    head.change_scale.copy_(said.changes.square().mean(0).sqrt().clamp_min(1e-6))
    head.shape_mean.copy_(said.shape.mean(0))
    head.shape_scale.copy_(said.shape.std(0, correction=0).clamp_min(1e-6))
    x = (said.changes / head.change_scale * said.ratio[:, None]).double()
    for h in range(head.n_horizons):
        known = torch.isfinite(rows.target[:, h])
        if not known.any():
            continue
        w = rows.square_weight[known].double()
        xh, y = x[known], rows.target[known, h].double()
        gram, moment = (xh * w[:, None]).T @ xh, (xh * w[:, None]).T @ y
        size = gram.diagonal().clamp_min(1e-9).sqrt()
        gram = gram / size / size[:, None] + _RIDGE * torch.eye(len(size), dtype=torch.float64)
        head.middle.weight[h] = (torch.linalg.solve(gram, moment / size) / size).float()
        typical = 2 * (y.abs() * rows.weight[known]).sum() / rows.weight[known].sum()
        head.widths.bias[h :: head.n_horizons] = math.log(max(float(typical), 1e-3))


def _descend(head: ForecastHead, rows: _Rows, steps: int, batch_size: int) -> None:
    """Go down the loss."""
    known = torch.isfinite(rows.target)
    target = torch.where(known, rows.target, torch.zeros_like(rows.target))
    weight, square_weight = rows.weight[:, None] * known, rows.square_weight[:, None] * known
    # each horizon counts alike
    weight = weight / (target.abs() * weight).mean(0).clamp_min(1e-9)
    square_weight = square_weight / (target.square() * square_weight).mean(0).clamp_min(1e-9)
    levels = torch.tensor(_QUANTILES)
    optimiser = torch.optim.AdamW(head.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    head.train()
    for _ in range(steps):
        some = torch.randint(0, len(target), (batch_size,))
        said = Described(*(values[some] for values in rows.said))
        error = target[some, :, None] - head.relative(said)
        pinball = torch.maximum(levels * error, (levels - 1) * error).sum(2)
        squared = error[:, :, 1].square() * square_weight[some]
        loss = (pinball * weight[some]).mean() + _SQUARED * squared.mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()


def persistence_errors(people: Sequence[PersonTable]) -> NDArray[np.float64]:
    """Tell how far the last value is off on some people: what a forecast has to beat.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people, labelled windows or not.

    Returns
    -------
    numpy.ndarray, (horizons, 3)
        5th percentile, median and 95th percentile of the change to come, µS; NaN where none is
        known.
    """
    change = np.concatenate([p.eda_later_us - p.eda_us[:, None] for p in people])
    known = [column[np.isfinite(column)] for column in change.T]
    unknown = np.full(len(_QUANTILES), np.nan)
    return np.array([np.quantile(c, _QUANTILES) if c.size else unknown for c in known])
