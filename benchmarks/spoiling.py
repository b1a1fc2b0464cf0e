"""Faults that are put into recordings at a known time, and when a light shows them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Window, WindowSpec
from wearaffect.recording.session import Session, cut
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.conversion import in_standard_units

__all__ = ["ACC", "BVP", "EDA", "FALL", "FAULTS", "SPEC", "TEMP", "Injected", "lit"]

Data = NDArray[np.float32]
Spoil = Callable[[Data, int], None]

EDA, BVP, ACC, TEMP = SignalKind.EDA, SignalKind.BVP, SignalKind.ACC, SignalKind.TEMP
SPEC = WindowSpec(60.0, 0.25)
DARK_S, WATCHED_S = 2.0, 6.0  # before and after an onset
FALL = 0.4  # of conductance, as a band comes loose


def level(value: float) -> Spoil:
    def spoil(data: Data, first: int) -> None:
        data[first:] = value + 0.001 * np.arange(len(data) - first)[:, None]

    return spoil


def stuck(data: Data, first: int) -> None:
    data[first:] = data[first - 1]


def rail(data: Data, first: int) -> None:
    data[first:] = 2.0


def fallen(data: Data, first: int) -> None:
    data[first:] *= 1 - FALL


def crackling(data: Data, first: int) -> None:
    data[first::2] += 4.0


def missing(data: Data, first: int) -> None:
    data[first:] = np.nan


def shaken(data: Data, first: int) -> None:
    """Swing by 1 g along x at 3 Hz, as far as the sensor's range goes."""
    t_s = np.arange(len(data) - first) / 32.0
    data[first:, 0] = np.clip(data[first:, 0] + np.sin(2 * np.pi * 3 * t_s), -2, 2)


def pulseless(data: Data, first: int) -> None:
    """Noise of a fiftieth of the pulse."""
    noise = np.random.default_rng(first).standard_normal((len(data) - first, 1))
    data[first:] = 0.02 * data[:first].std() * noise


@dataclass(frozen=True)
class Injected:
    """A fault: the light that it should light, the signal it is put into, and how."""

    light: SignalKind
    reason: str
    what: str
    spoilt: SignalKind
    spoil: Spoil


FAULTS = (
    Injected(EDA, "off_skin", "in air, 0.01 µS", EDA, level(0.01)),
    Injected(TEMP, "off_skin", "in air, 15 °C", TEMP, level(15.0)),
    Injected(TEMP, "off_skin", "in room air, 22 °C", TEMP, level(22.0)),
    Injected(EDA, "flat", "stuck", EDA, stuck),
    Injected(BVP, "flat", "stuck", BVP, stuck),
    Injected(EDA, "clipped", "above range, 80 µS", EDA, level(80.0)),
    Injected(ACC, "clipped", "at the rail, 2 g", ACC, rail),
    Injected(EDA, "loose", "contact falls by 40 %", EDA, fallen),
    Injected(EDA, "noise", "4 µS crackle", EDA, crackling),
    Injected(EDA, "gap", "samples missing", EDA, missing),
    Injected(BVP, "gap", "samples missing", BVP, missing),
    Injected(EDA, "motion", "shaken by 1 g at 3 Hz", ACC, shaken),
    Injected(BVP, "motion", "shaken by 1 g at 3 Hz", ACC, shaken),
    Injected(BVP, "few_beats", "pulse lost in noise", BVP, pulseless),
)


def lit(session: Session, fault: Injected, at_s: float, *, untouched: bool) -> NDArray[np.float64]:
    """When a light is lit around an onset, seconds from it: ends of windows."""
    # a whole number of hops from the recording's start: the windows of a chain that ran all along
    start_s = np.floor((at_s - SPEC.window_s - DARK_S) / SPEC.hop_s) * SPEC.hop_s
    first_ns, onset_ns, last_ns = (
        session.start_ns + round(s * 1e9) for s in (start_s, at_s, at_s + WATCHED_S)
    )
    chain = Chain(ChainSettings(SPEC), origin_ns=first_ns)
    # the accelerometer shows motion in the lights of others
    for kind in {fault.light, fault.spoilt, ACC}:
        for segment in session.require(kind).segments:
            part = in_standard_units(cut(segment, first_ns, last_ns))
            if not len(part):
                continue
            data = part.data.copy()
            if kind == fault.spoilt and not untouched:
                offset_s = (onset_ns - part.start_ns) / 1e9
                fault.spoil(data, max(0, int(np.ceil(offset_s * part.info.rate_hz))))
            chain.push(replace(part, data=data))
    ends = [w.end_s + start_s - at_s for w in chain.advance(last_ns) if _shows(w, fault)]
    return np.array([end for end in ends if end > -DARK_S])


def _shows(window: Window, fault: Injected) -> bool:
    quality = window.quality.get(fault.light)
    return quality is not None and fault.reason in quality.latest
