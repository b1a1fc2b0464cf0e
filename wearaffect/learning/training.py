"""From people to a model: encoder, members by delete-group jackknife, plain model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wearaffect.bundle.belief import Calibration
from wearaffect.bundle.encoding import InputEncoder
from wearaffect.bundle.manifest import PhysicsOutput
from wearaffect.core.errors import DatasetError
from wearaffect.learning.calibration import (
    N_GROUPS,
    Odds,
    calibrate,
    groups_left_out,
    index_curve,
    left_out_accuracy,
)
from wearaffect.learning.fitting import FitSettings, fit_network
from wearaffect.learning.forecast import ForecastHead, fit_forecast
from wearaffect.learning.heads import AGAINST, IndexPrior, missing_sides, tells_amusement
from wearaffect.learning.network import AffectNetwork
from wearaffect.learning.physics_layers import BoundedTime
from wearaffect.learning.plain import PlainHead, fit_plain, without_rest
from wearaffect.learning.served import PHYSICS_OUTPUTS, ServedModel, jackknife_factor
from wearaffect.learning.table import LABELS, MODEL_FEATURES, PersonTable

__all__ = ["Trained", "fit_encoder", "left_out_plain", "population_physics", "train_members"]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model and what it takes.

    Attributes
    ----------
    encoder : InputEncoder
        From windows to inputs.
    labels : tuple of str
        Conditions that it tells: `LABELS`, or those but amusement where training had none.
    members : tuple of AffectNetwork
        Networks.
    plain : PlainHead
        The plain model on the same inputs.
    forecast : ForecastHead
        Of the skin conductance.
    calibration : mapping of str to Calibration
        Of the ``network`` and of the ``plain`` model, from people left out.
    index_curve : list of dict
        What leaning on the index costs the plain model, from people left out.
    left_out : mapping of str to numpy.ndarray, (people,)
        Balanced accuracy of stress of either model for people it wasn't fitted on.
    """

    encoder: InputEncoder
    labels: tuple[str, ...]
    members: tuple[AffectNetwork, ...]
    plain: PlainHead
    forecast: ForecastHead
    calibration: Mapping[str, Calibration]
    index_curve: list[dict[str, float]]
    left_out: Mapping[str, NDArray[np.float64]]

    @property
    def preferred(self) -> str:
        """The classifier that people left out chose: the plain one, unless the network is better.

        Better means by more than a point of balanced accuracy and two standard errors of the
        difference, paired by person: in doubt the simpler model, which travels better.
        """
        better = self.left_out["network"] - self.left_out["plain"]
        error = better.std(ddof=1) / np.sqrt(better.size)
        return "network" if better.mean() > max(2 * error, 0.01) else "plain"

    def served(self, classifier: str) -> ServedModel:
        """Give what is exported, with the network or the plain model as classifier."""
        plain = self.plain if classifier == "plain" else None
        return ServedModel(self.members, self.forecast, plain, len(self.labels)).eval()


def fit_encoder(people: Sequence[PersonTable], window_s: float) -> InputEncoder:
    """Take the statistics of training people from their labelled windows."""
    windows = [window for person in people for window in person.pick(person.labelled(AGAINST))]
    return InputEncoder.fit(MODEL_FEATURES, windows, window_s)


def left_out_plain(
    people: Sequence[PersonTable], encoder: InputEncoder, *, seed: int
) -> list[list[Odds]]:
    """Let the plain model answer for people it wasn't fitted on.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people.
    encoder : InputEncoder
        Fitted on them.
    seed : int
        Of the groups.
    """
    odds: list[list[Odds]] = [[] for _ in people]
    for group in groups_left_out(people, N_GROUPS, seed):
        left_out = set(group.tolist())
        head = fit_plain([p for i, p in enumerate(people) if i not in left_out], encoder)
        for i in left_out:
            odds[i] = _odds(head.prior, head.odds, people[i], encoder)
    return odds


def train_members(
    people: Sequence[PersonTable],
    window_s: float,
    *,
    seed: int,
    n_members: int = N_GROUPS,
    settings: FitSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> Trained:
    """Fit the plain model on all, and the members, each without one group of people.

    Parameters
    ----------
    people : sequence of PersonTable
        Training people, at least two; a person's sittings stay together wherever some are left out.
    window_s : float
        Length of their windows.
    seed : int
        Of everything random.
    n_members : int
        At least two; each leaves a group out, on which the network's calibration is chosen.
    settings : FitSettings or None
        How to fit.
    progress : callable or None
        Called with the share that is done.

    Raises
    ------
    DatasetError
        There are fewer than two people with windows of stress and of something else.
    ValueError
        Fewer than two members.
    """
    _require_people(people)
    if n_members < 2:
        msg = f"expected n_members >= 2, so that each leaves somebody out, got {n_members}"
        raise ValueError(msg)
    torch.set_num_threads(1)  # everything here is small: threads would wait for one another
    encoder = fit_encoder(people, window_s)
    plain, of_plain = fit_plain(people, encoder), left_out_plain(people, encoder, seed=seed)
    groups = groups_left_out(people, n_members, seed)
    members = []
    odds: list[list[Odds]] = [[] for _ in people]
    for m, group in enumerate(groups):
        left_out = set(group.tolist())
        kept = [person for i, person in enumerate(people) if i not in left_out]

        def told(share: float, done: int = m) -> None:
            if progress is not None:
                progress((done + share) / len(groups))

        member = fit_network(kept, encoder, seed=seed + m, settings=settings, progress=told)
        theirs = fit_plain(kept, encoder).prior
        for i in left_out:
            odds[i] = _odds(theirs, member.odds, people[i], encoder)
        # both classifiers lean on one index
        member.prior.load_state_dict(plain.prior.state_dict())
        members.append(member)
    calibration = {"plain": calibrate(people, of_plain), "network": calibrate(people, odds)}
    curve = index_curve(people, of_plain, calibration["plain"])
    steps = (settings or FitSettings()).forecast_steps
    forecast = fit_forecast(people, seed=seed, steps=steps, batch_size=2048)
    accuracy = {
        name: left_out_accuracy(people, found, calibration[name])
        for name, found in (("plain", of_plain), ("network", odds))
    }
    labels = LABELS if tells_amusement(people) else LABELS[:-1]
    return Trained(encoder, labels, tuple(members), plain, forecast, calibration, curve, accuracy)


def _odds(
    prior: IndexPrior,
    answer: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    person: PersonTable,
    encoder: InputEncoder,
) -> list[Odds]:
    """Log odds for every window, with the resting state where there is one, and without."""
    encoded = encoder.encode(person.windows)
    features, eda = encoded.features.astype(np.float64), torch.from_numpy(encoded.eda)
    ways = [features, without_rest(features)] if (features[:, -1] > 0).any() else [features]
    found = []
    with torch.no_grad():
        for way in ways:
            inputs = torch.from_numpy(way.astype(np.float32))
            stress, amused = answer(inputs, eda)
            each = (stress, prior.index(inputs), amused)
            found.append(Odds(*(odds.double().numpy() for odds in each)))
    return found


def _require_people(people: Sequence[PersonTable]) -> None:
    names = dict.fromkeys(person.subject for person in people)
    lacking = missing_sides(people)
    if lacking or len(names) < 2:
        raise DatasetError(
            ", ".join(names) or "nobody",
            "too little to learn from",
            expected="at least two people, each with windows of stress and of something else",
            got="; ".join([f"{len(names)} people", *(f"{n}: {w}" for n, w in lacking.items())]),
            remedy="name others, or record sittings with the conditions that are missing",
        )


def population_physics(
    members: Sequence[AffectNetwork], labels: Sequence[str] = LABELS
) -> tuple[PhysicsOutput, ...]:
    """Give the learned parameters of the equation with jackknife intervals.

    Parameters
    ----------
    members : sequence of AffectNetwork
        Each fitted without one group of people.
    labels : sequence of str
        Conditions that were there; nothing is known of how the others move the driver.

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
    log |= {f"emotion_drive_{label}": [] for label in labels}
    log |= {f"emotion_ratio_{label}": [] for label in labels[1:]}
    for member in members:
        with torch.no_grad():
            log["fast_decay"].append(float(member.times.fast().log()))
            log["slow_decay"].append(float(member.times.slow().log()))
            log["scale"].append(float(member.log_scale_us))
            hold = float(member.log_scale_us - member.gain_s().log())
            moves = member.emotion_drive[: len(labels)].tolist()
        for label, move in zip(labels, moves, strict=True):
            log[f"emotion_drive_{label}"].append(hold + move)
        for label, move in zip(labels[1:], moves[1:], strict=True):
            log[f"emotion_ratio_{label}"].append(move - moves[0])
    units = {"fast_decay": "s", "slow_decay": "s", "scale": "uS"}
    units |= {f"emotion_ratio_{label}": "1" for label in labels[1:]}
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
