"""What a wristband says of the heart, and what we make of its pulse wave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from harness import data_root, say
from numpy.typing import NDArray

from wearaffect.analysis.ibi import classify_intervals
from wearaffect.analysis.pulse import clean_bvp, find_systolic_peaks
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import RecordedStream, Session
from wearaffect.recording.windows import windows_of
from wearaffect.signals.cardiac import find_beats
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.filters import BandFilter

Array = NDArray[np.float64]

CORPORA = {
    "WESAD": "wesad/S*/S*_E4_Data.zip",
    "Stress-Predict": "stress_predict/Raw_data/S*",
    "exam": "wearable_exam_stress/**/BVP.csv*",
}
SPAN_S = 60.0


@dataclass(frozen=True)
class DetectorBeats:
    """Beats of a recording by one detector, and the intervals that pass its artefact rule."""

    times_s: Array
    end_s: Array
    ibi_s: Array

    def mean_rate(self, ends_s: Array, span_s: float, covered: float) -> Array:
        """Heart rate over spans that end at given times, /min; NaN where too little is covered."""
        total = np.concatenate([[0.0], np.cumsum(self.ibi_s)])
        last, first = (np.searchsorted(self.end_s, ends_s - s, "right") for s in (0.0, span_s))
        spanned = total[last] - total[first]
        enough = (spanned > covered * span_s) & (last > first)
        return np.where(enough, 60 * (last - first) / np.where(enough, spanned, 1.0), np.nan)


@dataclass(frozen=True)
class Person:
    """What both sides say of one recording; times in seconds from its start."""

    name: str
    corpus: str
    hr_s: Array
    hr: Array
    ibi_end_s: Array
    ibi: Array
    beats: Mapping[str, DetectorBeats]
    minutes_s: Array
    live_hr: Array
    quality: Array


def read(name: str, corpus: str, session: Session) -> Person:
    """Take both sides of a recording."""
    chain = Chain(ChainSettings(WindowSpec(SPAN_S, SPAN_S)), origin_ns=session.start_ns)
    windows = [w for w in windows_of(session, chain) if SignalKind.BVP in w.quality]
    hr_s, hr = _values(session, SignalKind.HR)
    ibi_end_s, ibi = _values(session, SignalKind.IBI)
    return Person(
        name,
        corpus,
        hr_s,
        hr,
        ibi_end_s,
        ibi,
        _beats(session.require(SignalKind.BVP), session.start_ns),
        np.array([w.end_s for w in windows]),
        np.array([w.features["hr_mean"] for w in windows]),
        np.array([w.quality[SignalKind.BVP].score for w in windows]),
    )


def _values(session: Session, kind: SignalKind) -> tuple[Array, Array]:
    times_ns, data = session.require(kind).samples()
    return (times_ns - session.start_ns) / 1e9, data[:, 0].astype(np.float64)


def _beats(stream: RecordedStream, origin_ns: int) -> dict[str, DetectorBeats]:
    """Find beats by the live detector and by the desk's, each over the whole recording."""
    rate_hz = stream.info.rate_hz
    stage = BandFilter(ChainSettings().bands[SignalKind.BVP], stream.info)
    live = []
    for segment in stream.segments:
        filtered = stage(segment)
        found = find_beats(filtered.data.T.astype(np.float64), rate_hz)
        start_s = (filtered.start_ns - origin_ns) / 1e9
        live.append(np.stack([start_s + found.times_s[0], found.ibi_s[0]]))
    times_s, ibi_s = np.concatenate(live, axis=1)
    kept = np.isfinite(ibi_s)
    times_ns, wave = stream.samples()
    peaks = find_systolic_peaks(clean_bvp(wave[:, 0], rate_hz), rate_hz)
    desk = classify_intervals((times_ns[peaks] - origin_ns) / 1e9)
    return {
        "live": DetectorBeats(times_s[np.isfinite(times_s)], times_s[kept], ibi_s[kept]),
        "desk": DetectorBeats(
            (times_ns[peaks] - origin_ns) / 1e9, desk.end_s[desk.normal], desk.ibi_s[desk.normal]
        ),
    }


def people() -> Iterator[Person]:
    """Read every recording that has a pulse wave."""
    for corpus, pattern in CORPORA.items():
        for path in sorted(data_root().glob(pattern)):
            place = path.parent if path.name.startswith("BVP") else path
            name = next(p for p in place.parts[-3:] if p[0] == "S" and p[1:].isdigit())
            say(f"   {corpus} {name}")
            yield read(name, corpus, open_session(place))


def signals_of(session: Session) -> dict[str, Array]:
    """Give the channels of an E4 recording, 0 where EDA starts up."""
    read = {
        kind: session.require(SignalKind(kind)).samples()[1].astype(np.float64)
        for kind in ("acc", "eda", "bvp", "ibi")
    }
    end_ns = session.require(SignalKind.IBI).samples()[0]
    acc = np.column_stack([read["acc"], np.linalg.norm(read["acc"], axis=1)])
    return {
        "acc": acc, "eda": np.nan_to_num(read["eda"][:, 0]), "bvp": read["bvp"][:, 0],
        "ibi": read["ibi"][:, 0], "ibi_end_s": (end_ns - session.start_ns) / 1e9,
    }  # fmt: skip
