"""Figures of the skin conductance forecast, and of conductance told from the other signals."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wearaffect.evaluation.answers import Answers, Floats
from wearaffect.evaluation.measures import pinball, skill
from wearaffect.learning.table import HORIZONS_S

__all__ = ["forecast_figures", "from_others_figures"]

_FLAT_US = 0.005  # change over 5 s below which the level counts as flat (engineering choice)


def forecast_figures(people: Sequence[Answers]) -> dict[str, Any]:
    """Score forecasts per horizon, against persistence.

    Its quantiles are those of its errors on training people, as a forecast's own are; in hindsight
    it is given those on the very people that are scored, which nobody could know beforehand.

    Parameters
    ----------
    people : sequence of Answers
        With forecasts.

    Returns
    -------
    dict
        By horizon in seconds: ``rmse_us``, ``skill_vs_persistence`` (mean squared error),
        ``pinball_skill``, ``pinball_skill_hindsight``, ``coverage90``, and ``by_origin``: the same
        where the level was ``rising``, ``falling`` or ``flat``.
    """
    if not people:
        return {}
    now, later, said, moved, held = (
        np.concatenate([getattr(a, name) for a in people])
        for name in ("now_us", "later_us", "forecast_us", "moved_us", "held_us")
    )
    origins = {
        "rising": moved > _FLAT_US,
        "falling": moved < -_FLAT_US,
        "flat": np.abs(moved) <= _FLAT_US,
    }
    found = {}
    for h, horizon in enumerate(HORIZONS_S):
        known = np.isfinite(now) & np.isfinite(later[:, h]) & np.isfinite(said[:, h]).all(axis=1)
        if not known.any():
            continue
        rows = (now, later[:, h], said[:, h], held[:, h])
        figures: dict[str, Any] = _figures(*(row[known] for row in rows))
        figures["by_origin"] = {
            name: _figures(*(row[known & chosen] for row in rows))
            for name, chosen in origins.items()
            if (known & chosen).any()
        }
        found[f"{horizon:g}"] = figures
    return found


def _figures(now: Floats, truth: Floats, said: Floats, held: Floats) -> dict[str, float]:
    squared = (truth - said[:, 1]) ** 2
    inside = (truth >= said[:, 0]) & (truth <= said[:, 2])
    missed = pinball(truth, said)
    hindsight = now[:, None] + np.quantile(truth - now, [0.05, 0.5, 0.95])
    figures = {
        "rmse_us": float(np.sqrt(squared.mean())),
        "skill_vs_persistence": skill(squared, (truth - now) ** 2),
        "pinball_skill_hindsight": skill(missed, pinball(truth, hindsight)),
        "coverage90": float(inside.mean()),
        "n_windows": int(truth.size),
    }
    if np.isfinite(held).all():
        figures["pinball_skill"] = skill(missed, pinball(truth, held))
    return figures


def from_others_figures(people: Sequence[Answers]) -> dict[str, float]:
    """Score conductance told from heart and movement.

    Parameters
    ----------
    people : sequence of Answers
        With such a head.

    Returns
    -------
    dict
        ``rmse_us`` and ``r`` over windows, and ``r_person_mean``: within people, since a person's
        usual level, which the answer starts from, makes the pooled one look better than it is.
    """
    if not people:
        return {}
    each = []
    for person in people:
        known = np.isfinite(person.eda_us) & np.isfinite(person.from_others_us)
        each.append((person.eda_us[known], person.from_others_us[known]))
    truth, said = (np.concatenate(column) for column in zip(*each, strict=True))
    if truth.size < 3:
        return {}
    within = [_r(t, s) for t, s in each if t.size > 2]
    figures = {
        "r": _r(truth, said),
        "r_person_mean": float(np.nanmean(within)) if np.isfinite(within).any() else np.nan,
        "rmse_us": float(np.sqrt(((truth - said) ** 2).mean())),
    }
    return {name: value for name, value in figures.items() if np.isfinite(value)}


def _r(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else float("nan")
