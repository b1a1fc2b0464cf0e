"""What all messages of the bridge share: a first byte that says which it is, a CRC that ends it."""

import binascii

from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.table import Marker

__all__ = ["CRC_SIZE", "is_intact", "marker_of", "sealed"]

CRC_SIZE = 2


def marker_of(payload: bytes) -> Marker | None:
    """Tell by its first byte what a message is; None where it is none of ours."""
    if not payload:
        return None
    if payload[0] & 0xF0 == Marker.DATA:
        return Marker.DATA
    return Marker(payload[0]) if payload[0] in tuple(Marker) else None


def sealed(message: bytes) -> bytes:
    """Append the CRC-16/CCITT-FALSE of all that stands before it."""
    crc = binascii.crc_hqx(message, table.CRC_START)
    return message + crc.to_bytes(CRC_SIZE, "little")


def is_intact(message: bytes) -> bool:
    """Tell whether a message ends with its CRC."""
    return sealed(message[:-CRC_SIZE]) == message
