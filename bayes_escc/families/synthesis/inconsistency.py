"""The models of a network that node splitting and unrelated effects need, and what their fits say together.

For a pair of regimens compared directly and also connected through others, the direct comparison gets an effect of
its own; its difference from the indirect one is the inconsistency. In a study of more arms that holds the pair, the
second regimen of the pair is the one set apart, and all others stay as the network has them; set apart the first,
the answer may differ, as Dias et al. note (regimens are in the order in which the table first names them, controls
before others). With *unrelated mean effects* every pair compared against a study's first arm has its own effect,
with no consistency assumed at all; contrasts of a study with more arms stay correlated. Every effect set apart has
the prior of an effect, centred at none.

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

from bayes_escc.evidence.effects import connected_pieces
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.design import SynthesisDesign
from bayes_escc.families.synthesis.fitted import FittedSynthesis, by_sampling, exactly
from bayes_escc.families.synthesis.predictor import Predictor
from bayes_escc.names import COVARIATE, Plain
from bayes_escc.settings.prior import Prior, PriorSet

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["NetworkModels", "network_models"]

Array = NDArray[np.float64]
Pair = tuple[str, str]


@dataclass(frozen=True)
class NetworkModels:
    """The models of a network whose fits tell whether direct and indirect evidence agree.

    Parameters
    ----------
    design : SynthesisDesign
        The consistency model.
    pairs : dict of (str, str) to list of str
        The studies that compare each pair of regimens.
    unrelated_pairs : list of (str, str)
        The pairs with an effect of their own in the model of unrelated effects.
    unrelated : SynthesisDesign
    splits : dict of (str, str) to SynthesisDesign
        For every pair with indirect evidence, the model in which its direct effect is set apart.
    """

    design: SynthesisDesign
    pairs: dict[Pair, list[str]]
    unrelated_pairs: list[Pair]
    unrelated: SynthesisDesign
    splits: dict[Pair, SynthesisDesign]

    @property
    def designs(self) -> list[SynthesisDesign]:
        """All models, in the order in which `rows` and `models` take their fits."""
        return [self.design, self.unrelated, *self.splits.values()]

    @property
    def unit(self) -> str:
        """Unit of the estimates."""
        return self.design.unit

    @property
    def ratio(self) -> bool:
        """Whether the estimates are ratios."""
        return self.design.ratio

    def exactly(self, model: int) -> FittedSynthesis | None:
        """One of `designs` by quadrature; None where that is not possible."""
        return exactly(self.designs[model])

    def by_sampling(self, model: int, parameters: xr.Dataset, messages: tuple[str, ...]) -> FittedSynthesis:
        """One of `designs` by draws of its parameters, with what failed in their diagnostics."""
        return by_sampling(self.designs[model], parameters, messages)

    def rows(self, fits: Sequence[FittedSynthesis], prob: float) -> list[Plain]:
        """Direct, indirect and network estimates of every pair.

        Parameters
        ----------
        fits : sequence of FittedSynthesis
            Of `designs`.
        prob : float
            Of the intervals.
        """
        network, unrelated, split_at = fits[0], fits[1], dict(zip(self.splits, fits[2:], strict=True))
        design, ratio, rows = self.design, self.design.ratio, []
        for (a, b), studies in self.pairs.items():
            of_network = np.asarray(design.C[design.effect_labels.index(b)] - design.C[design.effect_labels.index(a)])
            row: Plain = {"regimen": b, "reference": a, "trials": len(studies)}
            row["network"] = network.interval(of_network, ratio, prob)
            row["unrelated"] = None
            if (a, b) in self.unrelated_pairs:
                own = np.eye(len(self.unrelated_pairs))[self.unrelated_pairs.index((a, b))]
                row["unrelated"] = unrelated.interval(own, ratio, prob)
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
        return rows

    def models(self, fits: Sequence[FittedSynthesis], prob: float) -> list[Plain]:
        """Fit and complexity of the consistency model and of unrelated effects."""
        return [
            _model("consistency", fits[0], prob),
            _model("unrelated mean effects", fits[1], prob),
        ]


def network_models(design: SynthesisDesign) -> NetworkModels:
    """The models that a network is compared with, all on the same evidence."""
    pairs = _pairs(design.contrasts)
    apart = [p for p in pairs if _informed(design.contrasts, p)]
    splits = {(a, b): _split(design, a, b, s) for (a, b), s in pairs.items() if _has_indirect(design.contrasts, a, b)}
    return NetworkModels(design, pairs, apart, _unrelated(design, apart), splits)


def _model(name: str, fit: FittedSynthesis, prob: float) -> Plain:
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
