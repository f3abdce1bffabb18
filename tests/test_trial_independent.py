"""Designs nobody planned for, against a simulation written patient by patient in NumPy, without the package.

Patients come one by one, leave, are assessed late and seen at visits; looks are found by walking through the calendar.
"""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from scipy import special, stats

import bayes_escc as be

TRIALS = 800


def entries(rng, steps, patients):
    """Poisson arrivals whose rate changes at dates, by thinning."""
    top, now, found = max(rate for _, rate in steps), 0.0, []
    while len(found) < patients:
        now += rng.exponential(1 / top)
        rate = [r for start, r in steps if start <= now][-1]
        if rng.random() < rate / top:
            found.append(now)
    return np.array(found)


def blocks(rng, shares, block, patients):
    """Permuted blocks."""
    whole = np.repeat(np.arange(len(shares)), shares)
    whole = np.tile(whole, block // len(whole))
    return np.concatenate([rng.permutation(whole) for _ in range(-(-patients // block))])[:patients]


def compared(design, truth, most, own):
    """Shares and means of both programs, within four Monte Carlo errors of their difference."""
    o = design.conduct(truth, most, 0, 3000)
    own = {key: np.array([t[key] for t in own], dtype=float) for key in own[0]}
    theirs = {"go": o.decision > 0, "stop": o.decision < 0, "patients": o.patients, "months": o.months}
    theirs |= {f"advice {r}": o.advice[:, r] for r in range(len(design.spec.rules))}
    if "events" in own:
        theirs["events"] = o.events
    for key, values in own.items():
        ours, other = np.asarray(theirs[key], dtype=float), values
        error = math.sqrt(max(ours.var(), 1e-4) / len(ours) + max(other.var(), 1e-4) / len(other))
        assert abs(ours.mean() - other.mean()) < 4 * error, (key, ours.mean(), other.mean(), error)


# ---- three arms, response and harm that go together, late assessments, drop-out, rules that advise -----------------

ARMS, SHARES = ["soc", "dose A", "dose B"], [1, 2, 2]
RATES = {"ORR": [0.2, 0.3, 0.45], "DLT": [0.1, 0.2, 0.3]}
BOTH = [0.05, 0.09, 0.2]


def table(rates):
    return dict(zip(ARMS, rates, strict=True))


def three_arms():
    return be.Design.from_dict(
        {
            "id": "three",
            "design": {"arms": dict(zip(ARMS, SHARES, strict=True)), "patients": 55, "block": 5},
            "accrual": {"rate": [[0, 2], [5, 6]], "drop_out": table([0.01, 0.02, 0.06])},
            "endpoints": {"ORR": {"assessed_after": 3.0}, "DLT": {"assessed_after": 1.0}},
            "truths": [{"name": "t", **{k: table(v) for k, v in RATES.items()}, "association": {"both": table(BOTH)}}],
            "monitoring": [
                {
                    "name": "harm",
                    "kind": "toxicity",
                    "endpoint": "DLT",
                    "regimen": "dose B",
                    "limit": 0.3,
                    "stop_above": 0.85,
                    "looks": [{"patients": 20}, {"patients": 40}],
                    "prior": {"alpha": 0.6, "beta": 1.4},
                },
                {
                    "name": "B",
                    "kind": "posterior_probability",
                    "endpoint": "ORR",
                    "regimen": "dose B",
                    "reference": "soc",
                    "looks": [{"evaluable": 25, "by_month": 9.0}, {"months": 14, "patients": 55}],
                    "go_above": [0.97, 0.9],
                    "stop_below": 0.2,
                },
                {
                    "name": "A",
                    "kind": "posterior_probability",
                    "endpoint": "ORR",
                    "regimen": "dose A",
                    "value": 0.25,
                    "looks": [{"months": 11.0}],
                    "go_above": 0.8,
                    "stop_below": 0.4,
                    "binding": False,
                },
            ],
            "simulation": {"trials": 100, "seed": 12},
        }
    )


def three_arms_here(rng, better):
    n = 55
    entry, arm = entries(rng, [(0, 2), (5, 6)], n), blocks(rng, SHARES, 5, n)
    left = rng.exponential(1 / np.array([0.01, 0.02, 0.06])[arm])
    u = rng.random(n)
    orr, dlt, both = (np.array(v)[arm] for v in (*RATES.values(), BOTH))
    response, harm = u < orr, (u < both) | ((u >= orr) & (u < orr + dlt - both))

    def known(delay):  # from when on a patient is evaluable
        return np.where(left < delay, np.inf, entry + delay)

    def counts(delay, when, who, happened):
        here = (known(delay) <= when) & (arm == who)
        return int(here.sum()), int((here & happened).sum())

    end = max(entry.max() + 3.0, 0.0)
    reached = np.sort(known(3.0))[24]
    looks = [(entry[19], "harm", 0), (entry[39], "harm", 1), (11.0, "A", 0), (max(14.0, entry[54]), "B", 1)]
    looks.append((min(reached if np.isfinite(reached) else end, 9.0), "B", 0))
    advice = {"harm": 0, "B": 0, "A": 0}
    for when, rule, look in sorted(looks, key=lambda s: (s[0], "hBA".index(s[1][0]))):
        act = 0
        if rule == "harm":
            m, x = counts(1.0, when, 2, harm)
            act = -1 if m and stats.beta.sf(0.3, 0.6 + x, 1.4 + m - x) > 0.85 else 0
        elif rule == "A":
            m, x = counts(3.0, when, 1, response)
            p = stats.beta.sf(0.25, 1 + x, 1 + m - x) if m else math.nan
            act = 1 if p > 0.8 else -1 if p < 0.4 else 0
        else:
            (m, x), (k, y) = (counts(3.0, when, who, response) for who in (2, 0))
            p = better(m, x, k, y) if m and k else math.nan
            act = 1 if p > (0.97, 0.9)[look] else -1 if p < 0.2 else 0
        advice[rule] = advice[rule] or act
        if act and rule != "A":
            break
    told = {"go": act > 0 and rule != "A", "stop": act < 0 and rule != "A"}
    told |= {"patients": (entry <= when).sum(), "months": when}
    return told | {f"advice {i}": advice[name] for i, name in enumerate(("harm", "B", "A"))}


def test_three_arms_two_endpoints_and_three_rules():
    rng, memory = np.random.default_rng(77), {}
    x = np.linspace(0, 1, 801)[1:-1]

    def better(m, i, k, j):
        if (m, i, k, j) not in memory:
            density = stats.beta.pdf(x, 1 + j, 1 + k - j)
            memory[m, i, k, j] = np.trapezoid(density * stats.beta.sf(x, 1 + i, 1 + m - i), x)
        return memory[m, i, k, j]

    own = [three_arms_here(rng, better) for _ in range(TRIALS)]
    compared(three_arms(), "t", 55, own)


# ---- PFS at visits, unequal allocation, a delayed effect, looks by the later and the earlier of two -----------------


def pfs(**changes):
    return be.Design.from_dict(
        {
            "id": "pfs",
            "analysis": {
                "data": {"kind": "patients", "regimen": "arm", "time": "weeks", "event": "e", "time_unit": "weeks"},
                "model": {"family": "survival", "baseline": "exponential", "regimen_effect": "stratified"},
                "priors": {"hazard": {"distribution": "Gamma", "alpha": 0.5, "beta": 12.0, "rationale": "r"}},
            },
            "design": {"arms": {"control": 2, "drug": 1}, "patients": 66, "block": 6},
            "accrual": {"rate": [[0, 3], [4, 9]], "drop_out": {"control": 0.01, "drug": 0.04}},
            "endpoints": {"ORR": {"assessed_after": 2.0}, "PFS": {"visits": 2.0}},
            "truths": [
                {
                    "name": "late",
                    "ORR": {"control": 0.3, "drug": 0.5},
                    "PFS": {"median": 5.0, "shape": 1.3, "hazard_ratio": [[0, 1.0], [2.5, 0.5]]},
                    "association": {"responders_hazard": 0.6},
                    "covariates": {"liver": {"probability": 0.4, "coefficient": 0.5}},
                }
            ],
            "monitoring": [
                {
                    "name": "interim and final",
                    "kind": "posterior_probability",
                    "estimand": "hazard_ratio",
                    "reference": "control",
                    "regimen": "drug",
                    "better": "lower",
                    "looks": [{"events": 20, "by_month": 8.5}, {"events": 48, "at_least_months": 18, "by_month": 24}],
                    "go_above": [0.985, 0.95],
                    "stop_below": [0.1, 0.3],
                }
            ],
            "simulation": {"trials": 100, "seed": 6, "audit": 0},
            **changes,
        }
    )


def pfs_here(rng):
    n = 66
    entry, arm = entries(rng, [(0, 3), (4, 9)], n), blocks(rng, [2, 1], 6, n)
    left = rng.exponential(1 / np.array([0.01, 0.04])[arm])
    response, liver = rng.random(n) < np.array([0.3, 0.5])[arm], rng.random(n) < 0.4
    aim = rng.exponential(size=n) / (np.where(response, 0.6, 1.0) * np.exp(0.5 * liver))
    base = math.log(2) * (2.5 / 5.0) ** 1.3  # of the reference, until the effect begins
    reach = np.where((arm == 1) & (aim > base), base + (aim - base) / 0.5, aim)
    event = 5.0 * (reach / math.log(2)) ** (1 / 1.3)
    visit = np.ceil(event / 2.0) * 2.0
    seen_when = np.where(visit <= left, entry + visit, np.inf)
    end = np.where(np.isfinite(seen_when), seen_when, entry + left).max()
    nth = [np.sort(seen_when)[d - 1] for d in (20, 48)]
    times = [min(nth[0], 8.5), min(max(nth[1], 18.0), 24.0)]
    for look, when in enumerate(t if np.isfinite(t) else end for t in times):
        follow = np.minimum(left, when - entry)
        seen = (visit <= follow) & (entry <= when)
        time = np.where(seen, visit, np.floor(np.maximum(follow, 0.0) / 2.0) * 2.0) * (entry <= when)
        per = 365.25 / 12 / 7
        (d, t), (dc, tc) = ((seen[arm == i].sum(), time[arm == i].sum() * per) for i in (1, 0))
        p = special.betainc(0.5 + d, 0.5 + dc, (12.0 + t) / (24.0 + t + tc))
        act = 1 if p > (0.985, 0.95)[look] else -1 if p < (0.1, 0.3)[look] else 0
        if act:
            break
    told = {"go": act > 0, "stop": act < 0, "patients": (entry <= when).sum(), "months": when}
    return told | {"events": (seen_when <= when).sum()}


def test_pfs_at_visits_with_a_delayed_effect_and_looks_by_two_conditions():
    rng = np.random.default_rng(5)
    compared(pfs(), "late", 66, [pfs_here(rng) for _ in range(TRIALS)])


# ---- the smallest and the largest -------------------------------------------------------------------------------


def test_two_patients():
    """One patient an arm: four outcomes, of which one may go."""
    rule = {"name": "r", "kind": "posterior_probability", "reference": "a", "looks": [2], "go_above": 0.8}
    d = be.Design.from_dict(
        {
            "id": "two",
            "design": {"arms": {"a": 1, "b": 1}, "patients": 2, "block": 2},
            "accrual": {"rate": 1},
            "endpoints": {"ORR": {}},
            "truths": [{"name": "t", "ORR": {"a": 0.3, "b": 0.6}}],
            "monitoring": [rule],
            "simulation": {"trials": 20},
        }
    )
    # P(Beta(2, 1) > Beta(1, 2)) = 5/6, and every other outcome has at most 1/2
    assert d.simulate().rows[0]["go"].value == pytest.approx(0.6 * 0.7, abs=1e-12)


def test_two_thousand_patients_by_normal_theory():
    """At the largest size the posterior is normal: power as of a two-sample comparison, with its own variance."""
    rule = {"name": "r", "kind": "posterior_probability", "reference": "a", "looks": [2000], "go_above": 0.975}
    d = be.Design.from_dict(
        {
            "id": "large",
            "design": {"arms": {"a": 1, "b": 1}, "patients": 2000},
            "accrual": {"rate": 50},
            "endpoints": {"ORR": {}},
            "truths": [{"name": "t", "ORR": {"a": 0.3, "b": 0.35}}],
            "monitoring": [rule],
            "simulation": {"trials": 2000, "seed": 3},
        }
    )
    o = d.conduct("t", 2000, 0, 2000)
    error = math.sqrt(0.3 * 0.7 / 1000 + 0.35 * 0.65 / 1000)
    power = stats.norm.cdf(0.05 / error - 1.96)
    assert abs((o.decision > 0).mean() - power) < 4 * math.sqrt(power * (1 - power) / 2000) + 0.005


def test_schoenfeld_s_power():
    """A log-rank like comparison: a flat prior of the log hazard ratio, 88 events for a hazard ratio of 0.5 at 90 %."""
    content = pfs().content
    content = json.loads(content)
    del content["analysis"]["priors"]
    content["analysis"]["data"]["time_unit"] = "months"
    content["analysis"]["model"] = {"family": "survival", "baseline": "weibull"}
    content["analysis"]["priors"] = {
        "log_hazard_ratio": {"distribution": "Normal", "mu": 0, "sigma": 10, "rationale": "flat"}
    }
    events = math.ceil(4 * (stats.norm.ppf(0.975) + stats.norm.ppf(0.9)) ** 2 / math.log(0.5) ** 2)
    content |= {
        "design": {"arms": {"control": 1, "drug": 1}, "patients": 160},
        "accrual": {"rate": 20},
        "endpoints": {"PFS": {}},
        "truths": [{"name": "t", "PFS": {"median": 6, "shape": 1.2, "hazard_ratio": 0.5}}],
    }
    content["monitoring"][0] |= {"looks": [{"events": events}], "go_above": 0.975}
    del content["monitoring"][0]["stop_below"]
    d = be.Design.from_dict(content)
    share = (d.conduct("t", 160, 0, 2000).decision > 0).mean()
    assert abs(share - 0.9) < 4 * math.sqrt(0.09 / 2000) + 0.01  # Schoenfeld's formula is itself approximate


def test_orders_of_arms_and_tables_do_not_matter():
    """The reference is the first arm; tables by arm may come in any order."""
    d = three_arms()
    content = json.loads(d.content)
    for key, order in itertools.product(("ORR", "DLT"), [slice(None, None, -1)]):
        content["truths"][0][key] = dict(list(content["truths"][0][key].items())[order])
    again = be.Design.from_dict(content)
    np.testing.assert_array_equal(d.conduct("t", 55, 0, 200).decision, again.conduct("t", 55, 0, 200).decision)
