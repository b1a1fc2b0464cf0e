"""From what an operator asked for to a plan that can be carried out."""

from wearaffect.bundle.loading import load_bundle
from wearaffect.bundle.model import ModelBundle
from wearaffect.clinic.console import bodies
from wearaffect.clinic.console.desk import AtHand
from wearaffect.clinic.console.plan import Plan
from wearaffect.clinic.console.problems import ConsoleError
from wearaffect.clinic.console.shelf import Shelf
from wearaffect.clinic.sitting.participants import read_code
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse, Purpose, Setting
from wearaffect.core.errors import DeviceUriError
from wearaffect.devices.registry import open_device

__all__ = ["checked_plan"]


def checked_plan(asked: bodies.Plan, here: AtHand, shelf: Shelf) -> Plan:
    """Check what can be checked before a device is touched.

    Parameters
    ----------
    asked : bodies.Plan
        As it came.
    here : AtHand
        What there is.
    shelf : Shelf
        The sessions.

    Raises
    ------
    ParticipantCodeError
        The code can't be right.
    ConsoleError
        No such protocol, model or session.
    DeviceUriError
        A device that isn't at hand.
    EnrolmentError, BundleError
        The earlier session's resting state or the bundle can't serve.
    """
    if asked.protocol not in here.protocols:
        raise _unknown("protocol", asked.protocol, here.protocols)
    participant = read_code(asked.participant, foreign=asked.foreign, known=shelf.codes())
    for uri in asked.devices:
        _require_device(uri, here)
    rest = shelf.enrolment(asked.rest_from, participant) if asked.rest_from else None
    return Plan(
        participant=participant,
        protocol=here.protocols[asked.protocol],
        forms=tuple(here.forms.values()),
        devices=tuple(dict.fromkeys(asked.devices)),
        use=IntendedUse(
            Setting(asked.use.setting), Purpose(asked.use.purpose), asked.use.grounds.strip()
        ),
        consent=Consent(**asked.consent.model_dump()),
        bundle=_bundle(asked.model, here) if asked.model else None,
        rest=rest,
        rest_from=asked.rest_from,
    )


def _require_device(uri: str, here: AtHand) -> None:
    """Open nothing but what was offered: an address can name any file of this machine."""
    if uri not in here.devices:
        raise DeviceUriError(
            uri,
            "isn't at hand",
            expected="a device of the list",
            remedy="scan for it, or start the server with --device and its address",
        )
    open_device(uri)


def _bundle(name: str, here: AtHand) -> ModelBundle:
    if name not in here.models:
        raise _unknown("model", name, here.models)
    return load_bundle(here.models[name][0])


def _unknown(what: str, name: str, known: object) -> ConsoleError:
    names = ", ".join(known) if isinstance(known, dict) else ""
    return ConsoleError(422, f"no such {what}", expected=f"one of {names}", got=name)
