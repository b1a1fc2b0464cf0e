"""Live on the synthetic wristband: its units, and what it loses."""

import pytest

from wearaffect.bundle.model import ModelBundle
from wearaffect.devices.drivers.synthetic import SyntheticDevice, SyntheticSettings
from wearaffect.pipeline.live import run_live
from wearaffect.recording.journal import JournalWriter
from wearaffect.recording.opening import open_session


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return ModelBundle(tiny_bundle)


def test_a_synthetic_wristband_is_understood_in_its_own_units(bundle):
    """It gives counts of 1/64 g; none of them is clipped at 2 g."""
    device = SyntheticDevice(SyntheticSettings(seed=3, speed=0, duration_s=90))
    outcomes = run_live([device], bundle)
    assert len(outcomes) == 7
    for outcome in outcomes:
        assert outcome.quality["acc"].score > 0.9
        assert outcome.origin_ns == device.start_ns


@pytest.mark.parametrize("fault", ["dropout", "disconnect"])
def test_a_wristband_that_drops_out_still_ends_its_windows(bundle, fault, tmp_path):
    settings = SyntheticSettings(
        seed=3, speed=0, duration_s=150, faults=(fault,), fault_at_s=80, fault_for_s=30
    )
    outcomes = run_live(
        [SyntheticDevice(settings)], bundle, [JournalWriter(tmp_path / "s", participant="P-01")]
    )
    assert outcomes[-1].end_s == (150 if fault == "dropout" else 75)
    recorded = open_session(tmp_path / "s")
    assert recorded.problems == ()
    gaps = [gap for stream in recorded.streams.values() for gap in stream.gaps]
    assert bool(gaps) == (fault == "dropout")
