"""The published evidence that ships with the package, every row with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.kinds import KINDS, Circumstances
from bayes_escc.evidence.reading import RawTable, read_cells
from bayes_escc.evidence.table import Source, Table, TableSettings
from bayes_escc.names import Plain
from bayes_escc.settings.reader import nearest

__all__ = ["DATASETS", "Dataset", "load_dataset", "raw_dataset"]

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Dataset:
    """Name, kind and one-line description of a bundled table; `columns` are options of its reader.

    A `flawed` one is kept as it was printed, to show what `check` finds; it cannot be loaded.
    """

    name: str
    kind: str
    title: str
    columns: tuple[tuple[str, str], ...] = ()
    flawed: bool = False

    def settings(self) -> TableSettings:
        """The settings its reader needs."""
        options: Plain = dict(self.columns)
        return KINDS[self.kind].settings(**options)

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
        Dataset(
            "second_line_course_synthetic",
            "patients",
            "SYNTHETIC patients with both endpoints (simulate_course), sized and scaled like the two second-line "
            "toripalimab cohorts; PFS and OS in months. For trying the models out, not evidence",
            (
                ("time", "time"),
                ("event", "event"),
                ("overall", "overall"),
                ("overall_event", "overall_event"),
                ("time_unit", "months"),
            ),
        ),
        Dataset(
            "pd1_trials_effects",
            "effects",
            "Phase 2-3 trials of PD-1 and PD-L1 inhibitors in oesophageal cancer: hazard ratios of overall and "
            "progression-free survival, all patients, ESCC and PD-L1-high, each interval with its own level",
        ),
        Dataset(
            "thesis_pooled_results",
            "effects",
            "Pooled results as a thesis prints them, flaws kept: a missing limit, two limits run together, "
            "conclusions that its numbers do not support; check refuses it and says why",
            flawed=True,
        ),
    )
}


def raw_dataset(name: str) -> RawTable:
    """The cells of a bundled dataset as text, unchecked; also of a flawed one."""
    return read_cells(_known(name).path)


def _known(name: str) -> Dataset:
    if name not in DATASETS:
        raise AnalysisError(
            f"there is no dataset {name!r}: the package has {', '.join(DATASETS)}.{nearest(name, DATASETS)}"
        )
    return DATASETS[name]


def load_dataset(name: str | Sequence[str]) -> Table:
    """Load a bundled dataset, or several of one kind as one table.

    Parameters
    ----------
    name : str or sequence of str
        Keys of `DATASETS`.

    Raises
    ------
    AnalysisError
        If there is no such dataset, or they are of different kinds.
    DataError
        If the dataset is one that is kept with its flaws.
    """
    names = [name] if isinstance(name, str) else list(name)
    found = [_known(one) for one in names]
    kinds = {d.kind for d in found}
    if len(found) > 1 and (len(kinds) > 1 or not kinds <= {"counts", "effects"}):
        raise AnalysisError(
            f"the datasets {', '.join(names)} cannot be joined: only tables of counts, or of effects, can."
        )
    kind = KINDS[found[0].kind]

    def read(source: Source) -> Table:
        return kind.read(source, found[0].settings(), Circumstances())

    if len(found) == 1:
        return read(found[0].path)
    import pandas as pd

    joined = pd.concat([read(one.path).to_frame() for one in found], ignore_index=True).fillna("")
    return replace(read(joined), source=" + ".join(names))
