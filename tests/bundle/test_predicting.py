"""Prediction: against the linear map it is, in any batch, with its reasons, and on its own."""

import json
import math
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from bundle_maker import HORIZONS_S, LABELS, expected_outputs, manifest, parameters

from wearaffect.bundle.encoding import STATISTICS, InputEncoder
from wearaffect.bundle.estimator import NO_REST
from wearaffect.core.affect import Abstention, AffectEstimate
from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Quality, Window, WindowSignal
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.features import FEATURES

EDA, BVP = SignalKind.EDA, SignalKind.BVP


def index_by_hand(window):
    """Mean of what is known of five z-scores against the last quarter of an hour."""
    parts = []
    floors = {"hr_median": 0.5, "hr_p10": 0.5, "eda_level": 0.02, "eda_slope": 0.02, "scr_count": 1}
    for name, least in floors.items():
        z = (window.features[name] - window.history[f"{name}_mean_900s"]) / max(
            window.history[f"{name}_sd_900s"], least
        )
        if not math.isnan(z):
            parts.append(np.clip(z, -4, 4))
    return np.mean(parts)


def by_hand(windows):
    """Standardise and hold gaps, one number at a time."""
    statistics = manifest(ChainSettings()).statistics
    features, traces = [], []
    for window in windows:
        row = []
        for pair in ("", "change_", "rest_"):
            for i, name in enumerate(FEATURES):
                value = window.features[name]
                if pair == "change_":
                    value -= window.history[f"{name}_mean_900s"]
                if pair == "rest_":
                    value = math.nan if window.rest is None else value - window.rest[name]
                value = (value - statistics[f"{pair}mean"][i]) / statistics[f"{pair}scale"][i]
                row.append(0.0 if math.isnan(value) else max(-5.0, min(5.0, value)))
        of_signal = [
            any(math.isfinite(window.features[n]) for n, kind in FEATURES.items() if kind == wanted)
            for wanted in (EDA, BVP)
        ]
        features.append([*row, index_by_hand(window), *of_signal, window.rest is not None])
        trace, held = [], None
        for value in window.signals[EDA].data[0].tolist():
            held = value if not math.isnan(value) else held
            trace.append(held)
        first = next(value for value in trace if value is not None)
        traces.append([first if value is None else value for value in trace])
    return np.array(features), np.array(traces)


def test_an_estimate_is_what_the_graph_says(bundle, windows):
    features, traces = by_hand(windows)
    expected = expected_outputs(parameters(ChainSettings()), features, traces)
    outcomes = bundle.predict(windows, without_enrolment=True)
    assert len(outcomes) == len(windows) == 25
    for i, (window, outcome) in enumerate(zip(windows, outcomes, strict=True)):
        assert isinstance(outcome, AffectEstimate)
        assert tuple(outcome.probabilities) == LABELS
        assert sum(outcome.probabilities.values()) == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(
            list(outcome.probabilities.values()), expected["probabilities"][i], atol=1e-5
        )
        assert outcome.stress == outcome.probabilities["stress"]
        assert tuple(outcome.eda_forecast_us) == HORIZONS_S
        np.testing.assert_allclose(
            list(outcome.eda_forecast_us.values()), expected["forecast"][i], rtol=1e-5
        )
        assert outcome.eda_us == window.signals[EDA].data[0, -1]
        low, middle, high = expected["physics"][i, 0]
        drive = outcome.physics["drive"]
        assert (drive.value, *drive.ci95) == pytest.approx((middle, low, high), rel=1e-5)
        assert drive.unit == "uS/s"
        constant = outcome.physics["fast_s"]
        assert (constant.value, constant.unit, constant.ci95) == (2.8, "s", (2.1, 3.5))
        assert not constant.identifiable
        assert (outcome.start_s, outcome.end_s) == (5 * i, 60 + 5 * i)
        assert outcome.modalities == tuple(sorted(window.signals))
        assert outcome.bundle_id == bundle.manifest.id


def numbers(outcome):
    estimate = outcome.withheld if isinstance(outcome, Abstention) else outcome
    physics = [quantity.value for quantity in estimate.physics.values()]
    return np.array(
        [*estimate.probabilities.values(), *sum(estimate.eda_forecast_us.values(), ()), *physics]
    )


def test_batch_one_is_batch_eight(bundle, windows):
    together = bundle.predict(windows[:8])
    for window, outcome in zip(windows[:8], together, strict=True):
        (alone,) = bundle.predict([window])
        assert type(alone) is type(outcome)
        np.testing.assert_allclose(numbers(alone), numbers(outcome), rtol=1e-6, atol=1e-6)
    assert bundle.predict([]) == []


def test_without_rest_the_answer_is_withheld_and_kept(bundle, windows):
    outcomes = bundle.predict(windows)
    told = bundle.predict(windows, without_enrolment=True)
    before = [w.rest is None for w in windows]
    assert before == [w.end_s <= 120 for w in windows]
    for outcome, answer, early in zip(outcomes, told, before, strict=True):
        assert isinstance(outcome, Abstention) == early
        if early:
            assert outcome.reasons == (NO_REST,)
            assert outcome.withheld == answer
            assert outcome.bundle_id == bundle.manifest.id
            assert (outcome.start_s, outcome.end_s) == (answer.start_s, answer.end_s)
        else:
            assert outcome == answer


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        ({EDA: Quality(0.2, ("off_skin", "gap")), BVP: Quality(1.0)}, "eda: off_skin"),
        ({EDA: Quality(0.49), BVP: Quality(1.0)}, "eda: poor"),
        ({EDA: Quality(1.0), BVP: Quality(0.3, ("few_beats",))}, "bvp: few_beats"),
        ({EDA: Quality(1.0)}, "bvp: missing"),
    ],
)
def test_poor_signal_withholds_with_its_reason(bundle, windows, quality, reason):
    rested, unrested = windows[-1], windows[0]
    (outcome,) = bundle.predict([replace(rested, quality=quality)])
    assert outcome.reasons == (reason,)
    assert outcome.quality == quality
    (outcome,) = bundle.predict([replace(unrested, quality=quality)])
    # what no rest can mend comes first
    both = (reason, NO_REST) if "missing" in reason else (NO_REST, reason)
    assert outcome.reasons == both
    (outcome,) = bundle.predict([replace(unrested, quality=quality)], without_enrolment=True)
    assert outcome.reasons == (reason,)
    enough = {EDA: Quality(0.5, ("gap",)), BVP: Quality(0.33, ("few_beats",))}
    assert isinstance(bundle.predict([replace(rested, quality=enough)])[0], AffectEstimate)


@pytest.mark.parametrize("left", ["absent", "all missing"])
def test_without_conductance_nothing_is_said_of_it(bundle, windows, left):
    signals = dict(windows[-1].signals)
    eda = signals.pop(EDA)
    if left == "all missing":
        signals[EDA] = WindowSignal(np.full_like(eda.data, np.nan), 4.0, 0.0)
    (outcome,) = bundle.predict([replace(windows[-1], signals=signals)])
    estimate = outcome if isinstance(outcome, AffectEstimate) else outcome.withheld
    assert estimate.eda_us is None
    assert dict(estimate.eda_forecast_us) == {}
    assert dict(estimate.physics) == {}
    assert sum(estimate.probabilities.values()) == pytest.approx(1, abs=1e-6)


def test_a_gap_in_conductance_holds_the_value_before_it(bundle, windows):
    window = windows[-1]
    data = window.signals[EDA].data.copy()
    data[0, :10] = data[0, 100:150] = data[0, -20:] = np.nan
    spoilt = replace(window, signals={**window.signals, EDA: WindowSignal(data, 4.0, 2 / 3)})
    features, traces = by_hand([spoilt])
    expected = expected_outputs(parameters(ChainSettings()), features, traces)
    (outcome,) = bundle.predict([spoilt])
    got = np.array(list(outcome.eda_forecast_us.values()))
    np.testing.assert_allclose(got, expected["forecast"][0], rtol=1e-5)
    assert outcome.eda_us is None  # the last second isn't there


@pytest.mark.parametrize("rate", [1.0, 4.0, 8.0, 64.006])
def test_conductance_at_any_rate_becomes_four_a_second(rate):
    """Each value is the last one of its quarter of a second: nothing from after it."""
    encoder = InputEncoder((), {name: np.empty(0) for name in STATISTICS}, window_s=60.0)
    times_s = np.arange(int(60 * rate)) / rate
    signal = WindowSignal(times_s[None].astype(np.float32), rate, 1.0)
    eda = encoder.encode([Window(0, 60 * 10**9, {EDA: signal})]).eda[0]
    assert eda.shape == (240,)
    quarter_ends = np.arange(1, 241) / 4
    assert (eda < quarter_ends).all() or rate == 1.0
    assert np.abs(eda - (quarter_ends - 1 / rate)).max() <= max(1 / rate, 0.25) + 1e-6


def test_statistics_are_those_of_the_windows_that_have_them(windows):
    encoder = InputEncoder.fit(tuple(FEATURES), windows, 60.0)
    rested = [w for w in windows if w.rest is not None]
    for i, name in enumerate(FEATURES):
        values = [w.features[name] for w in windows if math.isfinite(w.features[name])]
        apart = [w.features[name] - w.rest[name] for w in rested]
        assert encoder.statistics["mean"][i] == pytest.approx(np.mean(values))
        assert encoder.statistics["scale"][i] == pytest.approx(np.std(values) or 1.0)
        assert encoder.statistics["rest_mean"][i] == pytest.approx(np.mean(apart))
    encoded = encoder.encode(windows)
    assert encoded.features.shape == (25, 3 * len(FEATURES) + 4)
    np.testing.assert_array_equal(encoded.features[:, -1], [w.rest is not None for w in windows])
    assert np.abs(encoded.features).max() <= 5.0
    part = encoded.rows(slice(3, 5))
    np.testing.assert_array_equal(part.feed()["features"], encoded.features[3:5])
    empty = encoder.encode([])
    assert empty.features.shape == (0, 3 * len(FEATURES) + 4)
    assert empty.eda.shape == (0, 240)


def test_a_predictor_loads_no_workshop(tiny_bundle):
    """In a process of its own: open, take a recording through the chain, predict."""
    script = f"""
        import json, sys
        import numpy as np
        import wearaffect as wa
        from wearaffect.core.streams import Channel, SignalKind
        bundle = wa.load_bundle({str(tiny_bundle)!r})
        chain = wa.Chain(bundle.manifest.chain_settings)
        info = wa.StreamInfo("t.eda", SignalKind.EDA, (Channel("eda", "uS"),), 4.0)
        chain.push(wa.SignalChunk(info, 2 + np.random.default_rng(0).random((400, 1))))
        outcomes = bundle.predict(list(chain.advance(100 * 10**9)))
        print(json.dumps([len(outcomes), sorted(sys.modules)]))
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    count, modules = json.loads(done.stdout)
    assert count == 9
    loaded = {name.partition(".")[0] for name in modules}
    assert "onnxruntime" in loaded
    assert loaded.isdisjoint(
        {"torch", "lightning", "scipy", "pandas", "neurokit2", "matplotlib", "sklearn", "onnx"}
    )
