"""What an LSL stream is in our words, read from its metadata: no liblsl in here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DeviceError, DeviceUriError
from wearaffect.core.naming import distinct, slug
from wearaffect.core.streams import Channel, LossEvidence, Marker, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.devices.uri import DeviceUri

__all__ = ["Column", "Described", "Part", "counter_column", "is_markers", "markers_of", "parts_of"]

_COUNTER = "counter"

# Content types and channel types as XDF's metadata page and common senders write them.
_KINDS = {
    **{str(kind): kind for kind in SignalKind},
    "gsr": SignalKind.EDA,
    "eda/gsr": SignalKind.EDA,
    "ekg": SignalKind.ECG,
    "pulse": SignalKind.BVP,
    "accelerometer": SignalKind.ACC,
    "acceleration": SignalKind.ACC,
    "temperature": SignalKind.TEMP,
    "heartrate": SignalKind.HR,
    "heart_rate": SignalKind.HR,
    "rr": SignalKind.IBI,
    "respiration": SignalKind.RESP,
}
# Symbols as they are written: a capital tells siemens from seconds and millisiemens from ms.
_SYMBOLS = {
    **{unit.value: unit for unit in Unit},
    "µS": Unit.MICROSIEMENS,
    "μS": Unit.MICROSIEMENS,
    "C": Unit.CELSIUS,
    "°C": Unit.CELSIUS,
    "m/s^2": Unit.METRE_PER_SECOND_SQUARED,
    "m/s²": Unit.METRE_PER_SECOND_SQUARED,
    "a.u.": Unit.ARBITRARY,
}
_UNIT_WORDS = {
    "microsiemens": Unit.MICROSIEMENS,
    "siemens": Unit.SIEMENS,
    "nanosiemens": Unit.NANOSIEMENS,
    "celsius": Unit.CELSIUS,
    "bpm": Unit.BEATS_PER_MINUTE,
    "millivolt": Unit.MILLIVOLT,
    "millivolts": Unit.MILLIVOLT,
    "second": Unit.SECOND,
    "seconds": Unit.SECOND,
    "millisecond": Unit.MILLISECOND,
    "milliseconds": Unit.MILLISECOND,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A channel as its sender describes it; empty where it doesn't."""

    label: str = ""
    unit: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """An LSL stream as its sender describes it.

    Attributes
    ----------
    name, type : str
        Of the stream.
    rate_hz : float
        Nominal; 0 where samples come when they come.
    text : bool
        Whether its values are strings.
    columns : tuple of Column
        One per channel.
    device, body_site : str
        As one of our own outlets says; empty elsewhere.
    """

    name: str
    type: str
    rate_hz: float
    text: bool
    columns: tuple[Column, ...]
    device: str = ""
    body_site: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One of our streams, and which columns of the LSL stream are its channels."""

    info: StreamInfo
    columns: tuple[int, ...]


def is_markers(described: Described) -> bool:
    """Whether what comes are events rather than samples."""
    return described.text or described.type.lower() in {"markers", "marker", "events"}


def markers_of(rows: NDArray[Any], host_ns: NDArray[np.int64]) -> Iterator[Marker]:
    """Give a marker a row: its words, or its numbers as words."""
    for row, time_ns in zip(rows, host_ns.tolist(), strict=True):
        words = (w.decode("utf-8", "replace") if isinstance(w, bytes) else f"{w:g}" for w in row)
        yield Marker(time_ns, ", ".join(filter(None, words)))


def counter_column(described: Described) -> int | None:
    """Give the column that counts samples; our outlets have one, and whoever calls it so."""
    for index, column in enumerate(described.columns):
        if column.type.lower() == _COUNTER:
            return index
    return None


def parts_of(uri: DeviceUri, described: Described) -> tuple[Part, ...]:
    """Tell which of our streams an LSL stream holds, by kind.

    Parameters
    ----------
    uri : DeviceUri
        Its settings ``kind`` and ``unit`` stand above what the sender says.
    described : Described
        What the sender says.

    Returns
    -------
    tuple of Part
        One for each kind, in the order of their first channels.

    Raises
    ------
    DeviceError
        The kind or the unit of a channel can't be told.
    DeviceUriError
        A setting names a kind or a unit that there isn't.
    """
    counter = counter_column(described)
    found: dict[SignalKind, list[int]] = {}
    for index, column in enumerate(described.columns):
        if index != counter:
            found.setdefault(_kind(uri, described, column), []).append(index)
    evidence = LossEvidence.DEVICE_CLOCK if described.rate_hz else LossEvidence.NONE
    device = slug(described.device or described.name, "lsl")
    return tuple(
        Part(
            StreamInfo(
                f"{device}.{kind}",
                kind,
                _channels(uri, described, kind, columns),
                described.rate_hz or None,
                device=device,
                body_site=described.body_site,
                loss_evidence=evidence if counter is None else LossEvidence.COUNTER,
            ),
            tuple(columns),
        )
        for kind, columns in found.items()
    )


def _channels(
    uri: DeviceUri, described: Described, kind: SignalKind, columns: Sequence[int]
) -> tuple[Channel, ...]:
    named = [described.columns[index] for index in columns]
    names = distinct(
        column.label or (str(kind) if len(columns) == 1 else f"{kind}{number}")
        for number, column in enumerate(named)
    )
    units = [_unit(uri, described, column) for column in named]
    return tuple(map(Channel, names, units))


def _kind(uri: DeviceUri, described: Described, column: Column) -> SignalKind:
    said = uri.settings.get("kind")
    if said is not None:
        if said not in _KINDS:
            expected = ", ".join(SignalKind)
            raise DeviceUriError(str(uri), "setting kind", expected=expected, got=said)
        return _KINDS[said]
    for word in (column.type, described.type):
        if word.lower() in _KINDS:
            return _KINDS[word.lower()]
    raise DeviceError(
        str(uri),
        f"what channel {column.label or '(no label)'!r} measures can't be told",
        expected="a channel or stream type such as EDA, PPG, ECG, ACC",
        got=f"{column.type!r} in a stream of type {described.type!r}",
        remedy="say it: add kind=eda (and unit=uS) to the address",
    )


def _unit(uri: DeviceUri, described: Described, column: Column) -> Unit:
    said = uri.settings.get("unit")
    word = column.unit if said is None else said
    unit = _SYMBOLS.get(word) or _UNIT_WORDS.get(word.lower())
    if unit is not None:
        return unit
    if said is not None:
        expected = ", ".join(Unit)
        raise DeviceUriError(str(uri), "setting unit", expected=expected, got=said)
    raise DeviceError(
        str(uri),
        f"the unit of channel {column.label or '(no label)'!r} of {described.name!r} can't be told",
        expected=", ".join(Unit),
        got=repr(word),
        remedy="say it: add unit=uS to the address",
    )
