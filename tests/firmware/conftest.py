"""The golden bytes, as data and as a C header."""

import json
from pathlib import Path

import pytest
from c_tools import BRIDGE, write_golden_header


@pytest.fixture(scope="session")
def golden() -> dict:
    return json.loads((BRIDGE / "golden" / "frames.json").read_text())


@pytest.fixture(scope="session")
def golden_header(golden: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds golden.h."""
    folder = tmp_path_factory.mktemp("golden")
    write_golden_header(golden, folder)
    return folder
