"""A driver of somebody's package that can't be loaded costs itself, and nothing else."""

import json

import pytest
from made_package import install

from wearaffect.core.errors import DeviceError
from wearaffect.devices.registry import broken_drivers, gatt_drivers, open_device, scanners

MISTAKES = {
    "import glovelib_that_nobody_has": "No module named 'glovelib_that_nobody_has'",
    "raise OSError('no such licence')": "no such licence",
    "Glove = 1 / 0": "division by zero",
    "Other = 1": "has no attribute 'Glove'",
    "def Glove(uri): ...": "is no GattDriver",
    "class Glove(": "was never closed",
}


@pytest.fixture(params=MISTAKES, ids=MISTAKES.values())
def mistake(request, monkeypatch, tmp_path) -> str:
    name = f"strangers_glove_{list(MISTAKES).index(request.param)}"
    points = {"wearaffect.drivers": f"broken = {name}:Glove"}
    install(monkeypatch, tmp_path, name, request.param, points)
    return MISTAKES[request.param]


def test_it_is_listed_as_broken_beside_the_others(run, mistake: str) -> None:
    ran = run("devices", "list")
    assert ran.code == 0, ran.err
    said = " ".join(ran.out.split())  # a narrow terminal breaks the row
    assert "ble:broken can't be loaded: " in said
    assert mistake in said
    assert "ble:polar" in said
    listed = json.loads(run("devices", "list", "--json", "-").out)["drivers"]
    (entry,) = [one for one in listed if one["driver"] == "broken"]
    assert mistake in entry["got"]
    assert set(broken_drivers()) == {"broken"}
    assert "broken" not in gatt_drivers()


def test_opening_it_is_one_named_line(run, mistake: str) -> None:
    ran = run("devices", "info", "ble:broken")
    assert ran.code == 1
    (line,) = ran.err.strip().splitlines()
    assert line.startswith("error: DeviceError: device ble:broken: can't be loaded: got ")
    assert mistake in line
    assert "the package strangers_glove" in line


def test_a_scan_goes_on_without_it(run, monkeypatch, mistake: str) -> None:
    from wearaffect.devices import registry

    async def empty(timeout_s: float) -> list:
        return []

    monkeypatch.setattr(registry, "scanners", lambda: {"ble": lambda: empty})
    ran = run("devices", "scan", "--timeout-s", 0.1)
    assert ran.code == 0, ran.err
    assert "warning: ble:broken: " in ran.out
    assert mistake in ran.out


def test_so_it_is_with_schemes_and_scanners(monkeypatch, tmp_path) -> None:
    groups = ("wearaffect.devices", "wearaffect.scanners")
    points = dict.fromkeys(groups, "glove = strangers_air:anything")
    install(monkeypatch, tmp_path, "strangers_air", "import nothing_of_that_name", points)
    for load in (lambda: open_device("glove:x"), scanners()["glove"]):
        with pytest.raises(DeviceError, match=r"glove:.*can't be loaded.*nothing_of_that_name"):
            load()
