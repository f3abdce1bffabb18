"""Two designs side by side over the same patients, so that chance cancels from their difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain
from bayes_escc.trials.design import Design
from bayes_escc.trials.estimates import Estimate, average, difference, proportion

__all__ = ["compare_designs"]


def compare_designs(first: Design, second: Design, trials: int | None = None) -> list[Plain]:
    """P(go), P(stop), patients and months of two designs, by the truths that both state.

    Parameters
    ----------
    first, second : Design
        Simulated from the seed of the first.
    trials : int, optional
        By truth; those of the first file if not given.

    Returns
    -------
    list of dict
        ``truth``, ``what``, and the estimates ``first``, ``second``, ``difference``.
    """
    names = [t.name for t in first.spec.truths if t.name in {s.name for s in second.spec.truths}]
    if not names:
        raise AnalysisError("the designs have no truth of one name in common: what should be compared?")
    second = second.with_seed(first.spec.simulation.seed)
    count = trials or first.spec.simulation.trials
    rows: list[Plain] = []
    for name in names:
        a, b = (d.conduct(name, d.spec.patients[-1], 0, count) for d in (first, second))
        shares: tuple[tuple[str, Any, Any, Callable[[Any], Estimate]], ...] = (
            ("P(go)", a.decision > 0, b.decision > 0, proportion),
            ("P(stop)", a.decision < 0, b.decision < 0, proportion),
            ("patients", a.patients, b.patients, average),
            ("months", a.months, b.months, average),
        )
        for what, one, other, estimate in shares:
            rows.append(
                {
                    "truth": name,
                    "what": what,
                    "first": estimate(one).to_dict(),
                    "second": estimate(other).to_dict(),
                    "difference": difference(other, one).to_dict(),
                }
            )
    return rows
