"""`wearaffect board`: figures with their splits, rivals and controls."""

import os
from pathlib import Path
from typing import Annotated

import typer

from wearaffect.cli.console import JsonOption, progress_bar, reporting
from wearaffect.cli.corpus import SubjectsOption, split_names

__all__ = ["board"]


def board(
    name: Annotated[str, typer.Argument(metavar="honest", help="Which board.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where it goes.")],
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="DIR", help="Folder of the sets; default WEARAFFECT_DATA."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One seed, few rivals.")] = False,
    subjects: SubjectsOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of fits and bootstrap.")] = 1,
    json: JsonOption = None,
) -> None:
    """Score the network, plain models and controls on people left out."""
    if name != "honest" or not quick:
        msg = "this version has one board: 'wearaffect board honest --quick'"
        raise typer.BadParameter(msg)
    sets = root or (
        Path(os.environ["WEARAFFECT_DATA"]) if "WEARAFFECT_DATA" in os.environ else None
    )
    if sets is None:
        msg = "give --root, or set WEARAFFECT_DATA"
        raise typer.BadParameter(msg)
    with reporting(json) as report:
        from wearaffect.evaluation.board import honest_board
        from wearaffect.evaluation.render import write_board

        with progress_bar(report, "honest board") as tell:
            result = honest_board(
                sets / "wesad", subjects=split_names(subjects), seed=seed, progress=tell
            )
        for path in write_board(result, out):
            report.line(str(path))
        for split, by_enrolment in result["boards"].items():
            for enrolment, block in by_enrolment.items():
                stress, three = block["stress"], block["three_class"]
                report.line(
                    f"{split:12} {enrolment:5} stress {stress['macro_f1']:.3f} "
                    f"(AUROC {stress['auroc']:.3f}), three-class {three['macro_f1']:.3f}"
                )
        report.data(result)
