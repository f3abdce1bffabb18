"""What is said in words about a survival design: its priors, and what to bear in mind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence import Problem
from bayes_escc.evidence.effects import connected_pieces
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.population.margins import Points
from bayes_escc.evidence.problems import counted
from bayes_escc.families.base import prior_line
from bayes_escc.families.beside import PublishedCovariates
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.modifiers import INTERACTION, Modifiers
from bayes_escc.families.survival.cure import CURED, plateau_notes
from bayes_escc.families.survival.curves import Array
from bayes_escc.families.survival.per_patient import Patients
from bayes_escc.families.survival.population import (
    Population,
    RegimenPopulations,
    median_time,
    restricted_mean,
    survival,
)
from bayes_escc.families.survival.regimen_effects import RegimenEffects
from bayes_escc.families.survival.separation import separation_notes
from bayes_escc.families.survival.spec import SurvivalSpec
from bayes_escc.families.survival.strata import Strata
from bayes_escc.families.survival.strata_notes import short_strata, strata_notes
from bayes_escc.families.survival.stratified import AnyPopulation, StratifiedPopulation
from bayes_escc.families.told_apart import NOT_TOLD_APART, aliased, not_told_apart

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Described", "notes_on", "priors_in_words"]


class Described(Patients, Protocol):
    """What is said in words: patients, their model and its priors."""

    @property
    def spec(self) -> SurvivalSpec:
        """The specification, in the unit of time of the design."""

    @property
    def unit(self) -> str:
        """Unit of time."""

    @property
    def encoded(self) -> EncodedCovariates:
        """Covariates of the patients."""

    @property
    def regimens(self) -> tuple[str, ...]:
        """Names of the regimens."""

    @property
    def others(self) -> tuple[str, ...]:
        """The regimens whose hazard is expressed relative to the first."""

    @property
    def effects(self) -> RegimenEffects:
        """How regimens differ."""

    @property
    def events(self) -> int:
        """Number of events."""

    @property
    def parameter_count(self) -> int:
        """Number of sampled parameters."""

    @property
    def times(self) -> Array:
        """Times of the estimands."""

    @property
    def horizons(self) -> Array:
        """Horizons of the restricted means."""

    @property
    def covered(self) -> float:
        """End of follow-up of the regimen that was followed the shortest."""

    @property
    def interval_starts(self) -> Array:
        """Where the intervals of a piecewise hazard begin; one interval otherwise."""

    @property
    def modifiers(self) -> Modifiers:
        """Covariates whose effect depends on the regimen."""

    @property
    def strata(self) -> Strata:
        """Strata of the patients."""

    def log_ratios(self, parameters: xr.Dataset) -> Array:
        """Log hazard ratios of all regimens against the first, (draws, regimens)."""

    def over(
        self, laws: PublishedCovariates, parameters: xr.Dataset, points: Points
    ) -> Population | RegimenPopulations:
        """A population of points under every draw."""

    def of_strata(
        self, each: Sequence[Population | RegimenPopulations], stratum: Sequence[int], share: Array
    ) -> StratifiedPopulation:
        """A population whose patients of every stratum are known."""

    def prior(self, rng: np.random.Generator, draws: int) -> xr.Dataset:
        """Draws of the parameters from the prior."""

    def population(self, parameters: xr.Dataset) -> AnyPopulation:
        """The target population under every draw."""


def notes_on(design: Described) -> list[Problem]:
    """What a reader of the results should know about the data and the model."""
    found = []
    if design.parameter_count > design.events / 5:
        found.append(
            Problem(
                "many_parameters",
                f"the model estimates {counted(design.parameter_count, 'parameter')} from "
                f"{counted(design.events, 'event')}",
                "The priors matter: at least five events per parameter are usual. Use fewer covariates, or show "
                "how the answer changes with the priors.",
            )
        )
    found += strata_notes(design.strata, design.regimen, design.regimens, design.follow_up.event)
    found += [*_not_told_apart(design), *_shape_unknown(design), *_after_last_knot(design)]
    if design.spec.baseline in CURED:
        f = design.follow_up
        found += plateau_notes(_who_share_a_shape(design), f.middle, f.event, design.unit)
    asked = {*design.times, *design.horizons}
    if design.spec.event_free is not None:
        asked |= {design.spec.event_free + t for t in asked}
    found += separation_notes(design.follow_up, design.regimen, design.regimens, design.encoded)
    late = [t for t in sorted(asked) if t > design.covered * (1 + 1e-9)]
    if late:
        listed = ", ".join(f"{t:g}" for t in late)
        found.append(
            Problem(
                "beyond_follow_up",
                f"results at {listed} {design.unit} lie beyond the end of follow-up of one regimen",
                "There they rest on the shape of the model.",
            )
        )
    found += short_strata(design.strata, design.follow_up.last, sorted(asked), design.unit)
    if design.follow_up.interval.any():
        found.append(
            Problem(
                "interval_censored",
                f"{int(design.follow_up.interval.sum())} events lie between two scans",
                "They are used as such, not as if progression happened on the day of the scan.",
            )
        )
    if design.risk.missing:
        found += design.risk.missing.notes()
    return found


def _not_told_apart(design: Described) -> list[Problem]:
    """Regimens, covariates and centres whose effects the patients cannot tell apart."""
    found = []
    labels, columns = list(design.encoded.labels), np.asarray(design.encoded.values, dtype=float)
    effects = len(design.regimens) > 1 and design.spec.regimen_effect != "none"
    if labels or (design.strata and effects):
        complete = ~np.isnan(columns).any(axis=1)
        own = np.unique(design.regimen)  # regimens known from papers alone have no patients here
        member = np.eye(len(design.regimens))[np.asarray(design.regimen)][:, own]
        names = [*(f"the hazard on {design.regimens[i]}" for i in own), *labels]
        if design.strata:  # whose baselines hold the hazard on the first regimen too
            here = np.unique(design.strata.index)
            baselines = np.eye(len(design.strata.levels))[design.strata.index][:, here]
            member = np.hstack([baselines, member[:, 1:] if effects else member[:, :0]])
            against = [f"{design.regimens[i]} against {design.regimens[own[0]]}" for i in own[1:] if effects]
            names = [*(f"the hazard of {design.strata.labels[s]}" for s in here), *against, *labels]
        if complete.any():
            groups = aliased(np.hstack([member, columns])[complete], names)
            found += not_told_apart(groups, where="these patients")
    centres = design.risk.centres
    if centres is None or len(design.regimens) < 2:
        return found
    edges = [
        (design.regimens[int(r)], f"{centres.column} {centres.labels[int(c)]}")
        for c, r in zip(centres.index, design.regimen, strict=True)
    ]
    pieces = connected_pieces(dict.fromkeys(edges))
    if len(pieces) > 1:
        apart = "; ".join(", ".join(piece) for piece in pieces)
        found.append(
            Problem(
                "centres_confounded",
                f"every {centres.column} gave one regimen only, so centres and regimens differ together"
                if len(set(edges)) == len(centres.labels)
                else f"no {centres.column} joins these regimens, so that they differ from one another as their centres "
                f"do: {apart}",
                "The prior of frailty_sd decides how much of the difference is put down to the regimen; vary it.",
                column=centres.column,
            )
        )
    return found


def _who_share_a_shape(design: Described) -> list[tuple[str, NDArray[np.bool_]]]:
    """Patients whose hazards have one shape, with whose they are: everyone's, those on a regimen, or of a stratum."""
    if design.spec.regimen_effect in ("nonproportional", "stratified"):
        return [(f" on {r}", np.asarray(design.regimen) == i) for i, r in enumerate(design.regimens)]
    if design.strata:
        return [(f" of {s}", design.strata.index == i) for i, s in enumerate(design.strata.labels)]
    return [("", np.ones(len(design.follow_up.event), dtype=bool))]


def _shape_unknown(design: Described) -> list[Problem]:
    """Where too few events say how the hazard changes with time: a Weibull shape, an interval without events."""
    f, spec = design.follow_up, design.spec
    said = []
    for whose, mine in _who_share_a_shape(design):
        events = mine & f.event
        if spec.baseline not in ("exponential", "piecewise") and events.sum() < 2:
            said.append(
                f"{counted(int(events.sum()), 'event')}{whose} cannot tell the shape of the hazard from its level"
            )
        elif spec.baseline == "piecewise" and events.any():
            edges = np.append(design.interval_starts, np.inf)
            counts = np.histogram(f.middle[events], np.nextafter(edges, np.inf))[0]  # an event at a cut is before it
            empty = [f"{a:.4g} to {b:.4g}" for a, b, k in zip(edges[:-1], edges[1:], counts, strict=True) if not k]
            if empty:
                listed = ", ".join(empty).replace(" to inf", " on")
                said.append(f"no event{whose} lies between {listed} {design.unit}")
    last = float(f.last.max())
    if spec.knots is not None and spec.knots[-1] > last:
        said.append(f"the last knot, at {spec.knots[-1]:g} {design.unit}, lies beyond the end of follow-up ({last:g})")
    cut = float(design.interval_starts[-1])
    if cut >= last:  # not refused: a study keeps its cut points when the patient followed longest leaves it
        said.append(f"the last cut point, at {cut:g} {design.unit}, is not before the end of follow-up ({last:g})")
    remedy = (
        "There the prior alone speaks: use fewer intervals or a simpler shape, or show what another prior would say."
    )
    return [Problem(NOT_TOLD_APART, one, remedy) for one in said]


def _after_last_knot(design: Described) -> list[Problem]:
    """Events where the hazard of a spline no longer changes, which it does not learn from them."""
    f, knots = design.follow_up, design.spec.knots
    if knots is None or not f.event.any():
        return []
    late = int((f.middle[f.event] > knots[-1] * (1 + 1e-9)).sum())
    if not late:
        return []
    return [
        Problem(
            "after_last_knot",
            f"{late} of {counted(design.events, 'event')} came after the last knot, at {knots[-1]:g} {design.unit}, "
            "from which on the hazard is constant",
            "State model.knots that reach to the last event. A study keeps the knots of its first data cut: state them "
            "at the start, to where follow-up will reach. In a study that has begun, show the same patients analysed "
            "with later knots beside it.",
        )
    ]


_SPREADS: Final = ("log scale of log time (log-logistic)", "log standard deviation of log time (log-normal)")


def priors_in_words(design: Described) -> list[str]:
    """One line per prior, and what the priors imply together."""
    stated = design.spec.reference_time
    when = "" if stated is None else f"{stated:g} {design.unit}"
    whose, pair = "a reference patient", f"log hazard ratio to {design.regimens[0]}"
    if design.effects.exchangeable and design.others:
        whose, pair = "a reference patient on the average regimen", "log hazard ratio of any two regimens"
    whose += ", in every stratum" if design.strata else ""
    cured = design.spec.baseline in CURED
    named = {
        "median": (f"median PFS of {whose}{', of those who ever have the event' if cured else ''}", f" {design.unit}"),
        "cure_fraction": (f"long-term event-free proportion of {whose}", ""),
        "log_cumulative_hazard": (f"log cumulative hazard at {when}", ""),
        "hazard": ("hazard", f" per {design.unit.removesuffix('s')}"),
        "log_hazard": ("log hazard at time zero" if design.spec.baseline == "m_spline" else "log hazard", ""),
        "log_shape": ("log Weibull shape of the early hazard" if cured else "log Weibull shape", ""),
        "log_spread": (_SPREADS[design.spec.baseline == "log_normal"], ""),
        "hazard_growth": ("log of the hazard at the median over that at the start (Gompertz)", ""),
        "log_time_ratio": (pair.replace("hazard", "time"), ""),
        "log_hazard_ratio": (pair, ""),
        INTERACTION: ("difference between two regimens of the coefficient of an effect modifier", ""),
        "coefficient_sd": ("sd of the coefficients shrunk together", ""),
        "slab_variance": ("variance of the slab, for coefficients that matter", ""),
        "drift_sd": ("sd of the step between neighbouring log hazards", ""),
        "frailty_sd": ("sd of the log hazards of centres", ""),
    }
    lines = []
    for role, prior_set in design.spec.priors:
        if role in ("log_hazard_ratio", "log_time_ratio") and not design.others:
            continue
        if role == "coefficient":
            lines += design.risk.coefficients.words()
            continue
        if role == "global_scale":
            continue  # told with the coefficients
        words, unit = named[role]
        lines += prior_line(words, prior_set, unit)
    if design.risk.missing:
        lines += design.risk.missing.words()
    return [*lines, *_implied(design)]


@np.errstate(over="ignore", invalid="ignore")
def _implied(design: Described) -> list[str]:
    """What the priors say together about quantities a clinician knows."""
    rng = np.random.default_rng(20)
    parameters = design.prior(rng, 1000)
    curves, population = design.curves(parameters), design.population(parameters)
    six = 6.0 * DAYS_IN["months"] / DAYS_IN[design.unit]
    horizon = float(design.horizons[-1])

    def spread(values: Array, factor: float = 1.0) -> str:
        low, middle, high = np.quantile(values, [0.025, 0.5, 0.975], method="inverted_cdf") * factor
        if factor != 1.0:  # a share of 1e-97 is none
            low, middle, high = np.round([low, middle, high], 2)
        return f"{middle:.3g} (95 % between {low:.3g} and {high:.3g})"

    first = design.regimens[0]
    lines = [
        f"Together the priors imply, on {first}: median PFS {spread(median_time(curves, population)[:, 0])} "
        f"{design.unit}; PFS at 6 months "
        f"{spread(survival(curves, population, np.array([six]))[:, 0, 0], 100.0)} %."
    ]
    if design.spec.baseline in CURED:
        for_good = survival(curves, population, np.array([np.inf]))[:, 0, 0]
        lines.append(
            f"And a long-term event-free proportion on {first} of {spread(for_good, 100.0)} %; a median that is "
            "never reached counts as ten thousand times that of those who have the event."
        )
    if design.others:
        area = restricted_mean(curves, population, horizon)
        lines.append(
            f"And between {design.others[0]} and {first} a difference in restricted mean PFS to {horizon:.4g} "
            f"{design.unit} of {spread(area[:, 1] - area[:, 0])} {design.unit}."
        )
    return lines
