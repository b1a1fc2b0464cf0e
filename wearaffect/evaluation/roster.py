"""Who stands on the honest board: every model, how it is fitted, and on whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from wearaffect.evaluation.ablations import OF_BUNDLE, OF_NETWORK, Alteration
from wearaffect.evaluation.altered import cut_from, random_walks, scored_from
from wearaffect.evaluation.answers import Fitter
from wearaffect.evaluation.controls import CONTROLS, clock_hybrid, clock_only
from wearaffect.evaluation.corpora import Corpus
from wearaffect.evaluation.recipes import network, plain
from wearaffect.evaluation.rivals import baselines, logistic_regression
from wearaffect.learning.fitting import FitSettings

__all__ = ["LATE_STARTS", "N_SEEDS", "Contender", "roster"]

N_SEEDS = 5
LATE_STARTS = {"start_of_baseline": (None, "rest"), "end_of_baseline": (300.0, "baseline_end")}
"""When the band was put on, as seconds before baseline ends (None: when it began), and where the
resting state was taken then."""

_QUICK_EPOCHS = 8


@dataclass(frozen=True, slots=True)
class Contender:
    """A model on the board.

    Attributes
    ----------
    group, name, seed : str, str, int
        Where it stands; several seeds of one name make one row.
    fit : callable
        From training people to a predictor.
    alter, alter_tested : callable or None
        What is done to everybody, and to those who are scored, before enrolment.
    anew : bool
        Fitted once for people without a resting state and once for people with one; others are
        fitted once, on people enrolled at rest, as a bundle is.
    only_at : str
        The one enrolment it is asked at; empty for all.
    leaves_out : tuple of str
        Figures that say nothing of it.
    """

    group: str
    name: str
    # two are one if they stand in one place: what a partial does can't be compared
    fit: Fitter = field(compare=False)
    seed: int = 1
    alter: Alteration | None = field(default=None, compare=False)
    alter_tested: Alteration | None = field(default=None, compare=False)
    anew: bool = False
    only_at: str = ""
    leaves_out: tuple[str, ...] = ()


def roster(split: str, corpus: Corpus, *, quick: bool, seed: int) -> list[Contender]:
    """Give everybody who stands on a split.

    Parameters
    ----------
    split : str
        ``loso``, ``cross_order``, ``same_order`` or ``cross_order_equal``.
    corpus : Corpus
        Of the people.
    quick : bool
        Few rivals, and a network that is trained for half as long.
    seed : int
        Of fits.

    Returns
    -------
    list of Contender
        Those that take longest first.
    """
    # one seed: it deals people into groups for the calibration, and moves no call
    bundle = Contender("bundle", "bundle", partial(plain, seed=seed), seed)
    if split not in {"loso", "cross_order"}:
        # one order against the other: what is fitted is the same, only from whom differs
        return [
            bundle,
            Contender("baselines", "logistic_regression", logistic_regression, seed, anew=True),
            Contender("controls", "clock_only", clock_only, seed),
        ]
    found = [*_networks(split, quick=quick, seed=seed), bundle]
    if not quick or split == "cross_order":
        found += [
            Contender("ablations", name, fit, seed, alter=alter)
            for name, (fit, alter) in OF_BUNDLE.items()
        ]
    if not quick and split == "cross_order":
        found += _late_starts(corpus, seed)
    found += [
        Contender("baselines", name, fit, seed, anew=True)
        for name, fit in baselines(quick=quick).items()
    ]
    return found + _controls(corpus, seed)


def _controls(corpus: Corpus, seed: int) -> list[Contender]:
    # what rests on signals is fitted for each enrolment, like any baseline
    found = [
        Contender("controls", name, fit, seed, anew=fit is clock_hybrid)
        for name, fit in CONTROLS.items()
    ]
    walking = partial(random_walks, corpus=corpus, seed=seed)
    return [*found, Contender("controls", "random_walk", partial(plain, seed=seed), seed, walking)]


def _networks(split: str, *, quick: bool, seed: int) -> list[Contender]:
    """The network and, across orders, what is left of it without one of its parts."""
    if quick:
        fit = partial(network, seed=seed, n_members=2, settings=FitSettings(epochs=_QUICK_EPOCHS))
        return [Contender("variants", "network", fit, seed)] if split == "cross_order" else []
    if split == "loso":
        fit = partial(network, seed=seed, n_members=2)
        return [Contender("variants", "network", fit, seed)]
    seeds: Sequence[int] = range(seed, seed + N_SEEDS)
    found = [Contender("variants", "network", partial(network, seed=s), s) for s in seeds]
    silent = {
        "eda_only": ("three_class", "stress", "late", "sections", "valence_arousal", "abstention"),
        "emotion_only": ("eda",),
    }
    return found + [
        Contender("ablations", f"network_{name}", fit, seed, leaves_out=silent.get(name, ()))
        for name, fit in OF_NETWORK.items()
    ]


def _late_starts(corpus: Corpus, seed: int) -> list[Contender]:
    """The bundle for people who put the band on later, and on the same windows of the whole."""
    ways = {"cut": cut_from, "whole": scored_from}
    return [
        Contender(
            "late_start",
            f"{when}/{way}",
            partial(plain, seed=seed),
            seed,
            alter_tested=partial(change, corpus=corpus, last_s=last_s),
            only_at=enrolment,
        )
        for when, (last_s, enrolment) in LATE_STARTS.items()
        for way, change in ways.items()
    ]
