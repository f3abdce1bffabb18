"""Two designs side by side over the same patients, so that chance cancels from their difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bayes_escc.errors import AnalysisError
from bayes_escc.names import AnyArray, Plain
from bayes_escc.trials.design import Design
from bayes_escc.trials.estimates import Estimate, average, difference, enumerated, proportion
from bayes_escc.trials.exact import exact_characteristics

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
    known = [exact_characteristics(design.spec, design.model) for design in (first, second)]
    rows: list[Plain] = []
    for name in names:
        places = [(design.spec.patients[-1], name) for design in (first, second)]
        a, b = (d.conduct(name, most, 0, count) for d, (most, _) in zip((first, second), places, strict=True))
        exact = [of.get(place) for of, place in zip(known, places, strict=True)]
        for what, key, one, other, estimate in (
            ("P(go)", "probability_go", a.decision > 0, b.decision > 0, proportion),
            ("P(stop)", "probability_stop", a.decision < 0, b.decision < 0, proportion),
            ("patients", "expected_patients", a.patients, b.patients, average),
            ("months", "expected_months", a.months, b.months, average),
        ):
            values = [None if made is None else getattr(made, key) for made in exact]
            rows.append({"truth": name, "what": what, **_side_by_side(values, one, other, estimate)})
    return rows


def _side_by_side(
    known: Sequence[float | None], one: AnyArray, other: AnyArray, estimate: Callable[[Any], Estimate]
) -> Plain:
    """A number of both designs and its difference: enumerated where it can be, else of the same patients."""
    a, b = known
    first = estimate(one) if a is None else enumerated(a)
    second = estimate(other) if b is None else enumerated(b)
    if a is not None and b is not None:
        apart = enumerated(b - a)
    elif a is None and b is None:
        apart = difference(other, one)
    else:
        apart = difference(
            np.full(len(other), b) if b is not None else other, np.full(len(one), a) if a is not None else one
        )
    return {"first": first.to_dict(), "second": second.to_dict(), "difference": apart.to_dict()}
