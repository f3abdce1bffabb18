"""Leave-one-patient-out predictive accuracy, and models compared by it.

The expected log predictive density of a patient the model has not seen, by Pareto-smoothed
importance sampling from the fit that has seen all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.inference.groups import INTEGRATED, densities_of, observed_of
from bayes_escc.names import CHAIN, DRAW, LEFT_OUT, OWN_EFFECTS
from bayes_escc.probability.effective import error_of_mean

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Loo", "check_same_coding", "compare_models", "loo"]

_CODING: Final = ("lower", "upper", "entry", "regimen_index")


class _Fitted(Protocol):
    """Anything with ArviZ's groups, for example a `Posterior`."""

    @property
    def groups(self) -> Mapping[str, xr.Dataset]: ...


@dataclass(frozen=True)
class Loo:
    """Leave-one-out predictive accuracy of one model.

    Parameters
    ----------
    elpd, se : float
        Sum over patients of the expected log predictive density, and its standard error.
    p : float
        Effective number of parameters.
    each : array of shape (patients,)
        The density of every patient.
    pareto_k : array of shape (patients,)
        Reliability of each; above `good_k` it is not.
    good_k : float
        Largest shape that is reliable with this number of draws.
    refitted : tuple of int
        Positions of the patients who were left out by refitting (`exact_loo`).
    mcse : float
        Monte Carlo error of `elpd`; infinite where importance sampling failed for someone, and 0 where every density is
        known by quadrature, as in small syntheses with a normal likelihood and Normal priors.
    marginal : bool
        Whether effects of its own (a study's, a centre's, imputed numbers) were integrated out of each density.
    """

    elpd: float
    se: float
    p: float
    each: NDArray[np.float64]
    pareto_k: NDArray[np.float64]
    good_k: float
    refitted: tuple[int, ...] = ()
    mcse: float = 0.0
    marginal: bool = True

    @property
    def unreliable(self) -> int:
        """Number of patients whose density importance sampling cannot be trusted with."""
        return int((self.pareto_k > self.good_k).sum())


def loo(fitted: _Fitted, *, integrated: bool | None = None) -> Loo:
    """Leave-one-out accuracy of a fit, one patient (or row of the table) at a time.

    Parameters
    ----------
    fitted : Posterior
    integrated : bool, optional
        Whether effects that only whoever is left out has are integrated out within each draw. In a hierarchy of
        studies that is a study's own random effect: it is integrated out by default, because a study that is left
        out has not told its effect. In a survival model it is frailties and imputed numbers: by default (False) the
        centre and the imputed values stay known as the other draws know them; if true, the outcome is that of a
        patient of a new centre, whose missing values are known only through the covariates seen.

    Raises
    ------
    AnalysisError
        If something is to be integrated that the model does not have, or cannot integrate.

    Notes
    -----
    Imputed numbers depend on the outcome left out, and so does the frailty of a small centre, so
    that the conditional density is often unreliable (`Loo.unreliable`); the integrated one is not
    (Merkle, Furr and Rabe-Hesketh, Psychometrika 2019;84:802-829). In a hierarchy the conditional density rewards a
    model for effects that it learnt from the very study left out.

    References
    ----------
    Vehtari A, Gelman A, Gabry J. Stat Comput 2017;27:1413-1432.
    Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J. J Mach Learn Res 2024;25(72):1-58.
    """
    import arviz_stats as az

    group = densities_of(fitted.groups)
    if "published" in group:
        raise AnalysisError(
            "leave-one-out: this fit has arms with counts and published effects, whose densities have no common unit; "
            "compare such models by the deviance of bayes_escc.inconsistency."
        )
    name = str(next(iter(group.data_vars)))
    hierarchy, available = OWN_EFFECTS.keys() <= group[name].attrs.keys(), f"{name}{INTEGRATED}" in group
    if not available and (integrated or (integrated is None and hierarchy)):
        raise AnalysisError(
            "leave-one-out: the effects of a trial (its baseline and its contrasts) are integrated out of arm counts "
            "where the prior of the baseline is Normal and no trial has more than four arms; else take the counts as "
            "normal effects, or compare models by the deviance of bayes_escc.inconsistency."
            if hierarchy
            else "leave-one-out: this model has no effects of single studies or centres and no imputed numbers, so "
            "there is nothing to integrate out: leave integrated out."
        )
    marginal = not hierarchy and not available
    if integrated or (integrated is None and hierarchy and available):
        name, marginal = f"{name}{INTEGRATED}", True
    values = group[name].transpose(CHAIN, DRAW, ...)
    if LEFT_OUT in values.attrs and marginal:
        return _exact(values.to_numpy(), np.array([float(v) for v in str(values.attrs[LEFT_OUT]).split()]))
    # the log-likelihood of large tables is that of some of the draws, under their own labels
    posterior = fitted.groups["posterior"].sel({DRAW: values[DRAW]})
    found: Any = az.loo(_tree(posterior, group[[name]]), var_name=name, pointwise=True)
    each = np.asarray(found.elpd_i).ravel()
    return Loo(
        float(found.elpd),
        float(found.se),
        float(found.p),
        each,
        np.asarray(found.pareto_k).ravel(),
        float(found.good_k),
        mcse=_error(values.to_numpy(), each),
        marginal=marginal,
    )


def _exact(values: NDArray[np.float64], each: NDArray[np.float64]) -> Loo:
    """Leave-one-out of densities that are known by quadrature; the draws tell the number of parameters alone."""
    flat = values.reshape(-1, each.size)
    top = flat.max(axis=0)
    seen = top + np.log(np.exp(flat - top).mean(axis=0))
    elpd, se = float(each.sum()), float(np.sqrt(each.size * each.var()))
    return Loo(elpd, se, float((seen - each).sum()), each, np.zeros(each.size), 0.7)


def _error(values: NDArray[np.float64], each: NDArray[np.float64]) -> float:
    """Monte Carlo error of the sum of densities left out by importance sampling.

    A density left out is one over the mean of one over the density, smoothed in its tail; its relative error is that
    of that mean, from the spread of the inverse densities and their effective number.
    """
    flat = values.reshape(*values.shape[:2], -1)
    inverse = np.exp(np.minimum(-flat - (-flat).max(axis=(0, 1)), 0.0))
    relative = error_of_mean(inverse) / inverse.mean(axis=(0, 1))
    relative = np.where(np.isfinite(relative), relative, 0.0)
    return float(np.sqrt((relative**2).sum())) if np.isfinite(each).all() else float("inf")


def _tree(posterior: xr.Dataset, log_likelihood: xr.Dataset) -> xr.DataTree:
    import xarray as xr

    return xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": log_likelihood})


def compare_models(fits: Mapping[str, _Fitted], *, integrated: bool | None = None) -> pd.DataFrame:
    """Models of the same patients, compared by leave-one-out predictive accuracy, the best first.

    Parameters
    ----------
    fits : mapping of str to Posterior
        At least two fits to the same patients, coded alike.
    integrated : bool, optional
        Whether effects of its own are integrated out; see `loo`. A model without any has its density as it is.

    Returns
    -------
    DataFrame
        Columns elpd, se, p, difference (to the best), se_difference, unreliable.

    Raises
    ------
    AnalysisError
        If some densities are conditional on effects of whoever is left out and others are not; or if the fits saw
        different patients, or the same ones coded differently: the density of an event at a known time has the
        unit 1 / time, the probability of an event between two scans has none, and their sums cannot be compared.
    """
    import pandas as pd

    if len(fits) < 2:
        raise AnalysisError("comparing models needs at least two fits.")
    check_same_coding(fits)
    found = {name: _of_model(fit, integrated) for name, fit in fits.items()}
    apart = [name for name, one in found.items() if not one.marginal]
    if apart and len(apart) < len(found):
        raise AnalysisError(
            f"{' and '.join(apart)}: left out conditionally on effects of its own (a study's, a centre's, imputed "
            "numbers), the others without any: such densities cannot be compared. Compare with integrated=True, or "
            "models that all have such effects."
        )
    best = max(found, key=lambda name: found[name].elpd)
    rows = []
    for name in sorted(found, key=lambda n: -found[n].elpd):
        one, gap = found[name], found[name].each - found[best].each
        rows.append(
            {
                "model": name,
                "elpd": one.elpd,
                "se": one.se,
                "p": one.p,
                "difference": float(gap.sum()),
                "se_difference": float(np.sqrt(gap.size * gap.var())),
                "unreliable": one.unreliable,
            }
        )
    return pd.DataFrame(rows).set_index("model")


def _of_model(fit: _Fitted, integrated: bool | None) -> Loo:
    """Leave-one-out of one of several models; one without effects of its own has nothing to integrate."""
    group = densities_of(fit.groups)
    name = str(next(iter(group.data_vars)))
    plain = f"{name}{INTEGRATED}" not in group and not OWN_EFFECTS.keys() <= group[name].attrs.keys()
    return loo(fit, integrated=None if plain else integrated)


def check_same_coding(fits: Mapping[str, _Fitted]) -> None:
    """Refuse to compare fits of different patients, or of the same ones coded differently."""
    observed = {name: observed_of(fit.groups) for name, fit in fits.items()}
    (a, first), *others = observed.items()
    for b, other in others:
        _same_coding(a, first, b, other)


def _same_coding(a: str, first: xr.Dataset, b: str, other: xr.Dataset) -> None:
    if set(first.data_vars) != set(other.data_vars):
        raise AnalysisError(f"{a} and {b} are models of different kinds of data, so they cannot be compared.")
    if first.attrs.get("time_unit") != other.attrs.get("time_unit"):
        raise AnalysisError(
            f"{a} is in {first.attrs.get('time_unit')} and {b} in {other.attrs.get('time_unit')}: densities per unit "
            "of time differ by the unit; fit both with one model.time_unit."
        )
    coding = [v for v in _CODING if v in first] or [str(v) for v in first.data_vars]
    for variable in coding:
        x, y = first[variable].to_numpy(), other[variable].to_numpy()
        if x.shape != y.shape or not np.array_equal(x, y):
            raise AnalysisError(
                f"{a} and {b} saw different patients, or the same coded differently ({variable}): densities of known "
                "times and probabilities of intervals cannot be compared."
            )
