"""Keeping a Bluetooth device connected: found, set up, watched, taken down, connected again."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from wearaffect.core.errors import DecodeError, DeviceError, LinkError
from wearaffect.core.events import DeviceNote, DeviceState
from wearaffect.core.timebase import s_from_ns
from wearaffect.devices.bluetooth.inbox import Inbox, loop_ns
from wearaffect.devices.bluetooth.manners import (
    BackOff,
    Connection,
    Fact,
    LinkSettings,
    Radio,
    Seen,
)
from wearaffect.devices.bluetooth.naming import is_wanted, only_one
from wearaffect.devices.driver import GattDriver, Source

__all__ = ["Keeper"]

_log = logging.getLogger(__name__)

_CHOOSE_S = 2.0  # a scan without a target goes on so long, in case a second device answers
_SETUP_S = 30.0  # a driver's start, with all its reads and writes
_ANSWER_S = 5.0  # reading, stopping, disconnecting
_DAMAGED = 2  # starts that may fail on bytes that can't be read
_ASK_S = 30.0  # between two looks at the clock and the battery; all engineering choices

_SIG = "0000{:04x}-0000-1000-8000-00805f9b34fb".format
# Bluetooth SIG: Battery Service 1.1 and Device Information Service 1.1 (assigned numbers). The
# serial number stays unread: it would identify a person's device in every recording.
_BATTERY = _SIG(0x2A19)
_TEXTS = {
    "model": _SIG(0x2A24),
    "firmware": _SIG(0x2A26),
    "hardware": _SIG(0x2A27),
    "manufacturer": _SIG(0x2A29),
}


class Keeper:
    """Keep one device's signal coming, into an inbox.

    Parameters
    ----------
    uri : str
        For messages.
    target : str
        Address or name; empty: whatever the driver can read.
    name : str
        For notes.
    driver : GattDriver
        What to look for and how to start it.
    radio : Radio
        What finds and connects.
    settings : LinkSettings
        How patient to be.

    Attributes
    ----------
    inbox : Inbox
        Notifications, notes and clock readings, in the order in which they came.
    facts : dict
        What is known of the device.
    sources : tuple of Source
        What it sends, as the driver found at the first connection.
    """

    def __init__(
        self,
        uri: str,
        target: str,
        name: str,
        driver: GattDriver,
        radio: Radio,
        settings: LinkSettings,
    ) -> None:
        self.inbox = Inbox()
        self.facts: dict[str, Fact] = {}
        self.sources: tuple[Source, ...] = ()
        self._uri, self._target, self._name = uri, target, name
        self._driver = driver
        self._radio = radio
        self._settings = settings
        self._back_off = BackOff()
        self._since_ns = 0
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Find the device, connect and start it; then keep it so until `stop`.

        Raises
        ------
        DeviceError
            It isn't there, it refuses, or there is no radio.
        """
        seen = await self._find(self._target)
        deadline_s = _now_s() + self._settings.connect_s + _SETUP_S
        connection = None
        n_undecodable = 0
        while connection is None:
            try:
                connection = await self._set_up(seen)
            except (LinkError, DecodeError) as error:
                _heed_cancelling()
                wait_s = self._back_off.next_s()
                # bytes may be damaged once or twice; a device of another kind stays one
                n_undecodable += isinstance(error, DecodeError)
                if n_undecodable > _DAMAGED or _now_s() + wait_s > deadline_s:
                    raise
                await asyncio.sleep(wait_s)
                # a system forgets a device that isn't paired: what was seen may not be there now
                seen = await self._find(self._target or seen.address)
        self._since_ns = loop_ns()
        self._connection = connection
        self._task = asyncio.create_task(self._keep(seen.address))

    async def stop(self) -> None:
        """Stop the driver, disconnect; nothing of the link stays behind."""
        if self._task is None:
            return
        self._task.cancel()
        try:
            await asyncio.wait([self._task])
        finally:
            connection, self._connection = self._connection, None
            if connection is not None:
                await self._leave(connection)
            self.inbox.close()

    def check(self) -> None:
        """Raise what ended the keeping, where that was a mistake of ours and not the radio's."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    async def _find(self, target: str) -> Seen:
        """Scan until the device is seen; without a target, long enough to see a second one."""
        seen: dict[str, Seen] = {}
        answered = asyncio.Event()

        def hear(one: Seen) -> None:
            seen[one.address] = one
            if is_wanted(one, target, self._driver):
                answered.set()

        async with self._radio.listening(hear):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.scan_s):
                    await answered.wait()
                    if not target:
                        await asyncio.sleep(_CHOOSE_S)
        wanted = [one for one in seen.values() if is_wanted(one, target, self._driver)]
        return only_one(self._uri, wanted, seen.values())

    async def _set_up(self, seen: Seen) -> Connection:
        """Connect and start the driver; a link that fails on the way is taken down."""
        connection = await self._radio.connect(seen, self.inbox, self._settings)
        try:
            async with _within(_SETUP_S, self._uri, "the device didn't start"):
                facts = await self._ask(connection)
                sources = await self._driver.start(connection)
                if self.sources and sources != self.sources:
                    raise DeviceError(self._uri, "gives other streams than before")
            _heed_cancelling()
        except BaseException:
            await _down(connection)
            raise
        self.sources = sources
        self.facts |= {"name": seen.name, "address": seen.address, "rssi_dbm": seen.rssi_dbm}
        self.facts |= facts
        told = {key: fact for key, fact in self.facts.items() if key != "address"}
        self._tell(DeviceState.CONNECTED, **told)
        return connection

    async def _ask(self, connection: Connection) -> dict[str, Fact]:
        """Read what the standard services and the driver tell; what can't be read is left out."""
        # only what the link proves: that the sender holds the key agreed on when pairing. Who that
        # was nobody has checked where pairing asked for no number (Just Works).
        paired = self._settings.pair and connection.secure
        facts: dict[str, Fact] = {"authenticated": paired, "paired": paired}
        for key, characteristic in _TEXTS.items():
            value = await _read(connection, characteristic)
            text = value.split(b"\0")[0].decode("utf-8", errors="replace").strip()
            if text:
                facts[key] = text
        battery = await _read(connection, _BATTERY)
        if battery:
            facts["battery_percent"] = battery[0]
        return facts | dict(await self._driver.facts(connection))

    async def _keep(self, address: str) -> None:
        """Watch the link and replace it, until cancelled or out of patience."""
        ended = True
        try:
            while self._connection is not None:
                why = await self._until_silent(self._connection)
                await _down(self._connection)
                self._connection = None
                self._tell(DeviceState.LOST if why == _DOWN else DeviceState.STALLED, reason=why)
                self._connection = await self._again(address)
        except asyncio.CancelledError:
            ended = False  # `stop` closes: what the device flushes when it is stopped still counts
            raise
        finally:
            if ended:
                self.inbox.close()

    async def _until_silent(self, connection: Connection) -> str:
        """Wait until a link is down or has been silent too long; give what was wrong."""
        before, since_s = self.inbox.received, _now_s()
        stall_s = self._settings.stall_s or self._driver.stall_s
        allowed_s = max(self._driver.first_s, stall_s)
        asked_s = since_s - _ASK_S
        while (left_s := since_s + allowed_s - _now_s()) > 0:
            down = await _is_set(connection.lost, min(left_s, stall_s))
            if self.inbox.received > before:
                self._back_off.reset()
                allowed_s, since_s = stall_s, s_from_ns(self.inbox.last_ns)
            if down:
                return _DOWN
            if _now_s() - asked_s >= _ASK_S:
                asked_s = _now_s()
                await self._look(connection)
                _heed_cancelling()
        return f"no data for {allowed_s:g} s"

    async def _look(self, connection: Connection) -> None:
        """Compare clocks and read the battery; a link that fails at it will be seen to be down."""
        with contextlib.suppress(DeviceError, TimeoutError):
            async with asyncio.timeout(_ANSWER_S):
                ping = await self._driver.ping(connection)
                if ping is not None:
                    self.inbox.tell(ping)
                battery = await _read(connection, _BATTERY)
            if battery and battery[0] != self.facts.get("battery_percent"):
                self.facts["battery_percent"] = battery[0]
                self._tell(DeviceState.TOLD, battery_percent=battery[0])

    async def _again(self, address: str) -> Connection | None:
        """Connect anew, however often it takes; None when the patience is over."""
        while True:
            wait_s = self._back_off.next_s()
            silent_s = _now_s() + wait_s - s_from_ns(max(self.inbox.last_ns, self._since_ns))
            if silent_s > self._settings.patience_s:
                self._tell(DeviceState.ENDED, reason=f"away for {silent_s:.0f} s")
                return None
            await asyncio.sleep(wait_s)
            try:
                return await self._set_up(await self._find(self._target or address))
            except DeviceError as error:
                _heed_cancelling()
                _log.info("%s: %s", self._name, error.line())

    async def _leave(self, connection: Connection) -> None:
        """Stop the signal, where the device still listens, and disconnect."""
        try:
            with contextlib.suppress(DeviceError, TimeoutError):
                async with asyncio.timeout(_ANSWER_S):
                    await self._driver.stop(connection)
        finally:
            await _down(connection)

    def _tell(self, state: DeviceState, **facts: Fact) -> None:
        self.inbox.tell(DeviceNote(loop_ns(), self._name, state, facts))


_DOWN = "link down"


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _heed_cancelling() -> None:
    """Stop if that was asked for.

    Up to Python 3.11 `asyncio.wait_for`, which radio stacks use, swallows a cancellation that comes
    together with its result.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _is_set(event: asyncio.Event, within_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()
    return event.is_set()


async def _read(connection: Connection, characteristic: str) -> bytes:
    """Give a value, or nothing where there is none or it may not be read."""
    if not connection.has(characteristic):
        return b""
    try:
        return await connection.read(characteristic)
    except LinkError:
        raise
    except DeviceError:
        return b""


async def _down(connection: Connection) -> None:
    """Disconnect, and not for ever: a stack that hangs must not hold up the next attempt."""
    with contextlib.suppress(DeviceError, TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            await connection.disconnect()


@contextlib.asynccontextmanager
async def _within(seconds: float, uri: str, what: str) -> AsyncIterator[None]:
    """Give a step so much time; afterwards it counts as a link that failed."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise LinkError(uri, what, expected=f"it within {seconds:g} s") from None
