"""The one pass over the rows against long double arithmetic, row by row, also where hazards are extreme."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode

from bayes_escc.families.survival.hazard_sum import HazardSum
from bayes_escc.families.survival.rows import unique_rows
from tests.oracles import hazard_sums


@pytest.fixture(scope="module")
def compiled():
    """Value and gradients by Numba, for rows with log times; and the same by NumPy."""
    level, slope, coefficient, shift = (pt.dvector(n) for n in ("level", "slope", "coefficient", "shift"))
    starts, x = pt.lvector("starts"), pt.dmatrix("x")
    total = HazardSum(timed=True)(level, slope, coefficient, shift, starts, x)[0]
    inputs = [level, slope, coefficient, shift, starts, x]
    outputs = [total, *pytensor.grad(total, inputs[:4])]
    return [
        pytensor.function(inputs, outputs, mode=mode) for mode in ("NUMBA", Mode(linker="py", optimizer="fast_compile"))
    ]


def rows(n, covariates, seed):
    rng = np.random.default_rng(seed)
    regimen = np.sort(rng.integers(0, 3, n))
    return rng, regimen, rng.normal(size=n), rng.normal(size=(n, covariates))


@pytest.mark.parametrize("middle", [0.0, -30.0, -500.0, 300.0])
@pytest.mark.parametrize(("n", "covariates"), [(1, 0), (7, 1), (64, 4), (1300, 5)])
def test_the_sum_and_its_gradient(compiled, n, covariates, middle):
    """Hazards from 1e-217 to 1e130, fewer and more covariates than four, blocks that are full and not."""
    rng, regimen, log_time, x = rows(n, covariates, n)
    level, slope, coefficient = middle + rng.normal(size=3), 1 + rng.random(3), rng.normal(size=covariates)
    starts = np.searchsorted(regimen, np.arange(4))
    lines = np.vstack([log_time, x.T])
    none = np.zeros(n)
    value, *slopes = hazard_sums.weibull(level, slope, coefficient, regimen, log_time, none, x)
    for function in compiled:
        total, by_level, by_slope, by_coefficient, by_shift = function(level, slope, coefficient, none, starts, lines)
        assert float(total) == pytest.approx(-float(value), rel=1e-13)
        for ours, theirs in zip((by_level, by_slope, by_coefficient), slopes, strict=True):
            scale = float(total) * max(1.0, np.abs(lines).max())  # terms of both signs cancel
            assert np.abs(ours + np.asarray(theirs, dtype=float)).max(initial=0.0) <= 1e-13 * scale
        assert by_shift.sum() == pytest.approx(float(total), rel=1e-12)


def test_weights_shifts_and_overflow(compiled):
    _, regimen, log_time, x = rows(600, 2, 1)
    starts = np.searchsorted(regimen, np.arange(4))
    weight, shift = 1.0 + np.arange(600) % 3, np.linspace(-1, 1, 600)
    level, slope, coefficient = np.zeros(3), np.ones(3), np.array([0.3, -0.2])
    lines = np.vstack([log_time, np.log(weight), x.T])
    expected = weight * np.exp(log_time + x @ coefficient + shift)
    for function in compiled:
        total, by_level, _, by_coefficient, by_shift = function(level, slope, coefficient, shift, starts, lines)
        assert total == pytest.approx(expected.sum(), rel=1e-13)
        assert by_level == pytest.approx(np.bincount(regimen, expected), rel=1e-13)
        assert by_coefficient == pytest.approx(expected @ x, rel=1e-12)
        assert by_shift == pytest.approx(expected, rel=1e-13)
        assert np.isinf(function(level + 800.0, slope, coefficient, shift, starts, lines)[0])
        assert function(level - 900.0, slope, coefficient, shift, starts, lines)[0] < 1e-300


def test_nothing_depends_on_how_often_it_was_compiled(compiled):
    _, regimen, log_time, x = rows(1300, 5, 2)
    starts, lines = np.searchsorted(regimen, np.arange(4)), np.vstack([log_time, x.T])
    given = np.zeros(3), np.ones(3), np.full(5, 0.1), np.zeros(0), starts, lines
    first = [v.tobytes() for v in compiled[0](*given)]
    with pytensor.config.change_flags(numba__cache=False):
        level, slope, coefficient, shift, where, x = (v.type() for v in compiled[0].maker.fgraph.inputs)
        total, *slopes = HazardSum(timed=True)(level, slope, coefficient, shift, where, x)
        again = pytensor.function([level, slope, coefficient, shift, where, x], [total, *slopes], mode="NUMBA")
        assert [np.asarray(v).tobytes() for v in again(*given)] == first


def test_distinct_rows_are_those_of_numpy():
    rng = np.random.default_rng(1)
    table = rng.integers(0, 3, size=(500, 4)).astype(float)
    first, place = unique_rows(list(table.T))
    expected, at, back = np.unique(table, axis=0, return_index=True, return_inverse=True)
    assert np.array_equal(table[first], expected)
    assert np.array_equal(first, at)
    assert np.array_equal(place, back.ravel())
