"""`stream`, and `record --sink`: what goes out is what comes in elsewhere."""

import json
import os
import signal
import subprocess
import sys

import pytest
from lsl_parts import SESSION, gathered, n_samples_in, unique

from wearaffect.core.streams import SignalChunk
from wearaffect.devices.registry import open_device


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_a_normal_end_and_nothing_is_recorded(tmp_path, number):
    prefix, said = unique(), tmp_path / "said.json"
    words = [
        "stream",
        "--device",
        "synthetic:?speed=4",
        "--sink",
        f"lsl:{prefix}?session={SESSION}",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "wearaffect.cli", *words, "--json", str(said)],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    device = open_device(f"lsl:source_id={prefix}/synthetic.bvp?session={SESSION}&wait_s=30")
    items = gathered(device, lambda items: n_samples_in(items) >= 200, 60)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    result = json.loads(said.read_text())
    assert result["streams"]["synthetic.bvp"]["sent"] >= n_samples_in(items)
    assert result["streams"]["synthetic.bvp"]["lost"] == 0
    assert "synthetic.bvp" in out
    assert list(tmp_path.iterdir()) == [said]
    chunks = [item for item in items if isinstance(item, SignalChunk)]
    assert sum(chunk.n_lost for chunk in chunks) == 0
    assert device.streams[0].body_site == "wrist"


def test_estimates_are_made_on_the_way(run, read_json, tmp_path, tiny_bundle):
    ran = run(
        "stream",
        "--device",
        "synthetic:?speed=0&duration_s=200",
        "--sink",
        f"lsl:{unique()}?session={SESSION}",
        "--model",
        tiny_bundle,
        "--no-enrolment",
        "--json",
        tmp_path / "said.json",
    )
    assert ran.code == 0, ran.err
    said = read_json(tmp_path / "said.json")
    assert sum(said["outcomes"].values()) > 10
    assert set(said["streams"]) == {f"synthetic.{kind}" for kind in ("acc", "bvp", "eda", "temp")}
    assert all(account["sent"] > 0 for account in said["streams"].values())


def test_a_recording_goes_out_too_and_is_whole(run, read_json, tmp_path):
    out = tmp_path / "session"
    ran = run(
        "record",
        "--device",
        "synthetic:?speed=0&duration_s=60",
        "--participant",
        "P-01",
        "--out",
        out,
        "--sink",
        f"lsl:{unique()}?session={SESSION}",
    )
    assert ran.code == 0, ran.err
    assert "recording: " in ran.out
    stored = read_json(out / "session.json")["streams"]
    assert stored["synthetic.eda"]["stored"] == 60 * 4


@pytest.mark.parametrize("sink", ["osc:1", "lsl:x?scope=world"])
def test_a_sink_that_is_not_there_starts_nothing(run, tmp_path, sink):
    words = ("--device", "synthetic:", "--sink", sink)
    ran = run("record", *words, "--participant", "AB", "--out", tmp_path / "session")
    assert ran.code == 1
    assert "DeviceUriError" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_stream_needs_somewhere_to_go(run):
    assert run("stream", "--device", "synthetic:").code == 2
