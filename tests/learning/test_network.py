"""The network: shapes, equation, gradients, seeds."""

import dataclasses

import numpy as np
import pytest
import torch

from wearaffect.bundle.encoding import N_FLAGS
from wearaffect.learning.fitting import FitSettings, fit_network, training_rows
from wearaffect.learning.network import AffectNetwork
from wearaffect.learning.objective import Batch, LossWeights, losses
from wearaffect.learning.table import MODEL_FEATURES
from wearaffect.learning.training import fit_encoder
from wearaffect.physiology.eda import EdaParameters, conductance, simulate

_F = len(MODEL_FEATURES)
_N_INPUTS = 3 * _F + N_FLAGS


def _network() -> AffectNetwork:
    torch.manual_seed(0)
    return AffectNetwork(MODEL_FEATURES).eval()


def _batch(n: int) -> Batch:
    rng = np.random.default_rng(3)
    eda = np.abs(rng.normal(2.0, 0.5, (n, 240)))
    features = rng.standard_normal((n, _N_INPUTS))
    features[:, -3:] = 1.0
    columns = (
        features,
        eda,
        rng.integers(0, 2, n),
        rng.integers(0, 2, n),
        np.ones(n),
        np.ones(n),
        rng.uniform(1, 9, (n, 2)),
        rng.standard_normal(n),
        np.abs(rng.normal(2.0, 0.5, (n, 4))),
    )
    return Batch(*(torch.from_numpy(values.astype(np.float32)) for values in columns))


@pytest.mark.parametrize("n", [1, 8])
def test_every_window_gets_every_answer_and_nonnegative_physics(n: int) -> None:
    batch = _batch(n)
    out = _network()(batch.features, batch.eda)
    assert out.stress.shape == out.amused.shape == out.from_others.shape == (n,)
    assert out.affect.shape == (n, 2)
    assert out.rolled_us.shape == (n, 4)
    for values in (out.rolled_us, out.driver_us_per_s, out.states_us):
        assert bool((values >= 0).all())


def test_a_window_is_answered_alike_alone_and_in_company() -> None:
    batch, network = _batch(8), _network()
    whole = network(batch.features, batch.eda)
    alone = network(batch.features[3:4], batch.eda[3:4])
    assert torch.allclose(whole.rolled_us[3:4], alone.rolled_us, atol=1e-5)
    assert torch.allclose(whole.stress[3:4], alone.stress, atol=1e-5)


def _columns(prefix: str) -> list[int]:
    return [
        b * _F + i for b in range(3) for i, n in enumerate(MODEL_FEATURES) if n.startswith(prefix)
    ]


def test_stress_is_told_without_movement() -> None:
    batch, network = _batch(8), _network()
    before = network.odds(batch.features, batch.eda)[0]
    moved = batch.features.clone()
    moved[:, _columns("acc_")] += 3.0
    assert torch.equal(network.odds(moved, batch.eda)[0], before)
    moved[:, _columns("hr_")] += 3.0
    assert not torch.allclose(network.odds(moved, batch.eda)[0], before)


def test_an_absent_signal_is_silent_whatever_stands_in_its_place() -> None:
    batch, network = _batch(8), _network()
    absent = batch.features.clone()
    absent[:, -2] = 0.0  # no heart
    other = absent.clone()
    heart = _columns("hr") + _columns("bvp") + _columns("ibi")
    other[:, heart] += 3.0
    said, again = (network(x, batch.eda).affect for x in (absent, other))
    assert torch.equal(said, again)


def test_what_is_not_known_costs_nothing_and_spoils_no_gradient() -> None:
    network, batch = _network(), _batch(6)
    gone = batch._replace(
        affect=torch.full_like(batch.affect, torch.nan),
        change=torch.full_like(batch.change, torch.nan),
        later_us=torch.full_like(batch.later_us, torch.nan),
    )
    terms = losses(network, network(batch.features, batch.eda), gone)
    assert [terms[name].item() for name in ("affect", "others", "forecast")] == [0.0, 0.0, 0.0]
    sum(terms.values()).backward()
    assert all(
        bool(torch.isfinite(p.grad).all()) for p in network.parameters() if p.grad is not None
    )


def test_seconds_out_of_order_are_another_question() -> None:
    network, batch = _network(), _batch(4)
    out = network(batch.features, batch.eda)
    torch.manual_seed(0)
    straight = losses(network, out, batch)["physics"].item()
    shuffled = losses(network, out, batch, shuffled=True)["physics"].item()
    assert shuffled != pytest.approx(straight, rel=1e-3)


def test_every_parameter_has_a_part_in_the_loss() -> None:
    network, batch = _network(), _batch(16)
    terms = losses(network, network(batch.features, batch.eda), batch)
    sum(terms.values()).backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    # the prior's scale is fitted beforehand
    assert idle == ["prior.gain", "prior.bias"]


def test_the_physics_term_vanishes_on_the_numpy_model_and_not_beside_it() -> None:
    network, batch = _network(), _batch(1)
    with torch.no_grad():
        rise, fast, slow = (float(v) for v in network.times())
        out = network(batch.features, batch.eda)
    parameters = EdaParameters(rise, fast, slow)
    driver = np.abs(np.random.default_rng(5).normal(0.02, 0.01, 59))
    states = simulate(parameters, driver, 1.0, np.array([0.01, 0.05, 2.0]))
    assert states.shape == (60, 3)
    assert conductance(parameters, states).min() > 0
    physical = dataclasses.replace(
        out,
        states_us=torch.tensor(states, dtype=torch.float32)[None],
        driver_us_per_s=torch.tensor(driver, dtype=torch.float32)[None],
    )
    with torch.no_grad():
        on_it = float(losses(network, physical, batch)["physics"])
        beside = float(losses(network, out, batch)["physics"])
    assert on_it < 1e-10
    assert beside > 1e-4


def test_the_same_seed_gives_the_same_network_and_another_seed_another(people) -> None:
    encoder, short = fit_encoder(people, 60.0), FitSettings(epochs=1)
    first, again, other = (
        fit_network(people, encoder, seed=s, settings=short).wide_stress.weight for s in (4, 4, 5)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_fitting_lowers_what_data_can_tell(people) -> None:
    encoder = fit_encoder(people, 60.0)
    batch = training_rows(people, encoder, 4)
    torch.manual_seed(1)
    before = AffectNetwork(MODEL_FEATURES).eval()
    after = fit_network(people, encoder, seed=1, settings=FitSettings(epochs=12))
    with torch.no_grad():
        start, end = (losses(net, net(batch.features, batch.eda), batch) for net in (before, after))
    # not the physics: constant states obey the equation and explain nothing
    for name in ("condition", "trace", "forecast"):
        assert float(end[name]) < float(start[name]), name


def test_a_physics_weight_of_zero_leaves_a_larger_residual(people) -> None:
    encoder = fit_encoder(people, 60.0)
    batch = training_rows(people, encoder, 4)
    residuals = []
    for weight in (0.0, 5000.0):
        weights = LossWeights(physics=weight)
        net = fit_network(people, encoder, seed=1, settings=FitSettings(epochs=8, weights=weights))
        with torch.no_grad():
            residuals.append(float(losses(net, net(batch.features, batch.eda), batch)["physics"]))
    assert residuals[1] < 0.3 * residuals[0]
