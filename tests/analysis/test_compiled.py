"""Compiled and plain loops give one answer, and a variable chooses between them."""

import os
import subprocess
import sys

import numpy as np
import pytest

from wearaffect.analysis.compiled import NO_NUMBA_VARIABLE, compiled, is_compiled
from wearaffect.analysis.convex_eda import Boundary, decompose_eda

SCRIPT = """
import sys
import numpy as np
from wearaffect.analysis.convex_eda import Boundary, decompose_eda
eda = np.load(sys.argv[1])
found = [decompose_eda(eda, 4.0, boundary=boundary) for boundary in Boundary]
assert "numba" not in sys.modules
np.save(sys.argv[2], [[p.tonic, p.phasic, p.driver] for p in found])
"""


@pytest.mark.skipif(not is_compiled(), reason="numba isn't installed: there is one way only")
def test_without_numba_the_answer_is_the_same(tmp_path):
    rng = np.random.default_rng(0)
    eda = 3 + np.cumsum(rng.exponential(0.1, 200) - 0.1) + 0.02 * rng.standard_normal(200)
    np.save(tmp_path / "eda.npy", eda)
    subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "eda.npy", tmp_path / "parts.npy"],
        env=os.environ | {NO_NUMBA_VARIABLE: "1"},
        check=True,
    )
    for plain, boundary in zip(np.load(tmp_path / "parts.npy"), Boundary, strict=True):
        parts = decompose_eda(eda, 4.0, boundary=boundary)
        np.testing.assert_allclose(plain, [parts.tonic, parts.phasic, parts.driver], atol=1e-9)


def test_the_variable_turns_numba_off(monkeypatch):
    def double(x):
        return 2 * x

    monkeypatch.setenv(NO_NUMBA_VARIABLE, "1")
    assert not is_compiled()
    assert compiled(double) is double
    monkeypatch.setenv(NO_NUMBA_VARIABLE, "0")
    if is_compiled():
        fast = compiled(double)
        assert fast is not double
        assert fast(21) == 42
        # a function that comes from no file can't be kept, and still runs
        scope = {}
        exec("def treble(x):\n    return 3 * x", scope)
        assert compiled(scope["treble"])(14) == 42
