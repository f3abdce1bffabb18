"""Boundaries of a simulated design, look by look: on counts, on the observed hazard ratio, or on the probability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping
from bayes_escc.plots._design import data_of, footnote_of, is_trusted, probability_axis
from bayes_escc.plots.style import BLUE, GREY, ORANGE, finish, house_style, new_figure, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["design_boundaries"]


def design_boundaries(result: Any) -> Figure:
    """Draw where the rules of a design go and stop, at each look.

    Parameters
    ----------
    result : DesignResult or mapping
        Of `Design.simulate`, or the content of its ``design.json``.

    Returns
    -------
    matplotlib.figure.Figure
        A panel per rule: its thresholds of probability, and beside them the counts or the observed hazard ratio that
        meet them.

    Raises
    ------
    AnalysisError
        If no rule has a threshold at a look.
    """
    data = data_of(result)
    names = list(dict.fromkeys(row["rule"] for row in data.get("boundaries", []) if row["thresholds"]))
    if not names:
        raise AnalysisError("the design has no rule with a threshold at a look: there is no boundary to draw.")
    with house_style():
        figure, panels = new_figure(62, converged=is_trusted(data), panels=len(names))
        for axes, name in zip(panels, names, strict=True):
            _draw(axes, name, [row for row in data["boundaries"] if row["rule"] == name and row["thresholds"]])
        return finish(figure, title=f"Boundaries: {data['design']['title']}", footnote=footnote_of(data))


def _draw(axes: Axes, name: str, rows: Sequence[PlainMapping]) -> None:
    looks = sorted({row["look"] for row in rows})
    by_look = {row["look"]: row for row in rows}
    probability_axis(axes, [v for row in rows for v in row["thresholds"].values()])
    marks = (("go_above", BLUE, "o", "Go above"), ("stop_below", ORANGE, "v", "Stop below"))
    for key, colour, mark, label in (*marks, ("stop_above", ORANGE, "^", "Stop above")):
        at = [n for n in looks if key in by_look[n]["thresholds"]]
        if at:
            values = [by_look[n]["thresholds"][key] for n in at]
            axes.plot(at, values, color=colour, marker=mark, ms=4, ls="-" if key == "go_above" else "--", label=label)
            for n, value in zip(at, values, strict=True):
                text = _beside(by_look[n], "go" if key == "go_above" else "stop", key)
                below = key == "go_above"
                axes.annotate(
                    text,
                    (n, value),
                    xytext=(0, -12 if below else 8),
                    textcoords="offset points",
                    ha="center",
                    fontsize=6.5,
                    color=GREY,
                )
    axes.set_xticks(looks)
    axes.set_xticklabels([f"{n}: {_place(by_look[n])}" for n in looks])
    axes.set_xlim(min(looks) - 0.5, max(looks) + 0.5)
    axes.set_title(wrapped(name, 60))
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _place(row: PlainMapping) -> str:
    """Where a look stands: evaluable patients, events, or its month."""
    if row["patients"]:
        return ("~" if row["varies"] else "") + "/".join(str(n) for n in row["patients"])
    events = row["when"]["events"]
    return f"{events} events" if events else f"{row['when']['at_least_months'] or row['when']['by_month']:g} months"


def _beside(row: PlainMapping, act: str, key: str) -> str:
    """The counts, or the observed hazard ratio, at a threshold."""
    if row["hazard_ratio"]:
        return f"HR {row['hazard_ratio'][key]:.2f}"
    single = row["patients"] is not None and row["reference_events"] is None
    return f"{row[act]}" if single and row[act] else f"{row['thresholds'][key]:.3g}"
