"""The historical rates that a regimen borrows from, as observed and shrunken, and what they predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bayes_escc.answers.borrowed_history import borrow_rows
from bayes_escc.errors import AnalysisError
from bayes_escc.plots._forest import interval_forest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["historical_rates"]


def historical_rates(posterior: Posterior, regimen: str | None = None) -> Figure:
    """Draw the forest of the historical rates of a regimen that borrows.

    Parameters
    ----------
    posterior : Posterior
    regimen : str, optional
        The first that borrows if not given.

    Raises
    ------
    AnalysisError
        If there is no hierarchy of historical rates.
    """
    block = borrow_rows(posterior)
    priors = [p for p in (block or {}).get("map_priors", []) if regimen in (None, p["regimen"]) and p["study_rates"]]
    if not priors:
        raise AnalysisError('there is no hierarchy of historical rates here: [borrowing] with method = "map" has one.')
    prior = priors[0]
    rows = [(f"{r['study']}: {r['events']}/{r['n']}", _percent(r)) for r in prior["study_rates"]]
    rows += [("Rate at the centre", _percent(prior["mean_rate"])), ("A new study (the prior)", _percent(prior))]
    now = next(r for r in posterior.summary_rows() if r["estimand"] == "rate" and r["regimen"] == prior["regimen"])
    rows.append((f"{prior['regimen']}, with borrowing", _percent(now)))
    tau = prior["tau"]
    return interval_forest(
        rows,
        title=f"Historical rates behind {prior['regimen']}",
        unit="rate, per cent",
        footnote=f"Median and {100 * prior['ci_prob']:g} % credible interval; historical rates are shrunken towards "
        f"each other. tau {tau['median']:.2f} ({tau['lower']:.2f} to {tau['upper']:.2f}) on the log odds.",
        converged=posterior.diagnostics.converged,
    )


def _percent(row: Any) -> tuple[float, float, float]:
    return 100 * row["lower"], 100 * row["median"], 100 * row["upper"]
