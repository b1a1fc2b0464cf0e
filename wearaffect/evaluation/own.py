"""Board "own": a site's own people, each scored by what was learnt from the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.errors import BundleError, DatasetError, TrainingSubjectError
from wearaffect.datasets.splits import Fold, leave_one_subject_out
from wearaffect.evaluation.altered import with_extras
from wearaffect.evaluation.answers import Answers, Fitter, answers_of, by_person
from wearaffect.evaluation.corpora import Corpus, enrolled_at, own_sessions
from wearaffect.evaluation.heldout import (
    known_to,
    marked_windows,
    predictor_of,
    was_trained_on,
)
from wearaffect.evaluation.metrics import score
from wearaffect.evaluation.protocol import Protocol, closing
from wearaffect.evaluation.recipes import network, plain
from wearaffect.evaluation.transfer_measures import above_index, in_order
from wearaffect.evaluation.transfer_rivals import BASELINES, CONTROLS, INDICES
from wearaffect.evaluation.workers import worked_off
from wearaffect.learning.heads import missing_sides
from wearaffect.learning.table import MODEL_FEATURES, PersonTable, table_of
from wearaffect.signals.chain import ChainSettings

__all__ = ["own_board"]

ENROLMENTS = ("none", "rest")
_FEWEST = 3  # two to learn from, so that thresholds are chosen on somebody, and one to score
_OWN, _NETWORK = "own", "network"
_READ = 0.2  # share of the way that reading takes, for the progress bar

Progress = Callable[[float, str], None]
Said = dict[str, list[Answers]]
"""Answers by enrolment."""


@dataclass(frozen=True, slots=True)
class _Site:
    """What every worker needs; sent once, not with every task."""

    corpus: Corpus
    tables: Mapping[str, tuple[PersonTable, ...]]
    models: Mapping[str, Fitter]


def own_board(  # noqa: PLR0913 -- the options of one command
    root: Path,
    *,
    subjects: Sequence[str] | None = None,
    quick: bool = False,
    seed: int = 1,
    jobs: int | None = None,
    progress: Progress | None = None,
    bundle: ModelBundle | None = None,
    with_synthetic: bool = False,
) -> dict[str, Any]:
    """Leave one participant out, learn from the others, score the one left out.

    Parameters
    ----------
    root : Path
        A folder of session folders.
    subjects : sequence of str or None
        Participant codes; everybody with a session that can be used by default.
    quick : bool
        Leave the network out.
    seed : int
        Of fits and bootstrap.
    jobs : int or None
        Processes; as many as there are cores by default.
    progress : callable or None
        Called with the share that is done and what it was.
    bundle : ModelBundle or None
        One that was trained elsewhere, scored beside on the same windows.
    with_synthetic : bool
        Whether sessions of synthetic, virtual or replayed devices count.

    Returns
    -------
    dict
        ``boards`` by split, ``loso`` alone, and enrolment: the plain recipe of the shipped bundle,
        learnt here, as evaluate JSON, with ``variants`` (the network), ``baselines`` and
        ``controls``; ``never_below_index`` (AUROC less that of an untrained index, paired by
        person) and ``in_order`` (sections by what came before). With a bundle, its figures under
        ``shipped``, and ``above_shipped``.

    Raises
    ------
    DatasetError
        Fewer than three people have windows of stress and of something else outside the enrolment.
    TrainingSubjectError
        The bundle was trained on one of them.
    BundleError
        Its windows aren't cut as these are.
    """
    started = perf_counter()
    told = progress or (lambda *_: None)
    corpus = own_sessions(with_synthetic=with_synthetic)
    tables = _tables(Path(root), corpus, subjects, jobs, told)
    everybody = [table for own in tables.values() for table in own]
    lacking = missing_sides(everybody)
    left_out = ({} if subjects is not None else dict(corpus.excluded(root))) | lacking
    tables = {name: own for name, own in tables.items() if name not in lacking}
    _require_enough(Path(root), tuple(tables), left_out)
    if bundle is not None:
        _require_fair(bundle, everybody)
    site = _Site(corpus, tables, _models(quick=quick, seed=seed))
    said = _left_one_out(site, jobs, told)
    # windows that were marked are of those who stay
    left_out |= marked_windows([table for own in tables.values() for table in own])
    boards = {e: _block(site, said, left_out, e, seed) for e in ENROLMENTS}
    if bundle is not None:
        for enrolment in ENROLMENTS:
            boards[enrolment] |= _shipped(site, bundle, said[_OWN][enrolment], enrolment, seed)
    return {
        "schema": 1,
        "board": "own",
        "quick": quick,
        "with_synthetic": with_synthetic,
        "boards": {"loso": boards},
    } | closing(seed, started)


def _tables(
    root: Path,
    corpus: Corpus,
    subjects: Sequence[str] | None,
    jobs: int | None,
    told: Progress,
) -> dict[str, tuple[PersonTable, ...]]:
    names = corpus.people(root, subjects)
    found: dict[str, tuple[PersonTable, ...]] = {}
    for name, sittings in worked_off(_sittings, list(names), (corpus, root), jobs):
        found[name] = sittings
        told(_READ * len(found) / len(names), f"windows of {name}")
    return {name: found[name] for name in names}


def _sittings(name: str, where: tuple[Corpus, Path]) -> tuple[PersonTable, ...]:
    corpus, root = where
    settings = ChainSettings()
    return tuple(with_extras(table_of(session, settings)) for session in corpus.read(root, [name]))


def _require_enough(root: Path, names: Sequence[str], left_out: Mapping[str, str]) -> None:
    if len(names) >= _FEWEST:
        return
    there = f"{len(names)}: {', '.join(names)}" if names else "nobody"
    why = "".join(f"; {name}: {reason}" for name, reason in left_out.items())
    raise DatasetError(
        root,
        "too few people for a board",
        expected="at least three, each with windows of stress and of something else after the "
        "rest that enrols",
        got=f"{there}{why}",
        remedy="record more people, or score a bundle with 'wearaffect evaluate'",
    )


def _require_fair(bundle: ModelBundle, tables: Sequence[PersonTable]) -> None:
    """Refuse a bundle that knows somebody, or whose windows are others."""
    seen = [t.id for t in tables if was_trained_on(bundle, t.id, t.content_hash)]
    if seen:
        raise TrainingSubjectError(dict.fromkeys(seen))
    theirs, ours = bundle.manifest.chain_settings.id, ChainSettings().id
    if theirs != ours:
        raise BundleError(
            bundle.folder,
            "its windows aren't those of the board",
            expected=f"chain {ours}",
            got=f"chain {theirs}",
            remedy="score it with 'wearaffect evaluate'",
        )


def _models(*, quick: bool, seed: int) -> dict[str, Fitter]:
    """Give what learns and what doesn't, those first that take longest."""
    slow = {} if quick else {_NETWORK: partial(network, seed=seed, n_members=2)}
    return {**slow, _OWN: partial(plain, seed=seed), **BASELINES, **CONTROLS}


def _left_one_out(site: _Site, jobs: int | None, told: Progress) -> dict[str, Said]:
    """Ask every model about everybody, fitted without them."""
    folds = leave_one_subject_out(list(site.tables))
    tasks = [(name, fold) for name in site.models for fold in folds]
    found: dict[tuple[str, str], Said] = {}
    for (name, fold), said in worked_off(_asked, tasks, site, jobs):
        found[name, fold.name] = said
        told(_READ + (1 - _READ) * len(found) / len(tasks), f"{name} without {fold.name}")
    return {
        name: {
            e: by_person([a for person in site.tables for a in found[name, person][e]])
            for e in ENROLMENTS
        }
        for name in site.models
    }


def _asked(task: tuple[str, Fold], site: _Site) -> Said:
    name, fold = task
    fit = site.models[name]
    taught = [table for person in fold.train for table in site.tables[person]]
    # ours are fitted once and serve with and without enrolment, as a bundle does
    once = fit(taught) if name in {_OWN, _NETWORK} else None
    found: Said = {}
    for enrolment in ENROLMENTS:
        predict = once or fit([enrolled_at(t, site.corpus, enrolment) for t in taught])
        found[enrolment] = [
            answers_of(enrolled_at(table, site.corpus, enrolment), predict)
            for person in fold.test
            for table in site.tables[person]
        ]
    return found


def _block(
    site: _Site, said: Mapping[str, Said], left_out: Mapping[str, str], enrolment: str, seed: int
) -> dict[str, Any]:
    corpus = site.corpus
    here = {name: found[enrolment] for name, found in said.items()}
    spec = ChainSettings().spec
    protocol = Protocol(
        corpus.id,
        "loso",
        spec.window_s,
        spec.hop_s,
        enrolment,
        MODEL_FEATURES,
        tuple(site.tables),
        left_out,
        scored=corpus.scored,
    )
    return (
        {"schema": 1, "protocol": protocol.as_dict(), "model": _OWN}
        | score(here[_OWN], corpus, seed)
        | {
            "variants": {n: score(here[n], corpus, seed) for n in (_NETWORK,) if n in here},
            "baselines": {name: score(here[name], corpus) for name in BASELINES},
            "controls": {name: score(here[name], corpus) for name in CONTROLS},
            "never_below_index": {
                name: above_index(here[_OWN], here[name], corpus, seed) for name in INDICES
            },
            "in_order": in_order(here[_OWN]),
        }
    )


def _shipped(
    site: _Site, bundle: ModelBundle, ours: Sequence[Answers], enrolment: str, seed: int
) -> dict[str, Any]:
    """Score a bundle on the windows that the site's own model was scored on."""
    predict = predictor_of(bundle)
    theirs = by_person(
        [
            answers_of(enrolled_at(table, site.corpus, enrolment), predict)
            for own in site.tables.values()
            for table in own
        ]
    )
    figures = score(theirs, known_to(bundle, site.corpus), seed)
    return {
        "shipped": {"bundle": bundle.manifest.id} | figures,
        "above_shipped": above_index(ours, theirs, site.corpus, seed),
    }
