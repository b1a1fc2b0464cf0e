"""The differentiable EDA model against its NumPy twin, finite differences, and known truth."""

import io
import math
import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from wearaffect.learning.physics_layers import (
    BoundedTime,
    TimeConstants,
    held_roll,
    residual,
    roll_out,
    transition,
)
from wearaffect.physiology import eda
from wearaffect.physiology.eda import EdaParameters, Prior

TIMES = [(0.65, 2.77, 120.0), (0.2, 1.5, 20.0), (1.4, 6.0, 300.0), (2.0, 2.0, 2.0)]


def tensors(times, dtype=torch.float64):
    return tuple(torch.tensor(t, dtype=dtype) for t in times)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("step_s", [1e-3, 0.25, 1.0, 60.0])
def test_transition_equals_numpy(times, step_s):
    expected_a, expected_b = eda.discretise(EdaParameters(*times), step_s)
    a, b = transition(*tensors(times), step_s)
    np.testing.assert_allclose(a.numpy(), expected_a, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(b.numpy(), expected_b, rtol=1e-11, atol=1e-14)
    a, b = transition(*tensors(times, torch.float32), step_s)
    np.testing.assert_allclose(a.numpy(), expected_a, atol=1e-6)
    np.testing.assert_allclose(b.numpy(), expected_b, atol=1e-6 * max(1.0, step_s))


def test_transition_takes_a_time_constant_per_person():
    fast = torch.tensor([2.0, 2.77, 5.0], dtype=torch.float64)
    rise, _, slow = tensors(TIMES[0])
    a, b = transition(rise, fast, slow, 0.25)
    assert a.shape == (3, 3, 3)
    for i, value in enumerate(fast.tolist()):
        expected_a, expected_b = eda.discretise(EdaParameters(0.65, value, 120.0), 0.25)
        np.testing.assert_allclose(a[i].numpy(), expected_a, rtol=1e-12)
        np.testing.assert_allclose(b[i].numpy(), expected_b, rtol=1e-11)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 240])
def test_roll_out_equals_numpy_for_any_length(n, rng):
    driver, initial = rng.exponential(0.1, (4, n)), rng.uniform(0, 3, (4, 3))
    a, b = transition(*tensors(TIMES[0]), 0.25)
    rolled = roll_out(torch.from_numpy(initial), torch.from_numpy(driver), a, b)
    single = roll_out(
        *(torch.from_numpy(x).float() for x in (initial, driver)), a.float(), b.float()
    )
    expected = [
        eda.simulate(EdaParameters(), u, 0.25, x) for u, x in zip(driver, initial, strict=True)
    ]
    np.testing.assert_allclose(rolled.numpy(), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(single.numpy(), expected, rtol=5e-6, atol=1e-6)


def test_roll_out_takes_a_matrix_per_person(rng):
    fast = torch.tensor([2.0, 5.0], dtype=torch.float64)
    rise, _, slow = tensors(TIMES[0])
    driver, initial = torch.from_numpy(rng.exponential(0.1, (2, 9))), torch.ones(2, 3).double()
    together = roll_out(initial, driver, *transition(rise, fast, slow, 0.25))
    for i in range(2):
        alone = roll_out(initial[[i]], driver[[i]], *transition(rise, fast[i], slow, 0.25))
        np.testing.assert_allclose(together[[i]].numpy(), alone.numpy(), rtol=1e-13)


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_held_roll_equals_numpy(share, rng):
    initial, driver = rng.uniform(0, 3, (5, 3)), rng.exponential(0.1, 5)
    horizons = np.array([0.0, 5.0, 15.0, 30.0, 60.0])
    p = EdaParameters(*TIMES[1], tonic_share=share)
    expected = [eda.roll(p, x, u, horizons) for x, u in zip(initial, driver, strict=True)]
    x, u, h = (torch.from_numpy(array) for array in (initial, driver, horizons))
    ahead = held_roll(x, u, tensors(TIMES[1]), h, share)
    np.testing.assert_allclose(ahead.numpy(), expected, rtol=1e-12)
    per_person = tuple(t.expand(5) for t in tensors(TIMES[1]))
    np.testing.assert_allclose(held_roll(x, u, per_person, h, share).numpy(), expected, rtol=1e-12)


def test_residual_is_zero_on_the_model_and_local_off_it(rng):
    driver = torch.from_numpy(rng.exponential(0.1, (2, 20)))
    a, b = transition(*tensors(TIMES[0]), 0.25)
    states = roll_out(torch.ones(2, 3).double(), driver, a, b)
    assert residual(states, driver, a, b).abs().max() < 1e-14
    bent = states.clone()
    bent[0, 10, 2] += 0.3
    missed = residual(bent, driver, a, b)
    assert missed[0, 9, 2] == pytest.approx(0.3, abs=1e-12)
    assert missed[0, 10, 2] == pytest.approx(-0.3 * math.exp(-0.25 / 120), abs=1e-12)
    assert (missed.abs() > 1e-12).sum() == 2


@pytest.mark.parametrize("times", [*TIMES[:3], (0.65, 0.651, 120.0)])
def test_gradients_equal_finite_differences(times, rng):
    free = tuple(t.clone().requires_grad_() for t in tensors(times))
    initial = torch.from_numpy(rng.uniform(0, 3, (2, 3))).requires_grad_()
    driver = torch.from_numpy(rng.exponential(0.1, (2, 5))).requires_grad_()
    horizons = torch.tensor([5.0, 60.0], dtype=torch.float64)

    def everything(rise, fast, slow, x, u):
        a, b = transition(rise, fast, slow, 0.25)
        states = roll_out(x, u, a, b)
        return (
            states,
            residual(1.1 * states, u, a, b),
            held_roll(x, u[:, 0], (rise, fast, slow), horizons),
        )

    assert torch.autograd.gradcheck(everything, (*free, initial, driver))


@pytest.mark.parametrize("rise_s", [2.0, 2.0 + 1e-9, 2.0 - 1e-9])
def test_gradient_at_a_tie_is_that_of_the_limit(rise_s):
    # exp(-h/t) h/t, the limit of the coupling as both become t, moved in both at once
    step, rise = 0.25, torch.tensor(rise_s, dtype=torch.float64, requires_grad=True)
    fast = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    transition(rise, fast, torch.tensor(120.0).double(), step)[0][1, 0].backward()
    expected = math.exp(-step / 2) * (step / 2) * (step / 4 - 1 / 2)
    assert (rise.grad + fast.grad).item() == pytest.approx(expected, rel=1e-6)


def test_time_constants_start_at_the_published_means_and_stay_in_order():
    times = TimeConstants()
    assert [t.item() for t in times()] == pytest.approx([0.65, 2.77, 120.0], rel=1e-5)
    assert {name for name, _ in times.named_parameters()} == {"fast.raw", "slow.raw"}
    for raw in (-50.0, 50.0):
        nn.init.constant_(times.fast.raw, raw)
        nn.init.constant_(times.slow.raw, -raw)
        rise, fast, slow = (t.item() for t in times())
        assert rise < 1.5 * 0.9999 < fast < 6.0 * 1.0001
        assert fast < 20.0 * 0.9999 < slow < 300.0 * 1.0001


def test_prior_is_log_normal_with_the_published_moments():
    bound = BoundedTime(Prior(2.77, 0.52), 0.01, 100.0)
    draws = np.exp(np.random.default_rng(0).normal(bound.log_mean, bound.log_sd, 200_000))
    assert draws.mean() == pytest.approx(2.77, rel=0.01)
    assert draws.std() == pytest.approx(0.52, rel=0.02)
    for deviate in (-1.0, 0.0, 2.0):
        bound.place(deviate)
        share = (np.log(draws) < math.log(bound().item())).mean()
        assert share == pytest.approx(0.5 * (1 + math.erf(deviate / math.sqrt(2))), abs=0.01)


def test_a_start_stays_inside_its_bounds_and_depends_on_the_seed_alone():
    starts = []
    for seed in (*range(40), 0):
        times = TimeConstants()
        times.draw(seed)
        _, fast, slow = (float(v.detach()) for v in times())
        assert 1.5 < fast < 6.0
        assert 20.0 < slow < 300.0
        starts.append((fast, slow))
    assert starts[0] == starts[-1]
    assert len(set(starts)) > 30


def test_a_learned_rise_is_a_third_parameter():
    assert len(list(TimeConstants(rise_bounds_s=(0.1, 1.4)).parameters())) == 3


def test_bounds_that_break_the_order_are_refused():
    with pytest.raises(ValueError, match="without overlap"):
        TimeConstants(rise_bounds_s=(0.1, 2.0))
    with pytest.raises(ValueError, match="without overlap"):
        TimeConstants(fast_bounds_s=(1.5, 30.0))
    with pytest.raises(ValueError, match="low_s"):
        TimeConstants(fast_bounds_s=(3.0, 6.0))


@pytest.mark.parametrize(("fast_s", "slow_s"), [(2.0, 60.0), (4.5, 200.0)])
def test_known_time_constants_are_recovered_from_a_noisy_trace(fast_s, slow_s):
    rng = np.random.default_rng(11)
    truth = EdaParameters(fast_s=fast_s, slow_s=slow_s)
    driver = 0.02 + np.where(rng.random(2400) < 0.02, rng.lognormal(0.0, 0.5, 2400), 0.0)
    initial = eda.steady_state(truth, 0.02)
    clean = eda.conductance(truth, eda.simulate(truth, driver, 0.25, initial))
    target = torch.from_numpy(clean + rng.normal(0, 0.01, clean.size)).float()
    u, x = torch.from_numpy(driver).float()[None], torch.from_numpy(initial).float()[None]
    times = TimeConstants()
    optimiser = torch.optim.Adam(times.parameters(), lr=0.05)
    for _ in range(400):
        optimiser.zero_grad()
        states = roll_out(x, u, *transition(*times(), 0.25))
        seen = 0.5 * states[0, :, 1] + 0.5 * states[0, :, 2]
        loss = ((seen - target) ** 2).mean()
        loss.backward()
        optimiser.step()
    _, fast, slow = (t.item() for t in times())
    assert fast == pytest.approx(fast_s, rel=0.1)
    assert slow == pytest.approx(slow_s, rel=0.1)
    assert loss.item() == pytest.approx(0.01**2, rel=0.2)


class Physics(nn.Module):
    """Everything in one graph, as a network would use it."""

    def __init__(self):
        super().__init__()
        self.times = TimeConstants()
        self.register_buffer("horizons_s", torch.tensor([5.0, 15.0, 30.0, 60.0]))

    def forward(self, states0, driver):
        times = self.times()
        a, b = transition(*times, 0.25)
        states = roll_out(states0, driver, a, b)
        ahead = held_roll(states[:, -1], driver[:, -1], times, self.horizons_s)
        return states, residual(1.1 * states, driver, a, b), ahead


def test_layers_export_to_onnx_and_answer_the_same_there(rng):
    model, file = Physics().eval(), io.BytesIO()
    example = torch.ones(2, 3), torch.ones(2, 12)
    with warnings.catch_warnings():
        # torch calls its own exporter deprecated; a tracer's warning would be about our code
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            model, example, file, dynamo=False, input_names=["states0", "driver"],
            dynamic_axes={"states0": {0: "batch"}, "driver": {0: "batch"}},
        )  # fmt: skip
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    inputs = {
        "states0": rng.uniform(0, 3, (5, 3)).astype(np.float32),
        "driver": rng.exponential(0.1, (5, 12)).astype(np.float32),
    }
    answered = session.run(None, inputs)
    with torch.no_grad():
        expected = model(*(torch.from_numpy(x) for x in inputs.values()))
    for here, there in zip(answered, expected, strict=True):
        np.testing.assert_allclose(here, there.numpy(), atol=2e-6)
