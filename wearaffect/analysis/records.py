"""A stream of a session as one regular array from the session's start, NaN where it has none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.sliding import Sliding
from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import NS_PER_S, exact_rate, n_samples, sample_at
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.session import Session
from wearaffect.signals.conversion import in_standard_units

__all__ = ["Record", "record_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One stream on the grid that windows lie on.

    Attributes
    ----------
    values : numpy.ndarray, (n_samples, n_channels), float64
        From the session's start on; µS, g, degC or device units; NaN where a sample is missing.
    sampling_rate : float
        Hz.
    """

    values: NDArray[np.float64]
    sampling_rate: float

    def sliding(self, starts_s: NDArray[np.float64], spec: WindowSpec) -> Sliding:
        """Give the windows that start at times, in samples: those of the chain."""
        rate = self.sampling_rate
        starts_ns = np.rint(starts_s * NS_PER_S).astype(np.int64).tolist()
        firsts = [sample_at(start_ns - 1, 0, rate) for start_ns in starts_ns]
        return Sliding.on(
            np.array(firsts, dtype=np.int64), n_samples(spec.window_s, rate), round(rate / 4)
        )


def record_of(session: Session, kind: SignalKind) -> Record | None:
    """Lay a session's stream of a kind on its grid; None without one.

    Parameters
    ----------
    session : Session
        From `open_session`.
    kind : SignalKind
        The first regular stream of this kind is taken.

    Returns
    -------
    Record or None
        A sample that falls between two places of the grid takes the earlier one.

    Raises
    ------
    RecordingFormatError
        The recording spans more than one sitting can.
    """
    session.require_one_sitting()
    stream = session.of_kind(kind)
    if stream is None or stream.info.sampling_rate is None or not stream.segments:
        return None
    rate = exact_rate(stream.info.rate_hz)
    # stamps are floored to the nanosecond, hence the one that is given back
    slots = [
        max(0, int((segment.start_ns + 1 - session.start_ns) * rate / NS_PER_S))
        for segment in stream.segments
    ]
    count = max(s + len(segment) for s, segment in zip(slots, stream.segments, strict=True))
    values = np.full((count, len(stream.info.channels)), np.nan)
    for slot, segment in zip(slots, stream.segments, strict=True):
        values[slot : slot + len(segment)] = in_standard_units(segment).data
    return Record(values, stream.info.rate_hz)
