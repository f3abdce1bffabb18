"""The exact marginal laws of a synthesis, laid out as `answers.exact_laws` reads them.

Where subgroups have a heterogeneity each, the posterior falls into independent pieces with nodes
of their own; a law then carries its own weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.gaussian import GaussianModel, Quadrature, integrate
from bayes_escc.names import AGAINST, COVARIATE, REGIMEN, Plain

if TYPE_CHECKING:
    import xarray as xr

    from bayes_escc.settings.prior import Prior

__all__ = ["Part", "laws_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A piece of the model that is independent of the others, with one tau.

    Parameters
    ----------
    terms, rows : arrays of int
        Which parameters and which contrasts are in it.
    model : GaussianModel
    tau : Prior or None
        None for common effects.
    """

    terms: NDArray[np.int64]
    rows: NDArray[np.int64]
    model: GaussianModel
    tau: Prior | None

    @cached_property
    def posterior(self) -> Quadrature:
        return integrate(self.model, self.tau)

    @cached_property
    def prior(self) -> Quadrature:
        return integrate(self.model.without_data(), self.tau)


@dataclass(frozen=True)
class _Wanted:
    """Linear functions of the unknowns: their name, labels, coefficients and the part each lies in."""

    name: str
    dim: str | None
    of_theta: Array
    of_z: Array | None
    extra: Array
    exponentiated: bool
    part: NDArray[np.int32]


def laws_of(design: SynthesisDesign, parts: Sequence[Part], found: Sequence[Quadrature]) -> xr.Dataset:
    """Every estimand's marginal law, from the quadrature of every part."""
    import xarray as xr

    error = {"error": repr(max(q.error for q in found))}
    values: Plain = {}
    if len(parts) == 1:
        values["node_weight"] = ("node", found[0].weight, error)
    else:  # the error alone; every law has weights of its own
        values["node_weight"] = ("node", np.zeros(max(len(q.tau) for q in found)), error)
    for wanted in _wanted(design):
        values |= _mixtures(design, wanted, parts, found)
    if design.spec.network:  # the law of one regimen against another needs how their effects go together
        labels = list(design.effect_labels)
        for name, covariance in _covariances(design, found[0]).items():
            values[f"{name}_covariance"] = xr.DataArray(
                covariance, dims=("node", REGIMEN, AGAINST), coords={REGIMEN: labels, AGAINST: labels}
            )
    if found[0].law is not None:
        values |= _heterogeneity(design, found)
    return xr.Dataset(values)


def _covariances(design: SynthesisDesign, found: Quadrature) -> dict[str, Array]:
    """Covariance of the effects of a network's regimens at every node, and of those in a new study of all of them."""
    effects = found.covariance(np.column_stack([design.C, np.zeros((len(design.C), len(design.covariates)))]))
    if not design.random:
        return {"effect": effects}
    varies = design.varies
    new = 0.5 * (np.outer(varies, varies) + np.diag(varies))  # contrasts with one reference have correlation one half
    return {"effect": effects, "predicted_effect": effects + found.tau[:, None, None] ** 2 * new}


def _wanted(design: SynthesisDesign) -> list[_Wanted]:
    p, q, ratio = len(design.terms), len(design.covariates), design.ratio
    effects = np.column_stack([design.C, np.zeros((len(design.C), q))])
    rows = np.column_stack([design.X, design.Z])
    everywhere = np.eye(design.k) if design.L is None else design.L
    none = np.zeros(len(effects))
    of_effect = np.arange(len(effects), dtype="int32") if design.separate else np.zeros(len(effects), dtype="int32")
    of_row = np.zeros(design.k, dtype="int32") if design.groups is None else design.groups
    dim = design.effect_dim
    found = [
        _Wanted("effect", dim, effects, None, none, ratio, of_effect),
        _Wanted("mu", dim, effects, None, none, False, of_effect),
        _Wanted("study_effect", "row", rows, everywhere, np.zeros(design.k), ratio, of_row),
    ]
    if design.random:
        found.append(_Wanted("predicted_effect", dim, effects, None, design.varies, ratio, of_effect))
    pairs, contrast = design.subgroup_pairs
    if pairs and not design.separate:
        # across parts a difference is no mixture over one set of nodes: its draws stand for it
        none_of_pairs, one_part = np.zeros(len(pairs)), np.zeros(len(pairs), dtype="int32")
        found.append(_Wanted("subgroup_difference", "pair", contrast @ effects, None, none_of_pairs, ratio, one_part))
    if q:
        only = np.column_stack([np.zeros((q, p)), np.eye(q)])
        at = np.column_stack([np.repeat(design.C, len(design.settings[0]), axis=0), design.settings[1]])
        if len(at):
            one_part, no_extra = np.zeros(len(at), dtype="int32"), np.zeros(len(at))
            found.append(_Wanted("effect_at", "setting", at, None, no_extra, ratio, one_part))
            if design.random:
                new = np.ones(len(at))
                found.append(_Wanted("predicted_effect_at", "setting", at, None, new, ratio, one_part))
        found.append(_Wanted("coefficient", COVARIATE, only, None, np.zeros(q), False, np.zeros(q, dtype="int32")))
    return found


def _mixtures(
    design: SynthesisDesign, wanted: _Wanted, parts: Sequence[Part], found: Sequence[Quadrature]
) -> dict[str, xr.DataArray]:
    """Location, spread and moments of every label; with several parts their weights too."""
    nodes, m = max(len(q.tau) for q in found), len(wanted.of_theta)
    location, spread, weight = np.zeros((m, nodes)), np.ones((m, nodes)), np.zeros((m, nodes))
    moments = np.zeros(m, dtype=int)
    for number, (part, quadrature) in enumerate(zip(parts, found, strict=True)):
        mine = np.flatnonzero(wanted.part == number)
        if not len(mine):
            continue
        of_z = None if wanted.of_z is None else wanted.of_z[np.ix_(mine, part.rows)]
        size, extra = len(quadrature.tau), wanted.extra[mine]
        place = np.ix_(mine, np.arange(size))
        location[place], spread[place] = quadrature.linear(wanted.of_theta[np.ix_(mine, part.terms)], of_z, extra)
        weight[place] = quadrature.weight
        moments[mine] = [quadrature.moments(float(e), wanted.exponentiated) for e in extra]
    contents = [("location", location, ("node",)), ("spread", spread, ("node",)), ("moments", moments, ())]
    if len(parts) > 1:
        contents.append(("weight", weight, ("node",)))
    values = {}
    for what, content, dims in contents:
        array = design.labelled(np.moveaxis(content, 0, -1), wanted.dim, f"{wanted.name}_{what}", "", dims)
        array.attrs = {"exponentiated": "yes" if wanted.exponentiated else "no"}
        values[f"{wanted.name}_{what}"] = array.drop_vars("endpoint")
    return values


def _heterogeneity(design: SynthesisDesign, found: Sequence[Quadrature]) -> Plain:
    """The density of tau on its panels, and of I-squared, which is a function of it."""
    typical = design.typical_errors
    laws = [q.law for q in found if q.law is not None]
    if len(laws) == 1:
        law = laws[0]
        shared = {"scale": repr(law.scale), "moments": str(law.moments)}
        values: Plain = {"panel_edge": ("panel_edge_number", law.edges)}
        values["tau_density"] = (("panel", "panel_node"), law.density, {**shared, "typical": "0.0"})
        if typical is not None:
            attributes = {**shared, "typical": repr(float(typical[0]))}
            values["i_squared_density"] = (("panel", "panel_node"), law.density, attributes)
        return values
    panels = max(len(law.density) for law in laws)
    density = np.full((len(laws), panels, laws[0].density.shape[1]), np.nan)
    edges = np.full((len(laws), panels + 1), np.nan)
    for i, law in enumerate(laws):
        density[i, : len(law.density)], edges[i, : len(law.edges)] = law.density, law.edges
    label = {COVARIATE: design.tau_labels}
    values = {}
    for name, errors in (("tau", np.zeros(len(laws))), ("i_squared", typical)):
        if errors is None:
            continue
        for what, content, dims in (
            ("density", density, ("panel", "panel_node")),
            ("edge", edges, ("panel_edge_number",)),
            ("scale", np.array([law.scale for law in laws]), ()),
            ("moments", np.array([law.moments for law in laws]), ()),
            ("typical", np.asarray(errors), ()),
        ):
            values[f"{name}_{what}"] = _over(np.moveaxis(content, 0, -1), (*dims, COVARIATE), label)
    return values


def _over(content: Array, dims: tuple[str, ...], coords: dict[str, list[str]]) -> xr.DataArray:
    import xarray as xr

    return xr.DataArray(content, dims=dims, coords=coords)
