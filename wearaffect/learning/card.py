"""The model card: what a person should know before trusting a bundle."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wearaffect.bundle.manifest import Manifest, PhysicsOutput

__all__ = ["write_card"]


def write_card(manifest: Manifest, path: Path) -> None:
    """Write ``card.md`` from what the manifest says; nothing stands in it that isn't there.

    Parameters
    ----------
    manifest : Manifest
        Of the bundle.
    path : Path
        Where.
    """
    m = manifest
    parts = [
        f"# {m.name} {m.version}",
        f"**Intended use.** {m.intended_use}",
        f"**Not for.** {m.not_for}",
        f"**Licence.** {m.licence}",
        "## Data and protocol",
        f"Trained on {m.provenance['data']} ({', '.join(m.provenance['recordings'])})"
        f"{_left_out(m)}. Windows of "
        f"{m.window_s:g} s every {m.hop_s:g} s, causal chain `{m.chain_settings.id}`; inputs "
        + ", ".join(f"{i['kind']} ({i['unit']}, {i['sampling_rate']:g} Hz)" for i in m.inputs)
        + f". Classifier: {m.provenance['classifier']}, {m.provenance['members']} members, seed "
        f"{m.provenance['seed']}. Self-report and elapsed time aren't inputs. Without five "
        "minutes of rest the bundle withholds its answer unless it is told not to.",
        "## Figures, on people the scored model never saw",
        _metrics(m.metrics),
        *_forecast(m.metrics),
        "## Parameters of the skin conductance equation",
        _physics(m.physics),
        "Intervals are delete-group jackknife over people, 95 %; each member started from its "
        "own draw of every parameter here (the decays from the literature's priors), so an "
        "interval also shows what the start decided. *Not identifiable*: a decay whose interval "
        "is wider than half its prior's or that ended at a bound; anything else that isn't known "
        "within a factor of two; and per-window values, which rest on the decays. The equation is "
        "fitted on means over one second. It is a member of the family that arXiv 2505.18169 "
        "describes in its abstract; that paper's own equation couldn't be read.",
        "## What it leans on",
        _leaning(m),
        "## When it is silent",
        f"Answers are withheld below quality {dict(m.abstention)}, where the arm is still for less "
        f"than {100 * (m.calibration.get('least_still') or 0):.0f} % of seconds (exercise moves "
        "hearts, too), and where belief is nearer to even odds than "
        f"{m.calibration.get('least_certainty', 0):.2f} on a scale from 0 to 1. The thresholds "
        "leave 80 % of windows an answer on training people left out; temperature "
        f"{m.calibration.get('temperature', 1):.2f}.",
        "## Known weaknesses",
        _OWN_WEAKNESSES if _own(m) else _WEAKNESSES,
        f"The equation's values are averages of {m.provenance['members']} networks, each fitted "
        "without a group of people; the forecast is a model of its own, fitted on everybody, and "
        "has nothing of the equation in it.",
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


_WEAKNESSES = (
    "Fifteen people at most, one laboratory, one protocol. Rest comes first in both of its orders, "
    "so a clock that names baseline, with signals for the rest (`clock hybrid`), may beat every "
    "honest model even across orders; only stress against amusement across orders can't be told by "
    "the clock alone. Time itself isn't an input. Windows are compared with the person's last "
    "quarter of an hour: a recording that begins in the middle of stress has nothing to compare "
    "with (`late start` on the honest board); random walks in place of features, compared in the "
    "same way, score at chance. Three-class figures rest on telling amusement from baseline, which "
    "nothing here does well. Features and settings were chosen with these people in view, and the "
    "index with a look at Stress-Predict's figures; people of either set who weren't there are the "
    "fair test."
)
_OWN_WEAKNESSES = (
    "One site and its protocol. Where every sitting has the same order of phases, stress can't be "
    "told from where in the sitting it comes: `clock only` on the site's own board says how far "
    "that goes, though time itself isn't an input. Windows are compared with the person's last "
    "quarter of an hour: a recording that begins in the middle of stress has nothing to compare "
    "with. Features and settings were chosen on WESAD, the index with a look at Stress-Predict's "
    "figures, and neither on these people."
)


def _own(m: Manifest) -> bool:
    """Tell whether it was trained on one's own sessions."""
    return all(name.startswith("sessions/") for name in m.provenance["recordings"])


def _left_out(m: Manifest) -> str:
    found = m.provenance["excluded"]
    return "; left out: " + ", ".join(f"{k} ({why})" for k, why in found.items()) if found else ""


def _leaning(m: Manifest) -> str:
    """What the answer rests on, by construction and by what it costs to leave out."""
    lines = [
        "Stress is told from skin and heart; movement, posture, skin temperature and time aren't "
        "inputs of it, though movement spoils beats and can be felt in the spread of intervals. "
        "In log odds, "
        f"{100 * m.calibration.get('index_share', 0):.0f} % are an index that nobody trained: "
        "heart rate, tonic conductance and its responses, in standard deviations of the person's "
        "own last quarter of an hour. What that share costs or brings the plain model on training "
        "people left out:",
        "| share of the index | balanced accuracy of stress | standard error over people |\n"
        "| --- | --- | --- |\n"
        + "\n".join(
            f"| {row['index_share']:.1f} | {row['balanced_accuracy']:.3f} "
            f"| {row['standard_error']:.3f} |"
            for row in m.provenance.get("index_curve", [])
        ),
    ]
    left_out = m.provenance.get("left_out", {})
    if left_out:
        lines.append(
            f"Chosen on training people left out: {m.provenance['classifier']}. Balanced accuracy "
            "of stress: "
            + ", ".join(
                f"{name} {found['balanced_accuracy']:.3f} ± {found['standard_error']:.3f}"
                for name, found in left_out.items()
            )
            + " (± standard error over people); the plain one is taken unless the network is "
            "better by more than a point and two standard errors of the difference."
        )
    rows = m.metrics.get("leaning", [])
    if rows:
        lines.append(
            "Leaving something out, stress F1 across orders, enrolled: "
            + "; ".join(f"{row['without']} {row['stress_f1']:.3f}" for row in rows)
            + "."
        )
    return "\n\n".join(lines)


def _metrics(metrics: Mapping[str, Any]) -> str:
    """One table from the board's rows."""
    rows = metrics.get("rows", [])
    if not rows:
        return "Not scored yet."
    lines = [
        "| split | enrolment | model | stress F1 | stress AUROC | against amusement "
        "| worst to best person | three-class F1 | meditation called stress |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        low, high = row["stress_person_range"]
        lines.append(
            f"| {row['split']} | {row['enrolment']} | {row['model']} | {row['stress_f1']:.3f} "
            f"| {row['stress_auroc']:.3f} | {row['auroc_against_amusement']:.3f} "
            f"| {low:.2f} to {high:.2f} "
            f"| {row['three_class_f1']:.3f} | {row['meditation_called_stress']:.3f} |"
        )
    lines.append("")
    lines.append(
        "Macro-F1 pooled over windows; range over people of the same. `clock only` knows nothing "
        "but elapsed time, `clock hybrid` lets it name baseline. "
        f"Protocol hashes: {', '.join(metrics.get('protocol_hashes', []))}."
    )
    return "\n".join(lines)


def _forecast(metrics: Mapping[str, Any]) -> list[str]:
    """What the forecast is worth; it is a model of its own, without the equation."""
    rows = metrics.get("forecast", [])
    if not rows:
        return []
    lines = [
        "| EDA forecast across orders, enrolled | skill over persistence | pinball skill "
        "| 90 % covers |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['model']}, {row['horizon_s']:g} s | {row['skill_vs_persistence']:+.3f} "
        f"| {row['pinball_skill']:+.3f} | {100 * row['coverage90']:.0f} % |"
        for row in rows
    ]
    below = "Below 0 the forecast is worse than 'stays as it is'."
    return ["\n".join([*lines, "", below])]


def _physics(outputs: tuple[PhysicsOutput, ...]) -> str:
    lines = ["| parameter | value | 95 % interval | |", "| --- | --- | --- | --- |"]
    for item in outputs:
        if item.value is None:
            lines.append(f"| {item.name} | one per window, {item.unit} | | |")
            continue
        interval = "" if item.ci95 is None else f"{item.ci95[0]:.3g} to {item.ci95[1]:.3g}"
        note = "" if item.identifiable else "not identifiable"
        lines.append(f"| {item.name} | {item.value:.3g} {item.unit} | {interval} | {note} |")
    return "\n".join(lines)
