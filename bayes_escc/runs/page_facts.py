"""What a page needs beyond `result.json`: patients before treatment, follow-up, numbers at risk, counts.

`page_facts` gathers it once, when the table is at hand; the page itself computes nothing. Frequentist
companions are kept apart, and labelled as such wherever they are shown.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.kaplan_meier import at_risk, kaplan_meier
from bayes_escc.names import FIGURE_DATA, REGIMEN

if TYPE_CHECKING:
    from bayes_escc.answers.posterior import Posterior
    from bayes_escc.evidence import Table

__all__ = ["PAGE_VERSION", "baseline_rows", "page_facts", "standardised_difference"]

PAGE_VERSION: Final = 1
_TICKS: Final = 7
Array = NDArray[np.float64]


def page_facts(posterior: Posterior, table: Table, result: Mapping[str, Any]) -> dict[str, Any]:
    """The content of `page.json`.

    Parameters
    ----------
    posterior : Posterior
    table : Table
        The whole table of the analysis.
    result : mapping
        The content of `result.json`, which is part of it.
    """
    analysis = posterior.analysis
    content = json.loads(analysis.content)
    survival = _survival_facts(posterior) if FIGURE_DATA in posterior.tree.children else {}
    facts: dict[str, Any] = {
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
            "source": table.source,
            "kind": table.kind,
            "rows_read": len(table.frame),
            "rows_used": posterior.evidence["rows"],
            "sha256": posterior.data_sha256,
            "designs": sorted({a.design for a in posterior.arms if a.design}),
            "studies": sorted({a.study for a in posterior.arms if a.study}),
        },
        "baseline": baseline_rows(*_covariates(posterior, table)),
        "follow_up": survival.get("follow_up", []),
        "at_risk": survival.get("at_risk", []),
        "counts": _counts(posterior),
        "companions": survival.get("companions", []) or _companions_of_counts(posterior),
        "sampling": {k: getattr(analysis.sampling, k) for k in ("draws", "tune", "chains", "seed")},
        "platform": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "result": result,
    }
    return facts


# ---- patients before treatment ----------------------------------------------------------------


def _covariates(posterior: Posterior, table: Table) -> tuple[list[str], dict[str, list[str]]]:
    """The regimen of every patient, and the columns of the covariates of the analysis."""
    if table.kind != "patients":
        return [], {}
    names = dict.fromkeys(c.column for c in getattr(posterior.analysis.spec, "covariates", ()))
    chosen = table.frame
    if posterior.analysis.data.regimens is not None:
        chosen = chosen[chosen["regimen"].isin(posterior.analysis.data.regimens)]
    columns = {n: [str(v) if v == v and v is not None else "" for v in chosen[n]] for n in names if n in chosen}
    return [str(r) for r in chosen["regimen"]], columns


def baseline_rows(regimens: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Table 1: every covariate by regimen, with the largest standardised difference of two regimens.

    Parameters
    ----------
    regimens : sequence of str
        Of every patient.
    columns : mapping of str to sequence of str
        Values of the covariates; "" where missing.

    Returns
    -------
    list of dict
        For a number: median and quartiles; for a category: counts of every level; and the number missing. `smd` is None
        where it is not defined, and `overlap` False where regimens share no value.
    """
    groups = list(dict.fromkeys(regimens))
    rows = []
    for name, values in columns.items():
        numbers = [_number(v) for v in values]
        known = [x for v, x in zip(values, numbers, strict=True) if v]
        numeric = all(x is not None for x in known) and len(set(known)) > 2
        by_group: dict[str, list[Any]] = {g: [] for g in groups}
        missing = dict.fromkeys(groups, 0)
        for g, text, x in zip(regimens, values, numbers, strict=True):
            if not text:
                missing[g] += 1
            else:
                by_group[g].append(x if numeric else text)
        smd, overlap = _largest_difference(list(by_group.values()), numeric)
        row: dict[str, Any] = {
            "name": name,
            "kind": "number" if numeric else "category",
            "missing": missing,
            "n": {g: len(v) for g, v in by_group.items()},
            "smd": smd,
            "overlap": overlap,
        }
        if numeric:
            row["quartiles"] = {
                g: [float(q) for q in np.quantile(v, [0.25, 0.5, 0.75])] if v else None for g, v in by_group.items()
            }
        else:
            levels = sorted({v for group in by_group.values() for v in group})
            row["levels"] = {level: {g: v.count(level) for g, v in by_group.items()} for level in levels}
        rows.append(row)
    return rows


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _largest_difference(groups: Sequence[Sequence[Any]], numeric: bool) -> tuple[float | None, bool]:
    found: list[float] = []
    overlap = True
    for i, a in enumerate(groups):
        for b in groups[i + 1 :]:
            if not a or not b:
                continue
            if not numeric and not set(a) & set(b):
                overlap = False
            value = standardised_difference(a, b, numeric=numeric)
            if value is not None:
                found.append(value)
    return (max(found) if found else None), overlap


def standardised_difference(a: Sequence[Any], b: Sequence[Any], *, numeric: bool) -> float | None:
    """Standardised mean difference of two groups; None where nothing varies or levels are disjoint.

    References
    ----------
    Austin PC. Stat Med 2009;28:3083-3107. Yang D, Dalton JE. SAS Global Forum 2012, paper 335 (categories).
    """
    if numeric:
        spread = math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / 2.0) if min(len(a), len(b)) > 1 else 0.0
        return abs(float(np.mean(a) - np.mean(b))) / spread if spread > 0 else None
    levels = sorted(set(a) | set(b))
    if len(levels) < 2 or not set(a) & set(b):
        return None
    p, q = (np.array([list(g).count(level) / len(g) for level in levels[1:]]) for g in (a, b))
    covariance = sum((np.diag(s) - np.outer(s, s)) / 2.0 for s in (p, q))
    difference = p - q
    return float(math.sqrt(max(0.0, difference @ np.linalg.pinv(covariance) @ difference)))


# ---- follow-up ---------------------------------------------------------------------------------


def _survival_facts(posterior: Posterior) -> dict[str, Any]:
    observed = posterior.tree["observed_data"].to_dataset()
    stop, event, start = (observed[k].to_numpy() for k in ("time", "event", "entry"))
    member, happened = observed["regimen_index"].to_numpy(), event == 1
    curves = posterior.tree[FIGURE_DATA].to_dataset()
    regimens, unit = [str(r) for r in curves[REGIMEN].to_numpy()], str(curves.attrs["time_unit"])
    last = float(stop.max())
    step = _round_step(last / (_TICKS - 1))
    ticks = np.arange(0.0, last + 1e-9, step)
    follow_up, risk, companions = [], [], []
    for i, regimen in enumerate(regimens):
        mine = member == i
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
    if len(regimens) == 2:
        statistic = log_rank(stop, happened, member == 1, start)
        companions.append({"kind": "log_rank", "statistic": statistic, "p": math.erfc(math.sqrt(statistic / 2.0))})
    return {"follow_up": follow_up, "at_risk": risk, "companions": companions}


def _round_step(least: float) -> float:
    scale = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next(m * scale for m in (1.0, 2.0, 3.0, 5.0, 6.0, 10.0) if m * scale >= least * (1 - 1e-9))


def log_rank(stop: Array, event: NDArray[np.bool_], second: NDArray[np.bool_], start: Array) -> float:
    """Chi-squared statistic of the log-rank test of two groups, one degree of freedom; delayed entry allowed.

    References
    ----------
    Mantel N. Cancer Chemother Rep 1966;50:163-170.
    """
    difference = variance = 0.0
    for t in np.unique(stop[event]):
        risk = (stop >= t) & (start < t) | ((t == 0) & (start == 0))
        n, n2 = int(risk.sum()), int((risk & second).sum())
        failed = event & (stop == t)
        d, d2 = int(failed.sum()), int((failed & second).sum())
        difference += d2 - d * n2 / n
        if n > 1:
            variance += d * (n2 / n) * (1 - n2 / n) * (n - d) / (n - 1)
    return difference**2 / variance if variance > 0 else 0.0


# ---- counts ------------------------------------------------------------------------------------


def _counts(posterior: Posterior) -> list[dict[str, Any]]:
    """Events and patients of every arm, where the data are counts."""
    observed = posterior.tree["observed_data"].to_dataset()
    if not {"events", "n"} <= set(observed.data_vars) or "row_regimen" not in observed.coords:
        return []
    labels = [[str(v) for v in observed[f"row_{k}"].to_numpy()] for k in ("study", "regimen", "endpoint")]
    numbers = [observed[k].to_numpy().tolist() for k in ("events", "n")]
    keys = ("study", "regimen", "endpoint", "events", "n")
    return [dict(zip(keys, row, strict=True)) for row in zip(*labels, *numbers, strict=True)]


def _companions_of_counts(posterior: Posterior) -> list[dict[str, Any]]:
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


def fisher(a: int, n: int, b: int, m: int) -> float:
    """Two-sided p value of Fisher's exact test: all tables at most as probable as the one seen."""
    total = a + b

    def log_choose(size: int, k: int) -> float:
        return math.lgamma(size + 1) - math.lgamma(k + 1) - math.lgamma(size - k + 1)

    logs = np.array([log_choose(n, k) + log_choose(m, total - k) for k in range(max(0, total - m), min(n, total) + 1)])
    weights = np.exp(logs - logs.max())
    seen = weights[a - max(0, total - m)]
    return float(min(1.0, weights[weights <= seen * (1 + 1e-9)].sum() / weights.sum()))
