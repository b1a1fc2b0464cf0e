"""A recording's skin conductance, decomposed, as a table of samples."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wearaffect.analysis.convex_eda import (
    LOWEST_RATE_HZ,
    Boundary,
    EdaDecomposition,
    decompose_eda,
)
from wearaffect.analysis.records import record_of
from wearaffect.analysis.responses import Responses
from wearaffect.core.errors import MissingExtraError, SamplingRateError
from wearaffect.core.streams import SignalKind
from wearaffect.recording.durable import replacing
from wearaffect.recording.session import Session

__all__ = ["RecordedParts", "decompose_recording", "write_parts"]

_SCR_LEAST_US = 0.03  # in the range of Boucsein et al. 2012, doi 10.1111/j.1469-8986.2012.01384.x


@dataclass(frozen=True, slots=True, eq=False)
class RecordedParts:
    """The parts of a recording's skin conductance and the responses in it.

    Attributes
    ----------
    decomposition : EdaDecomposition
        From the session's start on, µS.
    responses : Responses
        Those of at least 0.03 µS.
    """

    decomposition: EdaDecomposition
    responses: Responses

    def summary(self) -> dict[str, Any]:
        """Say in numbers what came of it; null where nothing is known."""
        parts = self.decomposition
        known = np.isfinite(parts.tonic)
        minutes = known.sum() / parts.sampling_rate / 60
        count = len(self.responses)
        return {
            "sampling_rate": parts.sampling_rate,
            "boundary": parts.boundary.value,
            "n_samples": int(known.size),
            "n_missing": int((~known).sum()),
            "tonic_mean_us": float(parts.tonic[known].mean()) if known.any() else None,
            "n_scrs": count,
            "scr_least_us": _SCR_LEAST_US,
            "scrs_per_min": count / minutes if minutes else None,
            "objective": parts.objective,
            "n_iterations": parts.n_iterations,
        }


def decompose_recording(session: Session, boundary: Boundary) -> RecordedParts:
    """Decompose a recording's skin conductance, each gap-free stretch on its own.

    Parameters
    ----------
    session : Session
        From `open_session`.
    boundary : Boundary
        Convention at the ends of a stretch.

    Raises
    ------
    RecordingFormatError
        There is no skin conductance.
    UnitError
        It is in a unit that measures something else.
    SamplingRateError
        The rate is below 1 Hz.
    SignalError
        What `decompose_eda` can't work on.
    """
    session.require(SignalKind.EDA)
    record = record_of(session, SignalKind.EDA)
    assert record is not None
    if record.sampling_rate < LOWEST_RATE_HZ:
        raise SamplingRateError(
            session.require(SignalKind.EDA).info.id,
            "sampling rate too low for the decomposition",
            expected=f"at least {LOWEST_RATE_HZ:g} Hz",
            got=f"{record.sampling_rate:g} Hz",
            remedy="see whether the file's second row is its rate",
        )
    parts = decompose_eda(record.values[:, 0], record.sampling_rate, boundary=boundary)
    return RecordedParts(parts, parts.responses(threshold_us=_SCR_LEAST_US))


def write_parts(parts: RecordedParts, out: Path) -> None:
    """Write ``time_s, eda_us, tonic_us, phasic_us, driver_us_per_s``, one row a sample.

    Parameters
    ----------
    parts : RecordedParts
        From `decompose_recording`.
    out : Path
        A Parquet file; replaced once all is written.

    Raises
    ------
    MissingExtraError
        pyarrow isn't installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("desk", "a table of parts") from error
    found = parts.decomposition
    columns = {
        "time_s": np.arange(found.tonic.size) / found.sampling_rate,
        "eda_us": found.tonic + found.phasic + found.residual,
        "tonic_us": found.tonic,
        "phasic_us": found.phasic,
        "driver_us_per_s": found.driver,
    }
    about = {"boundary": found.boundary.value, "sampling_rate": f"{found.sampling_rate:g}"}
    with replacing(out) as fresh:
        parquet.write_table(pa.table(columns).replace_schema_metadata(about), fresh)
