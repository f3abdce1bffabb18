"""Independent answers for simulated trials: a grid posterior of two Weibull arms, and paths of a single-arm trial."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.stats import beta, binom


def weibull_grid(time, seen, arm, *, level=(1.791759469228055, 2.5), shape=(0.0, 0.3), ratio=(0.0, 0.7)):
    """Posterior on a grid of log hazard ratio, log shape and log median; regimens at plus and minus half the log ratio.

    Returns the three axes and the posterior, of shape (ratio, shape, median).
    """
    g = np.linspace(-3.5, 3.5, 121)
    s = np.linspace(-1.4, 1.4, 81)
    u = np.linspace(0.0, 4.0, 161)
    d, lt = np.asarray(seen, float), np.log(time)
    posterior = np.empty((len(g), len(s), len(u)))
    for j, log_shape in enumerate(s):
        k = math.exp(log_shape)
        hazard = [np.exp(k * (lt[arm == a][:, None] - u[None, :])).sum(0) * math.log(2.0) for a in (0, 1)]
        logs = sum(
            d[arm == a].sum() * (math.log(math.log(2.0)) + log_shape - k * u) + k * (d[arm == a] * lt[arm == a]).sum()
            for a in (0, 1)
        )
        events = [d[arm == a].sum() for a in (0, 1)]
        for i, ratio_ in enumerate(g):
            half = 0.5 * ratio_
            value = logs + half * (events[1] - events[0]) - math.exp(-half) * hazard[0] - math.exp(half) * hazard[1]
            value = value - 0.5 * ((u - level[0]) / level[1]) ** 2 - 0.5 * ((log_shape - shape[0]) / shape[1]) ** 2
            posterior[i, j] = value - 0.5 * ((ratio_ - ratio[0]) / ratio[1]) ** 2
    return g, s, u, np.exp(posterior - posterior.max())


def weibull_tail(time, seen, arm, **priors):
    """P(log hazard ratio < 0)."""
    g, _, _, posterior = weibull_grid(time, seen, arm, **priors)
    mass = posterior.sum(axis=(1, 2))
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (mass[1:] + mass[:-1]))])
    return float(np.interp(0.0, g, cumulative / cumulative[-1]))


def weibull_beyond(grid, quantity, cut):
    """P(quantity > cut) of a function of log hazard ratio, log shape and log median that falls with the first.

    Along the log hazard ratio the border is found by interpolation, so that the grid's steps leave no trace.
    """
    g, s, u, posterior = grid
    inside = total = 0.0
    for j, log_shape in enumerate(s):
        for k, log_median in enumerate(u):
            line = posterior[:, j, k]
            if line.max() < 1e-9:
                continue
            cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (line[1:] + line[:-1]))])
            border = np.interp(-cut, -quantity(g, log_shape, log_median), g)
            inside += np.interp(border, g, cumulative)
            total += cumulative[-1]
    return float(inside / total)


def single_arm(looks, rate, null, go, stop, prior=(1.0, 1.0)):
    """P(go) and P(stop) of a rule on P(rate > null), by following every number of responders."""
    alive, before = {0: 1.0}, 0
    goes = stops = 0.0
    for n in looks:
        new: dict[int, float] = {}
        for x, p in alive.items():
            for more in range(n - before + 1):
                new[x + more] = new.get(x + more, 0.0) + p * float(binom.pmf(more, n - before, rate))
        alive = {}
        for x, p in new.items():
            tail = beta.sf(null, prior[0] + x, prior[1] + n - x)
            if tail > go:
                goes += p
            elif tail < stop:
                stops += p
            else:
                alive[x] = p
        before = n
    return goes, stops


def followed(looks, cells, rules):
    """What several rules on one arm do, by following every path of counts one patient at a time.

    Parameters
    ----------
    looks : sequence of int
        Evaluable patients at each look.
    cells : mapping of tuple of int to float
        What a patient adds to the counts, and how often.
    rules : sequence of (callable, bool)
        The act of a rule, 1, 0 or -1, at (look, counts), and whether it ends the trial; in the order they act.

    Returns
    -------
    dict
        ``go`` and ``stop``; ``ends``, P(the trial ends at a look), the last with those no rule ends; ``first``, by rule
        the shares whose first act was to go and to stop.
    """
    silent = (0,) * len(rules)
    alive = {((0,) * len(next(iter(cells))), silent): 1.0}
    found = {"go": 0.0, "stop": 0.0, "ends": [0.0] * len(looks), "first": [[0.0, 0.0] for _ in rules]}

    def finish(law):
        for (_, acted), p in law.items():
            for r, act in enumerate(acted):
                if act:
                    found["first"][r][act < 0] += p

    before = 0
    for place, n in enumerate(looks):
        for _ in range(n - before):
            more: dict = {}
            for (counts, acted), p in alive.items():
                for add, chance in cells.items():
                    key = (tuple(a + b for a, b in zip(counts, add, strict=True)), acted)
                    more[key] = more.get(key, 0.0) + p * chance
            alive = more
        before, left = n, {}
        for (counts, acted), p in alive.items():
            now, over = list(acted), False
            for r, (act_of, binding) in enumerate(rules):
                act = act_of(place, counts)
                if not act:
                    continue
                now[r] = now[r] or act
                if binding:
                    found["go" if act > 0 else "stop"] += p
                    found["ends"][place] += p
                    finish({(counts, tuple(now)): p})
                    over = True
                    break
            if not over:
                key = (counts, tuple(now))
                left[key] = left.get(key, 0.0) + p
        alive = left
    found["ends"][-1] += sum(alive.values())
    finish(alive)
    return found


@cache
def exceeds(first, second, margin):
    """P(p1 > p2 + margin) of two independent Beta laws, by the trapezoidal rule."""
    p = np.linspace(0.0, 1.0, 8001)[1:-1]
    return float(np.trapezoid(beta.pdf(p, *second) * beta.sf(p + margin, *first), p))
