import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import manifest
from small_sessions import stream

from wearaffect.clinic.report import wording
from wearaffect.clinic.report.drawing import (
    COLUMNS,
    Lane,
    Timeline,
    envelope,
    lanes,
    plot_style,
    svg,
    trace,
)
from wearaffect.clinic.report.facts import Stretch, quality_stretches
from wearaffect.clinic.report.findings import estimated_runs, forecast_scores, withheld_stretches
from wearaffect.clinic.report.reported import Reported
from wearaffect.clinic.report.style import class_colours
from wearaffect.core.affect import Abstention, AffectEstimate, Outcome
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality, Window
from wearaffect.pipeline.offline import Analysis
from wearaffect.recording.session import Session
from wearaffect.signals.faults import Fault

S = 10**9


def analysis_with(
    outcomes: list[Outcome], windows: list[Window] | None = None, **changes: object
) -> Reported:
    from types import SimpleNamespace

    made = manifest(**changes)
    windows = [Window(o.start_ns, o.end_ns, {}) for o in outcomes] if windows is None else windows
    bundle = SimpleNamespace(manifest=made)
    whole = Analysis(Session("x", {}), bundle, tuple(windows), tuple(outcomes), None, None, 0.0)
    return Reported.of(whole)


def estimate(
    end_s: int, level_us: float | None, ahead: tuple[float, float, float]
) -> AffectEstimate:
    start_ns, end_ns = (end_s - 60) * S, end_s * S
    forecast = {} if level_us is None else {5.0: ahead}
    return AffectEstimate(start_ns, end_ns, {}, 0.5, level_us, forecast)


def withheld(end_s: int, reason: str = "eda: gap") -> Abstention:
    return Abstention((end_s - 60) * S, end_s * S, (reason,))


def test_a_line_breaks_at_a_gap_and_nothing_is_drawn_in_it() -> None:
    eda = stream("eda", [(0.0, np.arange(40.0)), (50.0, np.arange(40.0, 80.0))])
    minutes, values = trace(eda, eda.samples()[1][:, 0].astype(float), Timeline(0, 60.0))
    drawn_s = 60 * minutes[np.isfinite(values)]
    assert not ((drawn_s > 10.0) & (drawn_s < 50.0)).any()
    broken = np.flatnonzero(~np.isfinite(values))
    assert (60 * minutes[broken] == 10.0).any()
    assert np.nanmax(values) == 79


def test_a_column_without_numbers_breaks_the_line() -> None:
    level = np.ones(400)
    level[100:200] = np.nan
    eda = stream("eda", [(0.0, level)])
    minutes, values = trace(eda, eda.samples()[1][:, 0].astype(float), Timeline(0, 100.0))
    inside = (60 * minutes >= 26) & (60 * minutes < 49)
    assert inside.any()
    assert np.isnan(values[inside]).all()


@given(
    st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=400),
    st.integers(1, 40_000),
)
def test_no_extreme_is_lost_by_thinning(levels: list[float], length_s: int) -> None:
    eda = stream("eda", [(0.0, np.array(levels))])
    timeline = Timeline(0, float(length_s))
    minutes, low, high = envelope(eda, np.array(levels), timeline)
    assert np.nanmin(low) == min(levels)
    assert np.nanmax(high) == max(levels)
    width_s = max(length_s / COLUMNS, 0.5)
    for k, level in enumerate(levels):
        column = np.searchsorted(60 * minutes[:-2], k / 4 + 1e-9, side="right") - 1
        assert low[column] <= level <= high[column]
        assert k / 4 - 60 * minutes[column] <= width_s + 1e-6


def test_a_drawing_is_the_same_twice_and_apart_from_others() -> None:
    def draw(name: str) -> str:
        with plot_style():
            figure, (axes,) = lanes(Timeline(0, 60.0), [Lane(1.0)])
            axes.plot([0, 1], [0, 1])
            axes.text(0.5, 0.5, "words stay words")
            return svg(figure, name)

    one, two = draw("one"), draw("two")
    assert one == draw("one")
    assert "words stay words" in one
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]


@pytest.mark.parametrize("length_s", [1.0, 60.0, 3600.0, 7 * 3600.0, 4 * 86400.0])
def test_time_axis_has_a_few_ticks(length_s: float) -> None:
    assert 1 <= length_s / 60 / Timeline(0, length_s).tick_step_min() <= 12 or length_s < 15


def test_forecast_score_by_hand() -> None:
    outcomes: list[Outcome] = [
        estimate(60, 1.0, (0.5, 1.5, 1.8)),  # truth 2: error 0.5, persistence 1, outside
        estimate(65, 2.0, (1.0, 2.5, 3.0)),  # truth 2: error 0.5, persistence 0, inside
        estimate(70, 2.0, (0.0, 0.0, 9.0)),  # withheld then
        withheld(75),
        estimate(80, 5.0, (0.0, 0.0, 9.0)),  # not measured then
        estimate(85, None, (0.0, 0.0, 0.0)),
    ]
    five, seven = forecast_scores(analysis_with(outcomes, horizons_s=(5.0, 7.0)))
    assert (five.n, five.rmse_us, five.persistence_us) == (2, 0.5, 0.5**0.5)
    assert (five.skill, five.coverage) == (0.5, 0.5)
    assert (seven.n, np.isnan(seven.skill)) == (0, True)


def test_runs_end_where_anything_is_withheld_or_missing() -> None:
    rows = [estimate(e, 1.0, (0, 1, 2)) for e in (60, 65, 75, 80, 200)]
    outcomes: list[Outcome] = [*rows[:2], withheld(70), *rows[2:]]
    analysis = analysis_with(outcomes)
    assert [[e.end_ns // S for e in run] for run in estimated_runs(analysis)] == [
        [60, 65],
        [75, 80],
        [200],
    ]
    assert withheld_stretches(analysis) == [Stretch(65.0, 70.0, "eda: gap")]


def test_quality_is_said_of_the_step_at_the_end() -> None:
    scores = {60: 0.7, 65: 0.7, 70: 0.9, 75: 0.3, 80: 0.7}
    windows = [
        Window((e - 60) * S, e * S, {}, {SignalKind.EDA: Quality(s)}) for e, s in scores.items()
    ]
    outcomes: list[Outcome] = [withheld(e) for e in scores]
    found = quality_stretches(analysis_with(outcomes, windows), SignalKind.EDA)
    assert found == [
        Stretch(0.0, 65.0, "doubtful"),
        Stretch(70.0, 75.0, "poor"),
        Stretch(75.0, 80.0, "doubtful"),
    ]
    assert quality_stretches(analysis_with(outcomes, windows), SignalKind.BVP) == []


@given(st.floats(1e-4, 9e6), st.sampled_from([-1, 1]))
def test_numbers_keep_two_digits(size: float, sign: int) -> None:
    text = wording.number(sign * size)
    assert ("−" in text) == (sign < 0)
    assert float(text.replace(",", "").replace("−", "")) == pytest.approx(size, rel=0.051)


@pytest.mark.parametrize(
    ("seconds", "words", "shown"),
    [
        (42.5, "43 s", "0:43"),  # halves up, as the console's page rounds
        (59.5, "1 min", "1:00"),
        (3104.75, "51 min 45 s", "51:45"),
        (3599.5, "1 h", "1:00:00"),
        (5425.4, "1 h 30 min", "1:30:25"),
    ],
)
def test_times_are_rounded_to_the_nearest(seconds: float, words: str, shown: str) -> None:
    assert (wording.duration(seconds), wording.clock(seconds)) == (words, shown)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("eda: off_skin", "Skin conductance (EDA): sensor off the skin"),
        ("bvp: something_new", "Blood volume pulse (BVP): something new"),
        ("resting baseline not taken", "Before the resting baseline was complete"),
        ("<b>: what", "<b>: what"),
    ],
)
def test_reasons_in_words(code: str, words: str) -> None:
    assert wording.reason(code, rest_was_taken=True) == words


@pytest.mark.parametrize("reason", [*(str(f.name).lower() for f in Fault), "few_beats", "motion"])
def test_every_reason_that_quality_gives_is_in_words(reason):
    words = wording.reason(f"eda: {reason}", rest_was_taken=True).partition(": ")[2]
    assert words not in {"", reason, reason.replace("_", " ")}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fast_decay", "Fast decay time, phasic"),
        ("drive", "Drive in the window"),
        ("emotion_drive_amusement", "Emotion drive, amusement"),
        ("pore_opening_per_s", "Pore opening"),
    ],
)
def test_parameters_in_words(name: str, words: str) -> None:
    assert wording.parameter(name, ("stress", "amusement")) == words


def test_stress_has_a_colour_of_its_own() -> None:
    colours = class_colours(("baseline", "stress", "amusement", "meditation"))
    assert len(set(colours.values())) == 4
    assert colours["stress"] == class_colours(("rest", "stress"))["stress"]
