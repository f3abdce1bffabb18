"""Predictive check of a survival model: Kaplan-Meier of the data among those of replicated data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_escc.evidence.kaplan_meier import kaplan_meier
from bayes_escc.names import CHAIN, DRAW, REGIMEN
from bayes_escc.plots._survival import figure_data, time_ticks
from bayes_escc.plots.style import BLACK, SKY, blank_figure, finish, house_style, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_escc.answers.posterior import Posterior

__all__ = ["predictive_check"]

_REPLICATES: Final = 300
_COLUMNS: Final = 3


def predictive_check(posterior: Posterior) -> Figure:
    """Draw the Kaplan-Meier curve of the data within those of replicated data, by regimen.

    Parameters
    ----------
    posterior : Posterior
        Of a survival model of patients.

    Returns
    -------
    matplotlib.figure.Figure
        Bands hold 50 % and 95 % of the replicates. Replicated patients keep covariates and entry,
        and are censored as the data were.
    """
    curves, observed = figure_data(posterior), posterior.observed
    regimens = [str(r) for r in curves[REGIMEN].to_numpy()]
    replicated = posterior.groups["posterior_predictive"].stack(sample=(CHAIN, DRAW))
    keep = np.unique(np.linspace(0, replicated.sizes["sample"] - 1, _REPLICATES).astype(int))
    time, event = (replicated[k].transpose("sample", ...).to_numpy()[keep] for k in ("time", "event"))
    entry, member = observed["entry"].to_numpy(), observed["regimen_index"].to_numpy()
    unit = str(curves.attrs["time_unit"])
    followed = [(i, name) for i, name in enumerate(regimens) if (member == i).any()]
    columns = min(_COLUMNS, len(followed))
    rows = -(-len(followed) // columns)
    with house_style():
        figure = blank_figure(22 + 58 * rows, converged=posterior.diagnostics.converged)
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for spare in panels.flat[len(followed) :]:
            spare.set_visible(False)
        for (i, regimen), axes in zip(followed, panels.flat, strict=False):
            mine = member == i
            stop, happened = observed["time"].to_numpy()[mine], observed["event"].to_numpy()[mine] == 1
            grid = np.linspace(0, stop.max(), 120)
            drawn = np.stack(
                [kaplan_meier(t[mine], e[mine] == 1, entry[mine])(grid) for t, e in zip(time, event, strict=True)]
            )
            low, q1, q3, high = np.quantile(drawn, [0.025, 0.25, 0.75, 0.975], axis=0)
            axes.fill_between(grid, low, high, color=SKY, alpha=0.30, linewidth=0, label="95 % of replicates")
            axes.fill_between(grid, q1, q3, color=SKY, alpha=0.65, linewidth=0, label="50 %")
            steps = kaplan_meier(stop, happened, entry[mine])
            at = np.concatenate([[0.0], steps.time, [stop.max()]])
            axes.step(at, steps(at), where="post", color=BLACK, linewidth=1.3, label="data")
            axes.set_ylim(0, 1.02)
            axes.set_yticks(np.linspace(0, 1, 6), [f"{100 * v:.0f}" for v in np.linspace(0, 1, 6)])
            axes.set_xlim(0, float(stop.max()))
            axes.set_xticks(time_ticks(float(stop.max()), unit))
            axes.set_title(wrapped(regimen, 34), fontsize=8)
        panels[0, 0].set_ylabel("Progression-free (% of patients)")
        panels[0, -1 if rows == 1 else 0].legend(loc="upper right", frameon=False)
        figure.supxlabel(f"Time from start of treatment ({unit})", fontsize=8)
        return finish(figure, title=f"Predictive check. {posterior.analysis.title}")
