"""Effects of some studies and arm counts of others, for one synthesis on one scale."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bayes_escc.errors import AnalysisError, DataError
from bayes_escc.evidence.counts import CountTable, read_counts
from bayes_escc.evidence.effect_measures import MEASURES
from bayes_escc.evidence.effects import EffectTable, read_effects
from bayes_escc.evidence.endpoints import canonical_endpoint
from bayes_escc.evidence.reading import normalise
from bayes_escc.evidence.table import Table, filter_rows, no_row_has
from bayes_escc.evidence.trial_names import trial_key
from bayes_escc.names import PlainMapping
from bayes_escc.settings.reader import nearest

if TYPE_CHECKING:
    import pandas as pd

    from bayes_escc.names import Direction

__all__ = ["MixedTable", "combine_evidence"]


@dataclass(frozen=True, repr=False)
class MixedTable(Table):
    """Published effects beside arm counts; made by `combine_evidence`.

    Parameters
    ----------
    frame : DataFrame
        The rows of both tables, one under the other.
    digest : str
        SHA-256 of the digests of both.
    source, warnings
        Of both, each warning with the table it was noticed in.
    effects : EffectTable
    counts : CountTable
    """

    effects: EffectTable
    counts: CountTable

    kind = "effects"

    @classmethod
    def of(cls, effects: EffectTable, counts: CountTable) -> MixedTable:
        """One table of the two."""
        import pandas as pd

        tables = (effects, counts)
        noted = tuple(replace(w, message=f"{t.source}: {w.message}") for t in tables for w in t.warnings)
        digest = hashlib.sha256(f"{effects.digest}\x1e{counts.digest}".encode()).hexdigest()
        frame = pd.concat([effects.frame, counts.frame])
        return cls(frame, digest, f"{effects.source} and {counts.source}", effects, counts, warnings=noted)

    def __repr__(self) -> str:
        return f"MixedTable({self.effects!r} and {self.counts!r})"

    @property
    def _tables(self) -> tuple[EffectTable, CountTable]:
        return self.effects, self.counts

    def select_both(
        self, *, endpoint: str | None, regimens: Sequence[str] | None, where: PlainMapping, measure: str = "OR"
    ) -> tuple[EffectTable | None, CountTable | None]:
        """The rows of one endpoint from both tables; None for a table of which no row is left.

        Filters apply to both tables, so both need the columns they name; a label need only be in one.

        Raises
        ------
        AnalysisError
            If a column or label is in neither table, or nothing is left.
        DataError
            If a study is in both, or the effects are not of the measure that counts are made into.
        """
        frames = []
        problems: list[str] = no_row_has([table.frame for table in self._tables], where)
        for table in self._tables:
            noted: list[str] = []
            frames.append(filter_rows(table.frame, where, noted))
            problems += [f"{table.source}: {p}" for p in noted if "there is no column" in p]
        present = list(dict.fromkeys(e for frame in frames for e in frame["endpoint"]))
        wanted = canonical_endpoint(endpoint) if endpoint is not None else present[0] if len(present) == 1 else None
        if wanted is None and present:
            problems.append(f"endpoint: the tables have {', '.join(present)}; name one")
        elif endpoint is not None and wanted not in present and not problems:
            listed = ", ".join(present) or "no rows left"
            problems.append(
                f"endpoint {wanted!r} is in neither table; they have {listed}.{nearest(wanted or '', present)}"
            )
        kept = None if regimens is None else [normalise(r) for r in regimens]
        known = {*frames[0]["experimental"], *frames[0]["control"], *frames[1]["regimen"]}
        problems += [f"regimen {r!r} is in neither table.{nearest(r, known)}" for r in kept or () if r not in known]
        if problems:
            raise AnalysisError("; ".join(problems))
        effects, counts = (f[f["endpoint"] == wanted] for f in frames)
        if kept is not None:
            effects = effects[effects["experimental"].isin(kept) & effects["control"].isin(kept)]
            counts = counts[counts["regimen"].isin(kept)]
        if effects.empty and counts.empty:
            raise AnalysisError(f"no rows of {self.source} are left after the selection.")
        if not effects.empty and not counts.empty:
            self._check_together(effects, counts, measure)
        chosen = None if effects.empty else replace(self.effects, frame=effects).select()
        return chosen, None if counts.empty else replace(self.counts, frame=counts).select()

    def _check_together(self, effects: pd.DataFrame, counts: pd.DataFrame, measure: str) -> None:
        counted = {trial_key(s) for s in counts["study"]}
        twice = [s for s in dict.fromkeys(effects["study"]) if trial_key(s) in counted]
        if twice:
            raise DataError(
                f"{', '.join(twice)} would count twice: both {self.effects.source} (effects) and {self.counts.source} "
                "(counts) give it. Keep each study in one of the two; counts say more than an effect does."
            )
        other = [m for m in dict.fromkeys(effects["measure"]) if m.removeprefix("log ") != measure]
        if other:
            raise DataError(
                f"{self.effects.source}: {' and '.join(other)} and the {MEASURES[measure]}s that counts give are on "
                f"different scales. Give these effects as {measure}, or analyse effects and counts apart; "
                "model.measure says what counts are made into."
            )


def combine_evidence(
    effects: EffectTable | pd.DataFrame | str | Path,
    counts: CountTable | pd.DataFrame | str | Path,
    *,
    endpoints: Mapping[str, Direction | None] | None = None,
) -> MixedTable:
    """Put published effects of some studies beside the arm counts of others.

    Parameters
    ----------
    effects : EffectTable, DataFrame or path
        As `read_effects` reads it; the effects must be odds ratios, or of the `measure` that the model makes of counts.
    counts : CountTable, DataFrame or path
        As `read_counts` reads it; no study may be in both.
    endpoints : mapping, optional
        Directions of endpoints outside the package's vocabulary, for the counts.

    Returns
    -------
    MixedTable

    Raises
    ------
    DataError
        If either table has problems.

    Examples
    --------
    >>> table = combine_evidence("effects.csv", "counts.csv")  # doctest: +SKIP
    """
    return MixedTable.of(
        effects if isinstance(effects, EffectTable) else read_effects(effects),
        counts if isinstance(counts, CountTable) else read_counts(counts, endpoints=endpoints),
    )
