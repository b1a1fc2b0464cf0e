"""Sinks, found by entry point: where a session can be sent beside its journal."""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from wearaffect.core.errors import DeviceUriError
from wearaffect.core.protocols import Sink

__all__ = ["open_sink", "sink_names"]

_GROUP = "wearaffect.sinks"


def sink_names() -> tuple[str, ...]:
    """Give the names of the sinks that are installed, sorted."""
    return tuple(sorted(entry_points(group=_GROUP).names))


def open_sink(address: str, labels: Sequence[str] = ()) -> Sink:
    """Open a sink by its address; nothing is sent before it is started.

    Parameters
    ----------
    address : str
        ``name:target``, as ``lsl:`` or ``lsl:lab2?scope=link``.
    labels : sequence of str
        Conditions of the bundle whose estimates will come, if any.

    Returns
    -------
    Sink
        For `wearaffect.live`.

    Raises
    ------
    DeviceUriError
        No such sink, or a setting it doesn't know or can't take.
    """
    name, _, target = address.partition(":")
    found = tuple(entry_points(group=_GROUP, name=name))
    if not found:
        known = ", ".join(sink_names())
        raise DeviceUriError(address, "unknown sink", expected=known, got=name)
    opener: Callable[[str, Sequence[str]], Sink] = found[0].load()
    return opener(target, labels)
