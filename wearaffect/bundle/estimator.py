"""A bundle at work on one sitting: what it says of each window, or why it says nothing."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wearaffect.bundle.belief import Belief, Calibration, with_belief
from wearaffect.bundle.manifest import Manifest
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome, Quantity
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality, Window
from wearaffect.signals.electrodermal import level_at_end
from wearaffect.signals.features import FEATURES
from wearaffect.signals.history import mean_key

__all__ = ["EXERCISE", "NO_REST", "UNSURE", "Estimator", "doubts"]

NO_REST = "resting baseline not taken"
EXERCISE = "acc: exercise"
UNSURE = "too close to call"

Row = Mapping[str, NDArray[np.float32]]
Run = Callable[[Sequence[Window]], Mapping[str, NDArray[np.float32]]]


class Estimator:
    """Turns windows of one sitting, in time order, into estimates and abstentions.

    Parameters
    ----------
    manifest : Manifest
        Of the bundle.
    run : callable
        From windows to the graph's outputs.
    without_enrolment : bool
        Whether to answer where no resting state was taken.
    """

    def __init__(self, manifest: Manifest, run: Run, *, without_enrolment: bool) -> None:
        self._manifest = manifest
        self._run = run
        self._without_enrolment = without_enrolment
        self._calibration = Calibration.from_dict(manifest.calibration)
        self._belief = Belief(self._calibration)
        self._used = {FEATURES[name] for name in manifest.features} | {SignalKind.EDA}
        if SignalKind.BVP in self._used:
            self._used.add(SignalKind.HR)
        self._constants = {
            item.name: Quantity(item.value, item.unit, item.ci95, item.identifiable)
            for item in manifest.physics
            if item.value is not None
        }

    def __call__(self, windows: Sequence[Window]) -> list[Outcome]:
        """Give one outcome a window; call again with the windows that follow.

        Parameters
        ----------
        windows : sequence of Window
            From a chain with the bundle's settings, in time order.
        """
        if not windows:
            return []
        out = self._run(windows)
        return [
            self._outcome(window, {name: values[i] for name, values in out.items()})
            for i, window in enumerate(windows)
        ]

    def _outcome(self, window: Window, row: Row) -> Outcome:
        reasons = doubts(window, self._manifest.abstention, self._calibration.least_still)
        probabilities = self._believed(window, row, trusted=not reasons)
        if window.rest is None and not self._without_enrolment:
            # after what no rest can mend
            reasons.insert(sum(why.endswith(": missing") for why in reasons), NO_REST)
        stress = probabilities.get("stress")
        if stress is not None and abs(2 * stress - 1) < self._calibration.least_certainty:
            reasons.append(UNSURE)
        estimate = self._estimate(window, row, probabilities)
        if not reasons:
            return estimate
        return Abstention(
            window.start_ns,
            window.end_ns,
            tuple(reasons),
            window.quality,
            estimate,
            self._manifest.id,
            window.origin_ns,
        )

    def _believed(self, window: Window, row: Row, *, trusted: bool) -> dict[str, float]:
        """Let the belief about stress move, and share what is left as the graph shares it."""
        labels, said = self._manifest.labels, row["probabilities"]
        if "stress" not in labels:
            return dict(zip(labels, said.tolist(), strict=True))
        at = labels.index("stress")
        stress = self._belief.take(float(said[at]), window.end_s, trusted=trusted)
        shares = with_belief(said[None], at, np.array([stress]), self._calibration.calm_temperature)
        return dict(zip(labels, shares[0].tolist(), strict=True))

    def _estimate(
        self, window: Window, row: Row, probabilities: Mapping[str, float]
    ) -> AffectEstimate:
        m = self._manifest
        eda = window.signals.get(SignalKind.EDA)
        has_eda = eda is not None and bool(np.isfinite(eda.data[0]).any())
        forecast: dict[float, tuple[float, float, float]] = {}
        if has_eda and "forecast" in row:
            said = row["forecast"].tolist()
            forecast = {
                h: (lo, mid, hi) for h, (lo, mid, hi) in zip(m.horizons_s, said, strict=True)
            }
        level = float("nan") if eda is None else level_at_end(eda.data[0], eda.sampling_rate)
        valence, arousal = row["affect"].tolist() if "affect" in row else (None, None)
        return AffectEstimate(
            start_ns=window.start_ns,
            end_ns=window.end_ns,
            probabilities=probabilities,
            stress=probabilities.get("stress", float("nan")),
            eda_us=level if np.isfinite(level) else None,
            eda_forecast_us=forecast,
            physics=self._physics(row) if has_eda else {},
            valence=valence,
            arousal=arousal,
            eda_from_others_us=self._from_others(window, row),
            modalities=tuple(kind for kind in window.signals if kind in self._used),
            quality=window.quality,
            bundle_id=m.id,
            origin_ns=window.origin_ns,
        )

    def _from_others(self, window: Window, row: Row) -> float | None:
        """Undo the standard units: a change against the person's usual log conductance."""
        usual = window.history.get(mean_key("eda_level"), float("nan"))
        if "from_others" not in row or not np.isfinite(usual):
            return None
        at = self._manifest.features.index("eda_level")
        mean, scale = (self._manifest.statistics[f"change_{k}"][at] for k in ("mean", "scale"))
        return float(np.exp(min(usual + mean + scale * float(row["from_others"]), 20.0)))

    def _physics(self, row: Row) -> dict[str, Quantity]:
        """Population constants from the manifest, the rest from the graph with its spread."""
        found = {}
        given = iter(row["physics"].tolist() if "physics" in row else [])
        for item in self._manifest.physics:
            quantity = self._constants.get(item.name)
            if quantity is None:
                low, value, high = next(given)
                quantity = Quantity(value, item.unit, (low, high), item.identifiable)
            found[item.name] = quantity
        return found


def doubts(window: Window, needed: Mapping[str, float], least_still: float | None) -> list[str]:
    """Give the reasons not to trust a window that lie in its signals; what is absent first.

    Parameters
    ----------
    window : Window
        With quality and features.
    needed : mapping of str to float
        The least quality of each signal that an answer rests on.
    least_still : float or None
        ``acc_still`` below which answers are withheld.

    Returns
    -------
    list of str
        Empty where the signals allow an answer.
    """
    found = {kind: _quality(window, SignalKind(kind)) for kind in needed}
    reasons = [f"{kind}: missing" for kind, quality in found.items() if quality is None]
    reasons += [
        f"{kind}: {quality.reasons[0] if quality.reasons else 'poor'}"
        for kind, quality in found.items()
        if quality is not None and quality.score < needed[kind]
    ]
    if least_still is not None and window.features.get("acc_still", 1.0) < least_still:
        reasons.append(EXERCISE)
    return reasons


def _quality(window: Window, kind: SignalKind) -> Quality | None:
    """Give the quality of a signal; given heart rate stands in for a pulse wave."""
    found = window.quality.get(kind)
    if found is None and kind == SignalKind.BVP:
        return window.quality.get(SignalKind.HR)
    return found
