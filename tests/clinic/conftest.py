"""One real recording with made-up answers, and small sessions with known content."""

from pathlib import Path

import numpy as np
import pytest
from made_up import analysis_of

from wearaffect.pipeline.offline import Analysis
from wearaffect.recording.e4 import read_e4


@pytest.fixture(scope="session")
def analysis(example_recording: Path) -> Analysis:
    return analysis_of(read_e4(example_recording))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
