"""The air between virtual controllers: range, delay, retries, links that are lost.

The link layer is Google's bumble, with what a driver's test needs and its soft controller lacks:
scan responses, cancelled connections, supervision time-outs, long packets, signal strength, and
a link on which packets take time.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from bumble import core, hci, ll
from bumble.controller import Connection, Controller
from bumble.link import LocalLink

__all__ = ["Air", "RadioLink", "SoftController"]

_Report = hci.HCI_LE_Extended_Advertising_Report_Event.Report
_Seen = hci.HCI_LE_Extended_Advertising_Report_Event.EventType


@dataclass(frozen=True, slots=True)
class Air:
    """What the air does to packets; none is lost, since the link layer sends again.

    Attributes
    ----------
    interval_s : float
        Connection interval, seconds; 0: packets take no time. 15 ms is what centrals often grant.
    retry : float
        Chance that a packet has to be sent again, each time costing an interval.
    supervision_s : float
        How long nothing is heard before a connection counts as lost, seconds.
    rssi_dbm : int
        Signal strength that scans and connections show.

    Notes
    -----
    Bluetooth Core 5.4, Vol 6 Part B 4.5; the values are engineering choices within it.
    """

    interval_s: float = 0.015
    retry: float = 0.05
    supervision_s: float = 0.72
    rssi_dbm: int = -60

    def __post_init__(self) -> None:
        if self.interval_s < 0 or not 0 <= self.retry < 1 or self.supervision_s <= 0:
            msg = f"expected interval_s >= 0, retry in [0, 1), supervision_s > 0, got {self}"
            raise ValueError(msg)


class RadioLink(LocalLink):
    """The air between controllers.

    Parameters
    ----------
    air : Air
        What it does to packets.
    seed : int
        Of the retries.
    """

    def __init__(self, air: Air, seed: int = 0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.air = air
        self._rng = random.Random(seed)  # noqa: S311 - a simulation
        self._far: dict[Controller, list[Callable[[], None]]] = {}
        self._due_s: dict[tuple[Controller, Controller], float] = {}

    def set_in_range(self, controller: Controller, *, near: bool) -> None:
        """Move a controller out of everyone's range, or back.

        What was sent meanwhile arrives when it is back, or never if the connection is lost first.
        """
        if near:
            for deliver in self._far.pop(controller, ()):
                deliver()
        elif controller not in self._far:
            held: list[Callable[[], None]] = []
            self._far[controller] = held
            loop = asyncio.get_running_loop()
            loop.call_later(self.air.supervision_s, self._time_out, controller, held)

    def send_advertising_pdu(
        self, sender_controller: Controller, packet: ll.AdvertisingPdu
    ) -> None:
        """Let everyone in range hear it."""
        loop = asyncio.get_running_loop()
        for controller in tuple(self.controllers):
            if controller is not sender_controller and not self._between(
                sender_controller, controller
            ):
                loop.call_soon(controller.on_ll_advertising_pdu, packet)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Carry a packet of the link layer; one to somebody who has left is gone."""
        sender = self.find_le_controller(sender_address)
        receiver = self.find_le_controller(receiver_address)
        if sender is not None and receiver is not None:
            self._send(sender, receiver, lambda: _control(receiver, sender_address, packet))

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Carry data; the sender is known by the address its connection was made with."""
        receiver = self.find_le_controller(destination_address)
        connection = sender_controller.le_connections.get(destination_address)
        if receiver is None or connection is None:
            return
        source = connection.self_address

        def deliver() -> None:
            if source in receiver.le_connections:
                receiver.on_link_acl_data(source, transport, data)

        self._send(sender_controller, receiver, deliver)

    def _send(self, sender: Controller, receiver: Controller, deliver: Callable[[], None]) -> None:
        """Deliver at a connection event, after those before it."""
        held = self._between(sender, receiver)
        loop = asyncio.get_running_loop()
        if held:
            held[0].append(lambda: self._send(sender, receiver, deliver))
        elif self.air.interval_s == 0:
            loop.call_soon(deliver)
        else:
            events = 1
            while self._rng.random() < self.air.retry:
                events += 1
            way = (sender, receiver)
            interval_s = self.air.interval_s
            due_s = (loop.time() // interval_s + events) * interval_s
            # timers that are due at once run in any order
            self._due_s[way] = due_s = max(due_s, self._due_s.get(way, 0.0) + 1e-7)
            loop.call_at(due_s, deliver)

    def _between(self, one: Controller, other: Controller) -> list[list[Callable[[], None]]]:
        return [self._far[end] for end in (one, other) if end in self._far]

    def _time_out(self, controller: Controller, held: list[Callable[[], None]]) -> None:
        """Drop both ends of its connections, unless it has come back."""
        if self._far.get(controller) is not held:
            return
        held.clear()
        for end in tuple(self.controllers):
            for connection in tuple(end.le_connections.values()):
                if controller in (end, self.find_le_controller(connection.peer_address)):
                    end.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


def _control(receiver: Controller, sender: hci.Address, packet: ll.ControlPdu) -> None:
    if sender in receiver.le_connections:
        receiver.on_ll_control_pdu(sender, packet)


class SoftController(Controller):
    """bumble's controller with its gaps closed."""

    link: RadioLink
    le_acl_data_packet_length = 251  # the default of 27 cuts a frame into ten

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Hand a packet to the host, without writing it out for a log that nobody reads."""
        if self.host:
            asyncio.get_running_loop().call_soon(self.host.on_packet, bytes(packet))

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """Report what was heard, then the scan response, and connect if that is wanted."""
        if self.le_scan_enable:
            kind = _Seen.CONNECTABLE_ADVERTISING | _Seen.SCANNABLE_ADVERTISING
            self._report(pdu, kind, pdu.data)
            if self.le_scan_type:
                self._report(pdu, kind | _Seen.SCAN_RESPONSE, self._scan_response(pdu))
        wanted = self.pending_le_connection
        if wanted and wanted.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def on_hci_le_set_extended_scan_parameters_command(
        self, command: hci.HCI_LE_Set_Extended_Scan_Parameters_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Remember whether to ask for scan responses."""
        self.le_scan_type = max(command.scan_types)
        return super().on_hci_le_set_extended_scan_parameters_command(command)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Tell the host that the connection won't come; the stock controller leaves it waiting."""
        wanted, self.pending_le_connection = self.pending_le_connection, None
        if wanted is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        cancelled = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=wanted.peer_address_type,
            peer_address=wanted.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        # after the answer to the command itself
        asyncio.get_running_loop().call_soon(self.send_hci_packet, cancelled)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_le_disconnected(self, connection: Connection, reason: int) -> None:
        """Report it once, even if both ends hang up at the same time."""
        if self.le_connections.get(connection.peer_address) is connection:
            super().on_le_disconnected(connection, reason)

    def _report(self, pdu: ll.AdvInd | ll.AdvExtInd, kind: int, data: bytes) -> None:
        report = _Report(
            event_type=kind,
            address_type=pdu.advertiser_address.address_type,
            address=pdu.advertiser_address,
            primary_phy=hci.Phy.LE_1M,
            secondary_phy=hci.Phy.LE_1M,
            advertising_sid=0,
            tx_power=0,
            rssi=self.link.air.rssi_dbm,
            periodic_advertising_interval=0,
            direct_address_type=0,
            direct_address=hci.Address.ANY,
            data=data,
        )
        self.send_hci_packet(hci.HCI_LE_Extended_Advertising_Report_Event([report]))

    def _scan_response(self, pdu: ll.AdvInd | ll.AdvExtInd) -> bytes:
        sender = self.link.find_le_controller(pdu.advertiser_address)
        if sender is None:
            return b""
        for advertiser in sender.advertising_sets.values():
            if advertiser.address == pdu.advertiser_address:
                return bytes(advertiser.scan_response_data)
        return bytes(sender.le_legacy_advertiser.scan_response_data)
