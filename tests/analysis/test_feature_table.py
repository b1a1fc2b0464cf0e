"""The feature table: its columns are its documentation, live is offline, a step changes nothing."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cut_sessions import shortened
from scipy import stats

from wearaffect.analysis.columns import COLUMNS, DESK_FEATURES, as_markdown
from wearaffect.analysis.convex_eda import Boundary
from wearaffect.analysis.decomposing import decompose_recording
from wearaffect.analysis.hrv import HRV_FREQUENCY, HRV_TIME
from wearaffect.analysis.respiration import RESPIRATION
from wearaffect.analysis.table import feature_columns, feature_table
from wearaffect.core.errors import RecordingFormatError
from wearaffect.core.streams import SignalKind
from wearaffect.core.timebase import NS_PER_S
from wearaffect.core.windows import WindowSpec
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session, cut
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.features import LIVE_FEATURES

HEAD = [
    "recording",
    "start_s",
    "end_s",
    "quality_eda",
    "quality_bvp",
    "quality_acc",
    "quality_temp",
]


@pytest.fixture(scope="module")
def session(example_recording):
    return shortened(open_session(example_recording), 400)


@pytest.fixture(scope="module")
def table(session):
    return feature_table(session)


def test_every_column_is_explained_and_every_explanation_has_a_column(table):
    assert [*table.columns] == [*HEAD, *(row.name for row in COLUMNS)]
    assert len({row.name for row in COLUMNS}) == len(COLUMNS) >= 130
    for row in COLUMNS:
        assert re.fullmatch(r"(acc|bvp|eda|hr|hrv|ibi|prv|resp|scr|temp)_[a-z0-9_]+", row.name)
        assert row.unit
        assert row.formula
        assert row.source
    # a minute of a worn wristband knows them all, but for what a minute can't know
    unknown = {name for name in table.columns if table[name].isna().all()}
    too_short = {f"prv_sd{n}{k}" for n in ("ann", "nni") for k in (1, 2, 5)} | {"prv_ulf"}
    assert unknown <= too_short | {f"acc_{axis}_entropy" for axis in "xyz"}


def test_the_documentation_is_printed_from_the_table():
    told = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")
    assert told.endswith(as_markdown()), (
        "run: wearaffect features --describe, into docs/features.md"
    )


def test_rows_and_functions_agree_on_names():
    names = {row.name for row in DESK_FEATURES}
    assert {n.replace("hrv_", "prv_") for n in (*HRV_TIME, *HRV_FREQUENCY)} == {
        n for n in names if n.startswith("prv_")
    }
    assert set(RESPIRATION) == {n for n in names if n.startswith("resp_")}


def test_live_features_are_those_of_a_stream_in_small_pieces(session, table):
    """A quarter of a second at a time, as a radio delivers, against the whole file at once."""
    chain = Chain(ChainSettings(), origin_ns=session.start_ns)
    windows = []
    step_ns = NS_PER_S // 4
    for start_ns in range(session.start_ns, session.end_ns, step_ns):
        for stream in session.streams.values():
            for segment in stream.segments:
                part = cut(segment, start_ns, start_ns + step_ns)
                if len(part):
                    chain.push(part)
        windows += chain.advance(min(start_ns + step_ns, session.end_ns))
    assert len(windows) == len(table)
    for i, window in enumerate(windows):
        offline = table.iloc[i][[row.name for row in LIVE_FEATURES]].to_numpy(float)
        np.testing.assert_allclose([*window.features.values()], offline, rtol=1e-9, atol=1e-12)


def test_statistics_are_those_of_the_samples(session, table):
    values = session.require(SignalKind.ACC).samples()[1].astype(float)  # g, on an E4's 1/64 g
    for i in (0, 17, 40):
        x = values[i * 160 : i * 160 + 1920]
        length = np.sqrt((x**2).sum(axis=1))
        assert table.acc_x_mean[i] == pytest.approx(x[:, 0].mean(), rel=1e-9)
        assert table.acc_z_std[i] == pytest.approx(x[:, 2].std(), rel=1e-9)
        assert table.acc_l2_kurtosis[i] == pytest.approx(stats.kurtosis(length), rel=1e-6)


def test_a_shorter_step_gives_the_same_windows_between(session, table):
    """To the bit: a window doesn't depend on the company it is worked in."""
    fine = feature_table(session, WindowSpec(60, 0.5))
    shared = fine.iloc[::10].reset_index(drop=True)
    assert len(shared) == len(table)
    for row in COLUMNS:
        np.testing.assert_array_equal(shared[row.name], table[row.name], err_msg=row.name)


def test_signals_that_are_not_there_leave_their_columns_empty(session):
    only = Session("eda only", {k: s for k, s in session.streams.items() if k.endswith(".eda")},
                   start_ns=session.start_ns)  # fmt: skip
    table = feature_table(only)
    assert len(table) == 69
    assert table.quality_bvp.isna().all()
    kinds = {row.name: row.kind for row in COLUMNS}
    for name, kind in kinds.items():
        assert table[name].isna().all() == (kind != SignalKind.EDA), name


def test_a_recording_shorter_than_a_window_has_no_rows(session):
    columns = feature_columns(shortened(session, 30))
    assert {len(column) for column in columns.values()} == {0}
    assert [*columns] == [*HEAD, *(row.name for row in COLUMNS)]


def test_a_clock_that_jumped_by_years_is_named_and_fills_no_memory(session):
    (eda,) = [s for k, s in session.streams.items() if k.endswith(".eda")]
    late = replace(eda.segments[0], start_ns=10**18)
    jumped = Session("jump", {eda.info.id: replace(eda, segments=(*eda.segments, late))},
                     start_ns=session.start_ns)  # fmt: skip
    with pytest.raises(RecordingFormatError, match="too far apart"):
        feature_table(jumped)
    with pytest.raises(RecordingFormatError, match="too far apart"):
        decompose_recording(jumped, Boundary.REVISED_2025)
