"""Log-normal, log-logistic and Gompertz hazards: against SciPy, quadrature and maximum likelihood."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

import bayes_escc as be
from bayes_escc.families.survival.shapes import NEVER, SHAPES
from bayes_escc.families.weighting import variable_of
from bayes_escc.runs.run import prepare_design
from tests.helpers.published_survival import analysis, write_everything
from tests.helpers.survival import by_pymc
from tests.oracles import shaped_hazards as oracle

BASELINES = list(SHAPES)
PARAMETERS = {
    "log_logistic": ((-0.5,), (0.4,), (1.2,)),
    "log_normal": ((-0.5,), (0.2,), (1.0,)),
    "gompertz": ((-1.5,), (-1e-6,), (0.0,), (0.8,), (3.0,)),
    "weibull_cure": ((-0.5, 0.3), (0.0, 0.02), (0.7, 0.9), (0.2, 1e-9)),
}
CASES = [(b, a) for b in BASELINES for a in PARAMETERS[b]]


def patients(n=60, seed=4, *, late=False, scans=False):
    """Patients on two regimens; the second makes everything take half as long again."""
    rng = np.random.default_rng(seed)
    second = np.arange(n) % 2 == 1
    x = (np.arange(n) // 2) % 2
    t = np.exp(np.log(5.0) + 0.4 * second - 0.2 * x + 0.8 * rng.normal(size=n))
    c = rng.uniform(4, 24, n)
    frame = pd.DataFrame({"patient_id": [f"P{i}" for i in range(n)], "regimen": np.where(second, "B", "A"), "liver": x})
    event = t <= c
    time = np.maximum(np.minimum(t, c).round(2), 0.05)
    if scans:
        frame["lower"] = np.where(event, np.floor(time / 2) * 2, time)
        frame["upper"] = np.where(event, (np.floor(time / 2) * 2 + 2).astype(str), "inf")
    else:
        frame["time"], frame["event"] = time, event.astype(int)
    if late:
        frame["entry"] = np.where(np.arange(n) % 4 == 0, np.minimum(0.5 * time, 1.0).round(3), 0.0)
    return frame


def prepared(frame, **more):
    options = {"data_unit": "months", "times": [6], "horizons": [9], **more}
    options |= {"interval": ("lower", "upper")} if "lower" in frame else {}
    options |= {"entry": "entry"} if "entry" in frame else {}
    chosen = be.SurvivalModel(**options)
    return prepare_design(chosen.analysis, chosen.read(frame))


class TestShapes:
    @pytest.mark.parametrize(("baseline", "a"), CASES)
    def test_hazards_are_those_of_scipy_and_their_integrals(self, baseline, a):
        shape, median = SHAPES[baseline], 5.0
        for t in (0.01, 0.7, 5.0, 9.0, 40.0):
            u = np.log(t / median)
            expected = np.log(oracle.hazard(baseline, t, median, a))
            assert shape.log_hazard(np, a, u) - np.log(t) == pytest.approx(expected, abs=1e-10)
            for lower in (0.0, 0.4 * t, 0.999 * t):
                begun = np.log(lower / median) if lower else -200.0
                found = float(np.exp(shape.log_increment(np, a, begun, u, 1.0 * (lower > 0))))
                whole = oracle.cumulative(baseline, lower, t, median, a)
                assert found == pytest.approx(whole, rel=1e-8, abs=1e-12)
            if t < 30 or a[0] > -1:
                assert np.exp(shape.log_cumulative(np, a, u)) == pytest.approx(
                    float(np.exp(shape.log_increment(np, a, -200.0, u, 0.0))), rel=1e-12
                )

    @pytest.mark.parametrize(("baseline", "a"), CASES)
    def test_the_median_is_the_median_and_inverses_are_inverse(self, baseline, a):
        shape = SHAPES[baseline]
        half = 0.5 * (1.0 - a[1]) if baseline == "weibull_cure" else 0.5  # of those who ever have the event
        assert -np.expm1(-np.exp(shape.log_cumulative(np, a, 0.0))) == pytest.approx(half, rel=1e-9)
        u = np.linspace(-6.0, 0.5 if baseline == "weibull_cure" else 1.5, 40)  # a hazard that is spent tells no time
        assert shape.inverse(a, shape.log_cumulative(np, a, u)) == pytest.approx(u, abs=1e-8)

    def test_a_hazard_that_falls_never_reaches_everyone(self):
        shape = SHAPES["gompertz"]
        bound = np.log(2) / -np.expm1(-2.0)  # the cumulative hazard there will ever be
        assert shape.inverse((np.array(-2.0),), np.array(np.log(bound) + 1e-9)) == NEVER
        assert shape.inverse((np.array(-2.0),), np.array(np.log(bound) - 1e-3)) < 2.0

    @pytest.mark.parametrize("baseline", BASELINES)
    def test_pytensor_says_what_numpy_says_with_finite_slopes(self, baseline):
        import pytensor
        import pytensor.tensor as pt

        shape = SHAPES[baseline]
        u, v, s = pt.dscalars("u", "v", "s")
        a = [pt.dscalar(role) for role in shape.roles]
        found = [
            shape.log_cumulative(pt, a, u),
            shape.log_hazard(pt, a, u),
            shape.log_increment(pt, a, v, u, s),
        ]
        slopes = [g for f in (pt.exp(found[0]), found[1], pt.exp(found[2])) for g in pytensor.grad(f, [*a, u])]
        run = pytensor.function([*a, u, v, s], [*found, *slopes], on_unused_input="ignore", mode="FAST_COMPILE")
        for parameter in (*PARAMETERS[baseline], (1e-5, *PARAMETERS[baseline][0][1:])):
            for end in (-80.0, -3.0, 0.0, 1.0, 3.0):
                for begun, started in ((end - 1e-6, 1.0), (end - 2.0, 1.0), (-230.0, 0.0)):
                    values = [float(x) for x in run(*parameter, end, begun, started)]
                    assert np.isfinite(values[3:]).all()
                    expected = [
                        shape.log_cumulative(np, parameter, end),
                        shape.log_hazard(np, parameter, end),
                        shape.log_increment(np, parameter, begun, end, started),
                    ]
                    assert values[:3] == pytest.approx([float(e) for e in expected], rel=1e-7, abs=1e-9)


slow = pytest.mark.slow


class TestLikelihood:
    @pytest.mark.parametrize(
        ("baseline", "effect", "columns"),
        [
            ("log_normal", "accelerated", {"late": True, "scans": True}),
            ("log_logistic", "proportional", {"late": True}),
            ("gompertz", "stratified", {"scans": True}),
            ("weibull_cure", "proportional", {"late": True, "scans": True}),
            pytest.param("weibull_cure", "stratified", {}, marks=slow),
            pytest.param("gompertz", "accelerated", {"late": True, "scans": True}, marks=slow),
            pytest.param("log_normal", "proportional", {}, marks=slow),
            pytest.param("log_logistic", "stratified", {"scans": True}, marks=slow),
        ],
    )
    def test_patients_count_as_scipy_and_pymc_count_them(self, baseline, effect, columns):
        frame = patients(**columns)
        design = prepared(frame, baseline=baseline, regimen_effect=effect, covariates=["liver"])
        parameters = design.prior(np.random.default_rng(1), 1)
        names = ["reference_median", *map(variable_of, SHAPES[baseline].roles)]
        values = design.log_likelihood(parameters)["time"].to_numpy().ravel()
        slope = float(parameters["coefficient"].to_numpy().ravel()[0])
        contrast = float(parameters[design.effects.name].to_numpy().ravel()[0]) if effect != "stratified" else 0.0
        medians, *shapes = (parameters[name].to_numpy().ravel() for name in names)
        f = design.follow_up
        for i in range(0, len(frame), 7):
            r = int(design.regimen[i])
            side = contrast * (r - 0.5)  # regimens deviate from their average
            m, a = medians[r % len(medians)], tuple(one[r % len(one)] for one in shapes)
            m = m * np.exp(side) if effect == "accelerated" else m
            risk = np.exp(slope * frame["liver"][i] + (side if effect == "proportional" else 0.0))

            def spent(lower, upper, m=m, a=a, risk=risk):
                return risk * oracle.cumulative(baseline, lower, upper, m, a) if upper > lower else 0.0

            entry, lower, upper = float(f.entry[i]), float(f.lower[i]), float(f.upper[i])
            expected = -spent(entry, lower)
            if f.interval[i]:
                expected += np.log(-np.expm1(-spent(lower, upper)))
            elif f.event[i]:
                expected += np.log(risk * oracle.hazard(baseline, lower, m, a))
            assert values[i] == pytest.approx(expected, rel=1e-6, abs=1e-8)
        total, slopes = by_pymc(design, parameters)
        assert total == pytest.approx(values.sum(), rel=1e-9)
        assert np.isfinite(slopes).all()

    @slow
    @pytest.mark.parametrize("baseline", ["log_normal", "log_logistic"])
    def test_flat_priors_give_maximum_likelihood(self, baseline):
        frame = patients(200)
        time, event = frame["time"].to_numpy(), frame["event"].to_numpy() == 1
        best, errors = oracle.most_likely(baseline, time, event, frame["regimen"].to_numpy() == "B")
        wide = {
            "median": be.Prior("LogNormal", mu=1.6, sigma=20.0),
            "log_spread": be.Prior("Normal", mu=0, sigma=20.0),
            "log_time_ratio": be.Prior("Normal", mu=0, sigma=20.0),
        }
        model = be.SurvivalModel(
            baseline=baseline,
            regimen_effect="accelerated",
            regimen_coding="reference",
            priors=wide,
            data_unit="months",
            times=[6],
            horizons=[9],
        )
        draws = model.fit(frame, sampler="laplace").tree["posterior"].to_dataset()
        found = [np.log(draws["reference_median"]), draws["log_spread"], draws["log_time_ratio"]]
        for values, expected, error in zip(found, best, errors, strict=True):
            assert float(values.mean()) == pytest.approx(expected, abs=0.15 * error)
            assert float(values.std()) == pytest.approx(error, rel=0.1)


class TestEstimands:
    @pytest.mark.parametrize(
        ("baseline", "effect"),
        [
            (baseline, effect)
            for baseline in BASELINES
            for effect in ("proportional", "accelerated", "stratified")
            if (baseline, effect) != ("weibull_cure", "accelerated")
        ],
    )
    def test_they_are_those_of_the_curve(self, baseline, effect):
        design = prepared(patients(), baseline=baseline, regimen_effect=effect)
        parameters = design.prior(np.random.default_rng(3), 6)
        found = design.estimands(parameters, np.random.default_rng(0))
        curves = design.curves(parameters)
        for k in range(6):
            for r, name in enumerate(("A", "B")):
                at = lambda t, k=k, r=r: float(np.exp(-curves.cumulative(np.array([t]))[k, r, 0]))  # noqa: E731
                here = {v: found[v].sel(regimen=name).to_numpy().reshape(6, -1)[k, 0] for v in ("survival", "rmst")}
                assert here["survival"] == pytest.approx(at(6.0), abs=1e-12)
                assert here["rmst"] == pytest.approx(quad(at, 0, 9, epsabs=1e-10, limit=200)[0], rel=1e-3)
                median = found["median"].sel(regimen=name).to_numpy().ravel()[k]
                assert np.isfinite(median)
                assert at(median) == pytest.approx(0.5, abs=1e-9) or (
                    baseline in ("gompertz", "weibull_cure") and at(median) > 0.5
                )
        if effect == "accelerated":
            ratio = found["time_ratio"].sel(regimen="B").to_numpy().ravel()
            medians = found["median"].to_numpy().reshape(-1, 2)
            assert medians[:, 1] / medians[:, 0] == pytest.approx(ratio)
            assert found["hazard_ratio"].dims[-1] == "time"
        if effect == "proportional":
            logs = curves.log_hazard(np.array([2.0, 20.0]))
            ratio = found["hazard_ratio"].sel(regimen="B").to_numpy().ravel()
            assert np.exp(logs[:, 1] - logs[:, 0]) == pytest.approx(np.stack([ratio, ratio], axis=1))

    @pytest.mark.parametrize("baseline", BASELINES)
    def test_the_unit_of_time_changes_nothing(self, baseline):
        frame = patients()
        days = frame.assign(time=frame["time"] * 30.4375)
        found = []
        for table, unit, scale in ((frame, "months", 1.0), (days, "days", 30.4375)):
            design = prepared(table, baseline=baseline, data_unit=unit, times=[6 * scale], horizons=[9 * scale])
            parameters = design.prior(np.random.default_rng(5), 50)
            logs = design.log_likelihood(parameters)["time"].to_numpy()[0] + design.follow_up.event * np.log(scale)
            survival = design.estimands(parameters, np.random.default_rng(0))["survival"].to_numpy()
            found.append((logs, survival))
        assert found[0][0] == pytest.approx(found[1][0], rel=1e-9, abs=1e-8)
        assert found[0][1] == pytest.approx(found[1][1], abs=1e-10)


@pytest.mark.parametrize("baseline", [pytest.param(b, marks=() if b == "log_logistic" else slow) for b in BASELINES])
def test_published_arms_join_them(tmp_path, baseline):
    published = write_everything(tmp_path)
    found = analysis(tmp_path, published=published, model={"baseline": baseline, "baselines": "exchangeable"})
    design = prepare_design(found, found.load_table())
    parameters = design.prior(np.random.default_rng(3), 1)
    total, slopes = by_pymc(design, parameters)
    each = design.log_likelihood(parameters)
    assert total == pytest.approx(sum(float(v.sum()) for v in each.data_vars.values()), rel=1e-7)
    assert np.isfinite(slopes).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"baseline": "weibull", "regimen_effect": "accelerated"}, "gives both ratios"),
        ({"baseline": "gompertz", "regimen_effect": "nonproportional"}, "take .proportional"),
        ({"baseline": "log_normal", "cutpoints": [3.0]}, "needs baseline = .piecewise"),
        ({"baseline": "gompertz", "priors": {"log_shape": be.Prior("Normal", mu=0, sigma=1)}}, "hazard_growth"),
        ({"baseline": "log_normal", "covariates": [{"column": "liver", "bins": 3}]}, "bins collapse"),
    ],
)
def test_what_does_not_go_together_is_refused(options, said):
    with pytest.raises(be.AnalysisError, match=said):
        be.SurvivalModel(data_unit="months", **options)
