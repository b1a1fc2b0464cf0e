"""What an operator asks for, checked and ready to be carried out."""

from dataclasses import dataclass

from wearaffect.bundle.model import ModelBundle
from wearaffect.clinic.sitting.forms import Form
from wearaffect.clinic.sitting.protocol import Protocol
from wearaffect.clinic.sitting.purpose import Consent, IntendedUse
from wearaffect.signals.enrolment import Enrolment

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What an operator asks for.

    Attributes
    ----------
    participant : str
        Code.
    protocol : Protocol
        What is to happen.
    forms : tuple of Form
        Those that it names, and others at hand.
    devices : tuple of str
        Addresses, at least one.
    use : IntendedUse
        What estimates are for.
    consent : Consent
        Without consent to be recorded nothing is connected.
    bundle : ModelBundle or None
        What estimates.
    rest : Enrolment or None
        A resting state of the same participant, taken earlier.
    rest_from : str
        Name of the session it was taken in.
    """

    participant: str
    protocol: Protocol
    forms: tuple[Form, ...]
    devices: tuple[str, ...]
    use: IntendedUse
    consent: Consent
    bundle: ModelBundle | None = None
    rest: Enrolment | None = None
    rest_from: str = ""
