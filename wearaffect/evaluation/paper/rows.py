"""Windows as papers of this kind cut them: level of EDA, a condition and its questionnaire."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DatasetError
from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import NS_PER_S
from wearaffect.datasets.labelled import Interval, LabelledSession, SelfReport
from wearaffect.datasets.wesad import read_wesad

__all__ = ["N_LAGS", "WINDOW_S", "PaperRows", "PersonLevel", "read_levels", "rows_of"]

Floats = NDArray[np.float64]

WINDOW_S = 60.0
N_LAGS = 2
_N_PANAS = 20  # items of the questionnaire itself; WESAD's authors asked more after them
_N_ITEMS = 2 + _N_PANAS
_LEAST_KNOWN = 0.5  # share of a window's samples (engineering choice)


@dataclass(frozen=True, slots=True, eq=False)
class PersonLevel:
    """EDA and answers of one person.

    Attributes
    ----------
    subject : str
        Who.
    rate_hz : float
        Of the EDA.
    times_s, sums_us : numpy.ndarray, (n,), (n + 1,)
        Times of known samples on the session's timeline, and running sums of them.
    low_us, high_us : float
        Extremes over the whole recording.
    reports : tuple of (Interval, SelfReport)
        Conditions in time order, each with what was answered after it.
    """

    subject: str
    rate_hz: float
    times_s: Floats
    sums_us: Floats
    low_us: float
    high_us: float
    reports: tuple[tuple[Interval, SelfReport], ...]

    def mean_us(self, start_s: Floats, end_s: Floats) -> Floats:
        """Give the mean level of each stretch, µS; NaN where half of it or more is unknown."""
        first, last = np.searchsorted(self.times_s, start_s), np.searchsorted(self.times_s, end_s)
        known = last - first
        enough = known > _LEAST_KNOWN * self.rate_hz * (end_s - start_s)
        total = self.sums_us[last] - self.sums_us[first]
        return np.where(enough, total / np.maximum(known, 1), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class PaperRows:
    """Windows of several people, in order of person and time.

    Attributes
    ----------
    subject : numpy.ndarray, (n,), str
        Who.
    interval : numpy.ndarray, (n,), int
        Which labelled stretch, numbered over all people.
    label : numpy.ndarray, (n,), int
        Condition, as an index into the labels asked for.
    start_s : numpy.ndarray, (n,)
        Of the window, since the person's first labelled condition began.
    eda_us, lagged_us : numpy.ndarray, (n,), (n, lags)
        Mean level of the window, and of the windows one and two hops before.
    low_us, high_us : numpy.ndarray, (n,)
        Extremes of the person's whole recording.
    answers : numpy.ndarray, (n, 22)
        SAM valence and arousal, 20 PANAS items; NaN where a question was left open.
    """

    subject: NDArray[np.str_]
    interval: NDArray[np.int64]
    label: NDArray[np.int64]
    start_s: Floats
    eda_us: Floats
    lagged_us: Floats
    low_us: Floats
    high_us: Floats
    answers: Floats

    def __len__(self) -> int:
        return len(self.label)

    def pooled(self) -> "PaperRows":
        """Give the same with one range for all people: the extremes over everybody."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        low, high = np.full(len(self), self.low_us.min()), np.full(len(self), self.high_us.max())
        return PaperRows(**found | {"low_us": low, "high_us": high})

    @property
    def level(self) -> Floats:
        """EDA, (n,), min-max units."""
        return (self.eda_us - self.low_us) / (self.high_us - self.low_us)

    @property
    def lagged(self) -> Floats:
        """Earlier EDA, (n, lags), min-max units."""
        span = self.high_us - self.low_us
        return np.asarray((self.lagged_us - self.low_us[:, None]) / span[:, None])

    def pairs(self, hop_s: float) -> NDArray[np.int64]:
        """Give rows that follow each other by one hop in one condition, (m, 2)."""
        now = np.arange(len(self) - 1)
        steps = np.diff(self.start_s)
        follows = (np.diff(self.interval) == 0) & (np.abs(steps - hop_s) < 1e-6)
        return np.stack([now[follows], now[follows] + 1], axis=1)


def read_levels(root: Path, subjects: Sequence[str] | None = None) -> Iterator[PersonLevel]:
    """Read EDA and answers, one person at a time.

    Parameters
    ----------
    root : Path
        WESAD's folder.
    subjects : sequence of str or None
        Whom; everybody by default.

    Returns
    -------
    iterator of PersonLevel

    Raises
    ------
    DatasetError
        Somebody is missing or broken, or has EDA without any range.
    """
    for person in read_wesad(root, subjects):
        yield _level_of(root, person)


def _level_of(root: Path, person: LabelledSession) -> PersonLevel:
    streams = person.session.streams.values()
    stream = next(s for s in streams if s.info.kind == SignalKind.EDA)  # the wrist comes first
    times_ns, data = stream.samples()
    # E4 recordings open with a zero that is no measurement; a pickle has been cut already
    eda = data[1:, 0].astype(float)
    known = np.isfinite(eda)
    times_s = (times_ns[1:][known] - person.session.start_ns) / NS_PER_S
    eda = eda[known]
    if not eda.size or eda.max() <= eda.min():
        raise DatasetError(
            root / person.subject,
            "EDA that can't be scaled",
            expected="a range between minimum and maximum",
            got="a constant" if eda.size else "no known sample",
            remedy="leave this person out",
        )
    rate_hz = stream.info.sampling_rate
    assert rate_hz is not None  # WESAD's EDA is regular
    sums = np.concatenate([[0.0], np.cumsum(eda)])
    reports = tuple(_with_reports(root, person))
    return PersonLevel(
        person.subject, rate_hz, times_s, sums, float(eda.min()), float(eda.max()), reports
    )


def _with_reports(root: Path, person: LabelledSession) -> Iterator[tuple[Interval, SelfReport]]:
    """Pair the nth stretch of a condition with the nth answers to it."""
    left = list(person.self_report)
    for interval in person.intervals:
        found = next((r for r in left if r.condition == interval.label), None)
        if found is None:
            raise DatasetError(
                root / person.subject,
                f"no answers after {interval.label}",
                expected="a questionnaire after each condition",
                got=f"{len(person.self_report)} for {len(person.intervals)} conditions",
            )
        left.remove(found)
        yield interval, found


def rows_of(people: Iterable[PersonLevel], hop_s: float, labels: Sequence[str]) -> PaperRows:
    """Cut windows of `WINDOW_S` wholly inside a condition.

    Parameters
    ----------
    people : iterable of PersonLevel
        At least one with a window.
    hop_s : float
        From start to start, seconds.
    labels : sequence of str
        Conditions that count.

    Returns
    -------
    PaperRows
        Without windows whose own level, or that of a lag, isn't known.

    Raises
    ------
    ValueError
        No window at all.
    """
    parts: list[PaperRows] = []
    for person in people:
        begin_s = person.reports[0][0].start_s if person.reports else 0.0
        for interval, report in person.reports:
            if interval.label in labels and interval.duration_s >= WINDOW_S:
                label = labels.index(interval.label)
                rows = _rows_in(person, interval, hop_s, begin_s)
                parts.append(_filled(rows, person, report, label, len(parts)))
    if not sum(len(part) for part in parts):
        msg = f"expected windows of {', '.join(labels)}, got none"
        raise ValueError(msg)
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(PaperRows)
    }
    return PaperRows(**joined)


def _rows_in(
    person: PersonLevel, interval: Interval, hop_s: float, begin_s: float
) -> tuple[Floats, Floats]:
    """Give starts since `begin_s`, (n,), and levels now and at each lag, (n, 1 + lags), µS."""
    count = int((interval.duration_s - WINDOW_S) / hop_s + 1e-9) + 1
    start_s = interval.start_s + hop_s * np.arange(count, dtype=np.float64)
    lags = hop_s * np.arange(1 + N_LAGS, dtype=np.float64)
    begins = start_s[:, None] - lags
    levels = person.mean_us(begins, begins + WINDOW_S)
    known = np.isfinite(levels).all(axis=1)
    return start_s[known] - begin_s, levels[known]


def _filled(
    rows: tuple[Floats, Floats],
    person: PersonLevel,
    report: SelfReport,
    label: int,
    interval: int,
) -> PaperRows:
    start_s, levels = rows
    n = len(start_s)
    asked = (report.valence, report.arousal, *report.panas[:_N_PANAS])
    answers = np.array([np.nan if answer is None else answer for answer in asked], dtype=float)
    assert answers.size == _N_ITEMS  # the reader refuses shorter questionnaires
    return PaperRows(
        subject=np.full(n, person.subject),
        interval=np.full(n, interval),
        label=np.full(n, label),
        start_s=start_s,
        eda_us=levels[:, 0],
        lagged_us=levels[:, 1:],
        low_us=np.full(n, person.low_us),
        high_us=np.full(n, person.high_us),
        answers=np.tile(answers, (n, 1)),
    )
