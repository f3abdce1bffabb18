"""`[bias]` of an analysis: what is believed of the bias of contrasts that were not randomised.

Keys of the table itself hold for every contrast that is not randomised; a table of a regimen (or study) inside it
holds for that arm. Arms have independent biases; that of a contrast is the regimen's minus the reference's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bayes_escc.evidence.population.bias import (
    BIAS_SCALES,
    MOST_MEAN,
    MOST_SD,
    Bias,
    BiasScale,
    default_bias,
    no_bias,
)
from bayes_escc.names import Plain, normalise
from bayes_escc.settings.reader import Reader

__all__ = ["StatedBias", "is_randomised", "read_bias"]

_SPELLINGS: Final[dict[str, BiasScale]] = {"log_hazard_ratio": "log_hazard", "log_odds_ratio": "log_odds"}


def is_randomised(anchoring: str) -> bool:
    """Whether randomisation protects a contrast, by the words that say where it comes from."""
    return anchoring.startswith("randomised")


@dataclass(frozen=True)
class StatedBias:
    """The biases an analysis states.

    Parameters
    ----------
    contrasts : tuple of Bias
        Of every contrast that is not randomised, at most one for each scale.
    arms : tuple of (str, Bias)
        Of regimens or studies, by name.
    """

    contrasts: tuple[Bias, ...] = ()
    arms: tuple[tuple[str, Bias], ...] = ()

    def of(self, scale: BiasScale, *, randomised: bool, regimen: tuple[str, ...], reference: tuple[str, ...]) -> Bias:
        """The bias of a contrast.

        Parameters
        ----------
        scale : {"log_odds", "log_hazard"}
        randomised : bool
            Whether randomisation protects it.
        regimen, reference : tuple of str
            Names of either arm: its regimen, and the studies it comes from.
        """
        own, other = ([b for n, b in self.arms if n in names and b.scale == scale] for names in (regimen, reference))
        if own or other:
            none = Bias(scale)
            return (own[0] if own else none).minus(other[0] if other else none)
        if randomised:
            return no_bias(scale)
        return next((b for b in self.contrasts if b.scale == scale), default_bias(scale))


def read_bias(r: Reader) -> StatedBias:
    """Read `[bias]`, noting problems in the reader."""
    arms, contrasts = [], []
    own: Plain = {}
    for key in r.left():
        value = r.take(key)
        if isinstance(value, Mapping):
            arms += [(normalise(key), b) for b in _read_one(Reader(value, f'{r.where("")}."{key}"', r.problems))]
        else:
            own[key] = value
    if own:
        contrasts = _read_one(Reader(own, r.path, r.problems))
    return StatedBias(tuple(contrasts), tuple(arms))


def _read_one(r: Reader) -> list[Bias]:
    """One bias; on both scales where none is named."""
    scale = r.text("scale", None, (*BIAS_SCALES, *_SPELLINGS))
    mean = r.number("mean", 0.0, above=-MOST_MEAN, below=MOST_MEAN, closed=True)
    sd = r.number("sd", above=0.0, below=MOST_SD, closed=True)
    rationale = r.text("rationale", "Stated in the analysis.")
    r.finish()
    if sd is None:
        return []
    scales: tuple[BiasScale, ...] = BIAS_SCALES if scale is None else (_SPELLINGS.get(scale, scale),)
    return [Bias(s, mean, sd, rationale) for s in scales]
