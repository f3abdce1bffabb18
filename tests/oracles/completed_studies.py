"""Predictive probability of success of exponential survival with Gamma posteriors, in two other ways."""

from __future__ import annotations

import numpy as np
from scipy import integrate, special, stats


def everyone_followed(arms, value, success):
    """P(success) once every patient has progressed, by quadrature.

    `arms` holds for the regimen and the reference: shape and rate of the Gamma posterior of the hazard,
    patients, patients without event, and total time at risk so far. The time still to be spent by m patients
    is the rate times a beta-prime(m, shape) variable. Success is P(hazard ratio < value) > success when the
    final hazards are Gamma(patients, total time).
    """
    (a1, b1, n1, m1, t1), (a0, b0, n0, m0, t0) = arms
    q = special.betaincinv(n1, n0, success)
    ratio = q / (1 - q) / value  # success if the total time of the regimen exceeds this many times the reference's
    more1, more0 = stats.betaprime(m1, a1, scale=b1), stats.betaprime(m0, a0, scale=b0)
    return integrate.quad(
        lambda p: more1.sf(ratio * (t0 + more0.ppf(p)) - t1), 0, 1, epsabs=1e-9, epsrel=1e-9, limit=400
    )[0]


def simulated(
    rng, size, gammas, patients, *, events=None, follow_up=None, planned=None, accrual=None, judge, drop_out=None
):
    """Share of `size` studies, completed patient by patient, that `judge` calls a success.

    `patients` holds (arm, time, event); arm 1 is the regimen, 0 the reference; `gammas[arm]` its posterior.
    """
    wins = 0
    for _ in range(size):
        hazard = [rng.gamma(a, 1 / b) for a, b in gammas]
        calendar = []  # arm, arrival, progression or leaving, both counted from now, and whether it is progression

        def followed(arm, hazard=hazard):
            more = rng.exponential(1 / hazard[arm])
            leaves = rng.exponential(1 / drop_out) if drop_out else np.inf
            return min(more, leaves), more <= leaves

        for arm, time, event in patients:
            calendar.append((arm, -time, *((0.0, True) if event else followed(arm))))
        if planned is not None:
            coming = [arm for arm in (0, 1) for _ in range(planned[arm] - sum(p[0] == arm for p in patients))]
            rng.shuffle(coming)
            clock = 0.0
            for arm in coming:
                clock += rng.exponential(1 / accrual)
                more, event = followed(arm)
                calendar.append((arm, clock, clock + more, event))
        if events is not None:
            happened = sorted(end for _, _, end, event in calendar if event)
            close = max(happened[events - 1], 0.0) if len(happened) >= events else max(c[2] for c in calendar)
        else:
            last = max(start for _, start, _, _ in calendar)
            still = [-start for (_, start, _, _), (_, _, event) in zip(calendar, patients, strict=False) if not event]
            close = last + follow_up if last > 0 else max(follow_up - min(still), 0.0)
        final = [
            (arm, min(end, close) - start, event and end <= close)
            for arm, start, end, event in calendar
            if start < close
        ]
        wins += judge(final)
    return wins / size


def exponential_judge(value, success):
    """Success if P(hazard ratio < value) > success under Gamma(events, time) hazards."""

    def judge(final):
        d = [sum(e for arm, _, e in final if arm == k) for k in (0, 1)]
        t = [sum(time for arm, time, _ in final if arm == k) for k in (0, 1)]
        return special.betainc(d[1], d[0], value * t[1] / (t[0] + value * t[1])) > success

    return judge


def log_rank(final):
    """Observed minus expected events on the regimen, and its variance, from the risk sets one by one."""
    excess = variance = 0.0
    for arm, time, event in final:
        if event:
            at_risk = [other for other, t, _ in final if t >= time]
            share = sum(at_risk) / len(at_risk)
            excess += arm - share
            variance += share * (1 - share)
    return excess / variance, variance**-0.5


def log_rank_judge(value, success):
    """Success by the log-rank statistic, normal with a flat prior."""

    def judge(final):
        estimate, error = log_rank(final)
        return stats.norm.cdf((np.log(value) - estimate) / error) > success

    return judge
