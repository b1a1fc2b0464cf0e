"""Learned parameters with their spread over folds, seeds and starts: which of them mean a thing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wearaffect.evaluation.paper.folds import RowFold, folds_of
from wearaffect.evaluation.paper.inputs import encoded
from wearaffect.evaluation.paper.models import examples_of
from wearaffect.evaluation.paper.rows import PaperRows
from wearaffect.learning.paper_network import (
    PaperExamples,
    PaperFit,
    fit_paper_network,
)

__all__ = ["Spread", "start_study", "summary"]

_PATIENCE = 2  # times the steps: what then differs by start isn't unfinished training
_ROUNDING = 1e-10  # of the largest singular value; double precision gives 1e-16


def summary(learned: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> dict[str, Any]:
    """Give each parameter's values, mean and spread.

    Parameters
    ----------
    learned : sequence of mapping
        From `FirstOrderPhysics.values`, one a fit.
    labels : sequence of str
        Conditions, one an entry of beta.

    Returns
    -------
    dict
        By parameter: ``unit``, ``values``, ``mean``, ``sd``, ``identifiable``. Products with
        gamma are what the ODE's solution knows; the factors alone are gauges.
    """
    found = {}
    for name, (unit, identifiable) in _units(labels).items():
        values = [_flat(one, labels)[name] for one in learned]
        found[name] = {
            "unit": unit,
            "values": values,
            "mean": float(np.mean(values)),
            "sd": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
            "identifiable": identifiable,
        }
    return found


def _units(labels: Sequence[str]) -> dict[str, tuple[str, bool]]:
    return {
        "alpha_0": ("1/s", False),
        **{f"beta {label}": ("1/s", False) for label in labels},
        "gamma": ("1", False),
        "gamma alpha_0": ("1/s", True),
        **{f"gamma beta {label}": ("1/s", True) for label in labels},
    }


def _flat(one: Mapping[str, Any], labels: Sequence[str]) -> dict[str, float]:
    alpha, gamma = one["alpha_0"], one["gamma"]
    beta = dict(zip(labels, one["beta"], strict=True))
    return {
        "alpha_0": alpha,
        **{f"beta {label}": value for label, value in beta.items()},
        "gamma": gamma,
        "gamma alpha_0": gamma * alpha,
        **{f"gamma beta {label}": gamma * value for label, value in beta.items()},
    }


@dataclass(frozen=True, slots=True)
class Spread:
    """What is varied on the first fold.

    Attributes
    ----------
    seeds : tuple of int
        Initial weights.
    starts : tuple of float
        Of gamma.
    """

    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    starts: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0)


def start_study(
    rows: PaperRows,
    hop_s: float,
    variant: str,
    labels: Sequence[str],
    settings: PaperFit,
    varied: Spread | None = None,
) -> dict[str, Any]:
    """Fit one random fold again and again: other seeds, other starts of gamma.

    Parameters
    ----------
    rows : PaperRows
        Of the setting.
    hop_s : float
        Its hop.
    variant : str
        Its inputs.
    labels : sequence of str
        Its conditions.
    settings : PaperFit
        What isn't varied.
    varied : Spread or None
        What is.

    Returns
    -------
    dict
        ``over_seeds`` and ``over_starts`` as `summary`, the starts themselves, and the residual's
        ``rank`` by the parameters: ``n_parameters``, ``rank``, ``singular_values``,
        ``unseen_direction``.
    """
    varied = varied or Spread()
    settings = replace(settings, steps=_PATIENCE * settings.steps)
    fold = folds_of("random_kfold", rows, settings.seed)[0]
    examples = _examples(rows, fold, hop_s, variant, len(labels))
    by_seed = [replace(settings, seed=seed) for seed in varied.seeds]
    by_start = [replace(settings, start_gamma=start) for start in varied.starts]
    return {
        "seeds": list(varied.seeds),
        "over_seeds": summary(list(_learned(examples, by_seed)), labels),
        "starts": list(varied.starts),
        "over_starts": summary(list(_learned(examples, by_start)), labels),
        "rank": _rank(examples, settings, labels),
    }


def _examples(
    rows: PaperRows, fold: RowFold, hop_s: float, variant: str, n_labels: int
) -> PaperExamples:
    return examples_of(rows, encoded(rows, variant, fold.train), fold, hop_s, n_labels)


def _learned(examples: PaperExamples, settings: Sequence[PaperFit]) -> Iterator[Mapping[str, Any]]:
    for some in settings:
        yield fit_paper_network(examples, some).physics.values()


def _rank(examples: PaperExamples, settings: PaperFit, labels: Sequence[str]) -> dict[str, Any]:
    values, direction = fit_paper_network(examples, settings).sensitivity(examples)
    names = ["log alpha_0", *(f"log beta {label}" for label in labels), "log gamma"]
    return {
        "n_parameters": len(names),
        "rank": int((values > _ROUNDING).sum()),
        "singular_values": values.tolist(),
        "unseen_direction": dict(zip(names, direction.tolist(), strict=True)),
    }
