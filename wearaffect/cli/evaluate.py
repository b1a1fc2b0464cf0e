"""`wearaffect evaluate`: a bundle on people it never saw."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

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

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[str, typer.Option("--model", metavar="NAME or DIR", help="The bundle.")],
    dataset: DatasetOption,
    root: RootOption,
    enrol: Annotated[
        str,
        typer.Option(
            "--enrol",
            metavar="rest, baseline_end, medi1 or none",
            help="Where the resting state is taken.",
        ),
    ] = "rest",
    subjects: SubjectsOption = None,
    allow_training_subjects: Annotated[
        bool,
        typer.Option("--allow-training-subjects", help="Score people it was trained on, too."),
    ] = False,
    with_synthetic: SyntheticOption = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the bootstrap.")] = 0,
    json: JsonOption = None,
) -> None:
    """Score a bundle on the labelled people of wesad, stress_predict, noneeg or one's sessions."""
    from wearaffect.evaluation.corpora import CORPORA, ENROLMENTS

    require_choice("--dataset", dataset, *CORPORA)
    require_choice("--enrol", enrol, *ENROLMENTS)
    require_own(dataset, with_synthetic=with_synthetic)
    with reporting(json) as report:
        from wearaffect.bundle.loading import load_bundle
        from wearaffect.evaluation.corpora import own_sessions
        from wearaffect.evaluation.heldout import evaluate_bundle

        own = own_sessions(with_synthetic=with_synthetic)
        corpus = own if dataset == own.id else CORPORA[dataset]
        bundle = load_bundle(model)
        with progress_bar(report, f"scoring {dataset}") as tell:
            result = evaluate_bundle(
                bundle,
                corpus,
                root,
                subjects=split_names(subjects),
                enrolment=enrol,
                allow_training_subjects=allow_training_subjects,
                seed=seed,
                progress=tell,
            )
        for line in _lines(result):
            report.line(line)
        report.data(result)


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Say what matters of a corpus; what it doesn't have is left out."""
    protocol = result["protocol"]
    yield (
        f"{len(protocol['subjects'])} people, {result['n_windows']} windows, "
        f"protocol {protocol['hash']}"
    )
    for name, why in protocol["excluded"].items():
        yield f"left out   {name}: {why}"
    yield from _ranked(result)
    yield from _said(result)
    forecast = result.get("eda", {}).get("forecast", {})
    if forecast:
        skills = ", ".join(
            f"{f['skill_vs_persistence']:+.3f} at {horizon} s" for horizon, f in forecast.items()
        )
        yield f"EDA        skill over persistence {skills}"
    if result["training_subjects"]:
        yield f"trained on {', '.join(result['training_subjects'])}: not held out"


def _ranked(result: Mapping[str, Any]) -> Iterator[str]:
    """Say how well stress is told from the rest."""
    stress = result["stress"]
    ranks = f", AUROC {stress['auroc']:.3f}" if "auroc" in stress else ""
    yield f"stress     macro-F1 {stress['macro_f1']:.3f}{ranks}, ECE {stress['ece']:.3f}"
    index = result["controls"]["untrained_index"].get("stress", {})
    if "auroc" in index:
        yield f"           AUROC {index['auroc']:.3f} by an index that was never trained"
    if "three_class" in result:
        yield f"three-class macro-F1 {result['three_class']['macro_f1']:.3f}"
    if "late" in result:
        yield f"late       AUROC {result['late']['auroc']:.3f}, stress against what isn't rest"
    for name, found in result.get("stressors", {}).items():
        yield f"{name:<10} AUROC {found['auroc_adjacent_rest']:.3f} against the rests beside it"


def _said(result: Mapping[str, Any]) -> Iterator[str]:
    """Say what was answered where, and what wasn't."""
    if "meditation_called_stress" in result["stress"]:
        yield f"meditation called stress {result['stress']['meditation_called_stress']:.3f}"
    for name, found in result.get("sections", {}).items():
        yield (
            f"{name:<10} {found['n_windows']} windows, called stress "
            f"{found['called_stress']:.3f}, withheld {found['withheld']:.3f}"
        )
    silent = result.get("abstention")
    if silent:
        answered = silent.get("error_answered")
        where = "" if answered is None else f", {answered:.3f} where it answers"
        yield (
            f"withheld   {silent['fraction']:.3f}; stress wrong {silent['error']:.3f} in all{where}"
        )
