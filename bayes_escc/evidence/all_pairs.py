"""A multi-arm trial given as every pair of its arms: as many contrasts as it has, and the variances of its arms.

Of the contrasts between k arms only k - 1 say something new. The others give what those cannot: the variance of an arm,
``v_c = (v_ac + v_bc - v_ab) / 2`` for three of them and the least squares of ``v_i + v_j = se_ij^2`` for more; and a
check, for effects add up around every loop. What rounding leaves of a loop is shared out by least squares, too, so that
it does not matter which arm the contrasts are taken against.

References
----------
Rücker G. Network meta-analysis, electrical networks and graph theory. Res Synth Methods 2012;3:312-324.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from bayes_escc.evidence.effect_arms import ARM_MEASURES, CONTROL_SE
from bayes_escc.evidence.effect_measures import RATIOS
from bayes_escc.evidence.problems import Problem
from bayes_escc.names import Plain, PlainMapping

__all__ = ["reduce_all_pairs"]

_LOOP_TOLERANCE: Final = 0.1
"""Share of the smallest standard error by which a loop of effects may fail to close, beside rounding."""
_ROUNDING: Final = 0.03
"""What three ratios of two decimals may add up to, on the log scale."""
_ERROR_TOLERANCE: Final = 0.15
"""Share by which a standard error may differ from the one its two arms imply; those of a regression do a little."""

Rows = list[tuple[int, Plain]]


def reduce_all_pairs(records: Rows, problems: list[Problem], warnings: list[Problem]) -> Rows:
    """The rows with every complete set of pairs of a study as its contrasts against one arm; others as they are.

    Parameters
    ----------
    records : list of (int, dict)
        Row number and checked content.
    problems, warnings : list of Problem
        Appended to.
    """
    groups: dict[tuple[str, ...], Rows] = {}
    for number, record in records:
        if record["measure"] not in ARM_MEASURES:
            key = (record["study"], record["endpoint"], record["population"], record["measure"])
            groups.setdefault(key, []).append((number, record))
    gone: set[int] = set()
    changed: dict[int, Plain] = {}
    for (study, endpoint, _, _), rows in groups.items():
        pairs = [frozenset((r["experimental"], r["control"])) for _, r in rows]
        arms = list(dict.fromkeys(a for _, r in rows for a in (r["control"], r["experimental"])))
        if len(arms) < 3 or len(set(pairs)) < len(pairs) or len(pairs) != math.comb(len(arms), 2):
            continue
        found = _solve(arms, dict(zip(pairs, rows, strict=True)), study, endpoint, problems)
        if found is None:
            continue
        base, effect, variance = found
        keep = [(n, _against(r, base)) for n, r in rows if base in (r["experimental"], r["control"])]
        gone |= {n for n, _ in rows} - {n for n, _ in keep}
        for n, r in keep:
            arm = r["experimental"]
            own = {"y": effect[arm] - effect[base], "se": math.sqrt(variance[arm] + variance[base])}
            changed[n] = {**r, **own, CONTROL_SE: repr(math.sqrt(variance[base]))}
        warnings.append(
            Problem(
                "all_pairs",
                f"{study} gives all {len(pairs)} pairs of its {len(arms)} arms for {endpoint}; its "
                f"{len(keep)} contrasts against {base} are used, the others for the variance of that arm "
                f"(standard error {math.sqrt(variance[base]):.3g})",
                "Nothing is counted twice.",
                row=rows[0][0],
                column="study",
                value=study,
            )
        )
    return [(n, changed.get(n, r)) for n, r in records if n not in gone]


def _solve(
    arms: Sequence[str],
    pairs: Mapping[frozenset[str], tuple[int, Plain]],
    study: str,
    endpoint: str,
    problems: list[Problem],
) -> tuple[str, dict[str, float], dict[str, float]] | None:
    """The arm to take contrasts against, and all effects and variances; None if the pairs contradict each other."""
    first = min(number for number, _ in pairs.values())

    def refuse(message: str, remedy: str) -> None:
        problems.append(Problem("pairs_contradict", message, remedy, row=first, column="study", value=study))

    k = len(arms)
    squared = {pair: float(r["se"]) ** 2 for pair, (_, r) in pairs.items()}
    total = sum(squared.values())
    sums = {a: sum(v for pair, v in squared.items() if a in pair) for a in arms}
    variance = {a: (sums[a] - total / (k - 1)) / (k - 2) for a in arms}
    impossible = [a for a in arms if not variance[a] > 0]
    if impossible:
        refuse(
            f"the standard errors of the pairs of {study}, {endpoint}, cannot come from {k} arms: the variance of "
            f"{impossible[0]} would be {variance[impossible[0]]:.3g}",
            "Check them; give the contrasts against one arm alone if they come from different models.",
        )
        return None
    for pair, value in squared.items():
        a, b = sorted(pair, key=arms.index)
        implied = math.sqrt(variance[a] + variance[b])
        if abs(implied / math.sqrt(value) - 1.0) > _ERROR_TOLERANCE:
            refuse(
                f"the other pairs of {study}, {endpoint}, imply a standard error of {implied:.3g} for {a} against {b}, "
                f"not {math.sqrt(value):.3g}",
                "Check the standard errors and intervals of its rows.",
            )
            return None
    effect = {(r["experimental"], r["control"]): float(r["y"]) for _, r in pairs.values()}
    effect |= {(b, a): -y for (a, b), y in effect.items()}
    slack = _LOOP_TOLERANCE * math.sqrt(min(squared.values())) + _ROUNDING
    for a, b, c in combinations(arms, 3):
        gap = effect[a, b] + effect[b, c] - effect[a, c]
        if abs(gap) > slack:
            refuse(
                f"the effects of {study}, {endpoint}, do not add up: {a} against {b} and {b} against {c} give "
                f"{effect[a, b] + effect[b, c]:.3g} for {a} against {c} (on the log scale for ratios), not "
                f"{effect[a, c]:.3g}",
                "Check which way round each contrast is.",
            )
            return None
    controls = Counter(r["control"] for _, r in pairs.values())
    base = max(sorted(arms), key=lambda a: controls[a])
    return base, {a: sum(effect[a, b] for b in arms if b != a) / k for a in arms}, variance


def _against(record: PlainMapping, base: str) -> Plain:
    """A contrast with `base` as its control, turned round if it is the other way."""
    if record["control"] == base:
        return dict(record)
    ratio = record["measure"] in RATIOS

    def turned(value: float) -> float:
        return 1.0 / value if ratio else -value

    swapped = {"n_experimental": record.get("n_control", ""), "n_control": record.get("n_experimental", "")}
    return {
        **record,
        "experimental": record["control"],
        "control": base,
        "estimate": turned(record["estimate"]),
        "ci_low": turned(record["ci_high"]),
        "ci_high": turned(record["ci_low"]),
        "y": -record["y"],
        **{k: v for k, v in swapped.items() if k in record},
    }
