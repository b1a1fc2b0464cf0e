"""Live estimates from a device, journalled as they come; then the journal gives the same again.

Run: python examples/10_live_replay.py [DEVICE]. The default plays the first 25 minutes of the
shipped recording as fast as it goes; 'replay:PATH?speed=1' is real time, 'synthetic:' is nobody.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import wearaffect as wa
from wearaffect.recording.journal import JournalWriter

SHIPPED = Path(__file__).parent / "data" / "stress_predict_S01"
REST = wa.RestInterval(374, 646)


async def run(uri: str, bundle: wa.ModelBundle, folder: Path) -> list[float]:
    """Print an estimate each minute of signal; give the probability of stress of all windows."""
    device = wa.connect(uri)
    journal = JournalWriter(folder, participant="EXAMPLE")
    found = []
    async for outcome in wa.live([device], bundle, [journal], rest=REST, seconds=1500):
        if isinstance(outcome, wa.Abstention):
            continue
        found.append(outcome.stress)
        if outcome.end_s % 60 == 0:
            print(f"minute {outcome.end_s / 60:3.0f}: p(stress) = {outcome.stress:.2f}")
    return found


def main(uri: str) -> None:
    """Estimate live, then offline from what the journal kept."""
    bundle = wa.load_bundle("wrist-affect")
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "session"
        live = asyncio.run(run(uri, bundle, folder))
        again = wa.analyze(wa.open_session(folder), bundle, rest=REST)
    offline = [estimate.stress for estimate in again.estimates]
    worst = max(abs(a - b) for a, b in zip(live, offline, strict=True))
    print(f"{len(live)} estimates; live and offline differ by at most {worst:.0e}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else f"replay:{quote(str(SHIPPED))}?speed=0")
