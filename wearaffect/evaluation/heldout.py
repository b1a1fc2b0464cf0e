"""Score a bundle on people it never saw."""

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome
from wearaffect.core.errors import DatasetError, TrainingSubjectError
from wearaffect.datasets.labelled import LabelledSession
from wearaffect.evaluation.answers import Floats, Predicted, Predictor, answers_of
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.protocol import Protocol
from wearaffect.evaluation.rivals import untrained_index
from wearaffect.learning.table import LABELS, PersonTable, read_tables

__all__ = ["evaluate_bundle", "predictor_of"]


def predictor_of(bundle: ModelBundle) -> Predictor:
    """Ask a bundle through its serving path; what it withholds is scored all the same."""

    def predict(person: PersonTable) -> Predicted:
        enrolled = any(window.rest is not None for window in person.windows)
        outcomes = bundle.predict(person.windows, without_enrolment=not enrolled)
        said = [_said(outcome) for outcome in outcomes]
        reasons = [o.reasons[0] if isinstance(o, Abstention) else "" for o in outcomes]
        probabilities = np.array([[e.probabilities[k] for k in LABELS] for e in said])
        return Predicted(probabilities, _forecasts(said, bundle), tuple(reasons))

    return predict


def _said(outcome: Outcome) -> AffectEstimate:
    estimate = outcome.withheld if isinstance(outcome, Abstention) else outcome
    assert estimate is not None  # a bundle keeps what it withholds
    return estimate


def _forecasts(said: Sequence[AffectEstimate], bundle: ModelBundle) -> Floats:
    unknown = (float("nan"),) * 3
    horizons = bundle.manifest.horizons_s
    return np.array([[e.eda_forecast_us.get(h, unknown) for h in horizons] for e in said])


def evaluate_bundle(
    bundle: ModelBundle,
    people: Iterable[LabelledSession],
    *,
    dataset: str,
    enrolment: str,
    allow_training_subjects: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Score a bundle.

    Parameters
    ----------
    bundle : ModelBundle
        The model as it ships.
    people : iterable of LabelledSession
        Whom to score it on.
    dataset : str
        Their corpus.
    enrolment : str
        ``rest`` or ``none``.
    allow_training_subjects : bool
        Score people of the bundle's provenance too; the result then says so.
    seed : int
        Of the bootstrap.
    progress : callable or None
        Called with each person's id.

    Returns
    -------
    dict
        The evaluate JSON.

    Raises
    ------
    TrainingSubjectError
        Somebody was in training, by name or by content.
    DatasetError
        Nobody has a labelled window, or the bundle has other conditions.
    """
    started = perf_counter()
    if set(bundle.manifest.labels) != set(LABELS):
        raise DatasetError(
            bundle.folder, "conditions", expected=", ".join(LABELS), got=str(bundle.manifest.labels)
        )
    known = bundle.manifest.provenance["recordings"]
    hashes = set(known.values())
    seen: list[str] = []

    def admitted() -> Iterable[LabelledSession]:
        for person in people:
            if person.id in known or person.session.content_hash in hashes:
                seen.append(person.id)
                if not allow_training_subjects:
                    raise TrainingSubjectError(seen)
            yield person

    tables = read_tables(admitted(), bundle.manifest.chain_settings, progress)
    if enrolment == "none":
        tables = [table.without_rest() for table in tables]
    if not any(table.labelled().size for table in tables):
        raise DatasetError(dataset, "nothing to score", expected=f"windows of {', '.join(LABELS)}")
    protocol = Protocol(
        dataset,
        "heldout",
        bundle.manifest.window_s,
        bundle.manifest.hop_s,
        enrolment,
        bundle.manifest.features,
        tuple(table.subject for table in tables),
    )
    answers = [answers_of(table, predictor_of(bundle)) for table in tables]
    index = [answers_of(table, untrained_index()) for table in tables]
    return (
        {"schema": 1, "protocol": protocol.as_dict(), "bundle": bundle.manifest.id}
        | score(answers, seed)
        | {
            "physics": physics_block(bundle),
            "controls": {"untrained_index": score(index)},
            "training_subjects": seen,
        }
        | closing(seed, started)
    )


def physics_block(bundle: ModelBundle) -> dict[str, Any]:
    """Give the population's parameters as the JSON contract has them."""
    return {
        item.name: {
            "value": item.value,
            "unit": item.unit,
            "identifiable": item.identifiable,
        }
        | ({} if item.ci95 is None else {"ci95": list(item.ci95)})
        for item in bundle.manifest.physics
        if item.value is not None
    }


def closing(seed: int, started: float) -> dict[str, Any]:
    """Give what ends every result: version, seed, duration."""
    from wearaffect import __version__

    return {
        "wearaffect_version": __version__,
        "host": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": seed,
        "seconds": round(perf_counter() - started, 1),
    }
