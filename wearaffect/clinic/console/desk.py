"""What is at hand for a sitting: protocols, forms, devices, models, and the sessions there are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from wearaffect import __version__
from wearaffect.bundle.manifest import Manifest, read_manifest
from wearaffect.bundle.model import bundle_roots, find_bundle
from wearaffect.clinic.console.access import Role
from wearaffect.clinic.console.clock import is_real
from wearaffect.clinic.console.disk import is_encrypted
from wearaffect.clinic.console.shelf import SessionFacts, Shelf
from wearaffect.clinic.console.view import disk_view, protocol_view
from wearaffect.clinic.sitting.errors import SittingFileError
from wearaffect.clinic.sitting.forms import Form, read_form, shipped_forms
from wearaffect.clinic.sitting.protocol import Protocol, read_protocol, shipped_protocols
from wearaffect.clinic.sitting.purpose import Purpose, Setting
from wearaffect.clinic.sitting.reading import Text, named_documents
from wearaffect.core.errors import BundleError
from wearaffect.devices.driver import Found
from wearaffect.devices.registry import open_device
from wearaffect.devices.sinks import open_sink
from wearaffect.recording.sealed import Sealer

__all__ = [
    "AtHand",
    "Desk",
    "DeviceChoice",
    "at_hand",
    "desk",
    "found_choice",
]

_EXAMPLE = Path(__file__).parents[3] / "examples" / "data" / "stress_predict_S01"
_Read = TypeVar("_Read", Protocol, Form)


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What the page says of a form that may be opened."""

    name: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device that can be opened; `real` is False where no body is measured now."""

    uri: str
    title: str
    detail: str
    real: bool


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A bundle that can estimate."""

    name: str
    id: str
    licence: str
    intended_use: str
    not_for: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that is at hand."""

    version: str
    role: str
    languages: list[str]
    protocols: list[dict[str, Any]]
    forms: list[FormFacts]
    devices: list[DeviceChoice]
    models: list[ModelChoice]
    settings: list[str]
    purposes: list[str]
    site: str
    folder: str
    disk: dict[str, Any]
    encrypted: bool | None
    sealing: bool
    sessions: list[SessionFacts]


@dataclass(slots=True)
class AtHand:
    """What doesn't change while the server runs, save for what scans find.

    Attributes
    ----------
    protocols, forms : mapping
        By name; one's own come before shipped ones.
    devices : dict of str to DeviceChoice
        By address; only these may be opened.
    models : mapping of str to (folder, manifest)
        By name.
    site : str
        Of participants' codes.
    seal_to : bytes or None
        Whose key recordings are sealed to.
    sinks : sequence of str
        Where to send on.
    """

    protocols: Mapping[str, Protocol]
    forms: Mapping[str, Form]
    devices: dict[str, DeviceChoice]
    models: Mapping[str, tuple[Path, Manifest]]
    site: str = "P"
    seal_to: bytes | None = None
    sinks: Sequence[str] = ()

    def always(self) -> list[DeviceChoice]:
        """Give the devices in the order in which they came."""
        return list(self.devices.values())


def at_hand(
    *,
    protocols: Path | None = None,
    forms: Path | None = None,
    devices: Iterable[str] = (),
    models: Iterable[str] = (),
    sinks: Sequence[str] = (),
    site: str = "P",
    seal_to: bytes | None = None,
) -> AtHand:
    """Read everything that is at hand, so that what is wrong is named before anybody waits.

    Parameters
    ----------
    protocols, forms : Path or None
        Folders of one's own files.
    devices : iterable of str
        Addresses.
    models : iterable of str
        Names or folders of bundles, beside those that are found by themselves.
    sinks, site, seal_to
        As in `AtHand`.

    Raises
    ------
    SittingFileError
        A file isn't what it should be, or a protocol names a form that isn't there.
    DeviceUriError, DeviceError, MissingExtraError
        An address can't be opened, or sealing needs what isn't installed.
    BundleError
        A bundle that was named isn't one.
    """
    known_forms = _read_all(read_form, shipped_forms(), forms)
    known_protocols = _read_all(read_protocol, shipped_protocols(), protocols)
    for protocol in known_protocols.values():
        _require_forms(protocol, known_forms)
    named = [_named_choice(uri) for uri in devices]
    choices = {choice.uri: choice for choice in [*named, *_without_hardware()]}
    for address in sinks:
        open_sink(address)
    if seal_to is not None:
        Sealer(seal_to)
    return AtHand(known_protocols, known_forms, choices, _models(models), site, seal_to, sinks)


def desk(here: AtHand, shelf: Shelf, role: Role, disk: Mapping[str, Any] | None = None) -> Desk:
    """Give everything that is at hand, as the page gets it.

    Parameters
    ----------
    here : AtHand
        What doesn't change.
    shelf : Shelf
        The sessions.
    role : Role
        Who asks.
    disk : mapping or None
        As the sitting that runs tells it; None: none runs.
    """
    texts = [form.title for form in here.forms.values()]
    texts += [protocol.title for protocol in here.protocols.values()]
    return Desk(
        version=__version__,
        role=str(role),
        languages=_languages(texts),
        protocols=[protocol_view(protocol) for protocol in here.protocols.values()],
        forms=[FormFacts(name, form.title.by_language) for name, form in here.forms.items()],
        devices=here.always(),
        models=[_model_choice(name, found) for name, (_, found) in here.models.items()],
        settings=[str(setting) for setting in Setting],
        purposes=[str(purpose) for purpose in Purpose],
        site=here.site,
        folder=str(shelf.root),
        disk=dict(disk or disk_view(shelf.root, None)),
        encrypted=is_encrypted(shelf.root),
        sealing=here.seal_to is not None,
        sessions=shelf.facts(),
    )


def found_choice(found: Found) -> DeviceChoice:
    """Give a device that a scan saw as a choice."""
    detail = ", ".join(f"{name} {value}" for name, value in found.facts.items())
    return DeviceChoice(found.uri, found.name or found.uri, detail, real=True)


def _read_all(
    read: Callable[[Path], _Read], shipped: Mapping[str, Path], own: Path | None
) -> dict[str, _Read]:
    found: dict[str, _Read] = {}
    for file in [*(named_documents(own).values() if own else ()), *shipped.values()]:
        one = read(file)
        if one.name in found and file not in shipped.values():
            raise SittingFileError(file, "the name is taken", got=one.name, part="name")
        found.setdefault(one.name, one)
    return found


def _require_forms(protocol: Protocol, forms: Mapping[str, Form]) -> None:
    for name in protocol.all_forms:
        if name not in forms:
            raise SittingFileError(
                protocol.name,
                "names a form that isn't there",
                expected=f"one of {', '.join(forms)}",
                got=name,
                remedy="put its file into the folder of --forms",
            )


def _languages(texts: Iterable[Text]) -> list[str]:
    return list(dict.fromkeys(["en", *(code for text in texts for code in text.by_language)]))


def _named_choice(uri: str) -> DeviceChoice:
    open_device(uri)
    real = is_real(uri)
    return DeviceChoice(uri, uri if real else f"{uri} (no hardware)", "", real=real)


def _without_hardware() -> list[DeviceChoice]:
    found = [
        ("synthetic:", "Synthetic wearable", "an hour of signals"),
        (
            "synthetic:?seed=2&fault=dropout,off_skin&fault_at_s=60&fault_for_s=20",
            "Synthetic wearable with faults",
            "packets are lost and the sensor comes off after a minute",
        ),
    ]
    if all(find_spec(name) for name in ("bumble", "cffi")):
        found.append(("bumble:bridge", "Virtual wearable", "over a radio inside this program"))
    if _EXAMPLE.is_dir():
        found.append((f"replay:{_EXAMPLE}", "Replay of a recording", _EXAMPLE.name))
    return [
        DeviceChoice(uri, f"{title} (no hardware)", detail, real=False)
        for uri, title, detail in found
    ]


def _models(named: Iterable[str]) -> dict[str, tuple[Path, Manifest]]:
    found: dict[str, tuple[Path, Manifest]] = {}
    for name in named:
        folder = find_bundle(name)
        manifest = read_manifest(folder)
        found[manifest.name] = folder, manifest
    for root in bundle_roots():
        for path in sorted(root.glob("*/manifest.json")):
            try:
                manifest = read_manifest(path.parent)
            except BundleError:  # `wearaffect models list` names it; nobody asked for it here
                continue
            found.setdefault(manifest.name, (path.parent, manifest))
    return found


def _model_choice(name: str, found: Manifest) -> ModelChoice:
    return ModelChoice(name, found.id, found.licence, found.intended_use, found.not_for)
