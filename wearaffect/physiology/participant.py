"""A synthetic participant: wrist signals of whom everything is known.

One seed gives one person: how strongly they sweat, how fast their heart beats, when they move. The
signals have the rates, units, resolution and noise of an Empatica E4. What is left out: movement
doesn't disturb the electrodes, and nobody talks.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import Channel, SignalKind
from wearaffect.core.units import Unit
from wearaffect.physiology import eda, motion, pulse
from wearaffect.physiology.eda import EdaParameters
from wearaffect.physiology.processes import drift, lagged
from wearaffect.physiology.timeline import REST, STEP_S, STRESS, Condition, Interval, Timeline

__all__ = [
    "SENSORS",
    "ParticipantSettings",
    "Sensor",
    "SyntheticRecording",
    "Truth",
    "simulate_participant",
]

Array = NDArray[np.float64]

_HEART_RANGE_PER_MIN = (55.0, 110.0)
_BURSTS_APART_S = 1.0  # Wickramasuriya et al. 2019, doi 10.3389/fnins.2019.00780
_EDA_NOISE_US = 0.0015  # as in wrist E4 recordings, from second differences
_BVP_HEIGHT, _BVP_NOISE, _BVP_PER_G = 120.0, 2.0, 400.0  # E4 units; engineering choices


@dataclass(frozen=True, slots=True)
class Sensor:
    """Rate, channels and resolution of a signal."""

    sampling_rate: float
    channels: tuple[Channel, ...]
    resolution: float


SENSORS: Mapping[SignalKind, Sensor] = MappingProxyType(
    {
        SignalKind.EDA: Sensor(4.0, (Channel("eda", Unit.MICROSIEMENS),), 0.0),
        SignalKind.BVP: Sensor(64.0, (Channel("bvp", Unit.ARBITRARY),), 0.01),
        SignalKind.ACC: Sensor(32.0, tuple(Channel(n, Unit.GRAVITY_64TH) for n in "xyz"), 1.0),
        SignalKind.TEMP: Sensor(4.0, (Channel("temp", Unit.CELSIUS),), 0.02),
    }
)
"""The four signals of a wristband, as the E4 gives them."""


@dataclass(frozen=True, slots=True)
class ParticipantSettings:
    """Who takes part, in what.

    Attributes
    ----------
    seed : int
        Of the person and of all chance, ≥ 0.
    eda : EdaParameters
        Of the skin.
    protocol : tuple of Condition
        Repeated until the recording ends.

    Raises
    ------
    ValueError
        The seed is negative, or the protocol is empty.
    """

    seed: int = 1
    eda: EdaParameters = field(default_factory=EdaParameters)
    protocol: tuple[Condition, ...] = (REST, STRESS)

    def __post_init__(self) -> None:
        if self.seed < 0 or not self.protocol:
            msg = f"expected seed >= 0 and a protocol, got {self.seed} and {self.protocol}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What no sensor sees.

    Attributes
    ----------
    conditions : tuple of Interval
        They tile the recording.
    beat_times_s : numpy.ndarray, (n_beats,)
        Centres of the systolic waves.
    scr_times_s, scr_sizes_us : numpy.ndarray, (n_bursts,)
        Start of each sudomotor burst, on the 4 Hz grid, and its size.
    driver : numpy.ndarray, (n_eda,)
        Held from each EDA sample to the next, µS/s.
    states : numpy.ndarray, (n_eda, 3)
        Of `wearaffect.physiology.eda` at each EDA sample, µS.
    move_times_s : numpy.ndarray, (n_moves,)
        Start of each movement.
    """

    conditions: tuple[Interval, ...]
    beat_times_s: Array
    scr_times_s: Array
    scr_sizes_us: Array
    driver: Array
    states: Array
    move_times_s: Array


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticRecording:
    """What the wristband gives, and the truth behind it.

    Attributes
    ----------
    settings : ParticipantSettings
        Where it comes from.
    duration_s : float
        Seconds.
    signals : mapping of SignalKind to numpy.ndarray, (n_samples, n_channels), float32
        Rates and units as in `SENSORS`; all start at time zero.
    truth : Truth
        Beats, bursts, driver, conditions.
    """

    settings: ParticipantSettings
    duration_s: float
    signals: Mapping[SignalKind, NDArray[np.float32]]
    truth: Truth


def simulate_participant(settings: ParticipantSettings, duration_s: float) -> SyntheticRecording:
    """Simulate a sitting.

    Parameters
    ----------
    settings : ParticipantSettings
        Person and protocol.
    duration_s : float
        Seconds, at least 1.

    Returns
    -------
    SyntheticRecording
        The same for the same settings; a longer one starts with a shorter one.

    Raises
    ------
    ValueError
        The duration is below a second or not finite.
    """
    if not 1 <= duration_s < math.inf:
        msg = f"expected duration_s >= 1, got {duration_s}"
        raise ValueError(msg)
    person, sweat, heart, move, warm = np.random.default_rng(settings.seed).spawn(5)
    timeline = Timeline(settings.protocol, duration_s)
    trait = person.random(4)  # sweating, bursts, heart, warmth
    times, sizes, driver, states = _sweat(settings, timeline, sweat, trait[:2])
    moves, bout, wrist = move.spawn(3)
    starts = timeline.events(moves, "moves_per_min", 8.0)
    bouts = motion.draw_bouts(bout, starts)
    noise = _EDA_NOISE_US * sweat.standard_normal(len(states))
    beats, wave = _heart(timeline, heart, 62.0 + 14.0 * trait[2], bouts)
    wrist_s = timeline.times(_rate_hz(SignalKind.ACC))
    raw = {
        SignalKind.EDA: np.maximum(eda.conductance(settings.eda, states) + noise, 0.0),
        SignalKind.BVP: wave,
        SignalKind.ACC: 64.0 * motion.acceleration(wrist, bouts, wrist_s),
        SignalKind.TEMP: _warmth(timeline, warm, 32.0 + 2.0 * trait[3]),
    }
    truth = Truth(timeline.intervals, beats, times, sizes, driver, states, starts)
    signals = {kind: _sensed(kind, values) for kind, values in raw.items()}
    return SyntheticRecording(settings, duration_s, MappingProxyType(signals), truth)


def _sweat(
    settings: ParticipantSettings, timeline: Timeline, rng: np.random.Generator, trait: Array
) -> tuple[Array, Array, Array, Array]:
    """Give burst times and sizes, driver and states; sweating starts from its steady state."""
    when, how_much, slow = rng.spawn(3)
    n = timeline.times(_rate_hz(SignalKind.EDA)).size
    level, strength = 0.012 + 0.03 * trait[0], 0.6 + 0.8 * trait[1]
    drawn_s = timeline.events(when, "bursts_per_min", _BURSTS_APART_S)
    step = np.floor(drawn_s / STEP_S).astype(np.int64)
    step = step[step < n]
    times: Array = STEP_S * step.astype(np.float64)
    spread = how_much.lognormal(0.0, 0.5, times.size)
    sizes: Array = strength * timeline.at("burst_us", times) * spread
    # a level that wanders by a tenth over minutes
    driver: Array = level * np.exp(drift(slow, n, STEP_S, relaxation_s=120.0, sd=0.1))
    start = eda.steady_state(settings.eda, float(driver[0]))
    np.add.at(driver, step, sizes / STEP_S)
    return times, sizes, driver, eda.simulate(settings.eda, driver, STEP_S, start)[:-1]


def _heart(
    timeline: Timeline, rng: np.random.Generator, rest_per_min: float, bouts: motion.Bouts
) -> tuple[Array, Array]:
    """Give beat times and the pulse wave."""
    slow_s = timeline.slow_s
    varied, breathing, seen = rng.spawn(3)
    mean = lagged(timeline.at("heart_rise_per_min", slow_s), STEP_S, 10.0)
    sway = drift(varied, slow_s.size, STEP_S, relaxation_s=15.0, sd=1.5)
    breath_hz = 0.25 + drift(breathing, slow_s.size, STEP_S, relaxation_s=30.0, sd=0.015)
    breath = np.sin(2 * np.pi * STEP_S * np.cumsum(breath_hz))
    swing = lagged(timeline.at("sinus_per_min", slow_s), STEP_S, 10.0)
    rate = np.clip(rest_per_min + mean + sway + swing * breath, *_HEART_RANGE_PER_MIN)
    rate_hz = _rate_hz(SignalKind.BVP)
    times = timeline.times(rate_hz)
    phase = pulse.beat_phase(np.interp(times, slow_s, rate), rate_hz)
    # vessels narrow as the heart speeds up; breathing moves the height of the pulse a little
    height = np.interp(times, slow_s, (1 - 0.02 * np.maximum(mean, 0.0)) * (1 + 0.05 * breath))
    noise = _BVP_NOISE + _BVP_PER_G * motion.bout_strength(bouts, times)
    wave = pulse.pulse_wave(phase) - pulse.pulse_wave(np.linspace(0, 1, 64, endpoint=False)).mean()
    bvp = _BVP_HEIGHT * height * wave + noise * seen.standard_normal(times.size)
    return pulse.beat_times(phase, rate_hz), bvp


def _warmth(timeline: Timeline, rng: np.random.Generator, mean: float) -> Array:
    times = timeline.times(_rate_hz(SignalKind.TEMP))
    wander = drift(rng, times.size, STEP_S, relaxation_s=900.0, sd=0.3)
    return mean + wander - lagged(timeline.at("cooling", times), STEP_S, 120.0)


def _sensed(kind: SignalKind, values: Array) -> NDArray[np.float32]:
    resolution = SENSORS[kind].resolution
    steps = np.round(values / resolution) * resolution if resolution else values
    return steps.reshape(len(values), -1).astype(np.float32)


def _rate_hz(kind: SignalKind) -> float:
    return SENSORS[kind].sampling_rate
