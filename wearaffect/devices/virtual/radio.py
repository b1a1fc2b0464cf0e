"""A radio inside the process: air, a central that scans and connects, and whoever joins."""

import asyncio
from types import TracebackType
from typing import Self

from bumble import hci
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport.common import AsyncPipeSink

from wearaffect.devices.virtual.air import Air, RadioLink, SoftController

__all__ = ["Radio"]

_CENTRAL = "F0:00:00:00:00:01"


class Radio:
    """Air with a central on it, for as long as it is entered.

    Parameters
    ----------
    air : Air
        What the air does to packets.
    seed : int
        Of the air's chance.

    Attributes
    ----------
    link : RadioLink
        The air.
    central : bumble.device.Device
        The host that scans and connects, once entered.
    connecting : asyncio.Lock
        A central makes one connection at a time.
    """

    def __init__(self, air: Air | None = None, seed: int = 0) -> None:
        self.link = RadioLink(air or Air(), seed)
        self.connecting = asyncio.Lock()
        self.central: Device
        self._devices: list[Device] = []

    async def __aenter__(self) -> Self:
        self.central = await self.join("central", _CENTRAL)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for device in reversed(tuple(self._devices)):
            await self.leave(device)

    async def join(self, name: str, address: str) -> Device:
        """Put another device on the air, powered on.

        Parameters
        ----------
        name, address : str
            Its name, and its static random address.

        Returns
        -------
        bumble.device.Device
            Without services of its own yet.
        """
        controller = SoftController(name, link=self.link, public_address=address)
        config = DeviceConfiguration(name=name, address=hci.Address(address))
        device = Device(config=config, host=Host(controller, AsyncPipeSink(controller)))
        device.pairing_config_factory = _pairing
        self._devices.append(device)
        await device.power_on()
        return device

    async def leave(self, device: Device) -> None:
        """Take a device off the air; its connections end as though it had hung up."""
        self._devices.remove(device)
        controller = self.controller(device)
        for connection in tuple(device.connections.values()):
            await connection.disconnect()
        if device.is_advertising:
            await device.stop_advertising()
        await device.power_off()
        self.link.remove_controller(controller)

    def controller(self, device: Device) -> SoftController:
        """Give the controller under a device."""
        for controller in self.link.controllers:
            if controller.host is device.host and isinstance(controller, SoftController):
                return controller
        msg = f"{device.name} is not on this air"
        raise ValueError(msg)

    def set_in_range(self, device: Device, *, near: bool) -> None:
        """Carry a device out of range, or back."""
        self.link.set_in_range(self.controller(device), near=near)


def _pairing(_connection: object) -> PairingConfig:
    """LE Secure Connections, nothing to compare: a wristband has no display.

    Only the encryption key is exchanged; addresses here don't hide behind private ones.
    """
    only = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
    delegate = PairingDelegate(
        local_initiator_key_distribution=only, local_responder_key_distribution=only
    )
    return PairingConfig(sc=True, mitm=False, bonding=True, delegate=delegate)
