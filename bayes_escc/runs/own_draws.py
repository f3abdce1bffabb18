"""Results folder and page of a posterior whose draws were made elsewhere (`Posterior.from_draws`)."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_escc.answers.posterior import Posterior
from bayes_escc.names import REGIMEN, Plain
from bayes_escc.report.result import comparisons_of, to_json, to_result
from bayes_escc.runs.page_facts import facts_of_analysis
from bayes_escc.runs.results_folder import results_folder
from bayes_escc.runs.run import write_drawings, write_tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

__all__ = ["write_posterior"]


def write_posterior(posterior: Posterior, out: str | Path, *, figures: bool = True) -> list[Path]:
    """Write the results folder of a posterior made elsewhere, from which `write_report` makes its page.

    Parameters
    ----------
    posterior : Posterior
        Made by `Posterior.from_draws`; its `comparisons` and `thresholds` are what the report answers.
    out : str or Path
        The results folder.
    figures : bool
        Intervals of every estimand that regimens have, and the differences of every comparison.

    Returns
    -------
    list of Path
        Files written.
    """
    from bayes_escc.plots import difference, intervals

    comparisons = comparisons_of(posterior)
    drawings: dict[str, Callable[[], Figure]] = {}
    for name in posterior.estimand_names:
        array = posterior.estimand(name)
        if REGIMEN in array.dims and array.ndim == 3:
            drawings[f"{name}s"] = partial(intervals, posterior, name)
    for i, comparison in enumerate(comparisons, start=1):
        drawings[f"{comparison.scale}_{i}"] = partial(difference, comparison)
    with results_folder(Path(out)) as folder:
        result = to_result(posterior, comparisons)
        write_tables(folder, posterior, result)
        folder.write("page.json", to_json(_facts(posterior, json.loads(to_json(result)))))
        if figures:
            write_drawings(folder, drawings)
    return folder.paths


def _facts(posterior: Posterior, result: Plain) -> Plain:
    """Facts of the page: what is known without a table and a design."""
    data = {"source": "draws made elsewhere", "kind": "draws", "rows_read": 0}
    nothing: Plain = {key: [] for key in ("baseline", "follow_up", "at_risk", "counts")}
    return {
        **facts_of_analysis(posterior, data, result),
        **nothing,
        "companions": [],
        "prior_predictive": [],
    }
