"""The one door to liblsl: who may see and be seen is settled before it is opened.

liblsl reads its configuration once in the life of a process, by itself also from a file in the
working directory, and searches the whole network by default. Here nothing leaves the machine unless
it was asked for. What liblsl serves, it serves on all addresses of the machine (TCP and UDP ports
from 16572 on; it has no setting for that): whoever can reach the machine and knows the port can
read. That is for a firewall.
"""

import threading
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from types import ModuleType

from wearaffect.core.errors import DeviceUriError
from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.uri import DeviceUri

__all__ = [
    "NETWORK_SETTINGS",
    "LslNetwork",
    "host_minus_lsl_ns",
    "network_in_use",
    "network_of",
    "open_liblsl",
]

NETWORK_SETTINGS = ("scope", "interface", "session")
"""The settings of an address that say who may see and be seen."""

_SCOPES = ("machine", "link", "site")
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class LslNetwork:
    """How far streams are looked for and offered.

    Attributes
    ----------
    scope : str
        ``machine``: nothing leaves this machine. ``link``: the local network. ``site``: as far as
        routers let multicast through.
    interface : str
        IPv4 address of the one interface to use beyond the machine; empty: all of them.
    session : str
        Streams of another session are never seen (SessionID of liblsl).
    """

    scope: str = "machine"
    interface: str = ""
    session: str = "default"

    def configuration(self) -> str:
        """Give what liblsl is told, in the format of its ``lsl_api.cfg``."""
        here = self.scope == "machine"
        interface = _LOOPBACK if here else self.interface
        lines = ["[ports]", "IPv6 = disable", "[multicast]", f"ResolveScope = {self.scope}"]
        if interface:
            lines += [f"ListenAddress = {interface}", f"Interfaces = {{{interface}}}"]
            # liblsl's own list has the broadcast address too, which goes out by the default route
            lines.append("LinkAddresses = {224.0.0.183}")
        lines += ["[lab]", f"SessionID = {self.session}"]
        if here:
            lines.append(f"KnownPeers = {{{_LOOPBACK}}}")
        # liblsl writes to stderr, past Python's logging; what breaks off, our inlets say themselves
        lines += ["[log]", "level = -3"]
        return "\n".join(lines) + "\n"


def network_of(uri: DeviceUri) -> LslNetwork:
    """Read who may see and be seen from the settings of an address.

    Parameters
    ----------
    uri : DeviceUri
        Settings ``scope=machine|link|site``, ``interface=<IPv4 address>``, ``session=<name>``.

    Raises
    ------
    DeviceUriError
        A setting has a value that it can't have.
    """
    scope = uri.settings.get("scope", "machine")
    interface = uri.settings.get("interface", "")
    session = uri.settings.get("session", "default")
    if scope not in _SCOPES:
        raise DeviceUriError(str(uri), "setting scope", expected=", ".join(_SCOPES), got=scope)
    if interface:
        _require_address(uri, interface, scope)
    if not session.replace("-", "").replace("_", "").isalnum():
        expected = "letters, digits, - and _"
        raise DeviceUriError(str(uri), "setting session", expected=expected, got=session)
    return LslNetwork(scope, interface, session)


def _require_address(uri: DeviceUri, interface: str, scope: str) -> None:
    try:
        IPv4Address(interface)
    except ValueError as error:
        expected = "the IPv4 address of an interface"
        raise DeviceUriError(
            str(uri), "setting interface", expected=expected, got=interface
        ) from error
    if scope == "machine":
        expected = "scope=link or scope=site beside it"
        raise DeviceUriError(str(uri), "setting interface", expected=expected, got="scope=machine")


_lock = threading.Lock()
_opened: list[LslNetwork] = []


def open_liblsl(network: LslNetwork, address: str) -> ModuleType:
    """Give pylsl, configured; the first to ask in a process decides for all.

    Parameters
    ----------
    network : LslNetwork
        Who may see and be seen.
    address : str
        Who asks, for the error.

    Returns
    -------
    module
        `pylsl`. A program that used it before, on its own, has configured it already, and that
        stands: liblsl doesn't tell.

    Raises
    ------
    DeviceUriError
        It has been opened otherwise in this process.
    """
    with _lock:
        if _opened and _opened[0] != network:
            raise DeviceUriError(
                address,
                "liblsl is configured once in a process",
                expected=str(_opened[0]),
                got=str(network),
                remedy="give every lsl: address the same scope, interface and session",
            )
        import pylsl

        if not _opened:
            pylsl.set_config_content(network.configuration())
            _opened.append(network)
        module: ModuleType = pylsl
        return module


def network_in_use() -> LslNetwork:
    """Give what liblsl was opened with in this process, or would be without being asked."""
    return _opened[0] if _opened else LslNetwork()


def host_minus_lsl_ns(pylsl: ModuleType) -> int:
    """Compare liblsl's clock with the host's monotonic one.

    Returns
    -------
    int
        Nanoseconds to add to liblsl's time. 0 where they can't be told apart, as on Linux: there
        both are CLOCK_MONOTONIC.
    """
    best_ns, offset_ns = NS_PER_S, 0
    for _ in range(16):
        before_ns = time.monotonic_ns()
        lsl_ns = round(pylsl.local_clock() * NS_PER_S)
        after_ns = time.monotonic_ns()
        if after_ns - before_ns < best_ns:
            best_ns = after_ns - before_ns
            offset_ns = (
                0 if before_ns <= lsl_ns <= after_ns else (before_ns + after_ns) // 2 - lsl_ns
            )
    return offset_ns
