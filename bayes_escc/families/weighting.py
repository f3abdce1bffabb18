"""Other priors of one model: how much its log prior density changes where some of its priors are others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from bayes_escc.families.exchangeable import PairPrior
from bayes_escc.names import AnyArray
from bayes_escc.settings.prior import PriorSet

__all__ = ["Weighted", "prior_change", "variable_of"]

_VARIABLES = {"median": "reference_median", "cure_fraction": "reference_cure_fraction"}


def variable_of(role: str) -> str:
    """The variable of a model that has the prior of a role: of the reference patient, where patients differ."""
    return _VARIABLES.get(role, role)


class Weighted(Protocol):
    """A design whose priors may be changed by weighting."""

    spec: Any

    def prior_labels(self, role: str, size: int) -> Sequence[str]:
        """Labels by which the priors of a role are looked up, along the first axis of its variable."""


def prior_change(
    design: Weighted, changed: Sequence[tuple[str, PriorSet]], joint: Mapping[str, PairPrior] | None = None
) -> Callable[[Mapping[str, AnyArray]], AnyArray]:
    """The change in log prior density, as a function of the variables of the model, (draws, ...) each.

    Parameters
    ----------
    design : Weighted
    changed : sequence of (str, PriorSet)
        The other priors, by role.
    joint : mapping of str to PairPrior, optional
        By role, the prior of a ratio of any two regimens, where regimens are coded exchangeably.
    """

    def change(variables: Mapping[str, AnyArray]) -> AnyArray:
        total: Any = 0.0
        for role, new in changed:
            old = design.spec.prior(role)
            if variable_of(role) not in variables:  # one regimen has no log hazard ratio
                continue
            values = variables[variable_of(role)]
            values = values.reshape(len(values), -1) if values.ndim < 2 else values
            if joint is not None and role in joint:
                laws = (replace(joint[role], prior=p.default) for p in (new, old))
                after, before = (law.log_density(values).reshape(len(values), -1).sum(axis=1) for law in laws)
                total = total + after - before
                continue
            for i, label in enumerate(design.prior_labels(role, values.shape[1])):
                each = values[:, i].reshape(len(values), -1)
                gained = new[label].log_density(each) - old[label].log_density(each)
                total = total + np.asarray(gained).sum(axis=1)
        return np.asarray(total)

    return change
