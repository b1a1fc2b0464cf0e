"""Markers of a stimulus script, sent over LSL, land in the recording of a wearable.

Run: python examples/60_markers_over_lsl.py [DEVICE]. The stimulus runs in a process of its own, as
experiments do; any program that sends LSL markers will do. The default device is nobody's wrist.
"""

import asyncio
import multiprocessing
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import wearaffect as wa
from wearaffect.core.streams import Marker
from wearaffect.devices.lsl.outlets import open_outlets
from wearaffect.recording.journal import JournalWriter


def stimulus() -> None:
    """Show what there is to be shown, and say when."""
    sink = open_outlets("stimulus")
    sink.start([], time.monotonic_ns())
    sink.wait_for_readers(30.0, "markers")
    for label in ("fixation", "stroop", "rest"):
        sink.event(Marker(time.monotonic_ns(), label))
        time.sleep(0.5)
    sink.close()


async def record(device: str, folder: Path) -> None:
    """Record the wearable and whatever the stimulus says."""
    sources = [wa.connect(device), wa.connect("lsl:source_id=stimulus/markers?wait_s=30")]
    journal = JournalWriter(folder, participant="EXAMPLE")
    async for _ in wa.live(sources, None, [journal], seconds=4):
        pass


def main(device: str) -> None:
    """Run both, then read back what was recorded."""
    shown = multiprocessing.get_context("spawn").Process(target=stimulus)
    shown.start()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "session"
        asyncio.run(record(device, folder))
        shown.join()
        session = wa.open_session(folder)
        for marker in session.markers:
            print(f"{(marker.time_ns - session.start_ns) / 1e9:6.3f} s  {marker.label}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "synthetic:")
