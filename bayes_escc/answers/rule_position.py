"""Where a study stands against its decision rules, with the false-alarm rate beside every threshold.

The statistic of a counting rule is exact: it follows from the counts and the rule's prior. That of a
posterior probability or of a precision rule is the posterior's own. The false-alarm rate is computed
by enumeration for rates with Beta priors (`decision.paths`); for other estimands it is not stated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bayes_escc.analysis.analysis import Analysis
from bayes_escc.answers.borrowed_history import BORROWING, borrowed_priors
from bayes_escc.answers.estimand import direction_of
from bayes_escc.answers.posterior import Posterior
from bayes_escc.errors import AnalysisError
from bayes_escc.names import (
    CATEGORY,
    CHAIN,
    DRAW,
    ENDPOINT,
    MONITORING,
    REGIMEN,
    Plain,
    PlainMapping,
    format_number,
    format_probability,
)
from bayes_escc.probability.beta import BetaContrast
from bayes_escc.probability.marginal import probability_with_error
from bayes_escc.rules.completion import problems_with_plan
from bayes_escc.rules.kinds import Bop2, PosteriorProbability, Precision, PredictiveSurvival
from bayes_escc.rules.normal import null_crossing
from bayes_escc.rules.paths import operating_characteristics
from bayes_escc.rules.reading import with_borrowed, with_direction, with_prior
from bayes_escc.rules.rule import GO, STOP, Decision, Look, Rule, as_look, decide
from bayes_escc.settings.reader import nearest, raise_problems

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Position", "check_rules", "from_posterior", "positions"]

_AFTERWARDS: Final = "This rule was not specified in the analysis."
_RESPONDERS: Final = {"ORR": ("CR", "PR"), "DCR": ("CR", "PR", "SD")}


@dataclass(frozen=True)
class Position:
    """One rule at the present state of a study.

    Parameters
    ----------
    rule, kind : str
        Name and kind of the rule.
    statistic : str
        In words.
    value, mcse : float
        The statistic, and its Monte Carlo or quadrature error.
    thresholds : mapping of str to float
        What holds at this look: `go_above`, `stop_below`, `stop_above`.
    decision : {"go", "stop", "continue"}
    events, look : tuple of int
        Counts and evaluable patients now, of regimen and reference (or of the endpoints of a BOP2
        rule). Where patients are followed, `events` is empty and `look` is the number of events of both
        arms, if the rule compares them; otherwise empty.
    looks : tuple of Look
        The looks taken, this one last.
    false_alarm, power : float or None
        P(the rule has acted by now) at the looks taken, under the rates it calls null and alternative.
    planned_false_alarm, planned_power : float or None
        The same with the looks still planned. Exact for rates; by normal theory for a comparison of follow-up.
    null_rates : tuple of float or None
        The true rates of the false-alarm rate; in two arms without a `null_rate`, the observed
        rate of both together.
    sentence : str
    """

    rule: str
    kind: str
    statistic: str
    value: float
    mcse: float
    thresholds: Mapping[str, float]
    decision: Decision
    events: tuple[int, ...]
    look: Look
    looks: tuple[Look, ...]
    false_alarm: float | None
    power: float | None
    planned_false_alarm: float | None
    planned_power: float | None
    null_rates: tuple[float, ...] | None
    sentence: str

    def to_dict(self) -> Plain:
        """An entry of `monitoring` in `result.json`."""
        return {
            "rule": self.rule,
            "kind": self.kind,
            "statistic": self.statistic,
            "value": self.value,
            "mcse": self.mcse,
            "thresholds": dict(self.thresholds),
            "decision": self.decision,
            "events": list(self.events),
            "patients": list(self.look),
            "looks": [list(look) for look in self.looks],
            "false_alarm": self.false_alarm,
            "power": self.power,
            "planned_false_alarm": self.planned_false_alarm,
            "planned_power": self.planned_power,
            "null_rates": None if self.null_rates is None else list(self.null_rates),
            "sentence": self.sentence,
        }


def positions(
    posterior: Posterior,
    taken: Mapping[str, Sequence[Any]] | None = None,
    *,
    rules: Sequence[Rule] | None = None,
) -> tuple[Position, ...]:
    """The present position of every rule of the analysis.

    Parameters
    ----------
    posterior : Posterior
    taken : mapping of str to sequence, optional
        By name of the rule, the looks taken so far in evaluable patients, the present one last
        (added if it is not there). Without it, the planned looks up to now are taken to have happened.
    rules : sequence of Rule, optional
        Those of the analysis if not given. Of others it is said that they were not specified beforehand; on a rate
        they use the analysis's prior where the statistic is the posterior's own.

    Returns
    -------
    tuple of Position

    Raises
    ------
    AnalysisError
        If a rule does not fit the data.
    """
    stated = posterior.analysis.rules
    asked = tuple(stated if rules is None else (in_analysis(r, posterior.analysis) for r in rules))
    if not asked:
        return ()
    observed = posterior.observed if "observed_data" in posterior.tree.children else None
    check_rules(asked, {n: posterior.estimand(n) for n in posterior.estimand_names}, observed)
    found = [_position(rule, posterior, observed, (taken or {}).get(rule.name)) for rule in asked]
    return tuple(
        p if rule in stated else replace(p, sentence=f"{p.sentence} {_AFTERWARDS}")
        for rule, p in zip(asked, found, strict=True)
    )


def in_analysis(rule: Rule, analysis: Analysis) -> Rule:
    """A rule made in Python, with the prior and the direction it would have been read with."""
    own = with_prior(rule, getattr(analysis.spec, "rate_prior", None), {"prior", "reference_prior"})
    return with_direction(own, analysis.data.endpoints or ())


def check_rules(rules: Sequence[Rule], estimands: Any, observed: xr.Dataset | None) -> None:
    """Refuse rules the data cannot answer, all problems at once.

    Parameters
    ----------
    rules : sequence of Rule
    estimands : mapping of str to DataArray
        Draws of any number, for their labels.
    observed : Dataset or None
        The observed counts.

    Raises
    ------
    AnalysisError
    """
    problems: list[str] = []
    for i, rule in enumerate(rules):
        where = f"monitoring[{i}]"
        followed = isinstance(rule, PosteriorProbability | Precision)
        if isinstance(rule, PredictiveSurvival):
            problems += [f"{where}.{p}" for p in _plan_problems(rule, observed)]
            continue
        if isinstance(rule, PosteriorProbability | Precision):
            wrong = _estimand_problems(rule, estimands)
            problems += [f"{where}.{p}" for p in wrong]
            if wrong or rule.not_exact:
                continue
        try:
            counts = _counts(rule, observed)
        except AnalysisError as error:
            problems.append(f"{where}.{error}")
            continue
        most = rule.most
        if not followed and most is not None and any(n > m for n, m in zip(counts[1], most, strict=True)):
            problems.append(
                f"{where}.patients: the data hold {_shown(counts[1])} evaluable patients, "
                f"more than the planned {_shown(most)}"
            )
    raise_problems("the monitoring rules do not fit the data", problems)


def _plan_problems(rule: PredictiveSurvival, observed: xr.Dataset | None) -> list[str]:
    if observed is None or "regimen_index" not in observed:
        return [f"kind: a {rule.kind} rule needs patients followed to an event; this model has none"]
    found = (
        [] if not float(observed["entry"].max()) > 0 else ["kind: patients who entered late cannot be completed yet"]
    )
    regimens = str(observed.attrs["regimens"]).split("\x1f")
    index, event = observed["regimen_index"].to_numpy(), observed["event"].to_numpy()
    counts = {r: (int(event[index == i].sum()), int((index == i).sum())) for i, r in enumerate(regimens)}
    return [*found, *problems_with_plan(rule, regimens, counts)]


def _estimand_problems(rule: PosteriorProbability | Precision, estimands: Any) -> list[str]:
    known = [str(n) for n in estimands]
    if rule.estimand not in known:
        return [f"estimand: there is no {rule.estimand!r} here, but {', '.join(known)}.{nearest(rule.estimand, known)}"]
    array = estimands[rule.estimand]
    found = []
    regimens = [str(r) for r in array[REGIMEN].to_numpy().ravel()] if REGIMEN in array.coords else []
    for key, label in (("regimen", rule.regimen), ("reference", rule.reference)):
        if label is not None and label not in regimens:
            found.append(f"{key}: {label!r} is not one of {', '.join(regimens)}.{nearest(label, regimens)}")
    if rule.regimen is None and len([r for r in regimens if r != rule.reference]) > 1:
        found.append(f"regimen: name one of {', '.join(regimens)}")
    if (
        rule.estimand == "rate"
        and isinstance(rule, PosteriorProbability)
        and rule.better is None
        and "lower" in array.attrs.get("better", "")
    ):
        found.append("better: a lower rate is better in these data; state it in the rule")
    if ENDPOINT in array.dims:
        found += _one_of("endpoint", rule.endpoint, [str(e) for e in array[ENDPOINT].to_numpy()])
    if "time" in array.dims or "horizon" in array.dims:
        times = array["time" if "time" in array.dims else "horizon"].to_numpy().tolist()
        if rule.time not in times and (rule.time is not None or len(times) > 1):
            found.append(f"time: give one of {', '.join(f'{t:g}' for t in times)}")
    return found


def _one_of(key: str, label: str | None, known: Sequence[str]) -> list[str]:
    if label is None:
        return [] if len(known) == 1 else [f"{key}: name one of {', '.join(known)}"]
    return [] if label in known else [f"{key}: {label!r} is not one of {', '.join(known)}.{nearest(label, known)}"]


def _counts(rule: Rule, observed: xr.Dataset | None) -> tuple[tuple[int, ...], Look]:
    """Events and evaluable patients of a rule's regimens, or events of the endpoints of a BOP2 rule."""
    if observed is None or not ({"events", "n"} <= set(observed) or "counts" in observed):
        raise AnalysisError(f"kind: a {rule.kind} rule needs counts of patients; this model has none.")
    reference = getattr(rule, "reference", None)
    regimens = list(dict.fromkeys(str(r) for r in observed["row_regimen"].to_numpy()))
    for key, label in (("regimen", rule.regimen), ("reference", reference)):
        if label is not None and label not in regimens:
            hint = nearest(label, regimens)
            raise AnalysisError(f"{key}: {label!r} is not one of {', '.join(regimens)}.{hint}")
    others = [r for r in regimens if r != reference]
    if rule.regimen is None and len(others) != 1:
        raise AnalysisError(f"regimen: name one of {', '.join(others)}.")
    regimen = rule.regimen or others[0]
    if isinstance(rule, Bop2) and len(rule.criteria) == 2:
        cells = [_cell(observed, regimen, c.endpoint) for c in rule.criteria]
        if cells[0][1] != cells[1][1]:
            raise AnalysisError(
                f"criteria: the endpoints have different numbers of evaluable patients ({cells[0][1]}, {cells[1][1]})."
            )
        return (cells[0][0], cells[1][0]), (cells[0][1],)
    endpoint = rule.criteria[0].endpoint if isinstance(rule, Bop2) else rule.endpoint
    cells = [_cell(observed, name, endpoint) for name in ([regimen] if reference is None else [regimen, reference])]
    return tuple(k for k, _ in cells), tuple(n for _, n in cells)


def _cell(observed: xr.Dataset, regimen: str, endpoint: str | None) -> tuple[int, int]:
    """Events and patients of one regimen and endpoint, over all studies."""
    mine = observed["row_regimen"].to_numpy() == regimen
    if "counts" in observed:
        categories = [str(c) for c in observed[CATEGORY].to_numpy()]
        wanted = _RESPONDERS.get(endpoint or "ORR", (endpoint or "",))
        if not set(wanted) & set(categories):
            known = [*_RESPONDERS, *categories]
            raise AnalysisError(f"endpoint: {endpoint!r} is not one of {', '.join(known)}.")
        counts = observed["counts"].to_numpy()[mine].sum(axis=0)
        return int(sum(counts[i] for i, c in enumerate(categories) if c in wanted)), int(counts.sum())
    endpoints = observed["row_endpoint"].to_numpy().astype(str)
    known = list(dict.fromkeys(endpoints[mine].tolist()))
    wrong = _one_of("endpoint", endpoint, known)
    if wrong:
        raise AnalysisError(wrong[0])
    chosen = mine & (endpoints == (endpoint or known[0]))
    return int(observed["events"].to_numpy()[chosen].sum()), int(observed["n"].to_numpy()[chosen].sum())


def _position(rule: Rule, posterior: Posterior, observed: xr.Dataset | None, taken: Sequence[Any] | None) -> Position:
    events: tuple[int, ...] = ()
    look: Look = ()
    rule = _in_full(rule, posterior)
    if not rule.not_exact:
        events, look = _counts(rule, observed)
    if isinstance(rule, PosteriorProbability | Precision):
        value, error = from_posterior(rule, posterior)
    elif isinstance(rule, PredictiveSurvival):
        value, error = _of_completed(rule, posterior)
    else:
        value, error = float(rule.statistics(look)[events]), 1e-12
    limits = dict(rule.thresholds(look))
    verdict = int(decide(np.array(value), limits))
    if isinstance(rule, PosteriorProbability) and rule.futility_value is not None:
        doubt = from_posterior(rule.for_futility, posterior)[0]
        verdict = GO if value > limits["go_above"] else STOP if doubt < limits["stop_below"] else 0
    decision: Decision = "go" if verdict == GO else "stop" if verdict == STOP else "continue"
    if look:
        numbers = _error_rates(rule, events, look, taken)
    else:
        look = _followed(rule, observed)
        numbers = _normal_rates(rule, look, taken)
    return Position(
        rule.name,
        rule.kind,
        rule.statistic,
        value,
        error,
        limits,
        decision,
        events,
        look,
        numbers.looks,
        numbers.false_alarm,
        numbers.power,
        numbers.planned_false_alarm,
        numbers.planned_power,
        numbers.null_rates,
        _sentence(rule, value, error, limits, decision, events, look, numbers),
    )


def _in_full(rule: Rule, posterior: Posterior) -> Rule:
    """The rule with the regimen and the direction that the data leave no doubt about."""
    changes: Plain = {}
    if isinstance(rule, PredictiveSurvival) and rule.regimen is None:
        regimens = str(posterior.tree["observed_data"].attrs["regimens"]).split("\x1f")
        changes["regimen"] = next(r for r in regimens if r != rule.reference)
    if isinstance(rule, PosteriorProbability | Precision):
        array = posterior.estimand(rule.estimand)
        if rule.regimen is None and REGIMEN in array.coords:
            others = [str(r) for r in array[REGIMEN].to_numpy().ravel() if r != rule.reference]
            changes["regimen"] = others[0]
        if isinstance(rule, PosteriorProbability) and rule.better is None:
            changes["better"] = direction_of(array, rule.endpoint, None)
    full = in_analysis(replace(rule, **changes), posterior.analysis) if changes else rule
    if BORROWING not in posterior.tree.children:
        return full
    group = posterior.tree[BORROWING].to_dataset()
    if full.regimen is None:  # the only one beside the reference
        others = [
            r
            for r in map(str, posterior.estimand("rate")[REGIMEN].to_numpy().ravel())
            if r != getattr(full, "reference", None)
        ]
        full = in_analysis(replace(full, regimen=others[0]), posterior.analysis) if len(others) == 1 else full
    return with_borrowed(full, borrowed_priors(group, fitted=True))


def from_posterior(rule: PosteriorProbability | Precision, posterior: Posterior) -> tuple[float, float]:
    """The statistic of a rule about a posterior, and its error."""
    if isinstance(rule, PosteriorProbability) and rule.reference is None:
        direction = direction_of(posterior.estimand(rule.estimand), rule.endpoint, rule.better)
        side = {"above" if direction == "higher" else "below": float(rule.value or 0.0)}
        row = _row(posterior.probability_rows(rule.estimand, regimen=rule.regimen, **side), rule)
        return float(row["probability"]), float(row["mcse_probability"])
    if isinstance(rule, PosteriorProbability):
        comparison = posterior.compare(
            rule.estimand, reference=rule.reference, scale=rule.scale, better=rule.better, margin=rule.margin
        )
        row = _row(comparison.rows, rule)
        if rule.margin is None:
            return float(row["probability_better"]), float(row["mcse_probability"])
        return float(row["probability_better_by_margin"]), float(row["mcse_probability_by_margin"])
    if rule.reference is None:
        row = _row([r for r in posterior.summary_rows(rule.ci_prob) if r["estimand"] == rule.estimand], rule)
        draws = posterior.estimand(rule.estimand)
        exact = row["mcse_mean"] == 0.0
    else:
        comparison = posterior.compare(
            rule.estimand, reference=rule.reference, scale=rule.scale, better="higher", ci_prob=rule.ci_prob
        )
        row, draws = _row(comparison.rows, rule), comparison.draws
        exact = isinstance(comparison.marginals[0], BetaContrast)
    width = float(row["upper"] - row["lower"])
    return width, 0.0 if exact else _error_of_width(draws, row, rule)


def _of_completed(rule: PredictiveSurvival, posterior: Posterior) -> tuple[float, float]:
    """Share of completed studies that end in success, as simulated when the model was fitted."""
    found = posterior.tree[MONITORING].to_dataset()["success"] if MONITORING in posterior.tree.children else None
    if found is None or rule.name not in found["rule"]:
        raise AnalysisError(f"{rule.name}: the study was not completed when the model was fitted; fit again.")
    draws = found.sel(rule=rule.name).transpose(CHAIN, DRAW).to_numpy()
    return probability_with_error(draws == 1, draws.astype(float))


def _row(rows: Sequence[PlainMapping], rule: PosteriorProbability | Precision) -> PlainMapping:
    wanted = {REGIMEN: rule.regimen, ENDPOINT: rule.endpoint, "time": rule.time}
    found = [r for r in rows if all(v is None or r[k] is None or r[k] == v for k, v in wanted.items())]
    if len(found) != 1:
        raise AnalysisError(
            f"{rule.name}: {len(found)} rows of {rule.estimand} fit the rule; name regimen and endpoint."
        )
    return found[0]


def _error_of_width(draws: xr.DataArray, row: PlainMapping, rule: Precision) -> float:
    import arviz as az

    place = {
        d: row[k]
        for d, k in ((REGIMEN, REGIMEN), (ENDPOINT, ENDPOINT), ("time", "time"), ("horizon", "time"))
        if d in draws.dims
    }
    cell = draws.sel(place) if place else draws
    tail = 0.5 * (1.0 - rule.ci_prob)
    values = cell.transpose(CHAIN, DRAW, ...)
    errors = [float(az.mcse(values, method="quantile", prob=q)) for q in (tail, 1.0 - tail)]
    return math.hypot(*errors)


@dataclass(frozen=True)
class _Rates:
    looks: tuple[Look, ...]
    false_alarm: float | None
    power: float | None
    planned_false_alarm: float | None
    planned_power: float | None
    null_rates: tuple[float, ...] | None


def _error_rates(rule: Rule, events: tuple[int, ...], look: Look, taken: Sequence[Any] | None) -> _Rates:
    """Exact behaviour of the rule at the looks taken, and with those still planned."""
    if taken is None:
        before = [p for p in rule.looks if all(a <= b for a, b in zip(p, look, strict=True)) and p != look]
        looks = (*before, look)
    else:
        looks = _ascending([as_look(each, rule.arms) for each in taken], look)
    null = rule.false_alarm_rates
    if null is None and rule.arms == 2 and rule.act == "go":
        pooled = (sum(events) + 1.0) / (sum(look) + 2.0)
        null = (pooled, pooled)
    hoped = rule.power_rates
    rates = [r for r in (null, hoped) if r is not None]
    if not rates:
        return _Rates(looks, None, None, None, None, None)
    later = [p for p in rule.schedule if all(a >= b for a, b in zip(p, look, strict=True)) and p != look]

    def acting(at: Sequence[Look]) -> tuple[float | None, float | None]:
        chance = {s.rates: s.acts(rule.act) for s in operating_characteristics(rule, at, rates).scenarios}
        return (None if null is None else chance[null], None if hoped is None else chance[hoped])

    now = acting(looks)
    return _Rates(looks, *now, *(acting([*looks, *later]) if later else now), null)


def _followed(rule: Rule, observed: xr.Dataset | None) -> Look:
    """Events of the two arms of a comparison, what its information grows with; empty for other rules."""
    if (
        not isinstance(rule, PosteriorProbability)
        or not rule.even
        or observed is None
        or "regimen_index" not in observed
    ):
        return ()
    regimens = str(observed.attrs["regimens"]).split("\x1f")
    arms = [regimens.index(str(rule.regimen)), regimens.index(rule.reference) if rule.reference else 0]
    mine = np.isin(observed["regimen_index"].to_numpy(), arms)
    return (int(observed["event"].to_numpy()[mine].sum()),)


def _normal_rates(rule: Rule, look: Look, taken: Sequence[Any] | None) -> _Rates:
    """False-alarm rate of a comparison of follow-up at its looks, by normal theory."""
    if not look or look[0] < 1 or not isinstance(rule, PosteriorProbability) or rule.act != "go":
        return _Rates((), None, None, None, None, None)
    before = rule.looks if taken is None else [as_look(each, 1) for each in taken]
    looks = _ascending(before, look)
    later = [p for p in rule.looks if p[0] > look[0]]

    def passing(at: Sequence[Look]) -> float:
        return float(null_crossing([n for (n,) in at], rule.go_above, rule.stop_below)[0].sum())

    return _Rates(looks, passing(looks), None, passing([*looks, *later]), None, None)


def _ascending(taken: Sequence[Look], now: Look) -> tuple[Look, ...]:
    """The looks taken up to now, each once.

    Withdrawn patients and corrected regimens can leave a look with fewer patients than one before it; the
    larger one then has no place on a path of growing counts and is left out.
    """
    kept = [now]
    for look in reversed(taken):
        if look != kept[-1] and all(n <= m for n, m in zip(look, kept[-1], strict=True)):
            kept.append(look)
    return tuple(reversed(kept))


def _sentence(
    rule: Rule,
    value: float,
    error: float,
    limits: Mapping[str, float],
    decision: Decision,
    events: tuple[int, ...],
    look: Look,
    rates: _Rates,
) -> str:
    shown = format_probability(value, error) if rule.is_probability else format_number(value)
    sign = " " if shown[:1] in "<>" else " = "
    words = {"go_above": "go above", "stop_below": "stop below", "stop_above": "stop above"}
    held = ", ".join(f"{words[k]} {v:.4g}" for k, v in limits.items())
    counts = "; ".join(f"{k} of {n}" for k, n in zip(events, look * (len(events) // max(len(look), 1)), strict=True))
    said = f"{rule.name}: {rule.statistic}{sign}{shown}"
    said += f" ({counts} evaluable patients)" if counts else ""
    if error > 1e-9 and 0.0 < value < 1.0 and rule.is_probability:
        low, high = max(value - 1.96 * error, 0.0), min(value + 1.96 * error, 1.0)
        said += f" (95 % Monte Carlo interval {low:.3f} to {high:.3f})"
    said += f"; {held}: {decision}." if held else f": {decision}."
    if any(abs(value - v) < 2.0 * error for v in limits.values()) and error > 1e-9:
        said += " The threshold lies within the Monte Carlo error: draw more before acting."
    if rule.looks and look and look not in rule.schedule:
        said += " This is not a planned look."
    if rates.false_alarm is not None and rates.null_rates is not None:
        at = ", ".join(_shown(p) for p in rates.looks)
        act = "go" if rule.act == "go" else "stop"
        true = "/".join(f"{r:.3g}" for r in rates.null_rates)
        chance = format_probability(rates.false_alarm, 0.0)
        said += f" At looks of {at} patients it would {act} wrongly with probability {chance} were the true rate {true}"
        if rates.planned_false_alarm != rates.false_alarm:
            said += f" ({format_probability(rates.planned_false_alarm, 0.0)} with the looks still planned)"
        if rates.power is not None:
            said += f", and rightly with {format_probability(rates.power, 0.0)}"
            if rates.planned_power != rates.power:
                said += f" ({format_probability(rates.planned_power, 0.0)})"
        said += "."
    elif rates.false_alarm is not None:
        at = ", ".join(_shown(p) for p in rates.looks)
        said += f" At looks of {at} events it would go wrongly with probability {rates.false_alarm:.3f}"
        if rates.planned_false_alarm is not None and rates.planned_false_alarm != rates.false_alarm:
            said += f" ({rates.planned_false_alarm:.3f} with the looks still planned)"
        said += " were the regimens equal: by normal theory, with a flat prior."
    elif rule.not_exact:
        said += f" No false-alarm rate is stated: {rule.not_exact}."
    return said


def _shown(look: Look) -> str:
    return "/".join(map(str, look))
