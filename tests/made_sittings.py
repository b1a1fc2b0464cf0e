"""Recorded sittings of synthetic participants: journal, acts and all, over a short protocol.

What happens when is written down here, so that a test can count windows without asking anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from wearaffect.clinic.sitting.forms import form_named
from wearaffect.clinic.sitting.protocol import read_protocol
from wearaffect.clinic.sitting.purpose import Consent
from wearaffect.clinic.sitting.records import about
from wearaffect.clinic.sitting.sitting import Sitting
from wearaffect.core.streams import LossEvidence, Marker, SignalChunk, StreamInfo
from wearaffect.core.timebase import exact_rate
from wearaffect.physiology.participant import (
    SENSORS,
    ParticipantSettings,
    simulate_participant,
)
from wearaffect.physiology.timeline import REST, STRESS
from wearaffect.recording.journal import JournalSettings, JournalWriter

S = 1_000_000_000
PHASES = (  # name, length in seconds, condition
    ("rest", 160, "baseline"),
    ("sitting", 140, "baseline"),
    ("speech", 80, "stress"),
    ("arithmetic", 90, "stress"),
    ("break", 40, ""),
    ("clip", 160, "amusement"),
    ("recovery", 100, "rest"),
)
PROTOCOL: Mapping[str, Any] = {
    "name": "short",
    "title": "A short one",
    "phases": [
        {"name": name, "length_s": length_s, "forms": ["affect"], "streams": ["eda"]}
        | ({"condition": condition} if condition else {})
        | ({"enrols": True} if name == "rest" else {})
        for name, length_s, condition in PHASES
    ],
}
BEFORE_S = 10  # of signal before the first phase
ANSWERS = {"rest": (0.75, 0.25), "sitting": (0.5, 0.5), "arithmetic": (0.125, 1.0), "clip": (1, 0)}
_BODY = {
    "stress": replace(STRESS, heart_rise_per_min=25.0),
    "amusement": replace(REST, bursts_per_min=8.0, moves_per_min=0.6),
}


def starts_s() -> dict[str, float]:
    """When each phase begins, in seconds of the session; ``end`` closes the last."""
    found, at_s = {}, float(BEFORE_S)
    for name, length_s, _ in PHASES:
        found[name] = at_s
        at_s += length_s
    return found | {"end": at_s}


def record_sitting(
    folder: Path,
    participant: str,
    *,
    seed: int = 1,
    wall_start_s: float = 1_790_000_000.0,
    protocol: Mapping[str, Any] = PROTOCOL,
    marks: Sequence[tuple[str, float, float]] = (),
    lifted: Sequence[int] = (),
    settings: JournalSettings | None = None,
    consent: Consent | None = None,
    device: str = "synthetic:?seed=1",
    closes: bool = True,
    agreed: Consent | None = None,
) -> Path:
    """Record a sitting to its end; `marks` are artefacts: stream, start and end in seconds.

    `agreed` is what the participant agrees to in the end.
    """
    zero_ns = 3_000 * S
    now = [zero_ns]
    forms = [form_named("affect")]
    sitting = Sitting.open(participant, read_protocol(protocol), forms, lambda: now[0])
    sitting.note_consent(consent or Consent(recording=True, estimates=True))
    kept = replace(
        settings or JournalSettings(),
        about=about(sitting.state.protocol, sitting.state.consent),
        sync_s=5.0,
    )
    journal = JournalWriter(
        folder, participant=participant, wall_start_s=wall_start_s, settings=kept,
        device=device, intended_use="research, laboratory; not a medical device",
    )  # fmt: skip
    infos, signals = body(seed)
    sitting.see_streams(infos)
    journal.start(infos, zero_ns)
    sitting.attach(journal)
    turns = iter([*starts_s().items()])
    turn, running = next(turns), ""
    length_s = int(starts_s()["end"]) + 5
    for second in range(length_s):
        now[0] = zero_ns + second * S
        if second == turn[1]:
            _go_on(sitting, running)
            running, turn = turn[0], next(turns, ("", -1.0))
        feed(journal, infos, signals, second, zero_ns)
    now[0] = zero_ns + length_s * S
    _look_back(sitting, zero_ns, marks, lifted)
    if closes:
        if agreed is not None:
            journal.agree(agreed.as_dict(), "research, laboratory; not a medical device")
        journal.close()
    else:
        journal.flush()
        journal.abandon()
    return folder


def _go_on(sitting: Sitting, running: str) -> None:
    if running:
        _fill(sitting, running)
        sitting.end_phase(running)
    else:
        sitting.start()


def _look_back(
    sitting: Sitting,
    zero_ns: int,
    marks: Sequence[tuple[str, float, float]],
    lifted: Sequence[int],
) -> None:
    sitting.review("somebody left before the last form")
    for stream_id, start_s, end_s in marks:
        first, last = (zero_ns + round(t * S) for t in (start_s, end_s))
        sitting.mark_artefact(stream_id, first, last, "moved")
    for number in lifted:
        sitting.lift_artefact(number, "it was nothing")
    sitting.close()


def record_plain(folder: Path, participant: str, labels: Sequence[tuple[float, str]]) -> Path:
    """Record without a sitting, as ``wearaffect record`` does, with markers."""
    infos, signals = body(7)
    zero_ns = 5_000 * S
    journal = JournalWriter(folder, participant=participant, wall_start_s=1_790_000_000.0)
    journal.start(infos, zero_ns)
    for second in range(300):
        feed(journal, infos, signals, second, zero_ns)
    for time_s, label in labels:
        journal.event(Marker(zero_ns + round(time_s * S), label))
    journal.close()
    return folder


def body(seed: int) -> tuple[list[StreamInfo], Mapping[Any, Any]]:
    """The streams of a wristband, and what it measures over the protocol."""
    conditions = [replace(REST, label="", duration_s=float(BEFORE_S))]
    conditions += [
        replace(_BODY.get(label, REST), label=name, duration_s=float(length_s))
        for name, length_s, label in PHASES
    ]
    length_s = starts_s()["end"] + 5
    made = simulate_participant(
        ParticipantSettings(seed=seed, protocol=tuple(conditions)), length_s
    )
    infos = [
        StreamInfo(
            f"band.{kind}", kind, sensor.channels, sensor.sampling_rate, "band", "wrist",
            LossEvidence.COUNTER,
        )
        for kind, sensor in SENSORS.items()
    ]  # fmt: skip
    return infos, made.signals


def feed(
    journal: JournalWriter,
    infos: Sequence[StreamInfo],
    signals: Mapping[Any, Any],
    second: int,
    zero_ns: int,
) -> None:
    """Give the journal a second of all streams."""
    start_ns = zero_ns + second * S
    for info in infos:
        rate = int(exact_rate(info.rate_hz))
        data = np.asarray(signals[info.kind])[second * rate : (second + 1) * rate]
        chunk = SignalChunk(info, data, start_ns, device_counter=second * rate)
        journal.chunk(chunk, start_ns + S)
    journal.watermark(start_ns + S)


def _fill(sitting: Sitting, phase: str) -> None:
    if phase not in ANSWERS:
        return
    page = sitting.open_form("affect", phase)
    valence, arousal = ANSWERS[phase]
    sitting.answer(page, "valence", 0.9)  # and thought better of it
    sitting.answer(page, "valence", valence)
    sitting.answer(page, "arousal", arousal)
    sitting.close_form(page)
