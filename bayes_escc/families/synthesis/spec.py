"""The specification of an evidence synthesis: options and priors, no data, no PyMC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bayes_escc.families.covariates import Covariate, read_covariates
from bayes_escc.families.exchangeable import RegimenCoding, read_coding, require_exchangeable
from bayes_escc.families.specification import Specification
from bayes_escc.families.synthesis.absolute import Baseline, read_baseline
from bayes_escc.names import PlainMapping
from bayes_escc.settings.prior import Prior, PriorSet
from bayes_escc.settings.reader import Reader

__all__ = ["DEFAULT_PRIORS", "NAME", "SynthesisSpec", "described", "read_spec"]

NAME: Final = "synthesis"

DEFAULT_PRIORS: Final[Mapping[str, tuple[Prior, str]]] = {
    "effect": (
        Prior(
            "Normal",
            mu=0,
            sigma=1,
            rationale="On the log scale: 95 % of ratios between one seventh and seven, neither arm favoured.",
        ),
        "real",
    ),
    "tau": (
        Prior(
            "HalfNormal",
            sigma=0.5,
            rationale="Trials of one question differ by a factor of up to about two to seven, usually far less.",
        ),
        "positive",
    ),
    "baseline": (
        Prior(
            "Normal",
            mu=0,
            sigma=5,
            rationale="Log odds of each study (its control arm; in a network its arms' mean), practically free.",
        ),
        "real",
    ),
    "coefficient": (
        Prior(
            "Normal",
            mu=0,
            sigma=0.5,
            rationale="One unit or standard deviation changes the ratio by a factor of up to 2.7.",
        ),
        "real",
    ),
}
"""Default prior and domain of every parameter of the family."""


@dataclass(frozen=True)
class SynthesisSpec(Specification):
    """Options and priors of a meta-analysis or network meta-analysis.

    Parameters
    ----------
    likelihood : {"normal", "binomial"}
        Effects as normal on the log scale, or arm counts as binomial.
    pooling : {"random", "common"}
        Whether the studies' true effects differ (with standard deviation tau) or are one.
    network : bool
        Whether every regimen has its own effect, against `reference`.
    covariates : tuple of Covariate
        Of the studies, for meta-regression.
    subgroup : str or None
        Column whose values have effects of their own.
    heterogeneity : {"shared", "separate"}
        Whether subgroups share one tau or have one each.
    control : str or None
        For counts: a regimen, or the column that marks or names each study's control.
    reference : str or None
        Of a network; its most frequent control if None.
    priors : tuple of (str, PriorSet)
    regimen_coding : {"exchangeable", "reference"}
        Of a network: whether the prior of an effect is that of every pair of regimens, or that of each against
        the reference, apart from each other.
    measure : {"OR", "RR", "RD"} or None
        What counts are made into; None where it is not stated, which is an odds ratio.
    baseline_rate : float or Prior or None
        Risk on the control, or on the reference of a network, at which risks are reported.
    effect_at : tuple of mapping
        Values of all covariates at which the effect is reported.
    """

    likelihood: Literal["normal", "binomial"]
    pooling: Literal["random", "common"]
    network: bool
    covariates: tuple[Covariate, ...]
    subgroup: str | None
    control: str | None
    reference: str | None
    priors: tuple[tuple[str, PriorSet], ...]
    heterogeneity: Literal["shared", "separate"] = "shared"
    regimen_coding: RegimenCoding = "exchangeable"
    measure: Literal["OR", "RR", "RD"] | None = None
    baseline_rate: Baseline | None = None
    effect_at: tuple[Mapping[str, str | float], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*(c.column for c in self.covariates), *(c for c in (self.subgroup, self.control) if c is not None))


def read_spec(model: Reader, priors: Reader, estimands: Reader) -> SynthesisSpec:
    """Read `[model]`, `[priors]` and `[estimands]` of a synthesis."""
    likelihood = model.text("likelihood", "normal", ("normal", "binomial"))
    pooling = model.text("pooling", "random", ("random", "common"))
    network = model.flag("network", False)
    covariates = read_covariates(model)
    (subgroup, heterogeneity), control = _read_subgroup(model), model.text("control", None)
    reference = model.text("reference", None)
    if network and (covariates or subgroup):
        model.problem("covariates" if covariates else "subgroup", "not available with network = true")
    if subgroup and covariates:
        model.problem("subgroup", "give either a subgroup or covariates (a categorical covariate does the same)")
    if heterogeneity == "separate" and pooling == "common":
        model.problem("subgroup.heterogeneity", 'common effects have no heterogeneity; use pooling = "random"')
    if reference and not network:
        model.problem("reference", "belongs to a network; set network = true, or use control")
    if model.has("regimen_coding") and not network:
        model.problem("regimen_coding", "belongs to a network; one effect is of one pair of regimens")
    coding = read_coding(model)
    measure = model.text("measure", None, ("OR", "RR", "RD"))
    if likelihood == "binomial" and measure not in (None, "OR"):
        model.problem(
            "measure",
            f'counts taken as binomial have odds ratios, not "{measure}"; state [estimands] baseline_rate, which turns '
            'them into risks and their difference, or use likelihood = "normal"',
        )
    roles = ["effect"]
    roles += ["tau"] if pooling == "random" else []
    roles += ["baseline"] if likelihood == "binomial" else []
    roles += ["coefficient"] if covariates else []
    found = []
    for role in roles:
        prior_set = priors.prior(role, *DEFAULT_PRIORS[role])
        single = role == "baseline" or (role == "tau" and heterogeneity == "shared")
        if prior_set.overrides and single:
            priors.problem(f'{role}."{prior_set.overrides[0][0]}"', "there is one prior for all studies")
        if network and role == "effect":
            require_exchangeable(role, prior_set, coding, priors)
        found.append((role, prior_set))
    for role in DEFAULT_PRIORS:
        if role not in roles and priors.has(role):
            priors.take(role)
            priors.problem(role, f"is not a parameter here, where the parameters are {', '.join(roles)}")
    baseline_rate, effect_at = read_baseline(estimands), _read_effect_at(estimands, [c.column for c in covariates])
    return SynthesisSpec(
        likelihood,
        pooling,
        network,
        covariates,
        subgroup,
        control,
        reference,
        tuple(found),
        heterogeneity,
        coding,
        measure,
        baseline_rate,
        effect_at,
    )


def _read_effect_at(estimands: Reader, columns: Sequence[str]) -> tuple[Mapping[str, str | float], ...]:
    """`effect_at = [{ latitude = 33 }, ...]`: values of every covariate, in their own units."""
    entries = estimands.tables("effect_at")
    if entries and not columns:
        estimands.problem("effect_at", "needs covariates: without them there is one effect")
        return ()
    found = []
    for entry in entries:
        values = {column: entry.take(column) for column in columns}
        entry.finish()
        for column, value in values.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
                entry.problem(column, f"must be a number or a level, not {value!r}")
        found.append({column: value for column, value in values.items() if value is not None})
    return tuple(found)


def _read_subgroup(model: Reader) -> tuple[str | None, Literal["shared", "separate"]]:
    """`subgroup = "column"`, or `subgroup = { column = ..., heterogeneity = "shared" | "separate" }`."""
    given = model.take("subgroup", None)
    if given is None or isinstance(given, str):
        if given is not None and not given.strip():
            model.problem("subgroup", f"must name a column, not {given!r}")
        return given, "shared"
    entry = Reader(given, model.where("subgroup"), model.problems)
    column = entry.text("column")
    heterogeneity = entry.text("heterogeneity", "shared", ("shared", "separate"))
    entry.finish()
    return column, heterogeneity


def described(model: PlainMapping, _priors: PlainMapping) -> list[str]:
    """Keys of the sentences that describe a stated model, in their order."""
    kind = "network" if model.get("network") else "synthesis"
    return [f"{kind}_{model.get('pooling', 'random')}", f"estimates_{model.get('likelihood', 'normal')}"]
