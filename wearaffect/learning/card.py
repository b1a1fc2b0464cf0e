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
    people = ", ".join(m.provenance["recordings"])
    parts = [
        f"# {m.name} {m.version}",
        f"**Intended use.** {m.intended_use}",
        f"**Not for.** {m.not_for}",
        f"**Licence.** {m.licence}",
        "## Data and protocol",
        f"Trained on {len(m.provenance['recordings'])} people: {people}. Windows of "
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
        "## Known weaknesses",
        f"{len(m.provenance['recordings'])} people, one laboratory, one protocol. Rest comes first "
        "in both of its orders, so a clock that names baseline, with signals for the rest (`clock "
        "hybrid`), may beat every honest model even across orders; only stress against amusement "
        "across orders can't be told by the clock alone. Time itself isn't an input, but slopes "
        "and levels drift with it and carry some. Motion is an input: talking and standing are "
        "part of what tells stress in this corpus. Features and settings were chosen with these "
        "people in view. The figures above are of one network; the bundle averages "
        f"{m.provenance['members']}, each fitted without a group of people. Answers are withheld "
        f"below quality {dict(m.abstention)}.",
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


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
    """What the physics does for the forecast, beside the same network without it."""
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
