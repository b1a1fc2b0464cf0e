"""Figures of the honest board: each person's score, and how far answers can be trusted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wearaffect.evaluation.frame import new_figure, saved
from wearaffect.evaluation.wording import ENROLMENT_NAMES, SPLIT_NAMES, shown_name

__all__ = ["calibration_figure", "person_figure"]

Block = Mapping[str, Any]

# Okabe & Ito's colours, told apart by most colour-blind people
_OURS = {"honest": "bundle", "own": "trained here"}
_CORPORA = {"wesad": "WESAD", "sessions": "Own sessions"}
_BLUE, _ORANGE, _PURPLE, _GREY = "#0072B2", "#E69F00", "#CC79A7", "#777777"


def person_figure(board: Mapping[str, Any], path: Path) -> Path:
    """Draw each person's stress F1 by our model, the best baseline and the clock.

    Parameters
    ----------
    board : mapping
        An honest board, or one of own sessions.
    path : Path
        An SVG or PNG to write.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    MissingExtraError
        There is no matplotlib.
    """
    split, block = _shown_block(board)
    best = board.get("primary", {}).get("baseline") or max(
        block["baselines"], key=lambda name: block["baselines"][name]["stress"]["macro_f1"]
    )
    # hollow where it may lie under the bundle's
    shown = {
        shown_name(best): (block["baselines"][best], {"marker": "s", "color": _ORANGE}, "none"),
        "clock only": (block["controls"]["clock_only"], {"marker": "D", "color": _GREY}, _GREY),
        _OURS[board["board"]]: (block, {"marker": "o", "color": _BLUE}, _BLUE),
    }
    if "shipped" in block:
        shown["as shipped"] = (block["shipped"], {"marker": "^", "color": _PURPLE}, "none")
    ours = block["stress"]["per_subject"]
    people = sorted(ours, key=lambda name: ours[name]["macro_f1"])
    rows = 1 + (len(shown) > 3)  # of the legend
    figure = new_figure((7.2, 1.3 + 0.2 * rows + 0.24 * len(people)))
    axes = figure.subplots()
    for name, (scored, look, filled) in shown.items():
        each = [scored["stress"]["per_subject"][p]["macro_f1"] for p in people]
        axes.plot(
            each,
            range(len(people)),
            linestyle="none",
            label=f"{name} ({scored['stress']['macro_f1']:.2f} pooled)",
            markersize=8 if filled == "none" else 5.5,
            markerfacecolor=filled,
            markeredgewidth=1.6 if filled == "none" else 0,
            **look,
        )
    axes.set_yticks(range(len(people)), people)
    axes.set_ylim(-0.6, len(people) - 0.4)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("stress macro-F1 of each person")
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3 if rows == 1 else 2, frameon=False)
    _title(figure, board, split, block)
    return saved(figure, path)


def calibration_figure(board: Mapping[str, Any], path: Path) -> Path:
    """Draw how often stress comes true by its probability, and the error by what is answered.

    Parameters
    ----------
    board : mapping
        An honest board.
    path : Path
        An SVG or PNG to write.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    MissingExtraError
        There is no matplotlib.
    """
    split, block = _shown_block(board)
    shown = {"bundle": (block, _BLUE, "o")}
    if "network" in block["variants"]:
        shown["network"] = (block["variants"]["network"], _PURPLE, "^")
    figure = new_figure((7.2, 3.7))
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--", label="calibrated")
    for name, (scored, color, marker) in shown.items():
        said, came, _ = zip(*scored["stress"]["reliability"], strict=True)
        ece = scored["stress"]["ece"]
        label = f"{name} (ECE {ece:.3f})"
        left.plot(said, came, marker, color=color, label=label, linestyle="-", linewidth=1)
        _risk(right, scored["abstention"], color, marker)
    left.plot([], [], "X", color=_GREY, markersize=8, label="as served")
    left.set_xlabel("probability of stress (15 bins of equal mass)")
    left.set_ylabel("windows under stress")
    right.set_xlabel("windows answered, surest first")
    right.set_ylabel("wrong answers")
    right.set_ylim(0)
    right.set_xlim(0, 1.02)
    for axes in (left, right):
        axes.xaxis.set_major_formatter(_percent)
        axes.yaxis.set_major_formatter(_percent)
        axes.grid(color="#e5e5e5", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False
    )
    _title(figure, board, split, block)
    return saved(figure, path)


def _percent(share: float, _: int) -> str:
    return f"{100 * share:.3g} %"


def _risk(axes: Any, silent: Block, color: str, marker: str) -> None:
    share, error = zip(*silent["risk_coverage"], strict=True)
    axes.plot(share, error, marker, color=color, linestyle="-", linewidth=1, markersize=4)
    if "error_answered" in silent:
        axes.plot(silent["coverage"], silent["error_answered"], "X", color=color, markersize=9)


def _shown_block(board: Mapping[str, Any]) -> tuple[str, Block]:
    split = "cross_order" if "cross_order" in board["boards"] else "loso"
    return split, board["boards"][split]["rest"]


def _title(figure: Any, board: Mapping[str, Any], split: str, block: Block) -> None:
    protocol = block["protocol"]
    corpus, people = _CORPORA[protocol["dataset"]], len(protocol["subjects"])
    figure.suptitle(
        f"{corpus}, {people} people. {SPLIT_NAMES[split]}, "
        f"{ENROLMENT_NAMES[protocol['enrolment']]}{' (quick board)' if board['quick'] else ''}\n"
        f"protocol {protocol['hash']}",
        fontsize=9,
        x=0.01,
        ha="left",
    )
