"""One table: what is generated from it stands in the repository as it is."""

import ast
import importlib.util
import tomllib
from types import ModuleType

import pytest
from c_tools import BRIDGE

from wearaffect.core.streams import SignalKind
from wearaffect.core.units import Unit
from wearaffect.devices.bridge import table as bridge_table


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bridge_generate", BRIDGE / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_up_to_date(generate: ModuleType) -> None:
    table = tomllib.loads((BRIDGE / "bridge.toml").read_text())
    outputs = generate.outputs(table)
    assert len(outputs) == 3
    for path, text in outputs.items():
        assert path.read_text() == text, f"run firmware_bridge/generate.py: {path.name}"


def test_the_bridge_folder_never_imports_wearaffect() -> None:
    for path in BRIDGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])]
            assert not any(
                n.startswith("wearaffect") for n in [*names, getattr(node, "module", "") or ""]
            )


def test_every_kind_and_unit_is_one_of_ours() -> None:
    assert {kind.name for kind in bridge_table.Kind} <= {kind.name for kind in SignalKind}
    assert {unit.name for unit in bridge_table.Unit} <= {unit.name for unit in Unit}


def test_everything_fits_the_smallest_link() -> None:
    smallest = bridge_table.MIN_PAYLOAD
    assert smallest == 23 - 3  # the smallest ATT_MTU, less the head of a notification
    # a frame still takes one sample of three 16-bit channels
    assert bridge_table.DATA_LAYOUT.size + 3 * 2 + 2 <= smallest
    assert (
        bridge_table.COMMAND_LAYOUT.size + bridge_table.SET_RATE_ARGUMENTS_LAYOUT.size + 2
        <= smallest
    )
    assert bridge_table.ANSWER_LAYOUT.size + bridge_table.PING_RESULTS_LAYOUT.size + 2 <= smallest
