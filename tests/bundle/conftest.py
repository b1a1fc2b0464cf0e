"""Windows of a synthetic participant, before and after rest was taken."""

import shutil

import pytest

from wearaffect.bundle.model import ModelBundle
from wearaffect.core.streams import SignalChunk, StreamInfo
from wearaffect.physiology.participant import SENSORS, ParticipantSettings, simulate_participant
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import RestInterval


@pytest.fixture(scope="session")
def windows():
    """Three minutes: windows up to 120 s are before rest was taken."""
    recorded = simulate_participant(ParticipantSettings(seed=2), 180)
    chain = Chain(ChainSettings(), rest=RestInterval(0, 120))
    for kind, sensor in SENSORS.items():
        stream = StreamInfo(f"t.{kind}", kind, sensor.channels, sensor.sampling_rate)
        chain.push(SignalChunk(stream, recorded.signals[kind]))
    return list(chain.advance(180 * 10**9))


@pytest.fixture
def folder(tiny_bundle, tmp_path):
    """A copy of the bundle that may be spoilt."""
    return shutil.copytree(tiny_bundle, tmp_path / "tiny")


@pytest.fixture
def bundle(tiny_bundle):
    return ModelBundle(tiny_bundle)
