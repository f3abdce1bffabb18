"""The models and samplers that are calibrated, each with every prior stated and a small design of its data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from bayes_escc.names import CHAIN, DRAW, Plain
from bayes_escc.settings.prior import Prior
from bayes_escc.validation.calibration.once import Case, ModelCase, Simulated, as_it_is
from bayes_escc.validation.calibration.predictive import PredictedFollowUp, PredictedResponse
from bayes_escc.validation.calibration.published import published_cases

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayes_escc.families import Design

__all__ = ["all_cases", "find_cases"]

Sampler = Literal["exact", "nuts", "laplace"]
Write = Callable[["pd.DataFrame", "xr.Dataset"], "pd.DataFrame"]

_MONTHS: Final = 18.0


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, those that cost least first."""
    return (
        *_rates(),
        *_pools(),
        *_closed_survival(),
        *_courses(),
        *_predictions(),
        *_approximate(),
        *_sampled(),
        *published_cases(),
    )


def find_cases(names: Sequence[str]) -> tuple[Case, ...]:
    """The cases of some names, in the order of `all_cases`; all of them if none is named.

    Raises
    ------
    AnalysisError
        Naming those that there are not.
    """
    from bayes_escc.errors import AnalysisError
    from bayes_escc.settings.reader import nearest

    known = [c.name for c in all_cases()]
    unknown = [n for n in names if n not in known]
    if unknown:
        listed = ", ".join(map(repr, unknown))
        raise AnalysisError(
            f"there is no calibration {listed}.{nearest(unknown[0], known)} There are: {', '.join(known)}."
        )
    return tuple(c for c in all_cases() if not names or c.name in names)


# ---- rates -----------------------------------------------------------------------------------------


def _counts(studies: int, regimens: int = 3) -> pd.DataFrame:
    import pandas as pd

    sizes = (12, 20, 35, 50)
    return pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(studies)],
            "regimen": [f"R{i % regimens}" for i in range(studies)],
            "endpoint": "ORR",
            "events": 1,
            "n": [sizes[i % 4] for i in range(studies)],
        }
    )


def _write_events(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    return base.assign(events=data["events"].to_numpy()[0, 0])


def _categories() -> pd.DataFrame:
    import pandas as pd

    rows = [(f"R{i}", endpoint, 5, 20) for i in range(2) for endpoint in ("CR", "PR", "SD", "PD")]
    frame = pd.DataFrame(rows, columns=["regimen", "endpoint", "events", "n"])
    return frame.assign(study="S" + frame["regimen"].str[1:])


def _write_categories(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    return base.assign(events=data["counts"].to_numpy()[0, 0].ravel())


def _responders() -> pd.DataFrame:
    import pandas as pd

    rng = np.random.default_rng(17)
    n = 50
    frame = pd.DataFrame({"patient_id": [f"P{i}" for i in range(n)], "regimen": np.array(["A", "B"])[np.arange(n) % 2]})
    return frame.assign(x=rng.normal(size=n).round(3), response=np.where(np.arange(n) % 3 == 0, "PR", "SD"))


def _write_response(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    return base.assign(response=np.where(data["response"].to_numpy()[0, 0] == 1, "PR", "SD"))


def _borrow(design: Design) -> Design:
    from bayes_escc.probability.beta import Beta
    from bayes_escc.probability.mixtures import BetaMixture

    return design.borrowing({"R0": BetaMixture((0.5, 0.3, 0.2), (Beta(8.0, 22.0), Beta(20.0, 30.0), Beta(1.0, 1.0)))})


def _response(
    name: str,
    titles: tuple[str, str],
    frame: pd.DataFrame,
    write: Write = _write_events,
    sampler: Sampler = "nuts",
    adapt: Callable[[Design], Design] = as_it_is,
    **options: Any,
) -> ModelCase:
    from bayes_escc.runs.estimators import ResponseModel

    analysis = ResponseModel(**options).analysis
    return ModelCase(name, *titles, "response", analysis, frame, write, sampler, adapt)


def _rates() -> list[Case]:
    beta = {"rate": Prior("Beta", alpha=2, beta=4)}
    dirichlet = {"categories": Prior("Dirichlet", a=[1, 2, 2, 1])}
    return [
        _response(
            "rates", ("independent rates, closed form", "独立缓解率，闭式解"), _counts(3), sampler="exact", priors=beta
        ),
        _response(
            "borrowed_rates", ("rates that borrow, closed form", "借用历史数据的缓解率，闭式解"), _counts(3),
            sampler="exact", adapt=_borrow, priors=beta,
        ),
        _response(
            "categories", ("RECIST categories, closed form", "RECIST 分类，闭式解"), _categories(), _write_categories,
            "exact", likelihood="multinomial", priors=dirichlet,
        ),
    ]  # fmt: skip


# ---- pooled effects ----------------------------------------------------------------------------------


def _effects(pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    import pandas as pd

    errors = (0.15, 0.2, 0.25, 0.3)
    return pd.DataFrame(
        {
            "study": [f"S{i}" for i in range(len(pairs))],
            "regimen": [a for a, _ in pairs],
            "control": [b for _, b in pairs],
            "endpoint": "OS",
            "measure": "HR",
            "estimate": [math.exp(-0.1 - 0.01 * i) for i in range(len(pairs))],
            "se": [errors[i % 4] for i in range(len(pairs))],
            "dose": [(i % 5) - 2.0 for i in range(len(pairs))],
            "line": [("first", "second")[i % 2] for i in range(len(pairs))],
        }
    )


def _write_effects(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    return base.assign(estimate=np.exp(data["y"].to_numpy()[0, 0]))


def _arms(studies: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    import pandas as pd

    rows = [(s, r, "ORR", 8, (30, 40, 50)[i % 3]) for i, (s, rs) in enumerate(studies.items()) for r in rs]
    return pd.DataFrame(rows, columns=["study", "regimen", "endpoint", "events", "n"]).assign(better="higher")


def _synthesis(
    name: str, titles: tuple[str, str], frame: pd.DataFrame, sampler: Sampler = "exact", **options: Any
) -> ModelCase:
    from bayes_escc.runs.estimators import SynthesisModel

    priors = {"effect": Prior("Normal", mu=0, sigma=0.6), **options.pop("priors", {})}
    if options.get("pooling") != "common":
        priors.setdefault("tau", Prior("HalfNormal", sigma=0.4))
    analysis = SynthesisModel(priors=priors, **options).analysis
    write = _write_events if options.get("likelihood") == "binomial" else _write_effects
    return ModelCase(name, *titles, "synthesis", analysis, frame, write, sampler)


_PAIRS: Final = (("E", "C"),) * 6
_TRIANGLE: Final = (("B", "A"), ("B", "A"), ("C", "A"), ("C", "B"), ("C", "A"), ("D", "B"), ("D", "A"))
_THREE_ARMS: Final = {"t1": "ABC", "t2": "AB", "t3": "AC", "t4": "BC", "t5": "AB"}
_SLOPE: Final = {"coefficient": Prior("Normal", mu=0, sigma=0.3)}
_DOSE: Final = ({"column": "dose", "center": 0.0, "scale": 1.0},)


def _pools() -> list[Case]:
    apart = {"column": "line", "heterogeneity": "separate"}
    return [
        _synthesis("pool", ("random effects, quadrature", "随机效应，数值积分"), _effects(_PAIRS)),
        _synthesis(
            "pool_common", ("common effect, closed form", "共同效应，闭式解"), _effects(_PAIRS),
            pooling="common",
        ),
        _synthesis(
            "meta_regression", ("meta-regression, quadrature", "Meta 回归，数值积分"), _effects(_PAIRS),
            covariates=_DOSE, priors=_SLOPE,
        ),
        _synthesis(
            "subgroups", ("subgroups that share a heterogeneity, quadrature", "共享异质性的亚组，数值积分"),
            _effects((("E", "C"),) * 8), subgroup="line",
        ),
        _synthesis(
            "subgroups_apart", ("subgroups, heterogeneities apart, quadrature", "异质性各自独立的亚组，数值积分"),
            _effects((("E", "C"),) * 8), subgroup=apart,
        ),
        _synthesis(
            "network", ("network of effects, quadrature", "效应量网状 Meta 分析，数值积分"), _effects(_TRIANGLE),
            network=True, reference="A",
        ),
    ]  # fmt: skip


# ---- survival --------------------------------------------------------------------------------------


def _patients(n: int = 50, *, numbers: int = 1) -> pd.DataFrame:
    """Patients of two regimens and five centres, all followed without progression for a while that differs."""
    import pandas as pd

    rng = np.random.default_rng(23)
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(n)],
            "regimen": np.array(["A", "B"])[np.arange(n) % 2],
            "time": rng.uniform(6.0, _MONTHS, n).round(2),
            "event": 0,
            "centre": [f"C{i // 2 % 5}" for i in range(n)],
        }
    )
    return frame.assign(**{f"x{j}": rng.normal(size=n).round(3) for j in range(numbers)})


def _write_follow_up(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    return base.assign(time=data["time"].to_numpy()[0, 0], event=data["event"].to_numpy()[0, 0])


def _scanned(base: pd.DataFrame) -> pd.DataFrame:
    return base.assign(lower=base["time"], upper=np.inf).drop(columns=["time", "event"])


def _write_scans(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    """Scans every two months, from a visit of each patient's own: progression lies between two of them."""
    time, event = data["time"].to_numpy()[0, 0], data["event"].to_numpy()[0, 0] == 1
    first = 1.0 + np.arange(len(base)) / len(base)
    before = np.floor((time - first) / 2.0)
    lower = np.where(before < 0, 0.0, first + 2.0 * before)
    upper = np.where(before < 0, first, first + 2.0 * (before + 1.0))
    return base.assign(lower=np.where(event, lower, time), upper=np.where(event, upper, np.inf))


_LEVEL: Final = {"median": Prior("LogNormal", mu=math.log(6), sigma=0.5)}
_SHAPE: Final = {"log_shape": Prior("Normal", mu=0, sigma=0.3)}
_FRACTION: Final = {"cure_fraction": Prior("Beta", alpha=2, beta=5)}
_RATIO: Final = {"log_hazard_ratio": Prior("Normal", mu=0, sigma=0.6)}
_EACH: Final = {"log_hazard": Prior("Normal", mu=math.log(0.12), sigma=0.5)}
_COVARIATE: Final = {"coefficient": Prior("Normal", mu=0, sigma=0.5)}
_CUTS: Final = (3.0, 6.0, 10.0)
_START: Final = {"log_hazard": Prior("Normal", mu=math.log(0.1), sigma=0.35)}
_EARLY_CUTS: Final = (1.5, 3.0, 4.5)
"""Of hazards that may drift upwards, under which somebody is still followed at the last cut all the same."""


def _numbers(count: int) -> list[Plain]:
    return [{"column": f"x{j}", "center": 0.0, "scale": 1.0} for j in range(count)]


def _survival(
    name: str,
    titles: tuple[str, str],
    *priors: Mapping[str, Prior],
    sampler: Sampler = "nuts",
    scans: bool = False,
    **options: Any,
) -> ModelCase:
    from bayes_escc.runs.estimators import SurvivalModel

    joined = {role: prior for each in priors for role, prior in each.items()}
    covariates = options.get("covariates", ())
    base = _patients(numbers=max(1, len(covariates)))
    if "strata" in options:
        base = base.assign(stratum=np.array(["early", "late"])[np.arange(len(base)) // 3 % 2])
    if scans:
        options |= {"interval": ("lower", "upper")}
    analysis = SurvivalModel(
        data_unit="months", times=[6.0], horizons=[9.0], priors=joined, time_unit="months", **options
    ).analysis
    write, base = (_write_scans, _scanned(base)) if scans else (_write_follow_up, base)
    return ModelCase(name, *titles, "survival", analysis, base, write, sampler)


def _medians() -> ModelCase:
    import pandas as pd

    from bayes_escc.analysis.analysis import Analysis

    content = {
        "id": "medians",
        "data": {"kind": "medians", "time_unit": "months"},
        "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
        "priors": {"median": _LEVEL["median"].to_dict()},
    }
    base = pd.DataFrame(
        {
            "study": ["S1", "S2", "S3"],
            "regimen": ["A", "B", "A"],
            "n": [30, 40, 25],
            "median": 6.0,
            "events": [25, 30, 20],
        }
    )

    def write(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
        return base.assign(median=np.exp(data["log_median"].to_numpy()[0, 0]))

    titles = ("published medians, closed form", "已发表中位数，闭式解")
    return ModelCase("medians", *titles, "survival", Analysis.from_dict(content), base, write, "exact")


def _closed_survival() -> list[Case]:
    gamma = {"hazard": Prior("Gamma", alpha=4, beta=32)}
    apart: Plain = {"regimen_effect": "stratified", "sampler": "exact"}
    return [
        _medians(),
        _survival(
            "exponential_closed", ("constant hazards, closed form", "恒定风险，闭式解"), gamma, baseline="exponential",
            **apart,
        ),
        _survival(
            "piecewise_closed", ("piecewise hazards, closed form", "分段恒定风险，闭式解"), gamma, baseline="piecewise",
            cutpoints=_CUTS, **apart,
        ),
    ]  # fmt: skip


def _courses() -> list[Case]:
    """PFS and OS together: constant hazards, and piecewise ones on either clock."""
    cuts = {"progression": [2.0, 5.0], "death_without_progression": [6.0], "death_after_progression": [3.0]}
    return [
        _course("course", ("PFS and OS together, constant hazards", "无进展生存期与总生存期联合，恒定风险")),
        _course(
            "course_piecewise", ("PFS and OS together, piecewise hazards", "无进展生存期与总生存期联合，分段恒定风险"),
            baseline="piecewise", cutpoints=cuts,
        ),
        _course(
            "course_forward", ("PFS and OS together, one clock", "无进展生存期与总生存期联合，同一时钟"),
            baseline="piecewise", cutpoints=cuts, clock="forward",
        ),
    ]  # fmt: skip


def _course(name: str, titles: tuple[str, str], **options: Any) -> ModelCase:
    from bayes_escc.runs.estimators import CourseModel

    transitions = {"progression": 30.0, "death_without_progression": 120.0, "death_after_progression": 30.0}
    priors = {f"{t}_hazard": Prior("Gamma", alpha=4, beta=beta) for t, beta in transitions.items()}
    analysis = CourseModel(
        data_unit="months", times=[6.0], horizons=[9.0], priors=priors, time_unit="months", **options
    ).analysis
    base = _patients(numbers=1)
    base = base.assign(overall=base["time"], overall_event=base["event"])
    return ModelCase(name, *titles, "survival", analysis, base, _write_course, "exact")


def _write_course(base: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    columns = {"time": "time", "event": "event", "overall": "overall", "overall_event": "died"}
    return base.assign(**{column: data[name].to_numpy()[0, 0] for column, name in columns.items()})


def _predictions() -> list[Case]:
    return [PredictedResponse(), PredictedFollowUp()]


def _approximate() -> list[Case]:
    logistic = {"intercept": Prior("Normal", mu=-0.5, sigma=0.8), "coefficient": Prior("Normal", mu=0, sigma=0.7)}
    covariate: Plain = {"covariates": ({"column": "x", "center": 0.0, "scale": 1.0},)}
    return [
        _response(
            "logistic_laplace", ("logistic regression, Laplace", "Logistic 回归，Laplace 近似"), _responders(),
            _write_response, "laplace", likelihood="logistic", priors=logistic, **covariate,
        ),
        _response(
            "logistic", ("logistic regression", "Logistic 回归"), _responders(), _write_response,
            likelihood="logistic", priors=logistic, **covariate,
        ),
        _survival(
            "weibull_laplace", ("Weibull, Laplace", "Weibull，Laplace 近似"), _LEVEL, _SHAPE, _RATIO, _COVARIATE,
            covariates=_numbers(1), sampler="laplace",
        ),
        _survival(
            "weibull_strata", ("Weibull, strata, Laplace", "Weibull，分层基线，Laplace 近似"), _LEVEL, _SHAPE, _RATIO,
            strata=["stratum"], strata_levels=[["early"], ["late"]], sampler="laplace",
        ),
    ]  # fmt: skip


def _sampled() -> list[Case]:
    rates = {"tau": Prior("HalfNormal", sigma=0.7), "logit_mean": Prior("Normal", mu=-0.5, sigma=0.8)}
    counts = {"mean": Prior("Beta", alpha=2, beta=4), "precision": Prior("LogNormal", mu=math.log(10), sigma=0.7)}
    binomial: Plain = {
        "endpoint": "ORR", "likelihood": "binomial", "kind": "counts", "sampler": "nuts",
        "priors": {"baseline": Prior("Normal", mu=-0.8, sigma=0.7)},
    }  # fmt: skip
    return [
        _survival("weibull", ("Weibull", "Weibull"), _LEVEL, _SHAPE, _RATIO, _COVARIATE, covariates=_numbers(1)),
        _survival("exponential", ("constant hazards", "恒定风险"), _LEVEL, _RATIO, baseline="exponential"),
        _survival(
            "piecewise", ("piecewise hazards", "分段恒定风险"), _EACH, _RATIO, baseline="piecewise", cutpoints=_CUTS
        ),
        _survival(
            "weibull_cure", ("Weibull with a cure fraction", "含治愈比例的Weibull"), _LEVEL, _SHAPE, _RATIO, _FRACTION,
            baseline="weibull_cure",
        ),
        _survival(
            "weibull_scans", ("Weibull, events between scans", "Weibull，区间删失"), _LEVEL, _SHAPE, _RATIO, scans=True
        ),
        _survival(
            "weibull_nonproportional", ("Weibull, hazards not proportional", "Weibull，非比例风险"), _LEVEL, _SHAPE,
            _RATIO, regimen_effect="nonproportional",
        ),
        _survival(
            "weibull_stratified", ("Weibull, stratified", "Weibull，分层"), _LEVEL, _SHAPE, regimen_effect="stratified"
        ),
        _survival(
            "random_walk", ("piecewise hazards, random walk", "分段风险，随机游走"), _START, _RATIO,
            {"drift_sd": Prior("HalfNormal", sigma=0.4)}, baseline="piecewise", cutpoints=_EARLY_CUTS,
            smoothing="random_walk",
        ),
        _survival(
            "m_spline", ("smooth hazards, M-spline", "平滑风险，M样条"), _START, _RATIO,
            {"drift_sd": Prior("HalfNormal", sigma=0.4)}, baseline="m_spline", knots=_EARLY_CUTS,
        ),
        _survival(
            "piecewise_scans", ("piecewise hazards, events between scans", "分段风险，区间删失"), _EACH, _RATIO,
            baseline="piecewise", cutpoints=_CUTS, scans=True,
        ),
        _survival(
            "ridge", ("exponential, ridge", "恒定风险，岭收缩"), _LEVEL, _RATIO,
            {"coefficient_sd": Prior("HalfNormal", sigma=0.5)}, baseline="exponential", covariates=_numbers(4),
            shrinkage="ridge",
        ),
        _survival(
            "frailty", ("exponential, centres with frailty", "恒定风险，中心脆弱项"), _LEVEL, _RATIO,
            {"frailty_sd": Prior("HalfNormal", sigma=0.5)}, baseline="exponential", frailty="centre",
        ),
        _imputation(),
        _synthesis("pool_sampled", ("pooled effect, sampled", "合并效应，抽样"), _effects(_PAIRS), "nuts"),
        _synthesis(
            "pool_binomial", ("pooled odds ratio of counts", "计数合并比值比"),
            _arms({f"s{i}": ("C", "E") for i in range(5)}), control="C", **binomial,
        ),
        _synthesis(
            "network_binomial", ("network of counts with a trial of three arms", "含三臂试验的计数网状 Meta 分析"),
            _arms(_THREE_ARMS), network=True, reference="A", **binomial,
        ),
        _response(
            "rates_sampled", ("independent rates, sampled", "独立缓解率，抽样"), _counts(3),
            priors={"rate": Prior("Beta", alpha=2, beta=4)},
        ),
        _response(
            "rates_over_regimens", ("hierarchy of rates over regimens", "跨方案的缓解率分层"), _counts(4, 4),
            pooling="partial", priors=rates,
        ),
        _response(
            "rates_over_studies", ("hierarchy of rates over studies", "跨研究的缓解率分层"), _counts(9),
            pooling="partial", pool_over="studies", priors=rates,
        ),
        _response(
            "beta_binomial", ("beta-binomial", "Beta-二项"), _counts(9), likelihood="beta_binomial", priors=counts
        ),
        _survival(
            "horseshoe", ("exponential, horseshoe", "恒定风险，马蹄收缩"), _LEVEL, _RATIO,
            {"global_scale": Prior("HalfCauchy", beta=0.2), "slab_variance": Prior("InverseGamma", alpha=4, beta=1)},
            baseline="exponential", covariates=_numbers(4), shrinkage="horseshoe",
        ),
    ]  # fmt: skip


# ---- missing values --------------------------------------------------------------------------------


def _imputation() -> ModelCase:
    """Holes in a number and in a yes-or-no covariate, at random given the outcome.

    The regressions of the covariates hold a fixed truth within their priors; what is read is drawn from its prior.
    """
    from bayes_escc.runs.estimators import SurvivalModel

    number = {"column": "x", "center": 0.0, "scale": 1.0, "missing": "impute"}
    analysis = SurvivalModel(
        baseline="exponential", data_unit="months", time_unit="months", times=[6.0], horizons=[9.0],
        covariates=[number, {"column": "flag", "missing": "impute"}], priors={**_LEVEL, **_RATIO, **_COVARIATE},
    ).analysis  # fmt: skip
    n = 60
    base = _patients(n).drop(columns="x0").assign(x=np.where(np.arange(n) % 9 == 0, "", "0.5"), flag="")
    base["x"] = [v if v == "" else str(round(0.1 * (i % 7) - 0.3, 1)) for i, v in enumerate(base["x"])]
    base["flag"] = ["" if i % 8 == 0 else str(i // 2 % 2) for i in range(n)]

    def generate(rng: np.random.Generator) -> Simulated:
        return _with_holes(rng, base.drop(columns=["x", "flag"]))

    titles = ("exponential, missing values imputed", "恒定风险，缺失值插补")
    return ModelCase("imputation", *titles, "survival", analysis, base, _write_follow_up, generate=generate)


def _with_holes(rng: np.random.Generator, base: pd.DataFrame) -> Simulated:
    import xarray as xr

    n = len(base)
    median, ratio = rng.lognormal(math.log(6), 0.5), rng.normal(0, 0.6)
    slope = rng.normal(0, 0.5, 2)
    arm = (base["regimen"] == "B").to_numpy().astype(float)
    x = rng.normal(0.4 * (arm - 0.5), 1.0)
    flag = (rng.random(n) < 1.0 / (1.0 + np.exp(-0.5 * x))).astype(float)
    hazard = math.log(2) / median * np.exp(ratio * (arm - 0.5) + slope[0] * x + slope[1] * flag)
    happens, followed = rng.exponential(size=n) / hazard, base["time"].to_numpy(dtype=float)
    event = (happens <= followed).astype(int)
    likely = np.where(event == 1, 3.0, 1.0)
    table = base.assign(time=np.minimum(happens, followed), event=event, x=x.astype(object), flag=flag.astype(int))
    table["flag"] = table["flag"].astype(object)
    for column, size in (("x", 15), ("flag", 12)):
        table.loc[rng.choice(n, size, replace=False, p=likely / likely.sum()), column] = ""
    dims = (CHAIN, DRAW)
    truth = xr.Dataset(
        {
            "reference_median": (dims, [[median]]),
            "coefficient": ((*dims, "covariate"), slope[None, None]),
            "hazard_ratio": ((*dims, "regimen"), np.exp([[[0.0, ratio]]])),
        },
        coords={"regimen": ["A", "B"]},
    )
    return Simulated(table, truth, None)
