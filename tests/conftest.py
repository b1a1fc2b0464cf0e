"""Fixtures shared by all tests: where the recordings are, and hypothesis profiles."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=200,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("dev", max_examples=50, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder that holds the public recordings; skips by name where it isn't there."""
    root = os.environ.get("WEARAFFECT_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("WEARAFFECT_DATA doesn't name a folder of recordings")
    return Path(root)


@pytest.fixture(scope="session")
def example_recording() -> Path:
    """The real recording that ships with the repository (Stress-Predict S01, MIT)."""
    return Path(__file__).parents[1] / "examples" / "data" / "stress_predict_S01"


@pytest.fixture(scope="session")
def made_wesad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four synthetic people laid out as WESAD, both protocol orders."""
    from made_wesad import write_wesad

    return write_wesad(tmp_path_factory.mktemp("made_wesad"))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle that is a linear map; copy it before changing it."""
    from bundle_maker import make_bundle  # onnx takes a second to load

    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny")
