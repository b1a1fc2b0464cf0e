"""`wearaffect evaluate`: a bundle on people it never saw."""

from typing import Annotated

import typer

from wearaffect.cli.console import JsonOption, progress_bar, reporting
from wearaffect.cli.corpus import (
    DatasetOption,
    RootOption,
    SubjectsOption,
    require_choice,
    split_names,
)

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[str, typer.Option("--model", metavar="NAME or DIR", help="The bundle.")],
    dataset: DatasetOption,
    root: RootOption,
    enrol: Annotated[
        str, typer.Option("--enrol", metavar="rest or none", help="What rest to take.")
    ] = "rest",
    subjects: SubjectsOption = None,
    allow_training_subjects: Annotated[
        bool,
        typer.Option("--allow-training-subjects", help="Score people it was trained on, too."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the bootstrap.")] = 0,
    json: JsonOption = None,
) -> None:
    """Score a bundle on labelled people."""
    require_choice("--dataset", dataset, "wesad")
    require_choice("--enrol", enrol, "rest", "none")
    with reporting(json) as report:
        from wearaffect.bundle.loading import load_bundle
        from wearaffect.datasets.wesad import read_wesad, wesad_subjects
        from wearaffect.evaluation.heldout import evaluate_bundle

        bundle = load_bundle(model)
        names = split_names(subjects) or list(wesad_subjects(root))
        with progress_bar(report, f"scoring {len(names)} people") as tell:
            done: list[str] = []

            def read_one(person: str) -> None:
                done.append(person)
                tell(len(done) / len(names), person)

            result = evaluate_bundle(
                bundle,
                read_wesad(root, names),
                dataset=dataset,
                enrolment=enrol,
                allow_training_subjects=allow_training_subjects,
                seed=seed,
                progress=read_one,
            )
        stress, three = result["stress"], result["three_class"]
        report.line(
            f"{len(result['protocol']['subjects'])} people, {result['n_windows']} windows, "
            f"protocol {result['protocol']['hash']}"
        )
        report.line(
            f"stress     macro-F1 {stress['macro_f1']:.3f}, AUROC {stress.get('auroc', 0):.3f}, "
            f"meditation called stress {stress.get('meditation_called_stress', 0):.3f}"
        )
        report.line(f"three-class macro-F1 {three['macro_f1']:.3f}")
        if result["training_subjects"]:
            report.line(f"trained on {', '.join(result['training_subjects'])}: not held out")
        report.data(result)
