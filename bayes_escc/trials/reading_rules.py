"""Reading the rules of a design: those it states, or those of its analysis, with their looks in this trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from bayes_escc.analysis import Analysis
from bayes_escc.answers.borrowed_history import HistoricalPrior, historical_priors
from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.names import Plain
from bayes_escc.rules import Look, Rule, read_rule
from bayes_escc.rules.reading import with_borrowed, with_direction, with_prior
from bayes_escc.settings.reader import Reader, nearest
from bayes_escc.trials.reading_values import is_number, listed
from bayes_escc.trials.spec import THRESHOLDS, LookPlan, PfsEndpoint, PlannedRule, Truth

__all__ = ["DesignFacts", "read_drifts", "read_history", "read_rules_of_design"]

_DRIFTS: Final = (-0.15, -0.1, -0.05, 0.05, 0.1, 0.15)
TIMED: Final = ("hazard_ratio", "median", "survival", "rmst")
"""What a rule on a time to event may be about."""


@dataclass(frozen=True)
class DesignFacts:
    """What the rules are about.

    Parameters
    ----------
    analysis : Analysis or None
    arms, allocation : sequence
    block : int
    leaving : bool
        Whether patients leave follow-up.
    binary, pfs
        As in `TrialSpec`.
    history : mapping
        Historical priors by arm.
    """

    analysis: Analysis | None
    arms: Sequence[str]
    allocation: Sequence[int]
    block: int
    leaving: bool
    binary: Mapping[str, float]
    pfs: PfsEndpoint | None
    history: Mapping[str, HistoricalPrior]


def read_history(top: Reader, analysis: Analysis | None, arms: Sequence[str]) -> dict[str, HistoricalPrior]:
    """The historical priors of the arms that borrow, if the analysis borrows."""
    if analysis is None or analysis.borrowing is None:
        return {}
    try:
        return historical_priors(analysis, arms)
    except (AnalysisError, DataError) as error:
        top.problem("analysis", str(error))
        return {}


def read_drifts(
    top: Reader, truths: Sequence[Truth], rules: Sequence[PlannedRule], history: Mapping[str, HistoricalPrior]
) -> tuple[Truth, ...]:
    """Truths whose rates have drifted from those stated: of `[drift]`, and of themselves where a reference borrows.

    Borrowing is as good as the history is like the present, so false alarms are wanted over how far it is not.
    """
    stated = top.has("drift")
    borrows = any(p.reference >= 0 and not p.of_pfs and p.rule.taken_over for p in rules) and bool(history)
    if not stated and not borrows:
        return ()
    r = top.table("drift")
    named = r.texts("truths", [t.name for t in truths if t.should_go is False]) or []
    values = listed(r.take("values", list(_DRIFTS)))
    endpoints = tuple(dict.fromkeys(p.endpoint for p in rules if not p.of_pfs))
    endpoint = r.text("endpoint", endpoints[0] if len(endpoints) == 1 else None, endpoints or None)
    r.finish()
    if not all(is_number(v) and -1 < v < 1 for v in values):
        r.problem("values", f"are differences of rates, between -1 and 1, not {values!r}")
        return ()
    unknown = [n for n in named if n not in [t.name for t in truths]]
    if unknown or not named or endpoint is None:
        r.problem(
            "truths" if endpoint else "endpoint", "say of which truths, and of which binary endpoint, rates drift"
        )
        return ()
    found = []
    for truth in (t for t in truths if t.name in named):
        for value in sorted({float(v) for v in values} - {0.0}):
            rates = tuple(round(rate + value, 10) for rate in truth.rates[endpoint])
            if stated and not all(0 <= rate <= 1 for rate in rates):
                r.problem("values", f"{value:g} takes the rates of {truth.name} out of 0 to 1")
            elif all(0 < rate < 1 for rate in rates):
                name = f"{truth.name}, drift {value:+g}"
                moved = {**truth.rates, endpoint: rates}
                found.append(replace(truth, name=name, rates=moved, drift=value, drifted=truth.name))
    return tuple(found)


def read_rules_of_design(top: Reader, trial: DesignFacts) -> tuple[PlannedRule, ...]:
    """The rules of the design file, else those of the analysis at their own looks."""
    analysis = trial.analysis
    tables = top.tables("monitoring")
    if tables:
        planned = [_planned(r, trial) for r in tables]
    else:
        inherited = () if analysis is None else analysis.rules
        planned = [_inherit(top, rule, trial) for rule in inherited]
        if not inherited:
            top.problem("monitoring", "neither the design nor its analysis has a rule: [[monitoring]]")
    rules = tuple(p for p in planned if p is not None)
    names = [p.name for p in rules]
    if len(set(names)) < len(names):
        top.problem("monitoring", "two rules have one name: give each its own")
    return rules


def _inherit(top: Reader, rule: Rule, trial: DesignFacts) -> PlannedRule | None:
    places = _places(top, rule, trial)
    if places is None:
        return None
    if not rule.timed:
        looks = _own_looks(rule.schedule, places, trial)
    else:
        looks = tuple(LookPlan(events=sum(look)) for look in rule.schedule)
        if looks and 1 < len(places) < len(trial.arms):
            said = f"{rule.name}: the analysis's rule looks at events of {' and '.join(trial.arms[i] for i in places)}"
            top.problem("monitoring", f"{said} alone; state the rule here, with looks at events of all arms")
            return None
    if not looks:
        top.problem("monitoring", f"{rule.name}: the analysis's rule has no looks; state the rule here with its looks")
        return None
    once = {k: (getattr(rule, k, None),) * len(looks) for k in THRESHOLDS}
    stated = set() if rule.of_posterior else {"prior", "reference_prior"} - set(rule.taken_over)
    return _placed(top, rule, places, looks, once, stated, trial, True)


def _planned(r: Reader, trial: DesignFacts) -> PlannedRule | None:
    stated = {key for key in ("prior", "reference_prior") if r.has(key)}
    looks = tuple(_look(r, i, value) for i, value in enumerate(listed(r.take("looks", []))))
    thresholds: dict[str, tuple[float | None, ...]] = dict.fromkeys(THRESHOLDS, (None,) * max(1, len(looks)))
    single: Plain = {}
    for key in THRESHOLDS:
        if not r.has(key):
            continue
        values = listed(r.take(key))
        if len(values) == 1:
            values = values * max(1, len(looks))
        if len(values) != max(1, len(looks)) or not all(is_number(v) and 0 < v < 1 for v in values):
            r.problem(key, f"must be a probability, or one for each of the {len(looks)} looks, not {values!r}")
            values = [0.5] * max(1, len(looks))
        thresholds[key] = tuple(float(v) for v in values)
        single[key] = max(values) if key != "stop_below" else min(values)
    binding = r.flag("binding", True)
    rule = read_rule(Reader({**{k: r.take(k) for k in r.left()}, **single}, r.path, r.problems))
    if rule is None:
        return None
    places = _places(r, rule, trial)
    if places is None:
        return None
    if not looks:  # a rule that has patients or counts of its own says when it looks
        looks = _own_looks(rule.schedule, places, trial)
        thresholds = {key: values[:1] * len(looks) for key, values in thresholds.items()}
    elif _lacks_last(looks, rule, places, trial):  # its last analysis, as in an analysis's own schedule
        looks = (*looks, *_own_looks((rule.most or (),), places, trial))
        thresholds = {key: (*values, values[-1]) for key, values in thresholds.items()}
    _check_looks(r, looks, rule, places, trial)
    _check_thresholds(r, rule, thresholds)
    if not looks:
        r.problem("looks", "state at least one: { patients = 60 }, { events = 70, by_month = 24 }, { evaluable = 20 }")
        looks = (LookPlan(),)
    return _placed(r, rule, places, looks, thresholds, stated, trial, binding)


def _check_looks(r: Reader, looks: Sequence[LookPlan], rule: Rule, places: Sequence[int], trial: DesignFacts) -> None:
    """Note looks that do not come after the one before, or that ask for more patients than the rule has."""
    for i, (earlier, later) in enumerate(pairwise(looks), 1):
        before, after = ({k: v for k, v in vars(plan).items() if v is not None} for plan in (earlier, later))
        if before.keys() == after.keys() and all(after[k] <= before[k] for k in after):
            r.problem("looks", f"looks[{i}] ({later}) cannot follow looks[{i - 1}] ({earlier}): looks ascend")
    for i, plan in enumerate(looks):
        rounds = max(plan.patients or 0, plan.evaluable or 0) / sum(trial.allocation)
        for arm, most in zip(places, rule.most or (), strict=False):
            if rounds * trial.allocation[arm] > most:
                said = f"looks[{i}] ({plan}) is {rounds * trial.allocation[arm]:g} patients of {trial.arms[arm]}"
                r.problem("looks", f"{said}, more than the {most} that the rule {rule.name} allows")


def _check_thresholds(r: Reader, rule: Rule, thresholds: Mapping[str, tuple[float | None, ...]]) -> None:
    """Note looks at which one value would both go and stop."""
    for i, (go, stop) in enumerate(zip(thresholds["go_above"], thresholds["stop_below"], strict=True)):
        if go is not None and stop is not None and not go > stop:
            said = (
                f"at looks[{i}] of the rule {rule.name}, go_above ({go:g}) must be greater than stop_below ({stop:g})"
            )
            r.problem("go_above", said)


def _own_looks(schedule: Sequence[Look], places: Sequence[int], trial: DesignFacts) -> tuple[LookPlan, ...]:
    """Looks at evaluable patients of the rule's own arms: of all arms together only where that says the same."""
    every = sorted(places) == list(range(len(trial.arms)))
    stay = len(trial.arms) == 1 or not trial.leaving or not any(trial.binary.values())
    found = []
    for look in schedule:
        shares = {count / trial.allocation[arm] for count, arm in zip(look, places, strict=True)}
        whole = every and stay and len(shares) == 1 and (len(trial.arms) == 1 or sum(look) % trial.block == 0)
        found.append(LookPlan(evaluable=sum(look)) if whole else LookPlan(own=tuple(look)))
    return tuple(found)


def _lacks_last(looks: Sequence[LookPlan], rule: Rule, places: Sequence[int], trial: DesignFacts) -> bool:
    """Whether a rule with patients of its own is looked at by evaluable ones, and not with all of them."""
    if rule.most is None or not all(look == LookPlan(evaluable=look.evaluable) for look in looks):
        return False
    rounds = (looks[-1].evaluable or 0) / sum(trial.allocation)
    return any(rounds * trial.allocation[arm] < most for arm, most in zip(places, rule.most, strict=True))


def _look(r: Reader, number: int, value: Any) -> LookPlan:
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"evaluable": value}
    inner = Reader(value, r.where(f"looks[{number}]"), r.problems)
    counts = {k: inner.number(k, None, above=0, integer=True) for k in ("patients", "evaluable", "events")}
    months = inner.number("months", None, above=0)
    least, most = inner.number("at_least_months", months, above=0), inner.number("by_month", None, above=0)
    inner.finish()
    if not any(v is not None for v in (*counts.values(), least, most)):
        inner.problem("", "say when: patients, evaluable, events, months, at_least_months or by_month")
    if least is not None and most is not None and most < least:
        inner.problem("by_month", f"must not be before at_least_months ({least:g})")
    return LookPlan(**counts, at_least_months=least, by_month=most)


def _places(r: Reader, rule: Rule, trial: DesignFacts) -> tuple[int, ...] | None:
    """Places of the arm a rule is about and, where it has one, of its reference."""
    arms = trial.arms
    reference = rule.reference
    for key, label in (("regimen", rule.regimen), ("reference", reference)):
        if label is not None and label not in arms:
            r.problem(key, f"{label!r} is no arm of design.arms.{nearest(label, arms)}")
            return None
    against = -1 if reference is None else arms.index(reference)
    others = [i for i in range(len(arms)) if i != against]
    if rule.regimen is None and len(others) > 1:
        r.problem("regimen", f"say which of {', '.join(arms[i] for i in others)} the rule is about")
        return None
    if not others or rule.regimen == reference is not None:
        r.problem("regimen", "is compared with itself")
        return None
    arm = arms.index(rule.regimen) if rule.regimen is not None else others[0]
    return (arm,) if reference is None else (arm, against)


def _placed(
    r: Reader,
    rule: Rule,
    places: Sequence[int],
    looks: tuple[LookPlan, ...],
    thresholds: Mapping[str, tuple[float | None, ...]],
    stated: set[str],
    trial: DesignFacts,
    binding: bool,
) -> PlannedRule | None:
    """A rule in this trial: about which arm, against which, on which endpoint, with which priors."""
    arms, arm = trial.arms, places[0]
    against = places[1] if len(places) > 1 else -1
    endpoints = _timed(r, rule, trial) if rule.timed else _binary(r, rule, looks, trial)
    if endpoints is None:
        return None
    adaptive: tuple[tuple[str, HistoricalPrior], ...] = ()
    if not rule.timed:
        rule = replace(rule, regimen=arms[arm], endpoint=rule.endpoint or endpoints[0])
        rule = _with_priors(r, with_direction(rule, endpoints[:1]), stated, trial)
        adaptive = _adaptive(r, rule, trial)
    else:
        rule = _with_time(r, replace(rule, regimen=arms[arm]), trial)
    go, stop, toxic = (thresholds[key] for key in THRESHOLDS)
    return PlannedRule(rule, arm, against, endpoints, looks, go, stop, toxic, binding, adaptive)


def _timed(r: Reader, rule: Rule, trial: DesignFacts) -> tuple[str, ...] | None:
    """The time to event a rule is about, if it can be simulated."""
    if not rule.asks_posterior or rule.estimand not in TIMED:
        r.problem("kind", f"on a time to event, a rule is posterior_probability of {', '.join(TIMED)}")
        return None
    if trial.pfs is None:
        r.problem("estimand", f"{rule.estimand} needs a time to event among the endpoints")
        return None
    if rule.futility_value is not None:
        r.problem("futility_value", "is of rates; state two rules, one that goes and one that stops")
        return None
    if rule.estimand == "hazard_ratio" and rule.reference is None:
        r.problem("reference", "a hazard ratio is to a reference")
        return None
    if rule.scale == "odds_ratio":
        r.problem("scale", "of a time to event is difference or ratio")
        return None
    return (trial.pfs.name,)


def _with_time(r: Reader, rule: Rule, trial: DesignFacts) -> Rule:
    """The rule with the time of its survival or hazard ratio or its horizon, where the analysis has one."""
    if rule.time or trial.analysis is None:
        return rule
    spec = trial.analysis.spec
    if rule.estimand == "hazard_ratio":
        if spec.no_hazard_ratio:
            r.problem("estimand", f"the analysis has no hazard ratio: {spec.no_hazard_ratio}")
        if not spec.ratio_by_time or spec.constant_hazards:
            return rule
        if len(spec.times_of(rule.estimand)) != 1:
            said = f"the hazard ratio of the analysis changes with time ({spec.ratio_by_time})"
            r.problem("time", f"{said}; say at which it is meant")
            return rule
    elif rule.estimand not in ("survival", "rmst"):
        return rule
    stated = spec.times_of(rule.estimand)
    if len(stated) != 1:
        r.problem("time", f"say at which time {rule.estimand} is meant")
        return rule
    changes: Plain = {"time": float(stated[0])}
    return replace(rule, **changes)


def _binary(r: Reader, rule: Rule, looks: Sequence[LookPlan], trial: DesignFacts) -> tuple[str, ...] | None:
    """The binary endpoints a rule is about."""
    binary = trial.binary
    if any(look.events is not None for look in looks):
        r.problem("looks", "events are those of a time to event; a rule on a rate looks by patients or evaluable")
        return None
    named: list[str | None] = [c.endpoint for c in rule.criteria] or [rule.endpoint]
    if len(named) > 1 and all(name is None for name in named) and len(binary) == len(named):
        named = [*binary]
    if named == [None]:
        own = [] if trial.analysis is None else [e for e in trial.analysis.data.endpoints or () if e in binary]
        named = [*binary] if len(binary) < 2 else [*own]
        if len(named) > 1 or (not named and binary):
            r.problem("endpoint", f"say which of {', '.join(binary)} the rule is about")
            return None
    unknown = [str(name) for name in named if name not in binary]
    if unknown or not named:
        said = ", ".join(map(repr, unknown)) or "the rule's endpoint"
        r.problem("endpoint", f"{said} is no binary endpoint of the design.{nearest(said, binary)}")
        return None
    return tuple(str(name) for name in named)


def _with_priors(r: Reader, rule: Rule, stated: set[str], trial: DesignFacts) -> Rule:
    """The rule with the priors of the analysis that will be run: of its rates, and of what it borrows."""
    analysis = trial.analysis
    if analysis is None or not analysis.spec.needs_response or rule.criteria:
        return rule
    own = tuple(analysis.data.endpoints or ())
    if own and rule.endpoint not in own:
        return rule  # an endpoint beside those of the analysis has the prior its rule states
    if rule.of_posterior:
        for key in sorted(stated):
            r.problem(key, "is that of the analysis ([priors.rate]); leave it out")
    rule = with_prior(rule, analysis.spec.rate_prior, stated)
    if "prior" in rule.keys and rule.prior is None:
        r.problem("analysis", "its rates are pooled, or have no Beta prior: rules on them are not simulated")
        return rule
    fixed = {name: prior.robust for name, prior in trial.history.items() if prior.difference is None}
    return with_borrowed(rule, fixed)


def _adaptive(r: Reader, rule: Rule, trial: DesignFacts) -> tuple[tuple[str, HistoricalPrior], ...]:
    """The priors of a rule whose robust weight adapts to the counts."""
    named = {"prior": rule.regimen, "reference_prior": rule.reference}
    found = tuple(
        (key, trial.history[regimen])
        for key, regimen in named.items()
        if regimen is not None
        and regimen in trial.history
        and key in rule.taken_over
        and trial.history[regimen].difference is not None
    )
    if len(found) > 1:
        r.problem("analysis", "the robust weights of two arms adapt to their counts (sam_difference): let one borrow")
    elif found and (not rule.asks_posterior or rule.futility_value is not None):
        r.problem(
            "kind",
            "with a robust weight that adapts to the counts (sam_difference), a rule is a posterior_probability "
            "without futility_value; state two rules, one that goes and one that stops",
        )
    return found
