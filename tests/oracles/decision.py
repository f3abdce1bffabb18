"""Decision rules the slow way: every path of counts by nested sums, tails by SciPy."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from scipy import integrate, stats


@cache
def posterior_tail(a, b, k, n, limit):
    """P(rate > limit) after k of n."""
    return stats.beta.sf(limit, a + k, b + n - k)


@cache
def contrast(a, b, c, d, margin=0.0):
    """P(X > Y + margin) of X ~ Beta(a, b), Y ~ Beta(c, d), by adaptive quadrature."""
    value, _ = integrate.quad(
        lambda y: stats.beta.pdf(y, c, d) * stats.beta.sf(y + margin, a, b), 0, 1, epsabs=1e-12, epsrel=1e-12, limit=400
    )
    return value


def predictive(a, b, k, n, total, wins):
    """P(success at `total`), where `wins(t)` says whether t responses are a success."""
    rest = np.arange(total - n + 1)
    law = stats.betabinom.pmf(rest, total - n, a + k, b + n - k)
    return float(sum(p for p, y in zip(law, rest, strict=True) if wins(k + y)))


def one_arm(looks, verdict, rate):
    """P(go) and P(stop) at each look; `verdict(k, n)` is 1, -1 or 0."""
    alive = {0: 1.0}
    go, stop = [], []
    for before, now in pairwise([0, *looks]):
        after = {}
        for k, p in alive.items():
            for more in range(now - before + 1):
                after[k + more] = after.get(k + more, 0.0) + p * stats.binom.pmf(more, now - before, rate)
        go.append(sum(p for k, p in after.items() if verdict(k, now) == 1))
        stop.append(sum(p for k, p in after.items() if verdict(k, now) == -1))
        alive = {k: p for k, p in after.items() if verdict(k, now) == 0}
    return go, stop


def two_counts(looks, verdict, cells):
    """The same for patients who fall into four cells: both, first only, second only, neither."""
    alive = {(0, 0): 1.0}
    go, stop = [], []
    for before, now in pairwise([0, *looks]):
        more = now - before
        ways = [
            ((x + y, x + z), stats.multinomial.pmf([x, y, z, more - x - y - z], more, cells))
            for x in range(more + 1)
            for y in range(more + 1 - x)
            for z in range(more + 1 - x - y)
        ]
        after = {}
        for (i, j), p in alive.items():
            for (di, dj), q in ways:
                after[i + di, j + dj] = after.get((i + di, j + dj), 0.0) + p * q
        go.append(sum(p for k, p in after.items() if verdict(*k, now) == 1))
        stop.append(sum(p for k, p in after.items() if verdict(*k, now) == -1))
        alive = {k: p for k, p in after.items() if verdict(*k, now) == 0}
    return go, stop


def two_arms(looks, verdict, rate, reference):
    """The same for two arms of equal size; `verdict(k, m, n)`."""
    alive = {(0, 0): 1.0}
    go, stop = [], []
    for before, now in pairwise([0, *looks]):
        more = now - before
        p, q = (stats.binom.pmf(np.arange(more + 1), more, r) for r in (rate, reference))
        after = {}
        for (i, j), mass in alive.items():
            for di in range(more + 1):
                for dj in range(more + 1):
                    after[i + di, j + dj] = after.get((i + di, j + dj), 0.0) + mass * p[di] * q[dj]
        go.append(sum(m for k, m in after.items() if verdict(*k, now) == 1))
        stop.append(sum(m for k, m in after.items() if verdict(*k, now) == -1))
        alive = {k: m for k, m in after.items() if verdict(*k, now) == 0}
    return go, stop
