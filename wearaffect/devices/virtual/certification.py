"""Does a driver keep its promises? Every fault is ordered, and the answer compared with the truth.

A driver of one's own is certified against a virtual wearable of one's own: make a `Wearable` that
speaks the device's protocol and puts what it samples into frames, name the driver by its entry
point (or name both by entry points, in ``wearaffect.drivers`` and ``wearaffect.wearables``), and::

    from wearaffect.devices.virtual.certification import certify

    certificate = certify("bumble:mine", wearable=MyWearable)
    assert certificate.passed, certificate.failures

All runs are in simulated time: minutes of signal take seconds.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wearaffect.core.errors import DeviceUriError, WearAffectError
from wearaffect.devices.driver import GattDriver
from wearaffect.devices.uri import DeviceUri, parse_uri
from wearaffect.devices.virtual.device import VirtualDevice
from wearaffect.devices.virtual.faults import FAULTS
from wearaffect.devices.virtual.opening import WearableMaker, open_bumble, wearable_of
from wearaffect.devices.virtual.placed import NotProvableError
from wearaffect.devices.virtual.promises import PROMISES, Run, Verdict
from wearaffect.devices.virtual.simulated_time import run_simulated

__all__ = ["NO_FAULT", "Certificate", "certify", "default_faults"]

# Engineering choices: long enough for a clock to settle, a link to be lost and found, and the
# signal to go on after it.
_MADE = {"duration_s": "60", "fault_at_s": "20", "fault_for_s": "8"}
_ASKED = {"fault": "--fault (faults= in Python)", "seed": "--seed (seed= in Python)"}

NO_FAULT = "none"
"""The run without a fault comes first: a driver that fails it fails all others too."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What came of it.

    Attributes
    ----------
    uri : str
        The driver.
    verdicts : tuple of Verdict
        One for each promise under each fault.
    """

    uri: str
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        """Whether no promise was broken."""
        return not self.failures

    @property
    def failures(self) -> tuple[Verdict, ...]:
        """The promises that were broken."""
        return tuple(verdict for verdict in self.verdicts if verdict.kept is False)

    def as_dict(self) -> dict[str, Any]:
        """Give it for machine-readable output."""
        rows = [
            {"fault": v.fault, "promise": v.promise, "kept": v.kept, "detail": v.detail}
            for v in self.verdicts
        ]
        return {"uri": self.uri, "passed": self.passed, "verdicts": rows}


def certify(
    uri: str,
    *,
    wearable: WearableMaker | None = None,
    driver: Callable[[DeviceUri], GattDriver] | None = None,
    faults: Sequence[str] | None = None,
    seed: int = 1,
) -> Certificate:
    """Run a driver against a virtual wearable with every fault.

    Parameters
    ----------
    uri : str
        ``bumble:<driver>[?settings]``, as `wearaffect.devices.virtual.opening.open_bumble` takes
        it, without the settings that certification itself makes: fault, fault_at_s, fault_for_s,
        duration_s and seed.
    wearable : class or None
        A `Wearable` that speaks to the driver; None: the one that ``bumble:`` has for it.
    driver : callable or None
        Gives the driver from its address, as an entry point does; None: found by its name.
    faults : sequence of str or None
        Of `FAULTS`, several at once joined by commas, and ``none``; None: each that the
        wearable can have.
    seed : int
        Of the person and of all chance.

    Returns
    -------
    Certificate
        One verdict for each promise under each fault.

    Raises
    ------
    DeviceUriError
        The address can't be opened at all, or has settings that certification itself makes.
    MissingExtraError
        bumble isn't installed.
    RuntimeError
        An event loop is running already.
    """
    parsed = _free(parse_uri(uri))
    verdicts: list[Verdict] = []
    for fault in default_faults(uri, wearable) if faults is None else faults:
        settings = {**_MADE, "seed": str(seed)}
        settings |= {"fault": fault} if fault != NO_FAULT else {}
        faulty = replace(parsed, settings={**parsed.settings, **settings})
        device = open_bumble(faulty, wearable=wearable, driver=driver)
        verdicts += run_simulated(_judged(device, fault))
    return Certificate(uri, tuple(verdicts))


def default_faults(uri: str, wearable: WearableMaker | None = None) -> tuple[str, ...]:
    """Give ``none``, and each fault that a wearable can have; arguments as of `certify`."""
    lacks = (wearable or wearable_of(parse_uri(uri))).lacks
    return (NO_FAULT, *(name for name in FAULTS if name not in lacks))


def _free(uri: DeviceUri) -> DeviceUri:
    """Refuse settings that would be overridden in silence."""
    for name in uri.settings:
        if name in _MADE or name in _ASKED:
            remedy = f"use {_ASKED[name]}" if name in _ASKED else "leave it out"
            got = repr(uri.settings[name])
            raise DeviceUriError(
                str(uri),
                f"setting {name}",
                expected="certification to set it",
                got=got,
                remedy=remedy,
            )
    return uri


async def _judged(device: VirtualDevice, fault: str) -> list[Verdict]:
    run: Run | None = None
    try:
        run = await _run(device, fault)
    except WearAffectError as error:
        return [Verdict(fault, promise, kept=False, detail=error.line()) for promise in PROMISES]
    return [_verdict(run, promise) for promise in PROMISES]


async def _run(device: VirtualDevice, fault: str) -> Run:
    """Let the driver read to the end, and look at what it leaves behind."""
    loop = asyncio.get_running_loop()
    unseen: list[str] = []
    loop.set_exception_handler(lambda _, about: unseen.append(str(about["message"])))
    async with device:
        run = Run(fault, device.wearable, device.streams)
        run.items = [item async for item in device.chunks()]
        run.end_s = loop.time()
        await asyncio.sleep(1.0)
        run.left += _links(device)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    run.left += [f"task {task.get_name()}" for task in tasks] + unseen
    return run


def _links(device: VirtualDevice) -> Iterator[str]:
    peripheral, central = device.wearable.device, device.radio.central
    yield from (f"link {c.peer_address}" for c in central.connections.values())
    yield from (f"subscription of {c}" for c in peripheral.gatt_server.subscribers)


def _verdict(run: Run, promise: str) -> Verdict:
    """Ask for a promise in every stream; one that can't be shown in any can't be shown."""
    broken: list[str] = []
    open_: list[str] = []
    for info in run.streams:
        try:
            broken += (f"{info.id}: {what}" for what in PROMISES[promise](run, info))
        except NotProvableError as reason:
            open_.append(f"{info.id}: {reason}")
    if broken:
        return Verdict(run.fault, promise, kept=False, detail="; ".join(dict.fromkeys(broken)))
    kept = None if len(open_) == len(run.streams) else True
    return Verdict(run.fault, promise, kept=kept, detail="; ".join(open_))
