"""What stands on the lines of a forest plot: studies as published and in the model, their arms and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.names import Plain
from bayes_escc.plots._intervals import quantiles_of
from bayes_escc.plots.style import minus
from bayes_escc.probability.distributions import normal_quantile

if TYPE_CHECKING:
    from bayes_escc.answers.posterior import Posterior

__all__ = ["RATIOS", "Interval", "Line", "heterogeneity_of", "lines_of", "origin_of"]

Interval = tuple[float, float, float]
RATIOS: Final = ("hazard ratio", "odds ratio", "risk ratio")


@dataclass(frozen=True)
class Line:
    """One line of a forest plot: intervals are (lower, middle, upper); `cells` stand left of the axis."""

    label: str
    raw: Interval | None = None
    modelled: Interval | None = None
    weight: float = 0.0
    kind: str = "study"
    cells: tuple[str, str] = ("", "")
    share: str = ""


def _modelled(posterior: Posterior, estimand: str) -> list[tuple[Plain, Interval]]:
    ci = posterior.analysis.ci_prob
    found = []
    for labels, draws in labelled_cells(posterior.estimand(estimand)):
        law = posterior.law_at(estimand, labels)
        low, middle, high = quantiles_of(law, draws.ravel(), [(1 - ci) / 2, 0.5, (1 + ci) / 2])
        found.append((labels, (low, middle, high)))
    return found


def lines_of(posterior: Posterior) -> list[Line]:
    """The studies, then the pooled effect and the next trial; by subgroup where there are some."""
    observed = posterior.observed
    y, se = observed["y"].to_numpy(), observed["se"].to_numpy()
    ratio = posterior.estimand("effect").attrs["unit"] in RATIOS
    natural = np.exp if ratio else np.asarray
    z = float(normal_quantile((1 + posterior.analysis.ci_prob) / 2))
    weight = np.where(np.isfinite(se), se**-2.0, 0.0)
    studies, shares = [], _shares(posterior, se)
    for i, (labels, interval) in enumerate(_modelled(posterior, "study_effect")):
        raw = None
        if np.isfinite(se[i]):
            low, middle, high = (float(natural(v)) for v in (y[i] - z * se[i], y[i], y[i] + z * se[i]))
            raw = (low, middle, high)
        cells = _arms_of(posterior, str(labels["study"]), str(labels["regimen"]))
        studies.append(
            Line(str(labels["study"]), raw, interval, float(weight[i] / weight.max()), cells=cells, share=shares[i])
        )
    summaries: dict[str, list[Line]] = {}
    for estimand, name, kind in (
        ("effect", "Pooled effect", "pooled"),
        ("predicted_effect", "The next trial", "predicted"),
    ):
        if estimand in posterior.estimand_names:
            for labels, interval in _modelled(posterior, estimand):
                line = Line(name, None, interval, kind=kind)
                summaries.setdefault(str(labels["covariate"] or ""), []).append(line)
    if "row_subgroup" not in observed.coords:
        return [*studies, *(line for lines in summaries.values() for line in lines)]
    groups = [str(g) for g in observed["row_subgroup"].to_numpy()]
    found = []
    for group, lines in summaries.items():
        members = [line for line, mine in zip(studies, groups, strict=True) if mine == group]
        found += [Line(group, kind="heading"), *members, *lines]
    return found


def origin_of(posterior: Posterior, unit: str) -> tuple[str, str]:
    """Heading and words for where the squares come from: published effects, or computed from published counts."""
    observed = posterior.observed
    rows = [str(r) for r in observed["row"].to_numpy()] if "row" in observed.coords else []
    published = {str(r) for r in observed["published_row"].to_numpy()} if "published_row" in observed.coords else set()
    counted = "events" in observed or posterior.analysis.data.kind == "counts"
    if not counted:
        return "As published", "as published"
    if published and len(published) < len(rows):
        return "Published or\ncomputed", "as published, or computed from their counts"
    if published:
        return "As published", "as published"
    return f"{unit[:1].upper()}{unit[1:]},\ncomputed", "computed from their counts"


def _shares(posterior: Posterior, se: Any) -> list[str]:
    """The share of every study in the information on the pooled effect, in per cent; blank where there is no such."""
    if "row_subgroup" in posterior.observed.coords or not np.isfinite(se).all():
        return [""] * len(se)
    tau = 0.0
    if "tau" in posterior.estimand_names:
        tau = _modelled(posterior, "tau")[0][1][1]
    information = 1.0 / (np.asarray(se) ** 2 + tau**2)
    return [f"{100 * v:.0f} %" for v in information / information.sum()]


def _arms_of(posterior: Posterior, study: str, experimental: str) -> tuple[str, str]:
    """Events and patients of the two arms of a study, as far as they are known."""
    observed = posterior.observed
    events: dict[str, int] = {}
    if "events" in observed and "arm" in observed.coords:
        events = dict(zip(map(str, observed["arm"].to_numpy()), observed["events"].to_numpy().tolist(), strict=True))
    sides = {"experimental": "", "control": ""}
    for arm in posterior.arms:
        if arm.study == study and arm.patients is not None:
            counted = events.get(f"{study}: {arm.regimen}")
            text = f"{arm.patients}" if counted is None else f"{counted}/{arm.patients}"
            sides["experimental" if arm.regimen == experimental else "control"] = text
    return sides["experimental"], sides["control"]


def heterogeneity_of(posterior: Posterior) -> str:
    """What is known of tau, I-squared and the difference of subgroups, in sentences; empty for common effects."""
    parts: dict[str, list[str]] = {}
    differences = []
    for r in posterior.summary_rows():
        group = f" ({r['covariate']})" if r["covariate"] else ""
        interval = minus(f"{r['median']:.2f} ({r['lower']:.2f} to {r['upper']:.2f})")
        if r["estimand"] == "tau":
            parts.setdefault(group, []).append(f"tau {interval}")
        elif r["estimand"] == "i_squared":
            shares = [f"{100 * r[key]:.0f}" for key in ("median", "lower", "upper")]
            parts.setdefault(group, []).append(f"I\N{SUPERSCRIPT TWO} {shares[0]} % ({shares[1]} to {shares[2]} %)")
        elif r["estimand"] == "subgroup_difference":
            differences.append(f"Subgroups, {r['covariate']}: {interval}. ")
    said = "; ".join(", ".join(values) + group for group, values in parts.items())
    return (f"Heterogeneity: {said}. " if said else "") + "".join(differences)
