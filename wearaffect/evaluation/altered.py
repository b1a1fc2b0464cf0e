"""People as they would be if something of them were missing, meaningless or later.

Controls and ablations alter what goes into a model and leave the model as it is. Where it matters,
history and resting state are made anew, as the chain would have made them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Window
from wearaffect.datasets.labelled import first_rest
from wearaffect.evaluation.corpora import Corpus
from wearaffect.learning.table import PersonTable
from wearaffect.signals.enrolment import trusted_features
from wearaffect.signals.features import FEATURES
from wearaffect.signals.history import History, mean_key, sd_key
from wearaffect.signals.skin_history import SkinHistory

__all__ = [
    "EXTRAS",
    "MOVED",
    "baseline_of",
    "cut_from",
    "random_walks",
    "remembering",
    "scored_from",
    "with_extras",
    "with_movement_renamed",
    "without_signal",
]

EXTRAS = ("temp_mean", "temp_sd", "acc_pitch", "acc_roll")
"""Of temperature and posture: what the chain computes and no model takes."""

MOVED = "moved_"
"""What stands before the second name of a movement feature."""


def without_signal(person: PersonTable, *, kind: SignalKind) -> PersonTable:
    """Give a person of whom one signal says nothing: its features are unknown everywhere.

    Parameters
    ----------
    person : PersonTable
        With or without a resting state.
    kind : SignalKind
        Which. Its quality stays, so that the same windows are trusted.
    """
    names = {name for name, source in FEATURES.items() if source == kind}
    lost = names | {key(name) for name in names for key in (mean_key, sd_key)}

    def unknown(values: Mapping[str, float]) -> dict[str, float]:
        return {k: float("nan") if k in lost else v for k, v in values.items()}

    return _each_window(
        person,
        lambda w: replace(
            w,
            features=unknown(w.features),
            history=unknown(w.history),
            rest=None if w.rest is None else unknown(w.rest),
        ),
    )


def with_movement_renamed(person: PersonTable) -> PersonTable:
    """Give a person whose movement has a second name, which no head refuses."""
    names = [name for name, kind in FEATURES.items() if kind == SignalKind.ACC]

    def doubled(values: Mapping[str, float]) -> dict[str, float]:
        found = dict(values)
        for name in names:
            for key in (str, mean_key, sd_key):
                if key(name) in values:
                    found[key(MOVED + name)] = values[key(name)]
        return found

    return _each_window(
        person,
        lambda w: replace(
            w,
            features=doubled(w.features),
            history=doubled(w.history),
            rest=None if w.rest is None else doubled(w.rest),
        ),
    )


@lru_cache(maxsize=32)  # the folds of a board ask for the same people
def random_walks(person: PersonTable, *, corpus: Corpus, seed: int) -> PersonTable:
    """Give a person whose features know nothing but how fast features wander.

    Each is a random walk from where it began, with steps as large as its own from window to
    window; it is unknown where it was. What a model still tells from that, it tells from time.

    Parameters
    ----------
    person : PersonTable
        Enrolled at the first rest.
    corpus : Corpus
        Theirs, for when that was.
    seed : int
        Of the walks, with the person's name.
    """
    rng = np.random.default_rng([seed, crc32(person.id.encode())])
    table = np.array([[w.features[name] for name in FEATURES] for w in person.windows])
    walked = np.stack([_walk(column, rng) for column in table.T], axis=1)
    rows = iter(walked.tolist())
    names = list(FEATURES)
    wandering = _each_window(
        person,
        lambda w: replace(w, features=dict(w.features) | dict(zip(names, next(rows), strict=True))),
    )
    return remembering(wandering).enrolled(first_rest(person.intervals, corpus.rest))


def _walk(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    known = np.isfinite(values)
    if known.sum() < 2:
        return values
    steps = np.diff(values[known])
    walk = values[known][0] + np.cumsum(rng.normal(0.0, steps.std(), values.size))
    return np.where(known, walk, np.nan)


def remembering(person: PersonTable) -> PersonTable:
    """Make a person's history anew from the windows that are there, as the chain makes it."""
    history, skin = History(list(FEATURES), hop_s=_hop_s(person)), SkinHistory(_hop_s(person))

    def remembered(window: Window) -> Window:
        trusted = trusted_features(window)
        eda = window.signals.get(SignalKind.EDA) if "eda_level" in trusted else None
        return replace(window, history=history.advance(trusted) | skin.advance(eda))

    return _each_window(person, remembered)


def with_extras(person: PersonTable) -> PersonTable:
    """Give a person of whom `EXTRAS` are remembered too."""
    history = History(EXTRAS, hop_s=_hop_s(person))

    def remembered(window: Window) -> Window:
        also = history.advance({name: window.features[name] for name in EXTRAS})
        return replace(window, history=dict(window.history) | also)

    return _each_window(person, remembered)


def _hop_s(person: PersonTable) -> float:
    first, second = person.windows[:2]
    return second.start_s - first.start_s


def baseline_of(person: PersonTable, corpus: Corpus, *, last_s: float | None = None) -> float:
    """Give when a person's first rest begins, or its last seconds do, seconds.

    Parameters
    ----------
    person : PersonTable
        With at least one resting condition.
    corpus : Corpus
        Theirs.
    last_s : float or None
        How many seconds before its end; its start by default.
    """
    rest = next(i for i in person.intervals if i.label == corpus.rest)
    return rest.start_s if last_s is None else rest.end_s - last_s


def cut_from(person: PersonTable, *, corpus: Corpus, last_s: float | None = None) -> PersonTable:
    """Give a person who put the band on when baseline began, or shortly before it ended.

    Parameters
    ----------
    person : PersonTable
        From the start of the recording.
    corpus : Corpus
        Theirs.
    last_s : float or None
        As for `baseline_of`.

    Returns
    -------
    PersonTable
        Without the windows before; history starts there. The chain's filters had settled.
    """
    kept = _begins(person, baseline_of(person, corpus, last_s=last_s))
    cut = replace(
        person,
        windows=tuple(person.windows[i] for i in np.flatnonzero(kept)),
        interval=person.interval[kept],
        in_rest=person.in_rest[kept],
        eda_us=person.eda_us[kept],
        eda_later_us=person.eda_later_us[kept],
    )
    return remembering(cut)


def scored_from(person: PersonTable, *, corpus: Corpus, last_s: float | None = None) -> PersonTable:
    """Give the whole person, of whom only the windows are scored that `cut_from` would keep."""
    kept = _begins(person, baseline_of(person, corpus, last_s=last_s))
    return replace(person, in_rest=person.in_rest | ~kept)


def _begins(person: PersonTable, when_s: float) -> NDArray[np.bool_]:
    return np.array([w.start_s >= when_s - 1e-6 for w in person.windows])


def _each_window(person: PersonTable, change: Callable[[Window], Window]) -> PersonTable:
    return replace(person, windows=tuple(change(w) for w in person.windows))
