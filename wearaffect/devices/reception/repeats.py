"""Packets that come again: known by their place and by what they hold."""

import zlib
from collections import OrderedDict

from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.reception.counting import Arrived

__all__ = ["Repeats"]

# Engineering choices.
_REMEMBERED = 4096  # packets: minutes of most devices
_RUN_NS = 3 * NS_PER_S  # what sends nothing but repeats for longer began anew, and a flat signal


class Repeats:
    """Knows a packet that comes again by its place, or else its clock, and by its samples.

    Parameters
    ----------
    ordered : bool
        Whether packets have places.
    """

    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered
        self._seen: OrderedDict[int, int] = OrderedDict()
        self._since_ns: int | None = None  # when a run of repeats began

    def note(self, arrived: Arrived) -> None:
        """Remember a packet that is new."""
        self._since_ns = None
        key = self._key(arrived)
        if key is None:
            return
        self._seen[key] = _hash(arrived)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def has(self, arrived: Arrived) -> bool:
        """Whether the packet came before; one without place and clock can't be known."""
        key = self._key(arrived)
        if key is None or self._seen.get(key) != _hash(arrived):
            return False
        if self._since_ns is None:
            self._since_ns = arrived.arrival_ns
        return arrived.arrival_ns - self._since_ns <= _RUN_NS

    def _key(self, arrived: Arrived) -> int | None:
        return arrived.first if self._ordered else arrived.clock_ns


def _hash(arrived: Arrived) -> int:
    return zlib.crc32(arrived.packet.data.tobytes(), len(arrived))
