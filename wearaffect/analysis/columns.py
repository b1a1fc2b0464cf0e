"""Every column of the feature table: the one place that says what each of them means.

The documentation (docs/features.md) is printed from here, and the table is checked against it.
"""

from collections.abc import Iterator

from wearaffect.analysis.window_statistics import STATISTICS
from wearaffect.core.streams import SignalKind
from wearaffect.signals.feature import Feature
from wearaffect.signals.features import LIVE_FEATURES

__all__ = ["COLUMNS", "DESK_FEATURES", "PLAUSIBLE_S", "as_markdown"]

_GRECO = "Greco et al. 2016, doi 10.1109/TBME.2015.2474131"
_BOUCSEIN = "Boucsein et al. 2012, doi 10.1111/j.1469-8986.2012.01384.x"
_TASK_FORCE = "Task Force 1996, doi 10.1161/01.CIR.93.5.1043"
_PHAM = "Pham et al. 2021, doi 10.3390/s21123998"
_KARLEN = "Karlen et al. 2013, doi 10.1109/TBME.2013.2246160"
_AGREED = "border of Karlen et al. 2013, doi 10.1109/TBME.2013.2246160; the scale ours"
_LOMB = "Lomb periodogram of the intervals"
_CHOICE = "engineering choice"

PLAUSIBLE_S = (0.3, 2.0)
"""Intervals between pulses that count, seconds: 30 to 200 a minute (engineering choice)."""

_CHANNELS = (
    ("acc_x", SignalKind.ACC, "g", "acceleration along x"),
    ("acc_y", SignalKind.ACC, "g", "acceleration along y"),
    ("acc_z", SignalKind.ACC, "g", "acceleration along z"),
    ("acc_l2", SignalKind.ACC, "g", "magnitude of acceleration"),
    ("eda_tonic", SignalKind.EDA, "uS", "tonic part of the convex decomposition"),
    ("eda_phasic", SignalKind.EDA, "uS", "phasic part of the convex decomposition"),
)

_SKIN = (
    ("eda_driver_mean", "uS/s", "mean sudomotor driver of the convex decomposition", _GRECO),
    ("eda_phasic_scr_count", "1/min", "responses of the phasic part, by their peaks", _BOUCSEIN),
    (
        "eda_phasic_scr_amplitude",
        "uS",
        "their mean amplitude, trough to peak; 0 without",
        _BOUCSEIN,
    ),
    ("eda_phasic_scr_sum", "uS/min", "their summed amplitude per minute", _BOUCSEIN),
    ("eda_phasic_scr_rise", "s", "their mean rise time", _BOUCSEIN),
    ("eda_phasic_scr_recovery", "s", "their mean time to half recovery, where they do", _BOUCSEIN),
)

_VARIABILITY = (
    ("meannn", "ms", "mean", _TASK_FORCE),
    ("sdnn", "ms", "SD, ddof 1", _TASK_FORCE),
    ("sdann1", "ms", "SD of the means of pieces of 1 min", _TASK_FORCE),
    ("sdnni1", "ms", "mean of the SDs of pieces of 1 min", _TASK_FORCE),
    ("sdann2", "ms", "SD of the means of pieces of 2 min", _TASK_FORCE),
    ("sdnni2", "ms", "mean of the SDs of pieces of 2 min", _TASK_FORCE),
    ("sdann5", "ms", "SD of the means of pieces of 5 min", _TASK_FORCE),
    ("sdnni5", "ms", "mean of the SDs of pieces of 5 min", _TASK_FORCE),
    ("rmssd", "ms", "root mean square of successive differences", _TASK_FORCE),
    ("sdsd", "ms", "SD of successive differences, ddof 1", _TASK_FORCE),
    ("cvnn", "1", "sdnn / meannn", _PHAM),
    ("cvsd", "1", "rmssd / meannn", _PHAM),
    ("mediannn", "ms", "median", _PHAM),
    ("madnn", "ms", "1.4826 x median absolute deviation", _PHAM),
    ("mcvnn", "1", "madnn / mediannn", _PHAM),
    ("iqrnn", "ms", "75th - 25th percentile", _PHAM),
    ("sdrmssd", "1", "sdnn / rmssd", _PHAM),
    ("prc20nn", "ms", "20th percentile", _PHAM),
    ("prc80nn", "ms", "80th percentile", _PHAM),
    ("pnn50", "%", "successive differences above 50 ms, of all intervals", _TASK_FORCE),
    ("pnn20", "%", "successive differences above 20 ms, of all intervals", _TASK_FORCE),
    ("minnn", "ms", "least", _PHAM),
    ("maxnn", "ms", "greatest", _PHAM),
    ("hti", "1", "count / highest bin of a histogram of 7.8125 ms", _TASK_FORCE),
    ("tinn", "ms", "base of the triangle that fits that histogram", _TASK_FORCE),
    ("ulf", "ms^2", f"power below 0.003 Hz; {_LOMB}", _TASK_FORCE),
    ("vlf", "ms^2", f"power of 0.003-0.04 Hz; {_LOMB}", _TASK_FORCE),
    ("lf", "ms^2", f"power of 0.04-0.15 Hz; {_LOMB}; wants 2 min", _TASK_FORCE),
    ("hf", "ms^2", f"power of 0.15-0.4 Hz; {_LOMB}; wants 1 min", _TASK_FORCE),
    ("tp", "ms^2", "sum of these powers", _TASK_FORCE),
    ("lfhf", "1", "lf / hf", _TASK_FORCE),
    ("lfn", "1", "lf / (lf + hf)", _TASK_FORCE),
    ("hfn", "1", "hf / (lf + hf)", _TASK_FORCE),
    ("lnhf", "ln ms^2", "log of hf", _PHAM),
)

_PULSE = (
    ("bvp_pulse_amplitude_mean", "1", "mean height of pulses over the trough before", _CHOICE),
    ("bvp_pulse_amplitude_sd", "1", "SD of that height", _CHOICE),
    ("bvp_pulse_amplitude_cv", "1", "their ratio", _CHOICE),
    ("resp_rate", "1/min", "breaths: mean of the three estimates, where they agree", _KARLEN),
    ("resp_rate_riav", "1/min", "from the amplitude of pulses", _KARLEN),
    ("resp_rate_rifv", "1/min", "from the intervals between pulses", _KARLEN),
    ("resp_rate_riiv", "1/min", "from the level of pulses", _KARLEN),
    ("resp_rate_sd", "1/min", "SD of the three", _KARLEN),
    (
        "resp_agreement",
        "1",
        "1 - SD / 8 per min, at least 0; above 0.5 they agree",
        "border of 4 / min by Karlen et al. 2013, doi 10.1109/TBME.2013.2246160; the scale ours",
    ),
)


def _desk(name: str, kind: SignalKind, unit: str, formula: str, source: str) -> Feature:
    return Feature(name, kind, unit, formula, source, live=False, model=False)


def _rows() -> Iterator[Feature]:
    for channel, kind, unit, what in _CHANNELS:
        for row in STATISTICS:
            own = {"u": unit, "u^2": f"{unit}^2"}.get(row.unit, row.unit)
            yield _desk(f"{channel}_{row.name}", kind, own, f"{row.formula}; {what}", row.source)
    for name, unit, formula, source in _SKIN:
        yield _desk(name, SignalKind.EDA, unit, formula, source)
    for name, unit, formula, source in _VARIABILITY:
        yield _desk(f"prv_{name}", SignalKind.BVP, unit, f"of intervals: {formula}", source)
    for name, unit, formula, source in _PULSE:
        yield _desk(name, SignalKind.BVP, unit, formula, source)


DESK_FEATURES = tuple(_rows())
"""What needs the whole recording: the convex decomposition, the zero-phase pulse, statistics.

``prv_`` is pulse rate variability as NeuroKit2 defines it in time, of the intervals of 0.3 to 2 s
between the peaks of Elgendi et al. 2013; ``hrv_`` among the live features leaves out those that
don't fit their neighbours, too.
"""

COLUMNS = (*LIVE_FEATURES, *DESK_FEATURES)
"""Every feature, in the order of the table."""


def as_markdown() -> str:
    """Print every feature as a table."""
    lines = [
        "| feature | signal | unit | formula | source | live | in models |",
        "| --- " * 7 + "|",
    ]
    for row in COLUMNS:
        marks = ("yes" if row.live else "", "yes" if row.model else "")
        formula = row.formula.replace("|", "\\|")
        cells = (f"`{row.name}`", str(row.kind), row.unit, formula, row.source, *marks)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
