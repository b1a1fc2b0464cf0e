"""The skin conductance model of `wearaffect.physiology.eda` as differentiable layers.

The same closed form, batched, in operations that both autograd and the ONNX exporter know: no
matrix exponential, no in-place writing, no loop over time.
"""

import math

import torch
from torch import Tensor, nn

from wearaffect.physiology.eda import PRIORS, Prior

__all__ = ["BoundedTime", "TimeConstants", "held_roll", "residual", "roll_out", "transition"]

_TIE = 1e-2


class BoundedTime(nn.Module):
    """A time constant that training may move inside fixed bounds.

    Parameters
    ----------
    prior : Prior
        Mean and standard deviation, seconds; taken as log-normal with these moments. The mean is
        where training starts.
    low_s, high_s : float
        Bounds, seconds; the prior mean lies strictly between them.

    Raises
    ------
    ValueError
        The bounds don't enclose the prior mean, or aren't positive.

    Notes
    -----
    ``low (high / low) ** sigmoid(raw)``: bounded, and of order one while training.
    """

    def __init__(self, prior: Prior, low_s: float, high_s: float) -> None:
        super().__init__()
        if not 0 < low_s < prior.mean < high_s < math.inf:
            msg = f"expected 0 < low_s < {prior.mean} < high_s, got {low_s} and {high_s}"
            raise ValueError(msg)
        self.low_s, self.high_s = low_s, high_s
        place = math.log(prior.mean / low_s) / math.log(high_s / low_s)
        self.raw = nn.Parameter(torch.tensor(math.log(place / (1 - place))))
        spread = math.log1p((prior.sd / prior.mean) ** 2)
        self.log_sd = math.sqrt(spread)
        self.log_mean = math.log(prior.mean) - spread / 2

    def forward(self) -> Tensor:
        """Give the time constant, (), seconds."""
        share = torch.sigmoid(self.raw)
        return torch.exp(math.log(self.low_s) + math.log(self.high_s / self.low_s) * share)

    def place(self, deviate: float) -> None:
        """Set the time constant so many prior deviations from the prior's median, in bounds."""
        log_s = self.log_mean + deviate * self.log_sd
        share = (log_s - math.log(self.low_s)) / math.log(self.high_s / self.low_s)
        share = min(max(share, 0.05), 0.95)
        with torch.no_grad():
            self.raw.fill_(math.log(share / (1 - share)))


class TimeConstants(nn.Module):
    """Rise, fast and slow time constant of skin conductance, in this order.

    Parameters
    ----------
    fast_bounds_s : tuple of float
        Seconds; default from Wickramasuriya et al. 2019 (doi 10.3389/fnins.2019.00780).
    slow_bounds_s : tuple of float
        Seconds; engineering choice around the prior of doi 10.1371/journal.pcbi.1010275.
    rise_bounds_s : tuple of float or None
        Seconds. None keeps the rise at its prior mean, since 4 Hz samples can't resolve it.

    Raises
    ------
    ValueError
        Bounds that overlap, so that the order isn't certain, or that miss the prior mean.
    """

    def __init__(
        self,
        fast_bounds_s: tuple[float, float] = (1.5, 6.0),
        slow_bounds_s: tuple[float, float] = (20.0, 300.0),
        rise_bounds_s: tuple[float, float] | None = None,
    ) -> None:
        super().__init__()
        rise_s = PRIORS["rise_s"].mean
        highest_rise_s = rise_s if rise_bounds_s is None else rise_bounds_s[1]
        if not (highest_rise_s <= fast_bounds_s[0] and fast_bounds_s[1] <= slow_bounds_s[0]):
            msg = (
                "expected bounds in order rise, fast, slow without overlap, "
                f"got {rise_bounds_s}, {fast_bounds_s}, {slow_bounds_s}"
            )
            raise ValueError(msg)
        self.fast = BoundedTime(PRIORS["fast_s"], *fast_bounds_s)
        self.slow = BoundedTime(PRIORS["slow_s"], *slow_bounds_s)
        self.rise = None if rise_bounds_s is None else BoundedTime(PRIORS["rise_s"], *rise_bounds_s)
        self.rise_s: Tensor
        self.register_buffer("rise_s", torch.tensor(rise_s))

    def forward(self) -> tuple[Tensor, Tensor, Tensor]:
        """Give rise, fast and slow time constant, each (), seconds."""
        rise = self.rise_s if self.rise is None else self.rise()
        return rise, self.fast(), self.slow()

    def draw(self, seed: int) -> None:
        """Start the learned time constants from a draw from their priors."""
        first, second = torch.randn(2, generator=torch.Generator().manual_seed(seed)).tolist()
        self.fast.place(first)
        self.slow.place(second)


def transition(
    rise_s: Tensor, fast_s: Tensor, slow_s: Tensor, step_s: Tensor | float
) -> tuple[Tensor, Tensor]:
    """Integrate the model over a step with the driver held, exactly.

    Parameters
    ----------
    rise_s, fast_s, slow_s : torch.Tensor, (...)
        Time constants, seconds, of shapes that broadcast.
    step_s : torch.Tensor, (...), or float
        Length of the step, seconds, ≥ 0.

    Returns
    -------
    A : torch.Tensor, (..., 3, 3)
        Transition of the states, as in `wearaffect.physiology.eda.discretise`.
    B : torch.Tensor, (..., 3)
        Answer to a driver of 1 µS/s.
    """
    # adding zeros of every shape broadcasts, in operations that any exporter knows
    zero = 0.0 * (rise_s + fast_s + slow_s + step_s)
    rise, fast, slow, step = zero + rise_s, zero + fast_s, zero + slow_s, zero + step_s
    to_fast, to_slow = _passed(rise, fast, step), _passed(rise, slow, step)
    rows = (
        torch.stack([torch.exp(-step / rise), zero, zero], dim=-1),
        torch.stack([to_fast, torch.exp(-step / fast), zero], dim=-1),
        torch.stack([to_slow, zero, torch.exp(-step / slow)], dim=-1),
    )
    pushed = [
        rise * _lost(step / rise),
        fast * _lost(step / fast) - rise * to_fast,
        slow * _lost(step / slow) - rise * to_slow,
    ]
    return torch.stack(rows, dim=-2), torch.stack(pushed, dim=-1)


def roll_out(states0: Tensor, driver: Tensor, A: Tensor, B: Tensor) -> Tensor:
    """Run the model from a first state through a driver.

    Parameters
    ----------
    states0 : torch.Tensor, (batch, 3)
        States at the start, µS.
    driver : torch.Tensor, (batch, n)
        Held driver in each step, µS/s, n ≥ 1.
    A, B : torch.Tensor, (3, 3) and (3,), or (batch, 3, 3) and (batch, 3)
        From `transition`.

    Returns
    -------
    torch.Tensor, (batch, n + 1, 3)
        States at the edges of the steps, µS.

    Notes
    -----
    Steps are joined in pairs, fours, eights and so on (Hillis & Steele 1986,
    doi 10.1145/7902.7903), so n steps cost log2(n) matrix products and the graph stays short.
    """
    first = states0.unsqueeze(1)
    power = A.transpose(-1, -2)
    pushed = driver.unsqueeze(-1) * B.unsqueeze(-2)
    states = torch.cat([first, pushed], dim=1)
    n = len(driver.unbind(1)) + 1  # a plain integer even while an exporter traces
    reach = 1
    while reach < n:
        earlier = states[:, :-reach] @ power
        states = torch.cat([states[:, :reach], states[:, reach:] + earlier], dim=1)
        power = power @ power
        reach *= 2
    return states


def residual(states: Tensor, driver: Tensor, A: Tensor, B: Tensor) -> Tensor:
    """Give how far states miss the model, step by step.

    Parameters
    ----------
    states : torch.Tensor, (batch, n + 1, 3)
        States at the edges of contiguous steps of one recording, µS.
    driver : torch.Tensor, (batch, n)
        Held driver in each step, µS/s.
    A, B : torch.Tensor
        As for `roll_out`.

    Returns
    -------
    torch.Tensor, (batch, n, 3)
        State minus what the step before predicts, µS; zero exactly where the model holds.
    """
    pushed = driver.unsqueeze(-1) * B.unsqueeze(-2)
    return states[:, 1:] - (states[:, :-1] @ A.transpose(-1, -2) + pushed)


def held_roll(
    states0: Tensor,
    driver: Tensor,
    times_s: tuple[Tensor, Tensor, Tensor],
    horizons_s: Tensor,
    tonic_share: float = 0.5,
) -> Tensor:
    """Forecast the conductance with the driver held, each horizon in closed form.

    Parameters
    ----------
    states0 : torch.Tensor, (batch, 3)
        States now, µS.
    driver : torch.Tensor, (batch,)
        Held driver, µS/s.
    times_s : tuple of torch.Tensor, each () or (batch,)
        Rise, fast and slow time constant, seconds.
    horizons_s : torch.Tensor, (n_horizons,)
        Seconds ahead, ≥ 0.
    tonic_share : float
        chi of the model; 0.5 in doi 10.1371/journal.pcbi.1010275.

    Returns
    -------
    torch.Tensor, (batch, n_horizons)
        Skin conductance, µS.
    """
    rise, fast, slow = (time.unsqueeze(-1) for time in times_s)
    A, B = transition(rise, fast, slow, horizons_s)
    ahead = (A @ states0[:, None, :, None]).squeeze(-1) + B * driver[:, None, None]
    return (1 - tonic_share) * ahead[..., 1] + tonic_share * ahead[..., 2]


def _lost(x: Tensor) -> Tensor:
    """Give ``1 - exp(-x)`` for x ≥ 0 without cancelling near zero (ONNX has no expm1)."""
    half = torch.tanh(x / 2)
    return 2 * half / (1 + half)


def _passed(rise_s: Tensor, decay_s: Tensor, step_s: Tensor) -> Tensor:
    """Give what a unit in the first state leaves in a state that decays with `decay_s`.

    As in `wearaffect.physiology.eda`; near a tie a series takes over, for the gradient's sake.
    """
    rise_rate, decay_rate = 1 / rise_s, 1 / decay_s
    apart = torch.abs(rise_rate - decay_rate) * step_s
    tie = apart < _TIE
    series = 1 - apart / 2 * (1 - apart / 3 * (1 - apart / 4 * (1 - apart / 5)))
    safe = torch.where(tie, torch.ones_like(apart), apart)
    ratio = torch.where(tie, series, _lost(safe) / safe)
    return step_s * rise_rate * torch.exp(-torch.minimum(rise_rate, decay_rate) * step_s) * ratio
