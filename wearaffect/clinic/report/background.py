"""The sections without figures: what was mended, and where everything comes from."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import wearaffect
from wearaffect.clinic.report import wording
from wearaffect.clinic.report.ending import recovery_of, troubles
from wearaffect.clinic.report.page import (
    Html,
    bullets,
    join,
    paragraph,
    section,
    source,
    split,
    table,
)
from wearaffect.clinic.report.reported import Reported

__all__ = ["notes_of_recording", "provenance"]

_HASH_DIGITS = 16


def notes_of_recording(told: Reported) -> Html:
    """List what the reader mended and what it couldn't read."""
    session = told.session
    checked = () if told.custody is None else told.custody.found.problems
    ended = [" ".join(trouble) for trouble in troubles(told)]
    problems = tuple(dict.fromkeys([*ended, *session.problems, *checked]))
    recovery, repairs = recovery_of(told), list(session.repairs)
    if recovery is not None:
        whole = f"What was whole in {recovery.from_where} was copied, and the copy closed"
        repairs.insert(0, f"{whole} (wearaffect session recover).")
    mended = [Html("<h3>Mended</h3>"), bullets(repairs, "Nothing needed mending.")]
    found = [Html("<h3>Problems</h3>"), bullets(problems, "None were found.")]
    where = "every message of the recording (session.mcap), and its summary (session.json)"
    return section(
        "Condition of the recording",
        [split(mended, found), source("" if told.custody is None else where)],
        whole=True,
    )


def provenance(told: Reported) -> Html:
    """Say what made the report of an analysis, and what the bundle's figures were."""
    session = told.session
    rows = [
        ("Recording", PurePath(session.path).name or wording.NONE),
        ("Content, SHA-256", session.content_hash[:_HASH_DIGITS]),
        *about_bundle(told),
        ("wearaffect", wearaffect.__version__),
    ]
    made = [Html("<h3>This report</h3>"), table(("What", "Which"), rows, about="Provenance")]
    return section("Where this comes from", [split(made, [figures_of_bundle(told)])])


def about_bundle(told: Reported) -> list[tuple[str, str]]:
    """Give what is known of the bundle, row by row."""
    manifest = told.manifest
    if manifest is None:
        away = "its manifest isn't at hand; what it said is in the session"
        return [("Bundle", told.bundle_id or "none: nothing estimated")] + (
            [("Manifest", away)] if told.bundle_id else []
        )
    people = _training_people(manifest.provenance)
    return [
        ("Bundle", manifest.id),
        ("Trained on", f"{people} people" if people else "not said"),
        ("Licence of the bundle", manifest.licence or "not said"),
        ("Signal processing (chain)", manifest.chain_settings.id),
        ("Window and step", f"{manifest.window_s:g} s, every {manifest.hop_s:g} s"),
    ]


def figures_of_bundle(told: Reported) -> Html:
    """Give the figures that the bundle reached in its own evaluation."""
    if told.manifest is None:
        return Html("")
    title = Html("<h3>The bundle in its own evaluation</h3>")
    figures = _metric_rows(told.manifest.metrics)
    if not figures:
        return join([title, paragraph("Its manifest carries no figures.", "note")])
    made = table(_METRIC_HEAD, figures, numeric=(2, 3), about="Figures of the bundle")
    return join([title, made, paragraph(_METRIC_NOTE, "note")])


def _training_people(record: Mapping[str, Any]) -> int:
    """Count the people among the recordings a bundle was trained on, named dataset/subject."""
    named = record.get("recordings", record.get("subjects", ()))
    return len(set(named)) if isinstance(named, Mapping | Sequence) else 0


_METRIC_NOTE = (
    "F1 joins hits and false alarms in one figure, 1 is without error; three-class: the mean over "
    "the classes (macro-F1). On people the scored model never saw; in brackets worst to best "
    "person. Clocks are "
    "controls, not models: clock only knows nothing but elapsed time, clock hybrid lets it name "
    "baseline. Where they win, the protocol's order is what is being recognised. The bundle's "
    "card has more."
)
_OWN, _CONTROLS = "bundle", ("clock only", "clock hybrid")
_METRIC_HEAD = ("Split", "Model", "Stress F1 (people)", "Three-class F1")


def _metric_rows(metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Give the rows of the bundle itself and of the clocks; its card has the others."""
    told = list(metrics.get("rows", ()))
    if any(row["model"] == _OWN for row in told):
        told = [row for row in told if row["model"] in {_OWN, *_CONTROLS}]
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in told:
        low, high = row["stress_person_range"]
        split = row["split"] + (", enrolled" if row["enrolment"] != "none" else "")
        figures = (f"{row['stress_f1']:.2f} ({low:.2f}–{high:.2f})", f"{row['three_class_f1']:.2f}")
        # of several kinds of rest the first is the one that people take
        rows.setdefault((split, row["model"]), (split, row["model"], *figures))
    return list(rows.values())
