"""Our drivers on Linux: what they find, what they hear, what they do about faults."""

import asyncio
import json
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sent import ADDRESS, BAND, BAND_STEP_US, FIRST, IN_A_ROW, NAME, TURNS

from wearaffect.core.events import DeviceNote, DeviceState, Event
from wearaffect.core.streams import SignalChunk, SignalKind
from wearaffect.devices.bluetooth.ble import scan_ble
from wearaffect.devices.registry import open_device

_ENOUGH_S = 240.0
_AFTERWARDS = 400  # samples of the band, once it is back
_BEGAN_S = time.monotonic()


def at_s() -> float:
    return round(time.monotonic() - _BEGAN_S, 2)


class Told:
    """What a device gave, and when it changed its state."""

    def __init__(self, name: str, kind: SignalKind) -> None:
        self.chunks: list[SignalChunk] = []
        self.states: list[str] = []
        self.facts: Mapping[str, Any] = {}
        self.at_s: list[tuple[float, str]] = []
        self._name, self._kind = name, kind

    def take(self, item: SignalChunk | Event) -> None:
        if isinstance(item, DeviceNote) and item.state is not DeviceState.TOLD:
            self.states.append(item.state.value)
            self.at_s.append((at_s(), item.state.value))
            print(self._name, item.state.value, at_s(), flush=True)
        elif isinstance(item, SignalChunk) and item.info.kind is self._kind and len(item):
            self.chunks.append(item)

    def values(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.concatenate([c.data[:, 0] for c in self.chunks] or [[]]).astype(np.float64)


async def strap() -> Told:
    told = Told(NAME, SignalKind.IBI)
    async with open_device("ble:heart_rate") as device:
        told.facts = dict(device.facts)
        async for item in device.chunks():
            told.take(item)
            if len(told.values()) >= TURNS * IN_A_ROW and told.states[-1] == "lost":
                break
    return told


async def band() -> Told:
    told = Told(BAND, SignalKind.EDA)
    async with open_device("ble:bridge") as device:
        told.facts = dict(device.facts)
        before = None
        async for item in device.chunks():
            told.take(item)
            if before is None and told.states == ["connected", "lost", "connected"]:
                before = len(told.values())
            if before is not None and len(told.values()) >= before + _AFTERWARDS:
                break
    return told


def strap_problems(told: Told) -> list[str]:
    numbers = (np.rint(told.values() * 1024) - FIRST).astype(int).tolist()
    return _wrong(
        {
            f"beats {numbers}": numbers == list(range(TURNS * IN_A_ROW)),
            f"strap {told.states}": told.states
            == ["connected", *["lost", "connected"] * (TURNS - 1), "lost"],
            f"strap {told.facts}": told.facts["firmware"] == "1.2.3"
            and told.facts["battery_percent"] == 87,
        }
    )


def band_problems(told: Told) -> list[str]:
    """Every sample says which it is: those that aren't there must be counted, in their place."""
    numbers = np.rint(told.values() / BAND_STEP_US).astype(int)
    lengths = [len(chunk) for chunk in told.chunks]
    firsts = numbers[np.cumsum([0, *lengths])[:-1]]
    missing = firsts[1:] - firsts[:-1] - lengths[:-1]
    return _wrong(
        {
            "band counter": firsts.tolist() == [c.device_counter for c in told.chunks],
            f"band lost {missing}": missing.tolist() == [c.n_lost for c in told.chunks[1:]],
            f"band gaps {missing}": int(np.count_nonzero(missing)) == 1,
            "band samples": len(numbers) + missing.sum() == numbers[-1] - numbers[0] + 1,
            f"band {told.facts}": told.facts["authenticated"] is False,
        }
    )


def _wrong(checks: Mapping[str, object]) -> list[str]:
    return [what for what, right in checks.items() if not right]


async def main() -> dict[str, Any]:
    found = sorted((one.name, one.uri) for one in await scan_ble(5.0))
    print("scanned", at_s(), found, flush=True)
    async with asyncio.timeout(_ENOUGH_S):
        told = await asyncio.gather(strap(), band())
    problems = [*strap_problems(told[0]), *band_problems(told[1])]
    if [name for name, _ in found] != [BAND, NAME] or found[1][1] != f"ble:heart_rate:{ADDRESS}":
        problems.append(f"scan {found}")
    return {"problems": problems, **_summary(told), "seconds": at_s()}


def _summary(told: Sequence[Told]) -> dict[str, Any]:
    return {
        name: {
            "samples": len(one.values()),
            "lost": sum(chunk.n_lost for chunk in one.chunks[1:]),
            "facts": dict(one.facts),
            "states": one.at_s,
        }
        for name, one in zip(("strap", "band"), told, strict=True)
    }


def verdict() -> dict[str, Any]:
    try:
        return asyncio.run(main())
    except Exception as error:  # noqa: BLE001 - whatever it is, the host is to know
        traceback.print_exc(file=sys.stdout)
        return {"problems": [f"{type(error).__name__}: {error}"]}


outcome = verdict()
print("VERDICT", json.dumps({"ok": not outcome["problems"], **outcome}), flush=True)
