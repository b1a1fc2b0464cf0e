"""A board for people: Markdown and figures from board.json, nothing computed anew."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wearaffect.core.errors import MissingExtraError

__all__ = ["markdown", "metric_rows", "write_board"]


def write_board(board: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``board.json``, ``board.md`` and the figures.

    Parameters
    ----------
    board : mapping
        From `honest_board`.
    folder : Path
        Made if it isn't there.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    MissingExtraError
        There is no matplotlib; the JSON and the Markdown are written all the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data, text = folder / "board.json", folder / "board.md"
    whole = dict(board) | {"card": metric_rows(board)}
    data.write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    text.write_text(markdown(board), encoding="utf-8")
    return [data, text, _figure(board, folder / "stress_by_person.svg")]


def markdown(board: Mapping[str, Any]) -> str:
    """Give the board as Markdown tables, one a split and enrolment."""
    parts = [
        f"# Board: {board['board']}{' (quick)' if board['quick'] else ''}",
        "Macro-F1 pooled over scored windows; in brackets the 95 % interval over people. Stress "
        'is stress against baseline and amusement; "against amusement" is the AUROC of stress '
        "against amusement alone. Rest comes first in both protocol orders: across orders the "
        "clock is wrong about stress and amusement but still right about baseline, which the clock "
        "hybrid exploits; only stress against amusement across orders isn't told by it. Windows "
        "that touch the five minutes of rest are never scored, with or without enrolment. The "
        "pinball skill is over persistence with its own error quantiles, one width for all.",
    ]
    for split, by_enrolment in board["boards"].items():
        for enrolment, block in by_enrolment.items():
            protocol = block["protocol"]
            parts.append(
                f"## {_SPLITS[split]}, {_ENROLMENTS[enrolment]}\n\n"
                f"{len(protocol['subjects'])} people, {block['n_windows']} windows of "
                f"{protocol['window_s']:g} s every {protocol['hop_s']:g} s, protocol "
                f"`{protocol['hash']}`."
            )
            parts.append(_table(block))
            parts.append(_forecast(block))
    parts.append(
        f"wearaffect {board['wearaffect_version']}, seed {board['seed']}, {board['seconds']:.0f} s."
    )
    return "\n\n".join(parts) + "\n"


_SPLITS = {"loso": "Leave one subject out", "cross_order": "Across protocol orders"}
_ENROLMENTS = {"none": "without enrolment", "rest": "enrolled on five minutes of rest"}


def _models(block: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "**network**", block
    for name, scored in (block["ablations"] | block["baselines"]).items():
        yield name.replace("_", " "), scored
    for name, scored in block["controls"].items():
        yield f"*control: {name.replace('_', ' ')}*", scored


def _table(block: Mapping[str, Any]) -> str:
    lines = [
        "| model | stress F1 | stress AUROC | against amusement | stress F1, mean of people "
        "| three-class F1 | meditation called stress |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, scored in _models(block):
        stress, three = scored["stress"], scored["three_class"]
        lines.append(
            f"| {name} | {stress['macro_f1']:.3f}{_interval(stress, 'macro_f1')} "
            f"| {stress['auroc']:.3f}{_interval(stress, 'auroc')} "
            f"| {stress['auroc_against_amusement']:.3f} | {stress['macro_f1_person_mean']:.3f} "
            f"| {three['macro_f1']:.3f}{_interval(three, 'macro_f1')} "
            f"| {stress.get('meditation_called_stress', float('nan')):.3f} |"
        )
    return "\n".join(lines)


def _interval(block: Mapping[str, Any], name: str) -> str:
    found = block.get("ci95", {}).get(name)
    return f" [{found[0]:.2f}, {found[1]:.2f}]" if found else ""


def _forecast(block: Mapping[str, Any]) -> str:
    lines = [
        "| EDA forecast of the | RMSE µS | skill over persistence | pinball skill | 90 % covers |",
        "| --- | --- | --- | --- | --- |",
    ]
    models = {"network": block} | block["ablations"]
    for name, horizon, f in (
        (name.replace("_", " "), horizon, f)
        for name, scored in models.items()
        for horizon, f in scored["eda"]["forecast"].items()
    ):
        lines.append(
            f"| {name}, {horizon} s | {f['rmse_us']:.3f} | {f['skill_vs_persistence']:+.3f} "
            f"| {f['pinball_skill']:+.3f} | {100 * f['coverage90']:.0f} % |"
        )
    return "\n".join(lines)


def metric_rows(board: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a model card shows: the model, a plain model and two clocks."""
    rows, hashes = [], []
    for split, by_enrolment in board["boards"].items():
        for enrolment, block in by_enrolment.items():
            hashes.append(block["protocol"]["hash"])
            shown = {
                "network": block,
                "logistic regression": block["baselines"]["logistic_regression"],
                "clock only": block["controls"]["clock_only"],
                "clock hybrid": block["controls"]["clock_hybrid"],
            }
            for name, scored in shown.items():
                stress = scored["stress"]
                each = [person["macro_f1"] for person in stress["per_subject"].values()]
                rows.append(
                    {
                        "split": _SPLITS[split].lower(),
                        "enrolment": enrolment,
                        "model": name,
                        "stress_f1": stress["macro_f1"],
                        "stress_auroc": stress["auroc"],
                        "auroc_against_amusement": stress["auroc_against_amusement"],
                        "stress_person_range": [min(each), max(each)],
                        "three_class_f1": scored["three_class"]["macro_f1"],
                        "meditation_called_stress": stress["meditation_called_stress"],
                    }
                )
    crossed = board["boards"].get("cross_order", {}).get("rest")
    models = {} if crossed is None else {"network": crossed} | crossed["ablations"]
    forecast = [
        {"model": name.replace("_", " "), "horizon_s": float(horizon)} | figures
        for name, scored in models.items()
        for horizon, figures in scored["eda"]["forecast"].items()
    ]
    return {"rows": rows, "protocol_hashes": hashes, "forecast": forecast}


def _figure(board: Mapping[str, Any], path: Path) -> Path:
    """Stress F1 of each person, across orders where there are two, beside models and clock."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("desk", "the board's figures") from error
    split = "cross_order" if "cross_order" in board["boards"] else "loso"
    block = board["boards"][split]["rest"]
    shown = {"network": block, **block["baselines"], "clock only": block["controls"]["clock_only"]}
    subjects = list(block["stress"]["per_subject"])
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "wearaffect", "font.size": 9}):
        figure = Figure(figsize=(8, 3.4), layout="constrained")
        axes = figure.subplots()
        for i, (name, scored) in enumerate(shown.items()):
            each = scored["stress"]["per_subject"]
            axes.plot(
                range(len(subjects)),
                [each[s]["macro_f1"] for s in subjects],
                marker="o^sDx"[i % 5],
                linestyle="none",
                label=f"{name.replace('_', ' ')} ({scored['stress']['macro_f1']:.2f} pooled)",
                color=("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#777777")[i % 5],
            )
        axes.set_xticks(range(len(subjects)), subjects)
        axes.set_ylim(0, 1.03)
        axes.set_ylabel("stress macro-F1")
        axes.set_title(
            f"Each person, {_SPLITS[split].lower()}, enrolled "
            f"(protocol {block['protocol']['hash']})",
            loc="left",
            fontsize=9,
        )
        axes.grid(axis="y", color="#dddddd")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(1.0, 0.0))
        figure.savefig(path, metadata={"Date": None})
    return path
