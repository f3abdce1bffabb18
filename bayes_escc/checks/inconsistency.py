"""Whether the direct and the indirect evidence of a network agree: node splitting and unrelated effects.

*Node splitting*: for a pair of regimens compared directly and also connected through others, the
direct comparison gets an effect of its own; its difference from the indirect one is the
inconsistency. *Unrelated mean effects*: every pair compared directly has its own effect, with no
consistency assumed at all. Both are the exact engine with other design matrices.

References
----------
Dias S, Welton NJ, Caldwell DM, Ades AE. Stat Med 2010;29:932-944 (node splitting).
Dias S, Welton NJ, Sutton AJ, et al. NICE DSU Technical Support Document 4, 2011.
van Valkenhoef G, Dias S, Ades AE, Welton NJ. Res Synth Methods 2016;7:80-93 (which pairs to split).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis import Analysis
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import CountTable, EffectTable
from bayes_escc.evidence.effects import connected_pieces
from bayes_escc.families.synthesis import SynthesisSpec, prepare
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.gaussian import GaussianModel, Quadrature, integrate
from bayes_escc.families.synthesis.normal import NormalDesign

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Inconsistency", "inconsistency"]

Array = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Inconsistency:
    """Direct against indirect evidence for every pair of regimens with direct evidence.

    Parameters
    ----------
    title, unit : str
    ratio : bool
        Whether the numbers are ratios.
    ci_prob : float
    rows : tuple of dict
        regimen, reference, trials; ``network``, ``unrelated``, ``direct``, ``indirect`` and ``difference``, each
        (median, lower, upper) or None where a pair cannot be split; probability_above (that the
        direct effect exceeds the indirect one).
    """

    title: str
    unit: str
    ratio: bool
    ci_prob: float
    rows: tuple[Mapping[str, Any], ...]

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per pair and kind of estimate."""
        import pandas as pd

        found = []
        for row in self.rows:
            for kind in ("network", "unrelated", "direct", "indirect", "difference"):
                if row[kind] is not None:
                    median, lower, upper = row[kind]
                    place = {k: row[k] for k in ("regimen", "reference", "trials")}
                    found.append({**place, "evidence": kind, "median": median, "lower": lower, "upper": upper})
        return pd.DataFrame(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"title": self.title, "unit": self.unit, "ci_prob": self.ci_prob, "rows": [dict(r) for r in self.rows]}


def inconsistency(analysis: Analysis, table: EffectTable | CountTable | None = None) -> Inconsistency:
    """Compare direct with indirect evidence throughout a network.

    Parameters
    ----------
    analysis : Analysis
        A synthesis with ``network = true`` and a normal likelihood.
    table : EffectTable or CountTable, optional
        The analysis's own if not given.

    Raises
    ------
    AnalysisError
        If the analysis is no such network, or its effects have no normal priors.
    """
    spec = analysis.spec
    if not isinstance(spec, SynthesisSpec) or not spec.network or spec.likelihood != "normal":
        raise AnalysisError('inconsistency: needs a synthesis with network = true and likelihood = "normal".')
    chosen: Any = analysis.load_table() if table is None else table
    design = prepare(chosen, spec, analysis.data)
    if not isinstance(design, NormalDesign) or design.gaussian is None or design.quadrature is None:
        raise AnalysisError("inconsistency: needs Normal priors of the effects, which the exact engine integrates.")
    contrasts, model = design.contrasts, design.gaussian
    tau = spec.prior("tau").default if design.random else None
    sigma = float(spec.prior("effect").default["sigma"])
    pairs = _pairs(contrasts)
    unrelated = integrate(_unrelated(contrasts, model, list(pairs), sigma), tau)
    rows = []
    for number, ((a, b), studies) in enumerate(pairs.items()):
        contrast = np.array([_of(b, design) - _of(a, design)])
        row: dict[str, Any] = {"regimen": b, "reference": a, "trials": len(studies)}
        row["network"] = _interval(design.quadrature, contrast, design.ratio, analysis.ci_prob)
        only = np.eye(len(pairs))[[number]]
        row["unrelated"] = _interval(unrelated, only, design.ratio, analysis.ci_prob)
        row |= dict.fromkeys(("direct", "indirect", "difference", "probability_above"))
        if _has_indirect(contrasts, a, b):
            split = integrate(_split(contrasts, model, b, studies, sigma), tau)
            wide = np.column_stack([contrast, [0.0]])
            shift = np.zeros_like(wide)
            shift[0, -1] = 1.0
            for kind, of_theta in (("direct", wide + shift), ("indirect", wide), ("difference", shift)):
                row[kind] = _interval(split, of_theta, design.ratio, analysis.ci_prob)
            location, spread = split.linear(shift)
            row["probability_above"] = float(split.mixture(location[0], spread[0]).sf(0.0))
        rows.append(row)
    return Inconsistency(analysis.title, design.unit, design.ratio, analysis.ci_prob, tuple(rows))


def _interval(found: Quadrature, of_theta: Array, ratio: bool, prob: float) -> tuple[float, float, float]:
    location, spread = found.linear(of_theta)
    law = found.mixture(location[0], spread[0], exponentiated=ratio)
    tail = (1.0 - prob) / 2.0
    return law.quantile(0.5), law.quantile(tail), law.quantile(1.0 - tail)


def _of(regimen: str, design: NormalDesign) -> Array:
    """The effect of a regimen against the reference, in terms of the parameters."""
    return np.asarray(design.C[design.effect_labels.index(regimen)])


def _arms(contrasts: Contrasts) -> dict[str, list[str]]:
    arms: dict[str, list[str]] = {}
    for study, e, c in zip(contrasts.study, contrasts.experimental, contrasts.control, strict=True):
        known = arms.setdefault(study, [c])
        known.append(e)
    return arms


def _pairs(contrasts: Contrasts) -> dict[tuple[str, str], list[str]]:
    """Every pair of regimens that some study compares, and those studies."""
    order = contrasts.regimens
    pairs: dict[tuple[str, str], list[str]] = {}
    for study, arms in _arms(contrasts).items():
        for a in order:
            for b in order[order.index(a) + 1 :]:
                if a in arms and b in arms:
                    pairs.setdefault((a, b), []).append(study)
    return pairs


def _has_indirect(contrasts: Contrasts, a: str, b: str) -> bool:
    """Whether two regimens stay connected by studies that do not hold both."""
    edges = [(arms[0], other) for arms in _arms(contrasts).values() if not {a, b} <= set(arms) for other in arms[1:]]
    return any({a, b} <= set(piece) for piece in connected_pieces(edges))


def _split(contrasts: Contrasts, model: GaussianModel, b: str, studies: list[str], sigma: float) -> GaussianModel:
    """The model in which regimen b is shifted in the studies that compare the pair directly."""
    shift = np.array(
        [
            (float(e == b) - float(c == b)) * float(s in studies)
            for s, e, c in zip(contrasts.study, contrasts.experimental, contrasts.control, strict=True)
        ]
    )
    return GaussianModel(
        model.y,
        model.V,
        np.column_stack([model.X, shift]),
        model.L,
        np.append(model.m0, 0.0),
        np.append(model.s0, sigma),
    )


def _unrelated(contrasts: Contrasts, model: GaussianModel, pairs: list[tuple[str, str]], sigma: float) -> GaussianModel:
    """The model in which every pair compared directly has its own effect."""
    X = np.zeros((len(contrasts), len(pairs)))
    for i, (e, c) in enumerate(zip(contrasts.experimental, contrasts.control, strict=True)):
        forward = (c, e) in pairs
        X[i, pairs.index((c, e) if forward else (e, c))] = 1.0 if forward else -1.0
    return GaussianModel(model.y, model.V, X, model.L, np.zeros(len(pairs)), np.full(len(pairs), sigma))
