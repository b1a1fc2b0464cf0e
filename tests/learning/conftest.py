"""Tables of synthetic people, made once."""

from pathlib import Path

import pytest

from wearaffect.datasets.wesad import read_wesad
from wearaffect.learning.table import PersonTable, read_tables
from wearaffect.signals.chain import ChainSettings


@pytest.fixture(scope="session")
def people(made_wesad: Path) -> list[PersonTable]:
    return read_tables(read_wesad(made_wesad), ChainSettings())
