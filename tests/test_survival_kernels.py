"""Likelihood terms against 60-digit arithmetic, in value and gradient, for H from 1e-12 to 1e6."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from bayes_escc.families.step_hazards import exposure
from bayes_escc.families.survival import kernels
from bayes_escc.families.survival.curves import PiecewiseCurves, WeibullCurves, weibull_stretch
from tests.oracles import decimals

LOG_SCALES = [np.log(h) for h in (1e-12, 1e-6, 1e-2, 1.0, 30.0, 1e3, 1e6)]
LOG_SHAPES = [-1.0, 0.0, 0.7]
TIMES = {
    "exact": [(0.0, 1.0, 1.0), (0.0, 0.25, 0.25), (0.5, 1.5, 1.5), (0.999, 1.0, 1.0)],
    "right": [(0.0, 1.0, np.inf), (0.0, 0.25, np.inf), (0.5, 1.5, np.inf), (0.999, 1.0, np.inf)],
    "interval": [(0.0, 0.0, 1.0), (0.0, 0.5, 1.0), (0.25, 0.25, 1.0), (0.25, 0.999999, 1.0), (0.5, 1.0, 1.00000001)],
}


@pytest.fixture(scope="module")
def compiled():
    """Value and gradient of the PyTensor expressions, as the models use them."""
    a, log_k = pt.dscalars("a", "log_k")
    data = pt.dvectors(6)
    k = pt.exp(log_k)
    log_time = pt.dscalar("log_time")
    since = kernels.weibull_increment(pt, a, k, data[0][0], data[1][0], data[2][0])
    inside = kernels.weibull_increment(pt, a, k, data[3][0], data[4][0], data[5][0])
    terms = {
        "exact": kernels.exact(kernels.weibull_log_hazard(a, k, log_k, log_time), since),
        "right": kernels.right(since),
        "interval": kernels.between(pt, since, inside),
    }
    inputs = [a, log_k, log_time, *data]
    return {
        kind: pytensor.function(inputs, [term, *pt.grad(term, [a, log_k])], on_unused_input="ignore")
        for kind, term in terms.items()
    }


@pytest.mark.parametrize("kind", ["exact", "right", "interval"])
def test_weibull_terms_are_stable_in_value_and_gradient(compiled, kind):
    for log_scale in LOG_SCALES:
        for log_shape in LOG_SHAPES:
            for entry, lower, upper in TIMES[kind]:
                stop = lower
                one = [np.array([v]) for v in (entry, stop)]
                two = [np.array([v]) for v in (lower, upper if np.isfinite(upper) else lower)]
                log_time = np.log(lower) if lower > 0 else 0.0
                found = compiled[kind](
                    log_scale, log_shape, log_time, *weibull_stretch(*one, 1.0), *weibull_stretch(*two, 1.0)
                )

                def truth(p, kind=kind, times=(entry, lower, upper)):
                    return decimals.weibull(kind, p, times)

                parameters = [Decimal(log_scale), Decimal(log_shape)]
                expected = [truth(parameters), *decimals.gradient(truth, parameters)]
                for ours, theirs in zip(found, expected, strict=True):
                    # a density subtracts a hazard from a log hazard: digits count against terms of size 1
                    scale = max(abs(float(theirs)), 1.0 if kind == "exact" else 1e-12)
                    # log(U/L) of nearly equal times is itself only known to 1e-16 / 1e-8
                    tolerance = 1e-7 if upper - lower < 1e-5 else 1e-9
                    assert abs(float(ours) - float(theirs)) <= tolerance * scale + 1e-15, (
                        kind,
                        log_scale,
                        log_shape,
                        entry,
                        lower,
                        upper,
                        ours,
                        theirs,
                    )


def test_differences_of_exponentials_would_fail():
    """The textbook form loses everything where ours does not."""
    with np.errstate(divide="ignore"):
        assert np.isinf(np.log(np.exp(-1e6) - np.exp(-1.1e6)))
    assert np.isfinite(kernels.between(np, 1e6, 1e5))


@pytest.mark.parametrize("hazard", [1e-12, 1e-4, 1.0, 1e4, 1e6])
def test_piecewise_terms(hazard):
    log_rate = pt.dscalar("log_rate")
    events, spent = 1.0, 1.0
    term = kernels.cells(pt, events, spent, log_rate)
    between = kernels.between(pt, 0.25 * pt.exp(log_rate), 0.5 * pt.exp(log_rate))
    find = pytensor.function([log_rate], [term, pt.grad(term, log_rate), between, pt.grad(between, log_rate)])

    def cell(p):
        return p[0] - p[0].exp()

    def scans(p):
        return decimals.log_between(Decimal("0.25") * p[0].exp(), Decimal("0.75") * p[0].exp())

    at = [Decimal(np.log(hazard))]
    expected = [cell(at), decimals.gradient(cell, at)[0], scans(at), decimals.gradient(scans, at)[0]]
    for ours, theirs in zip(find(np.log(hazard)), expected, strict=True):
        assert float(ours) == pytest.approx(float(theirs), rel=1e-10, abs=1e-15)


class TestCurves:
    cuts = np.array([1.0, 2.5])
    pieces = PiecewiseCurves(np.log([[[0.2, 0.5, 0.1], [0.4, 0.4, 0.4]]]), cuts)
    weibull = WeibullCurves(np.array([[-1.0, 0.3]]), np.array([[0.8, 1.7]]), 2.0)

    def test_an_event_at_a_cut_belongs_to_the_interval_it_ends(self):
        assert np.allclose(
            exposure(np.zeros(3), np.array([1.0, 1.5, 4.0]), self.cuts), [[1, 0, 0], [1, 0.5, 0], [1, 1.5, 1.5]]
        )
        assert np.exp(self.pieces.log_hazard(np.array([1.0, 1.0001]))[0, 0]).tolist() == pytest.approx([0.2, 0.5])

    @pytest.mark.parametrize("name", ["pieces", "weibull"])
    def test_inverse_undoes_cumulative(self, name):
        curves = getattr(self, name)
        times = np.array([0.3, 1.0, 1.7, 2.5, 6.0])
        found = curves.cumulative(times)
        for j, t in enumerate(times):
            assert np.allclose(curves.inverse(np.log(found[..., j])), t)
        regimen = np.array([0, 1, 1, 0, 0])
        increments = curves.patient_increment(regimen, np.zeros(5), times)
        assert np.allclose(curves.patient_inverse(regimen, increments), times)
        assert np.allclose(increments, found[:, regimen, np.arange(5)])

    @pytest.mark.parametrize("name", ["pieces", "weibull"])
    def test_hazard_is_the_slope(self, name):
        curves, times, step = getattr(self, name), np.array([0.3, 1.7, 6.0]), 1e-6
        slope = (curves.cumulative(times + step) - curves.cumulative(times - step)) / (2 * step)
        assert np.allclose(np.exp(curves.log_hazard(times)), slope, rtol=1e-6)
        increments = curves.patient_increment(np.array([0, 1, 0]), times, times + 1)
        both = curves.cumulative(times + 1) - curves.cumulative(times)
        assert np.allclose(increments, both[:, [0, 1, 0], [0, 1, 2]])
