"""Whether the direct and the indirect evidence of a network agree: node splitting and unrelated effects.

*Node splitting*: for a pair of regimens compared directly and also connected through others, the
direct comparison gets an effect of its own; its difference from the indirect one is the
inconsistency. In a study of more arms that holds the pair, the second regimen of the pair is the
one set apart, and all others stay as the network has them; set apart the first, the answer may
differ, as Dias et al. note (regimens are in the order in which the table first names them, controls
before others). *Unrelated mean effects*: every pair
compared against a study's first arm has its own effect, with no consistency assumed at all;
contrasts of a study with more arms stay correlated. Every effect set apart has the prior of an
effect, centred at none.

Both are the synthesis itself with other design matrices, so they hold for published effects,
for arm counts and for both together: exact where the analysis is exact, otherwise by NUTS.

References
----------
Dias S, Welton NJ, Caldwell DM, Ades AE. Stat Med 2010;29:932-944 (node splitting).
Dias S, Welton NJ, Sutton AJ, et al. NICE DSU Technical Support Document 4, 2011 (unrelated effects).
van Valkenhoef G, Dias S, Ades AE, Welton NJ. Res Synth Methods 2016;7:80-93 (which pairs to split).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.checks.asked import Asked, question
from bayes_escc.checks.fitted import Fitted, fitted
from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.effects import connected_pieces
from bayes_escc.families.synthesis import SynthesisDesign, SynthesisSpec, prepare
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.predictor import Predictor
from bayes_escc.inference import Workers
from bayes_escc.names import COVARIATE, NotebookView, Plain, PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.analysis.analysis import SamplingSpec

__all__ = ["Inconsistency", "inconsistency"]

Array = NDArray[np.float64]
KINDS = ("network", "unrelated", "direct", "indirect", "difference")


@dataclass(frozen=True, repr=False)
class Inconsistency(NotebookView):
    """Direct against indirect evidence for every pair of regimens with direct evidence.

    Parameters
    ----------
    title, unit : str
    ratio : bool
        Whether the numbers are ratios.
    ci_prob : float
    rows : tuple of dict
        regimen, reference, trials; ``network``, ``unrelated``, ``direct``, ``indirect`` and ``difference``, each
        (median, lower, upper) or None where there is no such estimate; ``tau`` of the split model;
        probability_above (that the direct effect exceeds the indirect one) and its Monte Carlo error.
    models : tuple of dict
        ``model`` ("consistency" or "unrelated mean effects"), ``tau`` (median, lower, upper, or None),
        ``points``, ``residual_deviance`` (posterior mean), ``p`` (effective parameters), ``dic``.
    messages : tuple of str
        What the diagnostics said of fits by sampling that did not converge.
    """

    title: str
    unit: str
    ratio: bool
    ci_prob: float
    rows: tuple[PlainMapping, ...]
    models: tuple[PlainMapping, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether every fit passed its checks."""
        return not self.messages

    @property
    def table(self) -> pd.DataFrame:
        """One tidy row per pair and kind of estimate."""
        import pandas as pd

        found = []
        for row in self.rows:
            for kind in KINDS:
                if row[kind] is not None:
                    median, lower, upper = row[kind]
                    place = {k: row[k] for k in ("regimen", "reference", "trials")}
                    found.append({**place, "evidence": kind, "median": median, "lower": lower, "upper": upper})
        return pd.DataFrame(found)

    def to_dict(self) -> Plain:
        """Plain values, for JSON."""
        return {
            "title": self.title,
            "unit": self.unit,
            "ci_prob": self.ci_prob,
            "converged": self.converged,
            "rows": [dict(r) for r in self.rows],
            "models": [dict(m) for m in self.models],
            "messages": list(self.messages),
        }


def inconsistency(
    asked: Asked, table: Any = None, *, workers: int | None = 1, scheduler: str | None = None
) -> Inconsistency:
    """Compare direct with indirect evidence throughout a network.

    Parameters
    ----------
    asked : Analysis or SynthesisModel
        A synthesis with ``network = true``; its ``[sampling]`` holds where sampling is needed.
    table : table, optional
        Needed with a model; for an analysis, its own if not given.
    workers : int or None
        Processes that fit, one split of the network each; None for one a usable processor. The result does not depend
        on it.
    scheduler : str, optional
        Address of a Dask scheduler whose workers fit instead (see `inference.run_many`).

    Raises
    ------
    AnalysisError
        If the analysis is no such network.
    """
    if not _is_network(asked if isinstance(asked, Analysis) else asked.analysis):
        raise AnalysisError("inconsistency: needs a synthesis with network = true.")
    analysis, chosen = question(asked, table)
    spec: SynthesisSpec = analysis.spec
    design = prepare(chosen, spec, analysis.data)
    contrasts, prob, ratio = design.contrasts, analysis.ci_prob, design.ratio
    pairs = _pairs(contrasts)
    apart = [p for p in pairs if _informed(contrasts, p)]
    splits = {(a, b): _split(design, a, b, s) for (a, b), s in pairs.items() if _has_indirect(contrasts, a, b)}
    pieces = [(d, analysis.sampling) for d in (design, _unrelated(design, apart), *splits.values())]
    fits: list[Fitted] = Workers(workers, scheduler).run(_fit, pieces, analysis.sampling.seed)
    network, unrelated, split_at = fits[0], fits[1], dict(zip(splits, fits[2:], strict=True))
    rows = []
    for (a, b), studies in pairs.items():
        of_network = np.asarray(design.C[design.effect_labels.index(b)] - design.C[design.effect_labels.index(a)])
        row: Plain = {"regimen": b, "reference": a, "trials": len(studies)}
        row["network"] = network.interval(of_network, ratio, prob)
        row["unrelated"] = None
        if (a, b) in apart:
            row["unrelated"] = unrelated.interval(np.eye(len(apart))[apart.index((a, b))], ratio, prob)
        row |= dict.fromkeys(("direct", "indirect", "difference", "tau", "probability_above", "mcse_probability"))
        if (a, b) in split_at:
            split = split_at[a, b]
            indirect = np.append(of_network, 0.0)
            direct = np.append(np.zeros(len(of_network)), 1.0)
            for kind, of_theta in (("direct", direct), ("indirect", indirect), ("difference", direct - indirect)):
                row[kind] = split.interval(of_theta, ratio, prob)
            row["tau"] = split.tau(prob)
            row["probability_above"], row["mcse_probability"] = split.above_zero(direct - indirect)
        rows.append(row)
    models = (_model("consistency", network, prob), _model("unrelated mean effects", unrelated, prob))
    messages = tuple(dict.fromkeys(m for fit in fits for m in fit.messages))
    return Inconsistency(analysis.title, design.unit, ratio, prob, tuple(rows), models, messages)


def _fit(piece: tuple[SynthesisDesign, SamplingSpec], _seed: int) -> Fitted:
    """A fit with the analysis's own seed, so that models differ by their structure alone."""
    return fitted(*piece)


def _is_network(analysis: Analysis) -> bool:
    return isinstance(analysis.spec, SynthesisSpec) and analysis.spec.network


def _model(name: str, fit: Fitted, prob: float) -> Plain:
    found = fit.deviance()
    return {
        "model": name,
        "tau": fit.tau(prob),
        "points": found.points,
        "residual_deviance": found.residual,
        "p": found.p,
        "dic": found.dic,
    }


def _arms(contrasts: Contrasts) -> dict[str, list[str]]:
    """The regimens of every study, its baseline arm first."""
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


def _informed(contrasts: Contrasts, pair: tuple[str, str]) -> bool:
    """Whether some study compares a pair with its own first arm, so that the pair has an unrelated effect."""
    found = zip(contrasts.experimental, contrasts.control, strict=True)
    return any({e, c} == set(pair) for e, c in found)


def _has_indirect(contrasts: Contrasts, a: str, b: str) -> bool:
    """Whether two regimens stay connected by studies that do not hold both."""
    edges = [(arms[0], other) for arms in _arms(contrasts).values() if not {a, b} <= set(arms) for other in arms[1:]]
    return any({a, b} <= set(piece) for piece in connected_pieces(edges))


def _split(design: SynthesisDesign, a: str, b: str, studies: Sequence[str]) -> SynthesisDesign:
    """The design in which, in the studies of both, b is a's effect plus a direct effect of its own."""
    contrasts, labels = design.contrasts, list(design.effect_labels)
    signs = np.zeros((design.k, len(labels) + 1))
    for i, (s, e, c) in enumerate(zip(contrasts.study, contrasts.experimental, contrasts.control, strict=True)):
        for regimen, sign in ((e, 1.0), (c, -1.0)):
            if regimen == b and s in studies:
                signs[i, labels.index(a)] += sign
                signs[i, -1] += sign
            else:
                signs[i, labels.index(regimen)] += sign
    default = design.spec.prior("effect")
    prior = PriorSet(default.default, (*default.overrides, ("direct", _centred(default.default))))
    return _variant(design, [*design.terms, "direct"], signs[:, 1:], prior, design.exchangeable_regimens)


def _unrelated(design: SynthesisDesign, pairs: Sequence[tuple[str, str]]) -> SynthesisDesign:
    """The design in which every pair compared against a study's first arm has its own effect."""
    contrasts = design.contrasts
    X = np.zeros((design.k, len(pairs)))
    for i, (e, c) in enumerate(zip(contrasts.experimental, contrasts.control, strict=True)):
        forward = (c, e) in pairs
        X[i, pairs.index((c, e) if forward else (e, c))] = 1.0 if forward else -1.0
    prior = PriorSet(_centred(design.spec.prior("effect").default))
    return _variant(design, [f"{b} against {a}" for a, b in pairs], X, prior)


def _variant(
    design: SynthesisDesign, terms: Sequence[str], X: Array, prior: PriorSet, regimens: int = 0
) -> SynthesisDesign:
    """The same evidence under another linear predictor."""
    priors = tuple((role, prior if role == "effect" else p) for role, p in design.spec.priors)
    predictor = Predictor(COVARIATE, terms, terms, X, np.eye(len(terms)), regimens=regimens)
    return design.with_predictor(replace(design.spec, priors=priors), predictor)


def _centred(prior: Prior) -> Prior:
    """The prior of an effect, moved to no effect: an effect set apart may point either way."""
    if prior.distribution in {"Normal", "StudentT"}:
        moved: Any = {**dict(prior.parameters), "mu": 0.0}
        return Prior(prior.distribution, **moved)
    return prior
