"""How board "paper" says things: names, figures, differences."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "DASH",
    "FIGURES",
    "MODEL_NAMES",
    "SPLIT_NAMES",
    "error",
    "figure",
    "interval",
    "main_cells",
    "plain",
    "relative",
    "row",
    "short",
    "value",
]

MODEL_NAMES = {
    "pinn": "network with ODE",
    "physics_weight_0": "… physics weight 0",
    "emotion_only": "… emotion only",
    "eda_only": "… EDA only",
    "svm": "SVR and SVM",
    "xgboost": "XGBoost",
    "nearest_in_time": "nearest-in-time copy",
    "interpolation_in_time": "straight line in time",
    "persistence": "persistence",
    "autoregression": "AR(2)",
    "questionnaire_only": "questionnaire only",
    "subject_only": "subject only",
    "constant": "constant",
}
SPLIT_NAMES = {
    "random_kfold": "random folds",
    "blocked_kfold": "blocked folds",
    "loso": "people apart",
}
INPUT_NAMES = {
    "questionnaire": "PANAS and SAM",
    "questionnaire_time": "PANAS, SAM, time",
    "questionnaire_lagged": "PANAS, SAM, earlier EDA",
    "questionnaire_time_lagged": "PANAS, SAM, time, earlier EDA",
    "lagged": "earlier EDA alone",
}
FIGURES = {"rmse": ("RMSE", 4), "r": ("r", 4), "macro_f1": ("macro-F1", 3)}
DASH = "–"


def main_cells(board: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Give the cells of the main setting by split."""
    return {
        cell["setting"]["split"]: cell
        for cell in board["cells"]
        if cell["setting"]["inputs"] == board["main"]["inputs"]
        and cell["setting"]["hop_s"] == board["main"]["hop_s"]
        and cell["setting"]["scale"] == "person"
        and len(cell["setting"]["labels"]) == 3
    }


def error(scored: Mapping[str, Any]) -> str:
    """Give RMSE in all its units, and its skill."""
    return (
        f"RMSE {value(scored, 'rmse')} ({scored['rmse_us']:.2f} µS, "
        f"{scored['rmse_in_person_sd']:.2f} of a person's own SD, squared-error skill over "
        f"persistence {scored['skill_vs_persistence']:+.2f})"
    )


def short(cell: Mapping[str, Any]) -> str:
    """Name a cell's setting, without its split."""
    setting = cell["setting"]
    extras = [] if setting["scale"] == "person" else ["pooled scale"]
    extras += [] if len(setting["labels"]) == 3 else [f"{len(setting['labels'])} classes"]
    return ", ".join([f"{INPUT_NAMES[setting['inputs']]}; every {setting['hop_s']:g} s", *extras])


def figure(scored: Mapping[str, Any], name: str, *, spread: bool = True) -> str:
    """Give a figure with its spread over folds, bold where it reaches the abstract's."""
    if name not in scored:
        return DASH
    text = plain(name, scored[name])
    if spread:
        text += f" ± {plain(name, scored[f'{name}_fold_sd'])}"
    return f"**{text}**" if scored["claim_met"][name] else text


def value(scored: Mapping[str, Any], name: str) -> str:
    """Give a figure; a dash where it couldn't be computed."""
    return plain(name, scored[name]) if name in scored else DASH


def plain(name: str, value: float) -> str:
    """Give a number with the digits of its figure."""
    return f"{value:.{FIGURES[name][1]}f}"


def interval(found: Mapping[str, Any] | None, digits: int) -> str:
    """Give an interval in brackets, nothing where there is none."""
    if found is None:
        return ""
    low, high = found["ci95"]
    return f" [{low:+.{digits}f}, {high:+.{digits}f}]"


def relative(found: Mapping[str, Any]) -> str:
    """Give the spread as a share of the mean."""
    share = found["sd"] / max(abs(found["mean"]), 1e-12)
    return f"{100 * share:.0f} %" if share < 1 else "> 100 %"


def row(cells: Sequence[str]) -> str:
    """Give a row of a Markdown table."""
    return f"| {' | '.join(cells)} |"
