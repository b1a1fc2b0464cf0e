"""A sitting as pages read it: plain JSON, times in seconds since the recording's start."""

import math
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wearaffect.clinic.console.clock import is_real
from wearaffect.clinic.console.form_view import page_view
from wearaffect.clinic.sitting.errors import Hindrance
from wearaffect.clinic.sitting.protocol import Phase, Protocol
from wearaffect.core.affect import AffectEstimate, Outcome
from wearaffect.core.errors import WearAffectError
from wearaffect.core.timebase import s_from_ns
from wearaffect.recording.keeping import planned_bytes

if TYPE_CHECKING:
    from wearaffect.clinic.console.recorder import Recorder

__all__ = [
    "disk_view",
    "outcome_view",
    "problem_view",
    "protocol_view",
    "view_of",
]


def view_of(recorder: "Recorder") -> dict[str, Any]:
    """Give a whole sitting: ``View`` without its number."""
    state, screen, plan = recorder.state, recorder.screen, recorder.plan
    origin_ns, now_ns = screen.start_ns, recorder.now_ns()

    def since(time_ns: int) -> float:
        return round(s_from_ns(time_ns - origin_ns), 3)

    def since_or_none(time_ns: int | None) -> float | None:
        return None if time_ns is None else since(time_ns)

    use, consent = state.use or plan.use, state.consent or plan.consent
    journal = recorder.journal.state
    return {
        "now_s": since(now_ns),
        "wall": _wall(None),
        "wall_start": _wall(recorder.wall_start_s),
        "name": recorder.name,
        "participant": state.participant,
        "protocol": protocol_view(state.protocol),
        "stage": str(state.stage),
        "connection": "failed" if journal.trouble else recorder.connection,
        "trouble": list(recorder.troubles),
        "use": {**use.as_dict(), "sentence": use.sentence},
        "consent": consent.as_dict(),
        "blockers": [_hindrance(h) for h in state.blockers],
        "waived": dict(state.waived),
        "phases": [
            {
                "name": run.phase.name,
                "began_s": since_or_none(run.began_ns),
                "ended_s": since_or_none(run.ended_ns),
                "due_s": since_or_none(run.due_ns),
                "skipped": run.skipped,
                "cut_short": run.cut_short,
            }
            for run in state.phases
        ],
        "current": state.current,
        "upcoming": state.upcoming,
        "streams": _streams(recorder),
        "devices": _devices(recorder),
        "gaps": [
            {
                "stream_id": gap.stream_id,
                "start_s": since(gap.start_ns),
                "end_s": since(gap.end_ns),
                "n_lost": gap.n_lost,
            }
            for gap in tuple(screen.gaps)
        ],
        "n_gaps": screen.n_gaps,
        "markers": [
            {
                "id": marker.id,
                "time_s": since(marker.time_ns),
                "set_s": since(marker.set_ns),
                "label": marker.label,
                "by": marker.by,
                "undone": marker.undone,
            }
            for marker in state.markers
        ],
        "heard": [{"time_s": since(m.time_ns), "label": m.label} for m in tuple(screen.heard)],
        "artefacts": [
            {
                "id": mark.id,
                "stream_id": mark.stream_id,
                "start_s": since(mark.start_ns),
                "end_s": since(mark.end_ns),
                "reason": mark.reason,
                "by": mark.by,
                "lifted": mark.lifted,
            }
            for mark in state.artefacts
        ],
        "pages": [page_view(page, origin_ns) for page in state.filled],
        "due_forms": [list(due) for due in state.due_forms],
        "resting": None
        if state.resting is None
        else {"taken_s": since(state.resting.taken_ns), "session": state.resting.session},
        "rest_problem": _REST_FAILED if recorder.resting.rest.failed else "",
        "withheld_because": [_hindrance(h) for h in _withheld(recorder)],
        "outcome": _latest(recorder),
        "model": plan.bundle.manifest.id if plan.bundle else "",
        "disk": disk_view(recorder.folder, planned_bytes(screen.streams, 3600.0)),
        "journal": {
            "behind_s": round(journal.behind_s, 3),
            "n_kept": journal.n_kept,
            "n_unkept": journal.n_unkept,
        },
        "closing": recorder.closing and recorder.closing.as_dict(),
        "closed": recorder.closing and recorder.closing.result,
    }


_REST_FAILED = (
    "less than two minutes of the rest were usable: the sensor sat loosely, or few beats were found"
)


def _withheld(recorder: "Recorder") -> tuple[Hindrance, ...]:
    if recorder.plan.bundle is None:
        return (Hindrance("no model was chosen: nothing is estimated", "no_model"),)
    return recorder.state.withheld_because


def _hindrance(hindrance: Hindrance) -> dict[str, str]:
    return {"code": hindrance.code, "about": hindrance.about, "text": str(hindrance)}


def _latest(recorder: "Recorder") -> dict[str, Any] | None:
    outcomes = recorder.screen.outcomes
    # what may be shown can change: consent and purpose may be stated anew
    shown = recorder.shown(outcomes[-1]) if outcomes else None
    return None if shown is None else outcome_view(shown, recorder.screen.start_ns)


def _streams(recorder: "Recorder") -> list[dict[str, Any]]:
    screen, lights = recorder.screen, recorder.lights()
    rows = []
    for index, info in enumerate(screen.streams):
        check, account = lights[info.id], recorder.journal.account(info.id)
        last_ns = screen.last_ns(info.id)
        provable = account["expected"] is not None
        rows.append(
            {
                "index": index,
                "id": info.id,
                "kind": str(info.kind),
                "device": info.device,
                "channels": [{"name": c.name, "unit": str(c.unit)} for c in info.channels],
                "sampling_rate": info.sampling_rate,
                "light": "waiting" if check is None else str(check.light),
                "reasons": [] if check is None else list(check.reasons),
                "last_s": None if last_ns is None else s_from_ns(last_ns - screen.start_ns),
                "stored": account["stored"],
                "lost": account["lost_in_gaps"] if provable else None,
                "damaged": account["damaged"],
            }
        )
    return rows


def _devices(recorder: "Recorder") -> list[dict[str, Any]]:
    real = {
        info.device: is_real(uri)
        for uri, device in zip(recorder.plan.devices, recorder.devices, strict=True)
        for info in device.streams
    }
    return [
        {
            "name": name,
            "state": str(facts.state),
            "battery_percent": _number(facts.told.get("battery_percent")),
            "rssi_dbm": _number(facts.told.get("rssi_dbm")),
            "authenticated": facts.told.get("authenticated"),
            "clock_ms": None if facts.clock_ns is None else round(facts.clock_ns / 1e6, 3),
            "real": real.get(name, True),
        }
        for name, facts in tuple(recorder.screen.devices.items())
    ]


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def protocol_view(protocol: Protocol) -> dict[str, Any]:
    """Give a protocol: ``ProtocolFacts``."""
    return {
        "name": protocol.name,
        "title": dict(protocol.title.by_language),
        "source": protocol.source,
        "planned_s": protocol.planned_s,
        "streams": list(protocol.streams),
        "enrols": protocol.enrols,
        "phases": [_phase(phase) for phase in protocol.phases],
        "forms": list(protocol.forms),
    }


def _phase(phase: Phase) -> dict[str, Any]:
    return {
        "name": phase.name,
        "title": dict(phase.title.by_language),
        "instructions": dict(phase.instructions.by_language),
        "length_s": phase.length_s,
        "enrols": phase.enrols,
        "streams": list(phase.streams),
        "forms": list(phase.forms),
        "markers": [{"key": m.key, "label": m.label} for m in phase.markers],
    }


def outcome_view(outcome: Outcome, origin_ns: int) -> dict[str, Any]:
    """Give an estimate or an abstention: ``Outcome``.

    Parameters
    ----------
    outcome : AffectEstimate or Abstention
        As it may be shown.
    origin_ns : int
        Start of the recording.
    """
    estimate = outcome if isinstance(outcome, AffectEstimate) else None
    return {
        "start_s": round(s_from_ns(outcome.start_ns - origin_ns), 3),
        "end_s": round(s_from_ns(outcome.end_ns - origin_ns), 3),
        "withheld": [] if isinstance(outcome, AffectEstimate) else list(outcome.reasons),
        "stress": estimate and _finite(estimate.stress),
        "probabilities": {}
        if estimate is None
        else {name: _finite(p) for name, p in estimate.probabilities.items()},
        "eda_us": estimate and _finite(estimate.eda_us),
        "forecast_us": {}
        if estimate is None
        else {
            f"{horizon:g}": list(band)
            for horizon, band in estimate.eda_forecast_us.items()
            if all(math.isfinite(value) for value in band)
        },
        "quality": {str(kind): _finite(q.score) for kind, q in outcome.quality.items()},
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def disk_view(folder: Path, bytes_per_hour: int | None) -> dict[str, Any]:
    """Give how much room there is: ``DiskFacts``.

    Parameters
    ----------
    folder : Path
        Somewhere on the disk.
    bytes_per_hour : int or None
        What is written at most; None: nothing yet.
    """
    there = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    hours = None if not bytes_per_hour else round(free / bytes_per_hour, 1)
    return {"free_bytes": free, "hours_left": hours}


def problem_view(error: WearAffectError) -> dict[str, Any]:
    """Give an error: ``Problem``."""
    return {
        "name": type(error).__name__,
        "what": error.what,
        "expected": error.expected,
        "got": error.got,
        "remedy": error.remedy,
    }


def _wall(unix_s: float | None) -> str:
    moment = datetime.now(UTC) if unix_s is None else datetime.fromtimestamp(unix_s, UTC)
    return moment.astimezone().isoformat(timespec="milliseconds")
