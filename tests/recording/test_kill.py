"""A recorder that is killed: every second it acknowledged is there, and can be recovered."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from faulty_disks import START_NS, wrong_samples
from mcap.reader import NonSeekingReader

from wearaffect.recording.journal import read_journal
from wearaffect.recording.recover import recover, unclosed_sessions
from wearaffect.recording.verify import verify

_CHILD = Path(__file__).with_name("killed_recorder.py")


def kill_one(folder: Path, after: int) -> int:
    """Kill a recorder some time after so many seconds; give how many it acknowledged."""
    command = [sys.executable, str(_CHILD), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        acknowledged = 0
        for line in child.stdout:
            acknowledged = int(line)
            if acknowledged >= after:
                break
        child.kill()
        for line in child.stdout:  # said before it died
            acknowledged = int(line)
    assert child.returncode == -signal.SIGKILL
    return acknowledged


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_recorder_loses_no_acknowledged_second(tmp_path: Path) -> None:
    rng = random.Random(5)
    for trial in range(5):
        folder = tmp_path / str(trial)
        acknowledged = kill_one(folder, rng.randrange(1, 60))
        assert unclosed_sessions(folder) == [folder]
        made = recover(folder, tmp_path / f"new {trial}")
        assert verify(made.folder).ok
        with (made.folder / "session.mcap").open("rb") as stream:
            n_strict = sum(1 for _ in NonSeekingReader(stream, validate_crcs=True).iter_messages())
        assert n_strict == json.loads((made.folder / "session.json").read_text())["n_messages"]
        session = read_journal(made.folder)
        for stream in session.streams.values():
            times, data = stream.samples()
            assert wrong_samples(stream.info, times, data) == 0
            assert stream.gaps == ()
        times = session.streams["t.acc"].samples()[0]
        np.testing.assert_array_equal(times[::32], START_NS + np.arange(len(times) // 32) * 10**9)
        assert len(times) // 32 >= acknowledged
