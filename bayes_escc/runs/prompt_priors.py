"""Priors as they are typed at a prompt."""

from __future__ import annotations

import re

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.numbers import number_in
from bayes_escc.names import Plain, normalise
from bayes_escc.settings.distributions import DISTRIBUTIONS
from bayes_escc.settings.prior import Prior
from bayes_escc.settings.published_priors import PUBLISHED
from bayes_escc.settings.reader import shortened

__all__ = ["typed_prior"]


def typed_prior(text: str, option: str, *, positive: bool = False) -> Prior:
    """A prior written as HalfNormal(0.25), with named parameters, LogNormal(mu=-2, sigma=0.7), or published.

    ``InverseGamma(2, 0.1, variance)`` is the prior of the square.

    Published ones give the outcome and the comparison, apart by a semicolon, as their names hold commas.

    Parameters
    ----------
    text : str
    option : str
        Where it was typed, for messages.
    positive : bool
        Whether it is of a number that is positive, as a standard deviation is.

    Raises
    ------
    AnalysisError
    """
    match = re.fullmatch(r"(\w+)\s*\(([^()]*)\)", normalise(text))
    if match is None:
        raise AnalysisError(f"{option} takes a law such as HalfNormal(0.25), not {shortened(text)}.")
    name = match[1]
    if name in PUBLISHED:
        texts = map(str.strip, match[2].split(";"))
        named: Plain = dict(zip(("outcome", "comparison"), texts, strict=False))
        try:
            return Prior(name, **named)
        except AnalysisError as error:
            raise AnalysisError(f"{option}: {error}") from None
    forms = DISTRIBUTIONS[name].forms[0] if name in DISTRIBUTIONS else ()
    values: dict[str, float | str] = {}
    parts = [p.strip() for p in match[2].split(",") if p.strip()]
    variance = bool(parts) and parts[-1] == "variance"
    for position, part in enumerate(parts[:-1] if variance else parts):
        key, equals, value = part.partition("=")
        label = key.strip() if equals else forms[position] if position < len(forms) else f"parameter {position + 1}"
        read = number_in(value if equals else part)
        if read is None:
            raise AnalysisError(f"{option}: {shortened(part)} is not a number.")
        values[label] = read
    extra = [v for label, v in values.items() if label.startswith("parameter ")]
    if extra and forms:
        raise AnalysisError(f"{option}: {name} takes ({', '.join(forms)}), not {len(values)} numbers.")
    try:
        prior = Prior(name, variance=variance, **values)  # type: ignore[arg-type]
    except AnalysisError as error:
        raise AnalysisError(f"{option}: {str(error).rstrip('.')}{'' if str(error).endswith('?') else '.'}") from None
    if positive and not prior.fits("positive"):
        raise AnalysisError(f"{option}: {prior} does not fit, every value it allows must be positive.")
    return prior
