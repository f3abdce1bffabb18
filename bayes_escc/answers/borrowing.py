"""Borrowing from historical rates: a meta-analytic-predictive (MAP) prior, made robust, sized in patients.

The predictive distribution of a new study's rate, from a logit-normal hierarchy of historical
studies, is approximated by a mixture of Beta distributions; a weight on a vague component guards
against a new study that differs; updating with counts is closed. What the new patients say alone
is always given beside it.

The hierarchy is integrated, not sampled. On a grid of logits, a study's likelihood averaged over
normal deviations of spread tau is a convolution, which the Fourier transform gives for every mean
at once; tau itself is integrated by Gauss-Legendre nodes.

References
----------
Neuenschwander B, Capkun-Niggli G, Branson M, Spiegelhalter DJ. Clin Trials 2010;7:5-18 (MAP).
Schmidli H, Gsteiger S, Roychoudhury S, et al. Biometrics 2014;70:1023-1032 (robust mixtures).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import Analysis, BorrowingSpec
from bayes_escc.answers.posterior import Posterior
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable
from bayes_escc.families.response.spec import DEFAULT_PRIORS
from bayes_escc.names import ENDPOINT, REGIMEN, STUDY
from bayes_escc.probability.beta import Beta
from bayes_escc.probability.mixtures import VAGUE, BetaMixture, fit_beta_mixture
from bayes_escc.settings.prior import Prior

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["BORROWING", "Borrowed", "borrow", "borrow_rows", "borrowing_group", "borrowing_of", "map_prior"]

Array = NDArray[np.float64]
BORROWING: Final = "borrowing"
"""Group of a posterior's tree that holds the historical counts and the prior made of them."""
CAUTION: Final = (
    "The historical patients are not randomised against these: other trials, regimens and populations. Borrowing "
    "assumes that these patients could have come from one more such study; the robust weight is the prior "
    "probability that they could not."
)

_REACH: Final = 80.0
_MAX_TAU: Final = 8.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)


def map_prior(
    historical: Posterior | CountTable,
    regimen: str | None = None,
    *,
    logit_mean: Prior | None = None,
    tau: Prior | None = None,
) -> BetaMixture:
    """The meta-analytic-predictive prior: the predictive rate of a new study, as a Beta mixture.

    Parameters
    ----------
    historical : CountTable or Posterior
        Counts of one endpoint, every row one study (or arm) exchangeable with the new one; then the
        hierarchy is integrated here. Or the posterior of a response model pooled over studies
        (``pooling = "partial"``, ``pool_over = "studies"``) or of a beta-binomial model.
    regimen : str, optional
        Needed where a posterior has several.
    logit_mean, tau : Prior, optional
        For counts: priors of the mean log odds and of the standard deviation between studies; by
        default those of a response model.

    Raises
    ------
    AnalysisError
    """
    if isinstance(historical, CountTable):
        if len(historical.endpoints) > 1:
            raise AnalysisError(f"a MAP prior is of one endpoint: select one of {', '.join(historical.endpoints)}.")
        if regimen is not None:
            historical = historical.select(regimens=[regimen])
        counts = historical.frame["events"].to_numpy(), historical.frame["n"].to_numpy()
        return map_of_counts(*counts, logit_mean or default_prior("logit_mean"), tau or default_prior("tau"))
    if logit_mean is not None or tau is not None:
        raise AnalysisError("a posterior has its priors already: leave logit_mean and tau out.")
    if "predicted_rate" not in historical.estimand_names:
        raise AnalysisError('a MAP prior needs rates pooled over studies: pooling = "partial", pool_over = "studies".')
    rates = historical.estimand("predicted_rate")
    regimens = [str(r) for r in rates[REGIMEN].to_numpy()]
    if regimen is None and len(regimens) > 1:
        raise AnalysisError(f"name a regimen: one of {', '.join(regimens)}.")
    chosen = regimen or regimens[0]
    if chosen not in regimens:
        raise AnalysisError(f"{chosen!r} is not a regimen here: use one of {', '.join(regimens)}.")
    if ENDPOINT in rates.dims:
        raise AnalysisError("a MAP prior is of one endpoint: fit one.")
    return fit_beta_mixture(rates.sel({REGIMEN: chosen}).to_numpy())


def default_prior(role: str) -> Prior:
    """The response model's own prior of the mean log odds or of tau."""
    return DEFAULT_PRIORS[role][0]


def map_of_counts(events: NDArray[Any], n: NDArray[Any], logit_mean: Prior, tau: Prior) -> BetaMixture:
    """The MAP prior of counts, by quadrature."""
    logit, weight = predictive_logit(events, n, logit_mean, tau)
    keep = weight > 1e-12 * weight.max()
    return fit_beta_mixture(1.0 / (1.0 + np.exp(-logit[keep])), weights=weight[keep])


def predictive_logit(events: NDArray[Any], n: NDArray[Any], logit_mean: Prior, tau: Prior) -> tuple[Array, Array]:
    """The distribution of a new study's log odds, on a grid.

    Parameters
    ----------
    events, n : array of shape (studies,)
    logit_mean, tau : Prior

    Returns
    -------
    logit, weight : arrays
        Equidistant log odds, and their probabilities.

    Raises
    ------
    AnalysisError
        If the priors leave weight where the grid does not reach.
    """
    # no likelihood is narrower than one of rate 1/2; the step resolves it to rounding
    step = min(0.05, 1.6 / math.sqrt(float(n.max()) + 1.0))
    size = 2 ** math.ceil(math.log2(2.0 * _REACH / step))
    logit = (np.arange(size) - size // 2) * (2.0 * _REACH / size)
    k, m = np.asarray(events, dtype=float)[:, None], np.asarray(n, dtype=float)[:, None]
    log_like = -k * np.logaddexp(0.0, -logit) - (m - k) * np.logaddexp(0.0, logit)
    spectrum = np.fft.rfft(np.exp(log_like - log_like.max(axis=1, keepdims=True)), axis=1)
    frequency = 2.0 * math.pi * np.fft.rfftfreq(size, d=2.0 * _REACH / size)
    root = 0.5 * math.sqrt(_MAX_TAU) * (_NODES + 1.0)
    spread = root**2  # nodes gather where tau is small
    with np.errstate(divide="ignore"):
        log_mean = np.log(logit_mean.law().pdf(logit))
        log_tau = np.log(tau.law().pdf(spread)) + np.log(_WEIGHTS * root)
    log_joint = np.empty((len(spread), size))
    blurs = np.exp(-0.5 * (spread[:, None] * frequency) ** 2)
    for i, blur in enumerate(blurs):
        marginal = np.fft.irfft(spectrum * blur, size, axis=1)
        log_joint[i] = log_mean + log_tau[i] + np.log(np.maximum(marginal, 1e-18)).sum(axis=0)
    joint = np.exp(log_joint - log_joint.max())
    joint /= joint.sum()
    edge = np.abs(logit) > _REACH - 3.0 * _MAX_TAU
    if joint[:, edge].sum() > 1e-6 or joint[-6:].sum() > 1e-3:
        raise AnalysisError(
            f"the priors {logit_mean} of the mean log odds and {tau} of tau leave rates beyond all bounds; state "
            "narrower ones, for example Normal(0, 1.5) and HalfNormal(1)."
        )
    mixed = (np.fft.rfft(joint, axis=1) * blurs).sum(axis=0)
    weight = np.maximum(np.fft.irfft(mixed, size), 0.0)
    return logit, weight / weight.sum()


@dataclass(frozen=True)
class Borrowed:
    """A rate with and without borrowing.

    Parameters
    ----------
    events, n : int
    historical : BetaMixture
        The MAP prior, before it is made robust.
    prior, posterior : BetaMixture
        With borrowing, the robust component included.
    alone : Beta
        The posterior of the new patients alone, under the robust component as prior.
    robust_weight, weight_after : float
        Of the robust component before and after the data.
    """

    events: int
    n: int
    historical: BetaMixture
    prior: BetaMixture
    posterior: BetaMixture
    alone: Beta
    robust_weight: float
    weight_after: float

    @property
    def patients_borrowed(self) -> float:
        """Effective sample size (ELIR) of the prior, in patients."""
        return self.prior.ess()

    @property
    def conflict(self) -> float:
        """Probability, under the historical prior, of a count as improbable as this one or more so."""
        return self.historical.predictive_tail(self.events, self.n)

    @property
    def table(self) -> pd.DataFrame:
        """Mean, sd, median and 95 % interval with and without borrowing."""
        import pandas as pd

        laws: Sequence[tuple[str, BetaMixture | Beta]] = (("with borrowing", self.posterior), ("without", self.alone))
        return pd.DataFrame([{"rate": name, **_summary(law, 0.95)} for name, law in laws])


def _summary(law: BetaMixture | Beta, prob: float) -> dict[str, float]:
    tail = (1.0 - prob) / 2.0
    return {
        "mean": law.mean, "sd": law.sd, "median": law.quantile(0.5), "lower": law.quantile(tail),
        "upper": law.quantile(1.0 - tail),
    }  # fmt: skip


def borrow(
    prior: BetaMixture, *, events: int, n: int, robust_weight: float = 0.2, robust_component: Beta = VAGUE
) -> Borrowed:
    """Update a historical prior with new patients, visibly and adjustably.

    Parameters
    ----------
    prior : BetaMixture
        As `map_prior` gives it.
    events, n : int
        Of the new patients.
    robust_weight : float
        Prior probability that the new study is not like the historical ones, from 0 to 1.
    robust_component : Beta
        What is known of the rate then; uniform by default.

    Returns
    -------
    Borrowed
    """
    robust = prior.robust(robust_weight, robust_component)
    after = robust.update(events, n)
    weight_after = after.weights[-1] if robust_weight > 0 else 0.0
    alone = Beta(robust_component.alpha + events, robust_component.beta + n - events)
    return Borrowed(events, n, prior, robust, after, alone, robust_weight, weight_after)


def borrowing_group(analysis: Analysis, spec: BorrowingSpec, table: CountTable) -> xr.Dataset:
    """The historical counts of an analysis and the MAP prior made of them, to be kept with its posterior.

    Raises
    ------
    AnalysisError
        If the cohorts of the analysis are among those it borrows from.
    """
    import xarray as xr

    history = load_history(analysis, spec)
    chosen = table.select(
        endpoints=analysis.data.endpoints, regimens=analysis.data.regimens, where=dict(analysis.data.where)
    )
    own = set(zip(chosen.frame[STUDY], chosen.frame[REGIMEN], strict=True))
    frame = history.frame
    twice = [f"{s}, {r}" for s, r in zip(frame[STUDY], frame[REGIMEN], strict=True) if (s, r) in own]
    if twice:
        raise AnalysisError(
            f"borrowing: {'; '.join(twice)} would be counted twice, as historical and as new. Leave it out with "
            "borrowing.where or borrowing.regimens."
        )
    regimens = list(chosen.regimens)
    vague = [analysis.spec.prior("rate")[r].beta_shape() for r in regimens]
    if any(shape is None for shape in vague):
        raise AnalysisError("borrowing needs a Beta prior of the rate: it is the robust component.")
    counts = chosen.frame.groupby(REGIMEN)[["events", "n"]].sum().loc[regimens]
    logit_mean, tau = (dict(spec.priors)[role] for role in ("logit_mean", "tau"))
    mixture = map_of_counts(frame["events"].to_numpy(), frame["n"].to_numpy(), logit_mean, tau)
    return xr.Dataset(
        {
            "events": ("arm", frame["events"].to_numpy(dtype="int64")),
            "n": ("arm", frame["n"].to_numpy(dtype="int64")),
            "component_weight": ("component", list(mixture.weights)),
            "component_alpha": ("component", [c.alpha for c in mixture.components]),
            "component_beta": ("component", [c.beta for c in mixture.components]),
            "new_events": (REGIMEN, counts["events"].to_numpy(dtype="int64")),
            "new_n": (REGIMEN, counts["n"].to_numpy(dtype="int64")),
            "robust_alpha": (REGIMEN, [s[0] for s in vague if s]),
            "robust_beta": (REGIMEN, [s[1] for s in vague if s]),
        },
        coords={
            REGIMEN: regimens,
            "arm_study": ("arm", list(frame[STUDY])),
            "arm_regimen": ("arm", list(frame[REGIMEN])),
        },
        attrs={"sha256": history.digest, "logit_mean": str(logit_mean), "tau": str(tau)},
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


def borrowing_of(posterior: Posterior) -> dict[str, list[Borrowed]]:
    """The answers of an analysis that borrows, by regimen, one for every robust weight.

    Empty for an analysis that does not. The robust component is the analysis's own prior of the rate, so that
    a weight of 1 is the answer without borrowing.
    """
    spec = posterior.analysis.borrowing
    if spec is None or BORROWING not in posterior.tree.children:
        return {}
    group = posterior.tree[BORROWING].to_dataset()
    parts = [group[f"component_{name}"].to_numpy() for name in ("weight", "alpha", "beta")]
    prior = BetaMixture(
        tuple(map(float, parts[0])), tuple(Beta(float(a), float(b)) for a, b in zip(parts[1], parts[2], strict=True))
    )
    columns = (REGIMEN, "new_events", "new_n", "robust_alpha", "robust_beta")
    return {
        str(regimen): [
            borrow(prior, events=int(k), n=int(n), robust_weight=w, robust_component=Beta(float(a), float(b)))
            for w in spec.weights
        ]
        for regimen, k, n, a, b in zip(*(group[c].to_numpy() for c in columns), strict=True)
    }


def borrow_rows(posterior: Posterior) -> dict[str, Any] | None:
    """The entry `borrowing` of `result.json`; None for an analysis that does not borrow."""
    spec, answers = posterior.analysis.borrowing, borrowing_of(posterior)
    if spec is None or not answers:
        return None
    group = posterior.tree[BORROWING].to_dataset()
    arms = zip(*(group[c].to_numpy() for c in ("arm_study", "arm_regimen", "events", "n")), strict=True)
    prob = posterior.analysis.ci_prob
    first = next(iter(answers.values()))[0].historical
    rows = []
    for regimen, by_weight in answers.items():
        for b in by_weight:
            limits = [
                {"side": t.side, "value": t.value,
                 "probability": float(b.posterior.sf(t.value) if t.side == "above" else b.posterior.cdf(t.value))}
                for t in posterior.analysis.thresholds if t.estimand == "rate" and t.regimen in (None, regimen)
            ]  # fmt: skip
            rows.append(
                {
                    "regimen": regimen, "events": b.events, "n": b.n, "robust_weight": b.robust_weight,
                    "primary": b.robust_weight == spec.robust_weight, **_summary(b.posterior, prob), "ci_prob": prob,
                    "robust_weight_after": b.weight_after, "ess_elir": _number(b.prior.ess()),
                    "ess_moment": b.prior.ess_moment(), "predictive_tail": b.conflict, "thresholds": limits,
                }
            )  # fmt: skip
    return {
        "caution": CAUTION,
        "historical": [
            {"study": str(s), "regimen": str(r), "events": int(k), "n": int(m)} for s, r, k, m in arms
        ],
        "priors": {"logit_mean": str(group.attrs["logit_mean"]), "tau": str(group.attrs["tau"])},
        "map_prior": {
            "components": [
                {"weight": w, "alpha": c.alpha, "beta": c.beta}
                for w, c in zip(first.weights, first.components, strict=True)
            ],
            **_summary(first, prob), "ci_prob": prob, "ess_elir": _number(first.ess()),
            "ess_moment": first.ess_moment(),
        },
        "answers": rows,
    }  # fmt: skip


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
