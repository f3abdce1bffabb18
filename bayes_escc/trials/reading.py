"""Reading a design file: every problem collected, nothing evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bayes_escc.analysis import Analysis
from bayes_escc.names import normalise
from bayes_escc.settings.reader import Reader, nearest
from bayes_escc.trials.reading_rules import DesignFacts, read_drifts, read_history, read_rules_of_design
from bayes_escc.trials.reading_truths import read_truths
from bayes_escc.trials.reading_values import by_arm, listed, steps
from bayes_escc.trials.spec import (
    Accrual,
    Calibration,
    DesignPrior,
    PfsEndpoint,
    PlannedRule,
    SampleSize,
    Simulation,
    TrialSpec,
    Truth,
)

__all__ = ["read_design"]

MAX_PATIENTS: Final = 2_000
LEAST_TRIALS: Final = 10
MAX_TRIALS: Final = 10_000_000
MAX_AUDITED: Final = 10_000


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
    truths = read_truths(top.tables("truths"), arms, binary, pfs, top)
    prior = _design_prior(top.table("design_prior"), arms, binary, pfs) if top.has("design_prior") else None
    history = read_history(top, analysis, arms)
    known = DesignFacts(analysis, arms, allocation, block, any(accrual.drop_out), binary, pfs, history)
    rules = read_rules_of_design(top, known)
    truths = tuple(_nested(t, rules, top) for t in truths)
    simulation = _simulation(top.table("simulation"))
    calibration = _calibration(top.table("calibration"), rules, truths) if top.has("calibration") else None
    drifts = read_drifts(top, truths, rules, history)
    size = _sample_size(top.table("sample_size"), patients, truths) if top.has("sample_size") else None
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
        drifts,
        size,
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


def _accrual(r: Reader, arms: Sequence[str]) -> Accrual:
    rate = steps(r, "rate", r.take("rate"))
    pattern = r.text("pattern", "poisson", ("poisson", "even", "uniform"))
    drop_out = by_arm(r, "drop_out", r.take("drop_out", 0.0), arms, 0.0, 10.0, 0.0)
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


def _sample_size(r: Reader, patients: Sequence[int], truths: Sequence[Truth]) -> SampleSize:
    right = [t.name for t in truths if t.should_go]
    truth = r.text("truth", right[0] if len(right) == 1 else None, tuple(t.name for t in truths))
    if truth is None:
        r.problem("truth", "say under which truth the power is sought")
    power = r.number("power", above=0, below=1)
    if len(patients) < 3:
        r.problem("power", "is sought between sizes: give design.patients as a list of three or more")
    r.finish()
    return SampleSize(truth or "", float(power or 0.8))


def _nested(truth: Truth, rules: Sequence[PlannedRule], top: Reader) -> Truth:
    """The truth whose inner endpoint lies within the outer one, where a rule says that it does."""
    if not any(p.rule.nested for p in rules) or len(truth.rates) != 2:
        return truth
    inner = tuple(min(pair) for pair in zip(*truth.rates.values(), strict=True))
    if truth.both and any(abs(a - b) > 1e-9 for a, b in zip(truth.both, inner, strict=True)):
        top.problem(
            "truths", f"{truth.name}: association.both is the rarer rate where a rule calls its endpoints nested"
        )
    return replace(truth, both=inner)


def _simulation(r: Reader) -> Simulation:
    d = Simulation()
    simulation = Simulation(
        r.number("trials", d.trials, above=LEAST_TRIALS, below=MAX_TRIALS, integer=True, closed=True),
        r.number("max_mcse", None, above=0),
        r.number("seed", d.seed, above=0, below=2**32 - 1, integer=True, closed=True),
        r.number("audit", d.audit, above=0, below=1, closed=True),
        r.number("audit_most", d.audit_most, above=1, below=MAX_AUDITED, integer=True, closed=True),
        r.number("audit_near", None, above=0, below=MAX_AUDITED, integer=True, closed=True),
    )
    r.finish()
    return simulation


_SOUGHT: Final = {
    "bop2": (("lambda",), ("lambda", "gamma")),
    "toxicity": (("stop_above",),),
    "": (("go_above",), ("stop_below",), ("go_above", "stop_below")),
}
"""What can be found, by kind of rule."""


def _calibration(r: Reader, rules: Sequence[PlannedRule], truths: Sequence[Truth]) -> Calibration:
    rule = r.text("rule", choices=tuple(p.name for p in rules) or None)
    planned = next((p for p in rules if p.name == rule), None)
    named = r.texts("truths")
    keys = tuple(listed(r.take("key", None) or _default_key(planned)))
    if planned is not None:
        possible = _SOUGHT.get(planned.rule.kind, _SOUGHT[""])
        if keys not in possible:
            said = " | ".join(str(list(p)) if len(p) > 1 else p[0] for p in possible)
            r.problem("key", f"of a rule of kind {planned.rule.kind} must be {said}, not {list(keys)!r}")
        elif planned.rule.futility_value is not None or not planned.rule.is_probability:
            r.problem("rule", "must act by one probability, not by futility_value, a width or counts")
        elif planned.rule.kind != "bop2" and getattr(planned.rule, keys[0], None) is None:
            r.problem("key", f"{planned.name} has no {keys[0]}; state any value of it, to be replaced by the one found")
    for name in named or ():
        if name not in [t.name for t in truths]:
            r.problem("truths", f"{name!r} is no truth.{nearest(name, [t.name for t in truths])}")
    alarm = r.number("false_alarm", above=0, below=1)
    upper, power = r.flag("upper", False), r.number("power", None, above=0, below=1)
    if power is not None and len(keys) < 2:
        r.problem("power", "decides between two parameters: name both in key")
    r.finish()
    return Calibration(rule or "", keys, tuple(named or ()), float(alarm or 0.05), upper, power)


def _default_key(planned: PlannedRule | None) -> str:
    return "go_above" if planned is None else _SOUGHT.get(planned.rule.kind, _SOUGHT[""])[0][0]
