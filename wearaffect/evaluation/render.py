"""The honest board for people: Markdown from board.json, nothing computed anew."""

from collections.abc import Iterator, Mapping
from typing import Any

from wearaffect.evaluation.wording import (
    DASH,
    ENROLMENT_NAMES,
    FIGURES,
    SPLIT_NAMES,
    cell,
    figure_of,
    models_of,
    shown_name,
    table,
    worst_to_best,
)

__all__ = ["honest_markdown"]

Block = Mapping[str, Any]

_HEADLINE = ("stress F1", "stress AUROC", "late AUROC", "three-class F1")
_MEDITATION = FIGURES["meditation called stress"]


def honest_markdown(board: Mapping[str, Any]) -> str:
    """Give the board as Markdown.

    Parameters
    ----------
    board : mapping
        From `honest_board`, or read back from its JSON.

    Returns
    -------
    str
        The primary comparison, the bundle at a glance, calibration, then a table of all models for
        each split and enrolment.
    """
    parts = [f"# Board: honest{' (quick)' if board['quick'] else ''}", *_primary(board)]
    parts += ["## The bundle at a glance", _glance(board), _reading(board)]
    parts += ["## Calibration and silence", _CALIBRATION, _calibration(board)]
    parts += _late_starts(board)
    parts += ["## All models", _ALL]
    for split, by_enrolment in board["boards"].items():
        for enrolment, block in by_enrolment.items():
            protocol = block["protocol"]
            parts += [
                f"### {SPLIT_NAMES[split]}, {ENROLMENT_NAMES[enrolment]}",
                f"{len(protocol['subjects'])} people, {block['n_windows']} windows of "
                f"{protocol['window_s']:g} s every {protocol['hop_s']:g} s, protocol "
                f"`{protocol['hash']}`.",
                _models(block),
                *_forecast(block),
            ]
    parts += [f"Not run: {what} ({why})." for what, why in board["skipped"].items()]
    version, seconds = board["wearaffect_version"], board["seconds"]
    parts.append(f"wearaffect {version}, seed {board['seed']}, {seconds:.0f} s.")
    return "\n\n".join(parts) + "\n"


def _primary(board: Mapping[str, Any]) -> Iterator[str]:
    primary = board["primary"]
    yield "## The primary comparison"
    yield primary["text"]
    if "p" not in primary:
        yield "These people don't allow it."
        return
    low, high = primary["ci95"]
    hashes = ", ".join(f"`{code}`" for code in primary["protocol_hashes"])
    yield (
        f"**Bundle minus {shown_name(primary['baseline'])}: {primary['mean_difference']:+.3f} "
        f"[{low:+.3f}, {high:+.3f}], p = {primary['p']:.3f}**; {primary['n_people']} people, "
        f"{primary['better']} better, {primary['worse']} worse. Protocols {hashes}."
    )
    yield "Every baseline in the same way; exploratory, p corrected by Holm's method:"
    yield table(
        ["bundle minus", "mean difference [95 %]", "better / worse", "p", "p, Holm"],
        [
            [
                shown_name(name),
                f"{f['mean_difference']:+.3f} [{f['ci95'][0]:+.3f}, {f['ci95'][1]:+.3f}]",
                f"{f['better']} / {f['worse']}",
                f"{f['p']:.3f}",
                f"{f['p_holm']:.3f}",
            ]
            for name, f in board["holm"].items()
        ],
    )


def _each(board: Mapping[str, Any]) -> Iterator[tuple[str, str, Block]]:
    for split, by_enrolment in board["boards"].items():
        for enrolment, block in by_enrolment.items():
            yield split, enrolment, block


def _glance(board: Mapping[str, Any]) -> str:
    return table(
        ["split", "enrolment", *_HEADLINE, "worst to best person", "meditation called stress"],
        [
            [
                SPLIT_NAMES[split],
                enrolment,
                *(cell(block, *FIGURES[name]) for name in _HEADLINE),
                worst_to_best(block),
                cell(block, *_MEDITATION),
            ]
            for split, enrolment, block in _each(board)
        ],
    )


def _reading(board: Mapping[str, Any]) -> str:
    """Say in words what the tables hold; every number is read off the board."""
    by_enrolment = board["boards"].get("cross_order", board["boards"]["loso"])
    where = "Across orders" if "cross_order" in board["boards"] else "Leaving one subject out"
    block = by_enrolment["rest"]
    controls = block["controls"]
    f1 = {name: figure_of(b, "stress", "macro_f1") or 0.0 for name, b in by_enrolment.items()}
    worst = min(f1, key=lambda name: f1[name])
    walk, index = (
        cell(controls[name], "stress", "auroc") for name in ("random_walk", "arousal_index")
    )
    return "\n".join(
        [
            f"- {where}, stress F1 is lowest {ENROLMENT_NAMES[worst]}: {f1[worst]:.3f} against "
            f"{f1['rest']:.3f} {ENROLMENT_NAMES['rest']}.",
            f"- {where}, enrolled, a clock alone reaches stress F1 "
            f"{cell(controls['clock_only'], 'stress', 'macro_f1')}; a clock that names baseline, "
            "with signals for the rest, reaches "
            f"{cell(controls['clock_hybrid'], 'stress', 'macro_f1')} and three-class "
            f"{cell(controls['clock_hybrid'], 'three_class', 'macro_f1')}.",
            f"- The bundle's recipe on random walks in place of features: AUROC {walk}. Above 0.5 "
            "would mean that its running means tell the time.",
            f"- The index that the bundle leans on, by itself and untrained: AUROC {index}.",
            f"- Questionnaire alone: three-class F1 "
            f"{cell(controls['questionnaire_only'], 'three_class', 'macro_f1')}; it is never an "
            "input here.",
        ]
    )


_CALIBRATION = (
    "ECE over 15 bins of equal mass. Temperature, motion gate and threshold are chosen on training "
    "people left out, the threshold for 80 % coverage; scored here on people never seen. *Withheld "
    "stress*: the share of stress windows without an answer, and how many of them would have been "
    "called right."
)


def _calibration(board: Mapping[str, Any]) -> str:
    head = ["split", "enrolment", "model", "stress ECE", "mean of people", "three-class ECE"]
    head += ["mean of people", "answered", "least answered person", "error: all / answered"]
    head += ["excess AURC", "withheld stress, right"]
    rows = []
    for split, enrolment, block in _each(board):
        for name, scored in {"bundle": block, **block["variants"]}.items():
            rows.append([SPLIT_NAMES[split], enrolment, name, *_silence(scored)])
    return table(head, rows)


def _silence(scored: Block) -> list[str]:
    found = [
        cell(scored, part, name)
        for part in ("stress", "three_class")
        for name in ("ece", "ece_person_mean")
    ]
    silent = scored.get("abstention")
    if silent is None:
        return [*found, *[DASH] * 5]
    least = min(silent["coverage_per_subject"].values())
    answered = silent.get("error_answered")
    right, share = silent.get("stress_recall_withheld"), silent.get("stress_withheld")
    return [
        *found,
        f"{100 * silent['coverage']:.0f} %",
        f"{100 * least:.0f} %",
        f"{silent['error']:.3f} / {DASH if answered is None else f'{answered:.3f}'}",
        f"{silent['excess_aurc']:.4f}",
        DASH if share is None else f"{100 * share:.0f} %, {100 * right:.0f} %",
    ]


def _late_starts(board: Mapping[str, Any]) -> Iterator[str]:
    """Tell what a late start costs, where it was run."""
    if not board["late_start"]:
        return
    names = {
        "start_of_baseline": "when baseline began",
        "end_of_baseline": "five minutes before baseline ended",
    }
    yield "## A late start"
    yield (
        "The bundle's recipe across orders, on recordings that begin later, so that it remembers "
        "less; beside it the same windows of the whole recording. Enrolled at the end of "
        "baseline, stress is told from amusement alone."
    )
    columns = ("stress AUROC", "stress F1", "late AUROC", "meditation called stress")
    yield table(
        ["band put on", "enrolled", "history", *columns],
        [
            [
                names[when],
                found["enrolment"],
                {"cut": "from there", "whole": "whole"}[way],
                *(cell(found[way], *FIGURES[name]) for name in columns),
            ]
            for when, found in board["late_start"].items()
            for way in ("cut", "whole")
        ],
    )


_ALL = (
    "Macro-F1 pooled over scored windows; in brackets the 95 % interval over people, after a "
    "semicolon the mean ± SD over seeds. Stress is stress against baseline and amusement; *late* "
    "is stress against amusement and meditation, baseline unscored; *against amusement* is stress "
    "against amusement alone. Rest comes first in both protocol orders: across orders the clock is "
    "wrong about stress and amusement but still right about baseline, which the clock hybrid "
    "exploits. Windows that touch the first five minutes of rest or the enrolment are never "
    "scored. The bundle and its variants are fitted once, on people enrolled at rest; baselines "
    "once without and once with. *Controls* see time, movement, temperature, posture, answers to "
    "questionnaires, random walks, or are indices that learn nothing."
)


def _models(block: Block) -> str:
    return table(
        ["model", *FIGURES, "mean of people", "worst to best person"],
        [
            [
                name,
                *(cell(scored, *place) for place in FIGURES.values()),
                cell(scored, "stress", "macro_f1_person_mean"),
                worst_to_best(scored),
            ]
            for name, scored in models_of(block)
            if "stress" in scored
        ],
    )


def _forecast(block: Block) -> Iterator[str]:
    """Tell what is said of skin conductance; all ablations share the forecast of the network."""
    rows = [
        [
            f"{name}, {horizon} s",
            f"{f['rmse_us']:.3f}",
            f"{f['skill_vs_persistence']:+.3f}",
            f"{f['pinball_skill']:+.3f}",
            f"{f['pinball_skill_hindsight']:+.3f}",
            f"{100 * f['coverage90']:.0f} %",
        ]
        for name, scored in {"bundle": block, **block["variants"]}.items()
        for horizon, f in scored.get("eda", {}).get("forecast", {}).items()
    ]
    if rows:
        head = ["EDA forecast of the", "RMSE µS", "skill over persistence", "pinball skill"]
        yield table([*head, "in hindsight", "90 % covers"], rows)
        yield (
            "Pinball skill is over the last value with the quantiles of its errors on training "
            "people; in hindsight, with those on the very people that are scored."
        )
    others = [
        [
            name,
            f"{f['r']:.3f}",
            f"{f['r_person_mean']:.3f}" if "r_person_mean" in f else DASH,
            f"{f['rmse_us']:.3f}",
        ]
        for name, scored in models_of(block)
        if (f := scored.get("eda", {}).get("from_others"))
    ]
    if others:
        head = ["EDA told from heart and movement by the", "r", "mean r within people", "RMSE µS"]
        yield table(head, others)
