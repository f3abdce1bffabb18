"""The published evidence that ships with the package, every row with its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.counts import CountTable, read_counts
from bayes_escc.evidence.effects import EffectTable, read_effects
from bayes_escc.evidence.reading import RawTable, read_cells
from bayes_escc.schema import nearest

__all__ = ["DATASETS", "Dataset", "load_dataset", "raw_dataset"]

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Dataset:
    """Name, kind and one-line description of a bundled table.

    A `flawed` one is kept as it was printed, to show what `check` finds; it cannot be loaded.
    """

    name: str
    kind: str
    title: str
    flawed: bool = False

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


def load_dataset(name: str | Sequence[str]) -> CountTable | EffectTable:
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
    kinds = {_known(one).kind for one in names}
    if len(kinds) > 1:
        raise AnalysisError(f"datasets of different kinds ({', '.join(sorted(kinds))}) cannot be joined.")
    read: Callable[..., CountTable | EffectTable] = read_effects if kinds == {"effects"} else read_counts
    if len(names) == 1:
        return read(DATASETS[names[0]].path)
    import pandas as pd

    frames = [read(DATASETS[one].path).to_frame() for one in names]
    joined = pd.concat(frames, ignore_index=True).fillna("")
    return replace(read(joined), source=" + ".join(names))
