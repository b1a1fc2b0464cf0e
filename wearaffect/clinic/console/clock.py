"""The clock of a sitting: the host's, or the line that a replayed or synthetic signal keeps."""

import time
from collections.abc import Callable, Sequence

from wearaffect.core.errors import DeviceUriError
from wearaffect.devices.uri import parse_uri

__all__ = ["SittingClock", "is_real", "pace_of"]

_VIRTUAL = ("replay", "synthetic")  # they keep a time line of their own, at a speed of their own
_REAL = ("ble", "brainflow", "lsl", "serial")
_MADE_BOARDS = ("synthetic", "playback_file")  # BrainFlow's names for what it makes up, and plays


def is_real(uri: str) -> bool:
    """Tell whether there may be a body behind a device; whatever else there is must be marked.

    Parameters
    ----------
    uri : str
        Its address. What comes over LSL, or from another BrainFlow, may be anything, and so real.
    """
    known = parse_uri(uri)
    if known.driver == "brainflow":
        boards = (known.target, known.settings.get("master_board", ""))
        return not any(_board(name) in _MADE_BOARDS for name in boards)
    return known.driver in _REAL


def _board(name: str) -> str:
    return name.lower().replace("-", "_").removesuffix("_board")


def pace_of(uris: Sequence[str]) -> float | None:
    """Give how fast signal time runs, in seconds per second.

    Parameters
    ----------
    uris : sequence of str
        Addresses of the devices of one sitting.

    Returns
    -------
    float or None
        None: the devices stamp with the host's own clock.

    Raises
    ------
    DeviceUriError
        Devices that keep different time lines, or one that keeps none.
    """
    known = [parse_uri(uri) for uri in uris]
    paces = {u.number("speed", 1.0, 0.0, 1e6) if u.driver in _VIRTUAL else None for u in known}
    replays = sum(u.driver == "replay" for u in known)
    if len(paces) > 1 or (replays and len(known) > 1):
        raise DeviceUriError(
            ", ".join(uris),
            "devices on different time lines",
            expected="replayed and synthetic devices alone",
            got=f"{len(known)} devices together",
            remedy="choose one of them",
        )
    pace = next(iter(paces), None)
    if pace == 0.0:
        raise DeviceUriError(
            uris[0],
            "a sitting needs a pace",
            expected="speed of 1, or more to try things out",
            got="speed=0, as fast as it goes",
        )
    return pace


class SittingClock:
    """What time it is in a sitting.

    Parameters
    ----------
    pace : float or None
        As `pace_of` gives it.
    start_ns : int
        Start of the session.
    monotonic_ns : callable
        The host's clock.
    """

    def __init__(
        self,
        pace: float | None,
        start_ns: int,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._pace = pace
        self._start_ns = start_ns
        self._monotonic_ns = monotonic_ns
        self._begun_ns = monotonic_ns()

    def __call__(self) -> int:
        """Give the time, nanoseconds."""
        now_ns = self._monotonic_ns()
        if self._pace is None:
            return now_ns
        return self._start_ns + int((now_ns - self._begun_ns) * self._pace)
