"""Offline: what an analysis says of a recording."""

import numpy as np
import pytest
from cut_sessions import shortened

from wearaffect.bundle.estimator import NO_REST
from wearaffect.bundle.model import ModelBundle
from wearaffect.core.affect import Abstention, AffectEstimate
from wearaffect.core.errors import BundleMismatchError
from wearaffect.pipeline.offline import analyze
from wearaffect.recording.opening import open_session
from wearaffect.recording.session import Session
from wearaffect.recording.windows import windows_of
from wearaffect.signals.chain import Chain, ChainSettings
from wearaffect.signals.enrolment import RestInterval
from wearaffect.signals.features import FEATURES


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return ModelBundle(tiny_bundle)


@pytest.fixture(scope="module")
def session(example_recording):
    return shortened(open_session(example_recording), 500)


def test_an_analysis_counts_what_it_did(session, bundle):
    shares = []
    analysis = analyze(session, bundle, rest=RestInterval(60, 300), progress=shares.append)
    assert len(analysis.windows) == len(analysis.outcomes) == 89
    assert [w.start_s for w in analysis.windows] == [5.0 * i for i in range(89)]
    for window, outcome in zip(analysis.windows, analysis.outcomes, strict=True):
        assert (window.start_ns, window.end_ns) == (outcome.start_ns, outcome.end_ns)
        assert dict(window.signals) == {}
        assert set(FEATURES) < set(window.features)
        assert isinstance(outcome, Abstention) or window.rest is not None
    assert len(analysis.estimates) == sum(isinstance(o, AffectEstimate) for o in analysis.outcomes)
    assert analysis.coverage == len(analysis.estimates) / 89
    assert analysis.withheld_by_reason[NO_REST] == 49
    assert sum(analysis.withheld_by_reason.values()) + len(analysis.estimates) == 89
    assert analysis.enrolment.n_windows == 37
    assert not analysis.rest_missing
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_without_rest_it_says_what_is_missing(session, bundle):
    analysis = analyze(session, bundle)
    assert analysis.rest_missing
    assert analysis.coverage == 0.0
    told = analyze(session, bundle, without_enrolment=True)
    assert told.coverage > 0.5
    assert not told.rest_missing


def test_the_answer_does_not_depend_on_how_a_file_is_sliced(session, bundle):
    """Nor on what comes after: a shorter recording gives the first windows of a longer one."""
    longer = list(windows_of(session, Chain(ChainSettings())))
    shorter = list(windows_of(shortened(session, 200), Chain(ChainSettings())))
    assert len(shorter) == 29
    for one, other in zip(shorter, longer, strict=False):
        assert one.quality == other.quality
        np.testing.assert_array_equal(list(one.features.values()), list(other.features.values()))


def test_a_recording_of_nothing_is_refused(bundle):
    with pytest.raises(BundleMismatchError, match=r"nothing\.zip doesn't fit.*none of eda"):
        analyze(Session("nothing.zip", {}), bundle)


def test_a_recording_too_short_for_a_window_has_none(session, bundle):
    analysis = analyze(shortened(session, 59.75), bundle)
    assert analysis.outcomes == ()
    assert analysis.coverage == 0.0
    assert len(analyze(shortened(session, 60.0), bundle).outcomes) == 1
