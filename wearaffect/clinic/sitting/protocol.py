"""Protocols as data: which phases a sitting has, and what each asks for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from wearaffect.clinic.sitting.reading import Node, Text, document_of, named_documents
from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import ns_from_s
from wearaffect.datasets.labelled import CONDITIONS
from wearaffect.signals.enrolment import MIN_REST_S

__all__ = ["MarkerKey", "Phase", "Protocol", "read_protocol", "shipped_protocols"]

_SHIPPED = Path(__file__).parent / "templates" / "protocols"
_LONGEST_S = 86_400.0
_MAY_SAY = (
    "title", "instructions", "length_s", "enrols", "streams", "forms", "markers", "condition"
)  # fmt: skip
_KINDS = tuple(kind for kind in SignalKind if kind != SignalKind.MARKER)


@dataclass(frozen=True, slots=True)
class MarkerKey:
    """A marker that is set by a key: what it says, and which key (a-z or 0-9)."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a protocol.

    Attributes
    ----------
    name : str
        As records name it.
    title, instructions : Text
        For people.
    length_s : float or None
        Planned length, seconds; None: until somebody goes on.
    enrols : bool
        Whether the person rests, so that the resting state is taken from it.
    streams : tuple of str
        Kinds of signals that it needs.
    forms : tuple of str
        Forms to be filled in it, or right after.
    markers : tuple of MarkerKey
        What is at hand in it.
    condition : str
        What it stands for where sittings are learnt from or scored, one of
        `wearaffect.datasets.labelled.CONDITIONS`; empty: nothing, its windows have no label.
    """

    name: str
    title: Text
    instructions: Text
    length_s: float | None
    enrols: bool
    streams: tuple[str, ...]
    forms: tuple[str, ...]
    markers: tuple[MarkerKey, ...]
    condition: str = ""

    @property
    def length_ns(self) -> int | None:
        """Planned length, nanoseconds."""
        return None if self.length_s is None else ns_from_s(self.length_s)


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is to happen in a sitting.

    Attributes
    ----------
    name : str
        As records name it.
    title : Text
        For people.
    phases : tuple of Phase
        In order.
    forms : tuple of str
        To be filled after the last phase.
    source : str
        Where its design comes from.
    document : mapping
        It as it was read; `read_protocol` makes the protocol again from it.
    """

    name: str
    title: Text
    phases: tuple[Phase, ...]
    forms: tuple[str, ...]
    source: str
    document: Mapping[str, Any]

    @property
    def streams(self) -> tuple[str, ...]:
        """Kinds of signals that any phase needs."""
        return tuple(dict.fromkeys(kind for phase in self.phases for kind in phase.streams))

    @property
    def all_forms(self) -> tuple[str, ...]:
        """Names of all forms, in the order in which they come."""
        return tuple(dict.fromkeys([*(f for p in self.phases for f in p.forms), *self.forms]))

    @property
    def enrols(self) -> bool:
        """Whether a phase takes the resting state."""
        return any(phase.enrols for phase in self.phases)

    @property
    def planned_s(self) -> float:
        """Sum of the planned lengths, seconds."""
        return sum(phase.length_s or 0.0 for phase in self.phases)


def read_protocol(source: str | PathLike[str] | Mapping[str, Any]) -> Protocol:
    """Read a protocol.

    Parameters
    ----------
    source : path or mapping
        YAML or JSON file, or its content.

    Raises
    ------
    SittingFileError
        It isn't one; with file, place, what was expected and what came.
    """
    whole = document_of(source)
    fields = whole.fields(("name", "title", "phases"), ("forms", "source"))
    phases = tuple(_phase(node) for node in fields["phases"].entries(1))
    _once(fields["phases"], [phase.name for phase in phases])
    return Protocol(
        fields["name"].name(),
        fields["title"].words(200),
        phases,
        _names(fields, "forms"),
        fields["source"].text() if "source" in fields else "",
        whole.value,
    )


def shipped_protocols() -> dict[str, Path]:
    """Give the templates that come with the package, by name."""
    return named_documents(_SHIPPED)


def _phase(node: Node) -> Phase:
    fields = node.fields(("name",), _MAY_SAY)
    name = fields["name"].name()
    length_s = fields["length_s"].number(1.0, _LONGEST_S) if "length_s" in fields else None
    enrols = fields["enrols"].flag() if "enrols" in fields else False
    if enrols and (length_s is None or length_s < MIN_REST_S):
        fields["enrols"].fail(
            f"a length_s of at least {MIN_REST_S:g} in a phase that enrols",
            "none" if length_s is None else f"{length_s:g}",
            "five quiet minutes do",
        )
    return Phase(
        name,
        fields["title"].words(200) if "title" in fields else Text({"en": name.replace("_", " ")}),
        fields["instructions"].words() if "instructions" in fields else Text(),
        length_s,
        enrols,
        tuple(n.one_of(_KINDS) for n in _entries(fields, "streams")),
        _names(fields, "forms"),
        _markers(fields),
        fields["condition"].one_of(CONDITIONS) if "condition" in fields else "",
    )


def _markers(fields: Mapping[str, Node]) -> tuple[MarkerKey, ...]:
    found: list[MarkerKey] = []
    for node in _entries(fields, "markers"):
        parts = node.fields(("key", "label"), ())
        key = parts["key"].value
        key = str(key) if isinstance(key, int) and not isinstance(key, bool) else key
        if not isinstance(key, str) or len(key) != 1 or not (key.isascii() and key.isalnum()):
            parts["key"].fail("one letter or digit")
        if any(marker.key == key.lower() for marker in found):
            parts["key"].fail("each key once", f"{key!r} again")
        found.append(MarkerKey(key.lower(), parts["label"].text(64)))
    return tuple(found)


def _names(fields: Mapping[str, Node], key: str) -> tuple[str, ...]:
    names = [node.name() for node in _entries(fields, key)]
    if names:
        _once(fields[key], names)
    return tuple(names)


def _entries(fields: Mapping[str, Node], key: str) -> Iterator[Node]:
    yield from fields[key].entries() if key in fields else ()


def _once(node: Node, names: list[str]) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            node.child(i).fail("each name once", f"{name!r} again")
