"""Borrowing: the historical prior, the data and the answer with and without it, and how it hangs on the weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.borrowed_history import borrowing_of, primary_weight
from bayes_escc.answers.borrowing import Borrowed
from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain
from bayes_escc.plots.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    blank_figure,
    finish,
    house_style,
    wrapped,
)
from bayes_escc.probability.mixtures import BetaMixture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["borrowing"]

Array = NDArray[np.float64]


def borrowing(posterior: Posterior) -> Figure:
    """Draw, for every regimen, prior mixture, likelihood and posteriors, and the rate for every robust weight.

    Raises
    ------
    AnalysisError
        If the analysis does not borrow.
    """
    answers = borrowing_of(posterior)
    if not answers:
        raise AnalysisError("this analysis does not borrow: it has no [borrowing].")
    ci = posterior.analysis.ci_prob
    # all of the answers, and of the historical prior all but its far tails
    shown = [
        (law.quantile(tail), law.quantile(1.0 - tail))
        for bs in answers.values()
        for b in bs
        for law, tail in ((b.historical, 0.01), (b.posterior, 0.001), (b.alone, 0.001))
    ]
    lowest, highest = min(low for low, _ in shown), max(high for _, high in shown)
    limits = (max(0.0, 0.8 * lowest), min(1.0, 1.05 * highest))
    with house_style():
        figure = blank_figure(34 + 52 * len(answers), converged=posterior.diagnostics.converged)
        panels = figure.subplots(
            len(answers), 2, squeeze=False, sharex=True, gridspec_kw={"width_ratios": [1.0, 1.0], "wspace": 0.06}
        )
        for row, (regimen, by_weight) in zip(panels, answers.items(), strict=True):
            weight = primary_weight(posterior, regimen)
            chosen = next(b for b in by_weight if b.robust_weight == weight)
            _densities(row[0], chosen, limits)
            _weights(row[1], by_weight, weight, ci)
            head = f"{regimen}: {chosen.events}/{chosen.n}"
            row[0].set_title(wrapped(head, 46), fontsize=8)
            row[1].set_title("The answer, by robust weight", fontsize=8)
            for axes in row:
                axes.set_xlim(100 * limits[0], 100 * limits[1])
        for axes in panels[-1]:
            axes.set_xlabel("Rate, per cent")
        panels[0, 0].legend(loc="best", frameon=False, fontsize=7)
        regimen, one = next(iter(answers.items()))
        prior = next(b for b in one if b.robust_weight == primary_weight(posterior, regimen))
        sizes = f"The historical prior is worth {_size(prior.historical)}, the robust prior {_size(prior.prior)}."
        return finish(
            figure,
            title=posterior.analysis.title,
            footnote=f"{sizes} Likelihood: the data alone, scaled to area one. Right: posterior median and "
            f"{100 * ci:g} % credible interval; 0 is full borrowing, 1 none; bold: the weight of the analysis; after: "
            "probability, given the data, that the cohort is not like the historical ones. Unanchored: other trials "
            "and populations.",
        )


def _size(law: BetaMixture) -> str:
    """The size of a prior in patients; the information ratio (ELIR) does not exist for all."""
    elir = law.ess()
    by_moments = f"{law.ess_moment():.0f} patients by moments"
    return f"{elir:.0f} patients by ELIR ({by_moments})" if np.isfinite(elir) else f"{by_moments} (no ELIR exists)"


def _densities(axes: Axes, b: Borrowed, limits: tuple[float, float]) -> None:
    x = np.linspace(max(limits[0], 1e-4), min(limits[1], 1 - 1e-4), 600)
    vague = b.prior.components[-1] if b.robust_weight > 0 else None
    likelihood = np.exp(b.events * np.log(x) + (b.n - b.events) * np.log1p(-x))
    likelihood /= likelihood.sum() * (x[1] - x[0])
    curves: list[tuple[str, Array, Plain]] = [
        ("historical prior", b.historical.density(x), {"color": GREY, "linestyle": (0, (4, 2))})
    ]
    if vague is not None:
        part = BetaMixture((1.0,), (vague,)).density(x)
        curves.append(("robust component", part, {"color": GREY, "linestyle": (0, (1, 1.5))}))
    curves.append(
        (f"robust MAP prior, weight {b.robust_weight:g}", b.prior.density(x), {"color": BLACK, "linewidth": 1.0})
    )
    alone = np.exp(_log_beta(b, x))
    same = bool(np.abs(alone - likelihood).max() < 0.02 * alone.max())
    if not same:  # under a uniform prior the two are one curve
        curves.append(("likelihood", likelihood, {"color": ORANGE, "linestyle": (0, (6, 1.5, 1, 1.5))}))
    name = "likelihood = posterior without borrowing" if same else "posterior without borrowing"
    curves += [
        (name, alone, {"color": VERMILION, "linestyle": (0, (3, 1))}),
        ("posterior with borrowing", b.posterior.density(x), {"color": BLUE, "linewidth": 2.0}),
    ]
    for label, curve, style in curves:
        axes.plot(100 * x, curve, label=label, **style)
    axes.fill_between(100 * x, b.posterior.density(x), color=SKY, alpha=0.15, linewidth=0)
    inner = (x > 0.01) & (x < 0.99)  # a prior such as Jeffreys' rises without bound at the ends
    axes.set_ylim(0, 1.12 * max(float(curve[inner].max()) for _, curve, _ in curves))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _log_beta(b: Borrowed, x: Array) -> Array:
    law = b.alone
    return np.asarray((law.alpha - 1) * np.log(x) + (law.beta - 1) * np.log1p(-x) - law.log_normaliser())


def _weights(axes: Axes, by_weight: list[Borrowed], primary: float, ci: float) -> None:
    tail = (1.0 - ci) / 2.0
    for y, b in enumerate(reversed(by_weight)):
        low, middle, high = (100 * b.posterior.quantile(q) for q in (tail, 0.5, 1.0 - tail))
        color = VERMILION if b.robust_weight == 1.0 else BLUE
        axes.plot([low, high], [y, y], color=color, linewidth=2.2 if b.robust_weight == primary else 1.2)
        axes.plot(middle, y, "o", color="white", markeredgecolor=color, markersize=4.5, zorder=3)
        if 0.0 < b.robust_weight < 1.0:
            axes.annotate(
                f"{b.weight_after:.2f}",
                (1.01, y),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=7,
                color=GREY,
            )
    axes.annotate(
        "after",
        (1.01, len(by_weight) - 0.3),
        xycoords=("axes fraction", "data"),
        va="bottom",
        fontsize=7,
        color=GREY,
        annotation_clip=False,
    )
    labels = [f"{b.robust_weight:g}" for b in reversed(by_weight)]
    axes.set_yticks(range(len(labels)), labels)
    for label, b in zip(axes.get_yticklabels(), reversed(by_weight), strict=True):
        label.set_fontweight("bold" if b.robust_weight == primary else "normal")
    axes.set_ylim(-0.6, len(labels) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
