"""The few figures of a board that go elsewhere: into model cards, the README and the log."""

from collections.abc import Iterator, Mapping
from typing import Any

from wearaffect.evaluation.wording import (
    SPLIT_NAMES,
    cell,
    figure_of,
    shown_name,
    table,
    worst_to_best,
)

__all__ = ["headline", "metric_rows", "protocol_hashes", "readme_results"]

Block = Mapping[str, Any]

_CARD = {
    "bundle": ("", ""),
    "network": ("variants", "network"),
    "logistic regression": ("baselines", "logistic_regression"),
    "untrained index": ("controls", "untrained_index"),
    "clock only": ("controls", "clock_only"),
    "clock hybrid": ("controls", "clock_hybrid"),
    "random walk": ("controls", "random_walk"),
}
_ROW = {
    "stress_f1": ("stress", "macro_f1"),
    "stress_auroc": ("stress", "auroc"),
    "auroc_against_amusement": ("stress", "auroc_against_amusement"),
    "late_auroc": ("late", "auroc"),
    "three_class_f1": ("three_class", "macro_f1"),
    "meditation_called_stress": ("stress", "meditation_called_stress"),
}


def _chosen(block: Block) -> Iterator[tuple[str, Block]]:
    for name, (group, key) in _CARD.items():
        if not group:
            yield name, block
        elif key in block[group]:
            yield name, block[group][key]


def metric_rows(board: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a model card shows.

    Parameters
    ----------
    board : mapping
        An honest board.

    Returns
    -------
    dict
        ``rows``: models and controls by split and enrolment; ``forecast``: what is said of skin
        conductance across orders, enrolled; ``leaning``: what leaving something out costs there;
        ``protocol_hashes``. A row of which a figure doesn't
        apply is absent.
    """
    rows = []
    for split, by_enrolment in board["boards"].items():
        for enrolment, block in by_enrolment.items():
            for name, scored in _chosen(block):
                figures = {key: figure_of(scored, *place) for key, place in _ROW.items()}
                if None in figures.values():
                    continue
                people = scored["stress"]["per_subject"].values()
                each = [person["macro_f1"] for person in people]
                place = {"split": SPLIT_NAMES[split].lower(), "enrolment": enrolment}
                spread = {"stress_person_range": [min(each), max(each)]}
                rows.append(place | {"model": name} | figures | spread)
    return {
        "rows": rows,
        "forecast": list(_forecasts(board)),
        "leaning": list(_leaning(board)),
        "protocol_hashes": protocol_hashes(board),
    }


def _leaning(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    block = board["boards"].get("cross_order", {}).get("rest", {})
    if block:
        yield {"without": "nothing", "stress_f1": block["stress"]["macro_f1"]}
    for name, scored in block.get("ablations", {}).items():
        if name.startswith("no_"):
            without = name.removeprefix("no_").replace("_", " ")
            yield {"without": without, "stress_f1": scored["stress"]["macro_f1"]}


def _forecasts(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    block = board["boards"].get("cross_order", {}).get("rest")
    if block is None:
        return
    for name, scored in {"bundle": block, **block["variants"]}.items():
        for horizon, figures in scored.get("eda", {}).get("forecast", {}).items():
            flat = {key: value for key, value in figures.items() if key != "by_origin"}
            yield {"model": shown_name(name), "horizon_s": float(horizon)} | flat


def protocol_hashes(board: object) -> list[str]:
    """Give the hash of every protocol in a board of any kind, in order, each once."""
    found: list[str] = []
    if isinstance(board, Mapping):
        protocol = board.get("protocol")
        if isinstance(protocol, Mapping) and "hash" in protocol:
            found.append(str(protocol["hash"]))
        for value in board.values():
            found += protocol_hashes(value)
    elif isinstance(board, list):
        for value in board:
            found += protocol_hashes(value)
    return list(dict.fromkeys(found))


def headline(board: Mapping[str, Any]) -> dict[str, Any]:
    """Give the figures that are logged of a run.

    Parameters
    ----------
    board : mapping
        Of any kind.

    Returns
    -------
    dict
        By place on the board.
    """
    found: dict[str, Any] = {}
    for place, block in _blocks(board):
        figures = {f"{part}.{name}": figure_of(block, part, name) for part, name in _LOGGED}
        known = {name: round(value, 4) for name, value in figures.items() if value is not None}
        if known:
            found[place] = known
    primary = board.get("primary", {})
    if "p" in primary:
        found["primary"] = {
            key: primary[key] for key in ("baseline", "mean_difference", "ci95", "p")
        }
    return found


_LOGGED = (
    ("stress", "macro_f1"),
    ("stress", "auroc"),
    ("stress", "meditation_called_stress"),
    ("late", "auroc"),
    ("three_class", "macro_f1"),
    ("pinn", "rmse"),
    ("pinn", "r"),
    ("pinn", "macro_f1"),
)


def _blocks(board: Mapping[str, Any]) -> Iterator[tuple[str, Block]]:
    """Give every block with a protocol; of the paper's cells, the models in its place."""
    for cell_ in board.get("cells", []):
        protocol = cell_["protocol"]
        inputs = ", ".join(protocol["inputs"])
        yield f"{protocol['split']}, {protocol['hop_s']:g} s, {inputs}", cell_["models"]
    for outer, by_inner in board.get("boards", {}).items():
        for inner, block in by_inner.items():
            if isinstance(block, Mapping) and "protocol" in block:
                yield f"{outer}, {inner}", block


def readme_results(board: Mapping[str, Any], link: str) -> str:
    """Give the README's results from an honest board.

    Parameters
    ----------
    board : mapping
        With leave-one-out and crossed orders, enrolled at rest and not at all.
    link : str
        Where the whole board lies, from the README.

    Returns
    -------
    str
        Markdown.
    """
    head = ["split", "enrolled", "model", "stress F1 [95 %]", "AUROC", "late AUROC"]
    head += ["worst to best person", "three-class F1", "meditation called stress"]
    rows, hashes = [], []
    for split in ("loso", "cross_order"):
        for enrolment in ("none", "rest"):
            block = board["boards"][split][enrolment]
            hashes.append(block["protocol"]["hash"])
            rows += [
                [
                    f"**{SPLIT_NAMES[split].lower()}**"
                    if split == "cross_order"
                    else SPLIT_NAMES[split].lower(),
                    "no" if enrolment == "none" else "yes",
                    f"*{name}*" if _CARD[name][0] == "controls" else name,
                    *(cell(scored, *_ROW[key]) for key in ("stress_f1", "stress_auroc")),
                    cell(scored, *_ROW["late_auroc"]),
                    worst_to_best(scored),
                    *(
                        cell(scored, *_ROW[k])
                        for k in ("three_class_f1", "meditation_called_stress")
                    ),
                ]
                for name, scored in _chosen(block)
            ]
    protocol = board["boards"]["loso"]["rest"]["protocol"]
    return "\n\n".join(
        [
            table(head, rows),
            f"WESAD, {len(protocol['subjects'])} people, windows of {protocol['window_s']:g} s "
            f"every {protocol['hop_s']:g} s; macro-F1 pooled over windows, interval over people; "
            "*late* is stress against amusement and meditation. Windows that touch the five "
            "minutes of rest are never scored, with or without enrolment. Protocols "
            f"{', '.join(f'`{code}`' for code in hashes)}.",
            *_primary(board),
            f"The whole board: [benchmarks/results]({link}).",
        ]
    )


def _primary(board: Mapping[str, Any]) -> Iterator[str]:
    primary = board["primary"]
    if "p" in primary:
        low, high = primary["ci95"]
        yield (
            "**The one comparison that was written down before it was run**, by person, across "
            f"orders, enrolled: bundle minus {shown_name(primary['baseline'])}, stress F1 "
            f"{primary['mean_difference']:+.3f} [{low:+.3f}, {high:+.3f}], p = {primary['p']:.3f}."
        )
