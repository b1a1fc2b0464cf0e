"""The error tree.

::

    WearAffectError
    ├─ RecordingError(path)                  a file or folder that should be a recording
    │  ├─ RecordingNotFoundError             nothing is there
    │  ├─ RecordingExistsError               something is there already
    │  ├─ RecordingFormatError(part)         readable, but not what the format says
    │  ├─ UnsafeArchiveError(member)         an archive that would write outside or explode
    │  └─ CorruptRecordingError(part)        damaged or cut short
    ├─ SignalError(stream), also ValueError
    │  ├─ SamplingRateError                  a rate that is missing, zero or not the declared one
    │  ├─ UnitError                          a unit outside the closed set, or the wrong one
    │  └─ StreamOrderError                   chunks of one stream out of time order
    ├─ DatasetError(path)                    a corpus folder that isn't laid out as published
    │  └─ UnsafePickleError                  a pickle that asks for more than arrays and numbers
    ├─ TrainingSubjectError(subjects)        people the bundle was trained on
    ├─ BundleError(path)
    │  ├─ BundleNotFoundError
    │  ├─ BundleIntegrityError(file)         hash, schema or graph isn't what the manifest says
    │  └─ BundleMismatchError                bundle and recording don't fit
    ├─ DeviceError(uri)
    │  ├─ DeviceUriError                     an address that names no driver or a wrong setting
    │  ├─ LinkError                          a connection that failed or went away; may work later
    │  └─ DecodeError(stream, counter)       bytes that aren't what the device's format says
    ├─ EnrolmentError                        rest that can't serve as rest
    └─ MissingExtraError(extra), also ImportError

Every leaf carries `what`, `expected`, `got` and `remedy` as data and prints them as one line.
Wrong arguments to a pure function are plain ``ValueError`` or ``TypeError``. Poor signal is an
abstention, not an error.
"""

from collections.abc import Iterable
from os import PathLike

__all__ = [
    "BundleError",
    "BundleIntegrityError",
    "BundleMismatchError",
    "BundleNotFoundError",
    "CorruptRecordingError",
    "DatasetError",
    "DecodeError",
    "DeviceError",
    "DeviceUriError",
    "EnrolmentError",
    "LinkError",
    "MissingExtraError",
    "RecordingError",
    "RecordingExistsError",
    "RecordingFormatError",
    "RecordingNotFoundError",
    "SamplingRateError",
    "SignalError",
    "StreamOrderError",
    "TrainingSubjectError",
    "UnitError",
    "UnsafeArchiveError",
    "UnsafePickleError",
    "WearAffectError",
]


class WearAffectError(Exception):
    """What every error of this library is.

    Parameters
    ----------
    what : str
        The thing that is wrong, without a full stop.
    expected, got : str
        What should have come and what came; left out of the line when empty.
    remedy : str
        What the reader can do.
    """

    def __init__(self, what: str, *, expected: str = "", got: str = "", remedy: str = "") -> None:
        self.what = what
        self.expected = expected
        self.got = got
        self.remedy = remedy
        super().__init__(self.line())

    def __reduce__(self) -> tuple[object, ...]:
        # subclasses take other arguments than Exception keeps; a worker's error must come home
        return (_rebuilt, (type(self), self.args, self.__dict__))

    def line(self) -> str:
        """Give the whole message as one line."""
        text = self.what
        if self.expected:
            text += f": expected {self.expected}"
        if self.got:
            text += f"{', got' if self.expected else ': got'} {self.got}"
        if self.remedy:
            text += f"; {self.remedy}"
        return " ".join(text.split())

    def as_dict(self) -> dict[str, str]:
        """Give the fields for machine-readable output."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "expected": self.expected,
            "got": self.got,
            "remedy": self.remedy,
        }


def _rebuilt(
    kind: type[WearAffectError], args: tuple[object, ...], fields: dict[str, object]
) -> WearAffectError:
    """Make an error again from what another process sent."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


class PathError(WearAffectError):
    """An error about one file or folder."""

    def __init__(
        self,
        path: str | PathLike[str],
        what: str,
        *,
        expected: str = "",
        got: str = "",
        remedy: str = "",
        part: str = "",
    ) -> None:
        self.path = str(path)
        self.part = part
        where = f"{self.path}: {part}" if part else self.path
        super().__init__(f"{where}: {what}", expected=expected, got=got, remedy=remedy)


class RecordingError(PathError):
    """A file or folder that should be a recording; `part` names the file or stream inside it."""


class RecordingNotFoundError(RecordingError):
    """No recording is at the path."""


class RecordingExistsError(RecordingError):
    """A recording would be written where something already is."""


class RecordingFormatError(RecordingError):
    """The content isn't what the format says."""


class UnsafeArchiveError(RecordingError):
    """An archive member would leave its folder, or grow beyond reason."""


class CorruptRecordingError(RecordingError):
    """The content is damaged or ends too early."""


class SignalError(WearAffectError, ValueError):
    """A stream that isn't what it declares; `stream` is its id."""

    def __init__(
        self, stream: str, what: str, *, expected: str = "", got: str = "", remedy: str = ""
    ) -> None:
        self.stream = stream
        super().__init__(f"stream {stream}: {what}", expected=expected, got=got, remedy=remedy)


class SamplingRateError(SignalError):
    """A sampling rate is missing, not positive, or not the declared one."""


class UnitError(SignalError):
    """A unit lies outside the closed set, or isn't the one needed here."""


class StreamOrderError(SignalError):
    """Chunks of one stream came out of time order."""


class DatasetError(PathError):
    """A corpus folder isn't laid out as its publisher lays it out."""


class UnsafePickleError(DatasetError):
    """A pickle asks for something other than arrays, dictionaries, text and numbers."""


class TrainingSubjectError(WearAffectError):
    """People to be scored stand in the bundle's provenance."""

    def __init__(self, subjects: Iterable[str]) -> None:
        self.subjects = tuple(subjects)
        super().__init__(
            "the bundle was trained on people it is asked to be scored on",
            expected="people it never saw",
            got=", ".join(self.subjects),
            remedy="score other people, or pass --allow-training-subjects and say so",
        )


class BundleError(PathError):
    """A folder that should be a model bundle."""


class BundleNotFoundError(BundleError):
    """No bundle of that name or path."""


class BundleIntegrityError(BundleError):
    """Hash, schema or graph isn't what the manifest says; nothing was executed."""


class BundleMismatchError(BundleError):
    """The recording doesn't carry what the bundle needs."""


class DeviceError(WearAffectError):
    """A device that can't be opened or went away; `uri` is its address."""

    def __init__(
        self, uri: str, what: str, *, expected: str = "", got: str = "", remedy: str = ""
    ) -> None:
        self.uri = uri
        super().__init__(f"device {uri}: {what}", expected=expected, got=got, remedy=remedy)


class DeviceUriError(DeviceError):
    """The address names no known driver, or a setting the driver doesn't know."""


class LinkError(DeviceError):
    """A connection that failed or went away: another try may work."""


class DecodeError(DeviceError):
    """Bytes that aren't what the device's format says; nothing in them is taken for a sample.

    `stream`, `counter` and `n_samples` are what the bytes claim to be about, where that can be
    read at all. A claim isn't trusted: it only tells samples that came damaged from samples that
    never came, once their loss is proved otherwise.
    """

    def __init__(
        self,
        uri: str,
        what: str,
        *,
        expected: str = "",
        got: str = "",
        stream: str = "",
        counter: int | None = None,
        n_samples: int = 0,
    ) -> None:
        self.stream = stream
        self.counter = counter
        self.n_samples = n_samples
        super().__init__(uri, what, expected=expected, got=got)


class EnrolmentError(WearAffectError):
    """Rest that can't serve as rest: too short, too poor, or of another chain."""


class MissingExtraError(WearAffectError, ImportError):
    """An optional dependency isn't installed; `extra` names what brings it."""

    def __init__(self, extra: str, needed_for: str) -> None:
        self.extra = extra
        super().__init__(
            f"{needed_for} needs the extra '{extra}'",
            remedy=f"run: pip install 'wearaffect[{extra}]'",
        )
