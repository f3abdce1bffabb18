"""What papers say of survival: curves, medians, survival at a time and hazard ratios, one route for every arm.

Every fact of an arm rests on the same patients, so an arm may speak once: by its patients (a curve read back, or rows),
its median, its survival at one time, or a hazard ratio against another arm. Two routes are refused, unless ``use``
says which one counts; the other is then listed as not used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayes_escc.errors import DataError
from bayes_escc.evidence.columns import missing_columns
from bayes_escc.evidence.effects import read_effects
from bayes_escc.evidence.endpoints import endpoint_of_times
from bayes_escc.evidence.follow_up import unit_factor
from bayes_escc.evidence.population.curve_points import read_at_risk, read_curve
from bayes_escc.evidence.population.published import ROUTES, PublishedSpec, parts_of_trials, read_facts
from bayes_escc.evidence.population.reconstruct import Reconstruction, reconstruct_points
from bayes_escc.evidence.population.row_cells import RowCells, scale_of_survival
from bayes_escc.evidence.population.row_facts import fact_of_row
from bayes_escc.evidence.population.subgroup_rows import (
    Subgroup,
    check_subgroups,
    is_subgroup,
    read_subgroup,
    shares_of_subgroups,
)
from bayes_escc.evidence.population.survival_facts import (
    Fact,
    HazardRatio,
    Landmark,
    Median,
    NotReached,
    PublishedSurvival,
    Route,
    SurvivalArm,
)
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.reading import RawTable, normalise, read_cells
from bayes_escc.evidence.trial_names import arm_key, registry_key, trial_key

__all__ = ["load_survival"]

Array = NDArray[np.float64]
MOST_UNEVEN: Final = 3.0
"""How much farther the interval of a median may reach to one side before it is noted."""
_ARM_COLUMNS: Final = ("study", "regimen", "n")
_PATIENT_COLUMNS: Final = ("study", "regimen", "time", "event")


def load_survival(spec: PublishedSpec, endpoint: str, unit: str) -> PublishedSurvival:
    """Read and check everything a paper says of an endpoint.

    Parameters
    ----------
    spec : PublishedSpec
    endpoint : str
    unit : str
        Of time, wanted; the files are in ``spec.time_unit``, or in this one if it is not stated.

    Raises
    ------
    DataError
        With every problem, or where patients would count twice.
    """
    reading = _Reading(spec, endpoint, unit_factor(spec.time_unit or unit, unit))
    reading.read()
    return reading.result()


@dataclass
class _Said:
    """Everything that is said of one arm, before one route is taken."""

    study: str
    regimen: str
    rows: dict[Route, int] = field(default_factory=dict)
    fact: dict[Route, Fact] = field(default_factory=dict)
    design: str = "single-arm"
    n: int = 0
    events: int | None = None
    stated: dict[str, int] = field(default_factory=dict)
    scan_interval: float | None = None
    time: Array | None = None
    event: NDArray[np.bool_] | None = None
    reconstruction: Reconstruction | None = None
    parts: list[tuple[Subgroup, _Said]] = field(default_factory=list)


@dataclass
class _Reading:
    """Files of one analysis on their way to `PublishedSurvival`."""

    spec: PublishedSpec
    endpoint: str
    factor: float
    scale: str = "proportion"
    said: dict[tuple[str, str], _Said] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    not_used: list[str] = field(default_factory=list)
    ratios: tuple[HazardRatio, ...] = ()
    registered: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        """Read every file that is named."""
        if self.spec.arms is not None:
            self._arms(read_cells(self.spec.source("arms")))
        if self.spec.patients is not None:
            self._patients(read_cells(self.spec.source("patients")))
        if self.spec.curves is not None:
            self._curves(read_cells(self.spec.source("curves")))
        if self.spec.effects is not None:
            self.ratios = self._ratios()

    def _of(self, study: str, regimen: str) -> _Said:
        return self.said.setdefault(arm_key(study, regimen), _Said(normalise(study), normalise(regimen)))

    # ---- arms -----------------------------------------------------------------------------------

    def _arms(self, table: RawTable) -> None:
        refuse_if_any(table.source, missing_columns(table, _ARM_COLUMNS))
        registered: dict[tuple[str, str], tuple[str, int]] = {}
        totals, parts = [], []
        for row, number in zip(table.rows, table.numbers, strict=True):
            if row.get("endpoint") and endpoint_of_times(row["endpoint"]) != self.endpoint:
                continue
            arm, cells = self._of(row["study"], row["regimen"]), RowCells(row, number, self.problems)
            if row.get("subgroup", "").strip():
                parts.append((cells, arm))
                continue
            totals.append((cells, arm, events := cells.count("events")))
            self._total(cells, arm, events)
            registry = row.get("registry", "").strip()
            known = (registry_key(registry), arm.regimen.casefold())
            earlier = registered.setdefault(known, (arm.study, number))
            if known[0]:
                self.registered.setdefault(known[0], arm.study)
            if registry and earlier[0] != arm.study:
                self._twice(f"{registry} is {earlier[0]} too, of row {earlier[1]}", number)
        landmarks = [*(cells for cells, *_ in totals), *(cells for cells, _ in parts)]
        self.scale = scale_of_survival(landmarks, self.spec.scale)
        for cells, arm, events in totals:
            self._whole(cells, arm, events)
        for cells, arm in parts:
            self._subgroup(cells, arm)
        refuse_if_any(table.source, self.problems)

    def _total(self, cells: RowCells, arm: _Said, events: int | None) -> None:
        """What a row says of all patients of its arm, which no other row may contradict."""
        interval = cells.number("scan_interval")
        stated = {
            "n": cells.count("n"),
            "events": None if cells.by_a_time else events,
            "design": cells.design() or None,
            "scan_interval": None if interval is None else interval * self.factor,
        }
        for name, value in stated.items():
            if value is None:
                continue
            if name in arm.stated and getattr(arm, name) != value:
                said = f"{arm.study}, {arm.regimen} has another {name} in row {arm.stated[name]}"
                cells.refuse("rows_disagree", name, said)
            arm.stated.setdefault(name, cells.row_number)
            setattr(arm, name, value)

    def _whole(self, cells: RowCells, arm: _Said, events: int | None) -> None:
        """The fact of a row of all patients: by its own events, or a median by those of its arm."""
        if cells.by_a_time and events is not None and arm.events is not None and events > arm.events:
            said = f"more events by a time than the {arm.events} of the arm in row {arm.stated['events']}"
            cells.refuse("rows_disagree", "events", said)
        own = events if cells.by_a_time else arm.events
        fact = fact_of_row(cells, arm.n, own, self.factor, self.scale)
        if fact is None:
            return
        route: Route = "median" if isinstance(fact, Median | NotReached) else "landmark"
        if route in arm.rows:
            said = f"{arm.study}, {arm.regimen} gives a {route} in row {arm.rows[route]} already"
            self._twice(said, cells.row_number)
        arm.rows[route], arm.fact[route] = cells.row_number, fact

    def _subgroup(self, cells: RowCells, arm: _Said) -> None:
        """A row of the patients of an arm with, or without, a covariate."""
        own = _Said(arm.study, arm.regimen, design=cells.design() or arm.design)
        own.n, own.events = cells.count("n") or 0, cells.count("events")
        interval = cells.number("scan_interval")
        own.scan_interval = arm.scan_interval if interval is None else interval * self.factor
        part = read_subgroup(cells.text("subgroup"), cells.row_number, own.n, None, self.problems)
        before = len(self.problems)
        fact = fact_of_row(cells, own.n, own.events, self.factor, self.scale)
        if fact is None and len(self.problems) == before:
            cells.refuse("subgroup", "subgroup", "a subgroup says its median, survival at a time, or events by a time")
        if not own.n:
            cells.refuse("subgroup", "n", "a subgroup needs its number of patients")
        if part is not None and fact is not None:
            own.fact["subgroups"] = fact
            arm.parts.append((part, own))
            arm.rows.setdefault("subgroups", cells.row_number)

    def _twice(self, what: str, number: int) -> None:
        remedy = "Keep one: the latest report, of all patients; at one time."
        self.problems.append(
            Problem("counted_twice", f"{what}: its patients would count twice", remedy, number, "study")
        )

    # ---- patients -------------------------------------------------------------------------------

    def _patients(self, table: RawTable) -> None:
        refuse_if_any(table.source, missing_columns(table, _PATIENT_COLUMNS))
        times: dict[tuple[str, str], list[tuple[float, bool]]] = {}
        names: dict[tuple[str, str], tuple[str, str]] = {}
        for row, number in zip(table.rows, table.numbers, strict=True):
            cells = RowCells(row, number, self.problems)
            time = cells.number("time", zero=True)
            if row["event"].strip() not in ("0", "1", "0.0", "1.0"):
                cells.refuse("event", "event", "an event is 1, and 0 where there was none")
                continue
            if time is not None:
                happened = row["event"].strip().startswith("1")
                arm = arm_key(row["study"], row["regimen"])
                names.setdefault(arm, (row["study"], row["regimen"]))
                times.setdefault(arm, []).append((time * self.factor, happened))
        refuse_if_any(table.source, self.problems)
        for arm, rows in times.items():
            self._keep(self._of(*names[arm]), np.array([t for t, _ in rows]), np.array([e for _, e in rows]), 0)

    def _curves(self, table: RawTable) -> None:
        refuse_if_any(table.source, missing_columns(table, ("study", "regimen", "time", "survival")))
        file = self.spec.source("curves")
        each: dict[tuple[str, str], tuple[str, str]] = {}
        for row in table.rows:
            each.setdefault(arm_key(row["study"], row["regimen"]), (row["study"], row["regimen"]))
        for study, regimen in each.values():
            arm = self._of(study, regimen)
            points = read_curve(file, arm=regimen, study=study, scale=self.spec.scale)
            risk = None
            if self.spec.at_risk is not None:
                risk = read_at_risk(self.spec.source("at_risk"), arm=regimen, study=study)
            # an arm that has a median as well is read back without it: the two are held against each other
            found = reconstruct_points(points, risk, n=arm.n or None, events=arm.events, versions=0)
            arm.reconstruction = found
            self._keep(arm, found.time * self.factor, found.event, 0)

    def _keep(self, arm: _Said, time: Array, event: NDArray[np.bool_], number: int) -> None:
        if arm.time is not None:
            raise DataError(f"{arm.study}, {arm.regimen}: patients are given, and a curve; they would count twice.")
        if arm.n and arm.n != len(time):
            raise DataError(f"{arm.study}, {arm.regimen}: n is {arm.n}, but there are {len(time)} patients.")
        arm.time, arm.event, arm.n = time, event, len(time)
        arm.rows["curve"] = number

    # ---- hazard ratios --------------------------------------------------------------------------

    def _ratios(self) -> tuple[HazardRatio, ...]:
        table = read_effects(self.spec.source("effects"))
        frame = table.frame[[endpoint_of_times(e) == self.endpoint for e in table.frame["endpoint"]]]
        others = sorted({str(m) for m in frame["measure"] if str(m) not in ("HR", "log HR")})
        if others:
            raise DataError(f"{table.source}: of {self.endpoint}, hazard ratios are taken, not {', '.join(others)}.")
        frame = frame.assign(subgroup=frame.get("population", ""))
        # one registration is one trial, whatever a publication calls it
        keys = [registry_key(str(r)) for r in frame["registry"]] if "registry" in frame else [""] * len(frame)
        named = zip(keys, frame["study"], strict=True)
        frame = frame.assign(study=[self.registered.setdefault(k, s) if k else s for k, s in named])
        parts = [self._part_of_ratio(text, number) for number, text in frame["subgroup"].items()]
        refuse_if_any(table.source, self.problems)
        covariate = [p.covariate if p else "" for p in parts]
        several = frame.assign(covariate=covariate).groupby(["study", "experimental", "control"])["covariate"].nunique()
        twice = frame[frame.duplicated(["study", "experimental", "control", "subgroup"], keep=False)]
        if (several > 1).any():
            study = several[several > 1].index[0][0]
            raise DataError(
                f"{table.source}: {study} gives a hazard ratio of all patients and of subgroups, or of subgroups by "
                "several covariates; the same patients would count twice. Keep that of all, or those by one covariate."
            )
        if len(twice):
            raise DataError(
                f"{table.source}: {twice.iloc[0]['study']} gives {self.endpoint} more than once; its patients would "
                "count twice. Keep one population and one report."
            )
        found = []
        for row, part in zip(frame.to_dict("records"), parts, strict=True):
            sizes = [str(row.get(f"n_{side}", "")) for side in ("experimental", "control")]
            n = sum(int(float(s)) for s in sizes if s.replace(".", "", 1).isdigit())
            design = str(row.get("design") or "") or "randomised"
            effect = HazardRatio(
                row["study"], row["experimental"], row["control"], design, float(row["y"]), float(row["se"]), n, part
            )
            found.append(effect)
        return tuple(found)

    def _part_of_ratio(self, text: object, number: object) -> Subgroup | None:
        """Of whom a hazard ratio is; None where it is of all, or of a population no covariate of the model tells."""
        said = str(text).strip()
        if not is_subgroup(said):
            return None
        return read_subgroup(said, int(str(number)), 0, None, self.problems)

    # ---- one route for every arm ------------------------------------------------------------------

    def result(self) -> PublishedSurvival:
        """Take one route for every arm."""
        arms, twice = [], []
        ratios = list(self.ratios)
        for said in self.said.values():
            routes: list[Route] = [r for r in ROUTES if r in said.rows]
            against = [h for h in ratios if trial_key(h.study) == trial_key(said.study) and _names(h, said.regimen)]
            if against and self._overlap(routes, against):
                routes.append("hazard_ratio")
            if len(routes) > 1:
                if self.spec.use not in routes:
                    twice.append(f"{said.study}, {said.regimen}: {' and '.join(r.replace('_', ' ') for r in routes)}")
                    continue
                dropped = [r for r in routes if r != self.spec.use]
                self.not_used += [f"{said.study}, {said.regimen}: {r.replace('_', ' ')}" for r in dropped]
                if "hazard_ratio" in dropped:
                    ratios = [h for h in ratios if h not in against]
                routes = [r for r in routes if r == self.spec.use]
            if routes and routes[0] != "hazard_ratio":
                arms.append((said, routes[0]))
        if twice:
            raise DataError(
                f"the same patients would count twice ({'; '.join(twice)}). Keep one route for every arm, or state "
                '[published] use = "curve" (or "subgroups", "median", "landmark", "hazard_ratio"): what it leaves out '
                "is listed."
            )
        sizes = {(s.study, s.regimen): s.n or sum(p.n for p, _ in s.parts) for s, _ in arms}
        facts = read_facts(self.spec, sizes)
        made = tuple(one for said, route in arms for one in self._arm(said, route, facts))
        refuse_if_any("[published] arms", self.problems)
        if not made and not ratios:
            raise DataError(f"[published] says nothing of {self.endpoint}.")
        return PublishedSurvival(
            made, tuple(ratios), tuple(self.not_used), (*self.notes, *_alike(made), *self._doubts(made))
        )

    def _doubts(self, arms: Sequence[SurvivalArm]) -> list[Problem]:
        """Arms that may be parts of others, and intervals that may have been copied wrongly."""
        ratios = [(h.study, name) for h in self.ratios for name in (h.regimen, h.reference)]
        found = parts_of_trials([*((a.study, a.regimen) for a in arms), *ratios])
        for arm in arms:
            fact = arm.fact
            if not isinstance(fact, Median) or fact.basis != "interval":
                continue
            wider, narrower = max(fact.below, fact.above), min(fact.below, fact.above)
            if wider > MOST_UNEVEN * narrower:
                found.append(
                    Problem(
                        "uneven_interval",
                        f"{arm.label}: the interval of the median reaches {wider / narrower:.0f} times as far to one "
                        "side as to the other, on the log scale",
                        "Check both limits; a curve says more than such a median.",
                    )
                )
        return found

    def _overlap(self, routes: Sequence[Route], against: Sequence[HazardRatio]) -> bool:
        """Whether a hazard ratio and what else is said of its arms rest on the same contrast.

        A curve does; a median or landmark does where the other arm of the ratio gives one as well.
        """
        if not routes:
            return False
        if "curve" in routes:
            return True
        for h in against:
            both = [self.said.get((trial_key(h.study), name.casefold())) for name in (h.regimen, h.reference)]
            if all(arm is not None and arm.rows for arm in both):
                return True
        return False

    def _arm(self, said: _Said, route: Route, facts: Mapping[tuple[str, str], Any]) -> list[SurvivalArm]:
        known = facts.get((said.study, said.regimen), {})
        if route == "subgroups":
            return self._parts(said, known)
        common = (said.study, said.regimen, said.design, said.n, known)
        if route == "curve":
            return [
                SurvivalArm(
                    *common,
                    time=said.time,
                    event=said.event,
                    scan_interval=said.scan_interval,
                    reconstruction=said.reconstruction,
                )
            ]
        return [SurvivalArm(*common, fact=said.fact[route], scan_interval=said.scan_interval)]

    def _parts(self, said: _Said, known: Mapping[str, Mapping[str, float]]) -> list[SurvivalArm]:
        """The subgroups of an arm, which together are all of its patients."""
        parts = [part for part, _ in said.parts]
        total = (said.n, None) if said.n else None
        self.problems += check_subgroups(f"{said.study}, {said.regimen}", total, parts, known)
        facts = shares_of_subgroups(known, parts)
        return [
            SurvivalArm(
                said.study,
                said.regimen,
                own.design,
                part.n,
                facts,
                fact=own.fact["subgroups"],
                scan_interval=own.scan_interval,
                part=part,
            )
            for part, own in said.parts
        ]


def _names(effect: HazardRatio, regimen: str) -> bool:
    return regimen.casefold() in (effect.regimen.casefold(), effect.reference.casefold())


def _alike(arms: Sequence[SurvivalArm]) -> list[Problem]:
    """Arms with the same numbers under two names may be one."""
    notes, seen = [], dict[tuple[int, str], str]()
    for arm in arms:
        events = int(arm.event.sum()) if arm.event is not None else getattr(arm.fact, "events", None)
        said = [] if events is None else [f"{events} events in {arm.n} patients"]
        if isinstance(arm.fact, Median):
            said.append(f"median of {arm.fact.value:.4g} in {arm.n} patients")
        if isinstance(arm.fact, Landmark):
            fact = arm.fact
            said.append(f"survival of {fact.survival:.4g} at {fact.time:.4g} in {arm.n} patients")
        for number in said:
            key = (arm.n, number)
            if seen.get(key, arm.study) != arm.study:
                message = f"{arm.study} has the same {number} as {seen[key]}"
                notes.append(Problem("same_counts", message, "Make sure that they are not one study."))
            seen.setdefault(key, arm.study)
    return notes
