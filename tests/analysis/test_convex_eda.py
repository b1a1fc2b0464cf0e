"""Convex EDA against optimality conditions, a general solver, and what published packages give.

The matrices of the conditions are built here sample by sample, with scipy's recursive filter and
shifted splines, and share nothing with the moving front.
"""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from wearaffect.analysis.convex_eda import Boundary, ConvexEdaSettings, decompose_eda
from wearaffect.core.errors import SignalError

GOLDEN = Path(__file__).parents[1] / "golden" / "convex_eda"
ALPHA, GAMMA = 8e-4, 1e-2
AS_IS = ConvexEdaSettings(standardise=False)


def skin(rate, duration_s, seed=0):
    """Responses on a wandering level, with noise, µS."""
    rng = np.random.default_rng(seed)
    n = round(rate * duration_s)
    driver = np.zeros(n)
    driver[rng.choice(n, max(1, n // round(12 * rate)), replace=False)] = rate * rng.exponential(1)
    t = np.arange(n) / rate
    shape = (np.exp(-t / 2) - np.exp(-t / 0.7)) / rate
    wander = np.cumsum(rng.standard_normal(n)) / np.sqrt(n)
    noise = 0.02 * rng.standard_normal(n)
    return 3 + np.convolve(driver, shape)[:n] + 0.3 * np.sin(t / 40) + 0.5 * wander + noise


def recursion(rate):
    """Coefficients of the bilinear transform of exp(-t/2) - exp(-t/0.7)."""
    b, a = scipy.signal.bilinear([1 / 0.7 - 1 / 2], np.poly([-1 / 2, -1 / 0.7]), fs=rate)
    return b, a


def splines(n, rate, boundary, knot_s=10.0):
    """Columns of B: two triangles folded, moved from knot to knot."""
    width = round(knot_s * rate)
    half = np.concatenate([np.arange(1, width), np.arange(width, 0, -1)])
    bump = np.convolve(half, half) / np.sum(half.astype(float) ** 2)
    end = n if boundary is Boundary.PUBLISHED_2015 else n + width / 2
    columns = []
    for knot in range(0, int(np.ceil(end)), width):
        track = np.zeros(n + 6 * width)
        track[knot + width + 2 :][: bump.size] = bump
        columns.append(track[3 * width : 3 * width + n])
    return np.array(columns).T


def trend(n):
    return np.column_stack([np.ones(n), np.arange(1, n + 1) / n])


def rms(ours, theirs):
    return np.sqrt(np.mean((ours - theirs) ** 2)) / theirs.std()


@pytest.mark.parametrize("boundary", Boundary)
@pytest.mark.parametrize(("rate", "duration_s"), [(4.0, 600.0), (4.3, 95.0), (64.0, 43.0)])
def test_the_answer_satisfies_the_optimality_conditions(rate, duration_s, boundary):
    eda = skin(rate, duration_s)
    z = (eda - eda.mean()) / eda.std()
    parts = decompose_eda(eda, rate, boundary=boundary)
    phasic, driver = parts.phasic / eda.std(), parts.driver / eda.std()
    residual = parts.residual / eda.std()
    first = 0 if boundary is Boundary.REVISED_2025 else 2
    # the phasic part is the filtered driver, but for what was there before
    b, a = recursion(rate)
    filtered = scipy.signal.lfilter(b, a, driver[first:])
    impulse = np.eye(1, driver.size - first).ravel()
    rest = phasic[first:] - filtered
    if first:
        assert not phasic[:2].any()
        assert not driver[:2].any()
        decay = scipy.signal.lfilter([1], a, impulse)
        before = np.column_stack([decay, np.append(0, decay[:-1])])
        np.testing.assert_allclose(before @ np.linalg.lstsq(before, rest)[0], rest, atol=1e-9)
        np.testing.assert_allclose(before.T @ residual[2:], 0, atol=1e-5 * z.size)
    else:
        np.testing.assert_allclose(rest, 0, atol=1e-9)
    # the tonic part is splines and trend
    basis = np.hstack([splines(z.size, rate, boundary), trend(z.size)])
    tonic = (parts.tonic - eda.mean()) / eda.std()
    weights = np.linalg.lstsq(basis, tonic)[0]
    np.testing.assert_allclose(basis @ weights, tonic, atol=1e-9)
    # no direction leads down: zero slope where free, upwards where the driver is at its bound
    slope = basis.T @ residual
    level = 1e-6 * np.abs(basis.T @ z).max()  # a millionth of what it is with no tonic part
    np.testing.assert_allclose(slope[:-2], GAMMA * weights[:-2], atol=level)
    np.testing.assert_allclose(slope[-2:], 0, atol=level)
    back = scipy.signal.lfilter(b, a, residual[first:][::-1])[::-1]
    uphill = ALPHA - back
    assert uphill.min() > -1e-4 * ALPHA
    objective = (
        0.5 * residual @ residual + ALPHA * driver.sum() + 0.5 * GAMMA * np.sum(weights[:-2] ** 2)
    )
    assert parts.objective == pytest.approx(objective, rel=1e-9)
    assert np.abs(uphill * driver[first:]).sum() < 1e-4 * objective
    assert 0 <= parts.gap <= 1e-6 * objective


@pytest.mark.parametrize("boundary", Boundary)
def test_a_general_solver_finds_nothing_lower(boundary):
    rate, knot_s = 4.0, 3.0
    eda = skin(rate, 8.0, seed=3)
    z = (eda - eda.mean()) / eda.std()
    b, a = recursion(rate)
    first = 0 if boundary is Boundary.REVISED_2025 else 2
    n = z.size
    driven = np.zeros((n, n - first))
    for k in range(n - first):
        driven[first:, k] = scipy.signal.lfilter(b, a, np.eye(1, n - first, k).ravel())
    decay = scipy.signal.lfilter([1], a, np.eye(1, n).ravel())
    before = np.column_stack([np.roll(decay, 2), np.roll(decay, 3)])[:, : 2 if first else 0]
    before[:2], before[2:3, 1:] = 0, 0
    bumps = splines(n, rate, boundary, knot_s)
    columns = np.hstack([driven, before, bumps, trend(n)])
    price = np.append(np.full(n - first, ALPHA), np.zeros(columns.shape[1] - n + first))
    ridge = np.zeros(columns.shape[1])
    ridge[n - first + before.shape[1] : -2] = GAMMA

    def objective(x):
        residual = columns @ x - z
        value = 0.5 * residual @ residual + price @ x + 0.5 * ridge @ x**2
        return value, columns.T @ residual + price + ridge * x

    found = scipy.optimize.minimize(
        objective,
        np.zeros(columns.shape[1]),
        jac=True,
        method="SLSQP",
        bounds=[(0, None)] * (n - first) + [(None, None)] * (columns.shape[1] - n + first),
        options={"maxiter": 2_000, "ftol": 1e-14},
    )
    ours = decompose_eda(eda, rate, boundary=boundary, settings=ConvexEdaSettings(knot_s=knot_s))
    assert ours.objective == pytest.approx(found.fun, rel=1e-6)


@pytest.mark.parametrize(
    ("file", "rate", "objective"),
    [("4hz.csv", 4.0, 3.195032655256), ("25hz.csv", 25.0, 14.202994875795)],
)
def test_published_packages_give_the_same(file, rate, objective):
    table = np.genfromtxt(GOLDEN / file, delimiter=",", names=True)
    eda = table["signal_us"]
    scale = eda.std()
    revised = decompose_eda(eda, rate)
    assert revised.objective == pytest.approx(objective, rel=1e-6)
    assert rms(revised.phasic / scale, table["cvxeda_phasic"]) < 1e-4
    published = decompose_eda(eda, rate, boundary=Boundary.PUBLISHED_2015)
    theirs = table["neurokit_phasic_of_standardised"]
    assert rms(published.phasic / scale, theirs) < 1e-4
    assert rms(revised.phasic / scale, theirs) > 1e-3  # the boundaries do differ
    in_us = decompose_eda(eda, rate, boundary=Boundary.PUBLISHED_2015, settings=AS_IS)
    assert rms(in_us.phasic, table["neurokit_phasic_us"]) < 1e-3


@pytest.mark.parametrize("boundary", Boundary)
def test_parts_scale_with_the_signal_and_dont_see_its_offset(boundary):
    eda = skin(4.0, 120.0)
    plain = decompose_eda(eda, 4.0, boundary=boundary)
    moved = decompose_eda(7 * eda - 50, 4.0, boundary=boundary)
    np.testing.assert_allclose(moved.phasic, 7 * plain.phasic, atol=1e-6)
    np.testing.assert_allclose(moved.driver, 7 * plain.driver, atol=1e-4)
    np.testing.assert_allclose(moved.tonic, 7 * plain.tonic - 50, atol=1e-6)
    assert moved.objective == pytest.approx(plain.objective)
    weak = decompose_eda(0.01 * eda, 4.0, boundary=boundary, settings=AS_IS)
    assert weak.driver.sum() < 0.005 * plain.driver.sum()


def test_a_gap_stays_one_and_splits_the_signal_in_two():
    eda = skin(4.0, 200.0)
    eda[300:320] = np.nan
    eda[350] = np.inf
    both = decompose_eda(eda, 4.0)
    missing = np.ones(eda.size, bool)
    missing[:300] = missing[351:] = False
    # thirty samples between two gaps are less than a knot apart
    for part in (both.tonic, both.phasic, both.driver, both.residual):
        np.testing.assert_array_equal(np.isnan(part), missing)
    known = eda[np.isfinite(eda)]
    for piece in (slice(0, 300), slice(351, None)):
        # alone, with the deviation of the whole
        settings = ConvexEdaSettings(standardise=False, alpha=ALPHA * known.std())
        alone = decompose_eda(eda[piece], 4.0, settings=settings)
        np.testing.assert_allclose(both.phasic[piece], alone.phasic, atol=1e-4 * known.std())


@given(
    st.lists(st.floats(-50, 50, width=32), min_size=12, max_size=12),
    st.sampled_from([1.0, 4.0, 16.0]),
    st.sampled_from(Boundary),
)
def test_parts_always_add_up_to_the_signal(corners, rate, boundary):
    n = round(30 * rate)
    eda = np.interp(np.arange(n), np.linspace(0, n, 12), corners)
    parts = decompose_eda(eda, rate, boundary=boundary)
    np.testing.assert_allclose(parts.tonic + parts.phasic + parts.residual, eda, atol=1e-9)
    assert parts.driver.min() >= 0
    assert parts.gap >= 0
    # nothing is worse than a constant
    z = (eda - eda.mean()) / (eda.std() or 1)
    assert parts.objective <= 0.5 * z @ z + 1e-9


def worst_cases():
    n = 400
    noise = np.random.default_rng(1).standard_normal(n)
    return list(
        {
            "step": np.repeat([0.0, 1.0], n // 2),
            "spike": np.eye(1, n, n // 2).ravel(),
            "last": np.eye(1, n, n - 1).ravel(),
            "noise": noise,
            "ramp": np.arange(float(n)),
            "alternating": np.arange(n) % 2.0,
            "clipped": np.clip(np.sin(np.arange(n) / 50), -0.2, 0.2),
            "negative": -5 + 0.01 * noise.cumsum(),
            "huge": 1e300 * noise,
            "tiny": 1e-310 * noise,
            "one step of the converter": 5 + np.spacing(5.0) * (noise > 0),
            "one sample far out": np.where(np.arange(n) == 200, 1e9, 1e-3 * noise),
            "one knot": noise[:40],
            "integers": (100 * noise).astype(np.int16),
        }.items()
    )


@pytest.mark.parametrize("boundary", Boundary)
@pytest.mark.parametrize(("name", "eda"), worst_cases())
def test_whatever_comes_has_an_answer(name, eda, boundary):
    for rate in (1.0, 4.0):
        parts = decompose_eda(eda, rate, boundary=boundary)
        whole = parts.tonic + parts.phasic + parts.residual
        np.testing.assert_allclose(whole, eda, atol=1e-9 * float(np.abs(eda).max()))
        assert parts.driver.min() >= 0


@pytest.mark.parametrize(("rate", "duration_s"), [(250.0, 10.0), (100.0, 30.0)])
def test_a_spike_on_the_last_sample_has_an_answer(rate, duration_s):
    """Hundreds of deviations far out, and all that could explain it lies before."""
    eda = np.full(round(rate * duration_s), 2.0)
    eda[-1] += 1
    parts = decompose_eda(eda, rate)
    assert parts.gap <= 1e-6 * parts.objective
    level = (eda - eda.mean()) / eda.std()
    assert parts.objective < 0.5 * level @ level


def test_what_doesnt_change_is_all_tonic():
    parts = decompose_eda(np.full(100, 0.1), 4.0)
    np.testing.assert_allclose(parts.tonic, 0.1, atol=1e-9)
    np.testing.assert_allclose(parts.phasic, 0, atol=1e-6)
    np.testing.assert_allclose(parts.driver, 0, atol=1e-6)


@pytest.mark.parametrize("eda", [[], [1.0, 2.0, 1.5], np.full(100, np.nan), np.arange(39.0)])
def test_less_than_a_knot_is_unknown(eda):
    parts = decompose_eda(eda, 4.0)
    assert parts.tonic.size == np.size(eda)
    for part in (parts.tonic, parts.phasic, parts.driver, parts.residual):
        assert np.isnan(part).all()
    assert (parts.objective, parts.n_iterations) == (0, 0)


def test_what_cant_be_solved_has_a_name():
    with pytest.raises(SignalError, match="check the unit"):
        decompose_eda(np.tile([1.7e308, -1.7e308], 50), 4.0)
    # a driver that costs nothing has no single best answer
    with pytest.raises(SignalError, match="steps") as caught:
        decompose_eda(1e12 * np.eye(1, 1000).ravel(), 100.0, settings=AS_IS)
    assert caught.value.stream == "eda"


@pytest.mark.parametrize(
    ("eda", "rate", "name"),
    [
        (np.zeros((9, 2)), 4.0, "shape"),
        (np.zeros(9), 0.0, "rate"),
        (np.zeros(9), 0.5, "rate"),
        (np.zeros(9), np.nan, "rate"),
        (np.zeros(9), np.inf, "rate"),
    ],
)
def test_wrong_arguments_are_named(eda, rate, name):
    with pytest.raises(ValueError, match=name):
        decompose_eda(eda, rate)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rise_s": 2.0},
        {"rise_s": 0},
        {"slow_s": np.inf},
        {"alpha": 0},
        {"gamma": -1},
        {"knot_s": 0},
    ],
)
def test_wrong_settings_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ConvexEdaSettings(**wrong)


def e4_skin(folder):
    """EDA of all E4 exports below a folder: header rows of start and rate, then µS."""
    for file in sorted(folder.rglob("*_E4_Data.zip")):
        with zipfile.ZipFile(file) as archive:
            member = next(name for name in archive.namelist() if name.endswith("EDA.csv"))
            yield archive.read(member)
    for file in sorted(folder.rglob("EDA.csv.gz")):
        yield gzip.decompress(file.read_bytes())


@pytest.mark.data
@pytest.mark.parametrize(
    ("corpus", "at_least"),
    [("wesad", 11), ("stress_predict", 17), ("wearable_exam_stress", 21)],
)
def test_every_recording_is_decomposed(data_root, corpus, at_least):
    count = 0
    for text in e4_skin(data_root / corpus):
        _, rate, *eda = (float(row.split(b",")[0]) for row in text.split())
        parts = decompose_eda(eda, rate)
        assert parts.gap <= 1e-6 * max(parts.objective, 1e-6 * len(eda))
        assert parts.n_iterations <= 30
        count += 1
    assert count >= at_least


def test_a_boundary_may_be_named_and_an_unknown_one_is_refused():
    level = 2 + np.cumsum(0.01 * np.random.default_rng(0).standard_normal(400))
    named = decompose_eda(level, 4.0, boundary="2015")
    meant = decompose_eda(level, 4.0, boundary=Boundary.PUBLISHED_2015)
    assert named.boundary is Boundary.PUBLISHED_2015
    np.testing.assert_array_equal(named.tonic, meant.tonic)
    with pytest.raises(ValueError, match="not a valid Boundary"):
        decompose_eda(level, 4.0, boundary="1999")
