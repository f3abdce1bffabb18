"""Figures, made of values: every function takes a posterior, a comparison, a rule or a history, and returns a figure.

`bayes_escc.plots.NAME(value)` draws the figure of that name with Matplotlib and shows nothing. Functions load on first
use, each from a module of its own name with an underscore before it, so that importing this room costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from bayes_escc.plots._balance import balance
    from bayes_escc.plots._benefit import benefit
    from bayes_escc.plots._better_over_time import better_over_time
    from bayes_escc.plots._borrowing import borrowing
    from bayes_escc.plots._boundaries import boundaries
    from bayes_escc.plots._dating import dating
    from bayes_escc.plots._difference import difference
    from bayes_escc.plots._forest import forest, interval_forest
    from bayes_escc.plots._hazard_ratios import hazard_ratios
    from bayes_escc.plots._hazards import hazards
    from bayes_escc.plots._historical_rates import historical_rates
    from bayes_escc.plots._intervals import intervals
    from bayes_escc.plots._network import league, network, ranks
    from bayes_escc.plots._predictive_check import predictive_check
    from bayes_escc.plots._prior_posterior import prior_posterior
    from bayes_escc.plots._reconstruction import reconstruction
    from bayes_escc.plots._study_changes import study_changes
    from bayes_escc.plots._study_estimates import study_estimates
    from bayes_escc.plots._study_follow_up import study_follow_up
    from bayes_escc.plots._study_probability import study_probability
    from bayes_escc.plots._survival import survival
    from bayes_escc.plots._synthesis import funnel, heterogeneity, regimens
    from bayes_escc.plots._tipping import tipping

_SHARED_MODULES = {
    "interval_forest": "_forest",
    "league": "_network",
    "ranks": "_network",
    "funnel": "_synthesis",
    "heterogeneity": "_synthesis",
    "regimens": "_synthesis",
}
"""Modules of the functions that do not have one to themselves."""

__all__ = [
    "balance",
    "benefit",
    "better_over_time",
    "borrowing",
    "boundaries",
    "dating",
    "difference",
    "forest",
    "funnel",
    "hazard_ratios",
    "hazards",
    "heterogeneity",
    "historical_rates",
    "interval_forest",
    "intervals",
    "league",
    "network",
    "predictive_check",
    "prior_posterior",
    "ranks",
    "reconstruction",
    "regimens",
    "study_changes",
    "study_estimates",
    "study_follow_up",
    "study_probability",
    "survival",
    "tipping",
]


def figure(name: str) -> Callable[..., Figure]:
    """The function that draws the figure of a name."""
    return cast("Callable[..., Figure]", globals().get(name) or __getattr__(name))


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"there is no figure {name!r}; there are {', '.join(__all__)}")
    module = importlib.import_module(f"bayes_escc.plots.{_SHARED_MODULES.get(name, f'_{name}')}")
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
