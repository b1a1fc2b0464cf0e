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
        "## Parameters of the skin conductance equation",
        _physics(m.physics),
        "Intervals are delete-group jackknife over people, 95 %; each member started from its "
        "own draw from the literature's prior, so an interval also shows what the start decided. "
        "*Not identifiable*: a decay whose interval is wider than half its prior's, anything else "
        "that isn't known within a factor of two. The equation is a member of the family that "
        "arXiv 2505.18169 describes in its abstract; that paper's own equation couldn't be read.",
        "## Known weaknesses",
        "Eleven people, one laboratory, one protocol in which rest comes first: three-class "
        "figures are helped by that order, stress across orders is the figure to trust. Motion is "
        "an input: talking and standing are part of what tells stress in this corpus. Answers are "
        f"withheld below quality {dict(m.abstention)}.",
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _metrics(metrics: Mapping[str, Any]) -> str:
    """One table from the board's rows."""
    rows = metrics.get("rows", [])
    if not rows:
        return "Not scored yet."
    lines = [
        "| split | enrolment | model | stress F1 | stress AUROC | worst to best person "
        "| three-class F1 | meditation called stress |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        low, high = row["stress_person_range"]
        lines.append(
            f"| {row['split']} | {row['enrolment']} | {row['model']} | {row['stress_f1']:.3f} "
            f"| {row['stress_auroc']:.3f} | {low:.2f} to {high:.2f} "
            f"| {row['three_class_f1']:.3f} | {row['meditation_called_stress']:.3f} |"
        )
    lines.append("")
    lines.append(
        "Macro-F1 pooled over windows; range over people of the same. `clock only` knows nothing "
        f"but elapsed time. Protocol hashes: {', '.join(metrics.get('protocol_hashes', []))}."
    )
    return "\n".join(lines)


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
