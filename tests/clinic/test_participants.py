"""Participant codes: every wrong character and every swap is found, and what was meant is said."""

import itertools
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.clinic.sitting.errors import ParticipantCodeError
from wearaffect.clinic.sitting.participants import check_character, is_code, next_code, read_code

VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"


def weighted(text: str) -> str:
    """The check as the UK blood services write it: by powers of two, from the right."""
    total = sum(VALUES.index(c) * 2**n for n, c in enumerate(reversed(text), start=1))
    return VALUES[(38 - total % 37) % 37]


def a_code(site: str, number: int) -> str | None:
    check = weighted(f"{site}{number:04d}")
    return None if check == "*" else f"{site}-{number:04d}-{check}"


REAL = [code for code in (a_code("KA", 7), a_code("P", 12), a_code("B9ZZ99A", 9990)) if code]


def test_the_published_example_has_the_published_check() -> None:
    # JPAC Red Book, annex 2: donation number G123 498 654 321 has the check character H
    assert check_character("G123 498 654 321") == "H"


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", max_size=30))
def test_the_check_is_the_weighted_sum(text: str) -> None:
    assert check_character(text) == weighted(text)


def test_a_right_code_is_taken_as_it_may_be_typed() -> None:
    assert len(REAL) == 3
    for code in REAL:
        assert read_code(code) == code
        assert read_code(f"  {code.lower()}\n") == code
        assert is_code(code)


@pytest.mark.parametrize("code", REAL)
@pytest.mark.parametrize("foreign", [False, True])
def test_every_wrong_character_is_refused(code: str, foreign: bool) -> None:
    n_tried = 0
    for place, wrong in itertools.product(range(len(code)), string.printable):
        typed = code[:place] + wrong + code[place + 1 :]
        if typed.strip().upper() == code:
            continue
        n_tried += 1
        with pytest.raises(ParticipantCodeError) as caught:
            read_code(typed, foreign=foreign, known=[code])
        assert code in caught.value.suggestions
    assert n_tried > 90 * len(code)


@pytest.mark.parametrize("code", REAL)
def test_every_two_swapped_characters_are_refused(code: str) -> None:
    n_tried = 0
    for one, other in itertools.combinations(range(len(code)), 2):
        letters = list(code)
        letters[one], letters[other] = letters[other], letters[one]
        typed = "".join(letters)
        if typed == code:
            continue
        n_tried += 1
        with pytest.raises(ParticipantCodeError, match=f"did you mean {code}"):
            read_code(typed, known=[code, "X-0001-1"])
    assert n_tried > 10


def test_without_known_codes_the_likely_slip_is_suggested() -> None:
    code = REAL[0]
    with pytest.raises(ParticipantCodeError) as caught:
        read_code(code.replace("0007", "O007"))
    assert code in caught.value.suggestions
    swapped = code.replace("0007", "0070")
    with pytest.raises(ParticipantCodeError) as caught:
        read_code(swapped)
    assert code in caught.value.suggestions
    for suggestion in caught.value.suggestions:
        assert read_code(suggestion) == suggestion


@given(st.text(max_size=40))
def test_foreign_codes_are_those_of_the_contract(text: str) -> None:
    contract = re.compile(r"[A-Za-z0-9_-]{2,32}")
    looks_issued = re.fullmatch(r"[A-Z][A-Z0-9]{0,7}-\d{4}-[0-9A-Z]", text.strip().upper(), re.A)
    try:
        taken = read_code(text, foreign=True)
    except ParticipantCodeError:
        assert looks_issued or not contract.fullmatch(text.strip())
    else:
        assert contract.fullmatch(taken)


def test_foreign_codes_are_taken_only_where_that_is_said() -> None:
    assert read_code("S14", foreign=True) == "S14"
    assert read_code("S14", foreign=True, known=["S14"]) == "S14"
    with pytest.raises(ParticipantCodeError, match="such as"):
        read_code("S14")
    with pytest.raises(ParticipantCodeError):
        read_code("../x", foreign=True)


def test_codes_are_issued_once_and_are_right() -> None:
    codes: list[str] = ["P-0500-X", "foreign"]
    for _ in range(200):
        codes.append(next_code("KA", codes))
    issued = codes[2:]
    assert len(set(issued)) == 200
    assert [read_code(code) for code in issued] == issued
    assert sorted(issued) == issued
    assert not {code[-1] for code in issued} & set("01IO*")


def test_a_full_site_and_no_site_are_refused() -> None:
    last = next(code for n in range(9999, 9000, -1) if (code := a_code("Z", n)))
    with pytest.raises(ParticipantCodeError, match="no code is left"):
        next_code("Z", [last, "Z-9999-1"])
    for site in ("", "z", "9A", "TOOLONGSITE", "Ä", "A-B"):
        with pytest.raises(ValueError, match="a site"):
            next_code(site, [])
