"""Covariates whose effect depends on the regimen: declared effect modifiers, as further columns of the covariates.

A modifier x has the coefficient ``b + d[r]`` on regimen r. The deviations d are independent, with a prior under which
the coefficients of any two regimens differ by the stated normal law, whichever stands first. In a model they are
nothing but coefficients of further columns, x for patients on the regimen and zero for all others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.families.covariates import Covariate, EncodedCovariates
from bayes_escc.names import Plain
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader, nearest

__all__ = [
    "DEFAULT_INTERACTION",
    "INTERACTION",
    "SUBGROUP_WARNING",
    "Modifiers",
    "read_interaction",
    "read_modifiers",
    "require_modifiers",
    "subgroups",
]

Array = NDArray[np.float64]
INTERACTION: Final = "interaction"
"""Name, in `[priors]`, of the difference of a coefficient between two regimens."""
DEFAULT_INTERACTION: Final = Prior(
    "Normal",
    mu=0,
    sigma=0.35,
    rationale="Between two regimens, a factor acts up to twice as strongly, which is less than what factors do at all.",
)
SUBGROUP_WARNING: Final = (
    "Answers in subgroups rest on few patients and on the prior of the interaction, and are looked at several times. "
    "Read how they differ, not which one passes a threshold; a subgroup named after the data were seen is a hypothesis."
)


def read_modifiers(model: Reader, covariates: Sequence[Covariate]) -> tuple[str, ...]:
    """Read `effect_modifiers` of `[model]`: columns of covariates whose effect depends on the regimen."""
    named: tuple[str, ...] = model.texts("effect_modifiers", ())
    columns = [c.column for c in covariates]
    for name in named:
        if name not in columns:
            listed = ", ".join(columns) or "none"
            model.problem(
                "effect_modifiers",
                f"{name} is not among model.covariates ({listed}); a modifier is a covariate as well."
                f"{nearest(name, columns)}",
            )
    for covariate in covariates:
        if named and covariate.missing == "impute":
            model.problem("effect_modifiers", f'{covariate.column} has missing = "impute", which modifiers do not take')
    return tuple(n for n in named if n in columns)


def read_interaction(priors: Reader) -> PriorSet:
    """Read the prior of how far a coefficient differs between two regimens: normal about zero, the same for all."""
    found = priors.prior(INTERACTION, DEFAULT_INTERACTION, "real")
    if found.overrides:
        priors.problem(f'{INTERACTION}."{found.overrides[0][0]}"', "one prior holds for every modifier and regimen")
    prior = found.default
    if prior.distribution != "Normal" or prior["mu"] != 0 or prior.variance:
        priors.problem(INTERACTION, f"must be Normal(mu=0, sigma), the same for every pair of regimens, not {prior}")
        return PriorSet(DEFAULT_INTERACTION)
    return PriorSet(prior)


@dataclass(frozen=True)
class Modifiers:
    """The columns that effect modifiers add to those of the covariates.

    Parameters
    ----------
    columns : tuple of int
        Of the encoded covariates, those whose effect depends on the regimen.
    names : tuple of str
        Their labels.
    regimens : tuple of str
    """

    columns: tuple[int, ...]
    names: tuple[str, ...]
    regimens: tuple[str, ...]

    @classmethod
    def of(cls, named: Sequence[str], encoded: EncodedCovariates, regimens: tuple[str, ...]) -> Modifiers:
        """The modifiers that a model names, among its encoded covariates."""
        columns = tuple(j for j, e in enumerate(encoded.encoders) if e.column in named)
        return cls(columns, tuple(encoded.labels[j] for j in columns), regimens)

    def __bool__(self) -> bool:
        return bool(self.columns)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the further columns: of every modifier, one for each regimen."""
        return tuple(f"{name} on {regimen}" for name in self.names for regimen in self.regimens)

    def extended(self, values: Array, regimen: int | NDArray[Any]) -> Array:
        """Covariates with the further columns.

        Parameters
        ----------
        values : array of shape (patients, covariates)
        regimen : int or array of int of shape (patients,)
            What the patients are on.
        """
        if not self.columns:
            return values
        on = np.eye(len(self.regimens))[np.broadcast_to(regimen, len(values))]
        further = values[:, self.columns][:, :, None] * on[:, None, :]
        return np.hstack([values, further.reshape(len(values), -1)])

    def encoded(self, encoded: EncodedCovariates, regimen: NDArray[Any], effect: str) -> EncodedCovariates:
        """The covariates of patients with the further columns, which tables call by their labels.

        Parameters
        ----------
        encoded : EncodedCovariates
        regimen : array of int of shape (patients,)
        effect : str
            What a coefficient is, for example ``"log odds ratio"``.
        """
        from dataclasses import replace

        if not self.columns:
            return encoded
        how = dict(encoded.constants)
        more = [
            (f"{name} on {r}", f"{how[name]}, what {r} adds to the {effect}")
            for name in self.names
            for r in self.regimens
        ]
        encoders = tuple(encoded.encoders[j] for j in self.columns for _ in self.regimens)
        return replace(
            encoded,
            labels=(*encoded.labels, *self.labels),
            values=self.extended(encoded.values, regimen),
            constants=(*encoded.constants, *more),
            encoders=(*encoded.encoders, *encoders),
        )

    def prior(self, coefficient: PriorSet, interaction: PriorSet | None) -> PriorSet:
        """The priors of all coefficients, those of the further columns among them.

        Two independent deviations differ by the stated law, so that each has its scale over the root of two.
        """
        if not self.columns or interaction is None:
            return coefficient
        each = Prior(
            "Normal",
            mu=0,
            sigma=float(interaction.default["sigma"]) / math.sqrt(2.0),
            rationale=interaction.default.rationale,
        )
        known = dict(coefficient.overrides)
        further = tuple((label, each) for label in self.labels if label not in known)
        return PriorSet(coefficient.default, (*coefficient.overrides, *further))

    def differences(self, coefficient: Array) -> list[tuple[str, str, Array]]:
        """How far coefficients differ between the first regimen and every other: modifier, regimen, (draws,).

        Parameters
        ----------
        coefficient : array of shape (draws, labels)
            With the further columns last.
        """
        count = len(self.regimens)
        start = coefficient.shape[1] - count * len(self.names)
        found = []
        for m, name in enumerate(self.names):
            each = coefficient[:, start + m * count : start + (m + 1) * count]
            found += [(name, self.regimens[r], each[:, r] - each[:, 0]) for r in range(1, count)]
        return found

    def identification(self, coefficient: Array, prior: PriorSet | None) -> list[Plain]:
        """Posterior over prior standard deviation of every such difference; near 1 it comes from the prior."""
        if not self.columns or prior is None:
            return []
        sigma = float(prior.default["sigma"])
        return [
            {
                "covariate": f"{name}, {regimen} against {self.regimens[0]}",
                "sd_ratio": float(values.std() / sigma),
                "from_the_prior": bool(values.std() / sigma > 0.9),
            }
            for name, regimen, values in self.differences(coefficient)
        ]

    def groups(self, encoded: EncodedCovariates) -> list[tuple[str, NDArray[np.bool_]]]:
        """Subgroups of the patients by every modifier: yes and no, or below and above its median."""
        found = []
        for j, name in zip(self.columns, self.names, strict=True):
            x = encoded.values[:, j]
            if encoded.binary[j]:
                level = encoded.encoders[j].level
                found += [(f"{name}: {level or 'yes'}", x == 1.0), (f"{name}: {'other' if level else 'no'}", x == 0.0)]
            else:
                middle = float(np.median(x))
                found += [(f"{name} at or below its median", x <= middle), (f"{name} above its median", x > middle)]
        return [(name, group) for name, group in found if group.any()]


def subgroups(
    modifiers: Modifiers,
    encoded: EncodedCovariates,
    regimen: NDArray[Any],
    means: Callable[[NDArray[np.bool_]], Array],
    key: str,
    better: int,
    first: int = 0,
) -> list[Plain]:
    """P(better) in every subgroup of own patients, each standardised to the patients of the subgroup.

    Parameters
    ----------
    modifiers : Modifiers
    encoded : EncodedCovariates
        Of the own patients, without further columns.
    regimen : array of int of shape (patients,)
    means : callable
        From which patients are meant to their mean outcome on every regimen, (draws, regimens).
    key : str
        What the outcome is called.
    better : {1, -1}
        Whether higher is better.
    first : int
        The regimen against which the others are compared.
    """
    from bayes_escc.families.beside import summary

    rows = []
    for name, group in modifiers.groups(encoded):
        values = means(group)
        for r in (r for r in range(len(modifiers.regimens)) if r != first):
            gap = values[:, r] - values[:, first]
            rows.append(
                {
                    "subgroup": name,
                    "regimen": modifiers.regimens[r],
                    "reference": modifiers.regimens[first],
                    "patients": int(group.sum()),
                    "patients_on_regimen": int((group & (regimen == r)).sum()),
                    "patients_on_reference": int((group & (regimen == first)).sum()),
                    "outcome": key,
                    **summary("difference", gap),
                    "probability_better": float((better * gap > 0).mean()),
                }
            )
    return rows


def require_modifiers(named: Sequence[str], regimens: Sequence[str]) -> None:
    """Refuse modifiers where one regimen alone leaves nothing to modify."""
    if named and len(regimens) < 2:
        raise AnalysisError("model.effect_modifiers: there is one regimen, so no effect that could be modified.")
