"""The figure of board "paper": which figures survive, and what the parameters are worth."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wearaffect.evaluation.frame import new_figure, saved, style
from wearaffect.evaluation.paper.wording import MODEL_NAMES, SPLIT_NAMES, main_cells

__all__ = ["paper_figure"]

_LOOK = {
    "random_kfold": ("#0072B2", "o"),
    "blocked_kfold": ("#E69F00", "s"),
    "loso": ("#D55E00", "D"),
}
_PANELS = {"rmse": "RMSE (min-max units)", "r": "Pearson r", "macro_f1": "macro-F1"}
_TICKS = {
    "rmse": (0.01, 0.03, 0.1, 0.3),
    "r": (0, 0.9, 0.99, 0.999),
    "macro_f1": (0, 0.25, 0.5, 0.75, 1),
}
_PARAMETERS = {
    "alpha_0": ("α₀", "#CC79A7", "v"),
    "gamma": ("γ", "#777777", "^"),
    "gamma alpha_0": ("γ α₀", "#009E73", "P"),
}
_MULTIPLES = (0.3, 1, 3)
_DODGE = 0.22


def paper_figure(board: Mapping[str, Any], path: Path) -> Path:
    """Draw the main setting's figures by split, and learned parameters by start.

    Parameters
    ----------
    board : mapping
        From `paper_board`, or read back from its JSON.
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
    main = main_cells(board)
    with style():
        figure = new_figure((10.5, 7.6))
        upper, lower = figure.subfigures(2, 1, height_ratios=(2.3, 1))
        panels = upper.subplots(1, len(_PANELS), sharey=True)
        for axes, name in zip(panels, _PANELS, strict=True):
            _survival(axes, main, name, board["claimed"][name])
        panels[0].set_yticks(
            range(len(_entries(main))), [MODEL_NAMES[m] for _, m in _entries(main)]
        )
        first = next(i for i, (group, _) in enumerate(_entries(main)) if group == "controls")
        panels[-1].text(0.03, first, "needs no model", color="#666666", va="center")
        handles, labels = panels[0].get_legend_handles_labels()
        upper.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        upper.suptitle(_title(board, main), fontsize=9, x=0.01, ha="left")
        _starts(lower, board)
        return saved(figure, path)


def _title(board: Mapping[str, Any], main: Mapping[str, Mapping[str, Any]]) -> str:
    protocol = next(iter(main.values()))["protocol"]
    hashes = ", ".join(f"{SPLIT_NAMES[s]} {c['protocol']['hash']}" for s, c in main.items())
    return (
        f"{len(protocol['subjects'])} people of WESAD, windows of {protocol['window_s']:g} s every "
        f"{protocol['hop_s']:g} s; PANAS, SAM, time and earlier EDA as inputs; means over folds"
        f"{' (quick)' if board['quick'] else ''}\nprotocols: {hashes}"
    )


def _entries(main: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    any_cell = next(iter(main.values()))
    return [(group, name) for group in ("models", "controls") for name in any_cell[group]]


def _survival(axes: Any, main: Mapping[str, Mapping[str, Any]], name: str, claimed: float) -> None:
    entries = _entries(main)
    n_models = sum(group == "models" for group, _ in entries)
    axes.axhspan(n_models - 0.5, len(entries) - 0.5, color="#f3f3f3", zorder=0)
    axes.axvline(claimed, color="#333333", linestyle="--", linewidth=1, label="abstract's figure")
    for k, (split, cell) in enumerate(main.items()):
        color, marker = _LOOK[split]
        places, values = [], []
        for i, (group, model) in enumerate(entries):
            if name in cell[group][model]:
                places.append(i + (k - 1) * _DODGE)
                values.append(cell[group][model][name])
        axes.plot(values, places, marker, color=color, markersize=4.5, label=SPLIT_NAMES[split])
    _scale(axes, name)
    axes.set_xlabel(_PANELS[name])
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(entries) - 0.5, -0.5)


def _scale(axes: Any, name: str) -> None:
    """RMSE on a log scale, r by its distance from 1: the interesting part is close to the end."""
    if name == "rmse":
        axes.set_xscale("log")
    elif name == "r":
        forward, back = (lambda r: -np.log10(1.0002 - r)), (lambda x: 1.0002 - 10.0**-x)
        axes.set_xscale("function", functions=(forward, back))
        axes.set_xlim(-0.5, 0.9997)
    else:
        axes.set_xlim(0, 1.03)
    axes.set_xticks(_TICKS[name], [f"{tick:g}" for tick in _TICKS[name]])
    axes.minorticks_off()


def _starts(place: Any, board: Mapping[str, Any]) -> None:
    """Draw each parameter by start and by seed, as a multiple of its value from start 1."""
    study = board["parameters"]
    left, right = place.subplots(1, 2, sharey=True, width_ratios=(1.4, 1))
    sides = (
        (left, "over_starts", study["starts"], study["starts"].index(1.0), "where γ starts"),
        (right, "over_seeds", study["seeds"], 0, "seed"),
    )
    for axes, group, x, first, name in sides:
        for parameter, (shown, color, marker) in _PARAMETERS.items():
            values = np.array(study[group][parameter]["values"])
            axes.plot(
                x, values / values[first], color=color, marker=marker, markersize=5, label=shown
            )
        axes.set_xlabel(name)
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    left.set_xscale("log")
    left.set_xticks(study["starts"], [f"{start:g}" for start in study["starts"]])
    left.set_yscale("log")
    left.set_yticks(_MULTIPLES, [f"{m:g}" for m in _MULTIPLES])
    left.minorticks_off()
    left.set_ylabel("learned (multiple)")
    right.set_xticks(study["seeds"])
    handles, labels = left.get_legend_handles_labels()
    right.legend(handles, labels, frameon=False, ncols=3, loc="upper right")
    place.suptitle(
        f"Learned parameters, first random fold: the residual's rank is {study['rank']['rank']} of "
        f"{study['rank']['n_parameters']}, so α₀ and γ depend on where γ starts; "
        "only their product is learned",
        fontsize=9,
        x=0.01,
        ha="left",
    )
