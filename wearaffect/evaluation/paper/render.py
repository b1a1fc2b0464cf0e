"""Board "paper" for people: Markdown from board.json, nothing computed anew."""

from collections.abc import Mapping, Sequence
from typing import Any

from wearaffect.evaluation.paper.wording import (
    DASH,
    FIGURES,
    MODEL_NAMES,
    SPLIT_NAMES,
    error,
    figure,
    interval,
    main_cells,
    plain,
    relative,
    row,
    short,
    value,
)

__all__ = ["paper_markdown"]


def paper_markdown(board: Mapping[str, Any]) -> str:
    """Give the board as Markdown.

    Parameters
    ----------
    board : mapping
        From `paper_board`, or read back from its JSON.

    Returns
    -------
    str
        What was claimed and what reaches it; what survives; every setting; learned parameters.
    """
    main = main_cells(board)
    any_cell = next(iter(main.values()))
    parts = [
        f"# Board: paper{' (quick)' if board['quick'] else ''}",
        _introduction(board, any_cell),
        "## What survives, and what needs no model",
        _setting(any_cell),
        _survival(board, main),
        _reading(board, main),
        "## Network minus nearest-in-time copy",
        _differences(board["cells"]),
        "## Every setting",
        _settings(board),
        "## Learned parameters",
        _parameters(board, main),
    ]
    version, seconds = board["wearaffect_version"], board["seconds"]
    parts.append(f"wearaffect {version}, seed {board['seed']}, {seconds:.0f} s.")
    return "\n\n".join(parts) + "\n"


def _introduction(board: Mapping[str, Any], cell: Mapping[str, Any]) -> str:
    claimed = board["claimed"]
    return (
        f"The abstract of {claimed['source'].split(',')[0]} states RMSE {claimed['rmse']}, r "
        f"{claimed['r']} and F1 {100 * claimed['macro_f1']:.2f} % over five folds of WESAD. Its "
        "full text wasn't readable: how windows were cut, split and scaled, and what went in "
        "beside PANAS and SAM, is our reading of it, and the equation here is an ODE of the family "
        "described in the abstract. Those figures imply a target SD near 0.285; min-max scaling "
        f"by each person's whole recording gives {cell['target_sd']:.3f} here.\n\n"
        "Figures are means over folds, as in the abstract, ± SD over folds; **bold** reaches the "
        "abstract's figure. EDA is in min-max units. Copies, persistence and AR have nothing "
        "fitted or next to nothing: whatever they reach is no evidence for a model."
    )


def _setting(cell: Mapping[str, Any]) -> str:
    protocol = cell["protocol"]
    overlap = " (half of each window is shared with the next)" if protocol["hop_s"] < 60 else ""
    return (
        f"{len(protocol['subjects'])} people, {cell['n_windows']} windows of "
        f"{protocol['window_s']:g} s every {protocol['hop_s']:g} s{overlap}; conditions "
        f"{', '.join(cell['setting']['labels'])}; inputs: {', '.join(protocol['inputs'])}."
    )


def _survival(board: Mapping[str, Any], main: Mapping[str, Mapping[str, Any]]) -> str:
    heads = [f"{SPLIT_NAMES[s]}: {FIGURES[f][0]}" for s in main for f in FIGURES]
    lines = [row(["", *heads]), row(["---"] * (1 + len(heads)))]
    lines.append(
        row(["*claimed*", *(plain(f, board["claimed"][f]) for _ in main for f in FIGURES)])
    )
    for group in ("models", "controls"):
        for name in next(iter(main.values()))[group]:
            shown = f"*{MODEL_NAMES[name]}*" if group == "controls" else MODEL_NAMES[name]
            scores = [cell[group][name] for cell in main.values()]
            lines.append(row([shown, *(figure(one, f) for one in scores for f in FIGURES)]))
    return "\n".join(lines)


def _reading(board: Mapping[str, Any], main: Mapping[str, Mapping[str, Any]]) -> str:
    """Say in words what the tables hold; every number is read off the board."""
    random, blocked, apart = (main[split] for split in SPLIT_NAMES)
    met = [
        MODEL_NAMES[name]
        for name, one in random["controls"].items()
        if one["claim_met"].get("rmse") and one["claim_met"].get("r")
    ]
    named = "questionnaire_only"
    return "\n".join(
        [
            f"- Random folds: what reaches the abstract's RMSE and r without a model: "
            f"{', '.join(met) or 'nothing'}.",
            "- A questionnaire is constant within a condition of a person and nearly unique to it, "
            "so with random or blocked folds it names the condition: macro-F1 of the questionnaire "
            f"alone {value(random['controls'][named], 'macro_f1')} and "
            f"{value(blocked['controls'][named], 'macro_f1')}.",
            "- People apart: the clock of other people (what the copy then is) has macro-F1 "
            f"{value(apart['controls']['nearest_in_time'], 'macro_f1')} by itself, so with time "
            "among the inputs F1 says nothing about physiology.",
            *_without_leaks(board),
            "- Earlier EDA is an input, so the level can be carried forward. With people apart: "
            f"network {error(apart['models']['pinn'])}; its physics weight 0 "
            f"{error(apart['models']['physics_weight_0'])}; AR(2) "
            f"{error(apart['controls']['autoregression'])}.",
        ]
    )


def _without_leaks(board: Mapping[str, Any]) -> list[str]:
    """Tell what is left of F1 when neither questionnaire nor clock is among the inputs."""
    found = [
        cell["models"]["pinn"]
        for cell in board["cells"]
        if (cell["setting"]["inputs"], cell["setting"]["split"]) == ("lagged", "loso")
        and cell["setting"]["hop_s"] == board["main"]["hop_s"]
    ]
    return [
        "- People apart, neither questionnaire nor time among the inputs (earlier EDA alone): the "
        f"network's macro-F1 is {value(one, 'macro_f1')}."
        for one in found
    ]


def _differences(cells: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "Lower RMSE, higher r and F1 are better for the network. In brackets the 95 % interval of "
        "the pooled difference over people drawn anew.\n",
        row(["setting", "split", "RMSE", "r", "macro-F1", "protocol"]),
        row(["---"] * 6),
    ]
    for cell in cells:
        found = cell["minus_lookup"]
        shown = [
            f"{found[name]:+.{digits}f}{interval(found['over_people'].get(name), digits)}"
            if name in found
            else DASH
            for name, (_, digits) in FIGURES.items()
        ]
        split, code = SPLIT_NAMES[cell["setting"]["split"]], f"`{cell['protocol']['hash']}`"
        lines.append(row([short(cell), split, *shown, code]))
    return "\n".join(lines)


def _settings(board: Mapping[str, Any]) -> str:
    names = [n for n in ("pinn", "svm", "xgboost") if n in board["cells"][0]["models"]]
    heads = [f"{MODEL_NAMES[n]}: {FIGURES[f][0]}" for n in names for f in FIGURES]
    beside = ("nearest_in_time", "autoregression")
    heads += [f"*{MODEL_NAMES[n]}*: RMSE" for n in beside]
    lines = [row(["setting", "split", *heads, "protocol"]), row(["---"] * (3 + len(heads)))]
    for cell in board["cells"]:
        scores = [cell["models"][name] for name in names]
        shown = [figure(one, f, spread=False) for one in scores for f in FIGURES]
        shown += [figure(cell["controls"][n], "rmse", spread=False) for n in beside]
        split, code = SPLIT_NAMES[cell["setting"]["split"]], f"`{cell['protocol']['hash']}`"
        lines.append(row([short(cell), split, *shown, code]))
    return "\n".join(lines)


def _parameters(board: Mapping[str, Any], main: Mapping[str, Mapping[str, Any]]) -> str:
    study = board["parameters"]
    rank, starts = study["rank"], study["starts"]
    direction = ", ".join(f"{n} {v:+.2f}" for n, v in rank["unseen_direction"].items())
    lines = [
        "`dE/dt = gamma (-alpha_0 E + beta·s)`, E the level in min-max units, s the network's "
        "shares of the conditions, integrated exactly from window to window. Mean ± SD over the "
        f"random folds; over {len(study['seeds'])} seeds and over starts of gamma from "
        f"{min(starts):g} to {max(starts):g} on the first fold, trained twice as long; SD as a "
        "share of the mean.\n",
        row(["parameter", "unit", "over folds", "folds", "seeds", "starts", "range over starts"]),
        row(["---"] * 7),
    ]
    for name, folds in main["random_kfold"]["parameters"].items():
        seeds, begun = study["over_seeds"][name], study["over_starts"][name]
        mark = "" if folds["identifiable"] else " (gauge)"
        lines.append(
            row(
                [
                    name + mark,
                    folds["unit"],
                    f"{folds['mean']:.2e} ± {folds['sd']:.1e}",
                    *(relative(one) for one in (folds, seeds, begun)),
                    f"{min(begun['values']):.2e} to {max(begun['values']):.2e}",
                ]
            )
        )
    lines.append(
        f"\nThe residual's derivative by the {rank['n_parameters']} parameters has rank "
        f"{rank['rank']} (smallest singular value {rank['singular_values'][-1]:.0e} of the "
        f"largest); what it can't see is {direction}: **gamma is a gauge**. That a parameter is "
        "stable over folds shows only that folds share their data and their start.\n"
    )
    lines.append(_decay(board))
    return "\n".join(lines)


def _decay(board: Mapping[str, Any]) -> str:
    """Hold the decay that can be identified against hops and against the skin's own."""
    found = [
        (cell["setting"]["hop_s"], cell["parameters"]["gamma alpha_0"]["mean"])
        for cell in board["cells"]
        if cell["setting"]["inputs"] == board["main"]["inputs"]
        and cell["setting"]["split"] == "random_kfold"
        and cell["setting"]["scale"] == "person"
        and len(cell["setting"]["labels"]) == 3
    ]
    shown = "; ".join(f"{1 / rate:.0f} s with windows every {hop:g} s" for hop, rate in found)
    return (
        f"As a time constant, 1 / (gamma alpha_0) is {shown}. Skin has about 2.8 s (phasic) and "
        "120 s (tonic; doi 10.1371/journal.pcbi.1010275): a decay fitted on window means describes "
        "the means, so it isn't reported as physiology."
    )
