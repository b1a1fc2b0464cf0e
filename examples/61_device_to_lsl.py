"""A device's streams, offered over LSL on this machine; nothing is recorded.

Run: python examples/61_device_to_lsl.py [DEVICE [SAMPLES]]. LabRecorder, or whatever reads LSL,
finds them; here one is read back at once. Without code: wearaffect stream --sink lsl:relay
"""

import asyncio
import contextlib
import sys

import wearaffect as wa
from wearaffect.core.streams import SignalChunk
from wearaffect.devices.driver import Found
from wearaffect.devices.drivers.lsl import scan_lsl
from wearaffect.devices.lsl.outlets import open_outlets


async def relay(device: wa.Device) -> None:
    """Send what the device gives; add ?scope=link to the prefix to be seen beyond the machine."""
    async for _ in wa.live([device], None, [open_outlets("relay")]):
        pass


async def read(uri: str, samples: int) -> tuple[int, int]:
    """Read so many samples of a stream; give how many came, and how many didn't."""
    came = lost = 0
    async with wa.connect(uri) as device:
        async for item in device.chunks():
            if isinstance(item, SignalChunk):
                came += len(item)
                lost += item.n_lost
            if came >= samples:
                break
    return came, lost


async def main(uri: str, samples: int) -> None:
    """Relay and read side by side."""
    relaying = asyncio.create_task(relay(wa.connect(uri)))
    ours: list[Found] = []
    while not ours and not relaying.done():
        ours = [f for f in await scan_lsl(0.5) if "relay/" in f.uri and f.facts["rate_hz"]]
    for one in ours[:1]:
        came, lost = await read(one.uri, samples)
        print(f"{one.name}: {came} samples came out of LSL, {lost} lost on the way")
    relaying.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await relaying


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "synthetic:"
    asyncio.run(main(chosen, int(sys.argv[2]) if len(sys.argv) > 2 else 20))
