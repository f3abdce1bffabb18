"""What a rule does at its looks, exactly: every path of counts is followed, none is simulated.

The state is the joint probability of the counts of those who have not yet stopped. A patient moves
it by one step; a look takes out what goes and what stops. Many scenarios move at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.names import Plain
from bayes_escc.rules.rule import CONTINUE, GO, STOP, Look, Rule, Step
from bayes_escc.rules.tails import log_gammas
from bayes_escc.settings.questions import no_probability

__all__ = ["OperatingCharacteristics", "Scenario", "arrive", "check_exact", "operating_characteristics", "walk"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scenario:
    """What a rule does where the true rates are known.

    Parameters
    ----------
    rates : tuple of float
    go, stop : tuple of float
        Probability of going or stopping first at each look.
    expected_patients : float
        Of all arms together.
    expected_by_arm : tuple of float
    """

    rates: tuple[float, ...]
    go: tuple[float, ...]
    stop: tuple[float, ...]
    expected_patients: float
    expected_by_arm: tuple[float, ...]

    @property
    def probability_go(self) -> float:
        """P(go at any look)."""
        return min(sum(self.go), 1.0)

    @property
    def probability_stop(self) -> float:
        """P(stop at any look)."""
        return min(sum(self.stop), 1.0)

    @property
    def probability_early(self) -> float:
        """P(the study ends before its last look)."""
        return min(sum(self.go[:-1]) + sum(self.stop[:-1]), 1.0)

    @property
    def probability_undecided(self) -> float:
        """P(neither go nor stop by the last look)."""
        return max(1.0 - sum(self.go) - sum(self.stop), 0.0)

    def acts(self, act: str) -> float:
        """P(the rule acts), where acting is to go or to stop."""
        return self.probability_go if act == "go" else self.probability_stop

    def to_dict(self) -> Plain:
        """The scenario as plain data."""
        return {
            "rates": list(self.rates),
            "go": list(self.go),
            "stop": list(self.stop),
            "probability_go": self.probability_go,
            "probability_stop": self.probability_stop,
            "probability_early": self.probability_early,
            "probability_undecided": self.probability_undecided,
            "expected_patients": self.expected_patients,
            "expected_by_arm": list(self.expected_by_arm),
        }


@dataclass(frozen=True)
class OperatingCharacteristics:
    """The behaviour of a rule at its looks, exact up to rounding.

    Parameters
    ----------
    rule : Rule
    looks : tuple of Look
    scenarios : tuple of Scenario
    false_alarm, power : float or None
        P(the rule acts) under the rates the rule calls null and alternative; `act` says which act.
    """

    rule: Rule
    looks: tuple[Look, ...]
    scenarios: tuple[Scenario, ...]
    false_alarm: float | None
    power: float | None

    def to_dict(self) -> Plain:
        """Everything as plain data."""
        return {
            "rule": self.rule.to_dict(),
            "sentence": self.rule.sentence,
            "looks": [list(look) for look in self.looks],
            "act": self.rule.act,
            "rates_are": list(self.rule.rates_needed),
            "false_alarm": self.false_alarm,
            "power": self.power,
            "scenarios": [s.to_dict() for s in self.scenarios],
        }


def operating_characteristics(
    rule: Rule, looks: Sequence[Any] | None = None, rates: Sequence[Any] | None = None
) -> OperatingCharacteristics:
    """Probability of going and stopping at each look, expected size, false-alarm rate and power.

    Parameters
    ----------
    rule : Rule
        On independent rates with Beta priors.
    looks : sequence, optional
        Evaluable patients at each look, one number or one for each arm; the rule's schedule if not given.
    rates : sequence, optional
        True rates: a number for one arm, (regimen, reference) for two, one for each endpoint of a BOP2
        rule (for two endpoints that are not nested, a third number may state how often both happen in
        one patient). If not given, those the rule names: null and alternative, and for two endpoints
        also one as hoped for and the other not.

    Returns
    -------
    OperatingCharacteristics

    Raises
    ------
    AnalysisError
        If the rule cannot be enumerated, or looks or rates do not fit it.
    """
    taken = check_exact(rule, looks)
    known = list(rule.scenarios)
    asked = known if rates is None else [_as_rates(r, rule) for r in rates]
    if not asked:
        inside = "state null_rate and alternative_rate, or give" if "null_rate" in rule.keys else "give"
        raise AnalysisError(f"{rule.name}: {inside} the true rates ({', '.join(rule.rates_needed)}).")
    every = list(dict.fromkeys([*known, *asked]))
    width = max(len(r) for r in every)
    filled = np.array([_filled(r, width) for r in every])
    go, stop = walk(taken, [rule.verdicts(look) for look in taken], rule.steps(filled))
    left = 1.0 - np.cumsum(go + stop, axis=1)
    sizes = np.diff(np.array(taken), axis=0, prepend=0)
    reached = np.concatenate([np.ones((len(every), 1)), left[:, :-1]], axis=1)
    expected = reached @ sizes
    scenarios = {
        r: Scenario(
            r,
            tuple(map(float, go[i])),
            tuple(map(float, stop[i])),
            float(expected[i].sum()),
            tuple(map(float, expected[i])),
        )
        for i, r in enumerate(every)
    }

    def acts(at: tuple[float, ...] | None) -> float | None:
        return None if at is None else scenarios[at].acts(rule.act)

    return OperatingCharacteristics(
        rule,
        taken,
        tuple(scenarios[r] for r in dict.fromkeys(asked)),
        acts(rule.false_alarm_rates),
        acts(rule.power_rates),
    )


def check_exact(rule: Rule, looks: Sequence[Any] | None) -> tuple[Look, ...]:
    """The looks of a rule that can be enumerated.

    Raises
    ------
    AnalysisError
    """
    if rule.not_exact:
        raise AnalysisError(f"{rule.name}: {rule.not_exact}.")
    if wrong := rule.misplaced("higher"):  # which is assumed of a rule that states no direction
        raise AnalysisError(f"{rule.name}: {'; '.join(wrong)}.")
    try:
        taken = rule.schedule if looks is None else rule.check_looks(looks)
    except AnalysisError as error:
        raise AnalysisError(f"{rule.name}: {error}.") from None
    if not taken:
        raise AnalysisError(f"{rule.name}: state its looks, the numbers of evaluable patients at which it is read.")
    return taken


def walk(looks: Sequence[Look], verdicts: Sequence[NDArray[np.int8]], steps: Sequence[Step]) -> tuple[Array, Array]:
    """Follow every path of counts through the looks.

    Parameters
    ----------
    looks : sequence of Look
        Patients of each stream.
    verdicts : sequence of array
        GO, STOP or CONTINUE for every count at each look; a further leading axis holds one set of
        verdicts for each scenario.
    steps : sequence of Step
        For each stream, what one patient adds and with what probability in each scenario.

    Returns
    -------
    go, stop : array of shape (scenarios, looks)
    """
    scenarios = len(steps[0][0][1])
    dims = len(steps[0][0][0])
    state = np.ones((scenarios, *(1,) * dims))
    before: Look = (0,) * len(steps)
    gone, stopped = [], []
    for look, verdict in zip(looks, verdicts, strict=True):
        for step, n, earlier in zip(steps, look, before, strict=True):
            state = arrive(state, step, n - earlier)
        counts = tuple(range(1, dims + 1))
        gone.append(np.where(verdict == GO, state, 0.0).sum(axis=counts))
        stopped.append(np.where(verdict == STOP, state, 0.0).sum(axis=counts))
        state = np.where(verdict == CONTINUE, state, 0.0)
        before = look
    return np.stack(gone, axis=1), np.stack(stopped, axis=1)


def arrive(state: Array, step: Step, patients: int) -> Array:
    """The law of the counts after more patients of one stream, (scenarios, counts...).

    A binomial number of events arrives at once where they move one count, otherwise patients come one by one.
    """
    if len(step) == 2 and patients > 1 and sorted(sum(shift) for shift, _ in step) == [0, 1]:
        (shift, p) = max(step, key=lambda s: sum(s[0]))
        axis = 1 + shift.index(1)
        moved = np.moveaxis(state, axis, -1)
        after = np.empty((*moved.shape[:-1], moved.shape[-1] + patients))
        for rate in np.unique(p):
            after[p == rate] = moved[p == rate] @ _binomial_band(moved.shape[-1], patients, float(rate))
        return np.moveaxis(after, -1, axis)
    for _ in range(patients):
        state = _advance(state, step)
    return state


def _binomial_band(counts: int, patients: int, rate: float) -> Array:
    """P(count after | count before), (counts, counts + patients)."""
    k = np.arange(patients + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = k * np.log(rate) + (patients - k) * np.log1p(-rate)
    log_p = np.where(np.isnan(log_p), 0.0, log_p)  # no event where none can be, all where all must
    factorials = log_gammas(1.0, patients)
    law = np.exp(log_p + factorials[-1] - factorials - factorials[::-1])
    band = np.zeros((counts, counts + patients))
    before = np.arange(counts)[:, None]
    band[before, before + k] = law
    return band


def _advance(state: Array, step: Step) -> Array:
    """One more patient."""
    grows = np.max([shift for shift, _ in step], axis=0)
    after = np.zeros((state.shape[0], *(np.array(state.shape[1:]) + grows)))
    spread = (-1,) + (1,) * (state.ndim - 1)
    for shift, p in step:
        place = tuple(slice(d, d + size) for d, size in zip(shift, state.shape[1:], strict=True))
        after[(slice(None), *place)] += state * p.reshape(spread)
    return after


def _as_rates(value: Any, rule: Rule) -> tuple[float, ...]:
    given = tuple(value) if isinstance(value, list | tuple) else (value,)
    names = rule.rates_needed
    if len(given) == 1 and rule.arms == 2:
        given = given * 2
    most = len(names) + (1 if rule.kind == "bop2" and len(names) == 2 and not rule.nested else 0)
    if not len(names) <= len(given) <= most:
        raise AnalysisError(f"{rule.name}: true rates are {', '.join(names)}, not {value!r}.")
    for rate in given:
        if isinstance(rate, bool) or not isinstance(rate, int | float):
            raise AnalysisError(f"{rule.name}: a true rate is a number, not {rate!r}.")
        if not 0.0 <= rate <= 1.0:
            raise AnalysisError(f"{rule.name}: a true rate lies between 0 and 1, {no_probability(rate)}.")
    tidy = tuple(float(rate) for rate in given)
    if any(p < -1e-12 for stream in rule.steps(np.array([tidy])) for _, p in stream):
        raise AnalysisError(f"{rule.name}: no patients can have the rates {value!r} together.")
    return tidy


def _filled(rates: tuple[float, ...], width: int) -> tuple[float, ...]:
    """Rates of two endpoints with how often both happen, where another scenario states it."""
    return rates if len(rates) == width else (*rates, rates[0] * rates[1])
