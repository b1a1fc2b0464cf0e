"""Board "transfer" for people: Markdown from its data, nothing computed anew."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = [
    "CORPUS_NAMES",
    "above_lines",
    "model_rows",
    "order_table",
    "silence",
    "transfer_markdown",
]

Block = Mapping[str, Any]

CORPUS_NAMES = {"stress_predict": "Stress-Predict", "noneeg": "Non-EEG"}
_ENROLMENTS = {"none": "without enrolment", "rest": "enrolled on five minutes of rest"}
_CEILING = "taught there, one person left out, each window for itself"


def transfer_markdown(board: Mapping[str, Any]) -> str:
    """Give the board as Markdown tables, one a corpus and enrolment.

    Parameters
    ----------
    board : mapping
        From `transfer_board`, or read back from its JSON.
    """
    parts = [
        f"# Board: transfer{' (quick)' if board['quick'] else ''}",
        f"Trained on {len(board['trained_on'])} people of WESAD; nothing was fitted, scaled or "
        "thresholded on the people scored, the one row that is taught there excepted; but the "
        "index was put together, and its share set, with a look at Stress-Predict's figures, so "
        "people of it who weren't there are the fair test. AUROC of stress against rest is "
        "pooled over windows, in brackets the 95 % interval over people; each stressor stands "
        "against the rests that touch it. Every labelled window counts, withheld or not, except "
        "under *called stress*, which is answered and called stress, and *withheld*.",
    ]
    for corpus, by_enrolment in board["boards"].items():
        for enrolment, block in by_enrolment.items():
            parts += _parts(corpus, enrolment, block)
    parts += _gate(board["gate"])
    parts.append(
        f"wearaffect {board['wearaffect_version']}, seed {board['seed']}, {board['seconds']:.0f} s."
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _parts(corpus: str, enrolment: str, block: Block) -> Iterator[str]:
    protocol = block["protocol"]
    yield (
        f"## {CORPUS_NAMES[corpus]}, {_ENROLMENTS[enrolment]}\n\n"
        f"{len(protocol['subjects'])} people, {block['n_windows']} windows of "
        f"{protocol['window_s']:g} s every {protocol['hop_s']:g} s, protocol `{protocol['hash']}`."
    )
    if protocol["excluded"]:
        why = "; ".join(f"{name}: {reason}" for name, reason in protocol["excluded"].items())
        yield f"Left out: {why}."
    yield _models_table(block)
    yield above_lines("the bundle", block["never_below_index"])
    yield order_table(block["in_order"])
    yield _forecast_table(block)
    yield silence(block)


def model_rows(block: Block) -> Iterator[tuple[str, Block]]:
    """Give what a block compares, by the name it is shown under."""
    yield "**bundle**", block
    for name, scored in (block["variants"] | block["baselines"]).items():
        yield name.replace("_", " "), scored
    for name, scored in block["controls"].items():
        yield f"*control: {name.replace('_', ' ')}*", scored
    if block["ceiling"]:
        yield f"*{_CEILING}*", block["ceiling"]


def _models_table(block: Block) -> str:
    stressors = list(block.get("stressors", {}))
    head = ["model", "AUROC", "mean of people", *stressors, "macro-F1", "ECE"]
    lines = [_line(head), _line(["---"] * len(head))]
    for name, scored in model_rows(block):
        stress = scored["stress"]
        each = [scored.get("stressors", {}).get(s, {}) for s in stressors]
        cells = [_number(stress, "auroc") + _interval(stress, "auroc")]
        cells += [_number(stress, "auroc_person_mean")]
        cells += [_number(found, "auroc_adjacent_rest") for found in each]
        lines.append(_line([name, *cells, _number(stress, "macro_f1"), _number(stress, "ece")]))
    return "\n".join(lines)


def above_lines(whose: str, found: Mapping[str, Block]) -> str:
    """Tell how far a model ranks stress better than others, paired by person."""
    lines = [
        f"- {f['auroc_difference']:+.3f}{_range(f)} against the {name.replace('_', ' ')}; above it "
        f"in {100 * f['people_above']:.0f} % of people"
        for name, f in found.items()
        if f
    ]
    return "\n".join([f"AUROC of {whose}, paired by person:", "", *lines]) if lines else ""


def order_table(found: Mapping[str, Block]) -> str:
    """Tell of each section by what came before it."""
    lines = [
        _line(["section", "windows", "called stress", "withheld or not", "withheld"]),
        _line(["---"] * 5),
    ]
    for name, f in found.items():
        shares = (f["called_stress"], f["called_stress_withheld_or_not"], f["withheld"])
        lines.append(_line([name, str(f["n_windows"]), *(f"{100 * s:.0f} %" for s in shares)]))
    return "\n".join(lines)


def _forecast_table(block: Block) -> str:
    lines = [
        _line(
            [
                f"{model.strip('*')}, EDA ahead",
                "MSE skill",
                "pinball skill",
                "in hindsight",
                "90 % covers",
            ]
        )
        + f"\n{_line(['---'] * 5)}\n"
        + "\n".join(
            _line(
                [
                    f"{horizon} s",
                    f"{f['skill_vs_persistence']:+.3f}",
                    f"{f['pinball_skill']:+.3f}",
                    f"{f['pinball_skill_hindsight']:+.3f}",
                    f"{100 * f['coverage90']:.0f} %",
                ]
            )
            for horizon, f in scored["eda"]["forecast"].items()
        )
        for model, scored in model_rows(block)
        if scored.get("eda", {}).get("forecast")
    ]
    return "\n\n".join(lines)


def silence(block: Block) -> str:
    """Tell what was withheld, why, and what it was worth."""
    found = block.get("abstention")
    if not found:
        return ""
    reasons = ", ".join(f"{why} {100 * s:.0f} %" for why, s in found["by_reason"].items())
    answered = found.get("error_answered")
    rest = "" if answered is None else f"; {100 * answered:.0f} % wrong where it answers"
    return (
        f"Withheld {100 * found['fraction']:.0f} % of scored windows ({reasons or 'no reason'}); "
        f"{100 * found['error']:.0f} % wrong in all{rest}."
    )


def _gate(gate: Mapping[str, Any]) -> Iterator[str]:
    yield "## What it costs at home: stress withheld on WESAD, one person left out"
    lines = [
        _line(["enrolment", "stress windows", "withheld for exercise", "withheld in all"]),
        _line(["---"] * 4),
    ]
    for enrolment in (name for name in _ENROLMENTS if gate.get(name)):
        f = gate[enrolment]
        shares = (f["withheld_for_exercise"], f["withheld"])
        cells = [enrolment, str(f["n_windows"]), *(f"{100 * s:.0f} %" for s in shares)]
        lines.append(_line(cells))
    yield "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(block: Block, name: str) -> str:
    return f"{block[name]:.3f}" if name in block else ""


def _interval(block: Block, name: str) -> str:
    return _range({"ci95": block.get("ci95", {}).get(name, [])})


def _range(block: Block) -> str:
    found = block.get("ci95")
    return f" [{found[0]:.2f}, {found[1]:.2f}]" if found else ""
