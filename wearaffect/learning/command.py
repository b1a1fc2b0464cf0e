"""The whole of training: read people, fit, export, with one progress line through all of it."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.errors import DatasetError, MissingExtraError, RecordingExistsError
from wearaffect.datasets.labelled import LabelledSession
from wearaffect.datasets.sessions import (
    NOBODYS_TOO,
    read_sessions,
    session_exclusions,
    session_participants,
)
from wearaffect.datasets.wesad import read_wesad, wesad_subjects
from wearaffect.learning.table import PersonTable, read_tables
from wearaffect.signals.chain import ChainSettings

__all__ = ["TRAINABLE", "train_bundle"]

_NOT_FOR = (
    "Diagnosis, treatment or any medical decision; judging emotions of people at work or in "
    "education; lie detection; any decision about a person without that person. Not tested on "
    "children, patients, moving people, or other devices."
)


@dataclass(frozen=True, slots=True)
class _Source:
    """What is trained on, and what a bundle then says of itself."""

    subjects: Callable[[Path], tuple[str, ...]]
    read: Callable[[Path, Sequence[str] | None], Iterator[LabelledSession]]
    excluded: Callable[[Path], Mapping[str, str]]
    licence: str
    intended_use: str


def _nobody(_: Path) -> Mapping[str, str]:
    return {}


TRAINABLE: Mapping[str, _Source] = {
    "wesad": _Source(
        wesad_subjects,
        read_wesad,
        _nobody,
        "Research use only; trained on WESAD, cite Schmidt et al. 2018, doi "
        "10.1145/3242969.3242985; not part of the wheel",
        "Research on wearable affect with wrist devices like the Empatica E4, seated adults, "
        "with five minutes of rest taken first.",
    ),
    "sessions": _Source(
        session_participants,
        read_sessions,
        session_exclusions,
        "That of the sessions it was trained on: whoever recorded them, and what the participants "
        "agreed to, decide",
        "Research at the site that recorded the sessions, with the same devices and protocol and "
        "with five minutes of rest taken first.",
    ),
}
"""What can be trained on, by name."""


def _source_of(dataset: str, *, with_synthetic: bool) -> _Source:
    source = TRAINABLE[dataset]
    if dataset != "sessions" or not with_synthetic:
        return source
    return replace(
        source,
        subjects=partial(session_participants, with_synthetic=True),
        read=partial(read_sessions, with_synthetic=True),
        excluded=partial(session_exclusions, with_synthetic=True),
        intended_use=f"Tests of the software: {NOBODYS_TOO}.",
    )


def train_bundle(  # noqa: PLR0913 -- the options of one command
    dataset: str,
    root: Path,
    out: Path,
    *,
    subjects: Sequence[str] | None = None,
    seed: int = 1,
    classifier: str = "chosen",
    epochs: int = 16,
    board: Path | None = None,
    with_synthetic: bool = False,
    progress: Callable[[float, str], None] | None = None,
) -> ModelBundle:
    """Train on a corpus and export.

    Parameters
    ----------
    dataset : str
        One of `TRAINABLE`.
    root : Path
        The corpus' folder.
    out : Path
        The new bundle; its last part is its name.
    subjects : sequence of str or None
        Whom; everybody there by default.
    seed : int
        Of everything random.
    classifier : str
        ``chosen`` on people left out, ``network`` or ``plain``; physics, valence and arousal are
        the network's either way.
    epochs : int
        Passes over the data.
    board : Path or None
        A board.json whose figures go into the card.
    with_synthetic : bool
        Learn from one's own sessions of synthetic, virtual or replayed devices, too.
    progress : callable or None
        Called with the share that is done and what it is.

    Returns
    -------
    ModelBundle
        Opened, self-test passed; its provenance has who was left out, and why.

    Raises
    ------
    RecordingExistsError
        `out` exists.
    DatasetError
        The folder isn't that corpus, or has too few people.
    MissingExtraError
        There is no torch or lightning.
    """
    try:
        from wearaffect.learning.export import BundleText, export_bundle
        from wearaffect.learning.fitting import FitSettings
        from wearaffect.learning.heads import missing_sides
        from wearaffect.learning.training import train_members
    except ImportError as error:
        raise MissingExtraError("train", "training") from error
    if out.exists():
        raise RecordingExistsError(out, "already there", remedy="name a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=out.parent):
        pass  # better now than after the fit
    metrics = _metrics(board)
    source = _source_of(dataset, with_synthetic=with_synthetic)
    left_out = {} if subjects is not None else dict(source.excluded(root))
    names = tuple(subjects) if subjects is not None else source.subjects(root)
    tell = progress or (lambda _share, _what: None)
    done: list[str] = []

    def read_one(person: str) -> None:
        done.append(person)
        tell(0.3 * min(1.0, len(done) / len(names)), f"windows of {person}")

    settings = ChainSettings()
    tables = read_tables(source.read(root, names), settings, read_one)
    lacking = missing_sides(tables)
    tables = [table for table in tables if table.subject not in lacking]
    left_out |= lacking
    _require_two(root, tables, left_out)
    trained = train_members(
        tables,
        settings.spec.window_s,
        seed=seed,
        settings=FitSettings(epochs=epochs),
        progress=lambda share: tell(0.3 + 0.7 * share, "fitting"),
    )
    text = BundleText(
        name=out.name,
        version="0.3.0",
        licence=source.licence,
        intended_use=source.intended_use,
        not_for=_NOT_FOR,
        classifier=trained.preferred if classifier == "chosen" else classifier,
        seed=seed,
        metrics=metrics,
        excluded=left_out,
    )
    return export_bundle(trained, tables, settings, text, out)


def _require_two(root: Path, tables: Sequence[PersonTable], left_out: Mapping[str, str]) -> None:
    names = list(dict.fromkeys(table.subject for table in tables))
    if len(names) < 2:
        raise DatasetError(
            root,
            "too few people to learn from",
            expected="at least two people, each with windows of stress and of something else",
            got="; ".join(
                [" ".join([f"{len(names)} people", *names])]
                + [f"{name}: {why}" for name, why in left_out.items()]
            ),
            remedy="name more subjects, or record sittings with the conditions that are missing",
        )


def _metrics(board: Path | None) -> Mapping[str, Any]:
    """Read the rows for the card from a board."""
    if board is None:
        return {}
    try:
        found = json.loads(board.read_text(encoding="utf-8"))["card"]
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(
            board, "not a board", expected="board.json of 'wearaffect board'", got=str(error)
        ) from error
    return dict(found)
