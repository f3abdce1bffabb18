"""Patients that stand in a sheet twice: the same row again is one patient, two different rows are a fault."""

from __future__ import annotations

from bayes_escc.evidence.sheet.applied import Record, Recorder
from bayes_escc.evidence.sheet.cell_reading import FAULT, add_fault, word_of
from bayes_escc.evidence.sheet.mapping import Mapping
from bayes_escc.evidence.sheet.wording import Text, masked
from bayes_escc.names import normalise

__all__ = ["REPEATED", "without_repeats"]

REPEATED = "repeated"
"""Mark of a record whose patient number another record has too; set aside, it is left out of every analysis."""


def without_repeats(records: list[Record], mapping: Mapping, recorder: Recorder) -> list[Record]:
    """Read a row that repeats another once, and mark rows that give one patient number different values.

    Parameters
    ----------
    records : list of Record
    mapping : Mapping
        Patients are told apart only where it names a column of their numbers.
    recorder : Recorder
        Told of every row that is left out.

    Returns
    -------
    list of Record
        Without the rows that repeat an earlier one in everything that is read. The others are marked with `REPEATED`
        and with the fault, which is asked about with the other rows that cannot be used.
    """
    if mapping.rule("identifier", "numbered") == "numbered" or "identifier" not in mapping.columns:
        return records
    header = mapping.columns["identifier"].header
    first: dict[tuple[str, str], list[Record]] = {}
    left, again = [], 0
    for record in records:
        number = word_of(record.cells["identifier"])
        alike = first.setdefault((record.sheet, number), []) if number else []
        same = next((r for r in alike if _written(r) == _written(record)), None)
        if same is not None:
            again += 1
            recorder.read(
                record,
                header,
                "",
                "",
                Text(f"the same as row {same.row}; read once", f"与第{same.row}行相同，只读取一次"),
            )
            continue
        alike.append(record)
        left.append(record)
    if again:
        recorder.note(
            "1 row repeats another in everything that is read, patient number included, and counts once"
            if again == 1
            else f"{again} rows repeat others in everything that is read, patient number included, and count once",
            f"{again}行所读取的内容(含患者编号)与其他行完全相同，只计一次",
        )
    shown_identity = mapping.rule("identifier") == "pseudonym"
    for (_, number), group in first.items():
        if len(group) > 1:
            listed = ", ".join(str(r.row) for r in group)
            who = "" if shown_identity else f" {masked(number)}"
            for record in group:
                record.values[REPEATED] = "1"
                why = Text(
                    f"patient number{who} stands in rows {listed} with different values",
                    f"患者编号{who}出现在第{listed}行，内容不同",
                )
                add_fault(record, FAULT, why)
    return left


def _written(record: Record) -> dict[str, str]:
    return {role: normalise(cell) for role, cell in record.cells.items()}
