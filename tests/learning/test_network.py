"""The network: shapes, equation, gradients, seeds."""

import dataclasses

import numpy as np
import pytest
import torch

from wearaffect.learning.fitting import FitSettings, fit_network, training_rows
from wearaffect.learning.network import AffectNetwork, NetworkSettings
from wearaffect.learning.objective import Batch, LossWeights, losses
from wearaffect.learning.table import HORIZONS_S, LABELS, MODEL_FEATURES
from wearaffect.learning.training import fit_encoder
from wearaffect.physiology.eda import EdaParameters, conductance, simulate

_N_INPUTS = 2 * len(MODEL_FEATURES) + 1


def _network() -> AffectNetwork:
    torch.manual_seed(0)
    return AffectNetwork(NetworkSettings(_N_INPUTS, len(LABELS), HORIZONS_S)).eval()


def _batch(n: int) -> Batch:
    rng = np.random.default_rng(3)
    eda = np.abs(rng.normal(2.0, 0.5, (n, 240))).astype(np.float32)
    return Batch(
        torch.from_numpy(rng.standard_normal((n, _N_INPUTS)).astype(np.float32)),
        torch.from_numpy(eda),
        torch.from_numpy(rng.integers(-1, 3, n)),
        torch.ones(n),
        torch.from_numpy(np.abs(rng.normal(2.0, 0.5, (n, 4))).astype(np.float32)),
    )


@pytest.mark.parametrize("n", [1, 8])
def test_every_window_gets_ordered_quantiles_and_nonnegative_physics(n: int) -> None:
    batch = _batch(n)
    out = _network()(batch.features, batch.eda)
    assert out.logits.shape == (n, 3)
    assert out.forecast_us.shape == (n, 4, 3)
    low, middle, high = out.forecast_us.unbind(2)
    assert bool((low <= middle).all())
    assert bool((middle <= high).all())
    assert bool((out.driver_us_per_s >= 0).all())
    assert bool((out.states_us >= 0).all())


def test_a_window_is_answered_alike_alone_and_in_company() -> None:
    batch, network = _batch(8), _network()
    whole = network(batch.features, batch.eda).forecast_us
    alone = network(batch.features[3:4], batch.eda[3:4]).forecast_us
    assert torch.allclose(whole[3:4], alone, atol=1e-5)


def test_every_parameter_has_a_part_in_the_loss() -> None:
    network, batch = _network(), _batch(16)
    terms = losses(network, network(batch.features, batch.eda), batch)
    sum(terms.values()).backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


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
        fit_network(people, encoder, seed=s, settings=short).wide.weight for s in (4, 4, 5)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_fitting_lowers_what_data_can_tell(people) -> None:
    encoder = fit_encoder(people, 60.0)
    rows = training_rows(people, encoder, 4)
    batch = Batch(
        *(
            torch.from_numpy(a)
            for a in (
                rows.inputs.features,
                rows.inputs.eda,
                rows.target,
                rows.weight,
                rows.later_us,
            )
        )
    )
    torch.manual_seed(1)
    before = AffectNetwork(NetworkSettings(_N_INPUTS, len(LABELS), HORIZONS_S)).eval()
    after = fit_network(people, encoder, seed=1, settings=FitSettings(epochs=12))
    with torch.no_grad():
        start, end = (losses(net, net(batch.features, batch.eda), batch) for net in (before, after))
    # not the physics: constant states obey the equation and explain nothing
    for name in ("condition", "trace", "forecast"):
        assert float(end[name]) < float(start[name]), name


def test_a_physics_weight_of_zero_leaves_a_larger_residual(people) -> None:
    encoder = fit_encoder(people, 60.0)
    rows = training_rows(people, encoder, 4)
    residuals = []
    for weight in (0.0, 5000.0):
        weights = LossWeights(physics=weight)
        net = fit_network(people, encoder, seed=1, settings=FitSettings(epochs=8, weights=weights))
        batch = Batch(
            torch.from_numpy(rows.inputs.features),
            torch.from_numpy(rows.inputs.eda),
            torch.from_numpy(rows.target),
            torch.from_numpy(rows.weight),
            torch.from_numpy(rows.later_us),
        )
        with torch.no_grad():
            residuals.append(float(losses(net, net(batch.features, batch.eda), batch)["physics"]))
    assert residuals[1] < 0.3 * residuals[0]
