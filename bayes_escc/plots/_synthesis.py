"""Figures of a synthesis besides the forest plot: regimens of a network, funnel, heterogeneity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.answers.comparison import labelled_cells
from bayes_escc.errors import AnalysisError
from bayes_escc.names import REGIMEN
from bayes_escc.plots._forest import interval_forest
from bayes_escc.plots._intervals import quantiles_of
from bayes_escc.plots.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    density,
    finish,
    house_style,
    new_figure,
    wrapped,
)
from bayes_escc.probability.panels import PanelDensity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from bayes_escc.answers.posterior import Posterior

MAX_NAMED: Final = 15
"""Most studies whose names stand in a funnel plot."""

__all__ = ["funnel", "heterogeneity", "regimens"]


def regimens(posterior: Posterior) -> Figure:
    """Draw every regimen of a network against its reference."""
    effect = posterior.estimand("effect")
    ci = posterior.analysis.ci_prob
    rows = []
    for labels, draws in labelled_cells(effect):
        law = posterior.law_at("effect", labels)
        if law is not None or np.ptp(draws) > 0:
            low, middle, high = quantiles_of(law, draws.ravel(), [(1 - ci) / 2, 0.5, (1 + ci) / 2])
            rows.append((str(labels[REGIMEN]), (low, middle, high)))
    reference = str(effect[REGIMEN].to_numpy()[0])
    better = str(effect.attrs.get("better", ""))
    return interval_forest(
        rows,
        title=posterior.analysis.title,
        unit=str(effect.attrs["unit"]),
        better=better,
        footnote=f"Each regimen against {reference}. Circle: posterior median; line: {100 * ci:g} % credible interval.",
        converged=posterior.diagnostics.converged,
        sides=("regimen", reference),
    )


def funnel(posterior: Posterior) -> Figure:
    """Draw a funnel plot: published effects against their standard errors, the pooled effect, its 95 % cone.

    Few trials cannot show asymmetry: with under ten, read it as a picture of precision.
    """
    observed = posterior.observed
    if "mu" not in posterior.estimand_names or "y" not in observed:
        raise AnalysisError("a funnel plot needs a pairwise synthesis.")
    y, se = observed["y"].to_numpy(), observed["se"].to_numpy()
    keep = np.isfinite(se)
    centre = float(np.median(posterior.estimand("mu").to_numpy()))
    unit = str(posterior.estimand("effect").attrs["unit"])
    ratio = unit.endswith("ratio")
    with house_style():
        figure, (axes,) = new_figure(95, converged=posterior.diagnostics.converged)
        depth = 1.15 * float(se[keep].max())
        natural = np.exp if ratio else np.asarray
        axes.fill_betweenx(
            [0, depth],
            natural([centre, centre - 1.96 * depth]),
            natural([centre, centre + 1.96 * depth]),
            color=SKY,
            alpha=0.2,
            linewidth=0,
        ) if not ratio else _cone(axes, centre, depth)
        axes.axvline(float(natural(centre)), color=BLUE, linewidth=1.0)
        axes.scatter(natural(y[keep]), se[keep], s=26, color=BLACK, zorder=3)
        studies = observed["row_study"].to_numpy()[keep]
        axes.set_ylim(depth, 0)
        if ratio:
            from matplotlib.ticker import FuncFormatter, NullFormatter

            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            shown = [t for t in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0) if _inside(axes, t)]
            axes.set_xticks(shown, [f"{t:g}" for t in shown])
            axes.minorticks_off()
        axes.set_xlabel(f"{unit.capitalize()}{', logarithmic axis' if ratio else ''}")
        axes.set_ylabel("Standard error" + (" of its logarithm" if ratio else ""))
        finish(
            figure,
            title=f"Funnel plot. {posterior.analysis.title}",
            footnote="Line: pooled effect (median). Shaded: where 95 % of trials would lie if all shared that effect.",
        )
        if len(studies) <= MAX_NAMED:
            _name_points(
                figure,
                axes,
                [(float(natural(x)), float(e)) for x, e in zip(y[keep], se[keep], strict=True)],
                [wrapped(str(name), 30) for name in studies],
            )
        return figure


def _name_points(figure: Figure, axes: Axes, points: list[tuple[float, float]], names: list[str]) -> None:
    """Write each name beside its point where it hides no other; the places are tried one after the other."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    dots = [axes.transData.transform(p) for p in points]
    placed: list[Any] = []
    places = [
        (6, 0),
        (-6, 0),
        (6, 8),
        (-6, 8),
        (6, -8),
        (-6, -8),
        (0, 12),
        (0, -12),
        (6, 16),
        (-6, 16),
        (6, -16),
        (-6, -16),
    ]
    for i in sorted(range(len(points)), key=lambda i: points[i][1]):
        best: tuple[float, Any] | None = None
        for dx, dy in places:
            note = axes.annotate(
                names[i],
                points[i],
                xytext=(dx, dy),
                textcoords="offset points",
                fontsize=7,
                color=GREY,
                va="center",
                ha="left" if dx > 0 else "right" if dx < 0 else "center",
            )
            box = note.get_window_extent(renderer)
            hidden = sum(box.overlaps(b) for b in placed) + sum(
                box.x0 - 2 < x < box.x1 + 2 and box.y0 - 2 < y < box.y1 + 2 for j, (x, y) in enumerate(dots) if j != i
            )
            hidden += 10 * (box.x0 < axes.bbox.x0 or box.x1 > figure.bbox.x1)
            if best is None or hidden < best[0]:
                if best is not None:
                    best[1].remove()
                best = (float(hidden), note)
            else:
                note.remove()
            if best[0] == 0:
                break
        if best is not None:
            placed.append(best[1].get_window_extent(renderer))


def heterogeneity(posterior: Posterior) -> Figure:
    """Draw what was assumed of the heterogeneity tau, and what is known of it after the data."""
    if "tau" not in posterior.estimand_names:
        raise AnalysisError("there is no heterogeneity here: the effects are common.")
    array = posterior.estimand("tau")
    cells = list(labelled_cells(array))
    ahead = list(labelled_cells(posterior.estimand("tau", prior=True)))
    laws = [posterior.law_at("tau", labels) for labels, _ in cells]
    top = 1.15 * max(
        *(quantiles_of(law, draws.ravel(), [0.99])[0] for law, (_, draws) in zip(laws, cells, strict=True)),
        *(float(np.quantile(draws, 0.9)) for _, draws in ahead),
    )
    grid = np.linspace(top / 2000, top, 600)
    prior_laws = [posterior.law_at("tau", labels, prior=True) for labels, _ in ahead]

    def curve(law: object, draws: NDArray[np.float64]) -> NDArray[np.float64]:
        return law.density_at(grid) if isinstance(law, PanelDensity) else density(draws, grid)

    with house_style():
        figure, (axes,) = new_figure(80, converged=posterior.diagnostics.converged)
        before = [curve(law, draws) for law, (_, draws) in zip(prior_laws, ahead, strict=True)]
        same = all(np.allclose(values, before[0]) for values in before) or posterior.sampler != "exact"
        for number, (law, (labels, draws)) in enumerate(zip(laws, cells, strict=True)):
            name = str(labels["covariate"]) if len(cells) > 1 else ""
            colour = (BLUE, ORANGE, VERMILION, SKY)[number % 4]
            if number == 0 or not same:
                label = "before the data" if same else f"{name}, before the data"
                axes.plot(grid, before[number], color=GREY if same else colour, linestyle=(0, (4, 2)), label=label)
            dashes = ("-", "-.", ":", "--")[number % 4]
            label = f"{name}, after the data" if name else "after the data"
            axes.plot(grid, curve(law, draws), color=colour, linestyle=dashes, label=label)
        axes.set_xlim(0, top)
        axes.set_ylim(bottom=0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.legend(frameon=False)
        unit = str(array.attrs["unit"])
        axes.set_xlabel(f"Standard deviation between trials, tau ({unit})")
        return finish(
            figure,
            title=f"Heterogeneity. {posterior.analysis.title}",
            footnote="A tau of 0.1 lets 95 % of trials lie within a factor of 1.22 of the pooled ratio, 0.3 within a "
            "factor of 1.80."
            if unit.startswith("log")
            else "",
        )


def _inside(axes: object, value: float) -> bool:
    low, high = axes.get_xlim()  # type: ignore[attr-defined]
    return bool(low <= value <= high)


def _cone(axes: object, centre: float, depth: float) -> None:
    errors = np.linspace(0.0, depth, 60)
    axes.fill_betweenx(  # type: ignore[attr-defined]
        errors, np.exp(centre - 1.96 * errors), np.exp(centre + 1.96 * errors), color=SKY, alpha=0.2, linewidth=0
    )
