"""The closed set of units, and exact conversion between those that measure the same thing."""

from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Unit", "convert"]


class Unit(StrEnum):
    """A unit that a channel may carry; the value is how it is written in files."""

    MICROSIEMENS = "uS"
    MICROSIEMENS_PER_SECOND = "uS/s"
    NANOSIEMENS = "nS"
    SIEMENS = "S"
    CELSIUS = "degC"
    GRAVITY = "g"
    GRAVITY_64TH = "g/64"
    METRE_PER_SECOND_SQUARED = "m/s2"
    SECOND = "s"
    MILLISECOND = "ms"
    BEATS_PER_MINUTE = "1/min"
    MILLIVOLT = "mV"
    ARBITRARY = "1"


# One base a dimension; factors are exact (standard gravity: SI brochure, 9th edition).
_TO_BASE: dict[Unit, tuple[str, Fraction]] = {
    Unit.SIEMENS: ("conductance", Fraction(1)),
    Unit.MICROSIEMENS: ("conductance", Fraction(1, 10**6)),
    Unit.NANOSIEMENS: ("conductance", Fraction(1, 10**9)),
    Unit.METRE_PER_SECOND_SQUARED: ("acceleration", Fraction(1)),
    Unit.GRAVITY: ("acceleration", Fraction(980665, 10**5)),
    Unit.GRAVITY_64TH: ("acceleration", Fraction(980665, 10**5) / 64),
    Unit.SECOND: ("time", Fraction(1)),
    Unit.MILLISECOND: ("time", Fraction(1, 1000)),
}


def convert(values: ArrayLike, source: Unit, target: Unit) -> NDArray[np.float64]:
    """Convert values between units of one dimension.

    Parameters
    ----------
    values : array_like, any shape
        Numbers in `source`.
    source, target : Unit
        Units of the same dimension.

    Returns
    -------
    numpy.ndarray, same shape
        Numbers in `target`; the factor is one exact fraction, rounded once.

    Raises
    ------
    ValueError
        The units measure different things.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if source == target:
        return numbers
    source_dimension, source_factor = _TO_BASE.get(source, (str(source), Fraction(1)))
    target_dimension, target_factor = _TO_BASE.get(target, (str(target), Fraction(1)))
    if source_dimension != target_dimension:
        msg = f"cannot convert {source} ({source_dimension}) to {target} ({target_dimension})"
        raise ValueError(msg)
    factor = source_factor / target_factor
    return numbers * factor.numerator / factor.denominator
