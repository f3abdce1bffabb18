"""Own patients beside published arms, calibrated: both are simulated from one truth."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

import numpy as np

from bayes_escc.names import REGIMEN, Plain
from bayes_escc.settings.prior import Prior
from bayes_escc.validation.calibration.once import ModelCase, Simulated

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from bayes_escc.analysis.analysis import Analysis
    from bayes_escc.families import Design

__all__ = ["published_cases"]

_SHARE: Final = 60
"""Percent of the patients of every published arm with the covariate."""
_ERROR: Final = 0.25
"""Standard error of a printed logarithm."""
_FOLLOWED: Final = 15.0
_PATIENTS: Final = 40
_MIXED: Final = ("B", "C", "D")


class _Curves(Protocol):
    def patient_inverse(self, regimen: np.ndarray, cumulative: np.ndarray) -> np.ndarray: ...


class _Followed(Protocol):
    def curves(self, parameters: xr.Dataset) -> _Curves: ...


def published_cases() -> tuple[ModelCase, ...]:
    """Every case of own patients beside published arms."""
    titles = {
        "logistic": (
            "logistic regression beside published counts and subgroups",
            "Logistic 回归，并用已发表计数与亚组",
        ),
        "weibull": (
            "Weibull beside a curve, a median, survival and a ratio",
            "Weibull，并用曲线、中位数、生存率与风险比",
        ),
    }
    samplers: tuple[tuple[str, str, Literal["laplace", "nuts"]], ...] = (
        ("logistic_published", "logistic", "laplace"),
        ("weibull_published", "weibull", "laplace"),
    )
    found = []
    for name, model, sampler in samplers:
        title, title_zh = titles[model]
        make = _response if model == "logistic" else _survival
        found.append(make(name, title, title_zh, model, sampler))
    return tuple(found)


def _facts(arms: tuple[str, ...]) -> list[Plain]:
    return [
        {"study": f"paper {r}", "regimen": r, "covariate": "x", "statistic": "percent", "value": str(_SHARE)}
        for r in arms
    ]


def _with(analysis: Analysis, **tables: list[Plain]) -> Analysis:
    """The analysis with the rows of some published tables."""
    from bayes_escc.analysis.analysis import Analysis

    content = json.loads(analysis.content)
    content["published"] |= {t: [{k: str(v) for k, v in row.items()} for row in rows] for t, rows in tables.items()}
    return Analysis.from_dict(content)


def _own(n: int = 50) -> pd.DataFrame:
    import pandas as pd

    rows = np.arange(n)
    return pd.DataFrame({"patient_id": [f"P{i}" for i in rows], "regimen": "A", "study": "ward", "x": (rows % 2)})


# ---- response --------------------------------------------------------------------------------------


def _counts(n: tuple[int, int, int], events: tuple[int, int, int]) -> list[Plain]:
    labels = ("", "x = yes", "x = no")
    return [
        {
            "study": f"paper {'BCC'[i]}",
            "regimen": "BCC"[i],
            "endpoint": "ORR",
            "n": n[i],
            "events": events[i],
            "subgroup": labels[i],
        }
        for i in range(3)
    ]


def _response(name: str, title: str, title_zh: str, model: str, sampler: Literal["laplace", "nuts"]) -> ModelCase:
    from bayes_escc.analysis.analysis import Analysis

    sizes = (60, 30, 20)
    content: Plain = {
        "id": name,
        "data": {"kind": "patients", "endpoint": "ORR"},
        "published": {"arms": _counts(sizes, (12, 8, 9)), "covariates": _facts(("B", "C"))},
        "overlap": {"extrapolate": True},
        "model": {"family": "response", "likelihood": model, "covariates": ["x"], "effect_modifiers": ["x"]},
        "priors": {
            "intercept": Prior("Normal", mu=-0.5, sigma=0.8).to_dict(),
            "coefficient": Prior("Normal", mu=0, sigma=0.7).to_dict(),
            "interaction": Prior("Normal", mu=0, sigma=0.5).to_dict(),
        },
    }
    content["published"]["arms"] = [{k: str(v) for k, v in row.items()} for row in content["published"]["arms"]]
    analysis = Analysis.from_dict(content)
    base = _own().assign(response=["PR" if i % 3 == 0 else "SD" for i in range(50)])

    def write(table: pd.DataFrame, response: np.ndarray) -> pd.DataFrame:
        return table.assign(response=np.where(response == 1, "PR", "SD"))

    def generate(rng: np.random.Generator) -> Simulated:
        parameters = case.base_design.prior(rng, 1)
        truth = case.base_design.estimands(parameters, rng)
        data = case.base_design.simulate(parameters, rng)
        events = data["published"].to_numpy()[0, 0]
        table = write(base, data["response"].to_numpy()[0, 0])
        counts = (int(events[0]), int(events[1]), int(events[2]))
        return Simulated(table, truth, parameters, _with(analysis, arms=_counts(sizes, counts)))

    def unchanged(table: pd.DataFrame, _: object) -> pd.DataFrame:
        return table

    case = ModelCase(name, title, title_zh, "response", analysis, base, unchanged, sampler, generate=generate)
    return case


# ---- survival --------------------------------------------------------------------------------------


def _arms(median: float, landmark: float) -> list[Plain]:
    """A median and a survival at six months, with standard errors that do not depend on them."""
    spread = math.exp(1.959964 * _ERROR)
    left = math.log(-math.log(landmark))
    low, high = (math.exp(-math.exp(left + s * 1.959964 * _ERROR)) for s in (1, -1))
    return [
        {
            "study": "paper C",
            "regimen": "C",
            "endpoint": "PFS",
            "n": _PATIENTS,
            "median": repr(median),
            "ci_low": repr(median / spread),
            "ci_high": repr(median * spread),
        },
        {
            "study": "paper D",
            "regimen": "D",
            "endpoint": "PFS",
            "n": _PATIENTS,
            "time": "6",
            "survival": repr(landmark),
            "ci_low": repr(low),
            "ci_high": repr(high),
        },
    ]


def _ratio(log_ratio: float) -> list[Plain]:
    return [
        {
            "study": "trial",
            "experimental": "B",
            "control": "A",
            "endpoint": "PFS",
            "measure": "log HR",
            "estimate": repr(log_ratio),
            "se": repr(_ERROR),
        }
    ]


def _rows(time: np.ndarray, event: np.ndarray) -> list[Plain]:
    return [
        {"study": "paper B", "regimen": "B", "time": repr(float(t)), "event": str(int(e))}
        for t, e in zip(time, event, strict=True)
    ]


def _survival(name: str, title: str, title_zh: str, model: str, sampler: Literal["laplace", "nuts"]) -> ModelCase:
    from bayes_escc.analysis.analysis import Analysis

    content: Plain = {
        "id": name,
        "data": {"kind": "patients", "time": "time", "event": "event", "time_unit": "months"},
        "published": {
            "arms": _arms(6.0, 0.5),
            "patients": _rows(np.linspace(1, 15, _PATIENTS), np.arange(_PATIENTS) % 3 > 0),
            "effects": _ratio(0.0),
            "covariates": _facts(_MIXED),
            "scale": "proportion",
        },
        "overlap": {"extrapolate": True},
        "model": {
            "family": "survival",
            "baseline": model,
            "covariates": ["x"],
            "baselines": "shared",
            "reference_time": 6.0,
            "time_unit": "months",
        },
        "priors": {
            "median": Prior("LogNormal", mu=math.log(6), sigma=0.5).to_dict(),
            "log_shape": Prior("Normal", mu=0, sigma=0.3).to_dict(),
            "log_hazard_ratio": Prior("Normal", mu=0, sigma=0.6).to_dict(),
            "coefficient": Prior("Normal", mu=0, sigma=0.5).to_dict(),
        },
        "estimands": {"times": [6.0], "horizons": [9.0]},
    }
    analysis = _with(Analysis.from_dict(content))
    base = _own().assign(time=np.linspace(2.0, 20.0, 50).round(2), event=1)

    def unchanged(table: pd.DataFrame, _: object) -> pd.DataFrame:
        return table

    def generate(rng: np.random.Generator) -> Simulated:
        return _papers(case, rng)

    case = ModelCase(name, title, title_zh, "survival", analysis, base, unchanged, sampler, generate=generate)
    return case


def _papers(case: ModelCase, rng: np.random.Generator) -> Simulated:
    """Own patients, the patients of a curve, a median, a survival and a hazard ratio from one truth."""
    design = case.base_design
    parameters = design.prior(rng, 1)
    truth, said = design.estimands(parameters, rng), design.simulate(parameters, rng)
    labels = [str(v) for v in said["published_fact"].to_numpy()]
    facts = dict(zip(labels, said["published"].to_numpy()[0, 0].tolist(), strict=True))
    slope = float(parameters["coefficient"].to_numpy().ravel()[0])
    followed = np.linspace(2.0, 20.0, len(case.base))
    time, event = _course(design, parameters, rng, 0, case.base["x"].to_numpy(dtype=float), slope, followed)
    table = case.base.assign(time=time, event=event)
    x = (rng.random(_PATIENTS) < _SHARE / 100).astype(float)
    of_curve = list(design.coords[REGIMEN]).index("B")
    other = _course(design, parameters, rng, of_curve, x, slope, np.linspace(3.0, _FOLLOWED, _PATIENTS))
    landmark = math.exp(-math.exp(min(facts["paper D: D"], 3.0)))
    analysis = _with(
        case.analysis,
        patients=_rows(*other),
        arms=_arms(math.exp(facts["paper C: C"]), landmark),
        effects=_ratio(facts["trial: B against A"]),
    )
    return replace(Simulated(table, truth, parameters), analysis=analysis)


def _course(
    design: Design,
    parameters: xr.Dataset,
    rng: np.random.Generator,
    regimen: int,
    x: np.ndarray,
    slope: float,
    followed: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Times and events of patients on a regimen."""
    reached = rng.exponential(size=(1, len(x))) / np.exp(slope * x)
    curves = cast("_Followed", design).curves(parameters)
    happens = curves.patient_inverse(np.full(len(x), regimen), reached)[0]
    return np.maximum(np.minimum(happens, followed), 1e-6), (happens <= followed).astype(int)
