"""What the effects of a synthesis are, and how they make up the contrasts of the studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.families.synthesis.contrasts import Contrasts
from bayes_escc.families.synthesis.spec import SynthesisSpec
from bayes_escc.names import COVARIATE, REGIMEN
from bayes_escc.settings.reader import nearest

__all__ = ["Predictor", "predictor_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Predictor:
    """The linear predictor ``X mu`` of k contrasts, and the effects ``C mu`` reported from it.

    Parameters
    ----------
    dim : str or None
        Dimension of the effects; None for a single one.
    labels : sequence of str
        Of the effects, shape (m,).
    terms : sequence of str
        Names of the parameters mu, shape (p,).
    X : array of shape (k, p)
    C : array of shape (m, p)
    groups : array of shape (k,) or None
        Which effect's heterogeneity a contrast has; None where all share one tau.
    regimens : int
        Of a network whose first ``regimens - 1`` terms are the effects against its reference, under a prior that is
        the same for every pair; 0 where terms have independent priors.
    """

    dim: str | None
    labels: Sequence[str]
    terms: Sequence[str]
    X: Array
    C: Array
    groups: NDArray[np.int32] | None = None
    regimens: int = 0


def predictor_of(contrasts: Contrasts, spec: SynthesisSpec) -> Predictor:
    """One effect, one per subgroup, or one per regimen of a network against its reference.

    Raises
    ------
    AnalysisError
        If the reference or the subgroup's column is not there.
    DataError
        If a study has no subgroup.
    """
    k = len(contrasts)
    if spec.network:
        regimens = list(contrasts.regimens)
        if spec.reference is not None and spec.reference not in regimens:
            raise AnalysisError(
                f"model.reference: {spec.reference!r} is not in this network; it has {', '.join(regimens)}."
                f"{nearest(spec.reference, regimens)}"
            )
        reference = spec.reference or max(regimens, key=contrasts.control.count)
        regimens = [reference, *[r for r in regimens if r != reference]]
        signs = np.zeros((k, len(regimens)))
        for i, (e, c) in enumerate(zip(contrasts.experimental, contrasts.control, strict=True)):
            signs[i, regimens.index(e)] += 1.0
            signs[i, regimens.index(c)] -= 1.0
        exchangeable = len(regimens) if spec.regimen_coding == "exchangeable" else 0
        effects = np.eye(len(regimens))[:, 1:]
        return Predictor(REGIMEN, regimens, regimens[1:], signs[:, 1:], effects, regimens=exchangeable)
    if spec.subgroup is not None:
        if spec.subgroup not in contrasts.frame:
            columns = list(contrasts.frame.columns)
            raise AnalysisError(
                f"model.subgroup: there is no column {spec.subgroup!r}.{nearest(spec.subgroup, columns)}"
            )
        cells = [str(v) for v in contrasts.frame[spec.subgroup]]
        blank = [s for s, c in zip(contrasts.study, cells, strict=True) if c.strip() in {"", "nan"}]
        if blank:
            raise DataError(f"{spec.subgroup} is blank for {', '.join(blank)}: fill it in, or leave it out with where.")
        levels = list(dict.fromkeys(cells))
        groups = np.array([levels.index(c) for c in cells], dtype="int32")
        labels = [f"{spec.subgroup} = {level}" for level in levels]
        separate = spec.heterogeneity == "separate" and spec.pooling == "random"
        member = np.eye(len(levels))[groups]
        return Predictor(COVARIATE, labels, labels, member, np.eye(len(levels)), groups if separate else None)
    return Predictor(None, ["effect"], ["effect"], np.ones((k, 1)), np.ones((1, 1)))
