"""An analysis that borrows: who borrows from which historical arms, and the answers for every robust weight.

The historical counts, the prior made of them and the hierarchy behind it stand in a group of the posterior's tree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.analysis.borrowing import BorrowingSpec
from bayes_escc.answers.borrowing import Borrowed, borrow, power_prior, sam_weight, summary_of
from bayes_escc.answers.comparison import Comparison
from bayes_escc.answers.posterior import Posterior
from bayes_escc.answers.rows import Question, comparison_row, labels_of
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable, Table
from bayes_escc.names import REGIMEN, STUDY, Plain
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixture_fit import FittedMixture, fit_law
from bayes_escc.probability.mixtures import BetaMixture
from bayes_escc.probability.rate_contrasts import RateContrast, RateLaw
from bayes_escc.probability.rate_grid import GridRate
from bayes_escc.probability.rate_hierarchy import RateHierarchy, integrate_rates
from bayes_escc.probability.rate_storage import flatten_rates, stored_rate

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = [
    "BORROWING",
    "HistoricalPrior",
    "borrow_rows",
    "borrowed_priors",
    "borrowing_group",
    "borrowing_of",
    "historical_priors",
    "informing",
]

BORROWING: Final = "borrowing"
"""Group of a posterior's tree that holds the historical counts and the prior made of them."""
CAUTION: Final = (
    "The historical patients are not randomised against these: other trials, regimens and populations. Borrowing "
    "assumes that these patients could have come from one more such study; the robust weight is the prior "
    "probability that they could not."
)
_HISTORICAL: Final = "historical"
_SUMMARY: Final = ("mean", "sd", "median", "lower", "upper")


def informing(spec: BorrowingSpec, regimens: Sequence[str], historical: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The regimens that borrow, each with the historical regimens that inform it.

    Parameters
    ----------
    spec : BorrowingSpec
    regimens : sequence of str
        Of the analysis.
    historical : sequence of str
        Of the historical arms.

    Raises
    ------
    AnalysisError
        If it is not plain who borrows.
    """
    known = list(dict.fromkeys(historical))
    if spec.borrows is None:
        shared = [r for r in regimens if r in known]
        if len(shared) == 1:
            return {shared[0]: (shared[0],)}
        why = (
            f"{', '.join(shared)} are regimens of both"
            if shared
            else f"none of the historical regimens ({', '.join(known)}) is a regimen of the analysis"
        )
        listed = ", ".join(f'"{r}"' for r in regimens)
        raise AnalysisError(
            f"borrowing.borrows: who borrows is decided by name, and {why}. State borrows = [...] with one or more "
            f"of {listed}."
        )
    problems = [
        f"{r!r} is not a regimen here: use one of {', '.join(regimens)}" for r, _ in spec.borrows if r not in regimens
    ]
    found = {}
    for regimen, stated in spec.borrows:
        problems += [
            f"{h!r} is not a historical regimen: use some of {', '.join(known)}" for h in stated or () if h not in known
        ]
        found[regimen] = stated if stated is not None else (regimen,) if regimen in known else tuple(known)
    if problems:
        raise AnalysisError(f"borrowing.borrows: {'; '.join(problems)}.")
    return found


def borrowing_group(analysis: Analysis, spec: BorrowingSpec, table: Table) -> xr.Dataset:
    """The historical counts of an analysis and the prior made of them, to be kept with its posterior.

    Patients of the analysis are counted first.

    Raises
    ------
    AnalysisError
        If it is not plain who borrows, or the cohorts of the analysis are among those it borrows from.
    """
    import xarray as xr

    chosen = analysis.data.counts_in(table)
    history = load_history(analysis, spec)
    frame = history.frame
    sources = informing(spec, list(chosen.regimens), list(frame[REGIMEN]))
    frame = frame[frame[REGIMEN].isin({h for names in sources.values() for h in names})]
    _refuse_overlap(frame, chosen.frame)
    arms = [_Arms.of(frame, names, spec) for names in sources.values()]
    vague = {r: analysis.spec.prior("rate")[r].beta_shape() for r in sources}
    if any(shape is None for shape in vague.values()):
        raise AnalysisError("borrowing needs a Beta prior of the rate: it is the robust component.")
    counts = chosen.frame.groupby(REGIMEN)[["events", "n"]].sum().loc[list(sources)]
    priors = {r: part.prior for r, part in zip(sources, arms, strict=True)}
    new = zip(counts["events"], counts["n"], priors.values(), strict=True)
    weights = [
        spec.robust_weight
        if spec.sam_difference is None
        else sam_weight(prior, events=int(k), n=int(n), difference=spec.sam_difference)
        for k, n, prior in new
    ]
    group = flatten_rates(_HISTORICAL, priors)
    group = group.assign(
        {
            "events": ("arm", frame["events"].to_numpy(dtype="int64")),
            "n": ("arm", frame["n"].to_numpy(dtype="int64")),
            "informs": ((REGIMEN, "arm"), np.array([part.informs for part in arms]).astype("int8")),
            "new_events": (REGIMEN, counts["events"].to_numpy(dtype="int64")),
            "new_n": (REGIMEN, counts["n"].to_numpy(dtype="int64")),
            "robust_alpha": (REGIMEN, [s[0] for s in vague.values() if s]),
            "robust_beta": (REGIMEN, [s[1] for s in vague.values() if s]),
            "robust_weight": (REGIMEN, weights),
        }
    )
    if spec.method == "map":
        found = [part.summary(analysis.ci_prob) for part in arms]
        group = group.assign(
            {name: ((REGIMEN, *dims), np.stack([f[name] for f in found])) for name, dims in _HIERARCHY.items()}
        ).assign_coords(statistic=list(_SUMMARY))
    fitted = [_fitted(prior) for prior in priors.values()]
    betas = flatten_rates("fitted", {r: f.mixture for r, f in zip(priors, fitted, strict=True)})
    group = xr.merge([group, betas]).assign(fitted_miss=(REGIMEN, [f.miss for f in fitted]))
    return group.assign_coords(
        arm_study=("arm", list(frame[STUDY])), arm_regimen=("arm", list(frame[REGIMEN]))
    ).assign_attrs(sha256=history.digest, **{role: str(prior) for role, prior in spec.priors})


@dataclass(frozen=True)
class HistoricalPrior:
    """The prior of a regimen that borrows, before any new patient.

    Parameters
    ----------
    mixture : BetaMixture
        Mixture of Betas fitted to what the history says.
    vague : Beta
        The robust component.
    weight : float
        Of the robust component.
    difference : float or None
        If given, the weight is the self-adapting one for this difference, once the new counts are known.
    mean : float
        Of the historical prior.
    """

    mixture: BetaMixture
    vague: Beta
    weight: float
    difference: float | None
    mean: float

    @property
    def robust(self) -> BetaMixture:
        """The prior with its robust component."""
        return self.mixture.robust(self.weight, self.vague)


def historical_priors(analysis: Analysis, regimens: Sequence[str]) -> dict[str, HistoricalPrior]:
    """The priors of the regimens that borrow, for an analysis whose own patients are still to come.

    Parameters
    ----------
    analysis : Analysis
        With `borrowing`.
    regimens : sequence of str
        Of the trial that is planned.

    Raises
    ------
    AnalysisError
        If it is not plain who borrows.
    """
    spec = analysis.borrowing
    if spec is None:
        return {}
    frame = load_history(analysis, spec).frame
    sources = informing(spec, regimens, list(frame[REGIMEN]))
    found = {}
    for regimen, names in sources.items():
        shape = analysis.spec.prior("rate")[regimen].beta_shape()
        if shape is None:
            raise AnalysisError("borrowing needs a Beta prior of the rate: it is the robust component.")
        prior = _Arms.of(frame, names, spec).prior
        mean = float(summary_of(prior, 0.95)["mean"])
        mixture = _fitted(prior).mixture
        found[regimen] = HistoricalPrior(mixture, Beta(*shape), spec.robust_weight, spec.sam_difference, mean)
    return found


_HIERARCHY: Final[Mapping[str, tuple[str, ...]]] = {
    "tau": ("statistic",),
    "mean_rate": ("statistic",),
    "study_rate": ("arm", "statistic"),
}
"""What is kept of the hierarchy behind a MAP prior, and its dimensions."""


@dataclass(frozen=True)
class _Arms:
    """The historical arms that inform one regimen.

    Parameters
    ----------
    informs : array of shape (all historical arms,)
        Which they are.
    prior : BetaMixture
        Made of them, not yet robust.
    hierarchy : RateHierarchy or None
        Behind a MAP prior.
    """

    informs: NDArray[np.bool_]
    prior: BetaMixture
    hierarchy: RateHierarchy | None

    @classmethod
    def of(cls, frame: pd.DataFrame, regimens: Sequence[str], spec: BorrowingSpec) -> _Arms:
        informs = frame[REGIMEN].isin(regimens).to_numpy()
        events, n = (frame[c].to_numpy(dtype="int64")[informs] for c in ("events", "n"))
        priors = dict(spec.priors)
        if spec.method == "map":
            hierarchy = integrate_rates(events, n, priors["logit_mean"], priors["tau"])
            return cls(informs, BetaMixture((1.0,), (hierarchy.predicted,)), hierarchy)
        shape = priors["discount"].beta_shape()
        if shape is None:
            raise AnalysisError("borrowing.priors.discount: the power has a Beta prior.")
        return cls(informs, power_prior(events, n, discount=Beta(*shape)), None)

    def summary(self, prob: float) -> dict[str, NDArray[np.float64]]:
        """Summaries of tau, of the mean rate and of every shrunken historical rate; gaps for other arms."""
        studies = np.full((len(self.informs), len(_SUMMARY)), np.nan)
        if self.hierarchy is None:
            empty = np.full(len(_SUMMARY), np.nan)
            return {"tau": empty, "mean_rate": empty, "study_rate": studies}
        for i, arm in enumerate(np.flatnonzero(self.informs)):
            studies[arm] = _values(summary_of(BetaMixture((1.0,), (self.hierarchy.study(i),)), prob))
        mean_rate = _values(summary_of(BetaMixture((1.0,), (self.hierarchy.mean_rate,)), prob))
        return {"tau": _values(self.hierarchy.tau_summary(prob)), "mean_rate": mean_rate, "study_rate": studies}


def _values(summary: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([summary[name] for name in _SUMMARY])


def _fitted(prior: BetaMixture) -> FittedMixture:
    """The prior as a mixture of Betas: fitted where it is held on a grid, itself otherwise."""
    part = prior.components[0]
    return fit_law(part) if isinstance(part, GridRate) else FittedMixture(prior, 0.0)


def _refuse_overlap(historical: pd.DataFrame, own: pd.DataFrame) -> None:
    mine = set(zip(own[STUDY], own[REGIMEN], strict=True))
    twice = [f"{s}, {r}" for s, r in zip(historical[STUDY], historical[REGIMEN], strict=True) if (s, r) in mine]
    if twice:
        raise AnalysisError(
            f"borrowing: {'; '.join(twice)} would be counted twice, as historical and as new. Leave it out with "
            "borrowing.where or borrowing.regimens."
        )


def load_history(analysis: Analysis, spec: BorrowingSpec) -> CountTable:
    """The historical counts an analysis borrows from, of its own endpoint unless another is named."""
    table = spec.data.read()
    if not isinstance(table, CountTable):
        raise AnalysisError('borrowing: historical rates are counts; the table is of another kind (kind = "counts").')
    endpoints = spec.data.endpoints or analysis.data.endpoints
    found = table.select(endpoints=endpoints, regimens=spec.data.regimens, where=dict(spec.data.where))
    if len(found.endpoints) > 1:
        raise AnalysisError("borrowing.endpoint: rates of one endpoint can be borrowed; name one.")
    return found


def borrowed_priors(group: xr.Dataset, *, fitted: bool = False) -> dict[str, BetaMixture]:
    """The robust priors of the regimens that borrow, with the weight of the analysis.

    Parameters
    ----------
    group : Dataset
        As `borrowing_group` makes it.
    fitted : bool
        As mixtures of Betas, for rules and for print, instead of what the quadrature left.
    """
    found = {}
    for i, regimen in enumerate(str(r) for r in group[REGIMEN].to_numpy()):
        historical = stored_rate(group, "fitted" if fitted else _HISTORICAL, regimen)
        found[regimen] = historical.robust(float(group["robust_weight"][i]), _vague(group, i))
    return found


def _vague(group: xr.Dataset, i: int) -> Beta:
    return Beta(float(group["robust_alpha"][i]), float(group["robust_beta"][i]))


def borrowing_of(posterior: Posterior) -> dict[str, list[Borrowed]]:
    """The answers of an analysis that borrows, by regimen that does, one for every robust weight.

    Empty for an analysis that does not. The robust component is the analysis's own prior of the rate, so that
    a weight of 1 is the answer without borrowing.
    """
    spec = posterior.analysis.borrowing
    if spec is None or BORROWING not in posterior.groups:
        return {}
    group = posterior.groups[BORROWING]
    found = {}
    for i, regimen in enumerate(str(r) for r in group[REGIMEN].to_numpy()):
        prior = stored_rate(group, _HISTORICAL, regimen)
        k, n = int(group["new_events"][i]), int(group["new_n"][i])
        weights = sorted({*spec.weights, float(group["robust_weight"][i])})
        found[regimen] = [
            borrow(prior, events=k, n=n, robust_weight=w, robust_component=_vague(group, i)) for w in weights
        ]
    return found


def primary_weight(posterior: Posterior, regimen: str) -> float:
    """The robust weight of the analysis for a regimen that borrows."""
    return float(posterior.groups[BORROWING]["robust_weight"].sel({REGIMEN: regimen}))


def borrow_rows(posterior: Posterior, comparisons: Sequence[Comparison] = ()) -> Plain | None:
    """The entry `borrowing` of `result.json`; None for an analysis that does not borrow.

    Parameters
    ----------
    posterior : Posterior
    comparisons : sequence of Comparison
        Those of rates are answered for every robust weight.
    """
    spec, answers = posterior.analysis.borrowing, borrowing_of(posterior)
    if spec is None or not answers:
        return None
    group = posterior.groups[BORROWING]
    prob = posterior.analysis.ci_prob
    historical = [
        {
            "study": str(s),
            "regimen": str(r),
            "events": int(k),
            "n": int(m),
            "informs": [name for name, used in zip(answers, informs, strict=True) if used],
        }
        for s, r, k, m, informs in zip(
            *(group[c].to_numpy() for c in ("arm_study", "arm_regimen", "events", "n")),
            group["informs"].to_numpy().T,
            strict=True,
        )
    ]
    priors = [_prior_row(group, regimen, by_weight[0].historical, prob) for regimen, by_weight in answers.items()]
    return {
        "caution": CAUTION,
        "method": spec.method,
        "borrows": list(answers),
        "historical": historical,
        "priors": {role: str(prior) for role, prior in spec.priors},
        "map_prior": priors[0],
        "map_priors": priors,
        "answers": [_answer_row(posterior, regimen, b) for regimen, by_weight in answers.items() for b in by_weight],
        "comparisons": _comparison_rows(posterior, comparisons, answers),
    }


def _prior_row(group: xr.Dataset, regimen: str, historical: BetaMixture, prob: float) -> Plain:
    """The historical prior of a regimen: the mixture fitted to it, and what the quadrature knows of it."""
    fitted = stored_rate(group, "fitted", regimen)
    one = group.sel({REGIMEN: regimen})
    found: Plain = {
        "regimen": regimen,
        "components": [
            {"weight": w, "alpha": c.alpha, "beta": c.beta}
            for w, c in zip(fitted.weights, fitted.components, strict=True)
            if isinstance(c, Beta)
        ],
        "mixture_miss": float(one["fitted_miss"]),
        **summary_of(historical, prob),
        "ci_prob": prob,
        "ess_elir": _number(historical.ess()),
        "ess_moment": historical.ess_moment(),
        "ess_morita": _number(historical.ess_morita()),
        "tau": None,
        "mean_rate": None,
        "study_rates": [],
    }
    if "tau" in one:
        found["tau"] = {**_summary_at(one["tau"]), "ci_prob": prob}
        found["mean_rate"] = {**_summary_at(one["mean_rate"]), "ci_prob": prob}
        arms = zip(
            *(group[c].to_numpy() for c in ("arm_study", "arm_regimen", "events", "n")),
            one["informs"].to_numpy(),
            one["study_rate"],
            strict=True,
        )
        found["study_rates"] = [
            {"study": str(s), "regimen": str(r), "events": int(k), "n": int(m), **_summary_at(rate), "ci_prob": prob}
            for s, r, k, m, used, rate in arms
            if used
        ]
    return found


def _summary_at(values: xr.DataArray) -> dict[str, float]:
    return {name: float(values.sel(statistic=name)) for name in _SUMMARY}


def _answer_row(posterior: Posterior, regimen: str, b: Borrowed) -> Plain:
    prob = posterior.analysis.ci_prob
    limits = [
        {
            "side": t.side,
            "value": t.value,
            "probability": float(b.posterior.sf(t.value) if t.side == "above" else b.posterior.cdf(t.value)),
        }
        for t in posterior.analysis.thresholds
        if t.estimand == "rate" and t.regimen in (None, regimen)
    ]
    return {
        "regimen": regimen,
        "events": b.events,
        "n": b.n,
        "robust_weight": b.robust_weight,
        "primary": b.robust_weight == primary_weight(posterior, regimen),
        **summary_of(b.posterior, prob),
        "ci_prob": prob,
        "robust_weight_after": b.weight_after,
        "ess_elir": _number(b.prior.ess()),
        "ess_moment": b.prior.ess_moment(),
        "predictive_tail": b.conflict,
        "thresholds": limits,
    }


def _comparison_rows(
    posterior: Posterior, comparisons: Sequence[Comparison], answers: Mapping[str, Sequence[Borrowed]]
) -> list[Plain]:
    """Every comparison of rates for every robust weight, as rows of `comparisons` with that weight."""
    chosen = {r: primary_weight(posterior, r) for r in answers}
    weights = sorted({b.robust_weight for by_weight in answers.values() for b in by_weight})
    rows = []
    for w in weights:
        known = {r: b.posterior for r, by_weight in answers.items() for b in by_weight if b.robust_weight == w}
        if len(known) < len(answers):
            continue  # the self-adapting weight of one regimen is not that of another

        for c in comparisons:
            if c.estimand != "rate":
                continue
            rates = _Rates(posterior, known)
            primary = all(v == w for v in chosen.values())
            question = Question(c.scale, c.margin, c.rope, c.ci_prob)
            for row in c.rows:
                contrast = RateContrast(rates.law(row.regimen), rates.law(c.reference), c.scale)
                labels = labels_of(regimen=row.regimen, endpoint=row.endpoint)
                again = comparison_row("rate", labels, c.reference, contrast, question, row.better, row.anchoring)
                rows.append({"robust_weight": w, "primary": primary, **again.plain()})
    return rows


@dataclass(frozen=True)
class _Rates:
    """The laws of rates where those of some regimens are replaced by answers for a robust weight."""

    posterior: Posterior
    answers: Mapping[str, BetaMixture]

    def law(self, regimen: str) -> RateLaw:
        if regimen in self.answers:
            return self.answers[regimen]
        law = self.posterior.known("rate").marginal(labels_of(regimen=regimen))
        if not isinstance(law, Beta | BetaMixture):
            raise AnalysisError(f"borrowing: the rate of {regimen} is not known in closed form.")
        return law


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
