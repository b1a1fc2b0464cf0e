"""`wearaffect board`: figures with their splits, rivals and controls."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from wearaffect.cli.console import JsonOption, progress_bar, reporting
from wearaffect.cli.corpus import SubjectsOption, SyntheticOption, require_choice, split_names

__all__ = ["board"]

Board = Callable[..., dict[str, Any]]


def board(
    name: Annotated[
        str, typer.Argument(metavar="paper, honest, transfer or own", help="Which board.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where it goes.")],
    root: Annotated[
        Path | None,
        typer.Option(
            "--root", metavar="DIR", help="Of the sets (default WEARAFFECT_DATA); own: of sessions."
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One seed, few rivals: minutes, not half an hour.")
    ] = False,
    subjects: SubjectsOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of fits and bootstrap.")] = 1,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes; one a core by default.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="NAME or DIR", help="own: a bundle to score beside."),
    ] = None,
    with_synthetic: SyntheticOption = False,
    json: JsonOption = None,
) -> None:
    """Score models, rivals and controls on people left out.

    paper: the setting of the abstract, row-wise splits and questionnaires among its inputs, beside
    what survives of it. honest: signals only, split by person. transfer: trained on WESAD, scored
    on the other sets. own: one's own recorded sessions, one participant left out.
    """
    require_choice("board", name, *_BOARDS)
    own = {"model": model, "with_synthetic": with_synthetic}
    if name != "own" and any(own.values()):
        msg = "--model and --with-synthetic are for board own"
        raise typer.BadParameter(msg)
    sets = root or _default_root(name)
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
                **(own if name == "own" else {}),
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


def _own(root: Path, *, model: str | None, **options: Any) -> dict[str, Any]:
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.evaluation.own import own_board

    return own_board(root, bundle=load_bundle(model) if model else None, **options)


_BOARDS: Mapping[str, Board] = {
    "paper": _paper,
    "honest": _honest,
    "transfer": _transfer,
    "own": _own,
}


def _default_root(name: str) -> Path:
    """Give where the public sets are; sessions have no such place."""
    if name == "own" or "WEARAFFECT_DATA" not in os.environ:
        msg = "give --root" + ("" if name == "own" else ", or set WEARAFFECT_DATA")
        raise typer.BadParameter(msg)
    return Path(os.environ["WEARAFFECT_DATA"])


def _lines(result: Mapping[str, Any]) -> Sequence[str]:
    """Give each block's headline; the pages have the rest."""
    from wearaffect.evaluation.summary import headline

    shown = headline(result)
    shown.pop("primary", None)
    lines = [
        f"{place}: {', '.join(f'{name} {value:.3f}' for name, value in figures.items())}"
        for place, figures in shown.items()
    ]
    if result["board"] == "own":
        left_out = result["boards"]["loso"]["rest"]["protocol"]["excluded"]
        lines += [f"left out   {name}: {why}" for name, why in left_out.items()]
    primary = result.get("primary", {})
    if "p" in primary:
        lines.append(
            f"primary comparison: bundle minus {primary['baseline']} "
            f"{primary['mean_difference']:+.3f} [{primary['ci95'][0]:+.3f}, "
            f"{primary['ci95'][1]:+.3f}], p = {primary['p']:.3f}"
        )
    return lines
