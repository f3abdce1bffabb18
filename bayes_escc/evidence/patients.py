"""One row per patient: the checked table, its follow-up, and responses counted by regimen.

Identifiers are text and never leave the table: results refer to patients by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.arms import Arm, design_of_study
from bayes_escc.evidence.counts import CountTable, read_counts
from bayes_escc.evidence.course import Course, course_of
from bayes_escc.evidence.endpoints import MET_BY, RECIST, canonical_endpoint
from bayes_escc.evidence.follow_up import Dating, FollowUp, follow_up_of, summarise_follow_up
from bayes_escc.evidence.table import NotEvaluable, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PatientTable"]


@dataclass(frozen=True, repr=False)
class PatientTable(Table):
    """A checked table with one row per patient.

    Made by `read_patients`.

    Parameters
    ----------
    frame : DataFrame
        Columns patient_id, regimen, response (where there is one) and the others as text,
        indexed by the row number a person would count in the file.
    digest, source, warnings
        See `Table`.
    binary : bool
        Whether the response column holds yes or no rather than RECIST categories.
    observed : FollowUp or None
        The follow-up as numbers, row by row, where the table has any.
    """

    binary: bool = field(default=False, kw_only=True)
    observed: FollowUp | None = field(default=None, kw_only=True)

    kind = "patients"
    unit_of_rows = "patients"

    @classmethod
    def of_cells(
        cls, frame: pd.DataFrame, digest: str, source: str, *, binary: bool, time_unit: str | None
    ) -> PatientTable:
        """A table of cells that were checked before, as a study stores them."""
        observed = None if time_unit is None else follow_up_of(frame, time_unit)
        return cls(frame, digest, source, binary=binary, observed=observed)

    def __repr__(self) -> str:
        return f"PatientTable({self.source}: {len(self)} patients, {len(self.regimens)} regimens)"

    @property
    def time_unit(self) -> str | None:
        """Unit of the follow-up, if there is any."""
        return None if self.observed is None else self.observed.unit

    def keep(self, frame: pd.DataFrame) -> Self:
        """The same table with only some of its rows."""
        chosen = super().keep(frame)
        if self.observed is None:
            return chosen
        return replace(chosen, observed=self.observed.take(self.frame.index.get_indexer(frame.index)))

    @property
    def has_scans(self) -> bool:
        """Whether progression lies between scans."""
        return "interval_upper" in self.frame.columns

    def follow_up(self, unit: str | None = None, *, dating: Dating = "interval") -> FollowUp:
        """Entry and event interval of every patient.

        Parameters
        ----------
        unit : str, optional
            Unit of the times; that of the table if not given.
        dating : {"interval", "detecting_scan"}
            Where progression was found by scans: anywhere between them, or, for comparison only, on the
            day of the scan that found it.
        """
        if self.observed is None:
            raise AnalysisError(
                f"{self.source} was read without follow-up: name the columns with time= and event=, or interval=, "
                "and time_unit=."
            )
        dated = self.observed.dated(dating)
        return dated if unit is None else dated.in_unit(unit)

    def course(self, unit: str | None = None) -> Course:
        """The course of disease of every patient, of a table that holds both endpoints.

        Parameters
        ----------
        unit : str, optional
            Unit of the times; that of the table if not given.

        Raises
        ------
        AnalysisError
            If it does not hold both, or progression only between two scans.
        """
        found = course_of(self.frame, str(self.time_unit))
        return found if unit is None else found.in_unit(unit)

    def follow_up_summary(self, unit: str | None = None) -> pd.DataFrame:
        """Patients, events, median follow-up (reverse Kaplan-Meier) and medians, by regimen.

        Progression known only to lie between two scans is shown at the scan that found it.
        """
        import pandas as pd

        return pd.DataFrame(summarise_follow_up(self.frame, self.follow_up(unit)))

    @property
    def studies(self) -> tuple[str, ...]:
        """The study of every patient: a column study, or else the table itself."""
        if "study" in self.frame.columns:
            return tuple(self.frame["study"])
        return (self.source,) * len(self)

    def arms(self, endpoint: str, design: str = "") -> tuple[Arm, ...]:
        """Where the evidence on each regimen comes from."""
        pairs, designs = dict.fromkeys(zip(self.studies, self.frame["regimen"], strict=True)), self.designs(design)
        return tuple(Arm(study, regimen, endpoint, designs[study]) for study, regimen in pairs)

    def designs(self, unstated: str = "") -> dict[str, str]:
        """How patients came to their regimens, by study: what a column design says of it, or else what is given."""
        if "design" not in self.frame.columns:
            return dict.fromkeys(self.studies, unstated)
        cells: dict[str, list[str]] = {}
        for study, cell in zip(self.studies, self.frame["design"], strict=True):
            cells.setdefault(study, []).append(str(cell))
        return {study: design_of_study(of_study) or unstated for study, of_study in cells.items()}

    def evaluable(self, not_evaluable: NotEvaluable) -> PatientTable:
        """The patients an endpoint counts: all whose response is known, or without those marked NE."""
        if "response" not in self.frame.columns:
            return self
        uncounted = {""} if self.binary or not_evaluable == "nonresponse" else {"", "NE"}
        out = self.frame["response"].isin(uncounted)
        return self.keep(self.frame[~out]) if out.any() else self

    def events(self, endpoint: str) -> Any:
        """Whether each patient met an endpoint, as a boolean array.

        ORR is a complete or partial response, DCR those or stable disease; a RECIST category
        stands for itself. A yes-or-no response column is whatever endpoint it is called.
        """
        if "response" not in self.frame.columns:
            raise AnalysisError(f"{self.source} has no response column.")
        label = canonical_endpoint(endpoint)
        if self.binary:
            return (self.frame["response"] == "1").to_numpy()
        if label not in MET_BY and label not in RECIST:
            raise AnalysisError(
                f"endpoint {endpoint!r} cannot be read off best responses: use ORR, DCR or one of "
                f"{', '.join(RECIST)}, or a response column with 0 and 1."
            )
        return self.frame["response"].isin(MET_BY.get(label, (label,))).to_numpy()

    def counts(
        self,
        endpoints: Sequence[str],
        *,
        not_evaluable: NotEvaluable = "nonresponse",
        design: str = "",
    ) -> CountTable:
        """Count responses by study and regimen.

        Parameters
        ----------
        endpoints : sequence of str
            ORR, DCR, RECIST categories; or the one endpoint a yes-or-no column stands for.
        not_evaluable : {"nonresponse", "exclude"}
            Whether patients marked NE stay in the denominator.
        design : str
            One of `names.DESIGNS`, of studies of which no column design says it.
        """
        import pandas as pd

        table = self.evaluable(not_evaluable)
        if self.binary and len(endpoints) > 1:
            raise AnalysisError(
                f"{self.source}: a yes-or-no response stands for one endpoint, not for {', '.join(endpoints)}; "
                "give the best responses (CR, PR, SD, PD, NE) or one endpoint."
            )
        designs = table.designs(design)
        study = pd.Series(table.studies, index=table.frame.index)
        rows = []
        for endpoint in endpoints:
            grouped = pd.DataFrame(
                {"study": study, "regimen": table.frame["regimen"], "met": table.events(endpoint)}
            ).groupby(["study", "regimen"], sort=False)["met"]
            for (name, regimen), met in grouped:
                rows.append(
                    {
                        "study": name,
                        "regimen": regimen,
                        "endpoint": endpoint,
                        "events": int(met.sum()),
                        "n": len(met),
                        "design": designs[str(name)],
                    }
                )
        declared = dict.fromkeys(endpoints, None) if self.binary else None
        counted = read_counts(pd.DataFrame(rows), endpoints=declared)
        return CountTable(
            counted.frame, table.digest, self.source, directions=counted.directions, warnings=self.warnings
        )
