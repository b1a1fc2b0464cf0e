"""From compiled firmware to another process: every part is the one that ships, none is replaced.

C firmware → GATT → a real host stack → bleak → driver → chain → windows → bundle → journal and LSL
outlets → a reader in a second process that has never heard of this library.
"""

import json
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lsl_parts import NETWORK  # liblsl is configured once in a process
from scaled_loop import run_scaled

import wearaffect as wa
from wearaffect.core.affect import AffectEstimate, Outcome
from wearaffect.core.protocols import Device
from wearaffect.devices.lsl.outlets import LslOutlets
from wearaffect.pipeline.live import live
from wearaffect.pipeline.results import largest_difference
from wearaffect.recording.journal import JournalWriter

REPOSITORY = Path(__file__).parents[2]
SECONDS = 100.0


KINDS = ("eda", "bvp", "acc", "temp")


@dataclass
class Sitting:
    folder: Path
    device: Device
    bundle: wa.ModelBundle
    said: list[Outcome]
    read: dict[str, Any]


@pytest.fixture(scope="module")
def sitting(tmp_path_factory: pytest.TempPathFactory) -> Sitting:
    prefix = f"chain-{secrets.token_hex(4)}"
    folder = tmp_path_factory.mktemp("chain") / "session"
    bundle = wa.load_bundle(REPOSITORY / "models" / "wrist-affect")
    device = wa.connect(f"bumble:bridge?seed=3&duration_s={SECONDS:g}")
    journal = JournalWriter(folder, participant="P01", device="bumble:bridge")
    outlets = LslOutlets(prefix, NETWORK, bundle.manifest.labels)

    async def sit() -> list[Outcome]:
        outcomes = live([device], bundle, [journal, outlets], without_enrolment=True)
        return [outcome async for outcome in outcomes]

    names = ("estimates", *(f"bridge.{kind}" for kind in KINDS))
    script = Path(__file__).with_name("lsl_reader.py")
    reader = subprocess.Popen(
        [sys.executable, script, NETWORK.configuration(), prefix, *names],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    # held open until the reader has what was sent
    closing, outlets.close = outlets.close, lambda: None
    try:
        said = run_scaled(sit(), speed=10.0)
        told, _ = reader.communicate(timeout=60)
    finally:
        closing()
        reader.kill()
    return Sitting(folder, device, bundle, said, json.loads(told))


def test_the_journal_has_every_sample_and_says_so(sitting: Sitting) -> None:
    session = wa.open_session(sitting.folder)
    accounts = json.loads((sitting.folder / "session.json").read_text())["streams"]
    for kind in KINDS:
        truth = np.concatenate([s.data for s, _ in sitting.device.wearable.truth.samples(kind)])
        stored = session.streams[f"bridge.{kind}"].samples()[1]
        np.testing.assert_array_equal(stored, truth)
        account = accounts[f"bridge.{kind}"]
        assert account["loss_evidence"] == "counter"
        assert account["expected"] == account["stored"] == len(truth)


def test_offline_says_what_live_said_and_another_process_read(sitting: Sitting) -> None:
    session = wa.open_session(sitting.folder)
    offline = wa.analyze(session, sitting.bundle, without_enrolment=True).outcomes
    assert len(offline) == len(sitting.said) > 5
    assert any(isinstance(outcome, AffectEstimate) for outcome in offline)
    assert largest_difference(sitting.said, offline) <= 1e-6

    columns = sitting.read["columns"]["estimates"]
    rows = np.array(sitting.read["rows"]["estimates"])
    assert len(rows) == len(offline)
    for label in sitting.bundle.manifest.labels:
        expected = [
            o.probabilities[label] if isinstance(o, AffectEstimate) else np.nan for o in offline
        ]
        got = rows[:, columns.index(f"p_{label}")]
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6)


def test_another_process_read_the_signals_whole(sitting: Sitting) -> None:
    session = wa.open_session(sitting.folder)
    for kind in KINDS:
        samples = np.array(sitting.read["rows"][f"bridge.{kind}"])
        stored = session.streams[f"bridge.{kind}"].samples()[1]
        # whole from the moment on at which it had found the stream, to the last sample
        assert len(stored) / 3 < len(samples) <= len(stored)
        assert np.all(np.diff(samples[:, -1]) == 1)
        np.testing.assert_array_equal(samples[:, :-1], stored[-len(samples) :])
