"""Our heart rate and intervals against the wristband's own, on every recording with a pulse wave.

Empatica's HR.csv and IBI.csv come from the same optical signal by another firm's algorithm. That is
agreement between two readers of one sensor, not accuracy: there is no ECG in these recordings.

The two run on different clocks. Over what span HR.csv averages, and how late it is, is found from
the data, on two corpora separately. IBI.csv has an offset and a drift against the samples.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from draw_agreement import draw
from harness import PICTURES, Report
from numpy.typing import NDArray
from wristband import CORPORA, SPAN_S, Array, Person, people

QUALITY_BINS = (0.0, 0.33, 0.6, 0.8, 1.01)  # a bundle withholds below 0.33
_SAME_BEAT_S = 0.15


def span_and_lag(group: Sequence[Person]) -> tuple[float, float, float]:
    """Find over how long HR.csv averages and how late it is: least median difference, /min.

    Only seconds at the end of 90 s of clean beats count, the same for every span.
    """
    clean = [np.isfinite(p.beats["live"].mean_rate(p.hr_s, 90.0, 0.9)) for p in group]
    found = []
    for span_s in (5, 10, 20, 30, 40, 50, 55, 60, 65, 70, 80):
        for lag_s in range(-5, 31):
            off = [
                np.abs(p.beats["live"].mean_rate(p.hr_s - lag_s, span_s, 0.5) - p.hr)[at]
                for p, at in zip(group, clean, strict=True)
            ]
            found.append((float(np.nanmedian(np.concatenate(off))), span_s, lag_s))
    least, span_s, lag_s = min(found)
    return float(span_s), float(lag_s), least


def rate_pairs(person: Person, lag_s: float, side: str) -> tuple[Array, Array, Array]:
    """Give ours, theirs and quality once a minute, so that no two pairs share a beat of ours."""
    ends_s = person.minutes_s
    ours = person.live_hr if side == "chain" else person.beats[side].mean_rate(ends_s, SPAN_S, 0.1)
    theirs = np.interp(ends_s + lag_s, person.hr_s, person.hr, left=np.nan, right=np.nan)
    both = np.isfinite(ours) & np.isfinite(theirs)
    return ours[both], theirs[both], person.quality[both]


def clock_of(person: Person, side: str) -> dict[str, float]:
    """Find offset and drift of IBI.csv: the most intervals with both ends on beats of ours."""
    beats, best = person.beats[side].times_s, (-1.0, 0.0, 0.0)
    for ppm in range(-100, 101, 10):
        for offset_s in np.arange(-1.0, 1.001, 0.02):
            end = person.ibi_end_s * (1 + ppm * 1e-6) + offset_s
            last, first = _nearest(beats, end), _nearest(beats, end - person.ibi)
            off = np.abs(beats[last] - end) + np.abs(beats[first] - end + person.ibi)
            share = float(np.mean((off < 0.06) & (last == first + 1)))
            best = max(best, (share, float(offset_s), float(ppm)))
    return {"offset_s": best[1], "drift_ppm": best[2]}


def interval_pairs(person: Person, clock: dict[str, float], side: str) -> tuple[Array, Array]:
    """Give our interval and theirs, ms, where both end at one beat; add to `clock` how many."""
    beats = person.beats[side].times_s
    end = person.ibi_end_s * (1 + clock["drift_ppm"] * 1e-6) + clock["offset_s"]
    at = np.maximum(_nearest(beats, end), 1)
    ours = beats[at] - beats[at - 1]
    same = np.abs(beats[at] - end) < _SAME_BEAT_S
    kept = same & np.isin(beats[at], person.beats[side].end_s)
    clock |= {"intervals": same.size, "found": same.mean(), "kept": kept.mean()}
    return 1000 * ours[kept], 1000 * person.ibi[kept]


def _nearest(beats: Array, times: Array) -> NDArray[np.int64]:
    above = np.clip(np.searchsorted(beats, times), 1, beats.size - 1)
    return above - (np.abs(beats[above - 1] - times) < np.abs(beats[above] - times))


def limits(differences: Sequence[Array]) -> dict[str, float]:
    """Bias and limits of agreement, with people as clusters.

    Bland & Altman 2007 (doi 10.1080/10543400701329422), true value varying: the variance of a
    single difference is that within people plus that between people, from one-way analysis of
    variance with unequal numbers. The interval of the bias is by bootstrap over people.
    """
    groups = [d for d in differences if d.size > 1]
    n = np.array([d.size for d in groups])
    means, every = np.array([d.mean() for d in groups]), np.concatenate(groups)
    within = sum(((d - d.mean()) ** 2).sum() for d in groups) / (n.sum() - n.size)
    between = (n * (means - every.mean()) ** 2).sum() / (n.size - 1)
    shared = (n.sum() ** 2 - (n**2).sum()) / ((n.size - 1) * n.sum())
    sd = float(np.sqrt(within + max(0.0, (between - within) / shared)))
    chosen = np.random.default_rng(1).integers(0, n.size, (2000, n.size))
    biases = (n[chosen] * means[chosen]).sum(1) / n[chosen].sum(1)
    low, high = np.quantile(biases, [0.025, 0.975])
    bias = float(every.mean())
    return {
        "people": int(n.size), "pairs": int(n.sum()), "bias": bias,
        "bias_low": float(low), "bias_high": float(high),
        "lower": bias - 1.96 * sd, "upper": bias + 1.96 * sd,
        "median": float(np.median(every)), "median_absolute": float(np.median(np.abs(every))),
        "p2.5": float(np.quantile(every, 0.025)), "p97.5": float(np.quantile(every, 0.975)),
    }  # fmt: skip


def main() -> None:
    """Run the study."""
    report = Report("agreement", __doc__ or "")
    everyone = list(people())
    spans = {c: span_and_lag([p for p in everyone if p.corpus == c]) for c in list(CORPORA)[:2]}
    lag_s = spans["WESAD"][1]
    found: dict[str, Any] = {"hr_csv_span_lag_difference": spans}
    for side in ("chain", "live", "desk"):
        pairs = [rate_pairs(p, lag_s, side) for p in everyone]
        for low, high in [(0.0, 1.01), *itertools.pairwise(QUALITY_BINS)]:
            part = [(a - b)[(q >= low) & (q < high)] for a, b, q in pairs]
            found[f"hr_{side}_{low:g}_{min(high, 1):g}"] = limits(part)
    pairs_ms: dict[str, list[tuple[Array, Array]]] = {}
    for side in ("live", "desk"):
        clocks = [clock_of(p, side) for p in everyone]
        intervals = [interval_pairs(p, c, side) for p, c in zip(everyone, clocks, strict=True)]
        found[f"ibi_{side}"] = limits([a - b for a, b in intervals])
        found[f"clocks_{side}"] = {
            f"{p.corpus} {p.name}": c for p, c in zip(everyone, clocks, strict=True)
        }
        pairs_ms[side] = intervals
    report.found = found
    report.notes = [
        f"HR.csv is compared, once a minute, with our mean over the {SPAN_S:g} s that end "
        f"{lag_s:g} s earlier: the span and lag found.",
        "quality is the chain's own score of the pulse; a bundle withholds below 0.33.",
        "IBI.csv holds only the intervals that Empatica believed in.",
    ]
    minutes = [rate_pairs(p, lag_s, "chain") for p in everyone]
    draw(minutes, pairs_ms["live"], found, PICTURES / "agreement.png")
    report.save()


if __name__ == "__main__":
    main()
