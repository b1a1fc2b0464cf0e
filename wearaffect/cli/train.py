"""`wearaffect train`: people in, a bundle out."""

from pathlib import Path
from typing import Annotated

import typer

from wearaffect.cli.console import JsonOption, progress_bar, reporting
from wearaffect.cli.corpus import (
    DatasetOption,
    RootOption,
    SubjectsOption,
    SyntheticOption,
    require_choice,
    require_own,
    split_names,
)

__all__ = ["train"]


def train(
    dataset: DatasetOption,
    root: RootOption,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new bundle.")],
    subjects: SubjectsOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything random.")] = 1,
    classifier: Annotated[
        str,
        typer.Option("--classifier", metavar="chosen, network, plain", help="Who classifies."),
    ] = "chosen",
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the data.")] = 16,
    board: Annotated[
        Path | None,
        typer.Option("--board", metavar="board.json", help="Figures for the model card."),
    ] = None,
    with_synthetic: SyntheticOption = False,
    json: JsonOption = None,
) -> None:
    """Train on wesad or on one's own sessions, split by person, and export a bundle."""
    require_choice("--dataset", dataset, "wesad", "sessions")
    require_choice("--classifier", classifier, "chosen", "network", "plain")
    require_own(dataset, with_synthetic=with_synthetic)
    with reporting(json) as report:
        from wearaffect.learning.command import train_bundle

        with progress_bar(report, "training") as tell:
            bundle = train_bundle(
                dataset,
                root,
                out,
                subjects=split_names(subjects),
                seed=seed,
                classifier=classifier,
                epochs=epochs,
                board=board,
                with_synthetic=with_synthetic,
                progress=tell,
            )
        worst = bundle.self_test()
        report.line(f"trained on {bundle.manifest.provenance['data']}")
        for name, why in bundle.manifest.provenance["excluded"].items():
            report.line(f"left out   {name}: {why}")
        report.line(f"bundle     {out} ({bundle.manifest.id}), self-test {worst:.1e}")
        for item in bundle.manifest.physics:
            if item.value is not None and item.ci95 is not None:
                low, high = item.ci95
                note = "" if item.identifiable else ", not identifiable"
                report.line(
                    f"  {item.name} {item.value:.3g} {item.unit} [{low:.3g}, {high:.3g}]{note}"
                )
        report.data({"schema": 1, "bundle": bundle.manifest.id, "self_test": worst})
