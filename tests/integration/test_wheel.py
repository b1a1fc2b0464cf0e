"""The wheel in an empty environment: base dependencies only, nothing of this checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
RUNNERS = ("hypothesis", "pytest", "pytest-randomly", "pytest-timeout")


def run(
    arguments: list[str | Path], folder: Path, code: int = 0
) -> "subprocess.CompletedProcess[str]":
    """Run outside the checkout, deaf to whatever this environment would tell Python."""
    deaf = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "COV"))}
    done = subprocess.run(
        [str(argument) for argument in arguments],
        cwd=folder, env=deaf | {"HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(REPOSITORY)],
        cwd=out, capture_output=True, text=True, check=True, timeout=200,
    )  # fmt: skip
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it asks for."""
    place = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=100)
    subprocess.run(
        [str(place / "bin" / "python"), "-m", "pip", "install", "-q", str(wheel)],
        check=True, timeout=250,
    )  # fmt: skip
    return place / "bin"


def test_it_carries_the_library_and_no_weights(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "wearaffect/__init__.py" in names
    assert "wearaffect/py.typed" in names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"wearaffect"}
    kinds = {Path(name).suffix for name in names if name.startswith("wearaffect/")}
    # the bridge's firmware and the protocols' templates travel along
    page = {".css", ".html", ".js", ".sha256", ".svg"}
    assert kinds == {".py", ".typed", ".c", ".h", ".yaml"} | page


def test_it_installs_without_torch_scipy_or_pandas(installed: Path, tmp_path: Path) -> None:
    listed = run([installed / "python", "-m", "pip", "list", "--format", "json"], tmp_path).stdout
    names = {row["name"].lower() for row in json.loads(listed)}
    assert {"wearaffect", "numpy", "onnxruntime", "mcap", "typer"} <= names
    assert not names & {"torch", "lightning", "scipy", "pandas", "pyarrow", "matplotlib"}


def test_it_starts_and_examines_itself(installed: Path, tmp_path: Path) -> None:
    where = "import wearaffect; print(wearaffect.__version__, wearaffect.__file__)"
    version, place = run([installed / "python", "-c", where], tmp_path).stdout.split()
    assert Path(place).is_relative_to(installed.parent)
    assert run([installed / "wearaffect", "--version"], tmp_path).stdout.strip() == version
    assert "analyze" in run([installed / "wearaffect", "--help"], tmp_path).stdout
    run([installed / "wearaffect", "doctor", "--json", "health.json"], tmp_path)
    checks = {c["name"]: c for c in json.loads((tmp_path / "health.json").read_text())["checks"]}
    assert checks["wearaffect"]["text"] == version
    assert checks["desk"]["state"] == "warning"
    assert "wearaffect[desk]" in checks["desk"]["remedy"]


def test_it_analyses_a_recording_and_names_what_it_cannot_write(
    installed: Path, tmp_path: Path, example_recording: Path
) -> None:
    done = run(
        [
            installed / "wearaffect", "analyze", example_recording, "--rest", "374:646",
            "--model", REPOSITORY / "models" / "wrist-affect", "--out", "out", "--json", "out.json",
        ],
        tmp_path,
    )  # fmt: skip
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert found["counts"]["estimated"] > 300
    assert (tmp_path / "out" / "enrolment.json").is_file()
    assert not (tmp_path / "out" / "report.html").exists()
    assert "report.html skipped" in done.stdout
    assert "wearaffect[desk]" in done.stdout


def test_a_missing_file_is_one_line_and_exit_1(installed: Path, tmp_path: Path) -> None:
    command: list[str | Path] = [installed / "wearaffect", "analyze", "no.zip", "--out", "out"]
    done = run(command, tmp_path, code=1)
    assert done.stderr.count("\n") == 1
    assert "RecordingNotFoundError" in done.stderr


def test_training_there_names_the_extra(installed: Path, tmp_path: Path) -> None:
    done = run(
        [
            installed / "wearaffect", "train", "--dataset", "wesad", "--root", tmp_path,
            "--out", "bundle",
        ],
        tmp_path, code=1,
    )  # fmt: skip
    assert "wearaffect[train]" in done.stderr


def test_the_smoke_part_of_the_suite_passes_against_it(installed: Path, tmp_path: Path) -> None:
    python = installed / "python"
    run([python, "-m", "pip", "install", "-q", *RUNNERS], tmp_path)
    others = sorted(set((REPOSITORY / "tests").rglob("test_*.py")) - {Path(__file__)})
    files = [path for path in others if "mark.smoke" in path.read_text(encoding="utf-8")]
    # the program, not `python -m`, which would put this folder before the wheel
    done = run(
        [
            installed / "pytest", "-c", REPOSITORY / "pyproject.toml", "-m", "smoke", "-p",
            "no:cacheprovider", *files,
        ],
        tmp_path,
    )  # fmt: skip
    summary = done.stdout.splitlines()[-1]
    assert " passed" in summary
    assert " skipped" not in summary
