"""Boards as files: JSON, Markdown, figures, and one line in the log of all runs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wearaffect.evaluation.summary import headline, metric_rows, protocol_hashes

__all__ = ["LOG", "log_run", "write_board"]

LOG = Path("benchmarks/results/board_log.jsonl")
"""From where the command is run; only a checkout has the folder."""


def write_board(board: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``board.json``, ``board.md`` and the figures.

    Parameters
    ----------
    board : mapping
        From `honest_board`, `paper_board`, `transfer_board` or `own_board`.
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
    card = {"card": metric_rows(board)} if board["board"] == "honest" else {}
    whole = json.dumps(dict(board) | card, indent=1, allow_nan=False)
    data.write_text(whole + "\n", encoding="utf-8")
    text.write_text(_markdown(board), encoding="utf-8")
    return [data, text, *_figures(board, folder)]


def _markdown(board: Mapping[str, Any]) -> str:
    match board["board"]:
        case "paper":
            from wearaffect.evaluation.paper.render import paper_markdown

            return paper_markdown(board)
        case "transfer":
            from wearaffect.evaluation.transfer_render import transfer_markdown

            return transfer_markdown(board)
        case "own":
            from wearaffect.evaluation.own_render import own_markdown

            return own_markdown(board)
        case _:
            from wearaffect.evaluation.render import honest_markdown

            return honest_markdown(board)


def _figures(board: Mapping[str, Any], folder: Path) -> list[Path]:
    match board["board"]:
        case "paper":
            from wearaffect.evaluation.paper.figure import paper_figure

            return [paper_figure(board, folder / "paper.svg")]
        case "transfer":
            from wearaffect.evaluation.transfer_figure import transfer_figure

            return [transfer_figure(board, folder / "transfer.svg")]
        case "own":
            from wearaffect.evaluation.figures import person_figure

            return [person_figure(board, folder / "stress_by_person.svg")]
        case _:
            from wearaffect.evaluation.figures import calibration_figure, person_figure

            return [
                person_figure(board, folder / "stress_by_person.svg"),
                calibration_figure(board, folder / "calibration.svg"),
            ]


def log_run(board: Mapping[str, Any], path: Path = LOG) -> bool:
    """Add a line about a run, where there is a folder for it.

    Parameters
    ----------
    board : mapping
        Of any kind.
    path : Path
        The log.

    Returns
    -------
    bool
        Whether it was written.
    """
    if not path.parent.is_dir():
        return False
    record = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "board": board["board"],
        "quick": board["quick"],
        "headline": headline(board),
        "protocol_hashes": protocol_hashes(board),
    } | {key: board[key] for key in ("wearaffect_version", "seed", "seconds")}
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(record, allow_nan=False) + "\n")
    return True
