"""What the quality rules see: bands off the skin, start-up, and faults put in at a known time.

Exam recordings are hours of life with the band off for long stretches. Nobody wrote down when, so
the off-skin flag of the conductance is held against a witness that knows nothing of conductance:
the skin thermometer. Faults are put into recordings of worn bands at random times, one at a time,
and the light of `Quality.latest` is read every quarter of a second; what it shows on the untouched
recordings is a false alarm, or a fault that is really there: the counts can't tell these apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from harness import Report, data_root, say
from numpy.typing import NDArray

from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session, cut
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.conversion import in_standard_units
from wearaffect.signals.faults import Fault, FaultFinder

Data = NDArray[np.float32]
Spoil = Callable[[Data, int], None]

EDA, BVP, ACC, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP
N_ONSETS = 40
AROUND_S = 12.0
WARM_DEGC = 30.0


def level(value: float) -> Spoil:
    def spoil(data: Data, first: int) -> None:
        data[first:] = value + 0.001 * np.arange(len(data) - first)[:, None]

    return spoil


def stuck(data: Data, first: int) -> None:
    data[first:] = data[first - 1]


def rail(data: Data, first: int) -> None:
    data[first:] = 2.0


def fallen(data: Data, first: int) -> None:
    data[first:] *= 0.6


def crackling(data: Data, first: int) -> None:
    data[first::2] += 4.0


def missing(data: Data, first: int) -> None:
    data[first:] = np.nan


FAULTS: dict[tuple[SignalKind, str, str], Spoil] = {
    (EDA, "off_skin", "in air"): level(0.01),
    (TEMP, "off_skin", "in air"): level(15.0),
    (EDA, "flat", "stuck"): stuck,
    (BVP, "flat", "stuck"): stuck,
    (EDA, "clipped", "above range"): level(80.0),
    (ACC, "clipped", "at the rail"): rail,
    (EDA, "loose", "contact falls by 40 %"): fallen,
    (EDA, "noise", "4 µS crackle"): crackling,
    (EDA, "gap", "samples missing"): missing,
    (BVP, "gap", "samples missing"): missing,
}


def worn(root: Path) -> Iterator[Session]:
    """Recordings of worn bands: laboratory sittings under an experimenter's eyes."""
    for path in [*sorted((root / "wesad").glob("S*/S*_E4_Data.zip")),
                 *sorted((root / "stress_predict" / "Raw_data").glob("S*"))]:  # fmt: skip
        yield open_session(path)


def delay_s(session: Session, kind: SignalKind, reason: str, spoil: Spoil, at_s: float) -> float:
    """Seconds from a fault's onset to its light; infinite if there is none in time."""
    chain = Chain(ChainSettings(WindowSpec(4.0, 0.25)), origin_ns=session.start_ns)
    first_ns, last_ns = (session.start_ns + int((at_s + s) * 1e9) for s in (-AROUND_S, AROUND_S))
    stream = session.require(kind)
    for segment in stream.segments:
        part = in_standard_units(cut(segment, first_ns, last_ns))
        if len(part):
            data = part.data.copy()
            spoil(data, int(np.ceil((session.start_ns + at_s * 1e9 - part.start_ns) / 1e9
                                    * part.info.rate_hz)))  # fmt: skip
            chain.push(replace(part, data=data))
    onset_s = at_s
    for window in chain.advance(last_ns):
        quality = window.quality.get(kind)
        if window.end_s > onset_s and (quality is None or reason in quality.latest):
            return window.end_s - onset_s
    return float("inf")


def injected(sessions: list[Session]) -> dict[str, Any]:
    """Delays of every kind of fault over many onsets."""
    rng = np.random.default_rng(0)
    found = {}
    for (kind, reason, what), spoil in FAULTS.items():
        delays = []
        for i in range(N_ONSETS):
            session = sessions[i % len(sessions)]
            at_s = rng.uniform(60, session.duration_s - 60)
            delays.append(delay_s(session, kind, reason, spoil, at_s))
        delays = np.array(delays)
        seen = np.isfinite(delays)
        found[f"{kind} {what}"] = {
            "reason": reason,
            "n": len(delays),
            "found": int(seen.sum()),
            "median_s": float(np.median(delays[seen])),
            "most_s": float(delays[seen].max()),
        }
        say(f"   {kind} {what}: {seen.sum()} of {len(delays)} found, median "
            f"{np.median(delays[seen]):.2f} s, most {delays[seen].max():.2f} s")  # fmt: skip
    return found


def flagged(session: Session, kind: SignalKind) -> dict[str, float]:
    """Share of samples under each flag, and how often each light goes on in an hour."""
    stream = session.of_kind(kind)
    if stream is None or not stream.segments:
        return {}
    finder = FaultFinder(in_standard_units(stream.segments[0]).info)
    flags = np.concatenate([finder(in_standard_units(s)) for s in stream.segments])
    hours = len(flags) / stream.info.rate_hz / 3600
    found = {"hours": hours}
    for fault in Fault:
        on = (flags & fault) > 0
        name = str(fault.name).lower()
        found[f"{name}_share"] = float(on.mean())
        found[f"{name}_onsets"] = float((np.diff(on.astype(int)) > 0).sum())
    return found


def false_alarms(sessions: list[Session]) -> dict[str, Any]:
    """What the flags show on recordings of worn bands that nobody touched."""
    found = {}
    for kind in (EDA, BVP, ACC, TEMP):
        rows = [row for row in (flagged(s, kind) for s in sessions) if row]
        hours = sum(row["hours"] for row in rows)
        by_fault = {}
        for fault in Fault:
            name = str(fault.name).lower()
            share = sum(row[f"{name}_share"] * row["hours"] for row in rows) / hours
            onsets = sum(row[f"{name}_onsets"] for row in rows) / hours
            if share:
                by_fault[name] = {"share": share, "onsets_per_hour": onsets}
        found[str(kind)] = {"hours": hours, **by_fault}
        say(f"   {kind}, {hours:.0f} h: " + ("; ".join(
            f"{n} {100 * v['share']:.2g} % of the time, {v['onsets_per_hour']:.1f} an hour"
            for n, v in by_fault.items()) or "nothing"))  # fmt: skip
    return found


def off_the_skin(root: Path) -> dict[str, Any]:
    """Hold the conductance's off-skin flag against the thermometer, minute by minute."""
    off, warm, sessions = [], [], 0
    for path in sorted((root / "wearable_exam_stress").glob("**/EDA.csv*")):
        session = open_session(path.parent)
        eda, temp = (session.of_kind(kind) for kind in (EDA, TEMP))
        if eda is None or temp is None:
            continue
        sessions += 1
        finder = FaultFinder(eda.info)
        flags = np.concatenate([finder(s) for s in eda.segments])
        level_degc = np.concatenate([s.data[:, 0] for s in temp.segments])
        n = min(len(flags), len(level_degc)) // 240 * 240
        off.append(((flags[:n] & Fault.OFF_SKIN) > 0).reshape(-1, 240).mean(axis=1))
        warm.append(np.nanmean(level_degc[:n].reshape(-1, 240), axis=1))
    is_off, is_warm = np.concatenate(off) > 0.5, np.concatenate(warm) >= WARM_DEGC
    return {
        "sessions": sessions,
        "minutes": len(is_off),
        "off_share": float(is_off.mean()),
        "off_share_by_session": [float((o > 0.5).mean()) for o in off],
        "warm_share_where_on": float(is_warm[~is_off].mean()),
        "warm_share_where_off": float(is_warm[is_off].mean()),
    }


def start_up(sessions: list[Session]) -> dict[str, Any]:
    """What the first ten seconds of wristbands look like to the chain."""
    scores = []
    for session in sessions:
        chain = Chain(ChainSettings(WindowSpec(10, 10)), origin_ns=session.start_ns)
        for stream in session.streams.values():
            for segment in stream.segments:
                part: SignalChunk = cut(segment, session.start_ns, session.start_ns + 10**10)
                if len(part):
                    chain.push(part)
        (window,) = chain.advance(session.start_ns + 10**10)
        scores.append([window.quality[k].score if k in window.quality else 0.0
                       for k in (EDA, TEMP)])  # fmt: skip
    eda, temp = np.array(scores).T
    return {
        "recordings": len(scores),
        "eda_median_score_first_10_s": float(np.median(eda)),
        "temp_median_score_first_10_s": float(np.median(temp)),
        "repaired": sum(any("start-up" in r for r in s.repairs) for s in sessions),
    }


def main() -> None:
    report = Report("quality", "quality rules on bands off the skin, start-up, injected faults")
    root = data_root()
    sessions = list(worn(root))
    say(f"{len(sessions)} recordings of worn bands; {N_ONSETS} onsets of each fault")
    report.found["injected"] = injected(sessions)
    report.found["untouched"] = false_alarms(sessions)
    report.found["off_skin"] = off_the_skin(root)
    report.found["start_up"] = start_up(sessions)
    say(f"   {report.found['off_skin']}")
    say(f"   {report.found['start_up']}")
    report.save()


if __name__ == "__main__":
    main()
