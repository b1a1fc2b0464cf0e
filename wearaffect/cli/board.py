"""`wearaffect board`: figures with their splits, rivals and controls."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, progress_bar, reporting
from wearaffect.cli.corpus import SubjectsOption, require_choice, split_names

__all__ = ["board"]

Board = Callable[..., dict[str, Any]]


def board(
    name: Annotated[str, typer.Argument(metavar="paper, honest or transfer", help="Which board.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where it goes.")],
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="DIR", help="Folder of the sets; default WEARAFFECT_DATA."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One seed, few rivals: minutes, not half an hour.")
    ] = False,
    subjects: SubjectsOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of fits and bootstrap.")] = 1,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes; one a core by default.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Score models, rivals and controls on people left out.

    paper: the setting of the abstract, row-wise splits and questionnaires among its inputs, beside
    what survives of it. honest: signals only, split by person. transfer: trained on WESAD, scored
    on the other sets.
    """
    require_choice("board", name, *_BOARDS)
    sets = root or (
        Path(os.environ["WEARAFFECT_DATA"]) if "WEARAFFECT_DATA" in os.environ else None
    )
    if sets is None:
        msg = "give --root, or set WEARAFFECT_DATA"
        raise typer.BadParameter(msg)
    with reporting(json) as report:
        from wearaffect.evaluation.publishing import log_run, write_board

        out.mkdir(parents=True, exist_ok=True)  # better now than after the run
        with progress_bar(report, f"{name} board") as tell:
            result = _BOARDS[name](
                sets,
                subjects=split_names(subjects),
                quick=quick,
                seed=seed,
                jobs=jobs,
                progress=tell,
            )
        for path in write_board(result, out):
            report.line(str(path))
        log_run(result)
        for line in _lines(result):
            report.line(line)
        report.data(result)


def _paper(sets: Path, **options: Any) -> dict[str, Any]:
    from wearaffect.evaluation.paper.board import paper_board

    return paper_board(sets / "wesad", **options)


def _honest(sets: Path, **options: Any) -> dict[str, Any]:
    from wearaffect.evaluation.board import honest_board

    return honest_board(sets / "wesad", **options)


def _transfer(sets: Path, **options: Any) -> dict[str, Any]:
    from wearaffect.evaluation.transfer import transfer_board

    return transfer_board(sets, **options)


_BOARDS: Mapping[str, Board] = {"paper": _paper, "honest": _honest, "transfer": _transfer}


def _lines(result: Mapping[str, Any]) -> Sequence[str]:
    """Give each block's headline; the pages have the rest."""
    from wearaffect.evaluation.summary import headline

    shown = headline(result)
    shown.pop("primary", None)
    lines = [
        f"{place}: {', '.join(f'{name} {value:.3f}' for name, value in figures.items())}"
        for place, figures in shown.items()
    ]
    primary = result.get("primary", {})
    if "p" in primary:
        lines.append(
            f"primary comparison: bundle minus {primary['baseline']} "
            f"{primary['mean_difference']:+.3f} [{primary['ci95'][0]:+.3f}, "
            f"{primary['ci95'][1]:+.3f}], p = {primary['p']:.3f}"
        )
    return lines
