"""The feature table of a recording: one row a window, live and desk features side by side."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wearaffect.analysis.columns import COLUMNS
from wearaffect.core.errors import MissingExtraError
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.session import Session
from wearaffect.recording.windows import Progress, pushed
from wearaffect.signals.chain import Chain, ChainSettings, DescribedBatch

if TYPE_CHECKING:
    import pandas as pd

    from wearaffect.analysis.convex_eda import Boundary

__all__ = ["feature_columns", "feature_table"]

Vector = NDArray[np.float64]

_LIVE_SHARE = 0.6  # of the work, as a progress bar has it


def feature_table(
    session: Session,
    spec: WindowSpec | None = None,
    *,
    boundary: "Boundary | None" = None,
    progress: Progress | None = None,
) -> "pd.DataFrame":
    """Describe every window of a recording.

    Parameters
    ----------
    session : Session
        From `open_session`.
    spec : WindowSpec or None
        Length and step of windows; 60 s every 5 s by default.
    boundary : Boundary or None
        Convention of the convex decomposition of skin conductance at the ends of a record; that of
        2025 by default.
    progress : callable or None
        Called with the share that is done.

    Returns
    -------
    pandas.DataFrame
        One row a window: ``recording``, ``start_s`` and ``end_s``, ``quality_<kind>`` (0 to 1),
        then the features of `wearaffect.analysis.columns.COLUMNS`; NaN where a signal is absent or
        doesn't allow one. Live features are those of the chain, as it gives them while recording;
        desk features see the whole recording.

    Raises
    ------
    MissingExtraError
        pandas or scipy isn't installed.
    RecordingFormatError
        The recording spans more than one sitting can.
    TypeError
        Something else than a session or a WindowSpec.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError("desk", "a feature table") from error
    return pd.DataFrame(feature_columns(session, spec, boundary=boundary, progress=progress))


def feature_columns(
    session: Session,
    spec: WindowSpec | None = None,
    *,
    boundary: "Boundary | None" = None,
    progress: Progress | None = None,
) -> dict[str, list[str] | Vector]:
    """Describe every window of a recording as plain columns; see `feature_table`."""
    try:
        from wearaffect.analysis.desk import desk_columns
    except ImportError as error:
        raise MissingExtraError("desk", "a feature table") from error
    _require(session, Session, "from wearaffect.open_session")
    if spec is not None:
        _require(spec, WindowSpec, "as WindowSpec(60, 5)")
    tell = progress or (lambda _share: None)
    settings = ChainSettings(spec or WindowSpec())
    live = _live_columns(session, settings, lambda share: tell(_LIVE_SHARE * share))
    starts_s = live["start_s"]
    desk = desk_columns(session, settings.spec, starts_s, boundary)
    tell(1.0)
    return (
        {"recording": [session.path] * len(starts_s)}
        | {name: live[name] for name in live if name.startswith(("start_s", "end_s", "quality_"))}
        | {row.name: (live if row.live else desk)[row.name] for row in COLUMNS}
    )


def _require(value: object, kind: type, hint: str) -> None:
    """Say what is wanted where a path, a number or a tuple came: the first things one tries."""
    if not isinstance(value, kind):
        msg = f"expected a {kind.__name__}, {hint}, got {type(value).__name__}"
        raise TypeError(msg)


def _live_columns(
    session: Session, settings: ChainSettings, progress: Progress | None
) -> dict[str, Vector]:
    """What the chain says of each window."""
    chain = Chain(settings, origin_ns=session.start_ns)
    names = ["start_s", "end_s", *(f"quality_{kind}" for kind in settings.bands)]
    names += [row.name for row in COLUMNS if row.live]
    parts = [np.empty((len(names), 0))]
    for watermark_ns in pushed(session, chain, progress):
        parts += [_live_part(described, settings) for described in chain.describe(watermark_ns)]
    return dict(zip(names, np.concatenate(parts, axis=1), strict=True))


def _live_part(described: DescribedBatch, settings: ChainSettings) -> NDArray[np.float64]:
    """Columns of windows that closed together, as rows."""
    batch = described.batch
    starts_s = (np.array(batch.starts_ns, dtype=np.int64) - batch.origin_ns) / NS_PER_S
    absent = np.full(len(batch), np.nan)
    quality = [
        np.where(batch.signals[kind].coverage > 0, described.quality[kind].score, np.nan)
        if kind in described.quality
        else absent
        for kind in settings.bands
    ]
    ends_s = starts_s + settings.spec.window_s
    return np.stack([starts_s, ends_s, *quality, *described.features.values()])
