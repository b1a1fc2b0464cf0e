"""Errors: one line, with data, and all of them in the tree at the top."""

import inspect
import re

import pytest

from wearaffect.core import errors
from wearaffect.core.errors import (
    BundleError,
    DatasetError,
    DecodeError,
    DeviceError,
    MissingExtraError,
    RecordingError,
    RecordingFormatError,
    SamplingRateError,
    SignalError,
    TrainingSubjectError,
    WearAffectError,
)

CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, WearAffectError)
}
BY_PATH = (RecordingError, DatasetError, BundleError)


def make(kind: type[WearAffectError], text: str) -> WearAffectError:
    if kind is TrainingSubjectError:
        return TrainingSubjectError([text, "wesad/S2"])
    if kind is MissingExtraError:
        return MissingExtraError("desk", text)
    if issubclass(kind, errors.PathError):
        return kind("some/path", text, expected=text, got=text, remedy=text, part=text)
    if kind is DecodeError:
        return DecodeError("id", text, expected=text, got=text, stream="id", counter=3, n_samples=2)
    if issubclass(kind, SignalError | DeviceError):
        return kind("id", text, expected=text, got=text, remedy=text)
    return kind(text, expected=text, got=text, remedy=text)


@pytest.mark.parametrize("kind", CLASSES.values())
def test_every_error_is_one_line_and_carries_its_data(kind: type[WearAffectError]) -> None:
    error = make(kind, "two\nlines\tand  blanks")
    assert re.search(r"[\n\r\t]|  ", str(error)) is None
    assert "two lines and blanks" in str(error)
    fields = error.as_dict()
    assert fields["error"] == kind.__name__
    assert set(fields) == {"error", "what", "expected", "got", "remedy"}
    assert all(isinstance(value, str) for value in fields.values())


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.search(r"^(?P<lead>[ │├└─]*)(?P<name>\w+Error)\b", line)
        if found is None:
            continue
        depth = len(found["lead"]) // 3 - 1
        path[depth:] = [found["name"]]
        if depth:
            parents[found["name"]] = path[depth - 1]
    public = set(errors.__all__)
    assert set(parents) == public - {"WearAffectError"}
    for child, parent in parents.items():
        assert issubclass(CLASSES[child], CLASSES[parent])
        assert not any(
            issubclass(CLASSES[child], CLASSES[other])
            for other in public - {child, parent, "WearAffectError"}
            if not issubclass(CLASSES[parent], CLASSES[other])
        )
    assert set(CLASSES) - public == {"PathError"}


def test_python_catches_them_where_it_expects_to() -> None:
    assert issubclass(SignalError, ValueError)
    assert issubclass(MissingExtraError, ImportError)


def test_the_line_reads_as_a_sentence() -> None:
    error = RecordingFormatError("a.zip", "row 3", part="EDA.csv", expected="numbers", got="'x'")
    assert str(error) == "a.zip: EDA.csv: row 3: expected numbers, got 'x'"
    assert (error.path, error.part) == ("a.zip", "EDA.csv")
    rate = SamplingRateError("e4.eda", "rate", got="0", remedy="export again")
    assert str(rate) == "stream e4.eda: rate: got 0; export again"
    assert rate.stream == "e4.eda"


def test_an_error_comes_home_from_another_process_with_its_data() -> None:
    import pickle

    from wearaffect.core.errors import DatasetError, MissingExtraError, TrainingSubjectError

    for error in (
        DatasetError("here", "what", expected="this", got="that", part="a file"),
        MissingExtraError("desk", "a picture"),
        TrainingSubjectError(["wesad/S2"]),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)
