"""People as tables: each window with its label and what came after, from the serving chain."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import ns_from_s
from wearaffect.core.windows import Window
from wearaffect.datasets.labelled import Interval, LabelledSession, SelfReport
from wearaffect.recording.windows import windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.electrodermal import level_at_end
from wearaffect.signals.enrolment import Enrolment, RestInterval
from wearaffect.signals.features import FEATURES

__all__ = ["HORIZONS_S", "LABELS", "MODEL_FEATURES", "PersonTable", "read_tables", "table_of"]

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
    dataset, subject, order, content_hash : str
        Who, in which protocol order, and of which recording.
    windows : tuple of Window
        In time order, with the skin conductance only.
    intervals : tuple of Interval
        The labelled stretches.
    interval : numpy.ndarray, (n,), int
        Which of them a window lies wholly inside; -1 for none.
    in_rest : numpy.ndarray, (n,), bool
        Whether the window touches the first rest or the enrolment; such windows are never scored.
    eda_us : numpy.ndarray, (n,)
        Measured skin conductance at the end of the window, NaN where there is none.
    eda_later_us : numpy.ndarray, (n, 4)
        The same at each of `HORIZONS_S` later; NaN where a gap lies between.
    self_report : tuple of SelfReport
        One a condition.
    chain_id : str
        Of the chain that made the windows.
    sitting : str
        Which of the person's sittings; empty where there is one.
    n_marked : int
        Windows that would be scored, if nobody had marked them as an artefact.
    """

    dataset: str
    subject: str
    order: str
    content_hash: str
    windows: tuple[Window, ...]
    intervals: tuple[Interval, ...]
    interval: NDArray[np.int64]
    in_rest: NDArray[np.bool_]
    eda_us: NDArray[np.float64]
    eda_later_us: NDArray[np.float64]
    self_report: tuple[SelfReport, ...]
    chain_id: str
    sitting: str = ""
    n_marked: int = 0

    @property
    def id(self) -> str:
        """The person's name across corpora, e.g. ``wesad/S2``."""
        return f"{self.dataset}/{self.subject}"

    @property
    def recording_id(self) -> str:
        """The recording's name across corpora: the person's, and which of their sittings."""
        return f"{self.id}/{self.sitting}" if self.sitting else self.id

    @property
    def labels(self) -> tuple[str, ...]:
        """Condition of each window; empty where it isn't wholly inside one."""
        return tuple(self.intervals[i].label if i >= 0 else "" for i in self.interval)

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

    def enrolled(self, rest: Interval | None) -> "PersonTable":
        """Give the person with the resting state taken at another time.

        Parameters
        ----------
        rest : Interval or None
            When; windows that touch it aren't scored, and neither are those of the first rest.

        Returns
        -------
        PersonTable
            As the chain would have made it: the resting state is known after its end.
        """
        if rest is None:
            return self.without_rest()
        when = RestInterval(rest.start_s, rest.end_s)
        inside = [w for w in self.windows if rest.holds(w.start_s, w.end_s)]
        found = Enrolment.from_windows(inside, when, self.chain_id)
        state = None if found is None else found.features
        windows = tuple(
            replace(w, rest=state if w.end_s > rest.end_s else None) for w in self.windows
        )
        return replace(self, windows=windows, in_rest=self.in_rest | _touches(self.windows, rest))


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
    level = np.array([_level_us(w) for w in windows])
    interval = np.array([_which(person.intervals, w) for w in windows], dtype=np.int64)
    in_rest = _touches(windows, person.rest)
    marked = _marked(windows, person)
    return PersonTable(
        dataset=person.dataset,
        subject=person.subject,
        order=person.order,
        content_hash=person.session.content_hash,
        windows=windows,
        intervals=person.intervals,
        interval=np.where(marked, -1, interval),
        in_rest=in_rest,
        eda_us=level,
        eda_later_us=np.stack([_later(windows, level, h) for h in HORIZONS_S], axis=1),
        self_report=person.self_report,
        chain_id=settings.id,
        sitting=person.sitting,
        n_marked=int((marked & (interval >= 0) & ~in_rest).sum()),
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


def _which(intervals: Sequence[Interval], window: Window) -> int:
    return next((i for i, x in enumerate(intervals) if x.holds(window.start_s, window.end_s)), -1)


def _touches(windows: Sequence[Window], rest: Interval | None) -> NDArray[np.bool_]:
    return np.array(
        [rest is not None and w.start_s < rest.end_s and w.end_s > rest.start_s for w in windows],
        dtype=bool,
    )


def _marked(windows: Sequence[Window], person: LabelledSession) -> NDArray[np.bool_]:
    """Tell which windows hold a stretch, of a signal that features are made of, not to be used."""
    used = {FEATURES[name] for name in MODEL_FEATURES}
    streams = person.session.worn_at("wrist").streams
    own = [m for m in person.marked if m.label in streams and streams[m.label].info.kind in used]
    found = np.zeros(len(windows), dtype=bool)
    for mark in own:
        found |= _touches(windows, mark)
    return found


def _lean(window: Window) -> Window:
    eda = window.signals.get(SignalKind.EDA)
    return replace(window, signals={} if eda is None else {SignalKind.EDA: eda})


def _unbroken(window: Window, horizon_s: float) -> bool:
    """Tell whether conductance was known all through the last seconds of a window."""
    eda = window.signals.get(SignalKind.EDA)
    if eda is None:
        return False
    length = round(horizon_s * eda.sampling_rate)
    return bool(np.isfinite(eda.data[0, -length:]).all())


def _level_us(window: Window) -> float:
    eda = window.signals.get(SignalKind.EDA)
    return float("nan") if eda is None else level_at_end(eda.data[0], eda.sampling_rate)


def _later(
    windows: Sequence[Window], level: NDArray[np.float64], horizon_s: float
) -> NDArray[np.float64]:
    """The level at the end of the window that ends a horizon later; NaN where there is none.

    Nothing is asked across a gap: what lies behind it may be another day.
    """
    at = {
        window.end_ns: value
        for window, value in zip(windows, level, strict=True)
        if _unbroken(window, horizon_s)
    }
    ahead_ns = ns_from_s(horizon_s)
    return np.array([at.get(window.end_ns + ahead_ns, np.nan) for window in windows])
