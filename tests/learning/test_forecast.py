"""The forecast: against processes whose best forecast is known, and in bad company."""

import io
import warnings
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from synthetic_skin import person_with, wandering

from wearaffect.bundle.encoding import eda_traces
from wearaffect.learning.forecast import ForecastHead, fit_forecast
from wearaffect.learning.table import HORIZONS_S
from wearaffect.signals.skin_history import forecast_inputs

TAU_S = 20.0
GAINS = (0.1, 0.15, 0.3, 0.4, 0.8, 1.0, 2.0, 4.0)


@pytest.fixture(scope="module")
def people():
    return [person_with(wandering(i, gain, minutes=120), f"P{i}") for i, gain in enumerate(GAINS)]


@pytest.fixture(scope="module")
def head(people):
    return fit_forecast(people, steps=250, batch_size=1024)


def said_of(head, person):
    with torch.no_grad():
        eda = torch.from_numpy(eda_traces(person.windows, 60.0))
        return head(eda, torch.from_numpy(forecast_inputs(person.windows))).numpy()


@pytest.mark.parametrize("gain", [0.2, 3.0])
def test_it_comes_near_the_best_forecast_of_a_person_of_any_size(head, gain):
    person = person_with(wandering(9, gain, minutes=90))
    said = said_of(head, person)
    for h, horizon_s in enumerate(HORIZONS_S):
        known = np.isfinite(person.eda_later_us[:, h])
        truth, now = person.eda_later_us[known, h], person.eda_us[known]
        low, middle, high = said[known, h].T
        # an Ornstein-Uhlenbeck process returns to its mean and forgets, both by this factor
        left = np.exp(-horizon_s / TAU_S)
        best = 10 * gain + (now - 10 * gain) * left
        persistence = ((truth - now) ** 2).mean()
        lost = (((truth - middle) ** 2).mean() - ((truth - best) ** 2).mean()) / persistence
        assert lost < 0.05
        assert 0.85 <= ((truth >= low) & (truth <= high)).mean() <= 0.95
        best_width = 2 * 1.645 * gain * np.sqrt(1 - left**2)
        assert (high - low).mean() == pytest.approx(best_width, rel=0.2)


def test_a_walk_without_memory_leaves_nothing_to_gain(people):
    walks = [
        50 * gain + gain * np.random.default_rng(i).standard_normal(14400).cumsum() / 20
        for i, gain in enumerate((0.5, 1.0, 2.0, 1.0))
    ]
    *known, unseen = (person_with(walk) for walk in walks)
    said = said_of(fit_forecast(known, steps=100, batch_size=1024), unseen)[:, 0, 1]
    fine = np.isfinite(unseen.eda_later_us[:, 0])
    off, held = (
        unseen.eda_later_us[fine, 0] - said[fine],
        unseen.eda_later_us - unseen.eda_us[:, None],
    )
    assert (off**2).mean() == pytest.approx((held[fine, 0] ** 2).mean(), rel=0.06)


def test_before_it_is_fitted_it_says_that_all_stays_as_it_is(people):
    said = said_of(ForecastHead(60.0).eval(), people[0])
    np.testing.assert_allclose(said[:, :, 1], people[0].eda_us[:, None].repeat(4, 1), rtol=1e-6)


def test_the_same_people_and_seed_give_the_same_head(people):
    before = torch.random.get_rng_state()
    first, again = (fit_forecast(people[:2], steps=5, batch_size=64) for _ in range(2))
    other = fit_forecast(people[:2], steps=5, batch_size=64, seed=1)
    assert torch.equal(before, torch.random.get_rng_state())
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    assert not torch.equal(first.bend.weight, other.bend.weight)
    assert not first.training


def test_what_comes_later_is_not_asked_of_a_window(head, people):
    """A forecast is of one window: what follows it, or another person, changes nothing."""
    whole = said_of(head, people[1])
    np.testing.assert_allclose(
        said_of(head, replace(people[1], windows=people[1].windows[5:6]))[0], whole[5], rtol=1e-5
    )


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(np.float32, (3, 240), elements=st.floats(0, 2**100, width=32)),
    hnp.arrays(np.float32, (3, 3), elements=st.floats(width=32)),
)
def test_any_trace_gives_ordered_numbers(head, eda, history):
    with torch.no_grad():
        said = head(torch.from_numpy(eda), torch.from_numpy(history)).numpy()
    assert np.isfinite(said).all()
    assert (said >= 0).all()
    assert (np.diff(said, axis=2) >= 0).all()


def test_gaps_and_missing_ends_are_neither_learnt_from_nor_fatal(people):
    trace = wandering(5, 1.0, minutes=10)
    trace[700:900] = np.nan
    head = fit_forecast([people[0], person_with(trace)], steps=5, batch_size=64)
    assert np.isfinite(said_of(head, person_with(trace))).all()


def test_without_anything_to_learn_from_it_is_persistence(people):
    nothing = person_with(np.full(4 * 200, np.nan))
    said = said_of(fit_forecast([nothing]), people[0])
    np.testing.assert_allclose(said[:, 2, 1], people[0].eda_us, rtol=1e-6)


def test_flat_conductance_stays_with_a_narrow_interval(people):
    flat = person_with(np.full(4 * 300, 2.0))
    said = said_of(fit_forecast([flat, flat], steps=50, batch_size=64), flat)
    assert np.abs(said[..., 1] - 2.0).max() < 0.02
    assert (said[..., 2] - said[..., 0]).max() < 0.1


def test_people_without_windows_and_windows_apart_are_refused(people):
    with pytest.raises(ValueError, match="with windows"):
        fit_forecast([replace(people[0], windows=())])
    apart = replace(people[0], windows=people[0].windows[::20], eda_us=people[0].eda_us[::20])
    with pytest.raises(ValueError, match="touch"):
        fit_forecast([apart])
    with pytest.raises(ValueError, match="10 s"):
        ForecastHead(5.0)


def test_onnxruntime_gives_what_torch_gives_with_unknown_history_too(head, people):
    eda = torch.from_numpy(eda_traces(people[2].windows, 60.0))
    history = torch.from_numpy(forecast_inputs(people[2].windows))
    history[3], history[4, 1] = float("nan"), float("nan")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces that this exporter is the old one
        torch.onnx.export(
            head, (eda[:2], history[:2]), file, input_names=["eda", "history"],
            output_names=["forecast"], opset_version=17, dynamo=False,
            dynamic_axes={name: {0: "batch"} for name in ("eda", "history", "forecast")},
        )  # fmt: skip
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = head(eda, history).numpy()
    for n in (1, 7, len(eda)):
        (got,) = session.run(None, {"eda": eda[:n].numpy(), "history": history[:n].numpy()})
        assert (np.abs(got - expected[:n]) / np.maximum(1, np.abs(expected[:n]))).max() < 1e-5
