"""Feature tables of many recordings, a bad one among them or not."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from wearaffect.analysis.table import feature_columns
from wearaffect.core.errors import MissingExtraError, WearAffectError
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.durable import replacing
from wearaffect.recording.opening import open_session

if TYPE_CHECKING:
    from pyarrow import Table

__all__ = ["Described", "describe_all", "write_tables"]

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Described:
    """One recording's rows, or the error that it gave instead.

    Attributes
    ----------
    recording : str
        As it was asked for.
    n_windows : int
        How many rows.
    table : pyarrow.Table or None
        Columns of `feature_table`, until they are written.
    error : WearAffectError or None
        Why there are none.
    """

    recording: str
    n_windows: int = 0
    table: "Table | None" = None
    error: WearAffectError | None = None


def describe_all(
    recordings: Sequence[Path], spec: WindowSpec, *, jobs: int = 1, progress: Tell | None = None
) -> Iterator[Described]:
    """Compute the feature table of each recording.

    Parameters
    ----------
    recordings : sequence of Path
        Session folders, E4 zips or folders.
    spec : WindowSpec
        Length and step of windows.
    jobs : int
        Processes to share the work.
    progress : callable or None
        Called with the share that is done.

    Yields
    ------
    Described
        In the order that was asked for.
    """
    tell = progress or (lambda _share: None)
    n_all = len(recordings)
    if jobs == 1:
        for i, path in enumerate(recordings):
            yield _describe(path, spec, lambda share, i=i: tell((i + share) / n_all))  # type: ignore[misc]
            tell((i + 1) / n_all)
        return
    with ProcessPoolExecutor(min(jobs, n_all), mp_context=get_context("spawn")) as pool:
        tasks = [pool.submit(_describe, path, spec) for path in recordings]
        for i, task in enumerate(tasks):
            yield task.result()
            tell((i + 1) / n_all)


def _describe(path: Path, spec: WindowSpec, progress: Tell | None = None) -> Described:
    import pyarrow as pa

    try:
        session = open_session(path)
        columns = feature_columns(session, spec, progress=progress)
    except WearAffectError as error:
        return Described(str(path), error=error)
    n_windows = len(columns["recording"])
    # said outright, for a recording without a window would have a column of nothing
    names = pa.array([str(path)] * n_windows, pa.string())
    return Described(str(path), n_windows, pa.table(columns | {"recording": names}))


def write_tables(described: Iterator[Described], out: Path) -> list[Described]:
    """Write every table into one Parquet file as it comes; what failed leaves the rest whole.

    Parameters
    ----------
    described : iterator of Described
        From `describe_all`.
    out : Path
        Replaced once all is written; not touched where nothing could be.

    Returns
    -------
    list of Described
        All, without their tables.

    Raises
    ------
    MissingExtraError
        pyarrow isn't installed.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("desk", "a feature table") from error
    seen: list[Described] = []
    writer = None
    with replacing(out) as part:
        for item in described:
            seen.append(replace(item, table=None))
            if item.table is not None:
                writer = writer or parquet.ParquetWriter(part, item.table.schema)
                writer.write_table(item.table)
        if writer is not None:
            writer.close()
    return seen
