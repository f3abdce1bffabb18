"""Centres whose patients share an unseen share of the hazard: log-normal frailty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import normalise
from bayes_escc.settings.prior import Prior
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    from bayes_escc.evidence import PatientTable
    from bayes_escc.families.tensors import Tensor

__all__ = ["CENTRE", "Centres", "centres_of", "new_centres"]

CENTRE = "centre"
"""Dimension of the centres."""

_NODES = 9
_MOST_ROWS = 3000


@dataclass(frozen=True)
class Centres:
    """The centre of every patient.

    The hazard of a patient of centre c is multiplied by exp(log_frailty_c), and log_frailty_c ~
    Normal(0, frailty_sd). In the sampler, log_frailty is frailty_sd times a standard normal
    variable (non-centred), which keeps a small spread reachable.

    Parameters
    ----------
    column : str
    labels : tuple of str
        Sorted, so that the order of patients decides nothing.
    index : array of shape (patients,)
    prior : Prior
        Of the spread of the log hazards.
    """

    column: str
    labels: tuple[str, ...]
    index: NDArray[np.int32]
    prior: Prior

    def known(self, label: Any) -> str:
        """The label of a centre as it is stored.

        Raises
        ------
        AnalysisError
            If it is not in the table.
        """
        text = normalise(str(label))
        if text not in self.labels:
            raise AnalysisError(
                f"estimands.population: {self.column} {text!r} is not in the table; leave it out for a new one."
                f"{nearest(text, self.labels)}"
            )
        return text

    def build(self) -> Tensor:
        """Log frailty of every centre, inside the current PyMC model."""
        import pymc as pm

        spread = self.prior.to_pymc("frailty_sd")
        return pm.Deterministic("log_frailty", spread * pm.Normal("frailty_z", dims=CENTRE), dims=CENTRE)

    def sample(self, rng: np.random.Generator, draws: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Prior draws of the spread, (draws,), and of the log frailties, (draws, centres)."""
        spread = self.prior.sample(rng, draws)
        return spread, spread[:, None] * rng.normal(size=(draws, len(self.labels)))


def centres_of(table: PatientTable, column: str, prior: Prior) -> Centres:
    """The centres in a column of a table.

    Raises
    ------
    AnalysisError
        If there is no such column, or only one centre.
    DataError
        If a patient has none.
    """
    if column not in table.frame.columns:
        raise AnalysisError(
            f"model.frailty: there is no column {column!r}; the columns are {', '.join(table.frame.columns)}."
            f"{nearest(column, table.frame.columns)}"
        )
    cells = [normalise(str(v)) for v in table.frame[column]]
    refuse_if_any(
        table.source,
        [
            Problem(
                "blank_label",
                "the centre is blank",
                "Fill it in; a centre of its own may be called unknown.",
                row=int(row),
                column=column,
                value="",
            )
            for row, cell in zip(table.frame.index, cells, strict=True)
            if not cell
        ],
    )
    labels = tuple(sorted(set(cells)))
    if len(labels) < 2:
        raise AnalysisError(
            f"model.frailty: every patient is of {column} {labels[0]!r}, so that hazards cannot differ between "
            "centres; leave frailty out."
        )
    place = {label: i for i, label in enumerate(labels)}
    return Centres(column, labels, np.array([place[c] for c in cells], dtype="int32"), prior)


def new_centres(spread: NDArray[np.float64], rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log frailties over which an average is one over new centres, within each draw.

    Parameters
    ----------
    spread : array of shape (draws,)
    rows : int
        Patients (or patterns) to be averaged over besides.

    Returns
    -------
    log_frailty : array of shape (draws, nodes) or, for many rows, (draws, rows)
    weight : array of shape (nodes,)
        Empty if every row has one centre of its own.

    Notes
    -----
    By Gauss-Hermite quadrature; among many rows by giving each one a normal score of its own,
    evenly spaced in probability and dealt out at random, so that the average over rows is one over
    centres too.
    """
    if rows * _NODES <= _MOST_ROWS:
        nodes, weight = np.polynomial.hermite_e.hermegauss(_NODES)
        return spread[:, None] * nodes, weight / weight.sum()
    from scipy.special import ndtri

    scores = ndtri((np.random.default_rng(rows).permutation(rows) + 0.5) / rows)
    return spread[:, None] * scores, np.empty(0)
