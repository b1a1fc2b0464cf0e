"""What `import wearaffect` offers, and what it doesn't drag in."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import wearaffect

pytestmark = pytest.mark.smoke

HEAVY = {
    "bleak", "lightning", "matplotlib", "neurokit2", "numba", "onnxruntime", "pandas", "pyarrow",
    "scipy", "sklearn", "torch", "xgboost",
}  # fmt: skip
PROMISED = {
    "Abstention", "AffectEstimate", "Chain", "Device", "Enrolment", "ModelBundle", "Session",
    "SignalChunk", "Sink", "StreamInfo", "WearAffectError", "Window", "WindowSpec", "__version__",
    "analyze", "connect", "features", "live", "load_bundle", "open_session",
}  # fmt: skip


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_the_promised_names_are_there() -> None:
    assert set(wearaffect.__all__) >= PROMISED


def test_names_are_few_sorted_and_each_once() -> None:
    assert wearaffect.__all__ == sorted(set(wearaffect.__all__))
    assert len(wearaffect.__all__) <= 25


@pytest.mark.parametrize("name", wearaffect.__all__)
def test_each_name_resolves_and_says_what_it_is(name: str) -> None:
    found = getattr(wearaffect, name)
    assert found is getattr(wearaffect, name)
    assert name == "__version__" or found.__doc__
    assert name in dir(wearaffect)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        wearaffect.analyse  # noqa: B018 # looking it up is the test


def test_importing_loads_nothing_heavy_and_not_even_numpy() -> None:
    loaded = loaded_after("import wearaffect")
    assert "wearaffect" in loaded
    assert not loaded & (HEAVY | {"numpy"})


def test_every_name_together_loads_nothing_heavy() -> None:
    loaded = loaded_after("import wearaffect as wa; [getattr(wa, name) for name in wa.__all__]")
    assert "numpy" in loaded
    assert not loaded & HEAVY


def test_the_predictor_needs_numpy_and_onnxruntime_alone(repository: Path) -> None:
    bundle = str(repository / "models" / "wrist-affect")
    loaded = loaded_after(
        f"import wearaffect as wa; assert wa.load_bundle({bundle!r}).self_test() < 1e-5"
    )
    assert "onnxruntime" in loaded
    assert not loaded & (HEAVY - {"onnxruntime"})


def test_the_command_line_starts_without_anything_heavy() -> None:
    assert not loaded_after("import wearaffect.cli.main") & HEAVY
