"""Clocks and links: how each device's clock was mapped, and how its connection went."""

from collections.abc import Sequence

from wearaffect.clinic.report import wording
from wearaffect.clinic.report.page import Html, bullets, join, paragraph, section, source, table
from wearaffect.clinic.report.reported import Reported
from wearaffect.core.events import ClockSegment, DeviceNote, DeviceState

__all__ = ["clocks_and_links"]

_SEGMENTS_LISTED = 24
_REASONS = {
    "start": "first",
    "drift": "drift better known",
    "reboot": "the device restarted",
    "jump": "the clock jumped",
}
_NOTED = (DeviceState.CONNECTED, DeviceState.STALLED, DeviceState.LOST, DeviceState.ENDED)
_NOTES_LISTED = 30


def clocks_and_links(told: Reported) -> Html:
    """Say how well times are known, and what happened to the devices."""
    if told.custody is None:
        return Html("")
    parts = [
        Html("<h3>Clocks</h3>"),
        _clocks(told),
        Html("<h3>Devices</h3>"),
        _devices(told),
        source(told.topics("clock", "device", "late")),
    ]
    return section("Clocks and links", parts)


def _clocks(told: Reported) -> Html:
    pieces = told.session.clock
    own = {piece.stream_id for piece in pieces}
    without = [name for name in told.session.streams if name not in own]
    lines = []
    if without:
        lines.append(
            f"Stamped by this computer when they came, without a clock of the device: "
            f"{', '.join(without)}."
        )
    if told.session.late:
        n = sum(len(late.chunk) for late in told.session.late)
        lines.append(f"{n:,} samples came after their place was passed; they are stored.")
    said = join([paragraph(line, "note") for line in lines])
    if not pieces:
        return said
    shown = _worth_showing(pieces)
    head = ("Stream", "From", "Rate", "Uncertainty", "Residual", "Why a new piece")
    rows = [_clock_row(told, piece) for piece in shown]
    made = table(head, rows, numeric=(1, 2, 3, 4), about="Clock account")
    left = len(pieces) - len(shown)
    more = f"{left} more pieces only follow the drift." if left else ""
    note = (
        "Each piece maps the device's clock to this computer's; rate is how much faster the "
        "device's runs, uncertainty how far a stamp may be off. Restarts and jumps: "
        f"{sum(piece.reason in {'reboot', 'jump'} for piece in pieces)}."
    )
    return join([made, paragraph(f"{more} {note}".strip(), "note"), said])


def _worth_showing(pieces: Sequence[ClockSegment]) -> list[ClockSegment]:
    """Give all pieces, or where they are many those that aren't mere drift and the last ones."""
    if len(pieces) <= _SEGMENTS_LISTED:
        return list(pieces)
    last = {piece.stream_id: index for index, piece in enumerate(pieces)}
    chosen = [
        piece
        for index, piece in enumerate(pieces)
        if piece.reason != "drift" or last[piece.stream_id] == index
    ]
    return chosen[: 4 * _SEGMENTS_LISTED]


def _clock_row(told: Reported, piece: ClockSegment) -> tuple[str, ...]:
    clock = piece.clock
    return (
        piece.stream_id,
        wording.clock(told.second(clock.host_ns)),
        f"{clock.rate_ppm:+.1f} ppm".replace("-", "−"),
        f"{clock.uncertainty_ns / 1e6:.1f} ms",
        f"{clock.residual_ns / 1e6:.1f} ms",
        _REASONS.get(piece.reason, piece.reason),
    )


def _devices(told: Reported) -> Html:
    notes = told.session.notes
    if not notes:
        return paragraph("The devices said nothing of their links.", "note")
    links = [note for note in notes if note.state in _NOTED]
    rows = [
        (wording.clock(told.second(n.time_ns)), n.device, str(n.state), _facts(n))
        for n in links[:_NOTES_LISTED]
    ]
    head = ("Time", "Device", "Link", "What is known")
    made = table(head, rows, about="Links of devices") if rows else Html("")
    left = len(links) - len(rows)
    more = paragraph(f"… and {left} more.", "note") if left else Html("")
    return join([made, more, bullets(_batteries(notes), "") if _batteries(notes) else ""])


def _facts(note: DeviceNote) -> str:
    facts = [
        f"battery {value:g} %"
        if name == "battery_percent" and isinstance(value, int | float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in note.facts.items()
    ]
    if note.facts.get("authenticated") is False:
        facts.append("the link isn't authenticated")
    return ", ".join(facts)


def _batteries(notes: Sequence[DeviceNote]) -> list[str]:
    levels: dict[str, list[float]] = {}
    for note in notes:
        level = note.facts.get("battery_percent")
        if isinstance(level, int | float):
            levels.setdefault(note.device, []).append(float(level))
    return [
        f"Battery of {device}: {found[0]:.0f} % at first, {found[-1]:.0f} % at last"
        for device, found in levels.items()
        if len(found) > 1
    ]
