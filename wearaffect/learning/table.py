"""People as tables: each window with its label and what came after, from the serving chain."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import ns_from_s
from wearaffect.core.windows import Window
from wearaffect.datasets.labelled import LabelledSession
from wearaffect.recording.windows import windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.electrodermal import level_at_end
from wearaffect.signals.enrolment import RestInterval

__all__ = ["HORIZONS_S", "LABELS", "MODEL_FEATURES", "PersonTable", "read_tables"]

LABELS = ("baseline", "stress", "amusement")
HORIZONS_S = (5.0, 15.0, 30.0, 60.0)

# Order statistics rather than moments of the beats, which one artefact can move; no slope of
# temperature or heart rate, which in a fixed protocol tell how long ago something ended.
MODEL_FEATURES = (
    "eda_level",
    "eda_slope",
    "eda_sd",
    "scr_count",
    "scr_amplitude",
    "scr_sum",
    "eda_driver",
    "hr_median",
    "hr_p10",
    "hr_p90",
    "hrv_rmssd",
    "hrv_masd",
    "bvp_amplitude",
    "bvp_amplitude_cv",
    "ibi_coverage",
    "acc_motion",
    "acc_peak",
    "acc_still",
)


@dataclass(frozen=True, slots=True, eq=False)
class PersonTable:
    """One person's windows.

    Attributes
    ----------
    id, subject, order, content_hash : str
        Who, in which protocol order, and of which recording.
    windows : tuple of Window
        In time order, with the skin conductance only.
    labels : tuple of str
        Condition of each window; empty where it isn't wholly inside one.
    in_rest : numpy.ndarray, (n,), bool
        Whether the window touches the enrolment.
    eda_us : numpy.ndarray, (n,)
        Measured skin conductance at the end of the window, NaN where there is none.
    eda_later_us : numpy.ndarray, (n, 4)
        The same at each of `HORIZONS_S` later.
    """

    id: str
    subject: str
    order: str
    content_hash: str
    windows: tuple[Window, ...]
    labels: tuple[str, ...]
    in_rest: NDArray[np.bool_]
    eda_us: NDArray[np.float64]
    eda_later_us: NDArray[np.float64]

    def labelled(self, labels: Sequence[str] = LABELS) -> NDArray[np.intp]:
        """Give the windows that may be learnt from or scored under these labels."""
        wanted = np.array([label in labels for label in self.labels], dtype=bool)
        return np.flatnonzero(wanted & ~self.in_rest)

    def pick(self, index: NDArray[np.intp]) -> list[Window]:
        """Give some windows."""
        return [self.windows[i] for i in index]

    def without_rest(self) -> "PersonTable":
        """Give the person as though no resting state had been taken.

        The windows of rest stay unscored, so that figures with and without compare the same ones.
        """
        bare = tuple(replace(window, rest=None) for window in self.windows)
        return replace(self, windows=bare)


def table_of(person: LabelledSession, settings: ChainSettings) -> PersonTable:
    """Run the chain over a person and look up what is known of each window.

    Parameters
    ----------
    person : LabelledSession
        Signals, intervals and rest.
    settings : ChainSettings
        Of the chain that will serve.
    """
    session = person.session.worn_at("wrist")
    rest = None if person.rest is None else RestInterval(person.rest.start_s, person.rest.end_s)
    chain = Chain(settings, origin_ns=session.start_ns, rest=rest)
    windows = tuple(_lean(window) for window in windows_of(session, chain))
    labels = tuple(person.label_of(w.start_s, w.end_s) or "" for w in windows)
    in_rest = np.array(
        [rest is not None and w.start_s < rest.end_s and w.end_s > rest.start_s for w in windows],
        dtype=bool,
    )
    level = np.array([_level_us(w) for w in windows])
    later = np.stack([_later(windows, level, h) for h in HORIZONS_S], axis=1)
    return PersonTable(
        person.id,
        person.subject,
        person.order,
        person.session.content_hash,
        windows,
        labels,
        in_rest,
        level,
        later,
    )


def read_tables(
    people: Iterable[LabelledSession],
    settings: ChainSettings,
    progress: Callable[[str], None] | None = None,
) -> list[PersonTable]:
    """Make the table of each person, one in memory at a time.

    Parameters
    ----------
    people : iterable of LabelledSession
        From a corpus.
    settings : ChainSettings
        Of the chain.
    progress : callable or None
        Called with each person's id when it is done.
    """
    tables = []
    for person in people:
        tables.append(table_of(person, settings))
        if progress is not None:
            progress(person.id)
    return tables


def _lean(window: Window) -> Window:
    eda = window.signals.get(SignalKind.EDA)
    return replace(window, signals={} if eda is None else {SignalKind.EDA: eda})


def _level_us(window: Window) -> float:
    eda = window.signals.get(SignalKind.EDA)
    return float("nan") if eda is None else level_at_end(eda.data[0], eda.sampling_rate)


def _later(
    windows: Sequence[Window], level: NDArray[np.float64], horizon_s: float
) -> NDArray[np.float64]:
    """The level at the end of the window that ends a horizon later; NaN where there is none."""
    at = {window.end_ns: value for window, value in zip(windows, level, strict=True)}
    ahead_ns = ns_from_s(horizon_s)
    return np.array([at.get(window.end_ns + ahead_ns, np.nan) for window in windows])
