"""Figures, made of values: every function takes a posterior, a comparison, a rule or a history, and returns a figure.

`bayes_escc.plots.NAME(value)` draws the figure of that name with Matplotlib and shows nothing. Functions load on first
use, so that importing this room costs nothing. A module of this room whose name begins with an underscore holds the
figure of the rest of its name; nothing needs to list it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

_SHARED_MODULES = {
    "design_calibration": "_design",
    "design_convergence": "_design",
    "design_decisions": "_design",
    "design_drift": "_design",
    "design_duration": "_design",
    "design_power": "_design",
    "interval_forest": "_forest",
    "league": "_network",
    "ranks": "_network",
    "funnel": "_synthesis",
    "heterogeneity": "_synthesis",
    "regimens": "_synthesis",
}
"""Modules of the functions that do not have one to themselves."""

_PLURAL = ("_design", "_synthesis")
"""Modules that have no function of their own name."""

_MODULES = {
    **{m.name[1:]: m.name for m in pkgutil.iter_modules(__path__) if m.name[0] == "_" and m.name not in _PLURAL},
    **_SHARED_MODULES,
}

__all__ = sorted(_MODULES)


def figure(name: str) -> Callable[..., Figure]:
    """The function that draws a figure as it is: in English, and in words of PFS, which its caller puts into others."""
    drawn = globals().get(name) or __getattr__(name)
    return cast("Callable[..., Figure]", getattr(drawn, "__wrapped__", drawn))


def __getattr__(name: str) -> Callable[..., Figure]:
    if name not in _MODULES:
        raise AttributeError(f"there is no figure {name!r}; there are {', '.join(__all__)}")
    value = _in_words_of_endpoint(getattr(importlib.import_module(f"bayes_escc.plots.{_MODULES[name]}"), name))
    globals()[name] = value
    return value


def _in_words_of_endpoint(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """A function that draws, whose figures of overall survival and the like say so, wherever they are drawn."""

    @functools.wraps(draw)
    def drawn(*values: Any, **options: Any) -> Figure:
        figure = draw(*values, **options)
        shown = next(iter([*values, *options.values()]), None)
        outcome = getattr(shown, "outcome", "")
        if not isinstance(outcome, str) or not outcome:
            return figure
        from bayes_escc.plots.chinese import names_of, with_endpoint_texts

        return with_endpoint_texts(figure, outcome, own=names_of(shown))

    return drawn


def __dir__() -> list[str]:
    return list(__all__)
