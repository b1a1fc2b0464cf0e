"""What a radio link is owed, without a radio: names, choice, waits, and an inbox that counts."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.errors import DeviceError, DeviceUriError, LinkError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.devices.bluetooth.inbox import Inbox, Mail
from wearaffect.devices.bluetooth.manners import BackOff, LinkSettings, Seen, link_settings
from wearaffect.devices.bluetooth.naming import device_name, found_of, is_wanted, only_one
from wearaffect.devices.drivers.heart_rate import HeartRateDriver
from wearaffect.devices.drivers.muse import MuseDriver
from wearaffect.devices.drivers.polar import PolarDriver
from wearaffect.devices.registry import gatt_driver, gatt_drivers, open_device
from wearaffect.devices.uri import parse_uri
from wearaffect.devices.virtual.simulated_time import run_simulated

HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"
BELT = Seen("AA:BB:CC:DD:EE:01", "Polar H10 12345678", (HEART_RATE,), -60)
BAND = Seen("AA:BB:CC:DD:EE:02", "Muse-1234", (), -50)
PHONE = Seen("AA:BB:CC:DD:EE:03", "", (), -40)


def test_waits_grow_to_the_cap_and_only_data_starts_them_over() -> None:
    waits = BackOff()
    first = [waits.next_s() for _ in range(10)]
    assert first == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    waits.reset()
    assert waits.next_s() == 0.25


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("ble:polar", "polar"),
        ("ble:polar:Polar H10 1234", "polar-h10-1234"),
        ("ble:polar:Polar H10 7F3A91C2", "polar-h10-91c2"),
        ("ble:polar:AA:BB:CC:DD:0C:1F", "polar-0c1f"),
        ("ble:muse:6E400001-B5A3-F393-E0A9-E50E24DC0C1F", "muse-0c1f"),
        ("ble:polar:AA:BB:CC:DD:0C:1F?name=Chest_1", "Chest_1"),
        ("ble:muse:⌚", "muse"),
    ],
)
def test_a_device_is_named_after_what_was_asked_for(uri: str, name: str) -> None:
    assert device_name(parse_uri(uri)) == name


def test_settings_are_shared_between_link_and_driver() -> None:
    uri = parse_uri("ble:polar:X?patience_s=5&streams=acc&stall_s=2&pair=1&name=a")
    settings, rest = link_settings(uri)
    assert settings == LinkSettings(patience_s=5, stall_s=2, pair=True)
    assert dict(rest.settings) == {"streams": "acc"}
    assert isinstance(gatt_driver(rest), PolarDriver)


@pytest.mark.parametrize(
    ("uri", "what"),
    [
        ("ble:polar?patience_s=-1", "patience_s"),
        ("ble:polar?connect_s=5", "from 10 to 600"),  # less never gets through
        ("ble:polar?name=a%20b", "setting name"),
        ("ble:polar?speed=2", "unknown setting"),
        ("ble:nothing", "unknown Bluetooth driver"),
        ("ble:", "expected bridge, gatt, heart_rate, muse, polar"),
    ],
)
def test_mistakes_in_an_address_are_named(uri: str, what: str) -> None:
    with pytest.raises(DeviceUriError, match=what):
        open_device(uri)


def test_a_device_is_wanted_by_address_name_service_or_prefix() -> None:
    polar = PolarDriver(parse_uri("ble:polar"))
    assert is_wanted(BELT, "aa:bb:cc:dd:ee:01", polar)
    assert is_wanted(BELT, "polar h10 12345678", polar)
    assert not is_wanted(BELT, "polar h10", polar)
    assert is_wanted(BELT, "", polar)
    assert is_wanted(BELT, "", HeartRateDriver)
    assert is_wanted(BAND, "", MuseDriver)
    assert not any(is_wanted(PHONE, "", driver) for driver in gatt_drivers().values())


def test_nobody_guesses_between_two_people() -> None:
    twin = Seen("AA:BB:CC:DD:EE:09", "Polar H10 99999999", (HEART_RATE,), -70)
    with pytest.raises(DeviceError, match="more than one") as caught:
        only_one("ble:polar", [BELT, twin], [BELT, twin, PHONE])
    assert BELT.address in caught.value.got
    assert twin.address in caught.value.got
    with pytest.raises(DeviceError, match="not found") as caught:
        only_one("ble:polar", [], [PHONE, BAND])
    assert caught.value.got.startswith("no name (AA:BB:CC:DD:EE:03, -40 dBm)")
    assert only_one("ble:polar", [BELT], []) is BELT


def test_what_a_scan_gives_can_be_opened() -> None:
    found = found_of("ble", [BELT, BAND, PHONE], gatt_drivers())
    assert [one.uri for one in found] == [
        "ble:muse:AA:BB:CC:DD:EE:02",
        "ble:heart_rate:AA:BB:CC:DD:EE:01",
        "ble:polar:AA:BB:CC:DD:EE:01",
    ]
    for one in found:
        assert is_wanted(BELT, parse_uri(one.uri).target.partition(":")[2], PolarDriver) == (
            "01" in one.uri
        )


@given(
    limit=st.integers(1, 5),
    steps=st.lists(st.sampled_from(["hear", "note", "take"]), max_size=30),
)
def test_the_inbox_keeps_order_and_counts_what_it_drops(limit: int, steps: list[str]) -> None:
    async def main() -> None:
        inbox, heard, kept, notes, told, held = Inbox(limit), 0, [], 0, 0, 0
        expected = []
        for step in steps:
            if step == "hear":
                inbox.hear("x", bytes([heard]))
                if held < limit:
                    held += 1
                    expected.append(heard)
                heard += 1
            elif step == "note":
                inbox.tell(DeviceNote(0, "d", DeviceState.TOLD))
                told += 1
            else:
                taken = await inbox.take(0.01) or []
                kept += [item.payload[0] for item in taken if not isinstance(item, DeviceNote)]
                notes += sum(isinstance(item, DeviceNote) for item in taken)
                held = 0
        inbox.close()
        taken = await inbox.take(0.01) or []
        kept += [item.payload[0] for item in taken if not isinstance(item, DeviceNote)]
        notes += sum(isinstance(item, DeviceNote) for item in taken)
        assert kept == expected
        assert (inbox.received, inbox.dropped, notes) == (heard, heard - len(expected), told)
        assert await inbox.take(0.01) is None

    run_simulated(main())


def test_answers_go_to_whoever_asked_and_signal_to_the_inbox() -> None:
    async def main() -> None:
        inbox = Inbox()
        mail = Mail("ble:x", inbox)
        mail.want("data")

        async def ask() -> None:
            mail.deliver("data", b"signal")
            mail.deliver("control", b"answer")
            mail.deliver("control", b"nobody asked")

        assert await mail.answered("control", ask, 5.0) == b"answer"
        assert inbox.received == 1

        async def ask_twice() -> None:
            mail.deliver("control", b"old answer")
            mail.deliver("control", b"new answer")

        new = await mail.answered("control", ask_twice, 5.0, lambda value: value[:3] == b"new")
        assert new == b"new answer"

        async def silence() -> None:
            pass

        with pytest.raises(LinkError, match="an answer within 5 s"):
            await mail.answered("control", silence, 5.0)

        async def hang_up() -> None:
            mail.hang_up()

        with pytest.raises(LinkError, match="went down"):
            await mail.answered("control", hang_up, 5.0)
        assert mail.lost.is_set()

    run_simulated(main())


def test_importing_the_registry_opens_no_radio() -> None:
    import subprocess
    import sys

    code = "import sys, wearaffect, wearaffect.devices.registry; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert {"bleak", "bumble", "pylsl"}.isdisjoint(loaded.stdout.split())


def test_waiting_for_the_inbox_can_be_cut_short() -> None:
    async def main() -> list[object] | None:
        inbox = Inbox()
        taking = asyncio.create_task(inbox.take(3600.0))
        await asyncio.sleep(1.0)
        inbox.close()
        return await taking

    assert run_simulated(main()) is None
