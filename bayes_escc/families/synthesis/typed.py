"""Effects typed at a prompt: the pooled effect in closed form, without pandas, xarray or a sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence import Problem
from bayes_escc.families.base import PooledLaw
from bayes_escc.families.synthesis.absolute import typed_baseline
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.gaussian import Quadrature
from bayes_escc.families.synthesis.normal import NormalDesign
from bayes_escc.families.synthesis.notes import notes_on
from bayes_escc.families.synthesis.spec import DEFAULT_PRIORS, SynthesisSpec
from bayes_escc.families.synthesis.weights import StudyWeight
from bayes_escc.names import PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet

__all__ = ["TypedEffects", "typed_effects"]


@dataclass(frozen=True)
class TypedEffects:
    """Effects of one measure, pooled by quadrature over the heterogeneity.

    Parameters
    ----------
    design : NormalDesign
    quadrature : Quadrature
        Its exact posterior.
    """

    design: NormalDesign
    quadrature: Quadrature

    @property
    def pooling(self) -> str:
        """``random`` or ``common``."""
        return str(self.design.spec.pooling)

    @property
    def measure(self) -> str:
        """The measure of the effects, not on the log scale."""
        return self.design.measure

    @property
    def unit(self) -> str:
        """Unit of the effects."""
        return self.design.unit

    @property
    def ratio(self) -> bool:
        """Whether effects are ratios."""
        return self.design.ratio

    @property
    def patients(self) -> int:
        """Patients of all rows, where they say."""
        return self.design.patients

    @property
    def log_evidence(self) -> tuple[float, float]:
        """Logarithm of the marginal likelihood, and its error."""
        return self.quadrature.log_evidence, self.quadrature.error + 1e-12

    @property
    def priors_in_words(self) -> list[str]:
        """One line per prior."""
        return self.design.priors_in_words()

    @property
    def specification(self) -> str:
        """All options and priors, for a digest."""
        return str(self.design.spec)

    def notes(self, source: str) -> list[Problem]:
        """What a reader should know before the numbers."""
        return [*notes_on(self.design, source), *self.design.conflicts_without_xarray(np.random.default_rng(0))]

    def laws(self) -> list[PooledLaw]:
        """The laws of the pooled effect, that of a new study, those of the studies, and of the heterogeneity."""
        known, k, unit = self.quadrature, self.design.k, self.unit
        mean, spread = known.linear(np.ones((1, 1)))
        found = [PooledLaw("effect", known.mixture(mean[0], spread[0], exponentiated=self.ratio), unit)]
        if known.law is not None:
            mean, spread = known.linear(np.ones((1, 1)), None, np.ones(1))
            new = known.mixture(mean[0], spread[0], extra=1.0, exponentiated=self.ratio)
            found.append(PooledLaw("predicted_effect", new, unit))
        mean, spread = known.linear(np.ones((k, 1)), np.eye(k))
        for i in range(k):
            law = known.mixture(mean[i], spread[i], exponentiated=self.ratio)
            found.append(PooledLaw("study_effect", law, unit, i))
        if known.law is not None:
            found.append(PooledLaw("tau", known.law, self.design.log_unit))
            if self.design.typical_errors is not None:
                share = replace(known.law, typical=float(self.design.typical_errors[0]))
                found.append(PooledLaw("i_squared", share, "share of the variance"))
        return found

    def weights(self) -> list[StudyWeight]:
        """What every study is worth in the pooled effect."""
        return self.design.exact_study_weights()

    def risks_at(self, baseline: str, rng: np.random.Generator, draws: int) -> Mapping[str, NDArray[np.float64]]:
        """Draws of the risks at a baseline, typed, by name of the estimand."""
        return self.design.risks_at(typed_baseline(baseline), rng, draws)


def typed_effects(rows: Sequence[PlainMapping], effect: Prior | None, tau: Prior | None, common: bool) -> TypedEffects:
    """Pool checked effects of one measure and endpoint.

    Parameters
    ----------
    rows : sequence of mapping
        As `evidence.effect_checks.check_effect` leaves them: ``y`` and ``se`` on the scale of the analysis.
    effect, tau : Prior or None
        The defaults of the family if None.
    common : bool
        One effect for all studies instead of random effects.

    Raises
    ------
    AnalysisError
        If the effect has another prior than a Normal, which the quadrature needs.
    """
    effect, tau = effect or DEFAULT_PRIORS["effect"][0], tau or DEFAULT_PRIORS["tau"][0]
    if effect.distribution != "Normal":
        raise AnalysisError(f"--effect-prior: the quadrature needs a Normal, not {effect}.")
    roles = (("effect", PriorSet(effect)), *(() if common else (("tau", PriorSet(tau)),)))
    spec = SynthesisSpec("normal", "common" if common else "random", False, (), None, None, None, priors=roles)
    design = NormalDesign(_contrasts(rows), spec, (), ((), np.empty((len(rows), 0))))
    if design.quadrature is None:  # pragma: no cover (the prior is checked before)
        raise AnalysisError("the quadrature needs a Normal prior of the effect.")
    return TypedEffects(design, design.quadrature)


def _contrasts(rows: Sequence[PlainMapping]) -> Contrasts:
    def size(row: PlainMapping, column: str) -> float:
        text = str(row.get(column, "")).strip()
        return float(text) if text.isdigit() else float("nan")

    columns = {name: [row[name] for row in rows] for name in ("estimate", "design") if all(name in r for r in rows)}
    return Contrasts(
        tuple(r["study"] for r in rows),
        tuple(r["experimental"] for r in rows),
        tuple(r["control"] for r in rows),
        np.array([r["y"] for r in rows]),
        np.diag([float(r["se"]) ** 2 for r in rows]),
        rows[0]["endpoint"],
        rows[0]["measure"],
        np.array([[size(r, "n_experimental"), size(r, "n_control")] for r in rows]),
        cast(Any, columns),  # pandas is not needed to read two columns
    )
