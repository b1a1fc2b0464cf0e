"""What the quality rules see: bands off the skin, start-up, and faults put in at a known time.

Exam recordings are hours of life with the band off for long stretches. Nobody wrote down when, so
the off-skin flag of the conductance is held against a witness that knows nothing of conductance:
the skin thermometer. The thermometer's own rule is absolute: a band that lies in a warm room looks
worn to it, which is put in as a fault and counted in the exam recordings.

Faults are put into recordings of worn bands at random times, one at a time, and the light of
`Quality.latest` is read every quarter of a second, in windows of a minute. An onset is drawn again
where the untouched recording shows that light itself, from two seconds before to six after: what
is found is found because of the fault. How many draws that took is counted. What the lights show
on the untouched recordings is a false alarm, or a fault that is really there: the counts can't tell
these apart.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from harness import Report, data_root, say
from numpy.typing import NDArray
from spoiling import ACC, BVP, EDA, FALL, FAULTS, SPEC, TEMP, lit

from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import RecordedStream, Session, cut
from wearaffect.recording.windows import windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.conversion import in_standard_units
from wearaffect.signals.faults import Fault, FaultFinder

N_ONSETS, MOST_DRAWS = 40, 400
WARM_DEGC = 30.0
_LATELY_S = 10
LOOSE_US = 0.1  # the least change that the rule takes up


def worn(root: Path) -> Iterator[Session]:
    """Recordings of worn bands: laboratory sittings under an experimenter's eyes."""
    for path in [*sorted((root / "wesad").glob("S*/S*_E4_Data.zip")),
                 *sorted((root / "stress_predict" / "Raw_data").glob("S*"))]:  # fmt: skip
        yield open_session(path)


def injected(sessions: list[Session]) -> dict[str, Any]:
    """Delays of every kind of fault over many onsets."""
    found = {}
    for fault in FAULTS:
        rng = np.random.default_rng(0)
        delays, draws = [], 0
        while len(delays) < N_ONSETS and draws < MOST_DRAWS:
            session = sessions[draws % len(sessions)]
            at_s = rng.uniform(90, session.duration_s - 60)
            draws += 1
            if not lit(session, fault, at_s, untouched=True).size:
                after = lit(session, fault, at_s, untouched=False)
                delays.append(min(after[after > 0], default=np.inf))
        seen = [delay for delay in delays if np.isfinite(delay)]
        found[f"{fault.light} {fault.reason}: {fault.what}"] = row = {
            "light": str(fault.light),
            "reason": fault.reason,
            "what": fault.what,
            "n": len(delays),
            "draws": draws,
            "found": len(seen),
            "median_s": float(np.median(seen)) if seen else None,
            "most_s": float(max(seen)) if seen else None,
        }
        say(f"   {row}")
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


def lights(sessions: list[Session]) -> dict[str, Any]:
    """What the pulse's lights that no single sample can light show, once a second."""
    names = ("motion", "few_beats")
    shown = []
    for session in sessions:
        chain = Chain(ChainSettings(WindowSpec(SPEC.window_s, 1.0)), origin_ns=session.start_ns)
        latest = [w.quality[BVP].latest for w in windows_of(session, chain) if BVP in w.quality]
        shown.append(np.array([[name in reasons for name in names] for reasons in latest]))
    every = np.concatenate(shown)
    hours = len(every) / 3600
    onsets = sum((np.diff(on.astype(int), axis=0) > 0).sum(axis=0) for on in shown)
    found = {
        name: {"share": float(every[:, i].mean()), "onsets_per_hour": float(onsets[i] / hours)}
        for i, name in enumerate(names)
    }
    lately = [np.convolve(on[:, 0], np.ones(_LATELY_S))[: len(on)] > 0 for on in shown]
    at_rest = float(np.mean(~np.concatenate(lately)[every[:, 1]]))
    say(f"   bvp lights, {hours:.0f} h: {found}; few beats without motion: {at_rest:.2f}")
    return {"hours": hours, "few_beats_without_motion": at_rest, **found}


def low_levels(sessions: list[Session]) -> float:
    """Share of worn samples from which the fall that is put in stays under the rule's floor."""
    levels = np.concatenate([s.require(EDA).samples()[1][:, 0] for s in sessions])
    levels = levels[np.isfinite(levels)]
    return float(np.mean(FALL * levels < LOOSE_US))


def off_the_skin(root: Path) -> dict[str, Any]:
    """Hold the conductance's off-skin flag against the thermometer, and the other way round."""
    off, warm, cold, sessions = [], [], [], 0
    for path in sorted((root / "wearable_exam_stress").glob("**/EDA.csv*")):
        session = open_session(path.parent)
        eda, temp = (session.of_kind(kind) for kind in (EDA, TEMP))
        if eda is None or temp is None:
            continue
        sessions += 1
        by_eda, by_temp = (_off_skin(stream) for stream in (eda, temp))
        level_degc = np.concatenate([s.data[:, 0] for s in temp.segments])
        n = min(len(by_eda), len(level_degc)) // 240 * 240  # both at 4 Hz
        off.append(by_eda[:n].reshape(-1, 240))
        cold.append(by_temp[:n].reshape(-1, 240))
        warm.append(np.nanmean(level_degc[:n].reshape(-1, 240), axis=1))
    by_eda, by_temp = np.concatenate(off), np.concatenate(cold)
    is_off, is_warm = by_eda.mean(axis=1) > 0.5, np.concatenate(warm) >= WARM_DEGC
    return {
        "sessions": sessions,
        "minutes": len(is_off),
        "off_share": float(is_off.mean()),
        "off_share_by_session": [float((o.mean(axis=1) > 0.5).mean()) for o in off],
        "warm_share_where_on": float(is_warm[~is_off].mean()),
        "warm_share_where_off": float(is_warm[is_off].mean()),
        "temp_flags_where_off": float(by_temp[by_eda].mean()),
        "temp_flags_where_on": float(by_temp[~by_eda].mean()),
    }


def _off_skin(stream: RecordedStream) -> NDArray[np.bool_]:
    finder = FaultFinder(in_standard_units(stream.segments[0]).info)
    flags = np.concatenate([finder(in_standard_units(s)) for s in stream.segments])
    return (flags & Fault.OFF_SKIN) > 0


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
    """Run the study."""
    report = Report("quality", __doc__ or "")
    root = data_root()
    sessions = list(worn(root))
    say(f"{len(sessions)} recordings of worn bands; {N_ONSETS} onsets of each fault")
    report.found = {
        "injected": injected(sessions),
        "untouched": false_alarms(sessions),
        "untouched_lights": lights(sessions),
        "off_skin": off_the_skin(root),
        "start_up": start_up(sessions),
        "too_low_for_loose": low_levels(sessions),
    }
    off, found = report.found["off_skin"], report.found
    say(f"   {off}, {found['start_up']}, too low for loose {found['too_low_for_loose']:.3f}")
    report.notes = [
        f"{len(sessions)} recordings of worn bands (WESAD, Stress-Predict). Delays are medians "
        "over the faults found; an onset is drawn only where the untouched recording doesn't show "
        "the light, so that a light lit before, or by chance, doesn't count.",
        f"loose: a fall by {100 * FALL:.0f} % is under the floor of {LOOSE_US} µS in "
        f"{100 * found['too_low_for_loose']:.1f} % of worn samples: such a band can't be told.",
        f"exam recordings ({off['sessions']}, {off['minutes']} minutes): the conductance says off "
        f"the skin in {100 * off['off_share']:.0f} % of minutes; of these "
        f"{100 * off['warm_share_where_off']:.1f} % are at {WARM_DEGC:g} °C or more, of the others "
        f"{100 * off['warm_share_where_on']:.0f} %.",
        "the thermometer's rule is absolute (below 20, above 40 °C): it can't see a band that lies "
        f"in a warm room. It flags {100 * off['temp_flags_where_off']:.1f} % of the exam samples "
        "that the conductance finds off the skin.",
        "motion and few_beats are counted once a second; wrists do move. Of the seconds with "
        f"few_beats {100 * found['untouched_lights']['few_beats_without_motion']:.0f} % have no "
        f"motion in the {_LATELY_S} s before: a weak pulse, or a false alarm.",
        "few_beats looks back two seconds by its definition, and flatness of conductance 1.5 s.",
    ]
    report.save()


if __name__ == "__main__":
    main()
