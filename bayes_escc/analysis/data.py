"""`[data]` of an analysis: which rows of which table, what its columns mean, and the one road from it to a table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.columns import not_used
from bayes_escc.evidence.counts import CountTable, read_counts
from bayes_escc.evidence.datasets import DATASETS, load_dataset
from bayes_escc.evidence.effects import EffectTable
from bayes_escc.evidence.endpoints import TIME_ENDPOINTS, time_endpoint
from bayes_escc.evidence.kinds import KINDS, Circumstances
from bayes_escc.evidence.mixed import MixedTable
from bayes_escc.evidence.patients import PatientTable
from bayes_escc.evidence.population.published import PublishedSpec
from bayes_escc.evidence.table import NotEvaluable, Source, Table, TableSettings
from bayes_escc.families.specification import Specification
from bayes_escc.names import Direction, Plain, PlainMapping
from bayes_escc.settings.reader import Reader
from bayes_escc.settings.setting import read_settings, settings_of

if TYPE_CHECKING:
    from bayes_escc.evidence.sheet.mapping import Mapping as SheetMapping

__all__ = ["DataSpec", "read_data"]


@dataclass(frozen=True)
class DataSpec:
    """Which rows of which table an analysis takes.

    Parameters
    ----------
    kind : str
        One of `evidence.kinds.KINDS`.
    settings : TableSettings
        The settings of that kind.
    datasets, file
        Bundled datasets, or a file relative to `folder`.
    mapping : str, mapping or None
        How a raw sheet is read: a file written by ``bayes-escc start``, relative to `folder`, or its content.
    endpoints, regimens : tuple of str or None
        Labels to keep, in this order; all if None.
    where : tuple of (str, value)
        Column and the value, or values, its cells must equal.
    folder : Path or None
        Where the analysis stands.
    directions : mapping
        Endpoints the analysis names, with the better direction where it states one.
    model_columns : frozenset of str
        Columns the model names beside those of `settings`: covariates, centres.
    empty_rows : bool
        Whether the model predicts what a row of counts without patients stands for.
    model_unit : str or None
        Unit of time that the model states.
    of_times : bool
        Whether the model is one of times to an event.
    published : PublishedSpec or None
        Published arms beside the patients.
    """

    kind: str
    settings: TableSettings
    datasets: tuple[str, ...] = ()
    file: str | None = None
    mapping: str | PlainMapping | None = None
    endpoints: tuple[str, ...] | None = None
    regimens: tuple[str, ...] | None = None
    where: tuple[tuple[str, Any], ...] = ()
    folder: Path | None = None
    directions: Mapping[str, Direction | None] = field(default_factory=dict)
    model_columns: frozenset[str] = frozenset()
    empty_rows: bool = False
    model_unit: str | None = None
    of_times: bool = False
    published: PublishedSpec | None = None

    @property
    def counts(self) -> str | None:
        """File or dataset of counts that stand beside effects."""
        return self.settings.counts

    @property
    def design(self) -> str:
        """How patients came to their regimens, where the analysis says so."""
        return self.settings.design

    @property
    def not_evaluable(self) -> NotEvaluable:
        """Whether patients marked NE count as non-responders or not at all."""
        return self.settings.not_evaluable

    @property
    def time_unit(self) -> str | None:
        """Unit of the times of the table."""
        return self.settings.time_unit

    @property
    def seen_at_scans(self) -> bool:
        """Whether events are known to lie between two scans."""
        return self.settings.seen_at_scans

    def of_model(self, spec: Specification | None, directions: Mapping[str, Direction | None]) -> DataSpec:
        """The same data, knowing what the model takes from them.

        Parameters
        ----------
        spec : Specification or None
            Options of a family; None where there is no model.
        directions : mapping
            Endpoints with the direction the analysis states.
        """
        if spec is None:
            return replace(self, directions=directions, model_columns=frozenset(), empty_rows=False, model_unit=None)
        settings = self.settings.of_response() if spec.needs_response else self.settings
        settings = settings.of_both_endpoints() if spec.needs_both_endpoints else settings
        return replace(
            self,
            settings=settings,
            directions=directions,
            model_columns=frozenset(spec.columns),
            empty_rows=spec.predicts_empty_rows,
            model_unit=spec.stated_unit,
        )

    def outcome_in_model(self, spec: Specification | None) -> list[str]:
        """What is wrong with the outcome: a time of no known name, or one that the model is to explain by itself."""
        stated = self.endpoints or ()
        if self.of_times and (len(stated) > 1 or not all(map(time_endpoint, stated))):
            known = ", ".join(TIME_ENDPOINTS)
            return [f"data.endpoint: a survival analysis is of one of {known}, not {', '.join(stated)}"]
        named = self.settings.outcome(spec is not None and spec.needs_response)
        return [
            f"model: {column} is the column of data.{key}, the outcome itself, so it can be no covariate, stratum or "
            "centre; leave it out of the model"
            for column, key in named.items()
            if column in self.model_columns
        ]

    def columns(self) -> frozenset[str]:
        """Columns of the checked table that the analysis uses; of a patient, all that a study stores."""
        return self.settings.columns | self.model_columns | {column for column, _ in self.where}

    def counted(self, patients: PatientTable) -> CountTable:
        """The counts of a table of patients, as the section says."""
        return patients.counts(self.endpoints or ("ORR",), not_evaluable=self.not_evaluable, design=self.design)

    def counts_in(self, table: Table) -> CountTable:
        """The counts that the section chooses from a whole table of counts, or of patients.

        Raises
        ------
        AnalysisError
            If it is of another kind.
        """
        where = dict(self.where)
        if isinstance(table, PatientTable):
            return self.counted(table.select(regimens=self.regimens, where=where))
        if isinstance(table, CountTable):
            return table.select(endpoints=self.endpoints, regimens=self.regimens, where=where)
        raise AnalysisError(f'data.kind: "{table.kind}" has no counts of patients.')

    def read(self, source: Source | None = None, *, growing: bool = False) -> Table:
        """Read and check the table: the only road from `[data]` to evidence.

        Parameters
        ----------
        source : path or DataFrame, optional
            The table; the one that the analysis names if not given.
        growing : bool
            Whether the table is a cut of a study, so that patients of whom nothing is known yet are kept.

        Returns
        -------
        Table
            Whole; a model selects its rows.

        Raises
        ------
        AnalysisError
            If the analysis names no table.
        DataError
            If the table cannot be used; every problem is listed.
        """
        table = self._stated() if source is None else self._checked(source, growing)
        if self.published is not None:
            both = f"{table.digest} {self.published.digest()}"
            table = replace(table, digest=hashlib.sha256(both.encode()).hexdigest())
        if self.counts is None:
            return table
        if not isinstance(table, EffectTable):  # pragma: no cover (the kind says so)
            raise AnalysisError("data.counts: stands beside effects.")
        return MixedTable.of(table, self._counts_beside(self.counts))

    def _checked(self, source: Source, growing: bool) -> Table:
        kind = KINDS[self.kind]
        circumstances = Circumstances(self.folder, self.directions, growing, self.empty_rows, self.model_unit)
        if self.mapping is None:
            table = kind.read(source, self.settings, circumstances)
            used = table.columns_read | self.columns() | self.settings.dated_by
            return replace(table, warnings=(*table.warnings, *not_used(table.frame.columns, used)))
        from bayes_escc.evidence.sheet.mapped import read_mapped

        needed = self.settings.outcome_columns
        mapped = read_mapped(source, self.sheet_mapping(), kind=self.kind, needed=needed, growing=growing)
        table = kind.read(mapped.frame, self.settings, circumstances)
        return replace(table, source=mapped.source, warnings=(*mapped.notes, *table.warnings))

    @property
    def outcome(self) -> str:
        """The time to an event that a model of times is of, where it is not progression-free survival."""
        named = time_endpoint(self.endpoints[0]) if self.of_times and self.endpoints else ""
        return "" if named == "PFS" else named

    def sheet_mapping(self) -> SheetMapping:
        """The mapping of the raw sheet.

        Raises
        ------
        AnalysisError
            If there is none, or it cannot be used.
        """
        from bayes_escc.evidence.sheet.mapping import load_mapping, mapping_from

        if isinstance(self.mapping, str):
            return load_mapping((self.folder or Path()) / self.mapping)
        if self.mapping is None:
            raise AnalysisError("data: no mapping is stated.")
        return mapping_from(self.mapping, label="data.mapping", folder=self.folder)

    def _stated(self) -> Table:
        """The table the analysis names."""
        if self.datasets:
            table = load_dataset(self.datasets)
            if self.kind != table.kind:
                raise AnalysisError(f"data.kind: dataset {self.datasets[0]!r} holds {table.kind}, not {self.kind}.")
            return table
        if self.file is None:
            raise AnalysisError("data: name a dataset or a file, or give a table to fit().")
        return self._checked((self.folder or Path()) / self.file, False)

    def _counts_beside(self, name: str) -> CountTable:
        """The counts beside the effects: a file, or the name of a bundled dataset."""
        path = (self.folder or Path()) / name
        if path.is_file() or name not in DATASETS:
            return read_counts(path, endpoints=self.directions, drop=self.settings.drop)
        table = load_dataset(name)
        if not isinstance(table, CountTable):
            raise AnalysisError(f"data.counts: dataset {name!r} holds no counts.")
        return table


def read_data(data: Reader) -> DataSpec:
    """Read `[data]`, noting problems in the reader."""
    name = data.text("kind", "counts", tuple(KINDS))
    kind = KINDS[name]
    datasets, file, mapping = data.texts("dataset", ()), data.text("file", None), data.take("mapping", None)
    if mapping is not None and not (isinstance(mapping, Mapping) or (isinstance(mapping, str) and mapping.strip())):
        data.problem("mapping", f"names the file that bayes-escc start wrote, not {mapping!r}")
        mapping = None
    if mapping is not None and datasets:
        data.problem("mapping", "is for a sheet of one's own, named with file, not for a dataset")
    if datasets and file:
        data.problem("file", "name a dataset or a file, not both")
    endpoints, regimens = data.texts("endpoint", None), data.texts("regimens", None)
    where = _read_where(data.table("where"))
    population = data.texts("population", None)
    if population is not None:  # the filter most often wanted, under its own name
        where.append(("population", population))
    _refuse_keys_of_other_kinds(data, name)
    settings = kind.settings_from(data, read_settings(kind.settings, data))
    if len(datasets) == 1 and datasets[0] in DATASETS:
        own: Plain = {k: v for k, v in DATASETS[datasets[0]].columns if getattr(settings, k, v) is None}
        settings = replace(settings, **own)
    data.finish()
    return DataSpec(name, settings, datasets, file, mapping, endpoints, regimens, tuple(where))


def _read_where(reader: Reader) -> list[tuple[str, Any]]:
    where: list[tuple[str, Any]] = []
    for key in reader.left():
        value = reader.take(key)
        listed = value if isinstance(value, list) else [value]
        if not listed or not all(isinstance(v, str | int | float) for v in listed):
            reader.problem(key, f"must be a value or a list of values, not {value!r}")
        else:
            where.append((key, tuple(listed) if isinstance(value, list) else value))
    return where


def _refuse_keys_of_other_kinds(data: Reader, name: str) -> None:
    """A key that another kind declares says nothing of this one."""
    own = {s.name for s in settings_of(KINDS[name].settings)}
    for key in data.left():
        kinds = [other for other, kind in KINDS.items() if key in {s.name for s in settings_of(kind.settings)}]
        if kinds and key not in own:
            data.take(key)
            belongs = " or ".join(f'"{k}"' for k in kinds)
            data.problem(key, f'belongs to kind = {belongs}, not "{name}"')
