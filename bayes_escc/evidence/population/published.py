"""`[published]`: arms known from papers alone, their counts and the covariates of their patients as printed."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from bayes_escc.errors import DataError
from bayes_escc.evidence.arms import design_said
from bayes_escc.evidence.columns import missing_columns
from bayes_escc.evidence.count_checks import printed_percent
from bayes_escc.evidence.endpoints import canonical_endpoint
from bayes_escc.evidence.follow_up import DAYS_IN
from bayes_escc.evidence.grim import possible_counts
from bayes_escc.evidence.numbers import number_in
from bayes_escc.evidence.population.margins import STATISTICS
from bayes_escc.evidence.population.subgroup_rows import Subgroup, check_subgroups, read_subgroup, shares_of_subgroups
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import cell_text, normalise, read_cells
from bayes_escc.evidence.trial_names import arm_key, is_part_by_name, registry_key, trial_key
from bayes_escc.evidence.values import check_count, check_design
from bayes_escc.names import Plain
from bayes_escc.settings.reader import Reader, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ROUTES",
    "TABLES",
    "PublishedArm",
    "PublishedArms",
    "PublishedSpec",
    "Rows",
    "TargetSpec",
    "parts_of_trials",
    "read_facts",
    "read_published",
    "read_target",
    "rows_of",
]

ROUTES: Final = ("curve", "subgroups", "median", "landmark", "hazard_ratio")
"""How an arm may speak of survival, the most informative first."""

TABLES: Final = ("arms", "covariates", "curves", "at_risk", "patients", "effects")
"""What may be published, each a file or its rows."""

Rows = tuple[tuple[tuple[str, str], ...], ...]
"""The rows of a table themselves, each the names and texts of its cells."""

_ARM_COLUMNS: Final = ("study", "regimen", "endpoint", "n", "events")
_FACT_COLUMNS: Final = ("study", "regimen", "covariate", "statistic", "value")


@dataclass(frozen=True)
class TargetSpec:
    """In whose population regimens are compared.

    Parameters
    ----------
    population : {"own", "pooled", "overlap", "study", "profile", "file"}
    study : str
        Whose patients, for "study".
    profile : tuple of (str, value)
        Covariates of one patient, for "profile".
    file, sheet : str or None
        Patients of another source, for "file": relative to the analysis.
    rows : tuple of ((column, value), ...)
        Those patients themselves, where they are given instead of a file.
    weights : {"fixed", "bootstrap"}
        Whether the patients of the population are all there are, or stand for more like them.
    """

    population: str = "own"
    study: str = ""
    profile: tuple[tuple[str, Any], ...] = ()
    weights: Literal["fixed", "bootstrap"] = "fixed"
    file: str | None = None
    sheet: str | None = None
    rows: tuple[tuple[tuple[str, Any], ...], ...] = ()

    @property
    def name(self) -> str:
        """In words."""
        named = {
            "study": self.study,
            "profile": "the patient described",
            "file": Path(self.file or "the patients given").name,
        }
        return named.get(self.population, self.population)


@dataclass(frozen=True)
class PublishedSpec:
    """Where published arms stand, and how they are used.

    Parameters
    ----------
    arms, covariates, curves, at_risk, patients, effects : str, rows or None
        Files, relative to the analysis, or the rows themselves; the last four of survival.
    correlation : {"own", "none"}
        Of the covariates within a published arm: as among own patients, or none.
    missing : {"refuse", "own"}
        A covariate that a paper does not report: refused, or taken as among own patients.
    extrapolate : bool
        Whether an answer is given where own and published patients hardly overlap.
    target : TargetSpec
    folder : Path or None
    scale : {"percent", "proportion"} or None
        Of survival in the files; found from its values if not stated.
    time_unit : str or None
        Of the files; that of the analysis if not stated.
    use : str or None
        Of `ROUTES`: which one counts where an arm speaks by several; None refuses them.
    endpoint : {"PFS", "OS", "DFS", "EFS", "RFS", "TTP"}
        Of times: the rows of this one are taken, as of the own patients.
    """

    arms: str | Rows | None
    covariates: str | Rows | None
    correlation: str = "own"
    missing: str = "refuse"
    extrapolate: bool = False
    target: TargetSpec = TargetSpec()
    folder: Path | None = None
    curves: str | Rows | None = None
    at_risk: str | Rows | None = None
    patients: str | Rows | None = None
    effects: str | Rows | None = None
    scale: str | None = None
    time_unit: str | None = None
    use: str | None = None
    endpoint: str = "PFS"

    def source(self, table: str) -> Path | pd.DataFrame:
        """Where a table stands, one of `TABLES`: its file, or its rows."""
        said: str | Rows = getattr(self, table)
        if isinstance(said, str):
            return (self.folder or Path()) / said
        import pandas as pd

        columns = list(dict.fromkeys(column for row in said for column, _ in row))
        frame = pd.DataFrame([dict(row) for row in said], columns=columns, dtype="object").fillna("")
        frame.attrs["source"] = f"[published] {table}"
        return frame

    def rows(self) -> dict[str, list[dict[str, str]]]:
        """The rows of every table there is, without blank cells."""
        return {t: rows_of(self.source(t)) for t in TABLES if getattr(self, t) is not None}

    def holding(self, tables: Mapping[str, Rows]) -> PublishedSpec:
        """The same with the rows of some tables in place of their files."""
        found = copy.copy(self)
        for table, rows in tables.items():
            object.__setattr__(found, table, rows)
        return found

    def load(self, endpoint: str) -> PublishedArms:
        """Read and check the arms with counts of an endpoint."""
        return _load(self, endpoint)

    def digest(self) -> str:
        """SHA-256 of the files."""
        found = hashlib.sha256()
        for said in (*(getattr(self, table) for table in TABLES), self.target.file):
            if isinstance(said, str):
                try:
                    found.update(((self.folder or Path()) / said).read_bytes())
                except OSError as error:
                    raise DataError(f"{said} cannot be read: {error.strerror}.") from None
            elif said is not None:
                found.update(repr(said).encode())
        return found.hexdigest()


@dataclass(frozen=True)
class PublishedArm:
    """One published arm.

    Parameters
    ----------
    study, regimen, endpoint, design : str
    n, events : int
    facts : mapping of str to mapping
        Of every covariate, its statistics by name.
    subgroups : tuple of Subgroup
        Its patients told apart by one covariate; none where only the total is published.
    """

    study: str
    regimen: str
    endpoint: str
    design: str
    n: int
    events: int
    facts: Mapping[str, Mapping[str, float]]
    subgroups: tuple[Subgroup, ...] = ()


@dataclass(frozen=True)
class PublishedArms:
    """The published arms of an analysis, and what was noticed."""

    arms: tuple[PublishedArm, ...]
    notes: tuple[Problem, ...]


def read_published(r: Reader, folder: Path | None, overlap: Reader, *, survival: bool = False) -> PublishedSpec | None:
    """Read `[published]` and `[overlap]`, noting problems in the readers.

    Parameters
    ----------
    r, overlap : Reader
    folder : Path or None
        Where the analysis stands.
    survival : bool
        Whether the endpoint is a time, so that curves, patients and hazard ratios may be published.
    """
    arms, covariates = _table(r, "arms"), _table(r, "covariates")
    correlation = r.text("correlation", "own", ("own", "none"))
    missing = r.text("missing", "refuse", ("refuse", "own"))
    more: Plain = {}
    if survival:
        more = {name: _table(r, name) for name in TABLES[2:]}
        more["scale"] = r.text("scale", None, ("percent", "proportion"))
        more["time_unit"] = r.text("time_unit", None, tuple(DAYS_IN))
        more["use"] = r.text("use", None, ROUTES)
        if not any((arms, more["curves"], more["patients"], more["effects"])):
            r.problem("arms", "name a file: arms, curves, patients or effects")
    elif arms is None:
        r.problem("arms", "is missing: the file of published arms and their counts")
    r.finish()
    extrapolate = overlap.flag("extrapolate", False)
    overlap.finish()
    return PublishedSpec(arms, covariates, correlation, missing, extrapolate, folder=folder, **more)


def _table(r: Reader, name: str) -> str | Rows | None:
    """A file, or the rows of a table themselves."""
    value = r.take(name, None)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(row, Mapping) and row for row in value):
        return tuple(tuple((normalise(c), cell_text(v)) for c, v in row.items()) for row in value)
    r.problem(name, f"must be the name of a file, or rows like {{ study = ..., regimen = ... }}, not {value!r}")
    return None


def rows_of(source: str | Path | pd.DataFrame) -> list[dict[str, str]]:
    """The rows of a table as text, without blank cells."""
    return [{c: text for c, text in row.items() if text} for row in read_cells(source).rows]


def read_target(estimands: Reader) -> TargetSpec:
    """Read `population` and `weights` of `[estimands]`."""
    weights = estimands.text("weights", "fixed", ("fixed", "bootstrap"))
    value = estimands.take("population", "own")
    if value in ("own", "pooled", "overlap"):
        return TargetSpec(str(value), weights=weights)
    if isinstance(value, Mapping) and set(value) == {"study"} and isinstance(value["study"], str):
        return TargetSpec("study", normalise(value["study"]), weights=weights)
    if isinstance(value, Mapping) and "file" in value:
        inner = Reader(value, estimands.where("population"), estimands.problems)
        file, sheet = inner.text("file"), inner.text("sheet", None)
        inner.finish()
        return TargetSpec("file", file=file, sheet=sheet, weights=weights)
    if isinstance(value, Mapping) and set(value) == {"rows"} and isinstance(value["rows"], list | tuple):
        rows = [r for r in value["rows"] if isinstance(r, Mapping)]
        if rows and len(rows) == len(value["rows"]):
            return TargetSpec("file", rows=tuple(tuple(r.items()) for r in rows), weights=weights)
    if isinstance(value, Mapping) and value and not {"study", "rows"} & set(value):
        return TargetSpec("profile", profile=tuple(value.items()), weights=weights)
    estimands.problem(
        "population",
        'must be "own", "pooled", "overlap", { study = "..." }, { file = "registry.csv" }, { rows = [...] } or the '
        f"covariates of one patient, not {value!r}",
    )
    return TargetSpec(weights=weights)


@dataclass
class _Counts:
    """The rows of one arm, as they are read."""

    row: Mapping[str, str]
    number: int
    total: tuple[int, int] | None = None
    subgroups: list[Subgroup] = field(default_factory=list)

    @property
    def n(self) -> int:
        return self.total[0] if self.total else sum(s.n for s in self.subgroups)

    @property
    def events(self) -> int:
        return self.total[1] if self.total else sum(s.events or 0 for s in self.subgroups)


def _load(spec: PublishedSpec, endpoint: str) -> PublishedArms:
    table = read_cells(spec.source("arms"))
    problems = missing_columns(table, _ARM_COLUMNS)
    refuse_if_any(table.source, problems)
    rows, arms = [], dict[tuple[str, str], _Counts]()
    for row, number in zip(table.rows, table.numbers, strict=True):
        if canonical_endpoint(row["endpoint"]) != endpoint:
            continue
        counts = _counts(row, number, problems)
        arm = arms.setdefault((normalise(row["study"]), normalise(row["regimen"])), _Counts(row, number))
        if text := row.get("subgroup", "").strip():
            found = read_subgroup(text, number, counts["n"], counts["events"], problems)
            arm.subgroups += [] if found is None else [found]
            continue
        rows.append((row, number, counts))
        arm.row, arm.total = row, (counts["n"], counts["events"])
    problems += _twice(rows)
    problems += [_no_patients(c) for c in arms.values() if c.n == 0] if not problems else []
    refuse_if_any(table.source, problems)
    if not arms:
        raise DataError(f"{table.source} has no arm with counts of {endpoint}.")
    facts = read_facts(spec, {key: c.n for key, c in arms.items()})
    for (study, regimen), c in arms.items():
        if c.subgroups:
            problems += check_subgroups(f"{study}, {regimen}", c.total, c.subgroups, facts.get((study, regimen), {}))
    refuse_if_any(table.source, problems)
    published = tuple(
        PublishedArm(
            study,
            regimen,
            endpoint,
            design_said(c.row.get("design")) or "single-arm",
            c.n,
            c.events,
            shares_of_subgroups(facts.get((study, regimen), {}), c.subgroups),
            tuple(c.subgroups),
        )
        for (study, regimen), c in arms.items()
    )
    return PublishedArms(published, (*_alike(rows), *parts_of_trials(arms)))


def _counts(row: Mapping[str, str], number: int, problems: list[Problem]) -> dict[str, int]:
    """Patients and events of a row."""

    def refuse(code: str, column: str, message: str, remedy: str) -> None:
        problems.append(Problem(code, message, remedy, number, column, row.get(column, "")))

    counts = {name: check_count(row[name], name, refuse) or 0 for name in ("n", "events")}
    check_design(row.get("design", ""), refuse)
    if counts["events"] > counts["n"] > 0:
        problems.append(
            Problem(
                "events_exceed_n",
                f"{counts['events']} events among {counts['n']} patients",
                "Correct one of them.",
                number,
                "events",
                row["events"],
            )
        )
    return counts


def _no_patients(arm: _Counts) -> Problem:
    return Problem(
        "zero_total",
        "there are no patients in this arm",
        "Give their number, or leave the arm out.",
        arm.number,
        "n",
        arm.row["n"],
    )


def _twice(rows: Sequence[tuple[Mapping[str, str], int, Mapping[str, int]]]) -> list[Problem]:
    """One study, or one registration, of one regimen may speak once of an endpoint."""
    problems, seen = [], dict[tuple[str, str], int]()
    for row, number, _ in rows:
        names = [trial_key(row["study"]), registry_key(row.get("registry", ""))]
        for name in (n for n in names if n):
            key = (name, normalise(row["regimen"]).casefold())
            if key in seen and seen[key] != number:
                problems.append(
                    Problem(
                        "counted_twice",
                        f"{row['study']}, {row['regimen']} was given in row {seen[key]} already: "
                        "its patients would count twice",
                        "Keep the latest report of every study.",
                        number,
                        "study",
                    )
                )
                break
            seen[key] = number
    return problems


def parts_of_trials(arms: Iterable[tuple[str, str]]) -> list[Problem]:
    """Notes on arms that seem to be of patients counted under a shorter name: a subpopulation, a region, an update.

    Parameters
    ----------
    arms : iterable of (study, regimen)
    """
    listed = list(dict.fromkeys(arms))
    return [
        Problem(
            "part_of_a_trial",
            f"{part}, {regimen} may be a part or an update of {whole}",
            "If patients are in both, keep one: they would count twice.",
        )
        for part, regimen in listed
        for whole, other in listed
        if regimen.casefold() == other.casefold() and is_part_by_name(part, whole)
    ]


def _alike(rows: Sequence[tuple[Mapping[str, str], int, Mapping[str, int]]]) -> tuple[Problem, ...]:
    notes, seen = [], dict[tuple[int, int], str]()
    for row, number, counts in rows:
        key = (counts["n"], counts["events"])
        if key in seen:
            notes.append(
                Problem(
                    "same_counts",
                    f"{row['study']} has the same {key[1]} of {key[0]} as {seen[key]}",
                    "Make sure that they are not one study.",
                    number,
                    "events",
                )
            )
        seen[key] = row["study"]
    return tuple(notes)


def read_facts(
    spec: PublishedSpec, sizes: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """What is printed of covariates, by arm and covariate, one fact a row.

    Parameters
    ----------
    spec : PublishedSpec
    sizes : mapping of (study, regimen) to int
        Numbers of patients, against which percentages are checked.
    """
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    if spec.covariates is None:
        return found
    table = read_cells(spec.source("covariates"))
    problems = missing_columns(table, _FACT_COLUMNS)
    refuse_if_any(table.source, problems)
    arms = {arm_key(*arm): arm for arm in sizes}
    for row, number in zip(table.rows, table.numbers, strict=True):
        arm = arms.get(arm_key(row["study"], row["regimen"]))
        if arm is None:
            continue
        statistic = row["statistic"].strip().casefold()
        if statistic not in STATISTICS:
            allowed = ", ".join(STATISTICS)
            problems.append(
                Problem(
                    "statistic",
                    f"is not one of {allowed}",
                    f"Choose one.{nearest(statistic, STATISTICS)}",
                    number,
                    "statistic",
                    row["statistic"],
                )
            )
            continue
        value = _value(row, number, statistic, sizes[arm], problems)
        own = found.setdefault(arm, {}).setdefault(normalise(row["covariate"]), {})
        if statistic in own:
            problems.append(
                Problem("said_twice", f"the {statistic} of {row['covariate']} is given twice", "Keep one.", number)
            )
        own[statistic] = value
    refuse_if_any(table.source, problems)
    return found


def _value(row: Mapping[str, str], number: int, statistic: str, n: int, problems: list[Problem]) -> float:
    text = printed_percent(row["value"])
    found = number_in(text)
    value = math.nan if found is None else found
    text = f"{value:.10g}" if "e" in text.casefold() else text
    if not math.isfinite(value) or (statistic == "sd" and value <= 0):
        problems.append(Problem("value", "not a number it can be", "Correct it.", number, "value", row["value"]))
        return math.nan
    if statistic == "percent":
        if not 0.0 <= value <= 100.0:
            problems.append(
                Problem("percent", "a percentage lies between 0 and 100", "Correct it.", number, "value", text)
            )
        elif n and not possible_counts(text, n):
            problems.append(
                Problem(
                    "impossible_percent",
                    f"no whole number of {n} patients gives {text} %",
                    "Check the percentage, and whether it is of another number of patients.",
                    number,
                    "value",
                    text,
                )
            )
    return value
