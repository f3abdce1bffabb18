"""Figures, one per file. Every function returns a Matplotlib figure and shows nothing."""

from bayes_escc.plots.benefit import plot_benefit
from bayes_escc.plots.difference import plot_difference
from bayes_escc.plots.intervals import plot_intervals
from bayes_escc.plots.prior_posterior import plot_prior_posterior

__all__ = ["plot_benefit", "plot_difference", "plot_intervals", "plot_prior_posterior"]
