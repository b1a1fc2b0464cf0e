"""The file that tells the ``gatt`` driver a device's layout: read whole, every mistake named."""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from wearaffect.core.errors import DeviceUriError
from wearaffect.core.naming import is_safe_id, unfit
from wearaffect.core.streams import Channel, LossEvidence, SignalKind, StreamInfo, fits
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.units import Unit
from wearaffect.devices.bluetooth.gatt_layout import Field, Layout, Number, Step, StreamLayout
from wearaffect.devices.driver import Source

__all__ = ["read_layout"]

T = TypeVar("T")

_MOST_BYTES = 512  # no value is longer (Bluetooth Core 5.4, Vol 3 Part F 3.2.9)
_MOST_HZ, _HUGE = 100_000.0, 1e12
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORT = re.compile(r"[0-9a-f]{4}")
_TYPES = {f"{kind}{bits}": (kind, bits // 8) for kind in "iu" for bits in (8, 16, 24, 32)} | {
    "f32": ("f", 4)
}
_KINDS = {kind.value: kind for kind in SignalKind if kind != SignalKind.MARKER}
_COUNTS = {f"u{bits}": bits // 8 for bits in (8, 16, 24, 32, 64)}


def read_layout(uri: str, path: str) -> Layout:
    """Read a layout.

    Parameters
    ----------
    uri : str
        Of the device, for messages.
    path : str
        Of the TOML file, as `wearaffect.devices.drivers.gatt` describes it.

    Returns
    -------
    Layout
        Checked throughout.

    Raises
    ------
    DeviceUriError
        The file can't be read, isn't TOML, or has a mistake: the message says where.
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeviceUriError(uri, path, expected="a TOML file", got=str(error)) from error
    top = _Table(uri, path, content)
    layout = Layout(
        top.each("services", _uuid),
        top.each("name_prefixes", _Table.as_text),
        tuple(_step(table) for table in top.tables("start")),
        tuple(_step(table) for table in top.tables("stop")),
        tuple(_stream(table) for table in top.tables("stream")),
    )
    top.finish()
    ids = [stream.source.info.id for stream in layout.streams]
    if not ids:
        raise top.wrong("stream", "at least one [[stream]]", "none")
    if len(set(ids)) < len(ids):
        raise top.wrong("stream", "each kind and name once", ", ".join(ids))
    return layout


class _Table:
    """A table of the file, which knows where it is and what hasn't been read yet."""

    def __init__(self, uri: str, where: str, content: Mapping[str, Any]) -> None:
        self._uri, self._where = uri, where
        self._content = content
        self._left = set(content)

    def wrong(self, key: str, expected: str, got: object) -> DeviceUriError:
        where = f"{self._where}: {key}" if key else self._where
        return DeviceUriError(self._uri, where, expected=expected, got=str(got))

    def has(self, key: str) -> bool:
        return key in self._content

    def take(self, key: str, expected: str, ok: Callable[[Any], bool]) -> Any:
        self._left.discard(key)
        if key not in self._content:
            raise self.wrong(key, expected, "nothing")
        value = self._content[key]
        if not ok(value):
            raise self.wrong(key, expected, repr(value))
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        if default is not None and not self.has(key):
            return default
        expected = f"a number from {low:g} to {high:g}"
        value: float = self.take(key, expected, lambda v: _is_number(v) and low <= v <= high)
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        if default is not None and not self.has(key):
            return default
        expected = f"a whole number from {low} to {high}"
        value: int = self.take(key, expected, lambda v: type(v) is int and low <= v <= high)
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        if not self.has(key):
            return default
        value: bool = self.take(key, "true or false", lambda v: isinstance(v, bool))
        return value

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and not self.has(key):
            return default
        value: str = self.take(key, "text", lambda v: isinstance(v, str))
        return value

    def as_text(self, value: object) -> str:
        if not isinstance(value, str) or not value:
            raise self.wrong("", "text", repr(value))
        return value

    def choice(self, key: str, known: Mapping[str, T], default: str | None = None) -> T:
        word = self.text(key, default)
        if word not in known:
            raise self.wrong(key, "one of " + ", ".join(known), repr(word))
        return known[word]

    def hex(self, key: str, default: str | None = None) -> bytes:
        text = self.text(key, default)
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise self.wrong(key, "bytes as pairs of hexadecimal digits", repr(text)) from None

    def one(self, key: str, read: Callable[["_Table", object], T]) -> T:
        return read(_Table(self._uri, f"{self._where}: {key}", {}), self.text(key))

    def each(self, key: str, read: Callable[["_Table", object], T]) -> tuple[T, ...]:
        if not self.has(key):
            return ()
        values = self.take(key, "a list", lambda v: isinstance(v, list))
        return tuple(
            read(_Table(self._uri, f"{self._where}: {key}[{i}]", {}), value)
            for i, value in enumerate(values)
        )

    def tables(self, key: str) -> tuple["_Table", ...]:
        return self.each(key, _Table.inside)

    def table(self, key: str) -> "_Table | None":
        if not self.has(key):
            return None
        content = self.take(key, "a table", lambda v: isinstance(v, dict))
        return _Table(self._uri, f"{self._where}: {key}", content)

    def inside(self, value: object) -> "_Table":
        if not isinstance(value, dict):
            raise self.wrong("", "a table", repr(value))
        return _Table(self._uri, self._where, value)

    def finish(self) -> None:
        """Refuse what nobody asked for: a word misspelt must not be a setting ignored."""
        for key in sorted(self._left):
            raise self.wrong(key, "a key that is known", "this one")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _uuid(at: _Table, value: object) -> str:
    text = at.as_text(value).lower()
    if _SHORT.fullmatch(text):
        return f"0000{text}-0000-1000-8000-00805f9b34fb"
    if not _UUID.fullmatch(text):
        raise at.wrong("", "a UUID of 4 or 32 hexadecimal digits", repr(value))
    return text


def _step(table: _Table) -> Step:
    step = Step(
        table.one("characteristic", _uuid), table.hex("hex"), table.flag("response", default=True)
    )
    table.finish()
    return step


def _stream(table: _Table) -> StreamLayout:
    kind, name = table.choice("kind", _KINDS), table.text("name", "")
    rate_hz = table.number("rate_hz", 1e-3, _MOST_HZ) if table.has("rate_hz") else None
    channels = tuple(_channel(one, kind) for one in table.tables("channels"))
    if not channels:
        raise table.wrong("channels", "at least one", "none")
    samples = table.whole("samples", 1, _MOST_BYTES) if table.has("samples") else None
    if rate_hz is None and samples != 1:
        raise table.wrong("samples", "1, as an irregular stream has no rate_hz", samples)
    big_endian = table.flag("big_endian", default=False)
    counter, per_notification = _counter(table, samples, big_endian=big_endian)
    clock, of_last, tick_ns = _clock(table, big_endian=big_endian)
    evidence = LossEvidence.COUNTER if counter else LossEvidence.NONE
    if clock and not counter and rate_hz is not None:
        evidence = LossEvidence.DEVICE_CLOCK
    stream_id = f"gatt.{kind}_{name}" if name else f"gatt.{kind}"
    labels = [label for label, _, _, _ in channels]
    if not is_safe_id(stream_id):
        raise table.wrong("name", "letters, digits, _ and -", ascii(name))
    if wrong := unfit(labels):
        raise table.wrong("channels", "names that differ, and none of our own columns'", wrong[0])
    info = StreamInfo(
        stream_id,
        kind,
        tuple(Channel(label, unit) for label, unit, _, _ in channels),
        rate_hz,
        loss_evidence=evidence,
    )
    layout = StreamLayout(
        Source(
            info,
            counter.modulus * ((samples or 1) if per_notification else 1) if counter else None,
            round(clock.modulus * tick_ns) if clock else None,
        ),
        table.one("characteristic", _uuid),
        table.hex("starts_with", ""),
        Number(*table.choice("type", _TYPES), big_endian),
        table.whole("offset", 0, _MOST_BYTES, 0),
        samples,
        np.array([scale for _, _, scale, _ in channels]),
        np.array([zero for _, _, _, zero in channels]),
        counter,
        per_notification,
        clock,
        of_last,
        tick_ns,
    )
    table.finish()
    if clash := layout.clash():
        field, bytes_, whose = clash
        raise table.wrong(field, f"a place apart from {whose}", bytes_)
    return layout


def _channel(table: _Table, kind: SignalKind) -> tuple[str, Unit, float, float]:
    name, unit = table.text("name"), table.choice("unit", {unit.value: unit for unit in Unit})
    if not fits(kind, unit):
        right = ", ".join(one for one in Unit if fits(kind, one))
        raise table.wrong("unit", f"one that {kind} can be in: {right}", repr(str(unit)))
    scale = table.number("scale", -_HUGE, _HUGE, 1.0)
    if abs(scale) < 1 / _HUGE:
        raise table.wrong("scale", "a number other than 0", scale)
    zero = table.number("zero", -_HUGE, _HUGE, 0.0)
    table.finish()
    return name, unit, scale, zero


def _counter(stream: _Table, samples: int | None, *, big_endian: bool) -> tuple[Field | None, bool]:
    """Read where the counter is, and whether it counts notifications rather than samples."""
    table = stream.table("counter")
    if table is None:
        return None, False
    per_notification = table.choice("per", {"notification": True, "sample": False})
    if per_notification and samples is None:
        raise stream.wrong("samples", "how many, as the counter counts notifications", "nothing")
    field = _field(table, big_endian=big_endian)
    table.finish()
    return field, per_notification


def _clock(stream: _Table, *, big_endian: bool) -> tuple[Field | None, bool, float]:
    """Read where the clock is, whether it is of the last sample, and nanoseconds to a tick."""
    table = stream.table("clock")
    if table is None:
        return None, False, 0.0
    of_last = table.choice("of", {"first": False, "last": True}, "first")
    tick_ns = table.number("tick_s", 1e-9, 3600.0) * NS_PER_S
    field = _field(table, big_endian=big_endian)
    table.finish()
    return field, of_last, tick_ns


def _field(table: _Table, *, big_endian: bool) -> Field:
    size = table.choice("type", _COUNTS)
    most = 1 << 8 * size
    return Field(
        table.whole("offset", 0, _MOST_BYTES),
        Number("u", size, big_endian),
        table.whole("modulus", 2, most, most),
    )
