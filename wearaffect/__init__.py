"""Wearable physiological affect: stream, window, estimate.

Everything a first script needs is here under one name, and is loaded when it is first used::

    import wearaffect as wa

    session = wa.open_session("my_recording.zip")
    bundle = wa.load_bundle("wrist-affect")
    analysis = wa.analyze(session, bundle, rest=wa.RestInterval(60, 360))

The rooms behind it (`wearaffect.core`, `signals`, `recording`, `bundle`, `devices`, `datasets`,
`pipeline`, …) are public as well; CONTRIBUTING.md has their map.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wearaffect.analysis.table import feature_table as features
    from wearaffect.bundle.loading import load_bundle
    from wearaffect.bundle.model import ModelBundle
    from wearaffect.core.affect import Abstention, AffectEstimate
    from wearaffect.core.errors import WearAffectError
    from wearaffect.core.protocols import Device, Sink
    from wearaffect.core.streams import SignalChunk, StreamInfo
    from wearaffect.core.windows import Window, WindowSpec
    from wearaffect.devices.registry import open_device as connect
    from wearaffect.pipeline.live import live
    from wearaffect.pipeline.offline import analyze
    from wearaffect.recording.opening import open_session
    from wearaffect.recording.session import Session
    from wearaffect.signals.chain import Chain, ChainSettings
    from wearaffect.signals.enrolment import Enrolment, RestInterval

__all__ = [
    "Abstention",
    "AffectEstimate",
    "Chain",
    "ChainSettings",
    "Device",
    "Enrolment",
    "ModelBundle",
    "RestInterval",
    "Session",
    "SignalChunk",
    "Sink",
    "StreamInfo",
    "WearAffectError",
    "Window",
    "WindowSpec",
    "__version__",
    "analyze",
    "connect",
    "features",
    "live",
    "load_bundle",
    "open_session",
]

try:
    __version__ = metadata.version("wearaffect")
except metadata.PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

# Where each name lives, as "module" or "module:name there".
_HOMES = {
    "Abstention": "core.affect",
    "AffectEstimate": "core.affect",
    "Chain": "signals.chain",
    "ChainSettings": "signals.chain",
    "Device": "core.protocols",
    "Enrolment": "signals.enrolment",
    "ModelBundle": "bundle.model",
    "RestInterval": "signals.enrolment",
    "Session": "recording.session",
    "SignalChunk": "core.streams",
    "Sink": "core.protocols",
    "StreamInfo": "core.streams",
    "WearAffectError": "core.errors",
    "Window": "core.windows",
    "WindowSpec": "core.windows",
    "analyze": "pipeline.offline",
    "connect": "devices.registry:open_device",
    "features": "analysis.table:feature_table",
    "live": "pipeline.live",
    "load_bundle": "bundle.loading",
    "open_session": "recording.opening",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    module, _, there = _HOMES[name].partition(":")
    found = getattr(import_module(f"{__name__}.{module}"), there or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
