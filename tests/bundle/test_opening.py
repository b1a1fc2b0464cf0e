"""Opening: what is whole opens, everything else is refused, nothing is executed."""

import contextlib
import json
import pickle

import numpy as np
import pytest
from bundle_maker import LABELS, graph_bytes, make_bundle, parameters, rewrite, sign
from onnx import ModelProto, TensorProto, external_data_helper, helper

from wearaffect.bundle import model
from wearaffect.bundle.encoding import InputEncoder
from wearaffect.bundle.loading import load_bundle
from wearaffect.bundle.manifest import file_hash, read_manifest
from wearaffect.bundle.model import ModelBundle, find_bundle
from wearaffect.core.errors import BundleError, BundleIntegrityError, BundleNotFoundError
from wearaffect.core.windows import WindowSpec
from wearaffect.signals.chain import ChainSettings
from wearaffect.signals.features import FEATURES

FILES = ("manifest.json", "model.onnx", "card.md", "selftest.npz")


def change(folder, **values):
    """Change the manifest as someone who knows the format would."""
    path = folder / "manifest.json"
    sign(path, json.loads(path.read_text()) | values)


def test_a_bundle_says_what_it_is(folder):
    bundle = ModelBundle(folder)
    m = bundle.manifest
    assert m.id == f"tiny@0.0.1+{file_hash(folder / 'model.onnx')[:12]}"
    assert m.chain_settings == ChainSettings(WindowSpec(60.0, 5.0))
    assert m.labels == LABELS
    assert m.encoder.names == tuple(FEATURES)
    assert isinstance(m.encoder, InputEncoder)
    assert m.physics[0].ci95 == (2.1, 3.5)
    assert m.physics[1].value is None
    assert bundle.self_test() < 1e-6


def test_writing_and_reading_a_manifest_changes_nothing(folder):
    before = read_manifest(folder)
    before.write(folder)
    assert read_manifest(folder) == before


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_refused(folder, name):
    whole = (folder / name).read_bytes()
    said = read_manifest(folder)
    for at in {*range(0, len(whole), max(1, len(whole) // 40)), len(whole) - 1}:
        spoilt = bytearray(whole)
        spoilt[at] ^= 0x01
        (folder / name).write_bytes(spoilt)
        found = None
        with contextlib.suppress(BundleIntegrityError):
            found = ModelBundle(folder).manifest
        if name != "manifest.json":
            assert found is None
        elif found is not None:  # a byte that says nothing: white space, or the hash's own name
            assert found == said
    (folder / name).write_bytes(whole)
    ModelBundle(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    kind = BundleNotFoundError if name == "manifest.json" else BundleIntegrityError
    with pytest.raises(kind, match=name.replace(".", r"\.")):
        ModelBundle(folder)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_file_without_a_hash_is_refused(folder, name):
    files = json.loads((folder / "manifest.json").read_text())["files"]
    del files[name]
    change(folder, files=files)
    with pytest.raises(BundleIntegrityError, match=f"{name}: not in the manifest"):
        ModelBundle(folder)


@pytest.mark.parametrize("name", ["../outside.bin", "/etc/hostname", "sub/inside.bin", "..", "."])
def test_a_name_that_leaves_the_folder_is_refused(folder, name):
    (folder.parent / "outside.bin").write_bytes(b"x")
    (folder / "sub").mkdir()
    (folder / "sub" / "inside.bin").write_bytes(b"x")
    files = json.loads((folder / "manifest.json").read_text())["files"]
    change(folder, files=files | {name: file_hash(folder / "sub" / "inside.bin")})
    with pytest.raises(BundleIntegrityError, match="missing or outside"):
        ModelBundle(folder)


@pytest.mark.parametrize("schema", [0, 1, 3, "2", None, [2]])
def test_another_schema_is_refused(folder, schema):
    change(folder, schema=schema)
    with pytest.raises(BundleIntegrityError, match="expected schema 2"):
        ModelBundle(folder)


WRONG = (None, 3, "text", [], {}, [1], {"a": 1}, 2.5)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_manifest_with_something_else_in_a_place_opens_or_is_refused(folder, wrong):
    """No other error than a bundle's, whatever stands where."""
    keys = set(json.loads((folder / "manifest.json").read_text())) - {"sha256"}
    whole = (folder / "manifest.json").read_bytes()
    refused = set()
    for key in sorted(keys):
        (folder / "manifest.json").write_bytes(whole)
        change(folder, **{key: wrong})
        try:
            ModelBundle(folder)
        except BundleIntegrityError:
            refused.add(key)
    assert refused >= {"schema", "window_s", "chain", "features", "statistics", "files"}


@pytest.mark.parametrize(
    ("change_to", "problem"),
    [
        ({"features": ["eda_level", "blood_sugar"]}, "statistics"),
        ({"window_s": 30.0}, "chain"),
        ({"abstention": {"aura": 0.5}}, "abstention"),
        ({"inputs": [{"kind": "eda"}]}, "inputs"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(folder, change_to, problem):
    change(folder, **change_to)
    with pytest.raises(BundleIntegrityError, match=problem):
        ModelBundle(folder)


def test_a_feature_of_another_version_is_refused(tmp_path):
    names = ("blood_sugar", *tuple(FEATURES)[1:])
    folder = make_bundle(tmp_path / "tiny", features=names)
    with pytest.raises(BundleIntegrityError, match="features that this version doesn't have"):
        ModelBundle(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", "[" * 100_000, "\ufeff{}"])
def test_a_manifest_that_is_no_manifest_is_refused(folder, text):
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(BundleIntegrityError, match=r"manifest\.json"):
        ModelBundle(folder)


def test_a_key_of_a_later_version_is_ignored(folder):
    change(folder, something_new={"a": 1})
    assert ModelBundle(folder).manifest.name == "tiny"


@pytest.mark.parametrize("content", [b"", b"not a graph", bytes(1000), b"\x80\x04K\x01."])
def test_a_graph_that_is_none_is_refused(folder, content):
    rewrite(folder, "model.onnx", content)
    with pytest.raises(BundleIntegrityError, match=r"model\.onnx"):
        ModelBundle(folder)


def test_a_graph_that_keeps_its_weights_elsewhere_is_refused(folder):
    graph = ModelProto.FromString(graph_bytes(parameters(ChainSettings())))
    external_data_helper.convert_model_to_external_data(
        graph, all_tensors_to_one_file=True, location="../weights.bin", size_threshold=0
    )
    rewrite(folder, "model.onnx", graph.SerializeToString())
    with pytest.raises(BundleIntegrityError, match="self-contained"):
        ModelBundle(folder)


def test_a_graph_beyond_its_size_is_refused(folder):
    rewrite(folder, "model.onnx", bytes(64 * 2**20 + 1))
    with pytest.raises(BundleIntegrityError, match="under 64 MiB"):
        ModelBundle(folder)


@pytest.mark.parametrize(("given", "gives"), [("questionnaire", "probabilities"),
                                              ("features", "answer")])  # fmt: skip
def test_a_graph_with_other_ends_is_refused(folder, given, gives):
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 3]) for n in (given, gives)]
    node = helper.make_node("Softmax", [given], [gives])
    graph = helper.make_model(
        helper.make_graph([node], "other", ends[:1], ends[1:]),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    graph.ir_version = 8
    rewrite(folder, "model.onnx", graph.SerializeToString())
    with pytest.raises(
        BundleIntegrityError, match="features, eda and history in, probabilities out"
    ):
        ModelBundle(folder)


class Sentinel:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_nothing_in_a_bundle_is_executed(folder, tmp_path, windows):
    trace = tmp_path / "executed"
    evil = pickle.dumps(Sentinel(trace))
    for name in ("weights.ckpt", "model.pkl", "setup.py", "sitecustomize.py"):
        text = f"open({str(trace)!r}, 'w')".encode()
        rewrite(folder, name, text if name.endswith(".py") else evil)
    bundle = ModelBundle(folder)
    bundle.predict(windows[:2])
    bundle.self_test()
    for content in (evil, b"", b"PK\x03\x04", np.ones(3).tobytes()):
        rewrite(folder, "selftest.npz", content)
        with pytest.raises(BundleIntegrityError, match=r"selftest\.npz: unreadable"):
            ModelBundle(folder).self_test()
    np.savez(tmp_path / "objects.npz", in_features=np.array([Sentinel(trace)], dtype=object))
    rewrite(folder, "selftest.npz", (tmp_path / "objects.npz").read_bytes())
    with pytest.raises(BundleIntegrityError, match=r"selftest\.npz: unreadable"):
        ModelBundle(folder).self_test()
    assert not trace.exists()
    pickle.loads(evil).close()
    assert trace.exists()  # the trap works


def test_a_checkpoint_is_not_a_bundle(tmp_path):
    trace = tmp_path / "executed"
    path = tmp_path / "model.ckpt"
    path.write_bytes(pickle.dumps(Sentinel(trace)))
    with pytest.raises(BundleNotFoundError, match="expected a folder") as error:
        load_bundle(path)
    assert error.value.got == "a file"
    assert not trace.exists()


def test_nothing_is_not_a_bundle(tmp_path):
    for path, got in ((tmp_path / "absent", "nothing"), (tmp_path, "a folder without")):
        with pytest.raises(BundleNotFoundError) as error:
            ModelBundle(path)
        assert error.value.got == got
        assert isinstance(error.value, BundleError)


@pytest.mark.parametrize("spoil", ["weights", "stored", "nan", "missing", "empty"])
def test_a_self_test_that_fails_says_so(folder, spoil):
    with np.load(folder / "selftest.npz") as stored:
        arrays = dict(stored)
    if spoil == "weights":
        p = parameters(ChainSettings())
        p["bias"] += np.array([1e-3, 0, 0], np.float32)
        rewrite(folder, "model.onnx", graph_bytes(p))
    elif spoil == "stored":
        arrays["out_forecast"][3, 1, 2] += 1e-3
    elif spoil == "nan":
        arrays["out_probabilities"][0, 0] = np.nan
    elif spoil == "missing":
        arrays["out_valence"] = np.zeros(8, np.float32)
    else:
        arrays = {name: value for name, value in arrays.items() if name.startswith("in_")}
    np.savez(folder.parent / "s.npz", **arrays)
    rewrite(folder, "selftest.npz", (folder.parent / "s.npz").read_bytes())
    with pytest.raises(BundleIntegrityError, match="self-test"):
        ModelBundle(folder).self_test()


def test_a_bundle_is_found_by_name_in_the_users_folder_first(tmp_path, monkeypatch, tiny_bundle):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    mine = make_bundle(tmp_path / "wearaffect" / "models" / "tiny")
    assert model.bundle_roots()[0] == mine.parent
    assert find_bundle("tiny") == mine
    assert find_bundle(str(tiny_bundle)) == tiny_bundle
    with pytest.raises(BundleNotFoundError, match="nobody"):
        load_bundle("nobody")


def test_the_licence_is_said_when_it_is_loaded(tiny_bundle, caplog):
    bundle = load_bundle(tiny_bundle)
    (record,) = caplog.records
    assert record.getMessage() == f"{bundle.manifest.id}: for tests"
