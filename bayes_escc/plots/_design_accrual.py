"""How patients come in simulated trials, and when looks fall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bayes_escc.errors import AnalysisError
from bayes_escc.plots._design import data_of, footnote_of, is_trusted
from bayes_escc.plots.style import BLACK, BLUE, GREY, ORANGE, SKY, VERMILION, blank_figure, finish, house_style, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["design_accrual"]

_COLOURS = (BLUE, VERMILION, ORANGE, SKY, GREY, BLACK)
_MARKS = ("o", "s", "^", "D", "v", "P")


def design_accrual(result: Any) -> Figure:
    """Draw the number of patients over time with what varies from trial to trial, and the dates of the looks.

    Parameters
    ----------
    result : DesignResult or mapping
        Of `Design.simulate`, or the content of its ``design.json``.

    Returns
    -------
    matplotlib.figure.Figure
        Above, entered patients (median, and 5th to 95th percentile); below, the months of the looks by truth.
    """
    data = data_of(result)
    found = data.get("accrual")
    if not found:
        raise AnalysisError("this result holds no accrual: simulate the design again.")
    looks = found["looks"]
    places = list(dict.fromkeys((row["rule"], row["look"]) for row in looks))
    truths = list(dict.fromkeys(row["truth"] for row in looks))
    with house_style():
        rows = 8 + (4 + 3 * len(truths)) * len(places)
        figure = blank_figure(70 + rows, converged=is_trusted(data))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[55, rows])
        upper.fill_between(found["months"], found["lower"], found["upper"], color=SKY, alpha=0.4, lw=0)
        upper.plot(found["months"], found["median"], color=BLUE)
        upper.set_ylabel("Patients entered")
        upper.tick_params(labelbottom=True)
        for row in looks:
            i = truths.index(row["truth"])
            at = places.index((row["rule"], row["look"])) + 0.2 * (i - (len(truths) - 1) / 2)
            spread = [[row["median"] - row["lower"]], [row["upper"] - row["median"]]]
            first = (row["rule"], row["look"]) == places[0]
            lower.errorbar(
                row["median"], at, xerr=spread, color=_COLOURS[i % 6], marker=_MARKS[i % 6], ms=3, ls="",
                label=row["truth"] if first else None,
            )  # fmt: skip
        lower.set_yticks(range(len(places)))
        lower.set_yticklabels([wrapped(f"{rule}, look {look}", 24) for rule, look in places])
        lower.set_ylim(len(places) - 0.5, -0.5)
        lower.set_xlim(left=0)
        lower.set_xlabel("Months from the first entry (median, and 5th to 95th percentile of 400 trials)")
        upper.legend(*lower.get_legend_handles_labels(), frameon=False, loc="lower right")
        return finish(figure, title=f"Accrual and looks: {data['design']['title']}", footnote=footnote_of(data))
