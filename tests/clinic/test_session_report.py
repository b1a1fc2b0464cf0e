import re
import statistics
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from made_up import HORIZONS_S, analysis_of, manifest
from report_reading import read
from small_sessions import session

from wearaffect.clinic.report.writing import write_report
from wearaffect.core.affect import Abstention, AffectEstimate
from wearaffect.core.errors import MissingExtraError
from wearaffect.core.streams import Marker, SignalKind
from wearaffect.pipeline.offline import Analysis
from wearaffect.recording.e4 import read_e4

EVIL = '<script>alert("x")</script>'


def leading(text: str) -> float:
    return float(text.split(maxsplit=1)[0].replace(",", "").replace("−", "-"))


def test_summary_counts_windows_as_steps(analysis: Analysis, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "r.html")
    tiles = read(tmp_path / "r.html").tiles
    estimated = [o for o in analysis.outcomes if isinstance(o, AffectEstimate)]
    stressed = [o for o in estimated if o.probabilities["stress"] >= 0.5]
    assert 0 < len(stressed) < len(estimated) < len(analysis.outcomes)
    assert leading(tiles["Estimated"][0]) == pytest.approx(len(estimated) * 5 / 60, abs=0.51)
    assert tiles["Estimated"][1].startswith(f"{round(100 * analysis.coverage)} % of ")
    assert leading(tiles["Called stress"][0]) == pytest.approx(len(stressed) * 5 / 60, abs=0.51)
    assert leading(tiles["Called stress"][1]) == round(100 * len(stressed) / len(estimated))
    doubtful = [
        o
        for o in stressed
        if min(o.quality[k].score for k in (SignalKind.EDA, SignalKind.BVP)) < 0.8
    ]
    assert 0 < len(doubtful) < len(stressed)
    share = re.search(r", (\d+) % of it on a doubtful", tiles["Called stress"][1])
    assert share is not None
    assert int(share[1]) == round(100 * len(doubtful) / len(stressed))


def test_summary_means_leave_out_poor_signal(analysis: Analysis, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "r.html")
    tiles = read(tmp_path / "r.html").tiles
    rates = [
        w.features["hr_median"]
        for w in analysis.windows
        if w.quality[SignalKind.BVP].score >= 0.4 and w.features["hr_median"] > 0
    ]
    assert leading(tiles["Heart rate"][0]) == round(statistics.fmean(rates))
    assert all(w.quality[SignalKind.EDA].score >= 0.5 for w in analysis.windows)
    levels = [x for x in analysis.session.require(SignalKind.EDA).samples()[1][:, 0] if x > 0]
    expected = statistics.fmean(map(float, levels))
    assert leading(tiles["Skin conductance"][0]) == pytest.approx(expected, abs=0.0051)


def test_withheld_table_adds_up(analysis: Analysis, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "r.html")
    _, *rows = read(tmp_path / "r.html").tables["What was withheld, by reason"]
    counts = Counter(o.reasons[0] for o in analysis.outcomes if isinstance(o, Abstention))
    assert {row[0]: int(row[1]) for row in rows} == {
        "Before the resting baseline was complete": counts["resting baseline not taken"],
        "Blood volume pulse (BVP): too few clear beats": counts["bvp: few_beats"],
    }
    for row in rows:
        assert leading(row[2]) == pytest.approx(int(row[1]) * 5 / 60, abs=0.51)


def test_forecast_table_scores_this_recording(analysis: Analysis, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "r.html")
    _, *rows = read(tmp_path / "r.html").tables["Forecast error by horizon"]
    assert [leading(row[0]) for row in rows] == list(HORIZONS_S)
    outcomes = analysis.outcomes
    for row, horizon_s in zip(rows, HORIZONS_S, strict=True):
        steps = round(horizon_s / 5)
        errors, still, inside = [], [], []
        for now, then in zip(outcomes, outcomes[steps:], strict=False):
            if isinstance(now, AffectEstimate) and isinstance(then, AffectEstimate):
                low, median, high = now.eda_forecast_us[horizon_s]
                errors.append(abs(median - then.eda_us))
                still.append(abs(now.eda_us - then.eda_us))
                inside.append(low <= then.eda_us <= high)
        rmse, flat = (statistics.fmean(e * e for e in es) ** 0.5 for es in (errors, still))
        assert int(row[5].replace(",", "")) == len(errors) > 400
        assert leading(row[1]) == pytest.approx(rmse, rel=0.06)
        assert leading(row[2]) == pytest.approx(flat, rel=0.06)
        assert leading(row[3]) == pytest.approx(1 - (rmse / flat) ** 2, abs=0.0051)
        assert leading(row[4]) == pytest.approx(100 * statistics.fmean(inside), abs=0.51)


def test_physics_table_hides_what_isnt_identifiable(analysis: Analysis, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    _, scale, fast, _, emotion, drive = page.tables["Physics parameters"]
    assert scale[1:3] == ["–", "0.31 to 3.92 µS"]
    assert scale[4] == ("no: the data can't tell it from what was assumed beforehand (its prior)")
    assert "0.65" not in page.text
    assert fast[1:3] == ["2.91 s", "2.54 to 3.38 s"]
    assert emotion[:3] == ["Emotion drive against baseline, stress", "1.32", "1.10 to 1.53"]
    values = sorted(e.physics["drive"].value for e in analysis.estimates)
    assert leading(drive[1]) == pytest.approx(statistics.median(values), rel=0.03)
    low, high = (float(x) for x in re.findall(r"[\d.]+", drive[2]))
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    assert (low, high) == pytest.approx((cuts[0], cuts[-1]), rel=0.05)
    assert f"over {len(values)} windows" in drive[3]


def test_header_and_provenance_name_things_but_no_folder(
    analysis: Analysis, tmp_path: Path
) -> None:
    write_report(analysis, tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    for words in (
        "stress_predict_S01",
        "Empatica E4",
        "7 February 2022, 09:27:41 UTC",
        "54 min 24 s long",
        "made-up@0.0.1+0123456789ab",
        "Research use only, not a medical device.",
        "Not for: diagnosis, or decisions about a person.",
    ):
        assert words in page.text
    assert str(Path(analysis.session.path).parent) not in page.text
    rows = dict(map(tuple, page.tables["Provenance"]))
    assert rows["Trained on"] == "7 people"
    assert rows["Licence of the bundle"] == "CC-BY-NC-4.0"
    assert analysis.session.content_hash.startswith(rows["Content, SHA-256"])
    figures = page.tables["Figures of the bundle"][1]
    assert figures == ["across protocol orders, enrolled", "network", "0.87 (0.51–0.99)", "0.62"]


def test_motion_share_is_that_of_the_windows(analysis: Analysis, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "r.html")
    still = statistics.fmean(w.features["acc_still"] for w in analysis.windows)
    assert f"Still for {round(100 * still)} % of the time" in read(tmp_path / "r.html").text


def test_without_rest_it_says_what_to_do(example_recording: Path, tmp_path: Path) -> None:
    analysis = analysis_of(read_e4(example_recording), rest=None)
    write_report(analysis, tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert page.tiles["Resting baseline"][0] == "not taken"
    assert page.tiles["Called stress"] == ("–", "nothing was estimated")
    assert "--rest START:END" in page.text
    assert "it withheld its answers" in page.text
    assert page.tables["Physics parameters"][-1][3] == "no window was estimated"


def test_same_analysis_same_bytes_whatever_the_readers_style(
    analysis: Analysis, tmp_path: Path
) -> None:
    write_report(analysis, tmp_path / "a.html")
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "savefig.dpi": 30}):
        write_report(analysis, tmp_path / "b.html")
        assert mpl.rcParams["font.size"] == 20
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_everything_from_outside_is_escaped(rng: np.random.Generator, tmp_path: Path) -> None:
    evil = session(
        ["eda", "bvp", "acc", "temp"],
        200,
        rng,
        path=f"/x/{EVIL.replace('/', '')}",
        participant=EVIL,
        device=EVIL,
        markers=(
            Marker(10**9, f"$x_{{ {EVIL}"),
            Marker(6 * 10**9, "休憩 🙂"),
            Marker(7 * 10**9, EVIL),
        ),
        repairs=(EVIL,),
        problems=(EVIL,),
    )
    made = manifest(
        name=EVIL,
        licence=EVIL,
        intended_use=EVIL,
        not_for=EVIL,
        labels=("stress", EVIL),
        metrics={EVIL: {EVIL: EVIL}},
        physics=(replace(manifest().physics[1], name=EVIL, unit=EVIL),),
    )
    analysis = analysis_of(evil, rest=None, made=made)
    first, *others = analysis.outcomes
    assert isinstance(first, Abstention)
    shown = [o.withheld for o in others if isinstance(o, Abstention) and o.withheld]
    analysis = replace(analysis, outcomes=(replace(first, reasons=(EVIL,)), *shown))
    write_report(analysis, tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(EVIL) >= 12
    assert "休憩 🙂" in page.text


def test_page_loads_nothing_and_its_references_hold(analysis: Analysis, tmp_path: Path) -> None:
    write_report(analysis, tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert not {"script", "link", "iframe", "img", "image", "object", "foreignobject"} & set(
        page.tags
    )
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value for name, value in page.attributes if name in {"href", "xlink:href", "src"}}
    drawn = " ".join(
        value for name, value in page.attributes if name in {"style", "clip-path", "fill"}
    )
    assert links
    assert {link[:1] for link in links} == {"#"}
    named = {link[1:] for link in links} | set(re.findall(r"url\(#([^)]*)\)", drawn))
    assert named <= set(ids)
    assert "url(http" not in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kinds", [(), ("acc",), ("eda",), ("bvp", "temp"), ("eda", "bvp", "acc")])
def test_missing_signals_are_named(
    kinds: tuple[str, ...], rng: np.random.Generator, tmp_path: Path
) -> None:
    analysis = analysis_of(session(kinds, 130, rng), rest=None, made=manifest(abstention={}))
    write_report(analysis, tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    assert page.text.count("not in this recording") == 4 - len(kinds)
    assert (page.tiles["Skin conductance"][0] == "–") == ("eda" not in kinds)
    assert (page.tiles["Heart rate"][0] == "–") == ("bvp" not in kinds)


@pytest.mark.parametrize(("seconds", "windows"), [(30, 0), (60, 1), (65, 2)])
def test_recordings_of_a_minute(
    seconds: int, windows: int, rng: np.random.Generator, tmp_path: Path
) -> None:
    analysis = analysis_of(session(["eda", "bvp", "acc", "temp"], seconds, rng), rest=None)
    shown = [o.withheld for o in analysis.outcomes if isinstance(o, Abstention) and o.withheld]
    assert len(shown) == windows
    write_report(replace(analysis, outcomes=tuple(shown)), tmp_path / "r.html")
    page = read(tmp_path / "r.html")
    if windows:
        assert page.tiles["Estimated"] == (
            "0.1 min" if windows == 1 else "0.2 min",
            f"100 % of 0.{windows} min",
        )
        assert "less certain" in page.text
    else:
        assert page.tiles["Estimated"] == ("none", "no window: the bundle needs at least 1 min")
        assert "--rest" not in page.text


def test_seven_hours_stay_small(
    analysis: Analysis, rng: np.random.Generator, tmp_path: Path
) -> None:
    long = session(["eda", "temp"], 7 * 3600, rng)
    hop_ns, n = 5 * 10**9, 7 * 720 - 11
    moved = [(k * hop_ns, k * hop_ns + 12 * hop_ns) for k in range(n)]
    pick = rng.integers(len(analysis.windows), size=n)  # no order at all: the most there is to draw
    windows = [
        replace(analysis.windows[i], start_ns=a, end_ns=b)
        for i, (a, b) in zip(pick, moved, strict=True)
    ]
    outcomes = [
        replace(analysis.outcomes[i], start_ns=a, end_ns=b)
        for i, (a, b) in zip(pick, moved, strict=True)
    ]
    night = replace(analysis, session=long, windows=tuple(windows), outcomes=tuple(outcomes))
    write_report(night, tmp_path / "r.html")
    assert (tmp_path / "r.html").stat().st_size < 3_000_000


def test_without_matplotlib_it_names_the_extra(
    analysis: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"wearaffect\[desk\]") as caught:
        write_report(analysis, tmp_path / "r.html")
    assert caught.value.extra == "desk"
    assert not (tmp_path / "r.html").exists()
