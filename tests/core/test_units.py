"""Units: a closed set, exact factors, and nothing across dimensions."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.units import Unit, convert

SAME = (
    {Unit.SIEMENS, Unit.MICROSIEMENS, Unit.NANOSIEMENS},
    {Unit.GRAVITY, Unit.GRAVITY_64TH, Unit.METRE_PER_SECOND_SQUARED},
    {Unit.SECOND, Unit.MILLISECOND},
)
PAIRS = [pair for group in SAME for pair in itertools.permutations(sorted(group), 2)]


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.0, Unit.GRAVITY, Unit.METRE_PER_SECOND_SQUARED, 9.80665),
        (64.0, Unit.GRAVITY_64TH, Unit.GRAVITY, 1.0),
        (-25.0, Unit.GRAVITY_64TH, Unit.GRAVITY, -0.390625),
        (2.5, Unit.MICROSIEMENS, Unit.NANOSIEMENS, 2500.0),
        (0.3, Unit.MICROSIEMENS, Unit.SIEMENS, 3e-7),
        (812.5, Unit.MILLISECOND, Unit.SECOND, 0.8125),
        (36.6, Unit.CELSIUS, Unit.CELSIUS, 36.6),
    ],
)
def test_factors_are_those_of_the_brochure(
    value: float, source: Unit, target: Unit, expected: float
) -> None:
    assert convert(value, source, target) == expected


@pytest.mark.parametrize(("source", "target"), PAIRS)
@given(value=st.floats(-1e9, 1e9))
def test_there_and_back_is_the_same_to_the_last_bits(
    source: Unit, target: Unit, value: float
) -> None:
    back = convert(convert(value, source, target), target, source)
    np.testing.assert_allclose(back, value, rtol=1e-15, atol=1e-300)


def test_different_things_do_not_convert() -> None:
    for source, target in itertools.permutations(Unit, 2):
        if any({source, target} <= group for group in SAME):
            continue
        with pytest.raises(ValueError, match="cannot convert"):
            convert(1.0, source, target)


def test_shapes_stay() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    converted = convert(values, Unit.SECOND, Unit.MILLISECOND)
    assert converted.shape == (2, 3)
    assert converted.dtype == np.float64


def test_the_set_is_closed() -> None:
    with pytest.raises(ValueError, match="kOhm"):
        Unit("kOhm")
    assert Unit("uS") is Unit.MICROSIEMENS
