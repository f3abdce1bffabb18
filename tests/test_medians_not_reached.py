"""Medians that were not reached: read as what they say, and held against quadrature."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

import bayes_escc as be
from bayes_escc.runs.run import prepare_design

PRIOR = be.Prior("LogNormal", mu=1.4, sigma=0.6)


def table(rows, unit="months"):
    columns = ["study", "regimen", "n", "median", "events", "follow_up"]
    return be.read_medians(pd.DataFrame(rows, columns=columns), time_unit=unit)


def model():
    return be.SurvivalModel(baseline="exponential", regimen_effect="stratified", priors={"median": PRIOR})


@pytest.mark.parametrize("median", ["5.1", ">12"])
def test_an_arm_of_no_patients_has_no_median(median):
    with pytest.raises(be.DataError, match="there are no patients in this row"):
        table([{"study": "S", "regimen": "A", "median": median, "events": "12", "n": "0"}])


def test_one_median_not_reached_leaves_the_intervals_of_the_others():
    rows = [("S", "A", "5.1 (4.0-6.2)", "", ""), ("T", "A", "NR", "12", "30")]
    columns = ["study", "regimen", "mPFS, months (95% CI)", "follow_up", "n"]
    found = be.read_medians(pd.DataFrame(rows, columns=columns), time_unit="months").frame
    assert list(found["basis"]) == ["interval", "not reached"]
    assert list(found["median"]) == [5.1, 12.0]


def quantile_by_quadrature(q, bounds, shown=()):
    """Quantile of a median under PRIOR, given (bound, error) of arms not reached and (value, error) of others."""

    def density(x):
        log = stats.norm.logpdf(x, 1.4, 0.6)
        log += sum(stats.norm.logsf((math.log(b) - x) / s) for b, s in bounds)
        return math.exp(log + sum(stats.norm.logpdf(math.log(v), x, s) for v, s in shown))

    total = integrate.quad(density, -2, 8, limit=200)[0]
    root = optimize.brentq(lambda t: integrate.quad(density, -2, t, limit=200)[0] / total - q, 0.0, 6.0)
    return math.exp(root)


def error_of(n):
    return 1.0 / (math.log(2.0) * math.sqrt(n))


# A: one arm beyond 14 months; C: two arms, one of them reached; B: reached
ROWS = (
    ("S", "A", 40, "NR", 12, 14), ("S", "B", 40, 6.2, 33, 20),
    ("T", "C", 25, "NE", "", 9), ("U", "C", "", 8.0, 20, ""),
)  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    return model().fit(table(ROWS), sampler="exact", draws=20_000, seed=3)


class TestAnswers:
    @pytest.mark.parametrize("q", [0.025, 0.5, 0.975])
    def test_exact_draws_are_those_of_quadrature(self, fitted, q):
        draws = fitted.estimand("median").stack(all=["chain", "draw"])
        for regimen, known in (
            ("A", {"bounds": [(14, error_of(40))]}),
            ("C", {"bounds": [(9, error_of(25))], "shown": [(8.0, error_of(20))]}),
        ):
            below = float((draws.sel(regimen=regimen) <= quantile_by_quadrature(q, **known)).mean())
            assert below == pytest.approx(q, abs=4.0 * math.sqrt(q * (1 - q) / draws.sizes["all"]))

    def test_the_model_of_pymc_has_the_same_likelihood(self):
        design = prepare_design(model().analysis, table(ROWS))
        built = design.build()
        values = np.array([9.0, 6.0, 7.5])
        point = {v.name: np.log(values) for v in built.value_vars}
        logp = built.compile_logp(vars=built.observed_RVs)(point)
        parameters = design._dataset(values[None, None])
        assert logp == pytest.approx(float(design.log_likelihood(parameters)["log_median"].sum()))

    def test_order_of_rows_and_unit_change_nothing(self):
        day = 30.4375
        days = [(s, r, n, m if isinstance(m, str) else m * day, e, f and f * day) for s, r, n, m, e, f in ROWS]
        designs = [prepare_design(model().analysis, table(rows)) for rows in (ROWS, ROWS[::-1])]
        of_days = table(days, "days").in_unit("months")
        assert np.allclose(of_days.frame["median"], table(ROWS).frame["median"])
        by_row = [
            dict(zip(d.labels, zip(d.log_median, d.log_se, d.reached, strict=True), strict=True)) for d in designs
        ]
        assert by_row[0] == by_row[1]

    def test_replicates_are_censored_where_the_arm_is(self):
        design = prepare_design(model().analysis, table(ROWS))
        rng = np.random.default_rng(1)
        parameters = design._dataset(np.full((1, 500, 3), 12.0))
        replicates = design.simulate(parameters, rng)["log_median"].to_numpy()
        assert replicates[..., ~design.reached].max() == pytest.approx(math.log(14))
        assert replicates[..., design.reached].max() > math.log(12)

    def test_all_arms_beyond(self):
        posterior = model().fit(table([("S", "A", 40, ">14", "", "")]), sampler="exact", draws=20_000, seed=3)
        median = float(np.median(posterior.estimand("median")))
        # by the delta method an error of the median of sd / (2 f sqrt(N)); the log sd is below 0.3
        slack = 4 * 1.2533 * 0.3 / math.sqrt(80_000)
        assert math.log(median) == pytest.approx(math.log(quantile_by_quadrature(0.5, [(14, error_of(40))])), abs=slack)


class TestReading:
    @pytest.mark.parametrize(
        ("row", "bound", "error"),
        [(("S", "A", 40, "NR", 12, 14), 14, error_of(40)), (("S", "A", 40, "未达到", "", 14), 14, error_of(40)),
         (("S", "A", "", "NE", 12, 14), 14, error_of(24)), (("S", "A", 40, "> 9.5", "", ""), 9.5, error_of(40)),
         (("S", "A", 40, "NR", 0, 14), 14, error_of(40))],
    )  # fmt: skip
    def test_what_is_stated_is_used(self, row, bound, error):
        read = table([row])
        assert read.frame["basis"].tolist() == ["not reached"]
        assert read.frame[["median", "log_se"]].to_numpy().ravel() == pytest.approx([bound, error])
        assert "median_not_reached" in {w.code for w in read.warnings}

    @pytest.mark.parametrize(
        ("row", "code"),
        [(("S", "A", 40, "NR", 12, ""), "median_not_reached"), (("S", "A", "", "NR", "", 14), "no_precision"),
         (("S", "A", 40, "NR", 20, 14), "half_had_events"), (("S", "A", 40, "NR", 50, 14), "events_exceed_n"),
         (("S", "A", 40, "NR", 12, "long"), "not_a_number"), (("S", "A", 40, "NR", 12, -3), "not_a_number"),
         (("S", "A", 40, ">soon", 12, ""), "not_a_number")],
    )  # fmt: skip
    def test_what_is_not_is_refused_with_a_remedy(self, row, code):
        with pytest.raises(be.DataError) as refused:
            table([row])
        assert code in {p.code for p in refused.value.problems}
        assert "follow_up" in str(refused.value) or code != "median_not_reached"

    def test_a_lower_limit_gives_the_precision_where_nothing_else_does(self):
        rows = pd.DataFrame({"study": ["S"], "regimen": ["A"], "median": ["NR (8.1–NE)"], "follow_up": [14]})
        read = be.read_medians(rows, time_unit="months")
        assert read.frame["log_se"].tolist() == pytest.approx([math.log(14 / 8.1) / stats.norm.ppf(0.975)])
        rows["median"] = "NR (8.1–30)"
        with pytest.raises(be.DataError, match="limit_reached"):
            be.read_medians(rows, time_unit="months")
