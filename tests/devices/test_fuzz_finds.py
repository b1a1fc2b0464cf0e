"""What `make fuzz` found, kept: each of these inputs once came out as something else."""

import asyncio
from pathlib import Path

import pytest
from scripted_link import ScriptedLink

from wearaffect.core.errors import DeviceError
from wearaffect.devices.drivers.gatt import FileDriver
from wearaffect.devices.drivers.polar import PolarDriver
from wearaffect.devices.uri import DeviceUri

CHARACTERISTIC = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"


def test_a_polar_device_that_offers_a_rate_of_zero_is_an_error_of_the_device() -> None:
    control = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
    rate_of_zero = bytes.fromhex("00010000")
    link = ScriptedLink(
        {control: b"\x0f\x01"},
        lambda _, asked: b"\xf0" + asked[:2] + b"\0\0" + rate_of_zero,
    )
    driver = PolarDriver(DeviceUri("ble", "polar", {"streams": "ecg"}))
    with pytest.raises(DeviceError):
        asyncio.run(driver.start(link))


def test_a_signalling_nan_in_a_notification_is_a_nan_like_any_other(tmp_path: Path) -> None:
    layout = tmp_path / "layout.toml"
    layout.write_text(
        f"""[[stream]]
        kind = "temp"
        characteristic = "{CHARACTERISTIC}"
        rate_hz = 1.0
        type = "f32"
        channels = [{{ name = "temp", unit = "degC" }}]
        """
    )
    driver = FileDriver(DeviceUri("ble", "gatt:any", {"file": str(layout)}))
    (packet,) = driver.decode(CHARACTERISTIC, bytes.fromhex("0000a07f"))  # warnings are errors
    assert packet.data[0, 0] != packet.data[0, 0]
