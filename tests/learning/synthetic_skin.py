"""People whose skin conductance is a process with a known best forecast."""

import numpy as np

from wearaffect.core.streams import SignalKind
from wearaffect.core.windows import Window, WindowSignal
from wearaffect.learning.table import HORIZONS_S, PersonTable
from wearaffect.signals.skin_history import SkinHistory

S = 10**9
RATE_HZ, WINDOW_S, HOP_S = 4, 60, 5


def person_with(trace_us, name="P"):
    """A table of windows over a trace at 4 Hz, with history and what came later."""
    trace_us = np.asarray(trace_us, np.float32)
    starts_s = range(0, len(trace_us) // RATE_HZ - WINDOW_S + 1, HOP_S)
    history, windows = SkinHistory(HOP_S), []
    for start_s in starts_s:
        data = trace_us[None, start_s * RATE_HZ : (start_s + WINDOW_S) * RATE_HZ]
        signal = WindowSignal(data, RATE_HZ, float(np.isfinite(data).mean()))
        found = history.advance(signal)
        windows.append(
            Window(start_s * S, (start_s + WINDOW_S) * S, {SignalKind.EDA: signal}, history=found)
        )
    ends = np.array([(s + WINDOW_S) * RATE_HZ - 1 for s in starts_s])
    later = np.full((len(ends), len(HORIZONS_S)), np.nan)
    for h, horizon_s in enumerate(HORIZONS_S):
        at = ends + int(horizon_s * RATE_HZ)
        later[at < len(trace_us), h] = trace_us[at[at < len(trace_us)]]
    n = len(windows)
    return PersonTable(
        dataset="made", subject=name, order="", content_hash="", windows=tuple(windows),
        intervals=(), interval=np.full(n, -1), in_rest=np.zeros(n, bool),
        eda_us=trace_us[ends].astype(float), eda_later_us=later, self_report=(), chain_id="",
    )  # fmt: skip


def wandering(seed, gain, minutes=60, tau_s=20.0):
    """Conductance that wanders about ``10 gain`` with SD `gain` and forgets within `tau_s`."""
    rng = np.random.default_rng(seed)
    keep = np.exp(-1 / (tau_s * RATE_HZ))
    noise = rng.standard_normal(minutes * 60 * RATE_HZ) * np.sqrt(1 - keep**2)
    x = np.empty(noise.size)
    state = rng.standard_normal()
    for i, value in enumerate(noise):
        state = keep * state + value
        x[i] = state
    return gain * (10 + x)
