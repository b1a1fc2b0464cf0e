"""Masked gaps of real skin conductance: the physics against interpolation, a GP and AR.

Ten-minute stretches of WESAD with gaps of 5, 10, 20 and 30 s. The skin is fitted to what is left of
the stretch; a Gaussian process (Matérn 3/2, hyperparameters by maximum likelihood) and an
autoregression see a minute on either side. Errors are compared per person.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from harness import Report, data_root, say
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from wearaffect.analysis.skin_gaps import fill_gaps
from wearaffect.core.streams import SignalKind
from wearaffect.datasets.wesad import read_wesad

Array = NDArray[np.float64]
Filler = Callable[[Array, Array], Array]

RATE_HZ, STRETCH_S, CONTEXT_S = 4.0, 600.0, 60.0
GAPS_S = (5.0, 10.0, 20.0, 30.0)
STRETCHES = (("baseline", 0.0), ("baseline", 600.0), ("stress", 0.0), ("amusement", 0.0))
AR_ORDER, N_BOOTSTRAP = 20, 10_000


def linear(level: Array, gap: Array) -> Array:
    """A straight line between the samples beside it."""
    known = np.flatnonzero(np.isfinite(level))
    return np.interp(gap, known, level[known])


def pchip(level: Array, gap: Array) -> Array:
    """A monotone cubic through the two samples on either side."""
    known = np.flatnonzero(np.isfinite(level))
    near = known[np.argsort(np.minimum(abs(known - gap[0]), abs(known - gap[-1])))[:4]]
    near.sort()
    return np.asarray(PchipInterpolator(near, level[near])(gap))


def _matern(apart_s: Array, size: float, length_s: float) -> Array:
    scaled = np.sqrt(3) * apart_s / length_s
    return size**2 * (1 + scaled) * np.exp(-scaled)


def gaussian_process(level: Array, gap: Array) -> Array:
    """Matérn 3/2 about a constant, with noise; size, length and noise by maximum likelihood."""
    known = np.flatnonzero(np.isfinite(level))
    y, mean = level[known] - level[known].mean(), level[known].mean()
    apart_s = abs(known[:, None] - known[None, :]) / RATE_HZ

    def solved(logs: Array) -> tuple[tuple[Array, bool], Array]:
        size, length_s, noise = np.exp(logs)
        factor = cho_factor(
            _matern(apart_s, size, length_s) + noise**2 * np.eye(y.size), lower=True
        )
        return factor, cho_solve(factor, y)

    def cost(logs: Array) -> float:
        factor, weights = solved(logs)
        return float(0.5 * y @ weights + np.log(np.diag(factor[0])).sum())

    scale = max(float(y.std()), 1e-3)
    start = np.log([scale, 10.0, 0.05 * scale])
    bounds = [(s - 5, s + 5) for s in start[:2]] + [(np.log(1e-4), np.log(scale) + 1)]
    best = minimize(cost, np.clip(start, *np.transpose(bounds)), method="L-BFGS-B", bounds=bounds)
    size, length_s, _ = np.exp(best.x)
    across_s = abs(gap[:, None] - known[None, :]) / RATE_HZ
    return mean + _matern(across_s, size, length_s) @ solved(best.x)[1]


def autoregression(level: Array, gap: Array) -> Array:
    """Least squares coefficients of both sides, then the values that leave the least residual.

    Janssen, Veldhuis & Vries 1986, doi 10.1109/TASSP.1986.1164824.
    """
    mean = np.nanmean(level)
    x = level - mean
    rows = np.lib.stride_tricks.sliding_window_view(x, AR_ORDER + 1)
    whole = rows[np.isfinite(rows).all(axis=1)]
    ridge = 1e-6 * np.mean(x[np.isfinite(x)] ** 2) * len(whole) * np.eye(AR_ORDER)
    past, now = whole[:, :-1], whole[:, -1]
    weights = np.linalg.solve(past.T @ past + ridge, past.T @ now)
    errors = np.zeros((len(rows), x.size))
    for lag, weight in enumerate([*(-weights), 1.0]):
        errors[np.arange(len(rows)), np.arange(len(rows)) + lag] = weight
    known = np.ones(x.size, dtype=bool)
    known[gap] = False
    pulled = errors[:, known] @ x[known]
    return mean - np.linalg.lstsq(errors[:, ~known], pulled, rcond=None)[0]


LOCAL: Mapping[str, Filler] = {
    "linear": linear,
    "pchip": pchip,
    "gaussian process": gaussian_process,
    "autoregression": autoregression,
}


def gaps_in(n: int, rng: np.random.Generator) -> list[Array]:
    """One gap of each length, in random order, each in its own quarter, a minute from the next."""
    quarter, side = n // len(GAPS_S), int(CONTEXT_S * RATE_HZ)
    found = []
    for i, length_s in enumerate(rng.permutation(GAPS_S)):
        length = int(length_s * RATE_HZ)
        first = i * quarter + side // 2 + rng.integers(quarter - side - length)
        found.append(np.arange(first, first + length))
    return found


def errors_of(level: Array, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Root mean square error of each way in each gap of a stretch, µS."""
    gaps, masked = gaps_in(level.size, rng), level.copy()
    masked[np.concatenate(gaps)] = np.nan
    physics = fill_gaps(masked, RATE_HZ)
    side, rows = int(CONTEXT_S * RATE_HZ), []
    for gap in gaps:
        first, end = max(gap[0] - side, 0), min(gap[-1] + 1 + side, level.size)
        context = level[first:end].copy()  # a neighbouring gap is none to them
        context[gap - first] = np.nan
        filled = {"physics": physics.eda[gap]}
        for name, way in LOCAL.items():
            filled[name] = way(context, gap - first)
        row: dict[str, Any] = {
            name: float(np.sqrt(np.mean((values - level[gap]) ** 2)))
            for name, values in filled.items()
        }
        off = abs(physics.eda[gap] - level[gap])
        row["length_s"] = gap.size / RATE_HZ
        row["physics covers"] = float(np.mean(off <= 1.645 * physics.spread_us[gap]))
        rows.append(row)
    return rows


def paired(physics: Array, other: Array, rng: np.random.Generator) -> dict[str, Any]:
    """How much smaller the error of the physics is, of the other's mean, over people."""
    drawn = rng.integers(physics.size, size=(N_BOOTSTRAP, physics.size))
    gains = 1 - physics[drawn].mean(axis=1) / other[drawn].mean(axis=1)
    low, high = np.percentile(gains, [2.5, 97.5])
    return {
        "gain": float(1 - physics.mean() / other.mean()),
        "low": float(low),
        "high": float(high),
        "people_better": int(np.sum(physics < other)),
        "people": physics.size,
    }


def main() -> None:
    """Run the study."""
    report = Report("gap_filling", __doc__ or "")
    rng = np.random.default_rng(1)
    people: dict[str, list[dict[str, Any]]] = {}
    for session in read_wesad(data_root() / "wesad"):
        stream = session.session.of_kind(SignalKind.EDA)
        assert stream is not None
        level = stream.samples()[1][:, 0].astype(np.float64)
        rows: list[dict[str, Any]] = []
        for label, after_s in STRETCHES:
            span = next(i for i in session.intervals if i.label == label)
            start_s = span.start_s + after_s
            end_s = min(start_s + STRETCH_S, span.end_s)
            if end_s - start_s < 0.5 * STRETCH_S:
                continue
            rows += errors_of(level[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)], rng)
        people[session.subject] = rows
        names = ("physics", *LOCAL)
        means = {name: round(float(np.mean([row[name] for row in rows])), 4) for name in names}
        say(f"{session.subject} {len(rows)} gaps {means}")
    report.found["people"] = people
    for length_s in (*GAPS_S, None):
        of = [
            [row for row in rows if length_s in (None, row["length_s"])] for rows in people.values()
        ]
        table: dict[str, Any] = {
            name: np.array([np.mean([row[name] for row in rows]) for rows in of])
            for name in ("physics", *LOCAL, "physics covers")
        }
        what = "all" if length_s is None else f"{length_s:g} s"
        report.found[what] = {
            "rmse_us": {name: float(values.mean()) for name, values in table.items()},
            "gain_over": {name: paired(table["physics"], table[name], rng) for name in LOCAL},
        }
        say(f"{what:5s} {report.found[what]}")
    report.notes = [
        "rmse_us is the mean over people of a person's mean over gaps; 'physics covers' is the "
        "share of samples in its 90 % interval. A gain is 1 - error / the other's error; the "
        "interval is a bootstrap over people, paired."
    ]
    report.save()


if __name__ == "__main__":
    main()
