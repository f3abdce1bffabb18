"""Leave-one-out by leaving out: the model fitted anew without a patient, where weighting cannot be trusted."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.checks.asked import Asked, question
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence import PatientTable
from bayes_escc.families import Design
from bayes_escc.inference import Estimate, Loo, estimate, loo, run_many
from bayes_escc.names import CHAIN, DRAW
from bayes_escc.probability.effective import error_of_mean
from bayes_escc.runs.run import frozen_analysis, prepare_design

__all__ = ["exact_loo", "loo_of"]


def exact_loo(
    asked: Asked,
    table: Any = None,
    *,
    patients: Literal["unreliable", "all"] = "unreliable",
    workers: int | None = 1,
    scheduler: str | None = None,
) -> Loo:
    """Leave-one-out accuracy with the patients that importance sampling cannot leave out left out by refitting.

    Parameters
    ----------
    asked : Analysis or model
        A survival or response analysis of patients.
    table : PatientTable, DataFrame or path, optional
        The analysis's own if not given; a model needs one.
    patients : {"unreliable", "all"}
        Whom to leave out by refitting: those whose Pareto k is too large, or everyone.
    workers : int or None
        Processes that refit; None for one a usable processor. The result does not depend on it.
    scheduler : str, optional
        Address of a Dask scheduler whose workers refit instead (see `inference.run_many`).

    Returns
    -------
    Loo
        `refitted` holds the positions of the patients left out by refitting; their `pareto_k` is zero. `mcse` is the
        Monte Carlo error of the sum.

    Raises
    ------
    AnalysisError
        If the analysis is not one of patients.

    Notes
    -----
    Refits are by Laplace, or NUTS where that fails, with the coding, cut points and priors of all patients. A patient
    without whom the model cannot be prepared (the only one of a regimen or level) keeps the weighted estimate.
    """
    analysis, chosen = question(asked, table)
    if not isinstance(chosen, PatientTable):
        raise AnalysisError("exact_loo: needs patients.")
    stated = prepare_design(analysis, chosen)
    analysis = frozen_analysis(analysis, stated)
    design = prepare_design(analysis, chosen)
    if design.parameters_of_patients:
        raise AnalysisError(
            "exact_loo: a fit without a patient has no imputed values of that patient, and may lack the centre; use "
            "loo(fit, integrated=True), which needs neither."
        )
    rows = _rows_of(design)
    sampling = replace(analysis.sampling, sampler="laplace")
    found = loo_of(design, estimate(design, sampling))
    wanted = range(design.patients) if patients == "all" else np.flatnonzero(~(found.pareto_k <= found.good_k))
    each, k, done = found.each.copy(), found.pareto_k.copy(), []
    errors = np.full(design.patients, found.mcse / math.sqrt(design.patients))  # of those who are not refitted
    positions = [int(i) for i in wanted]
    pieces = [(analysis, chosen, rows[i], i) for i in positions]
    refits = run_many(_left_out, pieces, sampling.seed, workers, scheduler)
    for i, refit in zip(positions, refits, strict=True):
        if refit is not None:
            (each[i], errors[i]), k[i] = refit, 0.0
            done.append(rows[i])
    # freezing puts patients in the order of their regimens; they are reported in that of the analysis
    order = _rows_of(stated)
    place = np.array([rows.index(r) for r in order])
    total = float(each.sum())
    return Loo(
        total,
        float(np.sqrt(each.size * each.var())),
        found.p + found.elpd - total,
        each[place],
        k[place],
        found.good_k,
        tuple(sorted(order.index(r) for r in done)),
        float(np.sqrt((errors**2).sum())),
        found.marginal,
    )


def _left_out(piece: tuple[Analysis, PatientTable, int, int], seed: int) -> tuple[float, float] | None:
    """Log density of one patient under a fit without it, and its error; None where the model cannot be prepared then.

    The patient is given by its row of the table and by its place in the design.
    """
    analysis, table, row, place = piece
    try:
        without = prepare_design(analysis, table.keep(table.frame.drop(index=row)))
    except (AnalysisError, DataError):
        return None
    refit = estimate(without, replace(analysis.sampling, sampler="laplace", seed=seed))
    left_out = _density(prepare_design(analysis, table), refit)[..., place]
    return _log_mean(left_out), _error_of_log_mean(left_out)


def _rows_of(design: Design) -> list[int]:
    """The row of the table each patient of a design stands in."""
    rows = [int(r) for r in design.row_numbers]
    if len(rows) != design.patients:
        raise AnalysisError("exact_loo: the patients of this analysis cannot be told apart from its table.")
    return rows


def loo_of(design: Design, found: Estimate) -> Loo:
    """Leave-one-out accuracy of a design under its draws, by importance sampling."""
    groups = {
        "posterior": found.parameters,
        "log_likelihood": design.log_likelihood(found.parameters),
        "observed_data": design.observed(),
    }
    fitted: Any = SimpleNamespace(groups=groups)
    with warnings.catch_warnings():  # whom it cannot be trusted with is in the result
        warnings.filterwarnings("ignore", "Estimated shape parameter of Pareto distribution")
        return loo(fitted)


def _density(design: Design, found: Estimate) -> Any:
    """Log densities of all patients, (chain, draw, patients)."""
    group = design.log_likelihood(found.parameters)
    return group[str(next(iter(group.data_vars)))].transpose(CHAIN, DRAW, ...).to_numpy()


def _error_of_log_mean(logs: Any) -> float:
    """Monte Carlo error of the logarithm of a mean density, from its draws (chain, draw)."""
    density = np.exp(logs - logs.max())
    if not np.ptp(density) > 0.0:
        return 0.0
    return float(error_of_mean(density[..., None])[0]) / float(density.mean())


def _log_mean(logs: Any) -> float:
    top = logs.max()
    return float(top + np.log(np.mean(np.exp(logs - top))))
