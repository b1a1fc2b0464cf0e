"""The account of a stream: what was due, what is there, what is known to be missing."""

from collections.abc import Iterable
from typing import Any

from wearaffect.core.events import Event, LateChunk
from wearaffect.core.streams import Gap, LossEvidence, SignalChunk, StreamInfo, Watermark

__all__ = ["Accounts", "StreamAccount"]


class StreamAccount:
    """Counts one stream as its chunks come.

    With evidence of loss, ``expected == stored + lost_in_gaps + damaged`` holds exactly. A loss
    that the device's own counter shows and no chunk declares is counted all the same. Without
    evidence `expected` is None: loss isn't provable.

    Parameters
    ----------
    info : StreamInfo
        The stream.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._evidence = info.loss_evidence
        self._due: int | None = None
        self.stored = 0
        self.lost_in_gaps = 0
        self.damaged = 0
        self.unknown_gaps = 0

    def take(self, chunk: SignalChunk, *, torn: bool = False) -> None:
        """Count the next chunk; what is missing before a torn one was stored, and is damaged."""
        self.stored += len(chunk)
        self.damaged += chunk.n_damaged
        self.lost_in_gaps += chunk.n_lost
        if chunk.device_counter is None:
            return
        # a count below the one that is due is a restart of the device: nothing counted lost
        due = chunk.device_counter if self._due is None else self._due
        untold = max(0, chunk.device_counter - due - chunk.n_damaged - chunk.n_lost)
        self._due = chunk.device_counter + len(chunk)
        if torn:
            self.damaged += untold
        else:
            self.lost_in_gaps += untold

    def gap(self, gap: Gap) -> None:
        """Count a gap that no chunk declares; where it says nothing, the count begins anew."""
        if gap.n_lost is None:
            self._due = None
            self.unknown_gaps += 1
            return
        self.lost_in_gaps += gap.n_lost
        if self._due is not None:
            self._due += gap.n_lost

    def late(self, late: LateChunk) -> None:
        """Count samples that were given up: they are stored now, and no longer missing."""
        self.stored += len(late.chunk)
        self.lost_in_gaps -= late.n_lost
        self.damaged -= late.n_damaged

    def as_dict(self) -> dict[str, Any]:
        """Give the account as it stands in ``session.json``."""
        provable = self._evidence is not LossEvidence.NONE
        # a device that began anew can't say what it missed: no count, but no silence either
        unknown = {"unknown_gaps": self.unknown_gaps} if provable and self.unknown_gaps else {}
        return {
            "loss_evidence": str(self._evidence),
            "expected": self.stored + self.lost_in_gaps + self.damaged if provable else None,
            "stored": self.stored,
            "lost_in_gaps": self.lost_in_gaps,
            "damaged": self.damaged,
            **unknown,
        }


class Accounts:
    """The accounts of all streams of a session.

    Parameters
    ----------
    infos : iterable of StreamInfo
        The streams.

    Raises
    ------
    ValueError
        Two have the same id.
    """

    def __init__(self, infos: Iterable[StreamInfo]) -> None:
        infos = list(infos)
        self._of = {info.id: StreamAccount(info) for info in infos}
        if len(self._of) < len(infos):
            msg = f"expected unique stream ids, got {[info.id for info in infos]}"
            raise ValueError(msg)

    def __getitem__(self, stream_id: str) -> StreamAccount:
        return self._of[stream_id]

    def require(self, stream_id: str) -> None:
        """Refuse a stream that nobody announced."""
        if stream_id not in self._of:
            msg = f"expected one of {sorted(self._of)}, got stream {stream_id!r}"
            raise ValueError(msg)

    def take(self, thing: SignalChunk | Watermark | Event | None, *, torn: bool = False) -> None:
        """Count a chunk, a gap or what came late; anything else changes no account."""
        match thing:
            case SignalChunk():
                self._of[thing.info.id].take(thing, torn=torn)
            case Gap() if thing.stream_id in self._of:
                self._of[thing.stream_id].gap(thing)
            case LateChunk() if thing.chunk.info.id in self._of:
                self._of[thing.chunk.info.id].late(thing)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Give all of them."""
        return {stream_id: account.as_dict() for stream_id, account in self._of.items()}

    def ending(self) -> dict[str, Any]:
        """Give what ``session.json`` says of them at the close."""
        streams = self.as_dict()
        problems = [
            f"{stream_id}: {account['damaged']} samples arrived damaged"
            for stream_id, account in streams.items()
            if account["damaged"]
        ]
        return {"ok": not problems, "problems": problems, "streams": streams}
