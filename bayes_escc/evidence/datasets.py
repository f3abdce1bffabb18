"""The published evidence that ships with the package, every row with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.counts import CountTable, read_counts
from bayes_escc.evidence.medians import MedianTable, read_medians
from bayes_escc.evidence.patients import PatientTable, read_patients
from bayes_escc.schema import nearest

__all__ = ["DATASETS", "Dataset", "load_dataset"]

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Dataset:
    """Name, kind and one-line description of a bundled table; `columns` are options of its reader."""

    name: str
    kind: str
    title: str
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> Path:
        """The CSV file of the dataset."""
        return _FOLDER / f"{self.name}.csv"


DATASETS: Final = {
    d.name: d
    for d in (
        Dataset(
            "second_line_cohorts",
            "counts",
            "Second-line ESCC: two single-centre toripalimab cohorts (n = 29, 35) and a 20 + 20 "
            "randomised comparison; response, disease control, grade 3-4 events",
        ),
        Dataset(
            "pd1_trials_counts",
            "counts",
            "Phase 2-3 trials of PD-1 inhibitors in oesophageal cancer, by arm: objective response, "
            "any and grade >= 3 treatment-related events",
        ),
        Dataset(
            "second_line_medians",
            "medians",
            "Published median PFS of four second-line regimens in months; numbers of events are ASSUMED",
            (("time_unit", "months"),),
        ),
        Dataset(
            "second_line_pfs_synthetic",
            "patients",
            "SYNTHETIC patients (simulate_cohort), sized and scaled like the two second-line toripalimab cohorts; "
            "PFS in months, liver metastasis, ECOG, NLR, CD4/CD8. For trying the models out, not evidence",
            (("time", "time"), ("event", "event"), ("time_unit", "months")),
        ),
    )
}


def load_dataset(name: str | Sequence[str]) -> CountTable | PatientTable | MedianTable:
    """Load a bundled dataset, or several of one kind as one table.

    Parameters
    ----------
    name : str or sequence of str
        Keys of `DATASETS`.

    Raises
    ------
    AnalysisError
        If there is no such dataset.
    """
    names = [name] if isinstance(name, str) else list(name)
    for one in names:
        if one not in DATASETS:
            raise AnalysisError(
                f"there is no dataset {one!r}: the package has {', '.join(DATASETS)}.{nearest(one, DATASETS)}"
            )
    kinds = {DATASETS[one].kind for one in names}
    if len(kinds) > 1 or (len(names) > 1 and kinds != {"counts"}):
        raise AnalysisError(f"the datasets {', '.join(names)} cannot be joined: only tables of counts can.")
    if len(names) == 1:
        found = DATASETS[names[0]]
        if found.kind == "patients":
            options: dict[str, Any] = dict(found.columns)
            return read_patients(found.path, response=None, **options)
        if found.kind == "medians":
            return read_medians(found.path, time_unit=dict(found.columns)["time_unit"])
        return read_counts(found.path)
    import pandas as pd

    frames = [read_counts(DATASETS[one].path).to_frame() for one in names]
    joined = pd.concat(frames, ignore_index=True).fillna("")
    table = read_counts(joined)
    return CountTable(table.frame, table.digest, table.directions, " + ".join(names), table.warnings)
