"""From a scan to a live estimate, on the wearable that is on air; without one, on a virtual one.

Run: python examples/50_scan_to_estimate.py [ADDRESS]. The virtual one is the firmware of
firmware_bridge/ on a simulated radio (extra 'virtual'), in simulated time.
"""

import asyncio
import sys

import wearaffect as wa
from wearaffect.devices.bluetooth.ble import scan_ble
from wearaffect.devices.virtual.simulated_time import run_simulated


async def scan() -> str:
    """Give the address of the strongest wearable that a driver reads."""
    try:
        found = await scan_ble(8.0)
    except wa.WearAffectError as error:
        print(error.line())
        found = []
    return found[0].uri if found else "bumble:bridge?duration_s=180"


async def estimate(uri: str) -> None:
    """Connect, and print what each window says."""
    device, bundle = wa.connect(uri), wa.load_bundle("wrist-affect")
    async for outcome in wa.live([device], bundle, without_enrolment=True, seconds=150):
        answered = isinstance(outcome, wa.AffectEstimate)
        said = f"p(stress) = {outcome.stress:.2f}" if answered else outcome.reasons[0]
        print(f"{outcome.end_s:4.0f} s on {device.facts['name']}: {said}")


if __name__ == "__main__":
    address = sys.argv[1] if len(sys.argv) > 1 else asyncio.run(scan())
    (run_simulated if address.startswith("bumble:") else asyncio.run)(estimate(address))
