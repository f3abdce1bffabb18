"""Reading a design file: every problem collected, nothing evaluated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from bayes_escc.analysis import Analysis
from bayes_escc.names import normalise
from bayes_escc.rules import KINDS, Rule, read_rule
from bayes_escc.rules.reading import with_direction, with_prior
from bayes_escc.settings.reader import Reader, nearest
from bayes_escc.trials.spec import (
    Accrual,
    Calibration,
    Covariate,
    DesignPrior,
    LookPlan,
    PfsEndpoint,
    PlannedRule,
    Simulation,
    Steps,
    TrialSpec,
    Truth,
)

__all__ = ["read_design"]

MAX_PATIENTS: Final = 2_000
MAX_TRIALS: Final = 10_000_000
_THRESHOLDS: Final = ("go_above", "stop_below", "stop_above")
_PFS: Final = ("hazard_ratio", "median", "survival", "rmst")


def read_design(top: Reader, analysis: Analysis | None) -> TrialSpec | None:
    """The design of a file whose `analysis` has been read; None where its problems leave none."""
    noted = len(top.problems)
    name, title = top.text("id", "design"), top.text("title", "")
    layout = top.table("design")
    arms, allocation = _arms(layout)
    patients = _patients(layout)
    unit = max(1, sum(allocation))
    block = layout.number("block", 2 * unit if len(arms) > 1 else 1, above=0, integer=True) or unit
    if block % unit:
        layout.problem("block", f"must be a multiple of {unit}, the patients of one round of allocation, not {block}")
    layout.finish()
    accrual = _accrual(top.table("accrual"), arms)
    binary, pfs = _endpoints(top.table("endpoints"))
    truths = _truths(top.tables("truths"), arms, binary, pfs, top)
    prior = _design_prior(top.table("design_prior"), arms, binary, pfs) if top.has("design_prior") else None
    rules = _rules(top, analysis, arms, binary, pfs)
    simulation = _simulation(top.table("simulation"))
    calibration = _calibration(top.table("calibration"), rules, truths) if top.has("calibration") else None
    top.finish()
    if len(top.problems) > noted:
        return None
    return TrialSpec(
        name,
        title or name,
        arms,
        allocation,
        patients,
        block,
        accrual,
        binary,
        pfs,
        truths,
        rules,
        simulation,
        prior,
        calibration,
    )


def _arms(r: Reader) -> tuple[tuple[str, ...], tuple[int, ...]]:
    value = r.take("arms")
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) and v.strip() for v in value):
        value = dict.fromkeys(value, 1)
    if not isinstance(value, Mapping) or not value:
        r.problem("arms", 'must name the arms, the reference first: { chemotherapy = 1, "new drug" = 1 }')
        return (), ()
    names = tuple(normalise(str(v)) for v in value)
    if len(set(names)) < len(names):
        r.problem("arms", f"names an arm twice: {list(value)!r}")
    shares = []
    for label, share in value.items():
        if not isinstance(share, int) or isinstance(share, bool) or not 1 <= share <= 10:
            r.problem(f'arms."{label}"', f"must be a whole number of patients from 1 to 10 in a round, not {share!r}")
            share = 1
        shares.append(share)
    return names, tuple(shares)


def _patients(r: Reader) -> tuple[int, ...]:
    value = r.take("patients")
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed or not all(isinstance(v, int) and not isinstance(v, bool) and 2 <= v <= MAX_PATIENTS for v in listed):
        r.problem("patients", f"must be a whole number from 2 to {MAX_PATIENTS}, or a list of them, not {value!r}")
        return (2,)
    if sorted(set(listed)) != list(listed):
        r.problem("patients", f"a list is searched from the smallest on: sort it, each once, not {value!r}")
    return tuple(listed)


def _steps(r: Reader, key: str, value: Any, *, zero: bool = False) -> Steps:
    """A number, or values from a time on: [[0, 2], [6, 5]]."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = [[0, value]]
    good = (
        isinstance(value, list | tuple)
        and value
        and all(isinstance(v, list | tuple) and len(v) == 2 and all(_number(x) for x in v) for v in value)
    )
    steps = tuple((float(a), float(b)) for a, b in value) if good else ()
    ascending = all(a[0] < b[0] for a, b in pairwise(steps))
    least = 0.0 if zero else 1e-12
    if not good or steps[0][0] != 0.0 or not ascending or any(v < least for _, v in steps):
        r.problem(key, f"must be a positive number, or values from a time on, [[0, 2], [6, 5]], not {value!r}")
        return ((0.0, 1.0),)
    return steps


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _by_arm(
    r: Reader, key: str, value: Any, arms: Sequence[str], low: float, high: float, default: float | None
) -> tuple[float, ...]:
    """A number for every arm: one for all, or a table by name."""
    if _number(value):
        value = dict.fromkeys(arms, value)
    if not isinstance(value, Mapping):
        r.problem(key, f"must be a number, or a table of numbers by arm, not {value!r}")
        return (low,) * len(arms)
    stated = {normalise(str(k)): v for k, v in value.items()}
    for name in stated:
        if name not in arms:
            r.problem(key, f"{name!r} is no arm of design.arms.{nearest(name, arms)}")
    found = []
    for arm in arms:
        number: Any = stated.get(arm, default)
        if not _number(number) or not low <= number <= high:
            r.problem(f'{key}."{arm}"', f"must be a number from {low:g} to {high:g}, not {number!r}")
            number = low
        found.append(float(number))
    return tuple(found)


def _accrual(r: Reader, arms: Sequence[str]) -> Accrual:
    rate = _steps(r, "rate", r.take("rate"))
    pattern = r.text("pattern", "poisson", ("poisson", "even"))
    drop_out = _by_arm(r, "drop_out", r.take("drop_out", 0.0), arms, 0.0, 10.0, 0.0)
    r.finish()
    return Accrual(rate, pattern, drop_out)


def _endpoints(r: Reader) -> tuple[dict[str, float], PfsEndpoint | None]:
    """Binary endpoints with the time to their assessment, and a time to event."""
    binary: dict[str, float] = {}
    pfs: PfsEndpoint | None = None
    for name in r.left():
        entry = r.table(name)
        timed = name.upper() in ("PFS", "OS", "TTP", "DFS") or entry.has("visits")
        if timed:
            if pfs is not None:
                r.problem(name, f"there is one time to event in a design, and {pfs.name} is it")
            pfs = PfsEndpoint(name, entry.number("visits", None, above=0))
        else:
            binary[name] = float(entry.number("assessed_after", 0.0, above=0, below=120, closed=True) or 0.0)
        entry.finish()
    if not binary and pfs is None:
        r.problem("", "name at least one endpoint: ORR = { assessed_after = 2 }, or PFS = { visits = 2 }")
    return binary, pfs


def _truths(
    tables: Sequence[Reader], arms: Sequence[str], binary: Mapping[str, float], pfs: PfsEndpoint | None, top: Reader
) -> tuple[Truth, ...]:
    if not tables:
        top.problem("truths", "state at least one: [[truths]] with name, should_go and the truth of every endpoint")
    truths: list[Truth] = []
    for r in tables:
        name = r.text("name") or "truth"
        if name in [t.name for t in truths]:
            r.problem("name", f"{name!r} is the name of an earlier truth")
        should = r.take("should_go", None)
        if should is not None and not isinstance(should, bool):
            r.problem("should_go", f"must be true or false, not {should!r}")
            should = None
        rates = {e: _by_arm(r, e, r.take(e), arms, 0.0, 1.0, None) for e in binary}
        median, shape, ratios = 0.0, 1.0, tuple[Steps, ...]()
        if pfs is not None:
            median, shape, ratios = _time_truth(r.table(pfs.name), arms)
        joint = r.table("association")
        responders = joint.number("responders_hazard", 1.0, above=0)
        joint.finish()
        covariates = _covariates(r.table("covariates"))
        r.finish()
        truths.append(Truth(name, should, rates, median, shape, ratios, responders or 1.0, covariates))
    return tuple(truths)


def _time_truth(r: Reader, arms: Sequence[str]) -> tuple[float, float, tuple[Steps, ...]]:
    """Median of the reference, shape, and hazard ratios; a table of medians by arm stands for ratios."""
    shape = r.number("shape", 1.0, above=0, below=10) or 1.0
    stated = r.take("median")
    if isinstance(stated, Mapping):
        medians = _by_arm(r, "median", stated, arms, 1e-6, 1e6, None)
        if r.has("hazard_ratio"):
            r.problem("hazard_ratio", "medians of every arm say it already: leave one of them out")
            r.take("hazard_ratio")
        r.finish()
        return medians[0], shape, tuple((((0.0, (medians[0] / m) ** shape)),) for m in medians)
    if not _number(stated) or not stated > 0:
        r.problem("median", f"must be a positive number of months, not {stated!r}")
        stated = 1.0
    value = r.take("hazard_ratio", 1.0)
    if isinstance(value, Mapping):
        by = {normalise(str(k)): v for k, v in value.items()}
        for name in by:
            if name not in arms[1:]:
                r.problem("hazard_ratio", f"{name!r} is no arm beside the reference.{nearest(name, arms)}")
        steps = [_steps(r, "hazard_ratio", by.get(arm, 1.0)) for arm in arms[1:]]
    else:
        steps = [_steps(r, "hazard_ratio", value)] * (len(arms) - 1)
    r.finish()
    return float(stated), shape, (((0.0, 1.0),), *steps)


def _covariates(r: Reader) -> tuple[Covariate, ...]:
    covariates = []
    for name in r.left():
        entry = r.table(name)
        coefficient = entry.number("coefficient", 0.0)
        if entry.has("probability"):
            first, second, law = entry.number("probability", above=0, below=1), 0.0, "binary"
        else:
            first, second, law = entry.number("mean", 0.0), entry.number("sd", 1.0, above=0), "normal"
        entry.finish()
        kind: Any = law
        covariates.append(Covariate(name, kind, float(first or 0.0), float(second or 0.0), float(coefficient or 0.0)))
    return tuple(covariates)


def _design_prior(r: Reader, arms: Sequence[str], binary: Mapping[str, float], pfs: PfsEndpoint | None) -> DesignPrior:
    ratio = None
    if r.has("log_hazard_ratio"):
        inner = r.table("log_hazard_ratio")
        inner.text("distribution", "Normal", ("Normal",))
        inner.text("rationale", "")
        mu, sigma = inner.number("mu"), inner.number("sigma", above=0)
        inner.finish()
        if pfs is None:
            r.problem("log_hazard_ratio", "the design has no time to event")
        if len(arms) != 2:
            r.problem("log_hazard_ratio", "is for designs of two arms")
        ratio = (float(mu or 0.0), float(sigma or 1.0))
    rates = {}
    for endpoint in binary:
        if r.has(endpoint):
            table = r.table(endpoint)
            laws = []
            for arm in arms:
                law = table.table(arm)
                law.text("distribution", "Beta", ("Beta",))
                law.text("rationale", "")
                alpha, beta = law.number("alpha", above=0), law.number("beta", above=0)
                law.finish()
                laws.append((float(alpha or 1.0), float(beta or 1.0)))
            table.finish()
            rates[endpoint] = tuple(laws)
    effective = r.table("effective")
    known = ["hazard_ratio"] * (ratio is not None) + list(rates)
    estimand = effective.text("estimand", known[0] if known else None, known or None)
    below, above = effective.number("below", None), effective.number("above", None)
    if (below is None) == (above is None):
        effective.problem("below", "give one of below and above: where the truth counts as effective")
    effective.finish()
    r.finish()
    if not known:
        r.problem("", "state the law of log_hazard_ratio, or of the rates of a binary endpoint by arm")
    return DesignPrior(ratio, rates, estimand or "hazard_ratio", below, above)


def _rules(
    top: Reader, analysis: Analysis | None, arms: Sequence[str], binary: Mapping[str, float], pfs: PfsEndpoint | None
) -> tuple[PlannedRule, ...]:
    """The rules of the design file, else those of the analysis at their own looks."""
    tables = top.tables("monitoring")
    if not tables:
        inherited = () if analysis is None else analysis.rules
        planned = [_inherit(top, rule, arms, binary, pfs) for rule in inherited]
        if not inherited and analysis is not None:
            top.problem("monitoring", "neither the design nor its analysis has a rule: [[monitoring]]")
        return tuple(p for p in planned if p is not None)
    planned = [_planned(r, analysis, arms, binary, pfs) for r in tables]
    rules = tuple(p for p in planned if p is not None)
    names = [p.name for p in rules]
    if len(set(names)) < len(names):
        top.problem("monitoring", "two rules have one name: give each its own")
    return rules


def _inherit(
    top: Reader, rule: Rule, arms: Sequence[str], binary: Mapping[str, float], pfs: PfsEndpoint | None
) -> PlannedRule | None:
    looks = tuple(LookPlan(evaluable=sum(look)) for look in rule.schedule)
    if not looks:
        top.problem("monitoring", f"{rule.name}: the analysis's rule has no looks; state the rule here with its looks")
        return None
    once = {k: (getattr(rule, k, None),) * len(looks) for k in _THRESHOLDS}
    return _placed(top, rule, looks, once, arms, binary, pfs, True)


def _planned(
    r: Reader, analysis: Analysis | None, arms: Sequence[str], binary: Mapping[str, float], pfs: PfsEndpoint | None
) -> PlannedRule | None:
    stated = {key for key in ("prior", "reference_prior") if r.has(key)}
    looks = tuple(_look(r, i, value) for i, value in enumerate(_listed(r.take("looks", []))))
    if not looks:
        r.problem("looks", "state at least one: { patients = 60 }, { events = 70, by_month = 24 }, { evaluable = 20 }")
        looks = (LookPlan(),)
    thresholds: dict[str, tuple[float | None, ...]] = {}
    single: dict[str, Any] = {}
    for key in _THRESHOLDS:
        if not r.has(key):
            thresholds[key] = (None,) * len(looks)
            continue
        listed = _listed(r.take(key))
        if len(listed) == 1:
            listed = listed * len(looks)
        if len(listed) != len(looks) or not all(_number(v) and 0 < v < 1 for v in listed):
            r.problem(key, f"must be a probability, or one for each of the {len(looks)} looks, not {listed!r}")
            listed = [0.5] * len(looks)
        thresholds[key] = tuple(float(v) for v in listed)
        single[key] = max(listed) if key != "stop_below" else min(listed)
    binding = r.flag("binding", True)
    rule = read_rule(Reader({**{k: r.take(k) for k in r.left()}, **single}, r.path, r.problems))
    if rule is None:
        return None
    rate_prior = None if analysis is None else getattr(analysis.spec, "rate_prior", None)
    if rate_prior is not None:
        rule = with_prior(rule, rate_prior, stated)
    rule = with_direction(rule, list(binary))
    return _placed(r, rule, looks, thresholds, arms, binary, pfs, binding)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _look(r: Reader, place: int, value: Any) -> LookPlan:
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"evaluable": value}
    inner = Reader(value, r.where(f"looks[{place}]"), r.problems)
    counts = {k: inner.number(k, None, above=0, integer=True) for k in ("patients", "evaluable", "events")}
    months = inner.number("months", None, above=0)
    least, most = inner.number("at_least_months", months, above=0), inner.number("by_month", None, above=0)
    inner.finish()
    if not any(v is not None for v in (*counts.values(), least, most)):
        inner.problem("", "say when: patients, evaluable, events, months, at_least_months or by_month")
    if least is not None and most is not None and most < least:
        inner.problem("by_month", f"must not be before at_least_months ({least:g})")
    return LookPlan(**counts, at_least_months=least, by_month=most)


def _placed(
    r: Reader,
    rule: Rule,
    looks: tuple[LookPlan, ...],
    thresholds: Mapping[str, tuple[float | None, ...]],
    arms: Sequence[str],
    binary: Mapping[str, float],
    pfs: PfsEndpoint | None,
    binding: bool,
) -> PlannedRule | None:
    """A rule at its place in the trial: which arm, against which, on which endpoint."""
    reference = getattr(rule, "reference", None)
    timed = getattr(rule, "estimand", "rate") != "rate"
    if rule.kind not in KINDS or len(getattr(rule, "criteria", (0,))) > 1:
        r.problem(
            "kind",
            f"{rule.kind} with several endpoints is not simulated: its operating characteristics are "
            "enumerated by `bayes-escc monitor`",
        )
        return None
    for label in (rule.regimen, reference):
        if label is not None and label not in arms:
            r.problem("regimen", f"{label!r} is no arm of design.arms.{nearest(label, arms)}")
            return None
    against = -1 if reference is None else arms.index(reference)
    others = [i for i in range(len(arms)) if i != against]
    arm = arms.index(rule.regimen) if rule.regimen is not None else others[-1]
    if rule.regimen is None and len(others) > 1 and against >= 0:
        r.problem("regimen", f"say which of {', '.join(arms[i] for i in others)} the rule is about")
    if timed and pfs is None:
        r.problem("estimand", f"{rule.estimand} needs a time to event among the endpoints")  # type: ignore[attr-defined]
        return None
    if timed and (against < 0 or rule.kind != "posterior_probability"):
        r.problem("kind", "on a time to event, a rule is of kind posterior_probability and compares with an arm")
        return None
    if timed and getattr(rule, "margin", None) is not None and getattr(rule, "estimand", "") != "hazard_ratio":
        r.problem("margin", "a margin on a time to event is one on hazard_ratio, as a ratio (margin = 0.8)")
        return None
    endpoint = pfs.name if timed and pfs is not None else (rule.endpoint or next(iter(binary), ""))
    if not timed and endpoint not in binary:
        r.problem("endpoint", f"{endpoint!r} is no binary endpoint of the design.{nearest(endpoint, binary)}")
        return None
    if not timed and any(look.events is not None for look in looks):
        r.problem("looks", "events are those of a time to event; a rule on a rate looks by patients or evaluable")
        return None
    return PlannedRule(
        rule,
        arm,
        against,
        endpoint,
        looks,
        thresholds["go_above"],
        thresholds["stop_below"],
        thresholds["stop_above"],
        binding,
    )


def _simulation(r: Reader) -> Simulation:
    d = Simulation()
    simulation = Simulation(
        r.number("trials", d.trials, above=10, below=MAX_TRIALS, integer=True, closed=True),
        r.number("max_mcse", None, above=0),
        r.number("seed", d.seed, above=0, below=2**32 - 1, integer=True, closed=True),
        r.number("audit", d.audit, above=0, below=1, closed=True),
    )
    r.finish()
    return simulation


def _calibration(r: Reader, rules: Sequence[PlannedRule], truths: Sequence[Truth]) -> Calibration:
    rule = r.text("rule", choices=tuple(p.name for p in rules) or None)
    key = r.text("key", "go_above", ("go_above",))
    named = r.texts("truths")
    for name in named or ():
        if name not in [t.name for t in truths]:
            r.problem("truths", f"{name!r} is no truth.{nearest(name, [t.name for t in truths])}")
    alarm = r.number("false_alarm", above=0, below=1)
    upper = r.flag("upper", False)
    r.finish()
    return Calibration(rule or "", key, tuple(named or ()), float(alarm or 0.05), upper)
