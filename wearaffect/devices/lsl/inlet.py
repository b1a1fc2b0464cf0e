"""One LSL stream, found and held on to; what blocks is said to, and belongs in a thread."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DeviceError
from wearaffect.core.timebase import NS_PER_S
from wearaffect.devices.lsl.liblsl import LslNetwork, host_minus_lsl_ns, open_liblsl
from wearaffect.devices.lsl.streams import Column, Described

__all__ = ["Inlet", "InletLostError"]

_MOST = 8192  # rows a look: 32 s at 256 Hz
_ALONE_S = 1.5  # a second stream that fits as well answers within so long, on a busy machine too
_ONE_HOST_NS = 1_000_000  # LSL's stated precision; all engineering choices


class InletLostError(DeviceError):
    """The sender went away, and liblsl can't find it again: it has no source id."""


class Inlet:
    """The stream whose property has a value.

    Parameters
    ----------
    uri : str
        For messages.
    wanted : tuple of str
        Property (``name``, ``type``, ``source_id``) and value.
    network : LslNetwork
        Where to look.

    Attributes
    ----------
    described : Described or None
        What its sender says of it; None before it was found.
    facts : dict
        Name, type, source_id and host of the sender.
    offset_ns : int
        To be added to stamps for host time. 0 where both are of one machine: there they are of one
        clock, and what liblsl measures is its own error.
    uncertainty_ns : int
        How far that may be off.
    """

    def __init__(self, uri: str, wanted: tuple[str, str], network: LslNetwork) -> None:
        self._uri = uri
        self._wanted = wanted
        self._here = network.scope == "machine"
        self._lsl = open_liblsl(network, uri)
        self._inlet: Any = None
        self.described: Described | None = None
        self.facts: dict[str, str | int | float | bool] = {}
        self.offset_ns = 0
        self.uncertainty_ns = 0

    def connect(self, wait_s: float) -> None:
        """Find the stream, ask what it is, measure its clock, subscribe. Blocks.

        Raises
        ------
        DeviceError
            It isn't there within `wait_s`, several fit, or it doesn't answer.
        """
        lsl = self._lsl
        found = self._find(wait_s)
        inlet = lsl.StreamInlet(found)
        try:
            info = inlet.info(wait_s)
            # takes 0.6 s the first time: samples that wait behind it would look late
            correction_s = inlet.time_correction(wait_s)
            inlet.open_stream(wait_s)
        except (lsl.util.TimeoutError, lsl.util.LostError) as error:
            remedy = "a firewall may let its announcement through and not its data"
            raise DeviceError(self._uri, "found, but it doesn't answer", remedy=remedy) from error
        self._inlet = inlet
        self.described = _described(info, text=info.channel_format() == lsl.cf_string)
        self.facts = {
            "name": info.name(),
            "type": info.type(),
            "source_id": info.source_id(),
            "host": info.hostname(),
        }
        self._take(correction_s)

    def pull(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Give the rows that have come, and their stamps as sent, nanoseconds; never waits.

        Raises
        ------
        InletLostError
            It is gone for good.
        """
        try:
            rows, stamps = self._inlet.pull_chunk(0.0, _MOST, as_numpy=True)
        except self._lsl.util.LostError as error:
            raise InletLostError(self._uri, "the sender went away") from error
        return rows, np.round(stamps * NS_PER_S).astype(np.int64)

    def look_at_clock(self) -> None:
        """Take the newest measured offset; never waits."""
        try:
            self._take(self._inlet.time_correction(0.0))
        except (self._lsl.util.TimeoutError, self._lsl.util.LostError):
            # none yet after a restart of the sender: the old one stays until there is
            return

    def close(self) -> None:
        """Let go of it, its sockets and its threads. Blocks."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            inlet.close_stream()  # liblsl ends the rest with the object, here and not in the loop

    def _find(self, wait_s: float) -> Any:
        found = self._lsl.resolve_byprop(*self._wanted, 1, wait_s)
        if not found:
            raise DeviceError(
                self._uri,
                "not found",
                expected=f"an LSL stream with {'='.join(self._wanted)} within {wait_s:g} s",
                remedy="start its sender; for one on another machine add scope=link",
            )
        if self._wanted[0] != "source_id":
            also = self._lsl.resolve_byprop(*self._wanted, 2, _ALONE_S)
            self._require_one({info.uid(): info for info in (*found, *also)}.values())
        return found[0]

    def _require_one(self, found: Iterable[Any]) -> None:
        several = [f"{i.name()!r} ({i.type()}, source_id={i.source_id()!r})" for i in found]
        if len(several) > 1:
            raise DeviceError(
                self._uri,
                "more than one stream fits",
                expected="one",
                got=", ".join(sorted(several)),
                remedy="name it by source_id=",
            )

    def _take(self, correction_s: float) -> None:
        offset_ns = round(correction_s * NS_PER_S)
        one_clock = self._here and abs(offset_ns) < _ONE_HOST_NS
        self.uncertainty_ns = 0 if one_clock else _ONE_HOST_NS
        self.offset_ns = (0 if one_clock else offset_ns) + host_minus_lsl_ns(self._lsl)


def _described(info: Any, *, text: bool) -> Described:
    """Read the metadata that liblsl holds."""
    columns = []
    element = info.desc().child("channels").child("channel")
    for _ in range(info.channel_count()):
        columns.append(Column(*(element.child_value(key) for key in ("label", "unit", "type"))))
        element = element.next_sibling("channel")
    ours = info.desc().child("wearaffect")
    return Described(
        info.name(),
        info.type(),
        info.nominal_srate(),
        text=text,
        columns=tuple(columns),
        device=ours.child_value("device"),
        body_site=ours.child_value("body_site"),
    )
