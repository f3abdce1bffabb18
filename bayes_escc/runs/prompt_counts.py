"""Counts typed at a prompt, compared in closed form at once. Needs numpy alone."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bayes_escc.answers.bias import bias_fields
from bayes_escc.answers.estimand import BetaRates
from bayes_escc.answers.ranking import rank_estimand
from bayes_escc.answers.rows import Question, comparison_row, estimate_row
from bayes_escc.errors import UNPRINTABLE, AnalysisError, DataError
from bayes_escc.evidence.grim import recover_count
from bayes_escc.evidence.numbers import number_in, number_text
from bayes_escc.evidence.population.bias import MOST_MEAN, MOST_SD, Bias, default_bias
from bayes_escc.evidence.population.tipping import LEVELS, tipping_of_rates
from bayes_escc.inference.diagnostics import Diagnostics
from bayes_escc.names import Direction, Plain, Scale, normalise
from bayes_escc.probability.beta import LARGEST_SHAPE, SMALLEST_SHAPE, Beta
from bayes_escc.report.result import Asked, build_result
from bayes_escc.runs.prompt_notes import UNSTATED, unexplained_prompt_priors, unusual_prompt_direction
from bayes_escc.settings.questions import no_probability, problems_with_contrast, problems_with_interval, sentence
from bayes_escc.settings.reader import check_margin, shortened

__all__ = ["compare_counts", "read_typed_arms"]

ENDPOINT = "response"
_ARM: Final = re.compile(
    r"(.+?) ?= ?(-?[0-9]{1,16}) ?/ ?(-?[0-9]{1,16})(?: ?[(\[] ?([0-9]{1,3}(?:\.[0-9]{0,8})?) ?%? ?[)\]])?"
)
"""An arm as it is typed, maybe with the percentage that is printed beside the count."""
_MOST_PATIENTS: Final = 10**12
_MOST_ARMS: Final = 50
"""Ranks and biases of more take long; they are a table's, which `run` reads."""


def compare_counts(
    arms: Sequence[str],
    *,
    prior: str = "1,1",
    contrast_prior: str | None = None,
    against_reference: bool = False,
    scale: Scale = "difference",
    better: Direction = "higher",
    margin: float | None = None,
    rope: Sequence[float] | None = None,
    ci_prob: float = 0.95,
    bias_sd: float | None = None,
    bias_mean: float = 0.0,
    levels: Sequence[float] = LEVELS,
    rationale: str = "",
) -> Plain:
    """Compare response counts: in closed form under independent Beta priors, by quadrature under others.

    Parameters
    ----------
    arms : sequence of str
        ``NAME=EVENTS/N``, two or more; the first is the reference.
    prior : str
        ``"alpha,beta"``, ``"uniform"`` or ``"jeffreys"``; or ``"log_odds=Normal(-1, 0.5)"``, or ``log_risk``.
    contrast_prior : str, optional
        ``"log_odds_ratio=Normal(0, 1)"``, ``log_risk_ratio`` or ``risk_difference``: of any two rates; `prior` is then
        that of the average rate.
    against_reference : bool
        `contrast_prior` is of the others against the first arm, and `prior` of its rate.
    scale, better, margin, ci_prob
        As for `Posterior.compare`.
    rope : (float, float), optional
        Lower and upper limit.
    bias_sd, bias_mean : float, optional
        Of the bias on the log odds, for arms that were not randomised against each other. By default the sd that
        unanchored contrasts have; 0 for arms of one randomised trial.
    levels : sequence of float
        Probabilities whose tipping points are wanted.
    rationale : str
        Where a prior that is stated comes from.

    Returns
    -------
    dict
        A result with the schema of `result.json`.

    Raises
    ------
    AnalysisError, DataError
    """
    started = time.perf_counter()
    counts = read_typed_arms(arms)
    if against_reference and contrast_prior is None:
        raise AnalysisError("--against-reference says whom --contrast-prior compares with; give that too.")
    on_scale = "=" in prior.partition("(")[0]
    alpha, beta = (1.0, 1.0) if on_scale else _read_prior(prior)
    limits = None if rope is None else (float(rope[0]), float(rope[1]))
    problems = [f"--{k} {m}" for k, m in problems_with_contrast(scale, "proportion", margin, limits)]
    problems += [f"--{k} {m}" for k, m in check_margin(scale, better, margin, limits) if not problems]
    if not problems and limits is not None and not limits[0] < limits[1]:
        problems.append(f"--rope needs the lower limit first, not {limits[0]:g} {limits[1]:g}")
    problems += [f"--ci-prob {wrong}" for wrong in problems_with_interval(ci_prob)]
    bias = replace(default_bias("log_odds"), mean=bias_mean)
    if bias_sd is not None:
        bias = Bias("log_odds", bias_mean, bias_sd, "Stated at the prompt.")
    problems += [f"--level must lie between 0 and 1, {no_probability(v)}" for v in levels if not 0.0 < v < 1.0]
    if not 0.0 <= bias.sd <= MOST_SD:
        problems.append(f"--bias-sd must be a number of at least 0 and at most {MOST_SD:g}, not {bias.sd:g}")
    if not -MOST_MEAN <= bias.mean <= MOST_MEAN:
        problems.append(f"--bias-mean must be a finite number from {-MOST_MEAN:g} to {MOST_MEAN:g}, not {bias.mean:g}")
    if problems:
        raise AnalysisError(sentence(*problems))
    if contrast_prior is not None or on_scale:
        if tuple(levels) != tuple(LEVELS):
            raise AnalysisError(
                "--level goes with Beta priors; with others the usual levels are printed: leave it out."
            )
        from bayes_escc.runs.prompt_contrasts import compare_tied

        return compare_tied(
            counts,
            prior if on_scale else (alpha, beta),
            contrast_prior,
            {"scale": scale, "better": better, "margin": margin, "rope": limits},
            against_reference=against_reference,
            ci_prob=ci_prob,
            bias=bias,
            rationale=rationale,
        )
    question = Question(scale, margin, limits, ci_prob)
    typed = "" if (alpha, beta) == (1.0, 1.0) else prior
    return _under_betas(counts, (alpha, beta), question, better, bias, levels, typed, rationale, started)


def _under_betas(
    counts: Sequence[tuple[str, int, int]],
    shapes: tuple[float, float],
    question: Question,
    better: Direction,
    bias: Bias,
    levels: Sequence[float],
    typed: str,
    rationale: str,
    started: float,
) -> Plain:
    """The answer in closed form; `typed` is the prior as it was typed, blank for the default."""
    alpha, beta = shapes
    scale, margin, ci_prob = question.scale, question.margin, question.ci_prob
    rates = BetaRates({name: Beta(alpha + k, beta + n - k) for name, k, n in counts}, ENDPOINT)
    cells = rates.cells()
    names = [name for name, _, _ in counts]
    content = ";".join(f"{name}={k}/{n}" for name, k, n in counts)
    title = " against ".join([", ".join(names[1:]), names[0]])
    data = {
        "rows": len(counts),
        "patients": sum(n for _, _, n in counts),
        "events": sum(k for _, k, _ in counts),
        "warnings": [
            {"code": n.code, "row": None, "column": None, "message": f"{n.message}. {n.remedy}"}
            for n in (
                *unexplained_prompt_priors({"the rates": typed}, rationale),
                *unusual_prompt_direction(better),
            )
        ],
    }
    estimates = [
        estimate_row(rates.name, labels, rates.marginal(labels), unit=rates.units, ci_prob=ci_prob) for labels in cells
    ]
    comparisons, biases = [], []
    for labels in cells[1:]:
        contrast = rates.contrast(labels, names[0], scale)
        tipping = tipping_of_rates(
            contrast.x,
            contrast.y,
            regimen=labels["regimen"],
            reference=names[0],
            endpoint=ENDPOINT,
            scale=scale,
            better=better,
            margin=margin,
            anchoring=UNSTATED,
            bias=bias,
        )
        row = comparison_row(rates.name, labels, names[0], contrast, question, better, UNSTATED)
        comparisons.append(replace(row, **bias_fields(tipping)))
        wanted = tuple(levels) != tuple(LEVELS)  # whatever the bias
        biases += [tipping.to_dict(levels)] if wanted or bias.sd > 0.0 or bias.mean != 0.0 else []
    ranking = rank_estimand(rates, better=better, ci_prob=ci_prob)
    asked = Asked(
        "compare",
        f"Response, {title}",
        "response",
        _sha256(f"{content}|{alpha},{beta}|{scale}|{better}|{margin}|{question.rope}|{ci_prob}|{bias.mean},{bias.sd}"),
        _sha256(content),
        "exact",
        [f"rate ~ Beta({alpha:g}, {beta:g}) in every arm" + (f". {rationale.strip()}" if rationale.strip() else "")],
        {"total": time.perf_counter() - started},
    )
    return build_result(
        asked,
        data,
        Diagnostics.of_exact(log_evidence=_log_evidence(counts, Beta(alpha, beta)), evidence_error=1e-12),
        estimates=estimates,
        comparisons=comparisons,
        ranking=ranking,
        further={"bias": biases},
    )


def _log_evidence(counts: Sequence[tuple[str, int, int]], prior: Beta) -> float:
    """Log probability of all counts before the data."""
    orders = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for _, k, n in counts]
    return sum(orders) + sum(prior.updated(k, n)[1] for _, k, n in counts)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_typed_arms(arms: Sequence[str]) -> list[tuple[str, int, int]]:
    """Name, events and patients of arms typed as ``NAME=EVENTS/N``, maybe with their percentage, ``A=10/29 (34.5%)``.

    Raises
    ------
    AnalysisError, DataError
        With everything that is wrong: what is no arm, and numbers that cannot be.
    """
    found, usage, data = [], [], []
    for text in arms:
        if UNPRINTABLE.search(text):
            usage.append(f"{shortened(text)} holds a character that cannot be seen or printed; type it again")
            continue
        match = _ARM.fullmatch(number_text(text))
        if match is None:
            usage.append(f"{shortened(text)} is not NAME=EVENTS/N with whole numbers, for example A=10/29")
            continue
        name, k, n = normalise(match[1]), int(match[2]), int(match[3])
        if n <= 0:
            data.append(f"{text!r}: the number of patients must be at least 1")
        elif n > _MOST_PATIENTS:
            data.append(f"{text!r}: the number of patients must be at most a million million")
        elif not 0 <= k <= n:
            data.append(f"{text!r}: events must lie between 0 and {n}; if {k} is a percentage, give the count")
        elif match[4] and not _agrees(k, n, match[4]):
            data.append(f"{text!r}: {k} of {n} is {100 * k / n:.2f} %, not {match[4]} %; correct either")
        found.append((name, k, n))
    names = [name for name, _, _ in found]
    usage += [f"the name {name!r} is used twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if len(arms) < 2:
        usage.append("give at least two arms, for example A=10/29 B=12/35")
    if len(arms) > _MOST_ARMS:
        usage.append(f"at most {_MOST_ARMS} arms can be typed; put {len(arms)} into a table, which run reads")
    if usage:
        raise AnalysisError("; ".join(usage) + ".")
    if data:
        raise DataError("; ".join(data) + ".")
    return found


def _agrees(events: int, n: int, percent: str) -> bool:
    """Whether a count is the one that its percentage, rounded or cut off, was printed of."""
    printed = recover_count(percent, n)
    return events in printed.rounded or events in printed.truncated


def _read_prior(text: str) -> tuple[float, float]:
    named = {"uniform": (1.0, 1.0), "jeffreys": (0.5, 0.5)}
    text = text.strip()
    if text.casefold() in named:
        return named[text.casefold()]
    shapes = [number_in(v) for v in normalise(text).split(",")]
    if len(shapes) != 2 or shapes[0] is None or shapes[1] is None:
        raise AnalysisError(f"--prior takes alpha,beta (or uniform, jeffreys), not {shortened(text)}.")
    alpha, beta = shapes[0], shapes[1]
    if not (0 < alpha < math.inf and 0 < beta < math.inf):
        raise AnalysisError(f"--prior: alpha and beta must be greater than 0, not {text!r}.")
    if not SMALLEST_SHAPE < min(alpha, beta) <= max(alpha, beta) < LARGEST_SHAPE:
        raise AnalysisError(
            f"--prior: alpha and beta must lie between {SMALLEST_SHAPE:g} and {LARGEST_SHAPE:g}, not {text!r}: beyond, "
            "a rate is a constant to all digits."
        )
    return alpha, beta
