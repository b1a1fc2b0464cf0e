"""Words and cells that the pages and figures of the honest board share."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = [
    "DASH",
    "ENROLMENT_NAMES",
    "FIGURES",
    "SPLIT_NAMES",
    "cell",
    "figure_of",
    "models_of",
    "row",
    "shown_name",
    "table",
    "worst_to_best",
]

Block = Mapping[str, Any]

DASH = "–"
SPLIT_NAMES = {
    "loso": "Leave one subject out",
    "cross_order": "Across protocol orders",
    "same_order": "Within one protocol order",
    "cross_order_equal": "Across protocol orders, as many people as within one",
}
ENROLMENT_NAMES = {
    "none": "without enrolment",
    "rest": "enrolled on the first five minutes of rest",
    "baseline_end": "enrolled on the last five minutes of baseline",
    "medi1": "enrolled on the first meditation",
}
FIGURES = {
    "stress F1": ("stress", "macro_f1"),
    "stress AUROC": ("stress", "auroc"),
    "late AUROC": ("late", "auroc"),
    "against amusement": ("stress", "auroc_against_amusement"),
    "three-class F1": ("three_class", "macro_f1"),
    "meditation called stress": ("stress", "meditation_called_stress"),
}
"""Columns of every table of models, and where each figure stands in a block."""

_ABBREVIATED = {"lda": "LDA", "svm": "SVM", "xgboost": "XGBoost", "cnn1d": "1-D CNN"}


def shown_name(name: str) -> str:
    """Give a model's name for people."""
    if name in _ABBREVIATED:
        return _ABBREVIATED[name]
    if name.startswith("network_"):
        return f"network, {name.removeprefix('network_').replace('_', ' ')}"
    return name.replace("_", " ")


def figure_of(scored: Block, part: str, name: str) -> float | None:
    """Give a figure, None where it doesn't apply."""
    value = scored.get(part, {}).get(name)
    return None if value is None else float(value)


def cell(scored: Block, part: str, name: str) -> str:
    """Give a figure for a table, with its interval where there is one."""
    value = figure_of(scored, part, name)
    if value is None:
        return DASH
    interval = scored[part].get("ci95", {}).get(name)
    spread = scored.get("over_seeds", {}).get(f"{part}.{name}")
    text = f"{value:.3f}"
    if interval:
        text += f" [{interval[0]:.2f}, {interval[1]:.2f}]"
    return text if spread is None else f"{text}; {spread['mean']:.3f} ± {spread['sd']:.3f}"


def worst_to_best(scored: Block) -> str:
    """Give the range over people of stress macro-F1."""
    people = scored.get("stress", {}).get("per_subject", {}).values()
    each = [person["macro_f1"] for person in people]
    return f"{min(each):.2f} to {max(each):.2f}" if each else DASH


def models_of(block: Block) -> Iterator[tuple[str, Block]]:
    """Give all models of a block with names for people: the bundle, then group by group."""
    yield "**bundle**", block
    marks = {"variants": "**{}**", "ablations": "bundle, {}", "baselines": "{}", "controls": "*{}*"}
    for group, mark in marks.items():
        for name, scored in block[group].items():
            of_network = name.startswith("network")
            yield (shown_name(name) if of_network else mark.format(shown_name(name))), scored


def row(cells: Sequence[str]) -> str:
    """Give a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a Markdown table."""
    return "\n".join([row(head), row(["---"] * len(head)), *(row(cells) for cells in rows)])
