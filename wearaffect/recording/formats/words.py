"""How others write what is measured, and in which unit."""

import re

from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit

__all__ = ["kind_of", "said", "unit_of"]

# In this order: "skin temperature" isn't conductance, "Heart_Rate" isn't an interval.
_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (SignalKind.TEMP, r"\b(skin )?temp(erature)?\b"),
        (SignalKind.EDA, r"\b(eda|gsr|scl|scr|skin conductance|electrodermal)"),
        (SignalKind.IBI, r"\b(ibi|rri?|ppi|nn|inter ?beat)\b|\brr interval"),
        (SignalKind.HR, r"\b(hr|heart ?rate)\b|to ?hr\b"),
        (SignalKind.BVP, r"\b(bvp|pulse wave)\b"),
        (SignalKind.PPG, r"\b(ppg|pleth|photoplethysmo|optics)"),
        (SignalKind.ECG, r"\b(ecg|ekg)"),
        (SignalKind.ACC, r"\bacc(el(eration|erometer)?)?([xyz \d]|\b)"),
        (SignalKind.RESP, r"\b(resp|rsp|pzt|rip\b|breath|thorax|thoracic|abdomen|abdominal)"),
    )
)
# Symbols as they are written: a capital tells siemens from seconds.
_SYMBOLS = {
    **{unit.value: (unit, 1.0) for unit in Unit},
    "mS": (Unit.MICROSIEMENS, 1e3),
    "C": (Unit.CELSIUS, 1.0),
    "G": (Unit.GRAVITY, 1.0),
    "mg": (Unit.GRAVITY, 1e-3),
    "m/s^2": (Unit.METRE_PER_SECOND_SQUARED, 1.0),
    "m/(s^2)": (Unit.METRE_PER_SECOND_SQUARED, 1.0),
    "m/(sec^2)": (Unit.METRE_PER_SECOND_SQUARED, 1.0),
    "uV": (Unit.MILLIVOLT, 1e-3),
    "V": (Unit.MILLIVOLT, 1e3),
    "": (Unit.ARBITRARY, 1.0),
}
_WORDS = {
    "usiemens": (Unit.MICROSIEMENS, 1.0),
    "microsiemens": (Unit.MICROSIEMENS, 1.0),
    "microsiemen": (Unit.MICROSIEMENS, 1.0),
    "siemens": (Unit.SIEMENS, 1.0),
    "nanosiemens": (Unit.NANOSIEMENS, 1.0),
    "celsius": (Unit.CELSIUS, 1.0),
    "degrees celsius": (Unit.CELSIUS, 1.0),
    "degree celsius": (Unit.CELSIUS, 1.0),
    "deg c": (Unit.CELSIUS, 1.0),
    "degreec": (Unit.CELSIUS, 1.0),
    "oc": (Unit.CELSIUS, 1.0),
    "bpm": (Unit.BEATS_PER_MINUTE, 1.0),
    "beats/min": (Unit.BEATS_PER_MINUTE, 1.0),
    "beats_per_minute": (Unit.BEATS_PER_MINUTE, 1.0),
    "/min": (Unit.BEATS_PER_MINUTE, 1.0),
    "min-1": (Unit.BEATS_PER_MINUTE, 1.0),
    "microvolt": (Unit.MILLIVOLT, 1e-3),
    "microvolts": (Unit.MILLIVOLT, 1e-3),
    "millivolt": (Unit.MILLIVOLT, 1.0),
    "millivolts": (Unit.MILLIVOLT, 1.0),
    "volt": (Unit.MILLIVOLT, 1e3),
    "volts": (Unit.MILLIVOLT, 1e3),
    "sec": (Unit.SECOND, 1.0),
    "second": (Unit.SECOND, 1.0),
    "seconds": (Unit.SECOND, 1.0),
    "msec": (Unit.MILLISECOND, 1.0),
    "millisecond": (Unit.MILLISECOND, 1.0),
    "milliseconds": (Unit.MILLISECOND, 1.0),
    "a.u.": (Unit.ARBITRARY, 1.0),
    "arbitrary": (Unit.ARBITRARY, 1.0),
    "au": (Unit.ARBITRARY, 1.0),
    "n/a": (Unit.ARBITRARY, 1.0),
    "counts": (Unit.ARBITRARY, 1.0),
    "adc": (Unit.ARBITRARY, 1.0),
    "raw": (Unit.ARBITRARY, 1.0),
    "no_units": (Unit.ARBITRARY, 1.0),
}
_CONDUCTANCE = {Unit.MICROSIEMENS, Unit.NANOSIEMENS, Unit.SIEMENS}
_ACCELERATION = {Unit.GRAVITY, Unit.GRAVITY_64TH, Unit.METRE_PER_SECOND_SQUARED}
_TIME = {Unit.SECOND, Unit.MILLISECOND}
# What a kind can be measured in; counts and voltages of a sensor are told as such.
_FITS = {
    SignalKind.EDA: _CONDUCTANCE | {Unit.MILLIVOLT},
    SignalKind.TEMP: {Unit.CELSIUS},
    SignalKind.ACC: _ACCELERATION | {Unit.MILLIVOLT},
    SignalKind.HR: {Unit.BEATS_PER_MINUTE},
    SignalKind.IBI: _TIME,
    SignalKind.ECG: {Unit.MILLIVOLT},
    SignalKind.BVP: {Unit.MILLIVOLT},
    SignalKind.PPG: {Unit.MILLIVOLT},
    SignalKind.RESP: {Unit.MILLIVOLT},
}


def kind_of(label: str) -> SignalKind | None:
    """Tell what a label such as ``Accelerometer_X`` or ``ECG II`` measures; None: nothing known."""
    text = re.sub(r"[\W_]+", " ", label).lower().strip()
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), None)


def unit_of(written: str) -> tuple[Unit, float] | None:
    """Read a unit.

    Parameters
    ----------
    written : str
        As the file has it.

    Returns
    -------
    (Unit, float) or None
        The unit of ours that measures the same, and the factor into it; None: not known.
    """
    text = written.strip().replace("µ", "u").replace("μ", "u").replace("²", "2").replace("°", "deg")
    text = {"degc": "degC", "deg C": "degC"}.get(text, text)
    return _SYMBOLS.get(text) or _WORDS.get(text.lower())


def said(kind: SignalKind, written: str) -> tuple[Unit, float] | None:
    """Read the unit of a signal; None where it isn't known, or can't be one of this kind."""
    found = unit_of(written)
    if found is None or (found[0] not in _FITS[kind] and found[0] is not Unit.ARBITRARY):
        return None
    return found
