"""The recipes without one of their parts."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial

import numpy as np

from wearaffect.bundle.encoding import Encoded, InputEncoder
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Window
from wearaffect.evaluation.altered import MOVED, with_movement_renamed, without_signal
from wearaffect.evaluation.answers import STRESS, Fitter, Floats, Predicted, Predictor
from wearaffect.evaluation.recipes import network, plain, settled, window_s
from wearaffect.evaluation.two_heads import shared_out
from wearaffect.learning.calibration import Odds, calibrate, first_doubts
from wearaffect.learning.fitting import FitSettings
from wearaffect.learning.heads import AGAINST
from wearaffect.learning.objective import LossWeights
from wearaffect.learning.plain import PlainHead, fit_plain
from wearaffect.learning.table import LABELS, MODEL_FEATURES, PersonTable
from wearaffect.learning.training import fit_encoder, left_out_plain

__all__ = ["OF_BUNDLE", "OF_NETWORK", "Ablation"]

Alteration = Callable[[PersonTable], PersonTable]
Ablation = tuple[Fitter, Alteration | None]
"""How to fit, and what is done to everybody before."""

_PHYSICS_WEIGHTS = (0.0, 20.0, 200.0, 2000.0)
_N_MEMBERS = 2


class _WithoutChange(InputEncoder):
    """An encoder that doesn't tell how a window differs from the last quarter of an hour."""

    def encode(self, windows: Sequence[Window]) -> Encoded:
        """Give the arrays, that block at its mean."""
        encoded = super().encode(windows)
        f = len(self.names)
        encoded.features[:, f : 2 * f] = 0.0
        return encoded


def no_index(people: Sequence[PersonTable], *, seed: int = 1) -> Predictor:
    """Leave the untrained index out of the odds; learned odds count for all."""
    encoder = fit_encoder(people, window_s(people))
    head = fit_plain(people, encoder)
    odds = [[_learned(one) for one in each] for each in left_out_plain(people, encoder, seed=seed)]
    calibration = calibrate(people, odds)

    def predict(person: PersonTable) -> Predicted:
        features = encoder.encode(person.windows).features
        mixed = head.probabilities(features)
        amused = mixed[:, LABELS.index("amusement")] / np.maximum(1 - mixed[:, STRESS], 1e-9)
        stress = 1 / (1 + np.exp(-_odds_of(head, features.astype(float))))
        return settled(person, shared_out(stress, amused), calibration)

    return predict


def _learned(odds: Odds) -> Odds:
    return odds._replace(by_index=odds.learned)  # a mixture of one and the same


def _odds_of(head: PlainHead, features: Floats) -> Floats:
    weight, bias = (value.detach().double().numpy() for value in head.stress.parameters())
    return np.asarray(features @ weight[0] + bias[0])


def no_history(people: Sequence[PersonTable], *, seed: int = 1) -> Predictor:
    """Don't tell how a window differs from the last quarter of an hour; the index stays."""
    windows = [w for person in people for w in person.pick(person.labelled(AGAINST))]
    encoder = _WithoutChange.fit(MODEL_FEATURES, windows, window_s(people))
    return _with(encoder, people, seed)


def with_motion(people: Sequence[PersonTable], *, seed: int = 1) -> Predictor:
    """Let the stress head use movement, by giving it a second name."""
    renamed = [with_movement_renamed(person) for person in people]
    windows = [w for person in renamed for w in person.pick(person.labelled(AGAINST))]
    names = [MOVED + n if n.startswith("acc_") else n for n in MODEL_FEATURES]
    predict = _with(InputEncoder.fit(names, windows, window_s(people)), renamed, seed)
    return lambda person: predict(with_movement_renamed(person))


def _with(encoder: InputEncoder, people: Sequence[PersonTable], seed: int) -> Predictor:
    """Fit the recipe of the bundle on what an encoder gives."""
    head = fit_plain(people, encoder)
    calibration = calibrate(people, left_out_plain(people, encoder, seed=seed))

    def predict(person: PersonTable) -> Predicted:
        said = head.probabilities(encoder.encode(person.windows).features)
        return settled(person, Predicted(said), calibration)

    return predict


def no_belief(people: Sequence[PersonTable]) -> Predictor:
    """Take each window for itself, without temperature and without a threshold of certainty."""
    encoder = fit_encoder(people, window_s(people))
    head = fit_plain(people, encoder)
    calibration = calibrate(people, left_out_plain(people, encoder, seed=1))

    def predict(person: PersonTable) -> Predicted:
        said = head.probabilities(encoder.encode(person.windows).features)
        return Predicted(said, first_doubts(person, calibration))

    return predict


OF_BUNDLE: dict[str, Ablation] = {
    "no_index": (no_index, None),
    "no_history": (no_history, None),
    "no_belief": (no_belief, None),
    "no_skin": (plain, partial(without_signal, kind=SignalKind.EDA)),
    "no_heart": (plain, partial(without_signal, kind=SignalKind.BVP)),
    "no_motion": (plain, partial(without_signal, kind=SignalKind.ACC)),
    "with_motion": (with_motion, None),
}
"""By name. ``no_motion`` takes movement from the amusement head and the gate as well."""


def _settings(weights: LossWeights, *, shuffled: bool = False) -> FitSettings:
    return FitSettings(weights=weights, shuffled_physics=shuffled)


def _network(settings: FitSettings) -> Fitter:
    return partial(network, n_members=_N_MEMBERS, settings=settings)


def _without(*kept: str) -> LossWeights:
    """Give weights with all other terms at zero."""
    others = {f.name: 0.0 for f in fields(LossWeights) if f.name not in kept}
    return replace(LossWeights(), **others)


def _of_network() -> dict[str, Fitter]:
    usual = LossWeights()
    found = {
        f"physics_weight_{weight:g}": _network(_settings(replace(usual, physics=weight)))
        for weight in _PHYSICS_WEIGHTS
    }
    found["time_shuffled_physics"] = _network(_settings(usual, shuffled=True))
    found["emotion_only"] = _network(_settings(_without("condition", "affect")))
    unconditioned = replace(usual, condition=0.0, affect=0.0)
    found["eda_only"] = _network(_settings(unconditioned))
    return found


OF_NETWORK: dict[str, Fitter] = _of_network()
"""By name; each of two members. ``eda_only`` has conductance figures alone, ``emotion_only`` none
of them."""
