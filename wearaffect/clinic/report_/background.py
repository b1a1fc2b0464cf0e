"""The sections without figures: what was mended, and where everything comes from."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import wearaffect
from wearaffect.clinic import wording
from wearaffect.clinic.page import Html, bullets, paragraph, section, split, table
from wearaffect.pipeline.offline import Analysis

__all__ = ["notes_of_recording", "provenance"]

_HASH_DIGITS = 16


def notes_of_recording(analysis: Analysis) -> Html:
    """List what the reader mended and what it couldn't read."""
    session = analysis.session
    return section(
        "Condition of the recording",
        [
            split(
                [Html("<h3>Mended</h3>"), bullets(session.repairs, "Nothing needed mending.")],
                [Html("<h3>Problems</h3>"), bullets(session.problems, "None were found.")],
            )
        ],
        whole=True,
    )


def provenance(analysis: Analysis) -> Html:
    """Say what made this report, and what the bundle's figures were."""
    session, manifest = analysis.session, analysis.bundle.manifest
    chain = manifest.chain_settings
    people = _training_people(manifest.provenance)
    rows = [
        ("Recording", PurePath(session.path).name or wording.NONE),
        ("Content, SHA-256", session.content_hash[:_HASH_DIGITS]),
        ("Bundle", manifest.id),
        ("Trained on", f"{people} people" if people else "not said"),
        ("Licence of the bundle", manifest.licence or "not said"),
        ("Chain", chain.id),
        ("Window and step", f"{manifest.window_s:g} s, every {manifest.hop_s:g} s"),
        ("wearaffect", wearaffect.__version__),
    ]
    made = [Html("<h3>This report</h3>"), table(("What", "Which"), rows, about="Provenance")]
    figures = _metric_rows(manifest.metrics)
    held = [Html("<h3>The bundle in its own evaluation</h3>")]
    if figures:
        held.append(table(_METRIC_HEAD, figures, numeric=(2, 3), about="Figures of the bundle"))
        held.append(
            paragraph(
                _METRIC_NOTE,
                "note",
            )
        )
    else:
        held.append(paragraph("Its manifest carries no figures.", "note"))
    return section("Where this comes from", [split(made, held)])


def _training_people(record: Mapping[str, Any]) -> int:
    """Count the people among the recordings a bundle was trained on, named dataset/subject."""
    named = record.get("recordings", record.get("subjects", ()))
    return len(set(named)) if isinstance(named, Mapping | Sequence) else 0


_METRIC_NOTE = (
    "Macro-F1 on people the scored model never saw; in brackets worst to best person. Clocks are "
    "controls, not models: clock only knows nothing but elapsed time, clock hybrid lets it name "
    "baseline. Where they win, the protocol's order is what is being recognised."
)
_METRIC_HEAD = ("Split", "Model", "Stress F1 (people)", "Three-class F1")


def _metric_rows(metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Give the rows that the bundle's card shows; what is malformed is left out."""
    rows: list[tuple[str, ...]] = []
    for row in metrics.get("rows", ()):
        low, high = row["stress_person_range"]
        rows.append(
            (
                row["split"] + (", enrolled" if row["enrolment"] != "none" else ""),
                row["model"],
                f"{row['stress_f1']:.2f} ({low:.2f}–{high:.2f})",
                f"{row['three_class_f1']:.2f}",
            )
        )
    return rows
