"""The account of a stream: what was due, what is there, what is known to be missing."""

from typing import Any

from wearaffect.core.streams import LossEvidence, SignalChunk, StreamInfo

__all__ = ["StreamAccount"]


class StreamAccount:
    """Counts one stream as its chunks come.

    With evidence of loss, ``expected == stored + lost_in_gaps + damaged`` holds exactly:
    `expected` is read off the device's own counter where there is one, so `damaged` is what the
    counter has and nobody declared. Without evidence `expected` is None: loss isn't provable.

    Parameters
    ----------
    info : StreamInfo
        The stream.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._evidence = info.loss_evidence
        self._due: int | None = None
        self._undeclared = 0
        self.stored = 0
        self.lost_in_gaps = 0

    def take(self, chunk: SignalChunk) -> None:
        """Count the next chunk."""
        self.stored += len(chunk)
        self.lost_in_gaps += chunk.n_lost
        if chunk.device_counter is None:
            return
        # a count below the one that is due is a restart of the device, which counts nothing lost
        if self._due is not None and chunk.device_counter >= self._due:
            self._undeclared += chunk.device_counter - self._due - chunk.n_lost
        self._due = chunk.device_counter + len(chunk)

    def lost(self, n_lost: int) -> None:
        """Count samples whose loss no chunk declares."""
        self.lost_in_gaps += n_lost
        if self._due is not None:
            self._due += n_lost

    def as_dict(self) -> dict[str, Any]:
        """Give the account as it stands in ``session.json``."""
        provable = self._evidence is not LossEvidence.NONE
        damaged = max(self._undeclared, 0) if self._evidence is LossEvidence.COUNTER else 0
        return {
            "loss_evidence": str(self._evidence),
            "expected": self.stored + self.lost_in_gaps + damaged if provable else None,
            "stored": self.stored,
            "lost_in_gaps": self.lost_in_gaps,
            "damaged": damaged,
        }
