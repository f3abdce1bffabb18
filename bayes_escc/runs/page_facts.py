"""What a page needs beyond `result.json`: patients before treatment, follow-up, numbers at risk, counts.

`page_facts` gathers it once, when the table is at hand; the page itself computes nothing. Frequentist
companions are kept apart, and labelled as such wherever they are shown.
"""

from __future__ import annotations

import json
import math
import platform
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.companions import cox, fisher, log_rank
from bayes_escc.evidence.kaplan_meier import at_risk, kaplan_meier
from bayes_escc.families import Design
from bayes_escc.families.regression_data import RegressionData
from bayes_escc.names import FIGURE_DATA, REGIMEN, Plain, PlainMapping
from bayes_escc.report.quantities import KNOWN_COVARIATES, per_step
from bayes_escc.runs.baseline import baseline_rows

if TYPE_CHECKING:
    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.evidence import Table

__all__ = ["PAGE_VERSION", "facts_of_analysis", "page_facts"]

PAGE_VERSION: Final = 1
_TICKS: Final = 7
Array = NDArray[np.float64]


def page_facts(posterior: Posterior, design: Design, table: Table, result: PlainMapping) -> Plain:
    """The content of `page.json`.

    Parameters
    ----------
    posterior : Posterior
    design : Design
        The design that was fitted.
    table : Table
        The whole table of the analysis.
    result : mapping
        The content of `result.json`, which is part of it.
    """
    survival = _survival_facts(posterior) if FIGURE_DATA in posterior.groups else {}
    data = {"source": table.source, "kind": table.kind, "rows_read": len(table.frame)}
    return {
        **facts_of_analysis(posterior, data, result),
        "baseline": baseline_rows(*_covariates(posterior, table)),
        "follow_up": survival.get("follow_up", []),
        "at_risk": survival.get("at_risk", []),
        "counts": _counts(posterior),
        "companions": [*survival.get("companions", []), *_cox_facts(design)] or _companions_of_counts(posterior),
        "prior_predictive": _predicted(posterior, design, "prior_predictive"),
        "posterior_predictive": _predicted(posterior, design, "posterior_predictive"),
    }


def facts_of_analysis(posterior: Posterior, data: PlainMapping, result: PlainMapping) -> Plain:
    """What the page says of the question, where the data come from, the sampling and the result.

    Parameters
    ----------
    posterior : Posterior
    data : mapping
        Source, kind and number of rows of the table.
    result : mapping
        The content of `result.json`.
    """
    analysis = posterior.analysis
    content = json.loads(analysis.content)
    return {
        "schema": PAGE_VERSION,
        "question": analysis.question,
        "analysis": content,
        "estimand": dict(content.get("estimand", {})),
        "study": dict(content.get("report", {}).get("study", {})),
        "comparisons": [
            {k: getattr(c, k) for k in ("estimand", "margin", "rope", "rationale", "fixed")}
            for c in analysis.comparisons
        ],
        "data": {
            **data,
            "rows_used": posterior.evidence["rows"],
            "sha256": posterior.data_sha256,
            "designs": sorted({a.design for a in posterior.arms if a.design}),
            "studies": sorted({a.study for a in posterior.arms if a.study}),
        },
        "sampling": {k: getattr(analysis.sampling, k) for k in ("draws", "tune", "chains", "seed")},
        "platform": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "result": result,
    }


def _covariates(posterior: Posterior, table: Table) -> tuple[list[str], dict[str, list[str]]]:
    """The regimen of every patient, the covariates of the analysis, and what else is known of patients at the start."""
    if table.kind != "patients":
        return [], {}
    known = (c for c in KNOWN_COVARIATES if c in table.frame)
    names = dict.fromkeys([*posterior.analysis.spec.adjusted_for, *known])
    chosen = table.frame
    if posterior.analysis.data.regimens is not None:
        chosen = chosen[chosen["regimen"].isin(posterior.analysis.data.regimens)]
    columns = {n: [str(v) if v == v and v is not None else "" for v in chosen[n]] for n in names if n in chosen}
    return [str(r) for r in chosen["regimen"]], columns


# ---- follow-up ---------------------------------------------------------------------------------


def _survival_facts(posterior: Posterior) -> Plain:
    observed = posterior.observed
    stop, event, start = (observed[k].to_numpy() for k in ("time", "event", "entry"))
    member, happened = observed["regimen_index"].to_numpy(), event == 1
    curves = posterior.groups[FIGURE_DATA]
    regimens, unit = [str(r) for r in curves[REGIMEN].to_numpy()], str(curves.attrs["time_unit"])
    last = float(stop.max())
    step = _round_step(last / (_TICKS - 1))
    ticks = np.arange(0.0, last + 1e-9, step)
    follow_up, risk, companions = [], [], []
    for i, regimen in enumerate(regimens):
        mine = member == i
        if not mine.any():  # known from papers alone
            continue
        t, e, s = stop[mine], happened[mine], start[mine]
        reverse, forward = kaplan_meier(t, e, s, reverse=True), kaplan_meier(t, e, s)
        follow_up.append(
            {
                "regimen": regimen,
                "patients": int(mine.sum()),
                "events": int(e.sum()),
                "censored": int((~e).sum()),
                "median_follow_up": reverse.median,
                "longest": float(t.max()),
                "unit": unit,
            }
        )
        risk.append(
            {
                "regimen": regimen,
                "times": ticks.tolist(),
                "at_risk": at_risk(ticks, t, s).tolist(),
                "events": [int((e & (t < tick)).sum()) for tick in ticks],
                "censored": [int((~e & (t < tick)).sum()) for tick in ticks],
                "unit": unit,
            }
        )
        companions.append({"kind": "kaplan_meier_median", "regimen": regimen, "value": forward.median, "unit": unit})
    if len(regimens) == len(follow_up) == 2:
        statistic = log_rank(stop, happened, member == 1, start)
        companions.append({"kind": "log_rank", "statistic": statistic, "p": math.erfc(math.sqrt(statistic / 2.0))})
    return {"follow_up": follow_up, "at_risk": risk, "companions": companions}


def _round_step(least: float) -> float:
    scale = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next(m * scale for m in (1.0, 2.0, 3.0, 5.0, 6.0, 10.0) if m * scale >= least * (1 - 1e-9))


def _cox_facts(design: Design) -> list[Plain]:
    """Cox's regression of the same patients: of regimens alone, and with the covariates of the model."""
    data = design.regression_data()
    if data is None:
        return []
    known = ~data.covariates.missing.any(axis=1)
    regimens = [(data.regimen == r + 1).astype(float) for r in range(len(data.regimens) - 1)]
    found = []
    if regimens:
        found.append(_cox_fact(data, np.column_stack(regimens), np.ones(len(known), dtype=bool), adjusted=False))
    if data.covariates.labels:
        values = np.column_stack([*regimens, data.covariates.values])
        found.append(_cox_fact(data, values, known, adjusted=True))
    return found


def _cox_fact(data: RegressionData, values: Array, chosen: NDArray[np.bool_], *, adjusted: bool) -> Plain:
    """One Cox regression: hazard ratios per doubling, point or step, with Wald intervals."""
    strata = None if data.stratum is None else data.stratum[chosen]
    fitted = cox(data.stop[chosen], data.event[chosen], values[chosen], data.entry[chosen], strata)
    reference, others = data.regimens[0], data.regimens[1:]
    rows = []
    for i, (coefficient, error) in enumerate(zip(fitted.coefficients, fitted.errors, strict=True)):
        label = "" if i < len(others) else data.covariates.labels[i - len(others)]
        unit = f"log hazard ratio per {dict(data.covariates.constants)[label]}" if label else ""
        steps = per_step(unit)[1] if label else 1.0
        shown: dict[str, float | None] = dict.fromkeys(("hazard_ratio", "lower", "upper", "p"))
        if fitted.converged:  # else there is no number to raise to a power
            middle, half = steps * float(coefficient), 1.959964 * abs(steps) * float(error)
            limits = [math.exp(v) for v in (middle, middle - half, middle + half)]
            shown = dict(zip(shown, [*limits, math.erfc(abs(coefficient / error) / math.sqrt(2.0))], strict=True))
        rows.append(
            {
                "regimen": None if label else others[i],
                "reference": reference,
                "covariate": label or None,
                "unit": unit,
                **shown,
            }
        )
    return {
        "kind": "cox",
        "adjusted": adjusted,
        "patients": int(chosen.sum()),
        "events": int(data.event[chosen].sum()),
        "converged": fitted.converged,
        "rows": rows,
    }


# ---- what priors and posterior predict --------------------------------------------------------------------


def _predicted(posterior: Posterior, design: Design, group: str) -> list[Plain]:
    """Numbers of the data beside those of replicates: under the priors (Box's check), or under the posterior."""
    if group not in posterior.groups:
        return []
    replicates = posterior.groups[group]
    found = []
    for here, there in zip(design.statistics(design.observed()), design.statistics(replicates), strict=True):
        values = np.asarray(there.values, dtype=float).ravel()
        values = values[np.isfinite(values)]
        if not values.size or not np.isfinite(here.values):
            continue
        low, high = np.quantile(values, [0.025, 0.975])
        found.append(
            {
                "what": here.what.rstrip(","),
                "role": here.role,
                "observed": float(here.values),
                "lower": float(low),
                "upper": float(high),
                "tail": here.tail(values),
            }
        )
    return found


# ---- counts ------------------------------------------------------------------------------------


def _counts(posterior: Posterior) -> list[Plain]:
    """Events and patients of every arm, where the data are counts."""
    observed = posterior.observed
    if not {"events", "n"} <= set(observed.data_vars):
        return []
    of = "arm" if "arm_regimen" in observed.coords else "row"  # trials have an arm for every row of their contrasts
    if f"{of}_regimen" not in observed.coords:
        return []
    names = ("study", "regimen") if of == "arm" else ("study", "regimen", "endpoint")
    labels = [[str(v) for v in observed[f"{of}_{k}"].to_numpy()] for k in names]
    if of == "arm":
        endpoint = str(observed["row_endpoint"].to_numpy()[0]) if "row_endpoint" in observed.coords else ""
        labels.append([endpoint] * len(labels[0]))
    numbers = [observed[k].to_numpy().tolist() for k in ("events", "n")]
    keys = ("study", "regimen", "endpoint", "events", "n")
    return [dict(zip(keys, row, strict=True)) for row in zip(*labels, *numbers, strict=True)]


def _companions_of_counts(posterior: Posterior) -> list[Plain]:
    """Fisher's exact test of each endpoint of two arms."""
    counts = _counts(posterior)
    found = []
    for endpoint in dict.fromkeys(c["endpoint"] for c in counts):
        arms = [c for c in counts if c["endpoint"] == endpoint]
        if len(arms) == 2:
            a, b = arms
            found.append(
                {"kind": "fisher", "endpoint": endpoint, "p": fisher(a["events"], a["n"], b["events"], b["n"])}
            )
    return found
