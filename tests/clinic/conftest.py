"""One real recording with made-up answers, real sittings over it, and sessions of known content."""

from pathlib import Path

import numpy as np
import pytest
from made_up import analysis_of
from recorded_sittings import GAP_S, record, wristband

from wearaffect.bundle.model import ModelBundle
from wearaffect.pipeline.offline import Analysis
from wearaffect.recording.e4 import read_e4
from wearaffect.recording.session import Session

MODEL = Path(__file__).parents[2] / "models" / "wrist-affect"


@pytest.fixture(scope="session")
def analysis(example_recording: Path) -> Analysis:
    return analysis_of(read_e4(example_recording))


@pytest.fixture(scope="session")
def twelve_minutes(example_recording: Path) -> Session:
    """Twelve minutes of a real wristband, with twenty seconds out of reach."""
    return wristband(read_e4(example_recording), 380.0, 720.0, GAP_S)


@pytest.fixture(scope="session")
def shipped() -> ModelBundle:
    return ModelBundle(MODEL)


@pytest.fixture(scope="session")
def sat(
    twelve_minutes: Session, shipped: ModelBundle, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A recorded sitting with estimates; copy it before changing it."""
    folder = tmp_path_factory.mktemp("sat") / "first"
    record(folder, twelve_minutes, shipped)
    return folder


@pytest.fixture(scope="session")
def sat_again(
    example_recording: Path, shipped: ModelBundle, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The same protocol over another part of the recording, a week later."""
    folder = tmp_path_factory.mktemp("sat") / "second"
    part = wristband(read_e4(example_recording), 1900.0, 720.0, GAP_S)
    record(folder, part, shipped, wall_start_s=1_764_404_800.0)
    return folder


@pytest.fixture(scope="session")
def sat_bare(twelve_minutes: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded sitting without a model."""
    folder = tmp_path_factory.mktemp("sat") / "bare"
    record(folder, twelve_minutes, None)
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
