"""Arrays out of a pickle, and nothing else.

A pickle is a program. This reader lets it name only what NumPy writes to describe an array, and
stands in for each of those names: no function of NumPy, let alone of anyone else, is called with
what the file says until shape, type and length have been checked.
"""

import math
import pickle
import re
import struct
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Never

import numpy as np
from numpy.typing import NDArray

from wearaffect.core.errors import DatasetError, UnsafePickleError

__all__ = ["load_arrays"]

# what a damaged pickle makes the interpreter raise; pickle documents no narrower set
_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, LookupError, AttributeError,
    ArithmeticError, AssertionError, MemoryError, RecursionError, struct.error,
)  # fmt: skip
_REFUSED = (
    "PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "OBJ", "NEWOBJ", "NEWOBJ_EX", "NEXT_BUFFER",
    "READONLY_BUFFER",
)  # fmt: skip
_CONTAINED = "arrays of numbers, dictionaries, lists, tuples, text, numbers and None"


class _UnsafeError(Exception):
    """Carries what was found up to where the path is known."""


class _Name:
    """An admitted global: callable as its stand-in, and nothing more.

    Its own `__setstate__` keeps a pickle from setting attributes on it.
    """

    __slots__ = ("_stand_in",)

    def __init__(self, stand_in: Callable[..., object]) -> None:
        self._stand_in = stand_in

    def __call__(self, *args: object) -> object:
        return self._stand_in(*args)

    def __setstate__(self, state: object) -> Never:
        msg = "state for a global"
        raise _UnsafeError(msg)


class _DType:
    """Stands in for a number type while the pickle describes it."""

    __slots__ = ("value",)

    def __init__(self, spec: object, *_align_and_copy: object) -> None:
        text = spec.decode("latin1") if isinstance(spec, bytes) else spec
        if not isinstance(text, str) or not re.fullmatch(r"[biufc][0-9]{1,2}", text):
            msg = f"numpy.dtype({text!r})"
            raise _UnsafeError(msg)
        self.value: np.dtype[np.generic] = np.dtype(text)

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _version, order, *structure = state
        text = order.decode("latin1") if isinstance(order, bytes) else order
        if text not in ("<", ">", "|", "=") or any(part is not None for part in structure[:3]):
            msg = f"numpy.dtype with state {state!r:.80}"
            raise _UnsafeError(msg)
        self.value = self.value.newbyteorder("=" if text in "|=" else text)


class _Array:
    """Stands in for an array until its bytes have come and been counted."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: NDArray[np.generic] | None = None

    def __setstate__(self, state: tuple[object, ...]) -> None:
        _version, shape, dtype, is_fortran, raw = state
        self.value = _array(shape, dtype, raw, "F" if is_fortran else "C")


def _array(shape: object, dtype: object, raw: object, order: str) -> NDArray[np.generic]:
    """Build a read-only array from bytes, after counting them."""
    # Python 2 has no bytes: NumPy's raw data come as text in latin1
    data = raw.encode("latin1") if isinstance(raw, str) else raw
    if not isinstance(dtype, _DType) or not isinstance(data, bytes):
        msg = f"an array of {type(data).__name__}"
        raise _UnsafeError(msg)
    if not isinstance(shape, tuple) or any(type(n) is not int or n < 0 for n in shape):
        msg = f"array shape {shape!r:.80}"
        raise ValueError(msg)
    if len(data) != math.prod(shape) * dtype.value.itemsize:
        msg = f"{len(data)} bytes for shape {shape} of {dtype.value}"
        raise ValueError(msg)
    flat = np.frombuffer(data, dtype.value) if data else np.empty(0, dtype.value)
    return flat.reshape(shape, order="F" if order == "F" else "C")


def _reconstruct(kind: object, *_shape_and_type: object) -> _Array:
    if kind is not _NDARRAY:
        msg = "numpy.core.multiarray._reconstruct of something other than numpy.ndarray"
        raise _UnsafeError(msg)
    return _Array()


def _scalar(dtype: object, raw: object) -> np.generic:
    return np.atleast_1d(_array((), dtype, raw, "C"))[0]  # type: ignore[no-any-return]


def _from_buffer(raw: object, dtype: object, shape: object, order: object) -> NDArray[np.generic]:
    return _array(shape, dtype, bytes(raw) if isinstance(raw, bytearray) else raw, str(order))


def _encode(text: object, codec: object = "latin1") -> bytes:
    if not isinstance(text, str) or codec not in ("latin1", "latin-1"):
        msg = f"_codecs.encode with {codec!r:.40}"
        raise _UnsafeError(msg)
    return text.encode("latin1")


def _not_called(*_args: object) -> Never:
    msg = "a call of numpy.ndarray"
    raise _UnsafeError(msg)


_NDARRAY = _Name(_not_called)
_ADMITTED = {
    "numpy.ndarray": _NDARRAY,
    "numpy.dtype": _Name(_DType),
    "_codecs.encode": _Name(_encode),
    "numpy.core.multiarray._reconstruct": _Name(_reconstruct),  # NumPy 1
    "numpy._core.multiarray._reconstruct": _Name(_reconstruct),  # NumPy 2
    "numpy.core.numeric._frombuffer": _Name(_from_buffer),  # protocol 5
    "numpy._core.numeric._frombuffer": _Name(_from_buffer),
    "numpy.core.multiarray.scalar": _Name(_scalar),
    "numpy._core.multiarray.scalar": _Name(_scalar),
}


def _refused(opcode: str) -> Callable[[object], Never]:
    def refuse(_unpickler: object) -> Never:
        msg = f"opcode {opcode}"
        raise _UnsafeError(msg)

    return refuse


class _ArrayUnpickler(pickle._Unpickler):  # noqa: SLF001
    """Knows the admitted names and imports nothing.

    Python's own rendering of the unpickler, because the one in C looks extension codes up in a
    cache that `find_class` never gets to see, and fills memory at a large memo index.
    """

    dispatch = pickle._Unpickler.dispatch | {  # noqa: SLF001
        getattr(pickle, opcode)[0]: _refused(opcode) for opcode in _REFUSED
    }

    def find_class(self, module: str, name: str) -> object:
        found = _ADMITTED.get(f"{module}.{name}")
        if found is None:
            msg = f"{module}.{name}"
            raise _UnsafeError(msg)
        return found


def _plain(value: object, done: dict[int, object]) -> object:
    """Replace stand-ins by their arrays, and refuse whatever else is in the tree.

    `done` maps what was seen to what it became; a container is in it as None while its own
    contents are being looked at.
    """
    if isinstance(value, _Array) and value.value is not None:
        return value.value
    if value is None or isinstance(value, str | int | float | np.generic | np.ndarray):
        return value
    if id(value) in done:
        if done[id(value)] is None:
            msg = "a container that holds itself"
            raise _UnsafeError(msg)
        return done[id(value)]
    done[id(value)] = None
    made: object
    if isinstance(value, dict):
        made = {_key(key): _plain(item, done) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        made = type(value)([_plain(item, done) for item in value])
    else:
        raise _UnsafeError(type(value).__name__)
    done[id(value)] = made
    return made


def _key(key: object) -> str | int:
    if isinstance(key, str | int):
        return key
    msg = f"a dictionary key of type {type(key).__name__}"
    raise _UnsafeError(msg)


def load_arrays(path: str | PathLike[str]) -> object:
    """Read a pickle of arrays, such as WESAD's ``SX.pkl``, without running what it says.

    Parameters
    ----------
    path : path
        A pickle of protocol 0 to 5, written by Python 2 or 3 and NumPy 1 or 2.

    Returns
    -------
    object
        Dictionaries, lists and tuples of read-only arrays of numbers, text, numbers and None.

    Raises
    ------
    UnsafePickleError
        It names anything but array reconstruction, holds objects, or uses persistent ids or
        extension codes; `got` is what it asked for. Nothing was imported or called.
    DatasetError
        It is missing, damaged or cut short.

    Notes
    -----
    Text of Python 2 is read as latin1, as NumPy asks for.
    """
    place = Path(path)
    try:
        with place.open("rb") as file:
            loaded = _ArrayUnpickler(file, encoding="latin1").load()
        return _plain(loaded, {})
    except _UnsafeError as unsafe:
        raise UnsafePickleError(
            place,
            "this pickle asks for more than arrays; nothing was run",
            expected=_CONTAINED,
            got=str(unsafe),
            remedy="use the file as its publisher gives it",
        ) from None
    except (OSError, *_DAMAGE) as damage:
        raise DatasetError(
            place,
            "can't be read as a pickle of arrays",
            got=f"{type(damage).__name__}: {damage}",
            remedy="fetch the file again",
        ) from damage
