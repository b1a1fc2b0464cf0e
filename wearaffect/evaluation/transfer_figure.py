"""The figure of board "transfer": who ranks stress, and what is said in each section."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wearaffect.evaluation.frame import new_figure, saved, style
from wearaffect.evaluation.transfer_render import CORPUS_NAMES, model_rows

__all__ = ["transfer_figure"]

Block = Mapping[str, Any]

_GOALS = {"PhysicalStress after Relax": 0.2, "CognitiveStress after EmotionalStress": 0.6}
_BLUE = "#0072B2"
_STRESSORS = (
    (("stroop", "CognitiveStress"), "Stroop / cognitive against its rests", "s", "#E69F00", -0.22),
    (("interview",), "interview against its rests", "^", "#009E73", 0.22),
)


def transfer_figure(board: Mapping[str, Any], path: Path) -> Path:
    """Draw AUROC by model and corpus, and what is said in each section of Non-EEG.

    Parameters
    ----------
    board : mapping
        From `transfer_board`, or read back from its JSON.
    path : Path
        ``.svg`` or ``.png``.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    MissingExtraError
        There is no matplotlib.
    """
    blocks = {corpus: by["rest"] for corpus, by in board["boards"].items()}
    with style():
        figure = new_figure((10.5, 7.4))
        upper, lower = figure.subfigures(2, 1, height_ratios=(1.4, 1))
        panels = upper.subplots(1, len(blocks), sharey=True, squeeze=False)[0]
        for axes, (corpus, block) in zip(panels, blocks.items(), strict=True):
            _ranks(axes, corpus, block)
        upper.suptitle(_title(board, blocks), fontsize=9, x=0.01, ha="left")
        _legend(upper, panels[0])
        panels = lower.subplots(1, len(blocks), squeeze=False)[0]
        for axes, (corpus, block) in zip(panels, blocks.items(), strict=True):
            _sections(axes, corpus, block["in_order"])
        _legend(lower, panels[-1])
        return saved(figure, path)


def _legend(place: Any, axes: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    place.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)


def _title(board: Mapping[str, Any], blocks: Mapping[str, Block]) -> str:
    hashes = ", ".join(f"{CORPUS_NAMES[c]} {b['protocol']['hash']}" for c, b in blocks.items())
    return (
        f"Trained on {len(board['trained_on'])} people of WESAD, enrolled on five minutes of rest"
        f"{' (quick)' if board['quick'] else ''}; protocols: {hashes}"
    )


def _ranks(axes: Any, corpus: str, block: Block) -> None:
    """AUROC of every model: stress against rest, and each stressor against its rests."""
    rows = dict(model_rows(block))
    places = range(len(rows))
    pooled = [scored["stress"].get("auroc", math.nan) for scored in rows.values()]
    axes.plot(pooled, places, "o", color=_BLUE, label="stress against rest", zorder=3)
    for i, scored in enumerate(rows.values()):
        if found := scored["stress"].get("ci95", {}).get("auroc"):
            axes.plot(found, [i, i], color=_BLUE, linewidth=1.5, zorder=2)
    for names, label, marker, color, dodge in _STRESSORS:
        each = [_against_rest(scored, names) for scored in rows.values()]
        at = [i + dodge for i in places]
        axes.plot(each, at, marker, color=color, markersize=4.5, label=label, linestyle="none")
    index = block["controls"]["untrained_index"]["stress"].get("auroc", math.nan)
    axes.axvline(index, color=_BLUE, linestyle=":", linewidth=1, label="untrained index")
    axes.axvline(0.5, color="#333333", linewidth=0.8)
    shaded = [i for i, name in enumerate(rows) if "control" in name]
    axes.axhspan(shaded[0] - 0.5, shaded[-1] + 0.5, color="#f3f3f3", zorder=0)
    axes.set_yticks(places, [name.replace("*", "").partition(",")[0] for name in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"AUROC, {CORPUS_NAMES[corpus]} ({len(block['protocol']['subjects'])} people)")
    _plain(axes)


def _against_rest(scored: Block, names: Sequence[str]) -> float:
    found = scored.get("stressors", {})
    return next((float(found[n]["auroc_adjacent_rest"]) for n in names if n in found), math.nan)


def _sections(axes: Any, corpus: str, found: Mapping[str, Block]) -> None:
    """Shares of each section: answered and called stress, answered otherwise, withheld."""
    places = range(len(found))
    called = [f["called_stress"] for f in found.values()]
    silent = [f["withheld"] for f in found.values()]
    calm = [1 - c - s for c, s in zip(called, silent, strict=True)]
    start = [1 - s for s in silent]
    axes.barh(places, called, color=_BLUE, label="called stress")
    axes.barh(places, calm, left=called, color="#dddddd", label="called calm")
    white = {"color": "white", "edgecolor": "#999999", "hatch": "///"}
    axes.barh(places, silent, left=start, label="withheld", **white)
    label = "goal: exercise at most, cognitive stress at least"
    for i, name in enumerate(found):
        if name in _GOALS:
            at = [_GOALS[name]] * 2
            axes.plot(at, [i - 0.45, i + 0.45], color="black", linewidth=1.5, label=label)
            label = ""
    axes.set_yticks(places, list(found))
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"share of windows, {CORPUS_NAMES[corpus]}")
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
