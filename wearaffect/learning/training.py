"""From people to a model: encoder, members by delete-group jackknife, plain model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from wearaffect.bundle.encoding import InputEncoder
from wearaffect.bundle.manifest import PhysicsOutput
from wearaffect.core.errors import DatasetError
from wearaffect.learning.fitting import FitSettings, fit_network
from wearaffect.learning.network import AffectNetwork
from wearaffect.learning.physics_layers import BoundedTime
from wearaffect.learning.plain import PlainHead, fit_plain
from wearaffect.learning.served import PHYSICS_OUTPUTS, ServedModel, jackknife_factor
from wearaffect.learning.table import LABELS, MODEL_FEATURES, PersonTable

__all__ = ["N_MEMBERS", "Trained", "fit_encoder", "population_physics", "train_members"]

N_MEMBERS = 5  # engineering choice: four degrees of freedom for the intervals


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model and what it takes.

    Attributes
    ----------
    encoder : InputEncoder
        From windows to inputs.
    members : tuple of AffectNetwork
        Networks.
    plain : PlainHead
        The plain model on the same inputs.
    """

    encoder: InputEncoder
    members: tuple[AffectNetwork, ...]
    plain: PlainHead

    def served(self, *, plain: bool) -> ServedModel:
        """Give what is exported, with the network or the plain model as classifier."""
        return ServedModel(self.members, self.plain if plain else None).eval()


def fit_encoder(people: Sequence[PersonTable], window_s: float) -> InputEncoder:
    """Take the statistics of training people from their labelled windows."""
    windows = [window for person in people for window in person.pick(person.labelled())]
    return InputEncoder.fit(MODEL_FEATURES, windows, window_s)


def train_members(
    people: Sequence[PersonTable],
    window_s: float,
    *,
    seed: int,
    n_members: int = N_MEMBERS,
    settings: FitSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> Trained:
    """Fit the members, each without one group of people, and the plain model on all.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people, at least two.
    window_s : float
        Length of their windows.
    seed : int
        Of everything random.
    n_members : int
        1 fits one network on everybody; more leave one group out each.
    settings : FitSettings or None
        How to fit.
    progress : callable or None
        Called with the share that is done.

    Raises
    ------
    DatasetError
        Somebody's condition is missing from all people, or there are fewer than two people.
    """
    _require_labels(people)
    encoder = fit_encoder(people, window_s)
    order = np.random.default_rng(seed).permutation(len(people))
    n_members = min(n_members, len(people))
    members = []
    for m in range(n_members):
        left_out = set() if n_members == 1 else set(order[m::n_members].tolist())
        kept = [person for i, person in enumerate(people) if i not in left_out]

        def told(share: float, done: int = m) -> None:
            if progress is not None:
                progress((done + share) / n_members)

        members.append(fit_network(kept, encoder, seed=seed + m, settings=settings, progress=told))
    return Trained(encoder, tuple(members), fit_plain(people, encoder))


def _require_labels(people: Sequence[PersonTable]) -> None:
    found = {label for person in people for label in person.labels}
    missing = [label for label in LABELS if label not in found]
    if len(people) < 2 or missing:
        raise DatasetError(
            ", ".join(person.id for person in people) or "nobody",
            "too little to learn from",
            expected=f"at least two people and windows of {', '.join(LABELS)}",
            got=f"{len(people)} people, nothing labelled {', '.join(missing)}"
            if missing
            else f"{len(people)} people",
            remedy="name more subjects",
        )


def population_physics(members: Sequence[AffectNetwork]) -> tuple[PhysicsOutput, ...]:
    """Give the learned parameters of the equation with jackknife intervals.

    Parameters
    ----------
    members : sequence of AffectNetwork
        Each fitted without one group of people.

    Returns
    -------
    tuple of PhysicsOutput
        ``fast_decay`` and ``slow_decay`` (s), ``scale`` (µS), ``emotion_drive_<condition>``
        (µS/s: the driver that holds the scale, moved as that condition moves it) and
        ``emotion_ratio_<condition>`` (its ratio to baseline), then what the graph gives for each
        window. A decay is called identifiable where its interval is at most half as wide as its
        prior's and no member ended at a bound; the others where the interval stays within a
        factor of two. What a window's values rest on is the decays, so they inherit theirs.
    """
    log: dict[str, list[float]] = {"fast_decay": [], "slow_decay": [], "scale": []}
    log |= {f"emotion_drive_{label}": [] for label in LABELS}
    log |= {f"emotion_ratio_{label}": [] for label in LABELS[1:]}
    for member in members:
        with torch.no_grad():
            log["fast_decay"].append(float(member.times.fast().log()))
            log["slow_decay"].append(float(member.times.slow().log()))
            log["scale"].append(float(member.log_scale_us))
            hold = float(member.log_scale_us - member.gain_s().log())
            moves = member.emotion_drive.tolist()
        for label, move in zip(LABELS, moves, strict=True):
            log[f"emotion_drive_{label}"].append(hold + move)
        for label, move in zip(LABELS[1:], moves[1:], strict=True):
            log[f"emotion_ratio_{label}"].append(move - moves[0])
    units = {"fast_decay": "s", "slow_decay": "s", "scale": "uS"}
    units |= {f"emotion_ratio_{label}": "1" for label in LABELS[1:]}
    times = {"fast_decay": members[0].times.fast, "slow_decay": members[0].times.slow}
    outputs = [
        _interval(name, units.get(name, "uS/s"), values, times.get(name))
        for name, values in log.items()
    ]
    rests_on = all(item.identifiable for item in outputs if item.name in times)
    windows = (PhysicsOutput(n, unit, identifiable=rests_on) for n, unit in PHYSICS_OUTPUTS)
    return (*outputs, *windows)


def _interval(
    name: str, unit: str, logs: Sequence[float], time: BoundedTime | None
) -> PhysicsOutput:
    """Turn the members' logarithms into a value and its interval on a log scale."""
    values = np.asarray(logs)
    middle = float(values.mean())
    if values.size == 1:
        return PhysicsOutput(name, unit, float(np.exp(middle)), None, identifiable=False)
    half = float(values.std()) * jackknife_factor(values.size)
    low, high = float(np.exp(middle - half)), float(np.exp(middle + half))
    identifiable = half <= np.log(2)
    if time is not None:
        low, high = max(low, time.low_s), min(high, time.high_s)
        near = 0.02 * np.log(time.high_s / time.low_s)
        inside = (values > np.log(time.low_s) + near) & (values < np.log(time.high_s) - near)
        identifiable = half <= 1.96 * time.log_sd / 2 and bool(inside.all())
    return PhysicsOutput(name, unit, float(np.exp(middle)), (low, high), bool(identifiable))
