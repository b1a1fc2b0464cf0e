"""A device described by a file: what it reads, and every mistake in the file by its place."""

import asyncio
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_link import ScriptedLink

from wearaffect.core.errors import DecodeError, DeviceUriError
from wearaffect.core.streams import LossEvidence, SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.drivers.gatt import FileDriver
from wearaffect.devices.uri import DeviceUri

DATA = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
CONTROL = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
BAND = f"""
services = ["180d", "6e400001-b5a3-f393-e0a9-e50e24dcca9e"]
name_prefixes = ["OpenBand"]

[[start]]
characteristic = "{CONTROL}"
hex = "01 40"

[[stop]]
characteristic = "{CONTROL}"
hex = "02"
response = false

[[stream]]
kind = "ppg"
characteristic = "{DATA.upper()}"
starts_with = "01"
rate_hz = 64
type = "u24"
big_endian = true
offset = 5
samples = 2
channels = [{{ name = "red", unit = "1" }}, {{ name = "ir", unit = "1", scale = 0.5, zero = 100 }}]
counter = {{ offset = 1, type = "u8", per = "notification" }}
clock = {{ offset = 2, type = "u24", tick_s = 0.001, of = "last" }}

[[stream]]
kind = "temp"
characteristic = "{DATA}"
starts_with = "02"
samples = 1
type = "i16"
offset = 1
channels = [{{ name = "temp", unit = "degC", scale = 0.01 }}]

[[stream]]
kind = "eda"
characteristic = "{DATA}"
starts_with = "03"
rate_hz = 8
type = "f32"
offset = 5
channels = [{{ name = "eda", unit = "uS" }}]
counter = {{ offset = 1, type = "u32", per = "sample", modulus = 1000000 }}
"""


def opened(path: Path, text: str = BAND) -> FileDriver:
    path.write_text(text, encoding="utf-8")
    return FileDriver(DeviceUri("ble", "gatt", {"file": str(path)}))


@pytest.fixture
def driver(tmp_path: Path) -> FileDriver:
    return opened(tmp_path / "band.toml")


def test_it_is_found_started_and_stopped_as_the_file_says(driver: FileDriver) -> None:
    assert driver.services[0] == "0000180d-0000-1000-8000-00805f9b34fb"
    assert driver.name_prefixes == ("OpenBand",)
    link = ScriptedLink()
    ppg, temp, eda = asyncio.run(driver.start(link))
    assert link.subscribed == [DATA]
    assert link.written == [(CONTROL, b"\x01\x40", True)]
    asyncio.run(driver.stop(link))
    assert link.written[-1] == (CONTROL, b"\x02", False)
    assert (ppg.counter_modulus, ppg.clock_modulus_ns) == (512, 2**24 * 1_000_000)
    assert (ppg.info.loss_evidence, ppg.info.kind) == (LossEvidence.COUNTER, SignalKind.PPG)
    assert (temp.info.sampling_rate, temp.info.loss_evidence) == (None, LossEvidence.NONE)
    assert temp.info.channels[0].unit is Unit.CELSIUS
    assert eda.counter_modulus == 1_000_000


def test_samples_counter_and_clock_are_read(driver: FileDriver) -> None:
    rows = b"".join(v.to_bytes(3, "big") for v in (1, 200, 0xFFFFFF, 100))
    (packet,) = driver.decode(DATA, b"\x01\xff" + (2000).to_bytes(3, "big") + rows)
    assert packet.stream_id == "gatt.ppg"
    assert packet.data.tolist() == [[1.0, 50.0], [float(0xFFFFFF), 0.0]]
    assert packet.counter == 2 * 255
    assert packet.clock_ns == 2_000_000_000 - 15_625_000


def test_the_clock_wraps_with_its_device(driver: FileDriver) -> None:
    (packet,) = driver.decode(DATA, b"\x01\x00" + bytes(3) + bytes(12))
    # the last sample is at zero, so the first was before the wrap
    assert packet.clock_ns == 2**24 * 1_000_000 - 15_625_000


def test_irregular_values_and_floats(driver: FileDriver) -> None:
    (temp,) = driver.decode(DATA, b"\x02" + struct.pack("<h", -1234))
    np.testing.assert_allclose(temp.data, [[-12.34]], rtol=1e-6)
    assert temp.ago_ns is not None
    assert temp.ago_ns.tolist() == [0]
    (eda,) = driver.decode(DATA, b"\x03" + struct.pack("<I3f", 1_000_007, 0.5, 0.25, 8.0))
    assert eda.data[:, 0].tolist() == [0.5, 0.25, 8.0]
    assert eda.counter == 7


@given(payload=st.binary(max_size=64), head=st.sampled_from([b"", b"\x01", b"\x02", b"\x03"]))
def test_arbitrary_bytes_give_packets_or_a_decode_error(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.toml"
    try:
        (packet,) = opened(path).decode(DATA, head + payload)
    except DecodeError:
        return
    assert packet.data.size <= len(payload)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('kind = "ppg"', 'kind = "pgp"', "stream[0]: kind: expected one of eda"),
        ('kind = "ppg"', "", "stream[0]: kind: expected text, got nothing"),
        ("rate_hz = 64", "rate_hz = 0", "stream[0]: rate_hz: expected a number from 0.001"),
        ("rate_hz = 64", "rate_hz = true", "stream[0]: rate_hz"),
        ("rate_hz = 64", "rate = 64\nrate_hz = 64", "stream[0]: rate: expected a key that is"),
        ("rate_hz = 64", "", "stream[0]: samples: expected 1, as an irregular stream"),
        ('type = "u24"', 'type = "u12"', "stream[0]: type: expected one of i8"),
        ("samples = 2", "", "stream[0]: samples: expected how many, as the counter counts"),
        ("samples = 2", "samples = 2.5", "stream[0]: samples: expected a whole number"),
        ('unit = "degC"', 'unit = "C"', "stream[1]: channels[0]: unit: expected one of uS"),
        ('hex = "01 40"', 'hex = "1"', "start[0]: hex: expected bytes as pairs"),
        ('"180d"', '"180"', "services[0]: expected a UUID"),
        ('"OpenBand"', "7", "name_prefixes[0]: expected text"),
        ('per = "sample"', 'per = "second"', "stream[2]: counter: per: expected one of"),
        ("modulus = 1000000", "modulus = 1", "stream[2]: counter: modulus"),
        ("tick_s = 0.001", "tick_s = -1", "stream[0]: clock: tick_s"),
        ('kind = "ppg"', 'kind = "eda"', "stream: expected each kind and name once"),
        ("response = false", 'response = "no"', "stop[0]: response: expected true or false"),
        ("[[start]]", "[start]", "start: expected a list"),
        ("scale = 0.01", "scale = 0", "stream[1]: channels[0]: scale: expected a number other"),
        (
            "scale = 0.01",
            "scale = 1e-300",
            "stream[1]: channels[0]: scale: expected a number other",
        ),
        ('unit = "uS"', 'unit = "degC"', "stream[2]: channels[0]: unit: expected one that eda can"),
        ('unit = "uS"', 'unit = "ms"', "stream[2]: channels[0]: unit: expected one that eda can"),
        ('unit = "degC"', 'unit = "uS"', "can be in: degC, mV, 1, got 'uS'"),
        ('offset = 1, type = "u8"', 'offset = 5, type = "u8"', "stream[0]: counter: expected"),
        ('offset = 1, type = "u8"', 'offset = 16, type = "u8"', "from samples (bytes 5 to 16)"),
        ('offset = 1, type = "u8"', 'offset = 0, type = "u8"', "apart from starts_with (bytes 0"),
        ("offset = 2, type", "offset = 3, type", "stream[0]: clock: expected a place apart"),
        ('offset = 1, type = "u32"', 'offset = 9, type = "u32"', "samples (all bytes from 5 on)"),
        ("offset = 1\n", "offset = 0\n", "stream[1]: offset: expected a place apart from starts"),
        ('kind = "eda"', 'kind = "eda"\nname = "../x"', "stream[2]: name: expected letters"),
        ('name = "ir"', 'name = "red"', "stream[0]: channels: expected names that differ"),
        ('name = "ir"', 'name = "time_ns"', "stream[0]: channels: expected names that differ"),
        ("rate_hz = 64", "rate_hz = ", "expected a TOML file"),
        ('type = "i16"', 'type = "i16"\noffset = 2', "expected a TOML file"),
    ],
)
def test_every_mistake_says_where_it_is(tmp_path: Path, old: str, new: str, where: str) -> None:
    assert old in BAND
    with pytest.raises(DeviceUriError) as caught:
        opened(tmp_path / "band.toml", BAND.replace(old, new, 1))
    assert where in caught.value.line()
    assert "band.toml" in caught.value.line()


def test_fields_may_touch_and_lie_behind_the_samples(tmp_path: Path) -> None:
    behind = BAND.replace('offset = 1, type = "u8"', 'offset = 17, type = "u8"')
    (packet,) = opened(tmp_path / "b.toml", behind).decode(DATA, b"\x01" + bytes(16) + b"\x07")
    assert packet.counter == 2 * 7


def test_what_no_scan_can_find_is_named_by_the_address(tmp_path: Path) -> None:
    nameless = BAND.replace('name_prefixes = ["OpenBand"]', "").replace("services", "# services")
    with pytest.raises(DeviceUriError, match=r"services: expected .*name_prefixes.*ble:gatt:ADD"):
        opened(tmp_path / "nameless.toml", nameless)
    uri = DeviceUri("ble", "gatt:F0:00:00:00:00:99", {"file": str(tmp_path / "nameless.toml")})
    assert FileDriver(uri).services == ()
    for left in ("services", "name_prefixes"):
        kept = "\n".join(line for line in BAND.splitlines() if not line.startswith(left))
        opened(tmp_path / "half.toml", kept)


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "gatt.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    driver = opened(tmp_path / "documented.toml", example)
    light = b"".join(n.to_bytes(3, "little") for n in range(100, 106))
    (ppg,) = driver.decode(DATA, b"\x01" + struct.pack("<HH", 3, 1000) + light)
    assert ppg.data[:, 0].tolist() == [100, 101, 102, 103, 104, 105]
    assert ppg.counter == 18
    assert ppg.clock_ns == 1_000_000_000 - 5 * 15_625_000
    (temp,) = driver.decode(DATA, b"\x02" + struct.pack("<h", 3342))
    np.testing.assert_allclose(temp.data, [[33.42]], rtol=1e-6)
    for kind in SignalKind:
        assert (f"`{kind}`" in page) == (kind is not SignalKind.MARKER)
    for unit in set(Unit) - {Unit.MICROSIEMENS_PER_SECOND}:
        assert f"`{unit}`" in page


def test_no_file_and_no_stream_are_named(tmp_path: Path) -> None:
    with pytest.raises(DeviceUriError, match="file=PATH"):
        FileDriver(DeviceUri("ble", "gatt"))
    with pytest.raises(DeviceUriError, match="No such file"):
        FileDriver(DeviceUri("ble", "gatt", {"file": str(tmp_path / "none.toml")}))
    with pytest.raises(DeviceUriError, match="at least one"):
        opened(tmp_path / "empty.toml", "")


@given(st.text(max_size=60) | st.sampled_from(BAND.splitlines()).map(lambda line: line[1:]))
def test_any_text_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, extra: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    try:
        opened(path, BAND + "\n" + extra + "\n")
    except (DeviceUriError, UnicodeEncodeError):
        return
