"""Figures, one per file. Every function returns a Matplotlib figure and shows nothing."""

from bayes_escc.plots.benefit import plot_benefit
from bayes_escc.plots.boundaries import plot_boundaries
from bayes_escc.plots.coefficients import plot_coefficients
from bayes_escc.plots.dating import plot_dating
from bayes_escc.plots.difference import plot_difference
from bayes_escc.plots.hazards import plot_hazards
from bayes_escc.plots.intervals import plot_intervals
from bayes_escc.plots.over_time import plot_better_over_time
from bayes_escc.plots.predictive_survival import plot_predictive_survival
from bayes_escc.plots.prior_posterior import plot_prior_posterior
from bayes_escc.plots.survival import plot_survival

__all__ = [
    "plot_benefit",
    "plot_better_over_time",
    "plot_boundaries",
    "plot_coefficients",
    "plot_dating",
    "plot_difference",
    "plot_hazards",
    "plot_intervals",
    "plot_predictive_survival",
    "plot_prior_posterior",
    "plot_survival",
]
