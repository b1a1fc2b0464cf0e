"""`wearaffect devices certify`: whether a driver keeps its promises when everything goes wrong."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from wearaffect.cli.console import JsonOption, progress_bar, reporting
from wearaffect.devices.virtual.faults import FAULTS

if TYPE_CHECKING:
    from wearaffect.devices.virtual.certification import Certificate
    from wearaffect.devices.virtual.promises import Verdict

__all__ = ["certify_driver"]


def certify_driver(
    uri: Annotated[str, typer.Argument(metavar="URI", help="bumble:<driver>[?settings].")],
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="NAME",
            help="Only this one; repeat. Default: all that the wearable can have, of none, "
            f"{', '.join(FAULTS)}; several at once: joined by commas.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the person and all chance.")] = 1,
    json: JsonOption = None,
) -> None:
    """Run a driver against a virtual wearable with every fault, in simulated time."""
    with reporting(json) as report:
        from wearaffect.devices.virtual.certification import Certificate, certify, default_faults

        faults = fault or list(default_faults(uri))
        verdicts: list[Verdict] = []
        with progress_bar(report, "certifying") as tell:
            for number, name in enumerate(faults):
                tell(number / len(faults), name)
                verdicts += certify(uri, faults=[name], seed=seed).verdicts
        certificate = Certificate(uri, tuple(verdicts))
        report.console.print(_table(certificate))
        for failure in certificate.failures:
            report.line(f"{failure.fault}: {failure.promise}: {failure.detail}")
        for line in _unprovable(certificate.verdicts):
            report.line(line)
        report.data({"schema": 1, **certificate.as_dict()})
    if not certificate.passed:
        raise typer.Exit(1)


def _table(certificate: "Certificate") -> Table:
    """One row a promise; under each verdict, the faults with which it was reached."""
    table = Table("promise", "kept", "broken", "can't be shown", box=None, pad_edge=False)
    for promise in dict.fromkeys(verdict.promise for verdict in certificate.verdicts):
        mine = [verdict for verdict in certificate.verdicts if verdict.promise == promise]
        cells = (_faults(mine, kept) for kept in (True, False, None))
        table.add_row(promise, *map(Text, cells))
    return table


def _faults(verdicts: "Sequence[Verdict]", kept: bool | None) -> str:
    """Name the faults with which a promise stood so."""
    names = [verdict.fault for verdict in verdicts if verdict.kept is kept]
    if len(names) < len(verdicts) or len(names) == 1:
        return ", ".join(names) or "–"
    n_faults = len(names) - names.count("none")
    without = "no fault and " if n_faults < len(names) else ""
    return f"{without}{n_faults} fault{'s' if n_faults > 1 else ''}"


def _unprovable(verdicts: "Iterable[Verdict]") -> Iterator[str]:
    reasons = (v.detail for v in verdicts if v.kept is None)
    yield from dict.fromkeys(f"can't be shown: {reason}" for reason in reasons)
