"""`devices list`, `scan`, `info`, and what `doctor` says of the radio, without one."""

import pytest

from wearaffect.core.errors import DeviceError
from wearaffect.devices.driver import Found


def no_radio(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that isn't there: bleak looks for bluetoothd on it."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")


def test_list_names_addresses_drivers_and_what_is_missing(run, read_json, tmp_path):
    ran = run("devices", "list", "--json", tmp_path / "l.json")
    assert ran.code == 0, ran.err
    listed = read_json(tmp_path / "l.json")
    assert {"ble", "bumble", "lsl", "replay"} <= {row["scheme"] for row in listed["devices"]}
    assert {row["driver"] for row in listed["drivers"]} == {
        "bridge",
        "gatt",
        "heart_rate",
        "muse",
        "polar",
    }
    assert all(row["about"] for row in listed["drivers"])
    assert "ble:heart_rate" in ran.out


def test_list_says_which_extra_is_missing(run, monkeypatch, read_json, tmp_path):
    from importlib import metadata

    installed = metadata.version

    def version(name: str) -> str:
        if name == "bumble":
            raise metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(metadata, "version", version)
    ran = run("devices", "list", "--json", tmp_path / "l.json")
    missing = {r["scheme"]: r["missing"] for r in read_json(tmp_path / "l.json")["devices"]}
    assert missing["bumble"] == ["bumble"]
    assert missing["ble"] == []
    assert "pip install 'wearaffect[virtual]'" in ran.out


def test_a_scan_without_a_radio_is_one_line_with_the_remedy(run, monkeypatch, read_json, tmp_path):
    no_radio(monkeypatch)
    words = (
        "devices",
        "scan",
        "--scheme",
        "ble",
        "--timeout-s",
        0.2,
        "--json",
        tmp_path / "s.json",
    )
    ran = run(*words)
    assert ran.code == 1
    (line,) = ran.err.strip().splitlines()
    assert "no Bluetooth radio" in line
    assert "adapter" in line
    assert read_json(tmp_path / "s.json")["error"] == "DeviceError"


def test_a_scan_that_works_somewhere_warns_of_the_rest(run, monkeypatch, read_json, tmp_path):
    from wearaffect.devices import registry

    async def broken(timeout_s: float) -> list[Found]:
        raise DeviceError("x", "no radio", remedy="plug it in")

    async def working(timeout_s: float) -> list[Found]:
        return [Found("serial:/dev/a%20b", "bridge", {"vendor": "none"})]

    monkeypatch.setattr(
        registry, "scanners", lambda: {"x": lambda: broken, "serial": lambda: working}
    )
    ran = run("devices", "scan", "--timeout-s", 0.2, "--json", tmp_path / "s.json")
    assert ran.code == 0, ran.err
    said = read_json(tmp_path / "s.json")
    assert [one["uri"] for one in said["found"]] == ["serial:/dev/a%20b"]
    assert [one["scheme"] for one in said["warnings"]] == ["x"]
    assert "warning: x: device x: no radio; plug it in" in ran.out
    assert "serial:/dev/a%20b" in ran.out
    assert run("devices", "scan", "--scheme", "nope").code == 2


def test_info_shows_a_device_and_its_streams(run, read_json, tmp_path):
    ran = run("devices", "info", "bumble:heart_rate", "--json", tmp_path / "i.json")
    assert ran.code == 0, ran.err
    said = read_json(tmp_path / "i.json")
    assert said["facts"]["battery_percent"] == 87
    assert said["facts"]["authenticated"] is False
    assert {"address", "firmware", "name", "rssi_dbm"} <= set(said["facts"])
    assert [s["id"] for s in said["streams"]] == ["heart_rate.hr", "heart_rate.ibi"]
    assert {s["loss_evidence"] for s in said["streams"]} == {"none"}
    assert "loss not provable" in ran.out


def test_info_of_what_is_not_there_is_an_error(run, monkeypatch):
    no_radio(monkeypatch)
    ran = run("devices", "info", "ble:polar:Nobody")
    assert ran.code == 1
    assert "DeviceError" in ran.err
    assert run("devices", "info", "ble:unheard_of").code == 1


def test_doctor_tells_of_radio_and_lsl(run, monkeypatch, read_json, tmp_path):
    no_radio(monkeypatch)
    assert run("doctor", "--json", tmp_path / "d.json").code == 0
    checks = {c["name"]: c for c in read_json(tmp_path / "d.json")["checks"]}
    assert checks["radio"]["state"] == "warning"
    assert "adapter" in checks["radio"]["remedy"]
    assert checks["lsl"]["state"] == "ok"
    assert {"virtual", "serial", "brainflow", "train"} <= set(checks)


def test_a_layout_is_checked_without_a_radio(run, monkeypatch, tmp_path):
    no_radio(monkeypatch)
    path = tmp_path / "belt.toml"
    path.write_text(
        'services = ["180d"]\n[[stream]]\nkind = "hr"\ncharacteristic = "2a37"\nsamples = 1\n'
        'type = "u8"\noffset = 1\nchannels = [{ name = "hr", unit = "1/min" }]\n'
    )
    fine = run("devices", "info", f"ble:gatt?file={path}")
    assert "belt.toml: no mistake in it" in fine.out
    assert "no Bluetooth radio" in fine.err
    path.write_text(path.read_text().replace("1/min", "uS"))
    wrong = run("devices", "info", f"ble:gatt?file={path}")
    assert wrong.code == 1
    assert "belt.toml: stream[0]: channels[0]: unit: expected one that hr can be in" in wrong.err
    assert "radio" not in wrong.out + wrong.err
