"""The one comparison that was written down before it was run, and the corrected rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRIMARY", "holm", "paired", "primary_and_holm", "wilcoxon_p"]

PRIMARY = (
    "The bundle's recipe against the plain baseline that has the highest stress macro-F1 leaving "
    "one subject out, enrolled at rest. Compared: stress macro-F1 of each person across protocol "
    "orders, enrolled at rest; mean difference (bundle minus baseline) with the 95 % interval of "
    "10000 bootstrap draws over people, and the exact two-sided Wilcoxon signed-rank p. The bundle "
    "is compared as it serves, with its memory of the sitting; baselines answer window by window "
    "(the ablation without belief stands beside them)."
)
"""The primary comparison; changed only with a note in the change log. Everything else that a board
compares is exploratory."""

_DRAWS = 10_000

Blocks = Mapping[str, Mapping[str, Mapping[str, Any]]]


def primary_and_holm(boards: Blocks, seed: int) -> dict[str, Any]:
    """Run the primary comparison, and all baselines with Holm's correction.

    Parameters
    ----------
    boards : mapping
        Blocks by split and enrolment.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``primary`` and ``holm``; where one of the two blocks isn't there, the text alone.
    """
    chosen_on = boards.get("loso", {}).get("rest")
    tested_on = boards.get("cross_order", {}).get("rest")
    if chosen_on is None or tested_on is None:
        return {"primary": {"text": PRIMARY}, "holm": {}}
    rivals = chosen_on["baselines"]
    best = max(rivals, key=lambda name: rivals[name]["stress"]["macro_f1"])
    found = {
        name: paired(_by_person(tested_on), _by_person(scored), seed)
        for name, scored in tested_on["baselines"].items()
    }
    corrected = holm({name: result["p"] for name, result in found.items()})
    return {
        "primary": {
            "text": PRIMARY,
            "baseline": best,
            "baseline_macro_f1_loso": rivals[best]["stress"]["macro_f1"],
            "protocol_hashes": [b["protocol"]["hash"] for b in (chosen_on, tested_on)],
        }
        | found[best],
        "holm": {name: result | {"p_holm": corrected[name]} for name, result in found.items()},
    }


def _by_person(scored: Mapping[str, Any]) -> dict[str, float]:
    people = scored["stress"]["per_subject"]
    return {name: figures["macro_f1"] for name, figures in people.items()}


def paired(ours: Mapping[str, float], theirs: Mapping[str, float], seed: int) -> dict[str, Any]:
    """Compare two models by person.

    Parameters
    ----------
    ours, theirs : mapping of str to float
        A figure of each person, for the same people.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``mean_difference``, ``ci95``, ``p``, ``n_people``, how many are ``better`` and ``worse``,
        and the ``differences``.
    """
    each = {name: ours[name] - theirs[name] for name in ours}
    values = np.array(list(each.values()))
    draws = np.random.default_rng(seed).integers(0, values.size, (_DRAWS, values.size))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return {
        "mean_difference": float(values.mean()),
        "ci95": [float(low), float(high)],
        "p": wilcoxon_p(values),
        "n_people": int(values.size),
        "better": int((values > 0).sum()),
        "worse": int((values < 0).sum()),
        "differences": each,
    }


def wilcoxon_p(differences: NDArray[np.float64]) -> float:
    """Give the exact two-sided p of the signed-rank test, with ties.

    Parameters
    ----------
    differences : numpy.ndarray, (n,)
        Zeros are left out; none left gives 1.

    Returns
    -------
    float
        Share of the sign patterns whose rank sum lies as far from its middle (Wilcoxon 1945,
        doi 10.2307/3001968).
    """
    kept = differences[differences != 0]
    if not kept.size:
        return 1.0
    _, place, size = np.unique(np.abs(kept), return_inverse=True, return_counts=True)
    # twice the mean rank of ties is whole, so sums can be counted
    doubled = (2 * np.cumsum(size) - size + 1)[place]
    ways = np.ones(1)
    for rank in doubled.tolist():
        ways = np.append(ways, np.zeros(rank)) + np.append(np.zeros(rank), ways)
    off = np.abs(2 * np.arange(ways.size) - doubled.sum())
    observed = abs(2 * int(doubled[kept > 0].sum()) - int(doubled.sum()))
    return float(ways[off >= observed].sum() / ways.sum())


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct p values for their number (Holm 1979, www.jstor.org/stable/4615733)."""
    found: dict[str, float] = {}
    least = 0.0
    ordered: Sequence[str] = sorted(p_values, key=lambda name: p_values[name])
    for i, name in enumerate(ordered):
        least = max(least, min(1.0, (len(ordered) - i) * p_values[name]))
        found[name] = least
    return {name: found[name] for name in p_values}
