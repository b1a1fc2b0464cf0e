"""Board "own" for people: Markdown from its data, nothing computed anew."""

from collections.abc import Iterator, Mapping
from typing import Any

from wearaffect.evaluation.transfer_render import above_lines, order_table, silence
from wearaffect.evaluation.wording import ENROLMENT_NAMES, cell, shown_name, table, worst_to_best

__all__ = ["own_markdown"]

Block = Mapping[str, Any]

_FIGURES = {
    "stress F1": ("stress", "macro_f1"),
    "stress AUROC": ("stress", "auroc"),
    "mean AUROC of people": ("stress", "auroc_person_mean"),
    "ECE": ("stress", "ece"),
    "three-class F1": ("three_class", "macro_f1"),
}


def own_markdown(board: Mapping[str, Any]) -> str:
    """Give the board as Markdown, one section an enrolment.

    Parameters
    ----------
    board : mapping
        From `own_board`, or read back from its JSON.
    """
    parts = [
        f"# Board: own sessions{' (quick)' if board['quick'] else ''}",
        "One participant left out, learnt from the others, all sittings of a participant on one "
        "side. Stress is told from all other labelled conditions; windows that touch the rest that "
        "enrols are never scored, and every other labelled window is, withheld or not. In brackets "
        "the 95 % interval over people; with few people it is wide, and so it should be. *Trained "
        "here* is the recipe of the shipped bundle. *Controls* see time, movement or temperature, "
        "or are indices that learn nothing: where the clock alone is as good, the order of the "
        "phases explains as much as the signals do.",
    ]
    for enrolment, block in board["boards"]["loso"].items():
        parts += _parts(enrolment, block)
    version, seconds = board["wearaffect_version"], board["seconds"]
    parts.append(f"wearaffect {version}, seed {board['seed']}, {seconds:.0f} s.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _parts(enrolment: str, block: Block) -> Iterator[str]:
    protocol = block["protocol"]
    yield f"## {ENROLMENT_NAMES[enrolment].capitalize()}"
    yield (
        f"{len(protocol['subjects'])} people, {block['n_windows']} windows of "
        f"{protocol['window_s']:g} s every {protocol['hop_s']:g} s, protocol `{protocol['hash']}`; "
        f"scored: {protocol['scored']}."
    )
    if protocol["excluded"]:
        why = "; ".join(f"{name}: {reason}" for name, reason in protocol["excluded"].items())
        yield f"Left out: {why}."
    yield _models_table(block)
    yield above_lines("what was trained here", block["never_below_index"] | _above_shipped(block))
    yield _people_table(block)
    yield order_table(block["in_order"])
    yield silence(block)


def _above_shipped(block: Block) -> Block:
    return {"shipped bundle": block["above_shipped"]} if "above_shipped" in block else {}


def _models(block: Block) -> Iterator[tuple[str, Block]]:
    yield "**trained here**", block
    if "shipped" in block:
        yield f"{block['shipped']['bundle']}, as shipped", block["shipped"]
    for name, scored in (block["variants"] | block["baselines"]).items():
        yield shown_name(name), scored
    for name, scored in block["controls"].items():
        yield f"*{shown_name(name)}*", scored


def _models_table(block: Block) -> str:
    columns = {name: place for name, place in _FIGURES.items() if place[0] in block}
    rows = [
        [name, *(cell(scored, *place) for place in columns.values()), worst_to_best(scored)]
        for name, scored in _models(block)
    ]
    return table(["model", *columns, "F1, worst to best person"], rows)


def _people_table(block: Block) -> str:
    models = {"trained here": block, "untrained index": block["controls"]["untrained_index"]}
    if "shipped" in block:
        models["as shipped"] = block["shipped"]
    rows = []
    for name, found in block["stress"]["per_subject"].items():
        each = [{"stress": m["stress"]["per_subject"][name]} for m in models.values()]
        cells = [cell(scored, "stress", "auroc") for scored in each]
        rows.append([name, str(found["n_windows"]), *cells])
    return table(["participant", "windows", *(f"AUROC, {name}" for name in models)], rows)
