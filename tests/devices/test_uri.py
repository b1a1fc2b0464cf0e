"""Addresses and the registry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.errors import DeviceUriError
from wearaffect.core.protocols import Device
from wearaffect.devices.registry import device_names, open_device
from wearaffect.devices.uri import DeviceUri, parse_uri


@pytest.mark.parametrize(
    ("uri", "driver", "target", "settings"),
    [
        ("synthetic:", "synthetic", "", {}),
        ("synthetic:?seed=1&speed=0", "synthetic", "", {"seed": "1", "speed": "0"}),
        ("replay:/data/S2.zip?speed=10", "replay", "/data/S2.zip", {"speed": "10"}),
        ("replay:what%3F%20100%25.zip", "replay", "what? 100%.zip", {}),
        ("replay:a+b.zip", "replay", "a+b.zip", {}),
        ("replay:C:\\my data", "replay", "C:\\my data", {}),
        ("ble:polar:AA:BB?name=H10%26co", "ble", "polar:AA:BB", {"name": "H10&co"}),
        ("x:?a=b=c&d=", "x", "", {"a": "b=c", "d": ""}),
    ],
)
def test_addresses_come_apart(uri, driver, target, settings):
    assert parse_uri(uri) == DeviceUri(driver, target, settings)


@given(st.text(), st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_any_address_survives_being_written(target, settings):
    uri = DeviceUri("replay", target, settings)
    assert parse_uri(str(uri)) == uri


@pytest.mark.parametrize(
    "uri", ["", "synthetic", ":x", "x:?a", "x:?=1", "x:?a=1&a=2", "x:?a=1&%61=2"]
)
def test_what_is_no_address_is_refused(uri):
    with pytest.raises(DeviceUriError) as caught:
        parse_uri(uri)
    assert caught.value.expected


def test_settings_are_read_and_checked():
    uri = parse_uri("x:?a=2.5&n=3&w=flat,dropout")
    assert uri.number("a", 1.0, 0.0, 10.0) == 2.5
    assert uri.number("missing", 1.5, 0.0, 10.0) == 1.5
    assert uri.integer("n", 1, 0, 10) == 3
    assert uri.choices("w", ("dropout", "flat")) == ("flat", "dropout")
    assert uri.choices("missing", ("flat",)) == ()
    for name, expected in (("a", "number from 5 to 10"), ("w", "number from 5 to 10")):
        with pytest.raises(DeviceUriError, match=expected):
            uri.number(name, 6.0, 5.0, 10.0)
    with pytest.raises(DeviceUriError, match="whole number"):
        uri.integer("a", 1, 0, 10)
    with pytest.raises(DeviceUriError, match=r"expected dropout, got flat"):
        uri.choices("w", ("dropout",))
    with pytest.raises(DeviceUriError, match=r"expected a, w, got n"):
        uri.allow("w", "a")
    uri.allow("w", "a", "n", "unused")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "one", "", "1e999"])
def test_numbers_are_finite_numbers(text):
    with pytest.raises(DeviceUriError, match="a number from"):
        parse_uri(f"x:?a={text}").number("a", 1.0, 0.0, 1e6)


@pytest.mark.smoke
def test_drivers_are_found_by_entry_point():
    assert {"replay", "synthetic"} <= set(device_names())
    device = open_device("synthetic:?seed=7&duration_s=20")
    assert isinstance(device, Device)
    assert device.settings.seed == 7
    assert device.settings.duration_s == 20.0


def test_unknown_drivers_and_settings_say_what_is_known():
    with pytest.raises(DeviceUriError, match=r"unknown driver.*synthetic.*got warp"):
        open_device("warp:")
    with pytest.raises(DeviceUriError, match=r"unknown setting.*duration_s.*seed.*got sped"):
        open_device("synthetic:?sped=2")
    with pytest.raises(DeviceUriError, match=r"setting fault: expected dropout.*got fire"):
        open_device("synthetic:?fault=fire")
    with pytest.raises(DeviceUriError, match="setting seed"):
        open_device("synthetic:?seed=1.5")
    with pytest.raises(DeviceUriError, match="setting speed"):
        open_device("synthetic:?speed=-1")


@pytest.mark.parametrize(
    ("uri", "meant"),
    [
        ("synthetc:", "synthetic"),
        ("BLE:polar", "ble"),
        ("ble:heartrate", "heart_rate"),
        ("ble:Polar", "polar"),
        ("ble:polar?scan=3", "scan_s"),
        ("bumble:heart_rat", "heart_rate"),
        ("synthetic:?sped=2", "speed"),
        ("synthetic:?fault=dropuot", "dropout"),
    ],
)
def test_what_was_probably_meant_is_the_remedy(uri, meant):
    with pytest.raises(DeviceUriError) as caught:
        open_device(uri)
    assert caught.value.remedy == f"did you mean {meant}?"


def test_nothing_is_suggested_where_nothing_is_near():
    with pytest.raises(DeviceUriError) as caught:
        open_device("warp:")
    assert caught.value.remedy == ""


def test_an_ampersand_for_the_question_mark_is_told_at_once():
    for uri in ("lsl:type=EDA&kind=eda", "lsl:type=EDA&kind=eda?unit=uS", "synthetic:&seed=1"):
        with pytest.raises(DeviceUriError, match=r"after a question mark.*write \? before"):
            parse_uri(uri)
    assert parse_uri("replay:/data/R&D/S2.zip").target == "/data/R&D/S2.zip"
    assert parse_uri("replay:/data/a%26b=c.zip").target == "/data/a&b=c.zip"
