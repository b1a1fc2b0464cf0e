"""Score a bundle on people it never saw."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome
from wearaffect.core.errors import DatasetError, TrainingSubjectError
from wearaffect.datasets.labelled import LabelledSession
from wearaffect.evaluation.answers import (
    Fitter,
    Floats,
    Predicted,
    Predictor,
    answers_of,
    by_person,
)
from wearaffect.evaluation.corpora import Corpus, enrolled_at
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.protocol import Protocol, closing
from wearaffect.evaluation.rivals import untrained_index
from wearaffect.learning.table import LABELS, PersonTable, table_of

__all__ = [
    "evaluate_bundle",
    "known_to",
    "marked_windows",
    "predictor_of",
    "was_trained_on",
]


def predictor_of(bundle: ModelBundle) -> Predictor:
    """Ask a bundle through its serving path; what it withholds is scored all the same."""

    def predict(person: PersonTable) -> Predicted:
        # windows before the resting state are scored as they are, and not counted as withheld
        outcomes = bundle.predict(person.windows, without_enrolment=True)
        said = [_said(outcome) for outcome in outcomes]
        return Predicted(
            # what wasn't there in training has no share
            np.array([[e.probabilities.get(k, 0.0) for k in LABELS] for e in said]).reshape(
                -1, len(LABELS)
            ),
            tuple(o.reasons[0] if isinstance(o, Abstention) else "" for o in outcomes),
            forecast_us=_forecasts(said, bundle),
            held_us=_held(bundle),
            affect=_affect(said),
            from_others_us=np.array([_or_nan(e.eda_from_others_us) for e in said]),
        )

    return predict


def _said(outcome: Outcome) -> AffectEstimate:
    estimate = outcome.withheld if isinstance(outcome, Abstention) else outcome
    assert estimate is not None  # a bundle keeps what it withholds
    return estimate


def _forecasts(said: Sequence[AffectEstimate], bundle: ModelBundle) -> Floats:
    unknown = (float("nan"),) * 3
    horizons = bundle.manifest.horizons_s
    return np.array([[e.eda_forecast_us.get(h, unknown) for h in horizons] for e in said])


def _held(bundle: ModelBundle) -> Floats | None:
    """Read how far the last value was off on training people, if the bundle says so."""
    manifest = bundle.manifest
    errors = manifest.calibration.get("persistence_us", {})
    if set(errors) != {f"{h:g}" for h in manifest.horizons_s}:
        return None
    return np.array([errors[f"{h:g}"] for h in manifest.horizons_s], dtype=float)


def _affect(said: Sequence[AffectEstimate]) -> Floats:
    return np.array([[_or_nan(e.valence), _or_nan(e.arousal)] for e in said])


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def evaluate_bundle(  # noqa: PLR0913 -- the options of one command
    bundle: ModelBundle,
    corpus: Corpus,
    root: Path,
    *,
    subjects: Sequence[str] | None = None,
    enrolment: str = "rest",
    allow_training_subjects: bool = False,
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Any]:
    """Score a bundle.

    Parameters
    ----------
    bundle : ModelBundle
        The model as it ships.
    corpus : Corpus
        Whom to score it on, and by which rules.
    root : Path
        The corpus' folder.
    subjects : sequence of str or None
        Whom of it; everybody who isn't excluded by default.
    enrolment : str
        One of `wearaffect.evaluation.corpora.ENROLMENTS`.
    allow_training_subjects : bool
        Score people of the bundle's provenance too; the result then says so.
    seed : int
        Of the bootstrap.
    progress : callable or None
        Called with the share that is done and a person's id.

    Returns
    -------
    dict
        The evaluate JSON.

    Raises
    ------
    TrainingSubjectError
        Somebody was in training, by name or by content.
    DatasetError
        Nobody has a labelled window, the bundle has other conditions, or there is nowhere to take
        the resting state.
    """
    started = perf_counter()
    corpus = known_to(bundle, corpus)
    names = corpus.people(root, subjects)
    seen: list[str] = []
    tables = []
    sessions = _admitted(bundle, corpus.read(root, names), seen, allowed=allow_training_subjects)
    for done, person in enumerate(sessions, start=1):
        table = table_of(person, bundle.manifest.chain_settings)
        tables.append(enrolled_at(table, corpus, enrolment))
        if progress is not None:
            progress(min(1.0, done / len(names)), person.id)  # a person may have several sittings
    labels = (*corpus.stressed, *corpus.calm)
    if not any(table.labelled(labels).size for table in tables):
        raise DatasetError(root, "nothing to score", expected=f"windows of {', '.join(labels)}")
    protocol = Protocol(
        corpus.id,
        "heldout",
        bundle.manifest.window_s,
        bundle.manifest.hop_s,
        enrolment,
        bundle.manifest.features,
        tuple(dict.fromkeys(table.subject for table in tables)),
        ({} if subjects is not None else dict(corpus.excluded(root))) | marked_windows(tables),
        scored=corpus.scored,
    )
    controls: Mapping[str, Fitter] = {"untrained_index": untrained_index}
    answers = by_person([answers_of(table, predictor_of(bundle)) for table in tables])
    return (
        {"schema": 1, "protocol": protocol.as_dict(), "bundle": bundle.manifest.id}
        | score(answers, corpus, seed)
        | {
            "physics": physics_block(bundle),
            "controls": {
                name: score(by_person([answers_of(table, fit(())) for table in tables]), corpus)
                for name, fit in controls.items()
            },
            "training_subjects": seen,
        }
        | closing(seed, started)
    )


def marked_windows(tables: Sequence[PersonTable]) -> dict[str, str]:
    """Say how many windows aren't scored because somebody marked an artefact in them."""
    counts: dict[str, int] = {}
    for table in tables:
        counts[table.subject] = counts.get(table.subject, 0) + table.n_marked
    return {f"{n} windows of {name}": "marked as artefacts" for name, n in counts.items() if n}


def known_to(bundle: ModelBundle, corpus: Corpus) -> Corpus:
    """Give a corpus with the figures that a bundle's conditions allow.

    Raises
    ------
    DatasetError
        It has conditions that aren't ours, or doesn't tell stress.
    """
    labels = set(bundle.manifest.labels)
    if not {"baseline", "stress"} <= labels <= set(LABELS):
        raise DatasetError(
            bundle.folder, "conditions", expected=", ".join(LABELS), got=str(bundle.manifest.labels)
        )
    return corpus if labels == set(LABELS) else replace(corpus, classes=())


def was_trained_on(bundle: ModelBundle, person: str, content_hash: str) -> bool:
    """Tell whether a person, or a recording of another name, stands in the provenance."""
    recordings = bundle.manifest.provenance["recordings"]
    known = {"/".join(name.split("/")[:2]) for name in recordings}  # whatever the sitting
    return person in known or content_hash in recordings.values()


def _admitted(
    bundle: ModelBundle, people: Iterable[LabelledSession], seen: list[str], *, allowed: bool
) -> Iterable[LabelledSession]:
    """Let pass whom the bundle never saw; note the others, or refuse them."""
    for person in people:
        if was_trained_on(bundle, person.id, person.session.content_hash):
            if person.id not in seen:
                seen.append(person.id)
            if not allowed:
                raise TrainingSubjectError(seen)
        yield person


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
