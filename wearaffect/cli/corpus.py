"""What train, evaluate and board share: which corpus, where, and whom of it."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "DatasetOption",
    "RootOption",
    "SubjectsOption",
    "SyntheticOption",
    "require_choice",
    "require_own",
    "split_names",
]

DatasetOption = Annotated[
    str, typer.Option("--dataset", metavar="NAME", help="wesad, sessions and so on.")
]
RootOption = Annotated[Path, typer.Option("--root", metavar="DIR", help="Its folder.")]
SyntheticOption = Annotated[
    bool,
    typer.Option("--with-synthetic", help="Own sessions of synthetic or replayed devices, too."),
]
SubjectsOption = Annotated[
    list[str] | None, typer.Option("--subjects", help="Whom; repeat it or use commas.")
]


def require_choice(option: str, value: str, *known: str) -> None:
    """Raise `typer.BadParameter` unless a value is one of those known."""
    if value not in known:
        msg = f"{option}: expected {' or '.join(known)}, got {value}"
        raise typer.BadParameter(msg)


def require_own(dataset: str, *, with_synthetic: bool) -> None:
    """Raise `typer.BadParameter` where public recordings are asked for synthetic ones."""
    if with_synthetic and dataset != "sessions":
        msg = f"--with-synthetic is for --dataset sessions, got {dataset}"
        raise typer.BadParameter(msg)


def split_names(names: list[str] | None) -> list[str] | None:
    """Read ``--subjects S2,S3 --subjects S4`` as three names."""
    if not names:
        return None
    return [part for name in names for part in name.replace(",", " ").split()]
