"""One comparison under bias: sensitivity to its size, tipping points, a surface over two biases, in sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.population.bias import Bias, BiasScale, CriticalBias, CriticalBiasOfRates, benefit_shrinks_with
from bayes_escc.evidence.population.confounder import e_value, needed_prevalence
from bayes_escc.names import NO_ANSWER, Direction, Plain, Scale, format_probability
from bayes_escc.probability.beta import Beta
from bayes_escc.settings.arguments import shown
from bayes_escc.settings.questions import no_probability, problems_with_interval

__all__ = ["LEVELS", "MeasuredCovariate", "Tipping", "tipping_of_rates"]

Array = NDArray[np.float64]
LEVELS: Final = (0.5, 0.8, 0.95)
"""Probabilities whose tipping points are reported if no other level is asked for."""
STRENGTHS: Final = (2.0, 3.0)
REFERENCE_PREVALENCE: Final = 0.3
_MOST_BIAS: Final = 700.0
_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "log_odds": ("odds", "odds ratio", "log odds"),
    "log_hazard": ("hazard", "hazard ratio", "log hazard"),
}


@dataclass(frozen=True)
class MeasuredCovariate:
    """How much of a contrast a measured covariate accounts for, as a yardstick for unmeasured ones.

    Parameters
    ----------
    name : str
    effect : float
        Posterior median of its coefficient, per unit of the covariate as modelled.
    difference : float
        Mean on the regimen minus mean on the reference, in the same unit.
    bias : float
        What leaving it out would add to the contrast, effect times difference.
    words : str
        The covariate as people say it.
    """

    name: str
    effect: float
    difference: float
    bias: float
    words: str = ""

    def to_dict(self) -> Plain:
        """As plain data."""
        return {"name": self.name, "effect": self.effect, "difference": self.difference, "bias": self.bias}


@dataclass(frozen=True, repr=False)
class Tipping:
    """A comparison of two regimens as a function of the bias between them.

    Parameters
    ----------
    estimand, regimen, reference : str
    endpoint : str or None
    time : float or None
    scale : {"difference", "ratio", "odds_ratio"}
    better : {"higher", "lower"}
    margin : float or None
    anchoring : str
        How far randomisation protects the comparison.
    bias : Bias
        What is believed of it before its size is known.
    critical : CriticalBias
        For being better at all.
    critical_by_margin : CriticalBias or None
        For being better by the margin.
    contrast : callable or None
        From a bias and a probability to the quantile of the contrast that is left.
    covariates : tuple of MeasuredCovariate
    converged : bool
        Whether the fit behind it passed its diagnostics.
    messages : tuple of str
        What failed, where it did not.
    unit : str
        Of the estimand, in which a margin is told.
    outcome : str
        The time to an event it is of, where that is not progression-free survival: ``"OS"`` and the like.
    """

    estimand: str
    regimen: str
    reference: str
    endpoint: str | None
    time: float | None
    scale: Scale
    better: Direction
    margin: float | None
    anchoring: str
    bias: Bias
    critical: CriticalBias
    critical_by_margin: CriticalBias | None = None
    contrast: Callable[[float, float], float] | None = None
    covariates: tuple[MeasuredCovariate, ...] = ()
    converged: bool = True
    messages: tuple[str, ...] = ()
    unit: str = "proportion"
    outcome: str = ""

    @property
    def bias_scale(self) -> BiasScale:
        """The scale of the bias."""
        return self.bias.scale

    def probability(self, bias: float, *, by_margin: bool = False) -> float:
        """P(better | bias), or P(better by the margin | bias)."""
        return self._critical(by_margin).probability_at(_finite(bias))[0]

    def averaged(self, sd: float | None = None, *, by_margin: bool = False) -> tuple[float, float]:
        """P(better) averaged over the bias, and its error; with another standard deviation if one is given."""
        if sd is not None and not 0.0 <= sd < math.inf:
            raise AnalysisError(f"sd is a finite number of at least 0, not {sd!r}.")
        return self._critical(by_margin).averaged(self.bias if sd is None else self.bias.with_sd(sd))

    def point(self, level: float, *, by_margin: bool = False) -> float | None:
        """The bias at which P(better) is a given probability; None where no bias makes it so."""
        if not 0.0 < level < 1.0:
            raise AnalysisError(f"level must lie between 0 and 1, {no_probability(level)}.")
        return self._critical(by_margin).tipping(level)

    def curve(self, biases: Sequence[float] | Array, *, by_margin: bool = False) -> Array:
        """P(better | bias) over a grid."""
        return self._critical(by_margin).probabilities_at(np.array([_finite(b) for b in biases]))

    def surface(
        self, biases: Sequence[float] | Array, reference_biases: Sequence[float] | Array, *, by_margin: bool = False
    ) -> Array:
        """P(better) given a bias of the regimen (columns) and one of the reference (rows)."""
        critical = self._critical(by_margin)
        columns = np.array([_finite(b) for b in biases])
        return np.array([critical.with_reference_bias(_finite(b)).probabilities_at(columns) for b in reference_biases])

    @property
    def grid(self) -> Array:
        """Biases that tables and figures run over: two standard deviations either way, and at least one unit."""
        reach = max(2.0 * self.bias.sd, 1.0 if self.bias.scale == "log_odds" else 0.7)
        return self.bias.mean + reach * np.linspace(-1.0, 1.0, 9)

    def course(self, biases: Sequence[float] | Array | None = None, ci_prob: float = 0.95) -> list[Plain]:
        """The contrast that is left and its probabilities, for each of several biases.

        Parameters
        ----------
        biases : sequence of float, optional
            The `grid` if not given.
        ci_prob : float
            Of the equal-tailed interval.

        Returns
        -------
        list of dict
            Keys bias, ratio, median, lower, upper, probability_better, probability_better_by_margin.
        """
        tail = 0.5 * (1.0 - ci_prob)
        found = []
        if wrong := problems_with_interval(ci_prob):
            raise AnalysisError(f"ci_prob {wrong[0]}.")
        for b in (_finite(v) for v in (self.grid if biases is None else biases)):
            size = [None if self.contrast is None else self.contrast(b, q) for q in (0.5, tail, 1.0 - tail)]
            found.append(
                {
                    "bias": b,
                    "ratio": math.exp(b),
                    "median": size[0],
                    "lower": size[1],
                    "upper": size[2],
                    "probability_better": self.probability(b),
                    "probability_better_by_margin": (
                        None if self.margin is None else self.probability(b, by_margin=True)
                    ),
                }
            )
        return found

    def _critical(self, by_margin: bool) -> CriticalBias:
        if not by_margin:
            return self.critical
        if self.critical_by_margin is None:
            raise AnalysisError("no margin was stated: give one with margin.")
        return self.critical_by_margin

    @property
    def sds(self) -> tuple[float, ...]:
        """Standard deviations that are always shown: none, half, the one believed, double."""
        return tuple(dict.fromkeys((0.0, 0.5 * self.bias.sd, self.bias.sd, 2.0 * self.bias.sd)))

    def to_dict(self, levels: Sequence[float] = LEVELS) -> Plain:
        """An entry of `bias` in `result.json`."""
        margins = [False] if self.margin is None else [False, True]
        return {
            "estimand": self.estimand,
            "regimen": self.regimen,
            "reference": self.reference,
            "endpoint": self.endpoint,
            "time": self.time,
            "scale": self.scale,
            "better": self.better,
            "margin": self.margin,
            "anchoring": self.anchoring,
            "bias_scale": self.bias.scale,
            "bias_mean": self.bias.mean,
            "bias_sd": self.bias.sd,
            "rationale": self.bias.rationale,
            "averaged": [self._averaged_row(sd) for sd in self.sds],
            "tipping": [self._tipping_row(level, m) for level in levels for m in margins],
            "covariates": [c.to_dict() for c in self.covariates],
            "sentences": self.sentences(levels[0] if len(levels) == 1 else LEVELS[0]),
        }

    def _averaged_row(self, sd: float) -> Plain:
        p, error = self.averaged(sd)
        margin = (None, None) if self.margin is None else self.averaged(sd, by_margin=True)
        return {
            "bias_mean": self.bias.mean,
            "bias_sd": sd,
            "probability_better": p,
            "mcse_probability": error,
            "probability_better_by_margin": margin[0],
            "mcse_probability_by_margin": margin[1],
        }

    def _tipping_row(self, level: float, by_margin: bool) -> Plain:
        bias = self.point(level, by_margin=by_margin)
        return {
            "level": level,
            "margin": self.margin if by_margin else None,
            "bias": bias,
            "ratio": None if bias is None else math.exp(bias),
            "e_value": None if bias is None else e_value(bias, self.bias.scale),
            "confounders": []
            if bias is None
            else [
                {
                    "strength": g,
                    "reference_prevalence": REFERENCE_PREVALENCE,
                    "prevalence": needed_prevalence(bias, g, REFERENCE_PREVALENCE),
                }
                for g in STRENGTHS
            ],
        }

    def sentences(self, level: float = 0.5) -> list[str]:
        """What a tumour board can use: without bias, with it, and what it would take to tip the answer."""
        if not self.converged:
            return [NO_ANSWER]
        plain, error = self.critical.probability_at(0.0)
        with_bias, with_error = self.averaged()
        _, ratio, log_scale = _WORDS[self.bias.scale]
        found = [
            f"P({self.regimen} better than {self.reference}) is {format_probability(with_bias, with_error)} allowing "
            f"for a bias of mean {self.bias.mean:g} and sd {self.bias.sd:g} on the {log_scale}, and "
            f"{format_probability(plain, error)} without."
        ]
        bias = self.point(level)
        if bias is None:
            return [*found, f"No bias on the {log_scale} brings this probability to {level:g}."]
        verb = "falls to" if plain > level else "rises to"
        whose = f"the patients on {self.regimen}" if self._flattering(bias) else f"the patients on {self.reference}"
        size = math.exp(abs(bias) if self.bias.scale == "log_odds" else -abs(bias))
        found.append(
            f"It {verb} {level:g} if {whose} had the better prognosis by {_an(ratio)} of {size:.2f} for reasons "
            f"not measured. One factor alone would have to go with both regimen and outcome by a risk ratio of "
            f"{e_value(bias, self.bias.scale):.2f} (its E-value)."
        )
        return [*found, self._confounder(bias), *self._yardstick(bias)]

    def _flattering(self, bias: float) -> bool:
        """Whether a bias makes the regimen look better than it is."""
        return bias > 0.0 if self.critical.better_below else bias < 0.0

    def _confounder(self, bias: float) -> str:
        what = _WORDS[self.bias.scale][0]
        parts = []
        for strength in STRENGTHS:
            p = needed_prevalence(bias, strength, REFERENCE_PREVALENCE)
            verb = "doubles" if strength == 2.0 else "triples"
            need = "could not do it at any prevalence" if p is None else f"would have to be in {100 * p:.0f} %"
            parts.append(f"one that {verb} the {what} {need}")
        return (
            f"If {100 * REFERENCE_PREVALENCE:.0f} % of the patients on {self.reference} have an unmeasured factor: "
            f"among those on {self.regimen}, {'; '.join(parts)}."
        )

    def _yardstick(self, bias: float) -> list[str]:
        found = []
        for c in sorted(self.covariates, key=lambda c: -abs(c.bias)):
            if c.bias == 0.0:
                continue
            times, scale = abs(bias / c.bias), _WORDS[self.bias.scale][2]
            found.append(
                f"Measured for comparison: {c.words or c.name} accounts for {c.bias:+z.2f} on the {scale}; the tipping "
                f"bias {bias:+z.2f} is {times:.1f} times as much."
            )
        return found

    def __repr__(self) -> str:
        return "\n".join(self.sentences())


def tipping_of_rates(
    regimen_law: Beta,
    reference_law: Beta,
    *,
    regimen: str,
    reference: str,
    endpoint: str | None,
    scale: Scale,
    better: Direction,
    margin: float | None,
    anchoring: str,
    bias: Bias,
) -> Tipping:
    """The bias analysis of two independent rates with Beta laws, exact."""
    below = benefit_shrinks_with(better)
    null = 0.0 if scale == "difference" else 1.0
    critical = CriticalBiasOfRates(regimen_law, reference_law, null, scale, below)
    by_margin = None
    if margin is not None:
        passed = -margin if scale == "difference" and better == "lower" else margin
        by_margin = replace(critical, threshold=passed)
    return Tipping(
        "rate",
        regimen,
        reference,
        endpoint,
        None,
        scale,
        better,
        margin,
        anchoring,
        bias,
        critical,
        by_margin,
        critical.contrast_at,
    )


def _finite(bias: Any) -> float:
    """A bias, or an `AnalysisError`: on a log scale, whatever is beyond 700 is no ratio that a computer has."""
    number = isinstance(bias, Real) and not isinstance(bias, bool)
    if not number or not -_MOST_BIAS <= bias <= _MOST_BIAS:
        raise AnalysisError(
            f"a bias is a number from -{_MOST_BIAS:g} to {_MOST_BIAS:g}, not {shown(float(bias) if number else bias)}."
        )
    return float(bias)


def _an(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
