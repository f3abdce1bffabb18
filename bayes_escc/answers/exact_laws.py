"""The exact laws of a posterior, read from its tree as the objects they are.

Variables of the group `laws`, by estimand name: ``<name>_alpha`` and ``<name>_beta``;
``<name>_location`` and ``<name>_spread`` with a dimension `node` and weights ``node_weight``, or
``<name>_weight`` where labels differ in them; ``<name>_covariance`` with two labels more;
``<name>_density`` with dimensions `panel` and
`panel_node`, and ``panel_edge``, or ``<name>_edge``, ``_scale``, ``_moments`` and ``_typical``
where labels differ in them; ``hazard_gamma_shape`` and ``hazard_gamma_rate``, of the constant hazards behind every
estimand that they decide. Attributes are text, which netCDF gives back as it was. Rates that are mixtures stand
as `probability.rate_storage` lays them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.answers.rows import Labels
from bayes_escc.names import AGAINST, CATEGORY, ENDPOINT, LABEL_DIMS, REGIMEN, TIME, Direction, Scale
from bayes_escc.probability.beta import Beta, BetaContrast
from bayes_escc.probability.hazard_laws import Gamma, HazardContrast, HazardLaw, Quantity, rank_hazards
from bayes_escc.probability.joint_rates import JointRates
from bayes_escc.probability.marginal import Distribution, Marginal, Side
from bayes_escc.probability.normal_mixture import NormalMixture
from bayes_escc.probability.normal_ranks import rank_normals
from bayes_escc.probability.panels import PanelDensity
from bayes_escc.probability.rate_contrasts import RateContrast
from bayes_escc.probability.rate_storage import (
    holds_joint,
    holds_rates,
    holds_several,
    stored_joint,
    stored_pair,
    stored_rate,
)

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ExactLaws"]

Array = NDArray[np.float64]
_OF_HAZARDS: Final[Mapping[str, Quantity]] = {
    "hazard": "hazard",
    "hazard_rate": "hazard",
    "hazard_ratio": "hazard",
    "median": "median",
    "survival": "survival",
    "rmst": "rmst",
}
"""Estimands that a constant hazard decides."""


@dataclass(frozen=True)
class ExactLaws:
    """The exact marginal laws of estimands, and of contrasts between regimens.

    Parameters
    ----------
    group : Dataset
        The group `laws` (or `prior_laws`) of a posterior's tree.
    """

    group: xr.Dataset
    _joints: dict[str, tuple[list[str], JointRates]] = field(default_factory=dict, init=False, repr=False)

    def marginal(self, name: str, labels: Labels) -> Distribution | None:
        """The law of one labelled cell of an estimand, or None if there is none.

        Parameters
        ----------
        name : str
            Of the estimand.
        labels : mapping
            Regimen, study, endpoint, ... of the cell, as `labelled_cells` gives them.
        """
        if holds_joint(self.group, name) or holds_several(self.group, name):
            regimens, joint = self._joint(name, labels[REGIMEN])
            return joint.marginal(regimens.index(labels[REGIMEN]))
        if holds_rates(self.group, name):
            return stored_rate(self.group, name, labels[REGIMEN])
        if self._holds_hazards(name):
            law = self._of_hazard(name, labels, labels[REGIMEN])
            if name != "hazard_ratio":
                return law
            first = str(self.group[REGIMEN].to_numpy()[0])
            return None if labels[REGIMEN] == first else self._hazard_contrast(name, labels, first, "ratio")
        if f"{name}_alpha" in self.group:
            return self._beta(name, labels)
        if f"{name}_location" in self.group:
            return self._mixture(name, labels)
        return self._density(name, labels) if f"{name}_density" in self.group else None

    def contrast(self, name: str, labels: Labels, reference: str, scale: Scale) -> Marginal | None:
        """The law of one regimen against another in the same place, or None if there is none.

        Rates in closed form have it on every scale; effects on that of their model: the ratio where the logarithm
        is normal given the heterogeneity, the difference otherwise.
        """
        if holds_joint(self.group, name) or holds_several(self.group, name):
            if reference == labels[REGIMEN]:
                return None
            regimens, joint = self._joint(name, labels[REGIMEN], reference)
            return joint.contrast(regimens.index(labels[REGIMEN]), scale)
        if holds_rates(self.group, name):
            x, y = (stored_rate(self.group, name, regimen) for regimen in (labels[REGIMEN], reference))
            return RateContrast(x, y, scale)
        if f"{name}_alpha" in self.group:
            return BetaContrast(self._beta(name, labels), self._beta(name, {**labels, REGIMEN: reference}), scale)
        if self._holds_hazards(name):
            return self._hazard_contrast(name, labels, reference, scale)
        if f"{name}_covariance" in self.group:
            return self._mixture_contrast(name, labels[REGIMEN], reference, scale)
        return None

    def ranks(self, name: str, regimens: Sequence[str], better: Direction) -> tuple[Array, Array, Array] | None:
        """Ranks of regimens whose effects are jointly normal given the heterogeneity, or None where they are not.

        The table, and the errors of P(best) and of the mean rank, as `rank_normals` gives them.
        """
        if self._holds_hazards(name):
            lower: Direction = better if _OF_HAZARDS[name] == "hazard" else "lower" if better == "higher" else "higher"
            return rank_hazards([self._gamma(regimen) for regimen in regimens], lower)
        if holds_several(self.group, name):
            found = [
                self.group[f"{name}_rank{part}"].sel({REGIMEN: list(regimens)}).to_numpy()
                for part in ("", "_best_error", "_error")
            ]
            return found[0][:, ::-1] if better == "higher" else found[0], found[1], found[2]
        if holds_joint(self.group, name):
            stored, joint = self._joint(name, *regimens)
            side: Side = "above" if better == "higher" else "below"
            p, error = joint.contrast(stored.index(regimens[0]), "difference").beyond(0.0, side)
            return np.array([[p, 1.0 - p], [1.0 - p, p]]), np.full(2, error), np.full(2, error)
        if f"{name}_covariance" not in self.group:
            return None
        location = self.group[f"{name}_location"].sel({REGIMEN: list(regimens)}).transpose("node", REGIMEN)
        covariance = self.group[f"{name}_covariance"].sel({REGIMEN: list(regimens), AGAINST: list(regimens)})
        weight = self.group["node_weight"].to_numpy()
        return rank_normals(weight, location.to_numpy(), covariance.to_numpy(), better)

    def _joint(self, name: str, regimen: str, other: str | None = None) -> tuple[list[str], JointRates]:
        """A regimen, another one, in the order of the joint law of their rates, and that law; made once."""
        several = not holds_joint(self.group, name)
        if several and other is None:
            other = next(str(r) for r in self.group[REGIMEN].to_numpy() if r != regimen)
        key = f"{name}: {sorted((regimen, str(other)))}" if several else name
        if key not in self._joints:
            stored = stored_pair(self.group, name, regimen, str(other)) if several else stored_joint(self.group, name)
            self._joints[key] = stored
        return self._joints[key]

    def _holds_hazards(self, name: str) -> bool:
        return name in _OF_HAZARDS and "hazard_gamma_shape" in self.group

    def _gamma(self, regimen: str) -> Gamma:
        shape, rate = (self.group[f"hazard_gamma_{what}"].sel({REGIMEN: regimen}) for what in ("shape", "rate"))
        return Gamma(float(shape), float(rate))

    def _of_hazard(self, name: str, labels: Labels, regimen: str) -> HazardLaw:
        time = labels.get(TIME)
        return HazardLaw(self._gamma(regimen), _OF_HAZARDS[name], 1.0 if time is None else float(time))

    def _hazard_contrast(self, name: str, labels: Labels, reference: str, scale: Scale) -> HazardContrast | None:
        less = 0.0
        if name == "hazard_ratio" and scale != "ratio":
            if scale != "difference" or reference != str(self.group[REGIMEN].to_numpy()[0]):
                return None
            scale, less = "ratio", 1.0  # that of the first regimen to itself
        own, other = (self._of_hazard(name, labels, regimen) for regimen in (labels[REGIMEN], reference))
        return HazardContrast(own, other, scale, less)

    @property
    def _error(self) -> float:
        return float(str(self.group["node_weight"].attrs["error"]))

    def _beta(self, name: str, labels: Labels) -> Beta:
        alpha, beta = self.group[f"{name}_alpha"], self.group[f"{name}_beta"]
        position = _position(alpha, labels, ())
        return Beta(float(alpha.isel(position)), float(beta.isel(position)))

    def _mixture(self, name: str, labels: Labels) -> NormalMixture | None:
        location, spread = self.group[f"{name}_location"], self.group[f"{name}_spread"]
        position = _position(location, labels, ("node",))
        if not np.any(spread.isel(position).to_numpy() > 0):
            return None  # a constant, such as the reference against itself
        own = f"{name}_weight" in self.group
        weight = self.group[f"{name}_weight"].isel(position) if own else self.group["node_weight"]
        # in one piece, so that sums do not depend on how the file laid the array out
        whole = np.ascontiguousarray
        return NormalMixture(
            whole(weight.to_numpy()),
            whole(location.isel(position).to_numpy()),
            whole(spread.isel(position).to_numpy()),
            location.attrs["exponentiated"] == "yes",
            int(np.min(self.group[f"{name}_moments"].isel(position).to_numpy())),
            self._error,
        )

    def _mixture_contrast(self, name: str, regimen: str, reference: str, scale: Scale) -> NormalMixture | None:
        location, covariance = self.group[f"{name}_location"], self.group[f"{name}_covariance"].to_numpy()
        exponentiated = location.attrs["exponentiated"] == "yes"
        if regimen == reference or scale != ("ratio" if exponentiated else "difference"):
            return None
        labels = [str(r) for r in location[REGIMEN].to_numpy()]
        i, j = labels.index(regimen), labels.index(reference)
        centre = location.transpose("node", REGIMEN).to_numpy()
        variance = covariance[:, i, i] + covariance[:, j, j] - 2.0 * covariance[:, i, j]
        return NormalMixture(
            self.group["node_weight"].to_numpy(),
            centre[:, i] - centre[:, j],
            np.sqrt(np.maximum(variance, 0.0)),
            exponentiated,
            int(np.min(self.group[f"{name}_moments"].to_numpy())),
            self._error,
        )

    def _density(self, name: str, labels: Labels) -> PanelDensity:
        density = self.group[f"{name}_density"]
        if f"{name}_edge" not in self.group:
            return PanelDensity(
                self.group["panel_edge"].to_numpy(),
                density.to_numpy(),
                float(str(density.attrs["scale"])),
                int(str(density.attrs["moments"])),
                float(str(density.attrs["typical"])),
                self._error,
            )
        # every label has panels of its own, padded with gaps
        position = _position(density, labels, ("panel", "panel_node"))
        values, edges, scale, moments, typical = (
            self.group[f"{name}_{what}"].isel(position).to_numpy()
            for what in ("density", "edge", "scale", "moments", "typical")
        )
        values, edges = values[np.isfinite(values).all(axis=1)], edges[np.isfinite(edges)]
        return PanelDensity(edges, values, float(scale), int(moments), float(typical), self._error)


def _position(array: xr.DataArray, labels: Labels, inner: tuple[str, ...]) -> dict[str, int]:
    """The position of a labelled cell along every dimension but the inner ones."""
    position = {}
    for dim in (str(d) for d in array.dims if d not in inner):
        keep = np.ones(array.sizes[dim], dtype=bool)
        for name, coordinate in array.coords.items():
            plain = str(name).removeprefix("row_")
            key = ENDPOINT if plain == CATEGORY else plain
            if coordinate.dims == (dim,) and key in LABEL_DIMS and name != "row":
                keep &= coordinate.to_numpy() == labels[key]
        position[dim] = int(np.flatnonzero(keep)[0])
    return position
