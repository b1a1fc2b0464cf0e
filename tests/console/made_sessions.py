"""Small sessions on a shelf."""

from pathlib import Path
from typing import Any

import numpy as np

from wearaffect.core.streams import Channel, LossEvidence, SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit
from wearaffect.recording.journal import JournalSettings, JournalWriter

EDA = StreamInfo(
    "made.eda",
    SignalKind.EDA,
    (Channel("eda", Unit("uS")),),
    4.0,
    device="made",
    loss_evidence=LossEvidence.COUNTER,
)


def make_session(
    folder: Path,
    participant: str = "P-0001-D",
    *,
    wall_s: float = 1_780_000_000.0,
    seconds: int = 10,
    close: bool = True,
    **settings: Any,
) -> Path:
    """Record a ramp; one that isn't closed is as a killed recorder leaves it."""
    kept = JournalSettings(reserve_bytes=0, **settings)
    journal = JournalWriter(folder, participant=participant, wall_start_s=wall_s, settings=kept)
    journal.start((EDA,), 0)
    data = np.arange(4 * seconds, dtype=np.float32).reshape(-1, 1)
    journal.chunk(SignalChunk(EDA, data, 0, device_counter=0), 0)
    if close:
        journal.close()
        if journal.copying is not None:
            journal.copying.join()
    else:
        journal.flush()
        journal.abandon()
    return folder
