"""What an electronic case-record system exports beside the patients: repeated rows and forms not yet complete."""

from __future__ import annotations

from bayes_escc.evidence.problems import Problem
from bayes_escc.evidence.reading import RawTable

__all__ = ["check_export"]

_REPEATS = ("redcap_repeat_instrument", "redcap_repeat_instance")
_COMPLETE = {"2", "complete"}


def check_export(raw: RawTable, id_column: str, problems: list[Problem], warnings: list[Problem]) -> None:
    """Find rows that are visits rather than patients, and forms that are not marked complete (REDCap).

    Parameters
    ----------
    raw : RawTable
    id_column : str
        Column of the identifier.
    problems, warnings : list of Problem
        What was found is appended.
    """
    repeated = [c for c in _REPEATS if c in raw.columns and any(row[c] for row in raw.rows)]
    several = "redcap_event_name" in raw.columns and len({row.get(id_column) for row in raw.rows}) < len(raw.rows)
    if repeated or several:
        column = repeated[0] if repeated else "redcap_event_name"
        first = next((n for n, row in zip(raw.numbers, raw.rows, strict=True) if not repeated or row[column]), None)
        problems.append(
            Problem(
                "one_row_per_visit",
                "this REDCap export has a row for every visit or repeated form",
                "Export one row per patient: the baseline event alone, without repeating instruments. Visits can be "
                "given as a table of scans.",
                row=first,
                column=column,
            )
        )
    for column in raw.columns:
        if column.casefold().endswith("_complete") and {row[column] for row in raw.rows} <= {
            "0",
            "1",
            "2",
            "",
            "Incomplete",
            "Unverified",
            "Complete",
        }:
            open_rows = [
                n for n, row in zip(raw.numbers, raw.rows, strict=True) if row[column].casefold() not in _COMPLETE
            ]
            if open_rows:
                warnings.append(
                    Problem(
                        "incomplete_form",
                        f"{len(open_rows)} forms are not marked complete",
                        "Their values may still change.",
                        row=open_rows[0],
                        column=column,
                    )
                )
