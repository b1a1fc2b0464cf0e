"""Wearables on the private bus, byte for byte as the Bluetooth SIG's documents say."""

import struct
from collections.abc import Sequence

from private_bluez import Characteristic, Peripheral


def sig(short: int) -> str:
    """Write a UUID that the Bluetooth SIG assigned."""
    return f"{short:08x}-0000-1000-8000-00805f9b34fb"


HEART_RATE_SERVICE, HEART_RATE = sig(0x180D), sig(0x2A37)
BATTERY_SERVICE, BATTERY_LEVEL = sig(0x180F), sig(0x2A19)
INFORMATION_SERVICE, FIRMWARE_REVISION = sig(0x180A), sig(0x2A26)


def heart_rate_strap(address: str = "F0:F1:F2:F3:F4:F5", name: str = "WA strap") -> Peripheral:
    """A chest strap: heart rate (0x180D), battery (0x180F) at 87 %, firmware 1.2.3 (0x180A)."""
    return Peripheral(
        address,
        name,
        {
            HEART_RATE_SERVICE: (
                Characteristic(HEART_RATE, ("notify",)),
                Characteristic(sig(0x2A38), ("read",), bytes([1])),
            ),
            BATTERY_SERVICE: (Characteristic(BATTERY_LEVEL, ("read", "notify"), bytes([87])),),
            INFORMATION_SERVICE: (Characteristic(FIRMWARE_REVISION, ("read",), b"1.2.3"),),
        },
        advertised=(HEART_RATE_SERVICE, BATTERY_SERVICE),
    )


def heart_rate_payload(bpm: int, rr_1024ths: Sequence[int] = ()) -> bytes:
    """A heart rate measurement (GSS 3.116): 8-bit rate, contact detected, intervals in s / 1024."""
    flags = 0x06 | (0x10 if rr_1024ths else 0)
    return struct.pack(f"<BB{len(rr_1024ths)}H", flags, bpm, *rr_1024ths)
