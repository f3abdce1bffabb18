"""What `[data]` may say of a table of patients: its columns, codes, dates and visits, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from bayes_escc.errors import AnalysisError
from bayes_escc.evidence.dates import DateColumns, date_columns
from bayes_escc.evidence.follow_up import DAYS_IN, FollowUpColumns, event_meaning
from bayes_escc.evidence.scans import DEATH_RULES
from bayes_escc.evidence.table import NotEvaluable, TableSettings
from bayes_escc.evidence.visits import INTERVAL_COLUMNS, MEANINGS, ScanSettings
from bayes_escc.names import DESIGNS, Plain, PlainMapping
from bayes_escc.settings.reader import Reader
from bayes_escc.settings.setting import flag, setting, text, texts

__all__ = ["PatientSettings", "read_patient_settings"]


def _read_codes(reader: Reader, key: str, default: Any) -> tuple[tuple[str, str], ...]:
    codes = reader.table(key)
    meanings = []
    for code in codes.left():
        meaning = event_meaning(value := codes.take(code))
        if meaning is None:
            codes.problem(code, f'must be "event" (or 1) or "censored" (or 0), not {value!r}')
        meanings.append((code, meaning or "event"))
    return tuple(meanings) or tuple(default)


def _read_dates(reader: Reader, key: str, default: Any) -> DateColumns | None:
    stated = reader.take(key, default)
    if stated is None:
        return None
    if not isinstance(stated, Mapping):
        reader.problem(key, f'must be a table, for example {{ start = "start_date" }}, not {stated!r}')
        return None
    try:
        return date_columns(stated)
    except AnalysisError as error:
        reader.problem(key, str(error).rstrip("."))
        return None


def _read_scans(reader: Reader, key: str, default: PlainMapping | None) -> PlainMapping | None:
    """`[data.scans]`, before the columns of dates that it may leave out are known."""
    if not reader.has(key):
        return default
    scans = reader.table(key)
    time = scans.text("time", None)
    stated = {
        "schedule": scans.number("schedule", above=0),
        "unit": scans.text("unit", choices=tuple(DAYS_IN)),
        "id": scans.text("id", "patient_id"),
        "date": scans.text("date", None if time else "date"),
        "time": time,
        "result": scans.text("result", "result"),
        "start": scans.text("start", None),
        "death": scans.text("death", None),
        "missed": scans.number("missed", 1, above=0, below=100, integer=True, closed=True),
        "death_after_missed": scans.text("death_after_missed", "interval", DEATH_RULES),
    }
    words = scans.table("words")
    stated["words"] = {word: words.text(word, choices=MEANINGS) for word in words.left()}
    stated["file"] = scans.text("file")
    scans.finish()
    return stated


@dataclass(frozen=True, kw_only=True)
class PatientSettings(TableSettings):
    """What `[data]` may say of a table of patients; every field declares one key."""

    id: str = setting(text(), "patient_id", "column with the patient's identifier, read as text")
    id_pseudonyms: bool = setting(
        flag, False, "whether identifiers are replaced by salted pseudonyms, so that no result or study holds one"
    )
    regimen: str | None = setting(
        text(),
        None,
        "column with the patient's regimen (`regimen`, or a name that means it: treatment, arm, 治疗方案 ...)",
    )
    response: str | None = setting(
        text(), None, "column with the best response: CR, PR, SD, PD, NE, or 0 and 1 (`response`, if a model needs one)"
    )
    not_evaluable: NotEvaluable = setting(
        text("nonresponse", "exclude"),
        "nonresponse",
        "whether patients marked NE count as non-responders or not at all",
    )
    design: str = setting(text(*DESIGNS), "", f"how patients came to their regimens: {', '.join(DESIGNS)}")
    time: str | None = setting(text(), None, "column with the time to the event or to censoring")
    event: str | None = setting(text(), None, "column with 1 for an event and 0 for censoring")
    entry: str | None = setting(text(), None, "column with the time from which the patient was at risk; blank is 0")
    interval: tuple[str, str] | None = setting(
        texts(2, ("last scan without", "first scan with progression")),
        None,
        "columns with the last scan without and the first scan with progression (inf if none)",
    )
    overall: str | None = setting(text(), None, "column with overall survival, to check the follow-up against")
    overall_event: str | None = setting(
        text(), None, "column with 1 for death at `overall` and 0 for alive then: both endpoints are then known"
    )
    both_endpoints: bool = setting(
        flag, False, "whether `dates` give overall survival too; a model of both endpoints sets it itself"
    )
    time_unit: str | None = setting(text(*DAYS_IN), None, f"unit of all these columns: {', '.join(DAYS_IN)}")
    event_codes: tuple[tuple[str, str], ...] = setting(
        _read_codes, (), 'what other codes mean: `{ "2" = "event", "1" = "censored" }`'
    )
    dates: DateColumns | None = setting(
        _read_dates,
        None,
        "columns of dates: `{ start, event, death, last_contact }`, and `cut`, the date of the data cut",
    )
    scans: ScanSettings | None = setting(
        _read_scans, None, "a table of visits from which the intervals are made, `[data.scans]`"
    )

    @property
    def derives_follow_up(self) -> bool:
        """Whether the dates give the follow-up, as no column of times does."""
        return self.dates is not None and self.time is None and self.event is None and self.interval is None

    @property
    def follow_up(self) -> FollowUpColumns:
        """The columns of the follow-up.

        Raises
        ------
        AnalysisError
            If they do not make sense together.
        """
        wrong = []
        if self.derives_follow_up:
            if self.both_endpoints and (self.overall or self.overall_event):
                raise AnalysisError("the dates give overall survival; leave overall= and overall_event= out.")
            overall, died = ("overall", "overall_event") if self.both_endpoints else (self.overall, None)
            unit = self.time_unit or "days"
            return FollowUpColumns(
                "time", "event", self.entry, None, None, overall, self.event_codes, unit, overall_event=died
            )
        if (self.time is None) != (self.event is None):
            wrong.append("time= and event= go together")
        if self.interval is not None and (isinstance(self.interval, str) or len(self.interval) != 2):
            wrong.append(f"interval= takes two columns, lower and upper, not {self.interval!r}")
        if self.time is None and self.interval is None and (self.entry or self.overall or self.event_codes):
            wrong.append("entry=, overall= and event_codes= need time= and event=, or interval=")
        if self.overall_event is not None and self.overall is None:
            wrong.append("overall_event= goes with overall=, the time of death or of the last contact")
        if self.event_codes and {m for _, m in self.event_codes} != {"event", "censored"}:
            wrong.append('event_codes= gives every code the meaning "event" or "censored", and uses both')
        if wrong:
            raise AnalysisError("; ".join(wrong) + ".")
        lower, upper = self.interval or (None, None)
        return FollowUpColumns(
            self.time,
            self.event,
            self.entry,
            lower,
            upper,
            self.overall,
            self.event_codes,
            self.time_unit,
            overall_event=self.overall_event,
        )

    @property
    def derived(self) -> tuple[str, ...]:
        """Roles of the follow-up that the dates give, so that no column has them."""
        if not self.derives_follow_up:
            return ()
        return ("time", "event", "overall", "overall_event") if self.both_endpoints else ("time", "event")

    @property
    def seen_at_scans(self) -> bool:
        return self.interval is not None

    @property
    def dated_by(self) -> frozenset[str]:
        return frozenset() if self.dates is None else frozenset(self.dates.roles)

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        return tuple(column for column in (self.time, self.response) if column)

    def of_response(self) -> Self:
        return replace(self, response=self.response or "response")

    def of_both_endpoints(self) -> Self:
        return replace(self, both_endpoints=self.derives_follow_up)

    def outcome(self, needs_response: bool) -> dict[str, str]:
        """Columns that hold the outcome, the response or else the follow-up, each with the key that names it."""
        if needs_response:
            return {} if self.response is None else {self.response: "response"}
        lower, upper = self.interval or (None, None)
        named = {"time": self.time, "event": self.event, "overall": self.overall, "overall_event": self.overall_event}
        named |= {"interval[0]": lower, "interval[1]": upper}
        if self.dates is not None:
            named |= {f"dates.{k}": getattr(self.dates, k) for k in ("event", "death", "last_contact")}
        return {column: key for key, column in named.items() if column is not None}

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the checked table that these settings give, dates left out, as they only make or check others."""
        response = {"response"} if self.response is not None else set()
        return frozenset({"patient_id", "regimen", "study", "design", *response, *self.follow_up.roles})


def read_patient_settings(data: Reader, values: Plain) -> PatientSettings:
    """The settings that were read from `[data]`, checked against each other."""
    scans, dates = values.pop("scans"), values["dates"]
    if scans is not None:
        for key in ("interval", "time", "event"):
            if values[key] is not None:
                data.problem(key, "the scans give the interval; leave it out")
        if values["time_unit"] not in (None, scans["unit"]):
            data.problem(
                "time_unit", f"the scans give intervals in {scans['unit']}; leave it out, or set the same unit"
            )
        values |= {"time": None, "event": None, "interval": INTERVAL_COLUMNS, "time_unit": scans["unit"]}
        if dates is not None:
            scans |= {"start": scans["start"] or dates.start, "death": scans["death"] or dates.death}
        try:
            values["scans"] = ScanSettings(**scans)
        except AnalysisError as error:
            if scans["schedule"] is not None and scans["unit"] is not None:
                data.problem("scans", str(error).removeprefix("scans: ").rstrip("."))
    elif (values["time"] is None) != (values["event"] is None):
        data.problem("event", "goes together with time: the column of 1 (event) and 0 (censored)")
    return PatientSettings(**values)
