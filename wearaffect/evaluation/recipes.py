"""The models under test, fitted without a file: as a bundle of the same recipe would answer."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wearaffect.bundle.belief import Calibration, with_belief
from wearaffect.bundle.estimator import UNSURE
from wearaffect.evaluation.answers import STRESS, Floats, Predicted, Predictor
from wearaffect.learning.calibration import believed, calibrate, first_doubts
from wearaffect.learning.fitting import FitSettings
from wearaffect.learning.forecast import persistence_errors
from wearaffect.learning.plain import fit_plain
from wearaffect.learning.served import ServedModel, run
from wearaffect.learning.table import PersonTable
from wearaffect.learning.training import Trained, fit_encoder, left_out_plain, train_members
from wearaffect.signals.history import mean_key

__all__ = ["network", "plain", "settled", "window_s"]


def window_s(people: Sequence[PersonTable]) -> float:
    """Give the length of people's windows, seconds."""
    window = people[0].windows[0]
    return window.end_s - window.start_s


def plain(people: Sequence[PersonTable], *, seed: int = 1) -> Predictor:
    """Fit the plain model with index, belief and calibration: the recipe of the shipped bundle."""
    encoder = fit_encoder(people, window_s(people))
    head = fit_plain(people, encoder)
    calibration = calibrate(people, left_out_plain(people, encoder, seed=seed))

    def predict(person: PersonTable) -> Predicted:
        said = head.probabilities(encoder.encode(person.windows).features)
        return settled(person, Predicted(said), calibration)

    return predict


def network(
    people: Sequence[PersonTable],
    *,
    seed: int = 1,
    n_members: int = 3,
    settings: FitSettings | None = None,
) -> Predictor:
    """Fit the network, each member without a group of people, with the same prior and belief."""
    trained = train_members(
        people, window_s(people), seed=seed, n_members=n_members, settings=settings
    )
    model, calibration = trained.served("network"), trained.calibration["network"]
    held = persistence_errors(people)

    def predict(person: PersonTable) -> Predicted:
        said = replace(_heads(trained, model, person), held_us=held)
        return settled(person, said, calibration)

    return predict


def _heads(trained: Trained, model: ServedModel, person: PersonTable) -> Predicted:
    out = run(model, trained.encoder.encode(person.windows))
    at = trained.encoder.names.index("eda_level")
    mean, scale = (trained.encoder.statistics[f"change_{k}"][at] for k in ("mean", "scale"))
    usual = np.array([w.history.get(mean_key("eda_level"), np.nan) for w in person.windows])
    return Predicted(
        out["probabilities"].astype(float),
        forecast_us=out["forecast"].astype(float),
        affect=out["affect"].astype(float),
        from_others_us=np.exp(np.minimum(usual + mean + scale * out["from_others"], 20.0)),
    )


def settled(person: PersonTable, said: Predicted, calibration: Calibration) -> Predicted:
    """Turn answers for single windows into beliefs and silences, as the estimator does.

    Parameters
    ----------
    person : PersonTable
        All windows.
    said : Predicted
        Each window for itself.
    calibration : Calibration
        From people left out.
    """
    why = first_doubts(person, calibration)
    alone: Floats = said.probabilities[:, STRESS]
    stress = believed(person, alone, calibration, [not reason for reason in why])
    probabilities = with_belief(said.probabilities, STRESS, stress, calibration.calm_temperature)
    unsure = np.abs(2 * stress - 1) < calibration.least_certainty
    withheld = tuple(
        reason or (UNSURE if vague else "") for reason, vague in zip(why, unsure, strict=True)
    )
    return replace(said, probabilities=probabilities, withheld=withheld)
