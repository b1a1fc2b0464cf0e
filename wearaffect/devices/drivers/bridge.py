"""The bridge: any wearable that runs the C of ``firmware_bridge``, over Bluetooth LE."""

import asyncio
import functools
import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction

from wearaffect.core.errors import DecodeError, DeviceError
from wearaffect.core.timebase import exact_rate
from wearaffect.devices.bridge import table
from wearaffect.devices.bridge.capability import Capability, decode_capability
from wearaffect.devices.bridge.codec import BridgeDecoder, decode_answer, encode_command, is_answer
from wearaffect.devices.bridge.table import Command
from wearaffect.devices.driver import ClockPing, GattDriver, Link, Packet, Source
from wearaffect.devices.uri import DeviceUri

__all__ = ["BridgeDriver"]

_SETTINGS = {kind: f"{kind.name.lower()}_hz" for kind in table.Kind}


class BridgeDriver(GattDriver):
    """A wearable that speaks firmware_bridge/PROTOCOL.md.

    Parameters
    ----------
    uri : DeviceUri
        Settings: ``<kind>_hz`` asks for another rate of the streams of that kind;
        ``unauthenticated=1`` takes data over a link that isn't paired even from a device that says
        it needs pairing, and is recorded.

    Raises
    ------
    DeviceUriError
        A setting that isn't known or can't be taken.
    """

    services = (table.SERVICE_UUID,)

    def __init__(self, uri: DeviceUri) -> None:
        uri.allow("unauthenticated", *_SETTINGS.values())
        self._waived = uri.integer("unauthenticated", 0, 0, 1) == 1
        self._rates = {
            kind.name: exact_rate(uri.number(name, 0.0, 0.01, 4000.0))
            for kind, name in _SETTINGS.items()
            if name in uri.settings
        }
        self._tokens = itertools.cycle(range(256))
        self._decoder: BridgeDecoder | None = None

    async def start(self, link: Link) -> tuple[Source, ...]:
        """Read what it can, set the rates asked for, and start it.

        Raises
        ------
        DecodeError
            The capability is of another version or damaged.
        DeviceError
            The device refused: a rate its sensor can't give, a link that isn't paired. Or it says
            that it gives data over paired links only, and this one isn't.
        """
        capability = await self._capability(link)
        self._require_paired(link, capability)
        if await self._set_rates(link, capability):
            capability = await self._capability(link)
        self._decoder = BridgeDecoder(capability, "bridge")
        await link.subscribe(table.DATA_UUID)
        await self._ask(link, Command.START)
        return self._decoder.sources

    def decode(self, characteristic: str, payload: bytes) -> Sequence[Packet]:
        """Take a data frame apart; answers on the control point carry no samples."""
        if characteristic != table.DATA_UUID:
            return ()
        if self._decoder is None:
            raise DecodeError("bridge", "data before its capability")
        return (self._decoder.decode(payload),)

    async def stop(self, link: Link) -> None:
        """Have it send what it has collected, and no more."""
        await self._ask(link, Command.STOP)

    async def facts(self, link: Link) -> Mapping[str, str | int | float | bool]:
        """Give its name, firmware, place on the body, and whether it says that data needs pairing.

        ``claims_pairing`` is the device's own word, read over whatever link there is: it proves
        nothing. What the link proves is ``authenticated``, which isn't a driver's to say.
        """
        capability = await self._capability(link)
        waived = {"pairing_waived": True} if self._waived else {}
        return waived | {
            "name": capability.name,
            "firmware": capability.firmware,
            "body_site": capability.body_site,
            "claims_pairing": capability.authenticated,
        }

    async def ping(self, link: Link) -> ClockPing:
        """Compare clocks; the device's stamps wrap as those of its frames do."""
        loop = asyncio.get_running_loop()
        sent_ns = round(loop.time() * 1e9)
        received_us, answered_us = await self._ask(link, Command.PING)
        received_ns = round(loop.time() * 1e9)
        return ClockPing(sent_ns, received_us * 1000, answered_us * 1000, received_ns)

    def _require_paired(self, link: Link, capability: Capability) -> None:
        """Refuse what an impostor would send, who knows the words and hasn't the key."""
        if capability.authenticated and not (link.secure or self._waived):
            raise DeviceError(
                "bridge",
                "gives data over paired links only, and this one isn't",
                expected="a paired link",
                got="data that anybody within reach could send",
                remedy="put pair=1 into the address; unauthenticated=1 takes it, and records that",
            )

    async def _capability(self, link: Link) -> Capability:
        return decode_capability(await link.read(table.CAPABILITY_UUID))

    async def _ask(self, link: Link, command: Command, *arguments: int) -> tuple[int, ...]:
        token = next(self._tokens)
        question = encode_command(command, *arguments, token=token)
        fits = functools.partial(is_answer, command=command, token=token)
        answer = await link.request(table.CONTROL_UUID, question, fits=fits)
        return decode_answer(answer, command, token)

    async def _set_rates(self, link: Link, capability: Capability) -> bool:
        """Ask for the rates that differ; a device that is sending must stop for that."""
        wanted: dict[int, Fraction] = {}
        for number, stream in enumerate(capability.streams):
            rate = self._rates.get(stream.kind.name, stream.rate)
            if rate != stream.rate:
                wanted[number] = rate
        if wanted:
            await self._ask(link, Command.STOP)
        for number, rate in wanted.items():
            await self._ask(link, Command.SET_RATE, number, rate.numerator, rate.denominator)
        return bool(wanted)
