"""`record`, `demo`, `models`, `doctor`: what a person types on a working day."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wearaffect.recording.opening import open_session

_MODEL = str(Path(__file__).parents[2] / "models" / "wrist-affect")


def test_a_synthetic_device_is_recorded_and_read_back(run, read_json, tmp_path):
    out, data = tmp_path / "session", tmp_path / "r.json"
    ran = run(
        "record",
        "--device",
        "synthetic:?speed=0&duration_s=200&seed=3",
        "--participant",
        "P-01",
        "--out",
        out,
        "--model",
        _MODEL,
        "--rest",
        "0:120",
        "--json",
        data,
    )
    assert ran.code == 0, ran.err
    result = read_json(data)
    assert result["closed"] is True
    for account in result["streams"].values():
        kept = account["stored"] + account["lost_in_gaps"] + account["damaged"]
        assert account["expected"] == kept
    assert sum(result["outcomes"].values()) == 29
    said = result["outcomes"]
    assert f"{said['estimated']} windows estimated, {said['withheld']} withheld" in ran.out
    header = read_json(out / "session.json")
    assert header["participant"] == "P-01"
    assert header["intended_use"] == "development"
    assert open_session(out).duration_s == pytest.approx(200.0)


def test_seconds_stop_a_recording(run, tmp_path):
    out = tmp_path / "session"
    ran = run(
        "record",
        "--device",
        "synthetic:?speed=0&duration_s=600",
        "--participant",
        "P-01",
        "--out",
        out,
        "--seconds",
        30,
    )
    assert ran.code == 0
    assert 30 <= open_session(out).duration_s < 40


def test_nothing_is_recorded_over(run, tmp_path):
    (tmp_path / "there").mkdir()
    ran = run(
        "record", "--device", "synthetic:", "--participant", "AB", "--out", tmp_path / "there"
    )
    assert ran.code == 1
    assert "RecordingExistsError" in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_closes_the_journal_and_exits_0(tmp_path, number):
    out = tmp_path / "session"
    words = ["record", "--device", "synthetic:", "--participant", "AB", "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "wearaffect.cli", *words], stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not (out / "session.mcap").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2.5)
    process.send_signal(number)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads((out / "session.json").read_text())["closed"] is True
    assert "synthetic.eda" in said
    assert open_session(out).duration_s > 1.0


def test_recorded_and_analysed_are_the_same_session(run, read_json, tmp_path):
    out = tmp_path / "session"
    run(
        "record",
        "--device",
        "synthetic:?speed=0&duration_s=400",
        "--participant",
        "AB",
        "--out",
        out,
        "--model",
        _MODEL,
        "--rest",
        "0:150",
    )
    ran = run(
        "analyze",
        out,
        "--model",
        _MODEL,
        "--rest",
        "0:150",
        "--out",
        tmp_path / "a",
        "--json",
        tmp_path / "a.json",
    )
    assert ran.code == 0, ran.err
    assert read_json(tmp_path / "a.json")["counts"]["estimated"] > 10


@pytest.mark.timeout(180)
def test_demo_ends_with_a_report_by_the_live_path(run, tmp_path):
    ran = run("demo", "--out", tmp_path)
    assert ran.code == 0, ran.err
    assert (tmp_path / "report.html").stat().st_size > 50_000
    assert (tmp_path / "estimates.parquet").exists()
    (session,) = tmp_path.glob("session-*")
    assert json.loads((session / "session.json").read_text())["closed"] is True
    apart = float(ran.out.split("within ")[1].split(" ")[0])
    assert apart <= 1e-6


def test_models_and_doctor(run, read_json, tmp_path):
    assert "wrist-affect" in run("models", "list").out
    ran = run("models", "check", "wrist-affect", "--json", tmp_path / "m.json")
    assert ran.code == 0
    assert "Research use only" in ran.out
    assert read_json(tmp_path / "m.json")["self_test"] <= 1e-5
    ran = run("doctor", "--json", tmp_path / "d.json")
    assert ran.code == 0
    checks = {c["name"]: c for c in read_json(tmp_path / "d.json")["checks"]}
    assert checks["model"]["state"] == "ok"
    assert {c["state"] for c in checks.values()} <= {"ok", "warning", "problem"}
    assert all(c["remedy"] for c in checks.values() if c["state"] != "ok")
