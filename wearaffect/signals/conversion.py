"""The units that features and quality rules are written in."""

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import UnitError
from wearaffect.core.streams import SignalChunk, SignalKind, StreamInfo
from wearaffect.core.units import Unit, convert

__all__ = ["in_standard_units"]

_UNITS = MappingProxyType(
    {
        SignalKind.EDA: Unit.MICROSIEMENS,
        SignalKind.ACC: Unit.GRAVITY,
        SignalKind.TEMP: Unit.CELSIUS,
        SignalKind.HR: Unit.BEATS_PER_MINUTE,
    }
)


def in_standard_units(chunk: SignalChunk) -> SignalChunk:
    """Give a chunk in the unit that everything here computes in.

    Parameters
    ----------
    chunk : SignalChunk
        In device units.

    Returns
    -------
    SignalChunk
        In µS, g, degC and 1/min; kinds without such a unit, the pulse wave among them, as they are.

    Raises
    ------
    UnitError
        The unit measures something else.
    """
    conversion = _conversion(chunk.info)
    if conversion is None:
        return chunk
    info, factors = conversion
    with np.errstate(over="ignore"):  # what float32 can't hold is as good as missing
        return chunk.with_data((chunk.data * factors).astype(np.float32), info)


@lru_cache(maxsize=64)
def _conversion(info: StreamInfo) -> tuple[StreamInfo, NDArray[np.float64]] | None:
    """Give the converted stream and a factor for each channel; None if it's as it should be."""
    unit = _UNITS.get(info.kind)
    units = [channel.unit for channel in info.channels]
    if unit is None or all(have == unit for have in units):
        return None
    try:
        factors = np.array([convert(1.0, have, unit) for have in units])
    except ValueError as error:
        raise UnitError(
            info.id, "unit", expected=f"one that converts to {unit}", got=", ".join(units)
        ) from error
    channels = tuple(replace(channel, unit=unit) for channel in info.channels)
    return replace(info, channels=channels), factors
