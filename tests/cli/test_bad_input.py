"""Every bad file: its named error, exit 1, one line, in the JSON too; and nothing is executed."""

import gzip
import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest

_MODEL = str(Path(__file__).parents[2] / "models" / "wrist-affect")
_EDA = "1500000000.0\n4.0\n" + "\n".join(["0.5", "0.6"] * 500) + "\n"


def _zip(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _bomb(path: Path) -> Path:
    return _zip(path, {"EDA.csv": "1.0\n4.0\n" + "0" * (300 * 2**20)})


def _cut(path: Path) -> Path:
    whole = _zip(path, {"EDA.csv": _EDA, "BVP.csv": _EDA})
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return whole


def _cut_gz(path: Path) -> Path:
    folder = path.with_suffix("")
    folder.mkdir()
    (folder / "EDA.csv.gz").write_bytes(gzip.compress(_EDA.encode())[:-40])
    return folder


_BAD = {
    "nothing there": (lambda p: p, "RecordingNotFoundError"),
    "not a recording": (lambda p: _zip(p, {"readme.txt": "hello"}), "RecordingFormatError"),
    "text header": (lambda p: _zip(p, {"EDA.csv": "time\nrate\n1\n"}), "RecordingFormatError"),
    "no header": (lambda p: _zip(p, {"EDA.csv": "1500000000.0\n"}), "RecordingFormatError"),
    "rate 0": (lambda p: _zip(p, {"EDA.csv": "1500000000.0\n0\n1\n2\n"}), "SamplingRateError"),
    "rate nan": (lambda p: _zip(p, {"EDA.csv": "1500000000.0\nnan\n1\n2\n"}), "SamplingRateError"),
    "text row": (
        lambda p: _zip(p, {"EDA.csv": _EDA.replace("0.6", "bad", 1)}),
        "RecordingFormatError",
    ),
    "empty file": (lambda p: _zip(p, {"EDA.csv": ""}), "CorruptRecordingError"),
    "leaves its folder": (
        lambda p: _zip(p, {"EDA.csv": _EDA, "../evil.csv": _EDA}),
        "UnsafeArchiveError",
    ),
    "absolute member": (lambda p: _zip(p, {"/EDA.csv": _EDA}), "UnsafeArchiveError"),
    "bomb": (_bomb, "UnsafeArchiveError"),
    "truncated zip": (_cut, "CorruptRecordingError"),
    "truncated gz": (_cut_gz, "CorruptRecordingError"),
}


@pytest.mark.parametrize("name", _BAD)
def test_a_bad_recording_gives_its_named_error(run, read_json, tmp_path, name):
    make, error = _BAD[name]
    path = make(tmp_path / "bad.zip")
    data = tmp_path / "result.json"
    ran = run(
        "analyze",
        path,
        "--model",
        _MODEL,
        "--no-enrolment",
        "--out",
        tmp_path / "out",
        "--json",
        data,
    )
    assert ran.code == 1
    assert ran.err.startswith(f"error: {error}: ")
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err
    record = read_json(data)
    assert record["error"] == error
    assert record["what"]
    assert not (tmp_path / "evil.csv").exists()


def test_documented_repairs_are_said_and_not_fatal(run, tmp_path):
    start_up = "1500000000.0\n4.0\n" + "382.21\n" * 4 + "31.5\n" * 900
    eda = "1500000000.0\n4.0\n0.0\n" + "0.51\n0.52\nnan\n" * 200 + "0.5\n0."
    path = _zip(tmp_path / "a.zip", {"EDA.csv": eda, "TEMP.csv": start_up, "tags.csv": ""})
    ran = run(
        "analyze",
        path,
        "--model",
        _MODEL,
        "--no-enrolment",
        "--out",
        tmp_path / "out",
        "--json",
        tmp_path / "r.json",
    )
    assert ran.code == 0, ran.err
    repairs = json.loads((tmp_path / "r.json").read_text())["repairs"]
    assert any("TEMP" in sentence for sentence in repairs)
    assert any("EDA" in sentence for sentence in repairs)


class _Sentinel:
    """What a stranger's file may hold: unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_a_strangers_pickle_is_refused_and_runs_nothing(run, made_wesad, tmp_path):
    fired = tmp_path / "fired"
    payload = pickle.dumps({"signal": _Sentinel(fired)}, protocol=2)
    root = tmp_path / "wesad"
    shutil.copytree(made_wesad / "S2", root / "S2")
    (root / "S2" / "S2.pkl").write_bytes(payload)
    ran = run("evaluate", "--model", _MODEL, "--dataset", "wesad", "--root", root)
    assert ran.code == 1
    assert "UnsafePickleError" in ran.err
    assert not fired.exists()
    pickle.load(io.BytesIO(payload))  # the sentinel is live
    assert fired.exists()


def test_a_strangers_checkpoint_is_refused_and_runs_nothing(run, example_recording, tmp_path):
    fired = tmp_path / "fired"
    payload = pickle.dumps({"state_dict": _Sentinel(fired)})
    checkpoint = tmp_path / "model.ckpt"
    checkpoint.write_bytes(payload)
    bundle = tmp_path / "bundle"
    shutil.copytree(_MODEL, bundle)
    (bundle / "model.onnx").write_bytes(payload)
    for model, error in ((checkpoint, "BundleNotFoundError"), (bundle, "BundleIntegrityError")):
        ran = run(
            "analyze",
            example_recording,
            "--model",
            model,
            "--no-enrolment",
            "--out",
            tmp_path / "out",
        )
        assert ran.code == 1
        assert error in ran.err
        assert not fired.exists()
    # even with the manifest's hash mended to fit
    import hashlib

    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"]["model.onnx"] = hashlib.sha256(payload).hexdigest()
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    assert run("models", "check", bundle).code == 1
    assert not fired.exists()


def test_usage_errors_exit_2(run, example_recording, tmp_path):
    for words in (
        ("analyse",),
        ("analyze",),
        ("analyze", example_recording, "--out", tmp_path, "--rest", "0:300", "--no-enrolment"),
        ("train", "--dataset", "nope", "--root", tmp_path, "--out", tmp_path / "x"),
        ("evaluate", "--model", _MODEL, "--dataset", "wesad", "--root", tmp_path, "--enrol", "x"),
        ("board", "nobody", "--out", tmp_path),
        ("record", "--device", "synthetic:", "--participant", "A B", "--out", tmp_path / "y"),
    ):
        assert run(*words).code == 2, words


def test_bad_settings_exit_1_and_say_what_is_known(run, example_recording, tmp_path):
    for words, hint in (
        (
            ("record", "--device", "bluetooth:x", "--participant", "AB", "--out", tmp_path / "a"),
            "synthetic",
        ),
        (
            (
                "record",
                "--device",
                "synthetic:?sped=2",
                "--participant",
                "AB",
                "--out",
                tmp_path / "b",
            ),
            "speed",
        ),
        (("analyze", example_recording, "--out", tmp_path, "--rest", "ten:20"), "START:END"),
        (
            ("analyze", example_recording, "--out", tmp_path, "--enrolment", tmp_path / "no.json"),
            "--rest",
        ),
        (("analyze", example_recording, "--out", tmp_path, "--model", "nobody"), "models list"),
    ):
        ran = run(*words)
        assert ran.code == 1, words
        assert hint in ran.err
        assert ran.err.count("\n") == 1


def test_paths_the_system_refuses_are_one_line_and_not_a_traceback(
    run, example_recording, tmp_path
):
    file = tmp_path / "file.txt"
    file.write_text("mine")
    common = ("analyze", example_recording, "--model", _MODEL, "--no-enrolment")
    for words in (
        (*common, "--out", file),
        (*common, "--out", tmp_path / "o", "--json", file / "x.json"),
        ("demo", "--out", file),
        ("train", "--dataset", "wesad", "--root", tmp_path, "--out", file / "bundle"),
    ):
        ran = run(*words)
        assert ran.code == 1, words
        assert ran.err.startswith("error: ")
        assert ran.err.count("\n") == 1
        assert "Traceback" not in ran.err
    assert file.read_text() == "mine"


def test_a_rest_past_the_end_is_said(run, example_recording, tmp_path):
    ran = run(
        "analyze", example_recording, "--model", _MODEL, "--rest", "9000:9500", "--out", tmp_path
    )
    assert "reaches past the end" in ran.out


def test_a_dead_electrode_is_no_baseline(run, read_json, example_recording, tmp_path):
    folder = tmp_path / "recording"
    shutil.copytree(example_recording, folder)
    lines = gzip.decompress((folder / "EDA.csv.gz").read_bytes()).decode().splitlines()
    dead = "\n".join([*lines[:2], *["0.000000"] * (len(lines) - 2)]) + "\n"
    (folder / "EDA.csv.gz").write_bytes(gzip.compress(dead.encode()))
    out = tmp_path / "out"
    ran = run(
        "analyze",
        folder,
        "--model",
        _MODEL,
        "--rest",
        "374:646",
        "--out",
        out,
        "--json",
        tmp_path / "r.json",
    )
    assert ran.code == 0
    assert "choose a better stretch" in ran.out
    result = read_json(tmp_path / "r.json")
    assert result["counts"]["estimated"] == 0
    assert result["enrolment"] is None
    assert not (out / "enrolment.json").exists()
