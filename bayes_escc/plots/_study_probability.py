"""P(better) over the data cuts of a study: every look, its Monte Carlo error, and the thresholds of its rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping
from bayes_escc.plots._survival import arm_styles
from bayes_escc.plots.looks import asked, estimand_words, look_axis, looks_of, time_unit_of, unconverged
from bayes_escc.plots.style import GREY, VERMILION, finish, house_style, new_figure
from bayes_escc.report.layout import display_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["study_probability"]

_MARKERS = "osD^v"
_SHORT = 32
"""Width, in signs, of labels that stand beside each other above the axes."""


def study_probability(history: PlainMapping) -> Figure:
    """Draw the posterior probability of every comparison after each data cut.

    Parameters
    ----------
    history : mapping
        `Study.history()`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    AnalysisError
        If no fit of the study compares anything.
    """
    looks = looks_of(history)
    keys = list(dict.fromkeys(asked(r) for look in looks for r in look["fit"]["comparisons"]))[: len(_MARKERS)]
    if not keys:
        raise AnalysisError("no fit of this study compares regimens, so there is no P(better) to draw.")
    styles, pairs = arm_styles(range(len(keys))), {key[1:3] for key in keys}
    labels = [_words(key, len(pairs), time_unit_of(looks[-1]["fit"])) for key in keys]
    with house_style():
        figure, (axes,) = new_figure(90, converged=not unconverged(looks))
        drawn: list[tuple[float, float]] = []
        for i, key in enumerate(keys):
            rows = [next((r for r in look["fit"]["comparisons"] if asked(r) == key), None) for look in looks]
            x = np.array([j for j, r in enumerate(rows) if r is not None])
            p, error = (
                np.array([float(r[name]) for r in rows if r is not None])
                for name in ("probability_better", "mcse_probability")
            )
            drawn += zip(x.tolist(), p.tolist(), strict=True)
            colour = styles[str(i)]["color"]
            axes.errorbar(
                x,
                p,
                yerr=1.96 * error,
                color=colour,
                marker=_MARKERS[i],
                markersize=5,
                capsize=2.5,
                linewidth=1.4,
                linestyle=styles[str(i)]["linestyle"],
                label=labels[i],
                zorder=3,
            )
            _previews(axes, looks, key, colour, first=i == 0)
        _thresholds(axes, looks, drawn)
        axes.axhline(0.5, color=GREY, linewidth=0.8, zorder=1)
        axes.set_ylim(-0.02, 1.02)
        axes.set_yticks(np.linspace(0, 1, 6))
        axes.set_ylabel("P(better)")
        look_axis(axes, looks)
        beside = min(3, len(keys) + 1) if max(map(display_width, labels)) <= _SHORT else 1
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=beside, frameon=False)
        single = looks[-1]["fit"]["comparisons"][0]
        title = f"Probability that {single['regimen']} is better than {single['reference']}, look by look"
        anchors = "; ".join(dict.fromkeys(r["anchoring"] for r in looks[-1]["fit"]["comparisons"]))
        notes = f"{anchors[:1].upper()}{anchors[1:]}. Bars: 1.96 Monte Carlo standard errors. "
        notes += "Every look is a fit to all data as they stood then."
        return finish(
            figure,
            title=title if len(pairs) == 1 else "Probability of being better, look by look",
            footnote=" ".join([notes, *_rates(looks), *history["notes"]]),
        )


def _words(key: tuple[Any, ...], count: int, unit: str) -> str:
    estimand, regimen, reference, scale, endpoint, time = key
    what = f"{endpoint + ', ' if endpoint else ''}{estimand_words(estimand, time, unit)}, {scale.replace('_', ' ')}"
    return what if count == 1 else f"{regimen} against {reference}: {what}"


def _previews(axes: Axes, looks: Any, key: tuple[Any, ...], colour: str, *, first: bool) -> None:
    """Previews as open circles, where they were shown."""
    points = []
    for j, look in enumerate(looks):
        found = look["fit"]["preview"] or {"comparisons": []}
        points += [(j, r["probability_better"]) for r in found["comparisons"] if asked(r) == key]
    if points:
        x, p = zip(*points, strict=True)
        axes.plot(
            x,
            p,
            linestyle="none",
            marker="o",
            markersize=9,
            markerfacecolor="none",
            markeredgecolor=colour,
            markeredgewidth=0.8,
            label="preview by reweighting" if first else None,
            zorder=2,
        )


def _thresholds(axes: Axes, looks: Any, points: Sequence[tuple[float, float]]) -> None:
    """The thresholds of rules about a posterior probability, step by step where they changed.

    Each is named at the end of its line that is farther from the points.
    """
    names = {"go_above": "go above", "stop_below": "stop below", "stop_above": "stop above"}
    drawn: dict[tuple[str, str], list[float]] = {}
    for look in looks:
        for position in look["fit"]["positions"]:
            if position["kind"] == "posterior_probability":
                for side in names:
                    value = position["thresholds"].get(side, np.nan)
                    drawn.setdefault((position["rule"], side), []).append(value)
    for (rule, side), values in drawn.items():
        if np.isfinite(values).any():
            x = np.arange(len(looks) - len(values), len(looks))
            axes.step(x, values, where="mid", color=VERMILION, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
            at_start = _clearance(points, values[0], x[0], len(looks)) >= _clearance(
                points, values[-1], x[-1], len(looks)
            )
            place, value = (x[0] - 0.5, values[0]) if at_start else (x[-1] + 0.5, values[-1])
            high = value > 0.9
            axes.annotate(
                f"{rule}: {names[side]} {values[-1]:g}",
                (place, value),
                ha="left" if at_start else "right",
                xytext=(0, -3 if high else 3),
                textcoords="offset points",
                color=VERMILION,
                fontsize=7,
                va="top" if high else "bottom",
            )


def _clearance(points: Sequence[tuple[float, float]], value: float, end: float, count: int) -> float:
    """How far the points within a third of the looks from one end stay from a threshold."""
    return min((abs(p - value) for x, p in points if abs(x - end) <= count / 3), default=1.0)


def _rates(looks: Any) -> list[str]:
    """The false-alarm rates of the rules at the looks taken, where they are known."""
    found = []
    for position in looks[-1]["fit"]["positions"]:
        if position["false_alarm"] is not None:
            rate = max(position["false_alarm"], 0.0)
            found.append(f"{position['rule']}: {len(position['looks'])} looks so far, false-alarm rate {rate:.3f}.")
    return found
