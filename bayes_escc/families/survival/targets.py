"""The target population of a survival design: whose survival is averaged, and with strata of which stratum they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayes_escc.evidence.reading import cell_text
from bayes_escc.families.covariates import EncodedCovariates
from bayes_escc.families.survival.risk import Risk, Target
from bayes_escc.families.survival.strata import Strata
from bayes_escc.families.survival.stratified import StratifiedTarget
from bayes_escc.families.target import Target as Wanted
from bayes_escc.families.target import TargetTable, target_patterns
from bayes_escc.names import AnyArray

__all__ = ["Targets"]

Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Targets:
    """Patients among whom a target population is chosen.

    Parameters
    ----------
    risk : Risk
    encoded : EncodedCovariates
        Without the further columns of effect modifiers.
    strata : Strata
    regimen : array of int of shape (patients,)
    regimens : sequence of str
    new_centres : bool
        Whether patients are averaged over new centres.
    """

    risk: Risk
    encoded: EncodedCovariates
    strata: Strata
    regimen: AnyArray
    regimens: Sequence[str]
    new_centres: bool

    def target(self, wanted: Wanted) -> Target | StratifiedTarget:
        """The population that an analysis asks for.

        Raises
        ------
        AnalysisError, DataError
            If there is no such population, or its covariates or strata are not known.
        """
        if not self.strata.columns:
            return self._of_one_baseline(wanted)
        if isinstance(wanted, tuple):
            stratum, profile = self.strata.of_profile(dict(wanted))
            parts = {stratum: (1, self._of_one_baseline(tuple(profile.items())))}
        elif isinstance(wanted, TargetTable):
            parts = self._of_table(wanted)
        else:
            chosen = self._chosen(wanted)
            each = {int(s): chosen & (self.strata.index == s) for s in np.unique(self.strata.index[chosen])}
            parts = {s: (int(mine.sum()), self._of_patients(mine)) for s, mine in each.items()}
        if not self.strata:
            return next(target for _, target in parts.values())
        counts = np.array([count for count, _ in parts.values()], dtype=float)
        return StratifiedTarget(tuple(t for _, t in parts.values()), tuple(parts), counts / counts.sum())

    def _of_one_baseline(self, wanted: Wanted) -> Target:
        """A population of which the strata do not matter, or are known."""
        if isinstance(wanted, tuple):
            profile, centres = dict(wanted), None
            if self.risk.centres and self.risk.centres.column in profile:
                centres = (self.risk.centres.known(profile.pop(self.risk.centres.column)),)
            return Target(np.ones(1), self.encoded.profile(profile)[None, :], centres)
        if isinstance(wanted, TargetTable) and self.strata.columns and not self.encoded.encoders:
            return Target(np.ones(1), np.zeros((1, 0)))  # rows of one stratum, alike in all the model knows
        if isinstance(wanted, TargetTable):
            x, weight = target_patterns(wanted, self.encoded, self.regimen, self.regimens)
            return Target(weight, x)
        return self._of_patients(self._chosen(wanted))

    def _of_patients(self, chosen: Chosen) -> Target:
        return self.risk.target(chosen, new_centre=self.new_centres)

    def _chosen(self, wanted: str) -> Chosen:
        """All patients, or those on a regimen."""
        if wanted == "all":
            return np.ones(len(self.regimen), dtype=bool)
        if wanted not in self.regimens:
            target_patterns(wanted, self.encoded, self.regimen, self.regimens)  # which says so
        return np.asarray(self.regimen == list(self.regimens).index(wanted))

    def _of_table(self, wanted: TargetTable) -> dict[int, tuple[int, Target]]:
        """Rows of another table, by the stratum that each names."""
        numbers = wanted.numbers or tuple(range(2, len(wanted.rows) + 2))
        cells = [{key: cell_text(value) for key, value in row} for row in wanted.rows]
        index = self.strata.of_rows(wanted.source, cells, numbers)
        found = {}
        for s in np.unique(index):
            mine = np.flatnonzero(index == s)
            rows = replace(wanted, rows=tuple(wanted.rows[i] for i in mine), numbers=tuple(numbers[i] for i in mine))
            found[int(s)] = (len(mine), self._of_one_baseline(rows))
        return found
