"""A pickle gives arrays, or nothing happens at all."""

import copyreg
import os
import pickle
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.core.errors import DatasetError, UnsafePickleError
from wearaffect.datasets.restricted_pickle import load_arrays

TREE = {
    "subject": "S2",
    "label": np.arange(7, dtype=np.int32),
    "signal": {
        "wrist": {"ACC": np.arange(12.0).reshape(4, 3), "EDA": np.array([[0.5], [1.5]], ">f4")},
        "chest": [np.asfortranarray(np.arange(6).reshape(2, 3)), (True, None, 1.5, 2**70, -3)],
    },
    "rate": np.float64(0.1),
}
ARRAY = (
    b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\nt%s\nt"
    b"R(I1\n(I%d\ntcnumpy\ndtype\n(%s\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n%stb"
)


def same(left: object, right: object) -> bool:
    if isinstance(right, dict):
        return list(left) == list(right) and all(same(left[k], right[k]) for k in right)
    if isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(right, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(left, right)
    return type(left) is type(right) and left == right


def escaped(raw: bytes) -> bytes:
    """Text of a byte string as Python 2 wrote it in protocol 0, WESAD's."""
    return b"S'" + "".join(f"\\x{byte:02x}" for byte in raw).encode() + b"'\n"


@pytest.fixture
def load(tmp_path):
    def load_bytes(content: bytes) -> object:
        path = tmp_path / "S2.pkl"
        path.write_bytes(content)
        return load_arrays(path)

    return load_bytes


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_come_back_as_written(load, protocol):
    assert same(load(pickle.dumps(TREE, protocol=protocol)), TREE)


def test_a_python_2_pickle_of_protocol_0_is_read_as_latin1(load):
    values = np.array([0.1, -2.5e300, np.pi])
    array = ARRAY % (b"S'b'", 3, b"S'f8'", escaped(values.tobytes()))
    tree = load(b"(dS'subject'\nS'S2'\nsS'caf\\xe9'\n" + array + b"s.")
    assert list(tree) == ["subject", "café"]
    assert tree["subject"] == "S2"
    assert tree["café"].tobytes() == values.tobytes()


def test_a_python_2_pickle_of_protocol_2_is_read_as_latin1(load):
    raw = bytes(
        range(0, 256, 8)
    )  # 32 bytes, half of them beyond ASCII: no text encoding but latin1
    content = (
        b"\x80\x02}U\x05labelcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        b"U\x01b\x87R(K\x01K\x08\x85cnumpy\ndtype\nU\x02i4K\x00K\x01\x87R(K\x03U\x01<NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U" + bytes([len(raw)]) + raw + b"tbs."
    )
    label = load(content)["label"]
    assert label.dtype == np.dtype("<i4")
    assert label.tobytes() == raw


def test_shared_parts_stay_shared_and_arrays_are_read_only(load):
    array = np.arange(3)
    first, second = load(pickle.dumps([array, array], protocol=2))
    assert first is second
    assert not first.flags.writeable


def call(module: str, name: str, argument: str) -> bytes:
    return f"c{module}\n{name}\n(S{argument!r}\ntR.".encode()


@pytest.fixture
def sentinel(tmp_path):
    return tmp_path / "was_here"


def live_payloads(sentinel: os.PathLike[str]) -> dict[str, tuple[bytes, str]]:
    """Pickles that do harm when loaded as pickles, with what should be reported."""
    system = call("os", "system", f"touch {sentinel}")
    evil = f"__import__('pathlib').Path({str(sentinel)!r}).touch()"
    listed = b"(l" + system[:-1] + b"a"
    instance = f"(S'touch {sentinel}'\nios\nsystem\n.".encode()
    return {
        "os.system": (system, "os.system"),
        "os.system, as an instance": (instance, "os.system"),
        "builtins.eval": (call("builtins", "eval", evil), "builtins.eval"),
        "Python 2's eval": (call("__builtin__", "eval", evil), "__builtin__.eval"),
        "an object array that hides a call": (
            # 63: the flags of a type that holds objects
            ARRAY.replace(b"-1\nI0\n", b"-1\nI63\n") % (b"S'b'", 1, b"S'O8'", listed) + b".",
            "numpy.dtype('O8')",
        ),
        "a call among good arrays": (
            b"(d" + b"S'good'\n" + ARRAY % (b"S'b'", 1, b"S'u1'", escaped(b"a")) + b"sS'x'\n"
            + system[:-1] + b"s.",
            "os.system",
        ),
        "a stacked name": (
            b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c" + bytes([len(f"touch {sentinel}")])
            + f"touch {sentinel}".encode() + b"\x85R.",
            "os.system",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", live_payloads("x"))
def test_nothing_runs_that_would_run(load, sentinel, name):
    payload, found = live_payloads(sentinel)[name]
    with pytest.raises(UnsafePickleError) as caught:
        load(payload)
    assert caught.value.got == found
    assert not sentinel.exists()
    pickle.loads(payload, encoding="latin1")  # the payload is live: the test could have failed
    assert sentinel.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numpy.f2py.crackfortran", "myeval"),
        ("numpy.testing._private.utils", "runstring"),
        ("numpy.testing", "measure"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy.core.multiarray", "_reconstruct.__globals__"),
        ("numpy", "ndarray.tofile"),
        ("wearaffect.datasets.restricted_pickle", "load_arrays"),
        ("functools", "partial"),
        ("copy_reg", "_reconstructor"),
    ],
)
def test_gadgets_are_named_and_refused(load, module, name):
    with pytest.raises(UnsafePickleError) as caught:
        load(call(module, name, "1"))
    assert caught.value.got == f"{module}.{name}"


def test_no_module_is_imported(load, tmp_path, sentinel, monkeypatch):
    (tmp_path / "imported_by_pickle.py").write_text(
        f"open({str(sentinel)!r}, 'w').close()\nx = 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnsafePickleError, match=r"imported_by_pickle\.x"):
        load(b"cimported_by_pickle\nx\n.")
    assert "imported_by_pickle" not in sys.modules
    assert not sentinel.exists()


def test_extension_codes_are_refused_even_when_the_process_knows_them(load):
    payload = b"\x80\x02\x82\xf0."
    copyreg.add_extension("os", "system", 0xF0)
    try:
        assert pickle.loads(payload) is os.system  # now in the interpreter's cache too
        with pytest.raises(UnsafePickleError, match="opcode EXT1"):
            load(payload)
    finally:
        copyreg.remove_extension("os", "system", 0xF0)


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"Psomewhere\n.", "opcode PERSID"),
        (b"K\x01Q.", "opcode BINPERSID"),
        (b"cnumpy\ndtype\n)\x81.", "opcode NEWOBJ"),
        (b"\x80\x04\x8f.", "set"),
        (b"\x80\x03C\x01a.", "bytes"),
        (b"cnumpy\nndarray\n.", "_Name"),
        (b"}N)s.", "a dictionary key of type NoneType"),
        (b"cnumpy\nndarray\n(I3\ntR.", "a call of numpy.ndarray"),
        (b"cnumpy\ndtype\n}S'__doc__'\nS'x'\nsb.", "state for a global"),
        (b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.", "_codecs.encode with 'rot13'"),
        (b"cnumpy.core.multiarray\n_reconstruct\n(S'str'\ntR.", None),
        (b"cnumpy\ndtype\n(S'f8'\ntR(I3\nS'<'\nN(S'a'\nt}I8\nI1\nI63\ntb.", None),
        (b"cnumpy\ndtype\n(S'V8'\ntR.", "numpy.dtype('V8')"),
        (b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'O8'\ntRI1\ntR.", "numpy.dtype('O8')"),
        (b"(lp0\ng0\na.", "a container that holds itself"),
    ],
)
def test_what_is_no_array_is_refused(load, payload, found):
    with pytest.raises(UnsafePickleError) as caught:
        load(payload)
    assert found in (None, caught.value.got)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not a pickle",
        ARRAY % (b"S'b'", 2, b"S'f8'", escaped(bytes(8))) + b".",
        ARRAY % (b"S'b'", -1, b"S'f8'", escaped(bytes(8))) + b".",
        ARRAY % (b"S'b'", 1, b"S'f9'", escaped(bytes(9))) + b".",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"r\xff\xff\xff\x7f.",
        b"(" * 3 + b"l" + b"(l" * 5000 + b"a" * 5000 + b".",
    ],
    ids=["empty", "text", "too few", "negative", "no such type", "huge", "far memo", "deep"],
)
def test_damage_is_a_dataset_error_that_names_the_file(load, payload):
    with pytest.raises(DatasetError, match=r"S2\.pkl") as caught:
        load(payload)
    assert type(caught.value) is DatasetError


def test_a_missing_file_and_a_folder_are_dataset_errors(tmp_path):
    for path in (tmp_path, tmp_path / "S3.pkl"):
        with pytest.raises(DatasetError, match="can't be read"):
            load_arrays(path)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_cut_at_any_byte_is_a_dataset_error(load, protocol):
    whole = pickle.dumps({"label": np.arange(3), "subject": "S2"}, protocol=protocol)
    for end in range(len(whole)):
        with pytest.raises(DatasetError):
            load(whole[:end])


@pytest.mark.filterwarnings("ignore:invalid .*escape:DeprecationWarning")
@given(st.data(), st.sampled_from([0, 2, 4, 5]))
def test_changed_bytes_give_plain_data_or_a_dataset_error(tmp_path_factory, data, protocol):
    content = bytearray(pickle.dumps(TREE, protocol=protocol))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.pkl"
    path.write_bytes(content)
    try:
        stack = [load_arrays(path)]
    except DatasetError:
        return
    while stack:
        item = stack.pop()
        assert isinstance(
            item, dict | list | tuple | np.ndarray | np.generic | str | int | float
        ) or (item is None)
        if isinstance(item, np.ndarray):
            assert item.dtype.kind in "biufc"
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)
