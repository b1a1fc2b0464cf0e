"""Numbers and codes as people read them."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

from wearaffect.core.streams import SignalKind

__all__ = [
    "clock",
    "duration",
    "exact_percent",
    "gain",
    "interval",
    "minutes",
    "moment",
    "number",
    "parameter",
    "percent",
    "quality",
    "quantity",
    "reason",
    "signal",
    "unit",
]

NONE = "–"

_UNITS = {
    "uS": "µS",
    "uS/s": "µS/s",
    "nS": "nS",
    "degC": "°C",
    "m/s2": "m/s²",
    "1": "",
    "1/min": "/min",
    "1/s": "/s",
}
_SIGNALS = {
    "eda": "Skin conductance (EDA)",
    "bvp": "Blood volume pulse (BVP)",
    "acc": "Acceleration (ACC)",
    "temp": "Skin temperature (TEMP)",
}
_QUALITY = {
    "gap": "samples missing",
    "flat": "signal doesn't change",
    "clipped": "at the limit of the sensor",
    "off_skin": "sensor off the skin",
    "loose": "contact of the electrodes jumps",
    "motion": "movement",
    "few_beats": "too few clear beats",
    "noise": "too noisy",
    "missing": "not recorded",
    "poor": "quality too poor",
}
_PARAMETERS = {
    "fast_decay": "Fast decay time, phasic",
    "slow_decay": "Slow decay time, tonic",
    "scale": "Level that the emotion drives hold",
    "emotion_drive": "Emotion drive",
    "emotion_ratio": "Emotion drive against baseline",
    "drive": "Drive in the window",
    "tonic": "Tonic level",
    "phasic": "Phasic level",
}
_SUFFIXES = ("_us_per_s", "_per_s", "_us", "_hz", "_s")


def number(value: float) -> str:
    """Give a number with at least two significant digits, thousands set apart.

    Parameters
    ----------
    value : float
        Anything; what isn't finite becomes a dash.

    Examples
    --------
    >>> number(1234.5), number(56.78), number(3.14159), number(0.04321), number(-0.5)
    ('1,234', '56.8', '3.14', '0.043', '−0.50')
    """
    if not math.isfinite(value):
        return NONE
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e7 or size < 1e-5:
        text = f"{value:.1e}"
    elif size < 1:
        text = f"{value:.{1 - math.floor(math.log10(size))}f}"
    else:
        text = f"{value:,.{0 if size >= 100 else 1 if size >= 10 else 2}f}"
    return text.replace("-", "−")


def gain(skill: float) -> str:
    """Give a skill with its sign; what rounds to nothing has none.

    Examples
    --------
    >>> gain(0.125), gain(-0.4), gain(-0.001)
    ('+0.12', '−0.40', '0.00')
    """
    if not math.isfinite(skill):
        return NONE
    text = f"{skill:+.2f}"
    return "0.00" if text[1:] == "0.00" else text.replace("-", "−")


def unit(code: str) -> str:
    """Give a unit as printed: ``uS/s`` is µS/s, a pure number has none."""
    return _UNITS.get(code, code)


def quantity(value: float, code: str) -> str:
    """Give a number with its unit."""
    return f"{number(value)} {unit(code)}".rstrip() if math.isfinite(value) else NONE


def interval(bounds: tuple[float, float] | None, code: str = "1") -> str:
    """Give ``low to high`` with the unit once."""
    if bounds is None or not all(math.isfinite(b) for b in bounds):
        return NONE
    return f"{number(bounds[0])} to {quantity(bounds[1], code)}"


def percent(share: float) -> str:
    """Give a share as whole percent; what is almost nothing or all says so.

    Examples
    --------
    >>> percent(0.257), percent(0.001), percent(0.9999), percent(1.0)
    ('26 %', '<1 %', '>99 %', '100 %')
    """
    if not math.isfinite(share):
        return NONE
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"


def exact_percent(share: float) -> str:
    """Give a share with enough digits to tell it from all or nothing.

    Examples
    --------
    >>> exact_percent(0.9722), exact_percent(0.99996), exact_percent(1.0), exact_percent(1e-6)
    ('97.2 %', '99.99 %', '100 %', '0.01 %')
    """
    if share in {0.0, 1.0} or not math.isfinite(share):
        return percent(share)
    if 0.001 <= share <= 0.999:
        return f"{100 * share:.1f} %"
    return f"{min(max(100 * share, 0.01), 99.99):.2f} %"


def quality(code: str) -> str:
    """Give a reason for poor quality in words."""
    return _QUALITY.get(code, code.replace("_", " "))


def minutes(count: float) -> str:
    """Give minutes: tenths below ten, hours above two of them."""
    if count >= 120:
        return duration(60 * count)
    return f"{count:,.1f} min" if 0 < count < 10 else f"{count:,.0f} min"


def duration(seconds: float) -> str:
    """Give a duration in hours and minutes, or minutes and seconds below an hour.

    Examples
    --------
    >>> duration(5412), duration(1803), duration(300), duration(41.5)
    ('1 h 30 min', '30 min 3 s', '5 min', '42 s')
    """
    whole = _nearest(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    whole_minutes = _nearest(seconds / 60)
    return f"{whole_minutes // 60} h {whole_minutes % 60} min".removesuffix(" 0 min")


def _nearest(value: float) -> int:
    """Give the nearest whole number, halves up, as the console's page does."""
    return math.floor(value + 0.5)


def clock(seconds: float) -> str:
    """Give a time since the start as minutes and seconds, or hours before them.

    Examples
    --------
    >>> clock(402), clock(59.7), clock(5025), clock(-1)
    ('6:42', '1:00', '1:23:45', '−0:01')
    """
    whole = _nearest(abs(seconds))
    sign = "−" if seconds < 0 and whole else ""
    hours, rest = divmod(whole, 3600)
    text = f"{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
    return f"{sign}{hours}:{text}" if hours else f"{sign}{text}"


def moment(wall_s: float | None) -> tuple[str, str]:
    """Give date and time of day, UTC; empty where the recording doesn't know."""
    if wall_s is None:
        return "", ""
    when = datetime.fromtimestamp(wall_s, UTC)
    return f"{when.day} {when:%B %Y}", f"{when:%H:%M:%S} UTC"


def signal(kind: str) -> str:
    """Give a kind of signal in words."""
    return _SIGNALS.get(kind, kind.upper())


def reason(code: str, *, rest_was_taken: bool) -> str:
    """Give the reason of an abstention in words.

    Parameters
    ----------
    code : str
        As abstentions carry it, e.g. ``eda: off_skin``; an unknown one is given back as it is.
    rest_was_taken : bool
        Whether there was a resting state later in the recording.
    """
    kind, colon, why = code.partition(": ")
    if colon and kind in set(SignalKind):
        return f"{signal(kind)}: {_QUALITY.get(why, why.replace('_', ' '))}"
    if rest_was_taken and code.partition(": ")[0] == "resting baseline not taken":
        return "Before the resting baseline was complete"
    return code[:1].upper() + code[1:]


def parameter(name: str, labels: Iterable[str] = ()) -> str:
    """Give a physics parameter in words; its unit suffix goes, for the unit stands beside it.

    Examples
    --------
    >>> parameter("slow_decay"), parameter("emotion_drive_stress", ["stress"])
    ('Slow decay time, tonic', 'Emotion drive, stress')
    """
    stem = name
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            stem = name.removesuffix(suffix)
            break
    known = _PARAMETERS.get(stem)
    if known is not None:
        return known
    for label in labels:
        base = stem.removesuffix(f"_{label}")
        if base != stem:
            return f"{parameter(base)}, {label}"
    text = stem.replace("_", " ")
    return text[:1].upper() + text[1:]
