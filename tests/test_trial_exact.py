"""Designs that are enumerated: published ones through the design file, and every kind of rule against every path."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

import bayes_escc as be
from bayes_escc.trials.estimates import Estimate
from bayes_escc.trials.exact import exact_characteristics, why_not_exact
from tests.oracles.simon import SIMON
from tests.oracles.trials import exceeds, followed

BASE = {
    "design": {"arms": ["new"], "patients": 40},
    "accrual": {"rate": 4},
    "endpoints": {"ORR": {}},
    "simulation": {"trials": 4000, "seed": 7},
}


def written(folder, *, rates, rules, **changes):
    """A design read from a file, as the command line reads it; true rates by truth, or by truth and endpoint."""
    lines = ["schema = 1"]
    for table, content in {**BASE, **changes}.items():
        lines += [f"[{table}]", *(f"{key} = {_toml(value)}" for key, value in content.items())]
    for i, rate in enumerate(rates):
        shown = rate if isinstance(rate, dict) else {"ORR": rate}
        lines += ["[[truths]]", f'name = "t{i}"', f"should_go = {_toml(i > 0)}"]
        lines += [f"{key} = {_toml(value)}" for key, value in shown.items()]
    for rule in rules:
        lines += ["[[monitoring]]", *(f"{key} = {_toml(value)}" for key, value in rule.items())]
    path = folder / "trial.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return be.Design.from_file(path)


def _toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def posterior(null, go=None, stop=None, prior=(1.0, 1.0), sign=1, index=0):
    """The act of a rule on P(rate > null), or with sign -1 on P(rate < null); thresholds one or by look."""

    def act(look, counts, n):
        tail = stats.beta.sf(null, prior[0] + counts[index], prior[1] + n - counts[index])
        tail = tail if sign > 0 else 1.0 - tail
        high, low = (v[look] if isinstance(v, list) else v for v in (go, stop))
        return 1 if high is not None and tail > high else -1 if low is not None and tail < low else 0

    return act


def at(looks, act):
    return lambda look, counts: act(look, counts, looks[look])


def near(share, exact, trials):
    return abs(share - exact) < 4 * math.sqrt(max(exact * (1 - exact), 1e-4) / trials)


def agrees(design, truth, most, found):
    """The enumeration of a design against every path of another program, and its simulation against both."""
    made = exact_characteristics(design.spec)[(most, truth)]
    assert made.probability_go == pytest.approx(found["go"], abs=1e-9)
    assert made.probability_stop == pytest.approx(found["stop"], abs=1e-9)
    for r, (go, stop) in enumerate(found["first"]):
        assert made.advice_go[r] == pytest.approx(go, abs=1e-9)
        assert made.advice_stop[r] == pytest.approx(stop, abs=1e-9)
    outcomes = design.conduct(truth, most, 0, 4000)
    assert near((outcomes.decision > 0).mean(), made.probability_go, 4000)
    assert near((outcomes.decision < 0).mean(), made.probability_stop, 4000)
    if made.expected_patients is not None:
        error = max(outcomes.patients.std(), 0.01) / math.sqrt(4000)
        assert abs(outcomes.patients.mean() - made.expected_patients) < 4 * error
    return made


class TestPublished:
    @pytest.mark.parametrize("printed", SIMON, ids=lambda d: f"{d[4]}/{d[5]}, {d[6]}/{d[7]}")
    def test_simon_1989(self, printed, tmp_path):
        p0, p1, alpha, power, r1, n1, r, n, size, early = printed
        rule = {"name": "stages", "kind": "counts", "stop_at_most": [f"{r1}/{n1}", f"{r}/{n}"]}
        d = written(tmp_path, rates=[p0, p1], rules=[rule], design={"arms": ["new"], "patients": n})
        null, hoped = d.simulate(trials=20, workers=1).rows
        assert null["early"].value == pytest.approx(early, abs=0.00005)
        assert null["patients"].value == pytest.approx(size, abs=0.005)
        assert null["go"].value <= alpha
        assert hoped["go"].value >= 1 - power
        every = [*null.values(), *hoped.values()]
        shown = [v for v in every if isinstance(v, Estimate)]
        assert sum(v.exact for v in shown) == 12  # all but the months, which chance decides

    def test_lee_and_liu_2008(self, tmp_path):
        rule = {
            "kind": "predictive_probability",
            "value": 0.2,
            "success": 0.9,
            "stop_below": 0.001,
            "patients": 36,
            "prior": {"alpha": 0.2, "beta": 0.8},
            "looks": list(range(10, 36)),
        }
        size = {"arms": ["new"], "patients": 36}
        d = written(tmp_path, rates=[0.2, 0.4], rules=[{"name": "pp", **rule}], design=size)
        null, hoped = d.simulate(trials=20, workers=1).rows
        assert null["go"].value == pytest.approx(0.088, abs=5e-4)
        assert hoped["go"].value == pytest.approx(0.906, abs=5e-4)
        assert null["patients"].value == pytest.approx(27.67, abs=5e-3)
        assert null["correct"].exact
        assert null["correct"].value == pytest.approx(1 - null["go"].value, abs=1e-12)

    def test_thall_and_simon_1994(self, tmp_path):
        """Their criterion P(pE > pS + margin), pS uncertain: stop when it is small, declare when it is large."""
        rule = {
            "name": "criterion",
            "kind": "thall_simon",
            "standard": {"alpha": 15.0, "beta": 35.0},
            "margin": 0.15,
            "prior": {"alpha": 0.6, "beta": 1.4},
            "go_above": 0.95,
            "stop_below": 0.05,
            "looks": [10, 20, 30],
        }
        d = written(tmp_path, rates=[0.3, 0.45, 0.6], rules=[rule], design={"arms": ["new"], "patients": 30})

        def act(look, counts):
            n, x = (10, 20, 30)[look], counts[0]
            p = exceeds((0.6 + x, 1.4 + n - x), (15.0, 35.0), 0.15)
            return 1 if p > 0.95 else -1 if p < 0.05 else 0

        for truth, rate in zip(("t0", "t1", "t2"), (0.3, 0.45, 0.6), strict=True):
            agrees(d, truth, 30, followed((10, 20, 30), {(1,): rate, (0,): 1 - rate}, [(act, True)]))

    def test_bop2_with_efficacy_as_its_readme_prints(self, tmp_path):
        """README of BOP2FE: 10 000 simulated studies of its boundaries for rates 0.2 and 0.4."""
        sizes = (10, 15, 20, 25, 30, 35, 40)
        stops, goes = (1, 2, 3, 5, 7, 9, 11), (7, 8, 9, 10, 11, 11, 12)
        rule = {
            "name": "bop2-fe",
            "kind": "counts",
            "stop_at_most": [f"{r}/{n}" for r, n in zip(stops, sizes, strict=True)],
            "go_at_least": [f"{r}/{n}" for r, n in zip(goes, sizes, strict=True)],
        }
        d = written(tmp_path, rates=[0.2, 0.4], rules=[rule])
        for row, rejected, size in zip(
            d.simulate(trials=20, workers=1).rows, (0.0858, 0.885), (20.5, 23.6), strict=True
        ):
            go = row["go"].value
            assert abs(go - rejected) < 4 * math.sqrt(go * (1 - go) / 10_000) + 5e-4
            assert abs(row["patients"].value - size) < 4 * 12 / math.sqrt(10_000) + 0.05

    def test_bop2_of_zhou_2017(self, tmp_path):
        """The futility boundaries of the same README are BOP2's, and the enumeration follows them."""
        sizes, stops = (10, 15, 20, 25, 30, 35, 40), (1, 2, 3, 5, 7, 9, 11)
        rule = {"name": "b", "kind": "bop2", "patients": 40, "rate": 0.2, "lambda": 0.909, "gamma": 1.0}
        d = written(tmp_path, rates=[0.2, 0.4], rules=[{**rule, "looks": list(sizes[:-1])}])

        def act(look, counts):
            return -1 if counts[0] <= stops[look] else 1 if look == len(sizes) - 1 else 0

        for truth, rate in (("t0", 0.2), ("t1", 0.4)):
            agrees(d, truth, 40, followed(sizes, {(1,): rate, (0,): 1 - rate}, [(act, True)]))

    def test_saville_2014(self, tmp_path):
        """Success is P(rate > 0.5) > 0.95 after 100; futility by predictive probability at 20, 50 and 75 patients."""
        rule = {
            "name": "predictive",
            "kind": "predictive_probability",
            "value": 0.5,
            "success": 0.95,
            "stop_below": 0.05,
            "patients": 100,
            "looks": [20, 50, 75],
        }
        d = written(tmp_path, rates=[0.5, 0.65], rules=[rule], design={"arms": ["new"], "patients": 100})
        sizes, needed = (20, 50, 75, 100), 59  # 59 of 100 is the fewest with P > 0.95, as printed

        def act(look, counts):
            n, x = sizes[look], counts[0]
            if n == 100:
                return 1 if x >= needed else -1
            more = stats.betabinom.sf(needed - x - 1, 100 - n, 1 + x, 1 + n - x)
            return -1 if more < 0.05 else 0

        for truth, rate in (("t0", 0.5), ("t1", 0.65)):
            made = agrees(d, truth, 100, followed(sizes, {(1,): rate, (0,): 1 - rate}, [(act, True)]))
            assert made.probability_go < 0.0445 if rate == 0.5 else made.probability_go > 0.8


class TestPaths:
    def test_thresholds_by_look(self, tmp_path):
        looks, go, stop = (12, 25, 40), [0.995, 0.98, 0.95], [0.05, 0.2, 0.5]
        rule = {
            "name": "r",
            "kind": "posterior_probability",
            "value": 0.25,
            "prior": {"alpha": 0.5, "beta": 1.5},
            "looks": list(looks),
            "go_above": go,
            "stop_below": stop,
        }
        d = written(tmp_path, rates=[0.25, 0.45], rules=[rule])
        for truth, rate in (("t0", 0.25), ("t1", 0.45)):
            act = at(looks, posterior(0.25, go, stop, (0.5, 1.5)))
            found = followed(looks, {(1,): rate, (0,): 1 - rate}, [(act, True)])
            made = agrees(d, truth, 40, found)
            assert made.expected_patients == pytest.approx(np.dot(found["ends"], looks), abs=1e-9)
            assert made.early == pytest.approx(sum(found["ends"][:-1]), abs=1e-9)

    def test_efficacy_safety_and_advice_on_two_associated_endpoints(self, tmp_path):
        looks = (8, 16)
        endpoints = {"endpoints": {"ORR": {"assessed_after": 2.0}, "toxicity": {"assessed_after": 2.0}}}
        common = {"looks": list(looks), "kind": "posterior_probability"}
        rules = [
            {"name": "efficacy", "endpoint": "ORR", "value": 0.2, "go_above": 0.97, "stop_below": 0.1, **common},
            {
                "name": "harm",
                "kind": "toxicity",
                "endpoint": "toxicity",
                "limit": 0.3,
                "stop_above": 0.8,
                "looks": list(looks),
            },
            {"name": "hint", "endpoint": "ORR", "value": 0.35, "stop_below": 0.3, "binding": False, **common},
        ]
        truths = [
            {"ORR": 0.2, "toxicity": 0.4, "association": {"both": 0.12}},
            {"ORR": 0.45, "toxicity": 0.25, "association": {"odds_ratio": 0.4}},
        ]
        d = written(tmp_path, rates=truths, rules=rules, design={"arms": ["new"], "patients": 16}, **endpoints)

        def harm(look, counts):
            n = looks[look]
            return -1 if stats.beta.sf(0.3, 1 + counts[1], 1 + n - counts[1]) > 0.8 else 0

        efficacy = at(looks, posterior(0.2, 0.97, 0.1))
        hint = at(looks, posterior(0.35, None, 0.3))
        order = [  # safety, then success, then futility in the order of the file
            (harm, True),
            (lambda k, c: max(efficacy(k, c), 0), True),
            (lambda k, c: min(efficacy(k, c), 0), True),
            (hint, False),
        ]
        for truth in d.spec.truths:
            (a,), (b,), both = truth.rates["ORR"], truth.rates["toxicity"], truth.both[0]
            cells = {(1, 1): both, (1, 0): a - both, (0, 1): b - both, (0, 0): 1 - a - b + both}
            found = followed(looks, cells, order)
            first = found["first"]
            found["first"] = [[first[1][0], first[2][1]], first[0], first[3]]
            agrees(d, truth.name, 16, found)

    @pytest.mark.parametrize("allocation", [{"old": 1, "new": 1}, {"old": 1, "new": 2}])
    def test_two_arms_with_thresholds_by_look(self, allocation, tmp_path):
        share = allocation["new"]
        rounds, looks = 1 + share, [(6, 6 * share), (12, 12 * share)]
        rule = {
            "name": "r",
            "kind": "posterior_probability",
            "reference": "old",
            "regimen": "new",
            "margin": 0.05,
            "looks": [6 * rounds, 12 * rounds],
            "go_above": [0.95, 0.9],
            "stop_below": 0.1,
        }
        layout = {"arms": allocation, "patients": 12 * rounds, "block": rounds}
        rates = [{"ORR": {"old": 0.3, "new": 0.3}}, {"ORR": {"old": 0.3, "new": 0.6}}]
        d = written(tmp_path, rates=rates, rules=[rule], design=layout)
        table = {}

        def tail(look, x, y):
            if (look, x, y) not in table:
                m, n = looks[look]
                table[look, x, y] = exceeds((1 + x, 1 + n - x), (1 + y, 1 + m - y), 0.05)
            return table[look, x, y]

        for truth, (p, q) in (("t0", (0.3, 0.3)), ("t1", (0.3, 0.6))):
            go = stop = 0.0
            law = {(0, 0): 1.0}
            before = (0, 0)
            for k, (m, n) in enumerate(looks):
                new: dict = {}
                for (x, y), mass in law.items():
                    for i in range(n - before[1] + 1):
                        for j in range(m - before[0] + 1):
                            chance = stats.binom.pmf(i, n - before[1], q) * stats.binom.pmf(j, m - before[0], p)
                            new[x + i, y + j] = new.get((x + i, y + j), 0.0) + mass * chance
                law, before = {}, (m, n)
                for (x, y), mass in new.items():
                    value = tail(k, x, y)
                    if value > (0.95, 0.9)[k]:
                        go += mass
                    elif value < 0.1:
                        stop += mass
                    else:
                        law[x, y] = mass
            agrees(d, truth, 12 * rounds, {"go": go, "stop": stop, "first": [[go, stop]]})


class TestThoseWhoLeave:
    """Patients who leave before their assessment are never evaluable; the last look takes those there are."""

    HAZARD, AFTER, MOST = 0.05, 2.0, 24

    def mixed(self, looks, rate, act_of):
        """Over how many are ever evaluable: each stays with a probability of its own."""
        stay = math.exp(-self.HAZARD * self.AFTER)
        go = stop = 0.0
        for total in range(self.MOST + 1):
            weight = stats.binom.pmf(total, self.MOST, stay)
            reached = [min(n, total) for n in looks]
            found = followed(reached, {(1,): rate, (0,): 1 - rate}, [(act_of(reached, total), True)])
            go, stop = go + weight * found["go"], stop + weight * found["stop"]
        return {"go": go, "stop": stop, "first": [[go, stop]]}

    def design(self, folder, rule, rates=(0.2, 0.45)):
        accrual = {"accrual": {"rate": 3, "drop_out": self.HAZARD}}
        endpoint = {"endpoints": {"ORR": {"assessed_after": self.AFTER}}}
        layout = {"design": {"arms": ["new"], "patients": self.MOST}}
        return written(folder, rates=rates, rules=[{"name": "r", **rule}], **accrual, **endpoint, **layout)

    def test_a_posterior_probability(self, tmp_path):
        rule = {"kind": "posterior_probability", "value": 0.2, "looks": [12, 24], "go_above": 0.95, "stop_below": 0.1}
        d = self.design(tmp_path, rule)
        for truth, rate in (("t0", 0.2), ("t1", 0.45)):

            def act_of(reached, total):
                rule = posterior(0.2, 0.95, 0.1)
                return lambda k, c: rule(k, c, reached[k]) if reached[k] else 0

            made = agrees(d, truth, self.MOST, self.mixed((12, 24), rate, act_of))
            assert made.expected_patients is None  # who has entered at a look depends on who left

    def test_bop2_declares_with_those_there_are(self, tmp_path):
        rule = {"kind": "bop2", "patients": 24, "rate": 0.2, "lambda": 0.9, "gamma": 0.8, "looks": [12]}
        d = self.design(tmp_path, rule)

        def act_of(reached, total):
            def act(k, counts):
                n = reached[k]
                if not n:
                    return 0
                tail = stats.beta.sf(0.2, 0.2 + counts[0], 0.8 + n - counts[0])
                last = k == 1 or total < 12  # a look that cannot come is the last
                if not last:
                    return -1 if tail < 0.9 * (n / 24) ** 0.8 else 0
                return 1 if tail > 0.9 else -1

            return act

        for truth, rate in (("t0", 0.2), ("t1", 0.45)):
            agrees(d, truth, self.MOST, self.mixed((12, 24), rate, act_of))

    def test_two_stages_keep_their_numbers_of_events(self, tmp_path):
        d = self.design(tmp_path, {"kind": "counts", "stop_at_most": ["2/12", "7/24"]})

        def act_of(reached, total):
            def act(k, counts):
                if not reached[k]:
                    return 0
                if total < 12 and k == 0:  # the first look is the last one taken with these numbers
                    return -1 if counts[0] <= 2 else 1
                if k == 0:
                    return -1 if counts[0] <= 2 else 0
                return -1 if counts[0] <= 7 else 1

            return act

        for truth, rate in (("t0", 0.2), ("t1", 0.45)):
            agrees(d, truth, self.MOST, self.mixed((12, 24), rate, act_of))


@pytest.mark.parametrize("harm", [{"better": "lower", "stop_below": 0.2}, {"kind": "toxicity", "stop_above": 0.8}])
def test_a_rule_that_only_stops_for_harm_comes_before_success(harm):
    """Said as a posterior probability too: where fewer is better, a rule that only stops is for harm."""
    rule = {"kind": "posterior_probability", "value": 0.3, **harm}
    if rule["kind"] == "toxicity":
        rule["limit"] = rule.pop("value")
    content = {
        "id": "harm",
        "design": {"arms": ["new"], "patients": 20},
        "accrual": {"rate": 4, "pattern": "even"},
        "endpoints": {"ORR": {"assessed_after": 1.0}, "TOX": {"assessed_after": 1.0}},
        "truths": [{"name": "t", "ORR": 0.4, "TOX": 0.35}],
        "monitoring": [
            {"name": "works", "kind": "posterior_probability", "endpoint": "ORR", "value": 0.2, "go_above": 0.9},
            {"name": "harms", "endpoint": "TOX", **rule},
        ],
        "simulation": {"trials": 2000, "seed": 3},
    }
    for one in content["monitoring"]:
        one["looks"] = [20]
    x = np.arange(21)
    works = stats.binom.pmf(x, 20, 0.4)[stats.beta.sf(0.2, 1 + x, 21 - x) > 0.9].sum()
    harms = stats.binom.pmf(x, 20, 0.35)[stats.beta.cdf(0.3, 1 + x, 21 - x) < 0.2].sum()
    design = be.Design.from_dict(content)
    known = exact_characteristics(design.spec, None)[(20, "t")]
    assert known.probability_go == pytest.approx(works * (1 - harms), abs=1e-12)
    assert known.probability_stop == pytest.approx(harms, abs=1e-12)
    share = (design.conduct("t", 20, 0, 2000).decision > 0).mean()
    assert abs(share - known.probability_go) < 4 * (known.probability_go / 2000) ** 0.5


SLOW = {"ORR": {"assessed_after": 2.0}, "DCR": {"assessed_after": 6.0}}
ONE = {"kind": "posterior_probability", "endpoint": "ORR"}
GOES = {**ONE, "name": "goes", "value": 0.2, "go_above": 0.8, "looks": [30]}
STOPS = {**ONE, "name": "stops", "value": 0.4, "stop_below": 0.3, "looks": [20]}


class TestALookInVain:
    """Of a size below what a look waits for, that look comes at the end of all follow-up, of whichever endpoint."""

    @staticmethod
    def shares(most, rate, stops_first):
        """P(go) and P(stop) of both rules at one count, of which one comes first."""
        x = np.arange(most + 1)
        goes = stats.beta.sf(0.2, 1 + x, 1 + most - x) > 0.8
        stops = stats.beta.sf(0.4, 1 + x, 1 + most - x) < 0.3
        weight = stats.binom.pmf(x, most, rate)
        if stops_first:
            return np.array([weight[goes & ~stops].sum(), weight[stops].sum()])
        return np.array([weight[goes].sum(), weight[stops & ~goes].sum()])

    @pytest.mark.parametrize("pattern", ["poisson", "even"])
    @pytest.mark.parametrize("slow", [True, False], ids=["another endpoint later", "one endpoint"])
    def test_it_comes_after_what_the_last_patient_called(self, slow, pattern, tmp_path):
        endpoints = SLOW if slow else {"ORR": {"assessed_after": 2.0}}
        changes = {
            "design": {"arms": ["new"], "patients": 20},
            "accrual": {"rate": 4, "pattern": pattern},
            "endpoints": endpoints,
        }
        rates = [{"ORR": 0.3, "DCR": 0.5} if slow else 0.3]
        d = written(tmp_path, rates=rates, rules=[GOES, STOPS], **changes)
        go, stop = self.shares(20, 0.3, stops_first=slow)
        made = exact_characteristics(d.spec)[(20, "t0")]
        assert (made.probability_go, made.probability_stop) == pytest.approx((go, stop), abs=1e-12)
        assert near((d.conduct("t0", 20, 0, 4000).decision > 0).mean(), go, 4000)
        if pattern == "even":
            first = 20 / 4 + 2.0
            months = stop * first + (1 - stop) * (first + 4.0 * slow)
            assert made.expected_months == pytest.approx(months, abs=0.25 + 1e-9)
            assert d.conduct("t0", 20, 0, 4000).months.mean() == pytest.approx(made.expected_months, abs=0.15)

    def test_who_of_those_who_left_was_last_matters(self, tmp_path):
        changes = {
            "design": {"arms": ["new"], "patients": 22},
            "accrual": {"rate": 4, "drop_out": 0.05},
            "endpoints": {"ORR": {"assessed_after": 2.0}},
        }
        d = written(tmp_path, rates=[0.3], rules=[GOES, STOPS], **changes)
        stay, found = math.exp(-0.1), np.zeros(2)
        for k in range(23):
            weight = stats.binom.pmf(k, 22, stay)
            last = k / 22  # the last who entered is one of those who stayed, and both looks are at the end
            if k == 20:
                found += weight * (last * self.shares(k, 0.3, False) + (1 - last) * self.shares(k, 0.3, True))
            elif k < 20:
                found += weight * self.shares(k, 0.3, False)
            else:  # the look at 20 was before the end, where more are known
                found += weight * self.later(k, 0.3)
        made = exact_characteristics(d.spec)[(22, "t0")]
        assert (made.probability_go, made.probability_stop) == pytest.approx(tuple(found), abs=1e-9)
        assert near((d.conduct("t0", 22, 0, 4000).decision > 0).mean(), found[0], 4000)

    @staticmethod
    def later(most, rate):
        x = np.arange(21)
        stops = stats.beta.sf(0.4, 1 + x, 21 - x) < 0.3
        weight = stats.binom.pmf(x, 20, rate)
        go = 0.0
        for more in range(most - 20 + 1):
            goes = stats.beta.sf(0.2, 1 + x + more, 1 + most - x - more) > 0.8
            go += stats.binom.pmf(more, most - 20, rate) * weight[goes & ~stops].sum()
        return np.array([go, weight[stops].sum()])

    def test_where_a_time_to_event_ends_the_trial_it_is_simulated(self):
        content = {
            "id": "vain",
            "design": {"arms": ["new"], "patients": 20},
            "accrual": {"rate": 4},
            "endpoints": {"ORR": {"assessed_after": 2.0}, "PFS": {"visits": 2.0}},
            "truths": [{"name": "t", "ORR": 0.3, "PFS": {"median": 4.0}}],
            "monitoring": [GOES, STOPS],
        }
        d = be.Design.from_dict(content)
        assert "differs from trial to trial" in why_not_exact(d.spec)
        content["monitoring"] = [GOES]
        assert why_not_exact(be.Design.from_dict(content).spec) == ""


def test_what_cannot_be_enumerated_says_why(tmp_path):
    rule = {"name": "r", "kind": "posterior_probability", "value": 0.2, "go_above": 0.9}
    waiting = {"endpoints": {"ORR": {"assessed_after": 2.0}}}
    for looks, changes, said in (
        ([{"patients": 20}], waiting, "differs from trial to trial"),
        ([{"months": 6}], {}, "differs from trial to trial"),
        ([{"patients": 20}], {**waiting, "accrual": {"rate": 2, "drop_out": 0.1}}, "drop out"),
    ):
        d = written(tmp_path, rates=[0.2], rules=[{**rule, "looks": looks}], **changes)
        assert said in why_not_exact(d.spec)
        assert exact_characteristics(d.spec) == {}
