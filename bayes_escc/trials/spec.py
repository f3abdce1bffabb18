"""What a design file says: arms, accrual, endpoints, truths, rules with their looks, simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from bayes_escc.answers.borrowed_history import HistoricalPrior
from bayes_escc.rules import Rule

__all__ = [
    "THRESHOLDS",
    "Accrual",
    "Calibration",
    "Covariate",
    "DesignPrior",
    "LookPlan",
    "PfsEndpoint",
    "PlannedRule",
    "SampleSize",
    "Simulation",
    "TrialSpec",
    "Truth",
]

THRESHOLDS: Final = ("go_above", "stop_below", "stop_above")
"""What a statistic is held against; by look in a design."""

Steps = tuple[tuple[float, float], ...]
"""Values that hold from a time on, ascending; the first from 0."""


@dataclass(frozen=True)
class Accrual:
    """How patients come and go.

    Parameters
    ----------
    rate : tuple of (month, patients a month)
    pattern : {"poisson", "even", "uniform"}
        Random gaps; gaps that are always the same; or all patients at random within the period that the rates need.
    drop_out : tuple of float
        Hazard of leaving follow-up, a month, by arm.
    """

    rate: Steps
    pattern: Literal["poisson", "even", "uniform"]
    drop_out: tuple[float, ...]


@dataclass(frozen=True)
class PfsEndpoint:
    """A time to progression or death, and when progression is seen.

    Parameters
    ----------
    name : str
    visits : float or None
        Months between assessments: progression counts from the next one. None: it is seen at once.
    """

    name: str
    visits: float | None


@dataclass(frozen=True)
class Covariate:
    """A covariate of the simulated patients, and its true effect.

    Parameters
    ----------
    name : str
    law : {"binary", "normal", "rows"}
    first, second : float
        The probability; or mean and standard deviation.
    coefficient : float
        True log hazard ratio of a unit.
    rows : tuple of float
        Values of the patients of a registry; a simulated patient has those of one of them, in all such covariates.
    """

    name: str
    law: Literal["binary", "normal", "rows"]
    first: float
    second: float
    coefficient: float
    rows: tuple[float, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Truth:
    """What is true in a scenario.

    Parameters
    ----------
    name : str
    should_go : bool or None
        Whether declaring success is right; None where it is not said.
    rates : mapping of str to tuple of float
        Of every binary endpoint, by arm.
    median, shape : float
        Of the Weibull law of the reference arm; months.
    hazard_ratio : tuple of Steps
        By arm, against the reference; from a time since entry on.
    responders_hazard : float
        Ratio of a responder's hazard to that of another patient, which joins the endpoints.
    covariates : tuple of Covariate
    both : tuple of float
        Share of patients in whom both of two binary endpoints happen, by arm; empty where they are independent.
    drift : float
        By how much the rates of all arms differ from those of the truth it was made of.
    drifted : str
        Name of that truth; blank for a truth of the file.
    """

    name: str
    should_go: bool | None = None
    rates: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    median: float = 0.0
    shape: float = 1.0
    hazard_ratio: tuple[Steps, ...] = ()
    responders_hazard: float = 1.0
    covariates: tuple[Covariate, ...] = ()
    both: tuple[float, ...] = ()
    drift: float = 0.0
    drifted: str = ""


@dataclass(frozen=True)
class LookPlan:
    """When a look is taken; of several conditions, the last to be met, but not after `by_month`.

    Parameters
    ----------
    patients : int or None
        So many have entered.
    evaluable : int or None
        So many are evaluable for the rule's endpoint.
    events : int or None
        So many events of the rule's endpoint were seen.
    at_least_months, by_month : float or None
        Not before, and not after, this month of the trial.
    own : tuple of int or None
        So many of each arm the rule is about are evaluable for its endpoint: of its arm, then of its reference.
    """

    patients: int | None = None
    evaluable: int | None = None
    events: int | None = None
    at_least_months: float | None = None
    by_month: float | None = None
    own: tuple[int, ...] | None = None

    def __str__(self) -> str:
        parts = []
        for value, words in (
            (self.patients, "{:g} patients entered"),
            (self.evaluable, "{:g} evaluable"),
            (self.events, "{:g} events"),
            (self.at_least_months, "month {:g}"),
        ):
            if value is not None:
                parts.append(words.format(value))
        if self.own is not None:
            parts.append(f"{' and '.join(map(str, self.own))} evaluable in the rule's own {_arms(self.own)}")
        said = " and ".join(parts) or "the end"
        return f"{said}, by month {self.by_month:g}" if self.by_month is not None else said


@dataclass(frozen=True)
class PlannedRule:
    """A decision rule with its looks and thresholds in this trial.

    Parameters
    ----------
    rule : Rule
        As in an analysis.
    arm, reference : int
        Places of the arm the rule is about and of the one it is compared with (-1: a fixed value).
    endpoints : tuple of str
        One; or those of the criteria of a rule about two, whose patients count when all are known.
    looks : tuple of LookPlan
    go_above, stop_below, stop_above : tuple of float or None
        By look.
    binding : bool
        Whether the trial ends when the rule acts; a rule that advises is counted apart.
    adaptive : tuple of (str, HistoricalPrior)
        Which of `prior` and `reference_prior` is a historical one whose robust weight adapts to the counts of its arm.
    """

    rule: Rule
    arm: int
    reference: int
    endpoints: tuple[str, ...]
    looks: tuple[LookPlan, ...]
    go_above: tuple[float | None, ...]
    stop_below: tuple[float | None, ...]
    stop_above: tuple[float | None, ...]
    binding: bool = True
    adaptive: tuple[tuple[str, HistoricalPrior], ...] = ()

    @property
    def name(self) -> str:
        """Name of the rule."""
        return self.rule.name

    @property
    def endpoint(self) -> str:
        """The endpoint, or the first of several."""
        return self.endpoints[0]

    @property
    def arms(self) -> tuple[int, ...]:
        """Places of the arms whose patients it counts: its own, and its reference where it has one."""
        return (self.arm,) if self.reference < 0 else (self.arm, self.reference)

    @property
    def for_harm(self) -> bool:
        """Whether it only stops, and for harm: above a threshold, or on a rate of which fewer is better."""
        if any(v is not None for v in self.go_above):
            return False
        fewer = not self.of_pfs and self.rule.better == "lower"
        return any(v is not None for v in self.stop_above) or (fewer and any(v is not None for v in self.stop_below))

    @property
    def of_pfs(self) -> bool:
        """Whether it watches a time to event rather than a rate."""
        return self.rule.timed


@dataclass(frozen=True)
class DesignPrior:
    """What is believed of the truth for planning; kept apart from the priors of the analysis.

    Parameters
    ----------
    log_hazard_ratio : tuple of float or None
        Mean and standard deviation of a Normal.
    rates : mapping of str to tuple of (alpha, beta)
        By endpoint, a Beta law by arm.
    estimand : str
        What decides whether the truth is effective: ``hazard_ratio``, or a binary endpoint's difference.
    below, above : float or None
        The limit.
    """

    log_hazard_ratio: tuple[float, float] | None
    rates: Mapping[str, tuple[tuple[float, float], ...]]
    estimand: str
    below: float | None
    above: float | None


@dataclass(frozen=True)
class Simulation:
    """How much is simulated.

    Parameters
    ----------
    trials : int
        By truth.
    max_mcse : float or None
        Blocks of trials are added until the Monte Carlo error of every probability is below it.
    seed : int
    audit : float
        Share of the trials whose answer is computed again by the package's own fit.
    audit_most : int
        The most that are chosen by that share.
    audit_near : int or None
        The most that are chosen since they are near a threshold; as many as by the share if None.
    """

    trials: int = 10_000
    max_mcse: float | None = None
    seed: int = 1
    audit: float = 0.002
    audit_most: int = 20
    audit_near: int | None = None


@dataclass(frozen=True)
class Calibration:
    """A threshold that is found rather than stated.

    Parameters
    ----------
    rule : str
    key : tuple of str
        The threshold, and a second parameter where two are sought.
    truths : tuple of str
        Under which acting is a false alarm.
    false_alarm : float
    upper : bool
        Whether the upper Monte Carlo bound of the false alarms, not their estimate, must stay below it.
    power : float or None
        With two parameters: of those that reach this power, those with the fewest patients under the null truths are
        taken; without it, the most powerful.
    """

    rule: str
    key: tuple[str, ...]
    truths: tuple[str, ...]
    false_alarm: float
    upper: bool
    power: float | None = None


@dataclass(frozen=True)
class SampleSize:
    """A number of patients that is sought between those that are simulated.

    Parameters
    ----------
    truth : str
        Under which success is right.
    power : float
        P(go) to be reached.
    """

    truth: str
    power: float


@dataclass(frozen=True)
class TrialSpec:
    """A design as its file states it; see the dataclasses of its parts."""

    id: str
    title: str
    arms: tuple[str, ...]
    allocation: tuple[int, ...]
    patients: tuple[int, ...]
    block: int
    accrual: Accrual
    binary: Mapping[str, float]
    pfs: PfsEndpoint | None
    truths: tuple[Truth, ...]
    rules: tuple[PlannedRule, ...]
    simulation: Simulation
    design_prior: DesignPrior | None = None
    calibration: Calibration | None = None
    drifts: tuple[Truth, ...] = ()
    sample_size: SampleSize | None = None

    @property
    def scenarios(self) -> tuple[Truth, ...]:
        """The truths of the file, and those that drifted from them."""
        return (*self.truths, *self.drifts)


def _arms(own: tuple[int, ...]) -> str:
    return "arm" if len(own) == 1 else "arms"
