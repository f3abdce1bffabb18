"""A sheet of visits beside the patients: the interval between two scans in which every patient progressed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as Mapping_

from bayes_escc.evidence.sheet.applied import Record, Recorder
from bayes_escc.evidence.sheet.cells import MISSING, WORDS, date_order, folded_word, read_day
from bayes_escc.evidence.sheet.date_questions import SERIAL_EPOCHS, ask_date
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.overall import UNDATED, UNDATED_DEATH
from bayes_escc.evidence.sheet.questions import Candidate
from bayes_escc.evidence.sheet.wording import Text, masked

__all__ = ["with_visits"]


Epochs = Mapping_[str, dt.date | None]
"""Day zero of numbers that are dates, by sheet."""


def with_visits(
    patients: list[Record], visits: list[Record], mapping: Mapping, recorder: Recorder, epochs: Epochs
) -> list[Record]:
    """Add `last_free`, `first_progression` and `scan_rule` to the patients, in weeks.

    The rule is that of `join_scans`: progression lies between the last scan without it and the first with it.
    """
    schedule = mapping.rule("schedule")
    if not schedule:
        recorder.ask(
            "schedule", Text("How many weeks lie between planned scans?", "计划影像评估间隔几周？"), (), free="number"
        )
    orders = {o for v in visits if (o := date_order(v.cells["visit_date"]))}
    order = mapping.columns["visit_date"].order or (orders.pop() if len(orders) == 1 else "")
    rows = [row for visit in visits if (row := _visit(visit, mapping, recorder, order, epochs)) is not None]
    if recorder.questions:
        return patients
    import pandas as pd

    from bayes_escc.evidence.visits import join_scans

    dated = [p for p in patients if p.values.get("start_date")]  # the others are set aside, or asked about
    known = {p.values["patient_id"] for p in dated}
    if not any(r["patient_id"] in known for r in rows):
        if mapping.rule("strays") != "leave_aside":
            recorder.ask(
                "strays",
                Text(
                    "No visit belongs to a patient of the sheet. Name the number that both sheets have "
                    "(use.identifier), or leave the visits aside.",
                    "没有访视能与患者对应：请指明两表共有的患者编号(use.identifier)，或不读取访视。",
                ),
                (Candidate("leave_aside", Text("no follow-up is made of them", "不由其推算随访")),),
            )
        return patients
    stray = [r for r in rows if r["patient_id"] and r["patient_id"] not in known]
    if stray:
        recorder.note(
            f"{len(stray)} visits of patients who are not on the sheet of patients are left aside",
            f"{len(stray)}次访视的患者不在患者表中，未读取",
        )
    frame = pd.DataFrame(
        [
            {
                "patient_id": p.values["patient_id"],
                "start": p.values["start_date"],
                "death": p.values.get("death_date", ""),
            }
            for p in dated
        ]
    )
    seen = pd.DataFrame([r for r in rows if r["patient_id"] in known], columns=["patient_id", "date", "result"])
    joined = join_scans(frame, seen, schedule=float(schedule), unit="weeks", start="start", death="death")
    found = {row["patient_id"]: row for row in joined.to_dict("records")}
    undated = 0
    for patient in patients:
        joined_row = found.get(patient.values["patient_id"])
        if joined_row is None:
            continue
        lower, upper = float(joined_row["last_free"]), float(joined_row["first_progression"])
        if patient.values.pop(UNDATED_DEATH, "") and upper == float("inf"):
            recorder.read(patient, "PFS", "", "", Text(f"set aside: {UNDATED.en}", f"未纳入：{UNDATED.zh}"))
            undated += 1
            continue
        patient.values |= {
            "last_free": f"{lower:.10g}",
            "first_progression": "inf" if upper == float("inf") else f"{upper:.10g}",
            "scan_rule": str(joined_row["scan_rule"]),
        }
        read = f"{lower:.4g} to {upper:.4g} weeks"
        recorder.read(
            patient,
            "PFS",
            "",
            read,
            Text(f"from the visits: {joined_row['scan_rule']}", f"由访视推算：{joined_row['scan_rule']}"),
        )
    if undated:
        recorder.note(
            f"{undated} {'patient' if undated == 1 else 'patients'} died on an unknown date without progression at a "
            "scan, and have no follow-up of PFS; see the log",
            f"{undated}例死亡日期未知且影像未见进展，未纳入PFS随访，见日志",
        )
    return patients


def _visit(visit: Record, mapping: Mapping, recorder: Recorder, order: str, epochs: Epochs) -> dict[str, str] | None:
    """Patient, date and result of one visit."""
    column, result = mapping.columns["visit_date"], mapping.columns["visit_result"]
    cell, word = visit.cells["visit_date"], folded_word(visit.cells["visit_result"])
    if folded_word(cell) in MISSING and word in MISSING:
        return None
    day = read_day(cell, order, epochs.get(visit.sheet) or SERIAL_EPOCHS.get(column.epoch))
    if isinstance(day, str):
        _ask_date(visit, cell, day, mapping, recorder)
        return None
    known = {**WORDS["visit_result"], **{folded_word(w): m for w, m in result.words}}
    meaning = known.get(word, "NE" if word in MISSING else "")
    if not meaning:
        recorder.ask(
            f"word.visit_result.{masked(word)}",
            Text(f"What does {masked(word)!r} mean as the result of a scan?", f"影像结果“{masked(word)}”是什么意思？"),
            tuple(Candidate(v, Text("", "")) for v in ("CR", "PR", "SD", "PD", "NE")),
            visit,
        )
        return None
    if day.isoformat() != cell:
        recorder.read(visit, column.header, cell, day.isoformat(), Text("date", "日期"))
    return {"patient_id": visit.values["patient_id"], "date": day.isoformat(), "result": meaning}


def _ask_date(visit: Record, cell: str, what: str, mapping: Mapping, recorder: Recorder) -> None:
    """The date of a visit that cannot be read as it is: asked for the whole column where one answer serves it."""
    header = mapping.columns["visit_date"].header
    if what in {"ambiguous", "serial"}:
        ask_date(recorder, visit, "visit_date", header, what)
    elif mapping.rule("unusable_visits") != "leave_aside":
        recorder.ask(
            "unusable_visits",
            Text(
                "Some visits have no date that can be read: correct the sheet, or leave them aside.",
                "有些访视日期无法读取：请更正，或不读取这些访视。",
            ),
            (Candidate("leave_aside", Text("they do not count", "不计入")),),
            visit,
        )
    else:
        recorder.read(visit, header, cell, "", Text("no date that can be read; set aside", "日期无法读取，未纳入"))
