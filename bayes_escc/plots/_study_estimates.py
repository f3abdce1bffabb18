"""Estimates with their intervals over the data cuts of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import PlainMapping
from bayes_escc.plots._survival import arm_styles
from bayes_escc.plots.looks import estimand_words, look_axis, looks_of, time_unit_of, unconverged
from bayes_escc.plots.style import finish, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["study_estimates"]

_MARKERS = "os^Dv"
_WIDEST = 20.0
"""Intervals this many times as high as the medians' range are cut with an arrow."""


def study_estimates(history: PlainMapping, estimand: str | None = None) -> Figure:
    """Draw the posterior median and interval of an estimand on every regimen after each data cut.

    Parameters
    ----------
    history : mapping
        `Study.history()`.
    estimand : str, optional
        That of the first comparison if not given.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    AnalysisError
        If there is no such estimand.
    """
    looks = looks_of(history)
    last = looks[-1]["fit"] if looks else {"comparisons": [], "estimates": []}
    name = estimand or next((r["estimand"] for r in last["comparisons"]), "rate")
    same = [r for r in last["estimates"] if r["estimand"] == name and r["regimen"] and not r["study"]]
    if not same:
        known = sorted({r["estimand"] for r in last["estimates"]})
        raise AnalysisError(f"no estimate {name!r} by regimen in this study; there are {', '.join(known)}.")
    first = same[0]
    regimens = list(dict.fromkeys(r["regimen"] for r in same))
    styles, width = arm_styles(regimens), 0.5 / len(regimens)
    with house_style():
        figure, (axes,) = new_figure(88, converged=not unconverged(looks))
        middles, tops = [], []
        for i, regimen in enumerate(regimens):
            rows = [
                next(
                    (
                        r
                        for r in look["fit"]["estimates"]
                        if (r["estimand"], r["regimen"], r["endpoint"], r["time"], r["study"])
                        == (name, regimen, first["endpoint"], first["time"], None)
                    ),
                    None,
                )
                for look in looks
            ]
            x = np.array([j for j, r in enumerate(rows) if r is not None]) + (i - (len(regimens) - 1) / 2) * width
            found = [r for r in rows if r is not None]
            low, middle, high = (np.array([float(r[k]) for r in found]) for k in ("lower", "median", "upper"))
            axes.errorbar(
                x,
                middle,
                yerr=[middle - low, high - middle],
                color=styles[regimen]["color"],
                marker=_MARKERS[i % 5],
                markersize=4.5,
                linestyle="none",
                linewidth=1.3,
                label=regimen,
            )
            middles += middle.tolist()
            tops += high.tolist()
        top = min(max(tops), _WIDEST * float(np.median(middles)), 1.05 * float(np.quantile(tops, 0.9)) + max(middles))
        axes.set_ylim(0 if min(middles) >= 0 else None, 1.03 * top)
        what = estimand_words(name, first["time"], time_unit_of(last))
        what = f"{first['endpoint']}, {what}" if first["endpoint"] else f"{what[:1].upper()}{what[1:]}"
        axes.set_ylabel(f"{what} ({first['unit']})" if first["unit"] else what)
        look_axis(axes, looks)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=min(3, len(regimens)), frameon=False)
        cut = " Intervals that leave the frame are those of the first, sparse cuts." if max(tops) > 1.03 * top else ""
        return finish(
            figure,
            title=f"{what} by regimen, look by look",
            footnote=f"Posterior median and {100 * first['ci_prob']:g} % credible interval.{cut} "
            + " ".join(history["notes"]),
        )
