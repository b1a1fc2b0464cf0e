"""The network of board "paper": exact physics, a gauge that stays a gauge, repeatable fits."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from wearaffect.learning.paper_network import PaperExamples, PaperFit, fit_paper_network
from wearaffect.learning.paper_physics import FirstOrderPhysics, singular_values


def physics_with(alpha: float, beta: list[float], gamma: float) -> FirstOrderPhysics:
    physics = FirstOrderPhysics(len(beta)).double()
    with torch.no_grad():
        physics.log_alpha.fill_(np.log(alpha))
        physics.beta_by_start.copy_(torch.tensor(beta, dtype=torch.float64) * 120.0)
        physics.log_gamma.fill_(np.log(gamma))
    return physics


def made_examples(n: int = 60) -> PaperExamples:
    """One person: a level that follows the ODE from condition to condition, and time."""
    step_s, label = 30.0, np.repeat([0, 1, 2], n // 3)
    alpha, drive = 1 / 300.0, np.array([0.0005, 0.003, 0.001])
    level = np.empty(n)
    now = 0.2
    for i in range(n):
        level[i] = now
        kept = np.exp(-alpha * step_s)
        now = kept * now + (1 - kept) * drive[label[i]] / alpha
    t = np.linspace(-1.5, 1.5, n)
    waves = [f(k * t) for k in (1, 2, 4) for f in (np.sin, np.cos)]
    inputs = np.stack([t, *waves, *(label == k for k in range(3))], axis=1)
    pairs = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)
    return PaperExamples(inputs.astype(float), level, label, pairs, step_s, 3)


def test_a_step_is_what_an_integrator_finds() -> None:
    alpha, beta, gamma = 0.01, [0.002, -0.001, 0.004], 1.7
    emotion, start = np.array([0.2, 0.5, 0.3]), 0.4

    def slope(_: float, e: np.ndarray) -> np.ndarray:
        return gamma * (-alpha * e + np.dot(beta, emotion))

    end = solve_ivp(slope, (0, 45.0), [start], rtol=1e-10, atol=1e-12).y[0, -1]
    with torch.no_grad():
        found = physics_with(alpha, beta, gamma)(
            torch.tensor([start], dtype=torch.float64), torch.tensor(emotion[None]).double(), 45.0
        )
    assert float(found) == pytest.approx(end, abs=1e-9)


def test_gamma_alone_is_never_seen() -> None:
    rng = np.random.default_rng(1)
    level = torch.tensor(rng.uniform(0, 1, 50))
    emotion = torch.tensor(rng.dirichlet(np.ones(3), 50))
    one = physics_with(0.01, [0.002, 0.001, 0.004], 1.0)
    other = physics_with(0.01 / 5, [0.002 / 5, 0.001 / 5, 0.004 / 5], 5.0)
    with torch.no_grad():
        assert torch.allclose(one(level, emotion, 30.0), other(level, emotion, 30.0))
    values, direction = singular_values(one, level, emotion, 30.0)
    assert (values[:-1] > 1e-6).all()
    assert values[-1] < 1e-12
    assert np.allclose(direction, [-1, -1, -1, -1, 1])


def test_one_condition_hides_a_second_direction() -> None:
    level = torch.linspace(0, 1, 50).double()
    emotion = torch.zeros(50, 3).double()
    emotion[:, 0] = 1.0
    values, _ = singular_values(physics_with(0.01, [0.002, 0.001, 0.004], 1.0), level, emotion, 30)
    assert (values > 1e-10).sum() == 2  # of five: the decay, and the only drive there is


def test_the_products_are_found_from_any_start_and_gamma_isn_t() -> None:
    examples = made_examples()
    found = []
    for start in (0.3, 3.0):
        settings = PaperFit(physics=1.0, start_gamma=start, steps=500, width=16)
        found.append(fit_paper_network(examples, settings).physics.values())
    products = [one["gamma"] * one["alpha_0"] for one in found]
    assert products == pytest.approx([1 / 300.0] * 2, rel=0.2)
    assert found[1]["gamma"] > 2 * found[0]["gamma"]
    drives = [one["gamma"] * one["beta"][1] for one in found]
    assert drives == pytest.approx([0.003] * 2, rel=0.2)


def test_it_learns_both_tasks_and_repeats_to_the_bit() -> None:
    examples = made_examples()
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    network = fit_paper_network(examples, PaperFit(steps=200))
    level, label = network.predict(examples.inputs)
    assert np.sqrt(np.mean((level - examples.eda) ** 2)) < 0.2 * examples.eda.std()
    assert (label == examples.label).mean() > 0.95
    again = fit_paper_network(examples, PaperFit(steps=200)).predict(examples.inputs)[0]
    other = fit_paper_network(examples, PaperFit(steps=200, seed=2)).predict(examples.inputs)[0]
    assert np.array_equal(level, again)
    assert not np.array_equal(level, other)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == threads


def test_without_weight_the_physics_stays_where_it_starts() -> None:
    network = fit_paper_network(made_examples(), PaperFit(physics=0.0, steps=30))
    assert network.physics.values() == FirstOrderPhysics(3).values()


def test_rows_that_can_t_be_fitted_are_refused() -> None:
    examples = made_examples()
    spoilt = np.where(np.arange(60) == 7, np.nan, examples.eda)
    bad = PaperExamples(examples.inputs, spoilt, examples.label, examples.pairs, 30.0, 3)
    with pytest.raises(ValueError, match="finite rows"):
        fit_paper_network(bad)
    none = PaperExamples(
        examples.inputs[:0], examples.eda[:0], examples.label[:0], examples.pairs[:0], 30.0, 3
    )
    with pytest.raises(ValueError, match="got 0"):
        fit_paper_network(none)
    lone = PaperExamples(
        examples.inputs[:1], examples.eda[:1], examples.label[:1], examples.pairs[:0], 30.0, 3
    )
    level, _ = fit_paper_network(lone, PaperFit(steps=20)).predict(lone.inputs)
    assert np.isfinite(level).all()
