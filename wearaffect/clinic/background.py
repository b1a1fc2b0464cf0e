"""The sections without figures: what was mended, and where everything comes from."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import wearaffect
from wearaffect.clinic import wording
from wearaffect.clinic.page import Html, bullets, paragraph, section, split, table
from wearaffect.pipeline.offline import Analysis

__all__ = ["notes_of_recording", "provenance"]

_HASH_DIGITS = 16
_METRICS_SHOWN = 40
_TOO_FINE = {"per_subject", "risk_coverage", "controls", "baselines", "sections", "stressors"}


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
    figures = list(_flat(manifest.metrics))[:_METRICS_SHOWN]
    held = [Html("<h3>The bundle in its own evaluation</h3>")]
    if figures:
        held.append(table(("Figure", "Value"), figures, about="Figures of the bundle"))
    else:
        held.append(paragraph("Its manifest carries no figures.", "note"))
    return section("Where this comes from", [split(made, held)])


def _training_people(record: Mapping[str, Any]) -> int:
    """Count the people among the recordings a bundle was trained on, named dataset/subject."""
    named = record.get("recordings", record.get("subjects", ()))
    return len(set(named)) if isinstance(named, Mapping | Sequence) else 0


def _flat(metrics: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Give the figures of a nested record one by one, without what is about single people."""
    for key, value in metrics.items():
        if key in _TOO_FINE:
            continue
        name = f"{path} › {key.replace('_', ' ')}" if path else key.replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif isinstance(value, bool | str):
            yield name, str(value)
        elif isinstance(value, int):
            yield name, f"{value:,}"
        elif isinstance(value, float):
            yield name, wording.number(value)
        elif _is_interval(value):
            yield name, wording.interval((float(value[0]), float(value[1])))


def _is_interval(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and len(value) == 2
        and all(isinstance(bound, int | float) for bound in value)
    )
