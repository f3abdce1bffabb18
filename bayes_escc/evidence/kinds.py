"""The kinds of evidence as values: what `[data]` may say of each, how it is read, and what `check` shows of it.

A further kind is a module with its table, its settings and its reader, and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bayes_escc.evidence.counts import CountSettings, read_counts
from bayes_escc.evidence.effects import EffectSettings, EffectTable, read_effects
from bayes_escc.evidence.medians import MedianSettings, read_medians
from bayes_escc.evidence.patient_reading import read_patient_table
from bayes_escc.evidence.patient_settings import PatientSettings, read_patient_settings
from bayes_escc.evidence.table import Source, Table, TableSettings
from bayes_escc.names import Direction, Plain
from bayes_escc.settings.reader import Reader

__all__ = ["KINDS", "Circumstances", "Kind"]


@dataclass(frozen=True)
class Circumstances:
    """What a reader needs to know beside the settings.

    Parameters
    ----------
    folder : Path or None
        To which files are relative.
    directions : mapping
        Endpoints the analysis names, with the better direction where it states one.
    growing : bool
        Whether the table is the cut of a study, so that rows of which nothing is known yet are kept.
    empty_rows : bool
        Whether the model predicts what a row of counts without patients stands for, so that it is kept.
    model_unit : str or None
        Unit of time that the model states, which a refusal may name as an example.
    """

    folder: Path | None = None
    directions: Mapping[str, Direction | None] = field(default_factory=dict)
    growing: bool = False
    empty_rows: bool = False
    model_unit: str | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of evidence.

    Parameters
    ----------
    name : str
        As in ``[data] kind`` and ``check --kind``.
    help : str
        One line for the docs.
    settings : type
        Frozen dataclass that declares its keys of ``[data]``, see `settings.setting`.
    read : callable
        From (source, settings, circumstances) to the checked table.
    shown : tuple of str
        Columns that ``check`` prints; none for patients, whose rows are nobody else's business.
    checked : callable, optional
        From the reader and the values read to the settings, where keys depend on each other.
    require_usable : callable, optional
        Refuses a table that was read, but that no model can take whole.
    """

    name: str
    help: str
    settings: type[TableSettings]
    read: Callable[[Source, Any, Circumstances], Table]
    shown: tuple[str, ...] = ()
    checked: Callable[[Reader, Plain], TableSettings] | None = None
    require_usable: Callable[[Any], None] | None = None

    def settings_from(self, reader: Reader, values: Plain) -> TableSettings:
        """The settings, made of the values that were read."""
        return self.settings(**values) if self.checked is None else self.checked(reader, values)


def _counts(source: Source, settings: CountSettings, asked: Circumstances) -> Table:
    return read_counts(
        source, sheet=settings.sheet, endpoints=asked.directions, drop=settings.drop, empty_rows=asked.empty_rows
    )


def _effects(source: Source, settings: EffectSettings, _: Circumstances) -> Table:
    return read_effects(source, sheet=settings.sheet, drop=settings.drop)


def _medians(source: Source, settings: MedianSettings, _: Circumstances) -> Table:
    return read_medians(source, time_unit=settings.time_unit, sheet=settings.sheet, drop=settings.drop)


def _patients(source: Source, settings: PatientSettings, asked: Circumstances) -> Table:
    return read_patient_table(source, settings, folder=asked.folder, growing=asked.growing, example=asked.model_unit)


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "counts",
            "one row per study, regimen and endpoint: events among patients",
            CountSettings,
            _counts,
            ("study", "regimen", "endpoint", "events", "n", "percent"),
        ),
        Kind("patients", "one row per patient", PatientSettings, _patients, (), read_patient_settings),
        Kind(
            "medians",
            "one row per arm: a published median with its interval or number of events",
            MedianSettings,
            _medians,
            ("study", "regimen", "median", "log_se", "basis", "events"),
        ),
        Kind(
            "effects",
            "one row per contrast: a published effect with its interval",
            EffectSettings,
            _effects,
            ("study", "experimental", "control", "endpoint", "measure", "estimate", "ci_low", "ci_high", "ci_level"),
            require_usable=EffectTable.require_usable,
        ),
    )
}
