"""Whether streams carry what a bundle takes: asked once, before anything is computed."""

from collections.abc import Iterable

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.errors import BundleMismatchError
from wearaffect.core.streams import SignalKind, StreamInfo
from wearaffect.core.units import Unit, convert

__all__ = ["missing_signals", "require_signals"]


def require_signals(streams: Iterable[StreamInfo], bundle: ModelBundle, source: str) -> None:
    """Check that streams carry what a bundle takes, in units that the chain can convert.

    Parameters
    ----------
    streams : iterable of StreamInfo
        What there is.
    bundle : ModelBundle
        What is to be computed.
    source : str
        Where the streams come from, for the message.

    Raises
    ------
    BundleMismatchError
        All misfits in one line.
    """
    wanted = {str(item["kind"]): str(item["unit"]) for item in bundle.manifest.inputs}
    carried = {str(info.kind): info.channels[0].unit for info in streams}
    misfits = [
        f"{kind} in {unit} is in {carried[kind]}"
        for kind, unit in wanted.items()
        if kind in carried and not _converts(carried[kind], unit)
    ]
    if not set(wanted) & set(carried):
        misfits.append(f"none of {', '.join(wanted)}")
    if misfits:
        raise BundleMismatchError(
            bundle.folder,
            f"{source} doesn't fit this bundle",
            expected=", ".join(f"{kind} in {unit}" for kind, unit in wanted.items()),
            got="; ".join(misfits),
            remedy="convert the units or choose another bundle",
        )


def missing_signals(streams: Iterable[StreamInfo], bundle: ModelBundle) -> tuple[str, ...]:
    """Give the signals without which a bundle withholds every answer, and that aren't there."""
    carried = {str(info.kind) for info in streams}
    if SignalKind.HR in carried:
        carried.add(SignalKind.BVP)  # heart rate as given stands in for a pulse wave
    return tuple(kind for kind in bundle.manifest.abstention if kind not in carried)


def _converts(have: Unit, wanted: str) -> bool:
    try:
        convert(0.0, have, Unit(wanted))
    except ValueError:
        return False
    return True
