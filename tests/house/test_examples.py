"""Every example runs without a screen, without a warning, and prints what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROMISED = {
    "00_analyse_a_file.py": r"most like stress: minute \d",
    "10_live_replay.py": r"\d+ estimates; live and offline differ by at most (\S+)",
    "20_windows_to_dataframe.py": r"hr_median",
    "30_train_and_export.py": r"somebody new: \d+% of \d+ windows",
    "50_scan_to_estimate.py": r"s on virtual bridge: p\(stress\) = 0\.\d\d",
    "51_write_a_driver.py": r"thermometer\.temp: 36\.6 degC\nthermometer\.temp: 37\.2 degC",
    "60_markers_over_lsl.py": r"s  fixation\n.* s  stroop\n.* s  rest\n",
    "61_device_to_lsl.py": r"([1-9]\d*) samples came out of LSL, 0 lost on the way",
}


def run(repository: Path, name: str, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(repository / "examples" / name), *arguments],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(PROMISED[name], done.stdout), done.stdout
    return done.stdout


def test_no_example_is_forgotten_here(repository: Path) -> None:
    assert {path.name for path in (repository / "examples").glob("*.py")} == set(PROMISED)


def test_analysing_a_file_writes_the_report_it_is_asked_for(
    repository: Path, tmp_path: Path, example_recording: Path
) -> None:
    run(
        repository, "00_analyse_a_file.py", tmp_path, str(example_recording), "374:646", "mine.html"
    )
    assert (tmp_path / "mine.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_live_and_offline_agree(repository: Path, tmp_path: Path) -> None:
    said = run(repository, "10_live_replay.py", tmp_path)
    found = re.search(PROMISED["10_live_replay.py"], said)
    assert found is not None
    assert float(found[1]) <= 1e-6
    assert list(tmp_path.iterdir()) == []


def test_windows_become_a_table(repository: Path, tmp_path: Path) -> None:
    run(repository, "20_windows_to_dataframe.py", tmp_path)


def test_a_scan_ends_in_estimates(repository: Path, tmp_path: Path) -> None:
    run(repository, "50_scan_to_estimate.py", tmp_path, "bumble:bridge?duration_s=180")


def test_a_driver_is_one_class(repository: Path, tmp_path: Path) -> None:
    run(repository, "51_write_a_driver.py", tmp_path)


def test_markers_of_another_process_are_recorded(repository: Path, tmp_path: Path) -> None:
    run(repository, "60_markers_over_lsl.py", tmp_path)


def test_a_device_is_relayed(repository: Path, tmp_path: Path) -> None:
    run(repository, "61_device_to_lsl.py", tmp_path)


@pytest.mark.data
@pytest.mark.slow
def test_training_gives_a_bundle_that_serves(
    repository: Path, tmp_path: Path, data_root: Path
) -> None:
    run(repository, "30_train_and_export.py", tmp_path, str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "manifest.json").is_file()
