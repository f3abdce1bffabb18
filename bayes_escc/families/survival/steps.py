"""Coordinates in which the steps of a random walk are sampled: centred as far as the data inform them.

Log hazards that walk, ``logs_j = first + drift * sum_{l<j} scale_l z_l`` with standard normal z, are hard to sample:
with few events z should be sampled itself (non-centred), with many the log hazards (centred). Were the log-likelihood
the quadratic ``-sum_j events_j (logs_j - log rate_j)^2 / 2``, steps given the drift and the first log hazard would be
normal with precision ``I + drift^2 A`` and mean ``drift (I + drift^2 A)^-1 (g - h first)``. In the directions Q that
make A diagonal, with values a, these steps are put in standard units:

    z = Q y,   y_k = (u_k + drift (g_k - h_k first) / r_k) / r_k,   r_k = sqrt(1 + drift^2 a_k).

u is then nearly standard normal and independent of the drift, whatever the number of events. Only the coordinates
depend on the data: the prior of z, standard normal, is exact, and so is the posterior.

References
----------
Papaspiliopoulos O, Roberts GO, Skoeld M. Stat Sci 2007;22:59-73.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from bayes_escc.names import AnyArray

if TYPE_CHECKING:
    from bayes_escc.families.tensors import Tensor

__all__ = ["StepCoordinates"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class StepCoordinates:
    """What the data say of steps, roughly, for each of some walks.

    Parameters
    ----------
    directions : array of shape (walks, steps, steps)
        Orthogonal; a column is a direction.
    information : array of shape (walks, steps)
        Of each direction, for a drift of one.
    pull, pull_of_first : array of shape (walks, steps)
        Gradient of the log-likelihood at no steps, along each direction: the second times the first log hazard is
        taken away from the first.
    """

    directions: Array
    information: Array
    pull: Array
    pull_of_first: Array

    @classmethod
    def of_counts(cls, events: Array, exposure: Array, scale: Array) -> Self:
        """From events and follow-up by walk and interval, and the relative sizes of steps."""
        rate = np.log(np.maximum(events, 0.5) / np.maximum(exposure, 1e-8))
        sums = np.tril(np.ones((events.shape[1], len(scale))), -1) * scale
        information, directions = np.linalg.eigh(sums.T @ (events[:, :, None] * sums))
        turned = sums @ directions
        pull = ((events * rate)[:, None, :] @ turned)[:, 0]
        return cls(directions, np.maximum(information, 0.0), pull, (events[:, None, :] @ turned)[:, 0])

    @property
    def data(self) -> dict[str, AnyArray]:
        """Values of the data that `standard_steps` creates."""
        return {f"step_{name}": value for name, value in vars(self).items()}

    def standard_steps(self, drift: Tensor, first: Tensor) -> Tensor:
        """Standard normal steps inside the current PyMC model, shape (walks, steps).

        Parameters
        ----------
        drift : scalar tensor
        first : tensor of shape (walks, 1)
            Log hazards of the first interval.
        """
        import pymc as pm
        import pytensor.tensor as pt

        data = {name: pm.Data(name, value, shape=value.shape) for name, value in self.data.items()}
        root = pt.sqrt(1.0 + drift**2 * data["step_information"])
        moved = drift * (data["step_pull"] - data["step_pull_of_first"] * first) / root
        # the sampler's own scale, as its name says, which is not among the draws
        u = pm.Normal("step_u__", -moved, root, shape=self.information.shape)
        y = (u + moved) / root
        return (data["step_directions"] * y[:, None, :]).sum(axis=-1)

    def in_units(self, z: Array, drift: float, first: Array) -> Array:
        """The coordinates u of steps z, shape (walks, steps): the inverse of `standard_steps`."""
        y = (z[:, None, :] @ self.directions)[:, 0]
        root = np.sqrt(1.0 + drift**2 * self.information)
        return np.asarray(root * y - drift * (self.pull - self.pull_of_first * first) / root)
