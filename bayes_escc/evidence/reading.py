"""Files and DataFrames in, text cells out: encodings, delimiters, sheets; no meaning yet.

Every cell is kept as the text that was written, so that `001` stays `001`, `34.50` keeps its
two decimals and a regimen called `NA` is not lost. Meaning and checks belong to the tables.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.names import normalise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RawTable", "cell_text", "frame_cells", "normalise", "read_cells"]

MAX_BYTES = 50_000_000
_DELIMITERS = (",", ";", "\t", "，")
_IDENTIFYING = {
    "name", "patient_name", "patientname", "surname", "first_name", "last_name", "full_name",
    "phone", "telephone", "mobile", "national_id", "id_card", "id_number", "passport", "address",
    "email", "姓名", "患者姓名", "病人姓名", "电话", "手机", "手机号", "身份证", "身份证号", "住址", "地址", "住院号",
}  # fmt: skip


@dataclass(frozen=True)
class RawTable:
    """Cells of one table as text, with the row numbers a person would count."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    numbers: tuple[int, ...]
    notes: tuple[Problem, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.rows)


def read_cells(source: str | Path | pd.DataFrame, *, sheet: str | None = None, drop: Sequence[str] = ()) -> RawTable:
    """Read a CSV file, an Excel workbook or a DataFrame as text cells.

    Parameters
    ----------
    source : path or DataFrame
        ``.csv``, ``.tsv``, ``.txt`` in UTF-8 (with or without BOM), UTF-16 with BOM or
        GB18030, separated by comma, semicolon, tab or full-width comma; or ``.xlsx``.
    sheet : str, optional
        Sheet of a workbook; required if it has several.
    drop : sequence of str, optional
        Columns to leave out, for example those that identify patients.

    Raises
    ------
    DataError
        If the file cannot be read as one rectangular table; every problem is listed.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        label = path.name
        grid, notes = _grid_from_file(path, sheet)
    else:
        label = "the DataFrame"
        grid, notes = frame_cells(source), []
    if not grid or not any(cell.strip() for cell in grid[0]):
        raise DataError(f"{label} is empty: the first row must hold the column names.")
    header = [normalise(cell) for cell in grid[0]]
    while header and not header[-1]:
        header.pop()
    problems = _check_header(header, drop)
    rows, numbers = [], []
    for number, cells in enumerate(grid[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            problems.append(
                Problem(
                    "ragged_row",
                    f"the row has {len(cells)} cells, the header {len(header)}",
                    "Quote cells that contain the delimiter.",
                    row=number,
                )
            )
        padded = [*cells, *[""] * (len(header) - len(cells))]
        rows.append({c: padded[i].strip() for i, c in enumerate(header) if c and c not in drop})
        numbers.append(number)
    if not rows:
        raise DataError(f"{label} has a header but no rows.")
    refuse_if_any(label, problems)
    columns = tuple(c for c in header if c and c not in drop)
    return RawTable(label, columns, tuple(rows), tuple(numbers), tuple(notes))


def _check_header(header: Sequence[str], drop: Sequence[str]) -> list[Problem]:
    problems = []
    seen: set[str] = set()
    for column in header:
        if not column or column in drop:
            continue
        if column in seen:
            problems.append(
                Problem(
                    "duplicate_column", "this column name stands twice", "Rename one of them.", row=1, column=column
                )
            )
        seen.add(column)
        if column.casefold().replace(" ", "_") in _IDENTIFYING:
            problems.append(
                Problem(
                    "identifying_column",
                    "this column seems to identify patients",
                    f"Remove it from the file, or leave it out with drop={[column]!r}.",
                    row=1,
                    column=column,
                )
            )
    return problems


def frame_cells(frame: Any) -> list[list[str]]:
    """Names and cells of a DataFrame, of pandas or of any other library that narwhals knows.

    Raises
    ------
    DataError
        If it is no DataFrame.
    """
    if hasattr(frame, "itertuples"):  # of pandas, whose names need be neither text nor different
        records = frame.itertuples(index=False, name=None)
        return [[str(c) for c in frame.columns], *([cell_text(v) for v in record] for record in records)]
    import narwhals as nw

    try:
        known = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise DataError(
            f"a table is a file or a DataFrame (of pandas, polars, pyarrow ...), not {type(frame).__name__}; "
            "collect a lazy one first."
        ) from None
    return [list(known.columns), *([cell_text(v) for v in record] for record in known.iter_rows())]


def cell_text(value: Any) -> str:
    """The text a person would have typed: no `.0` behind whole floats, blank for missing."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"} or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    number = getattr(value, "item", lambda: value)()  # NumPy scalar to Python
    if isinstance(number, bool):
        return "true" if number else "false"
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return str(number)


def _grid_from_file(path: Path, sheet: str | None) -> tuple[list[list[str]], list[Problem]]:
    if not path.is_file():
        raise DataError(f"there is no file {path}.")
    size = path.stat().st_size
    if size == 0:
        raise DataError(f"{path.name} is empty (0 bytes).")
    if size > MAX_BYTES:
        raise DataError(f"{path.name} has {size:,} bytes; at most {MAX_BYTES:,} are read.")
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _grid_from_workbook(path, sheet)
    if sheet is not None:
        raise DataError(f"{path.name} is not a workbook, so it has no sheet {sheet!r}.")
    text, notes = _decode(path.read_bytes(), path.name)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise DataError(f"{path.name} is empty.")
    delimiter = max(_DELIMITERS, key=lambda d: (_cells_in(lines[0], d), d == ","))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)), notes
    except csv.Error as error:
        raise DataError(f"{path.name} is not a regular table ({error}): check for an unclosed quote.") from None


def _cells_in(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter)))


def _decode(data: bytes, name: str) -> tuple[str, list[Problem]]:
    """Strict UTF-8 first, then UTF-16 with BOM, then GB18030; never a guess that cannot fail."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), [_encoding_note("UTF-16")]
        except UnicodeDecodeError:
            raise DataError(f"{name} begins like UTF-16 but breaks off: save it as CSV UTF-8.") from None
    if data.startswith(b"PK"):
        raise DataError(f"{name} is a workbook or archive, not text: give it the ending .xlsx.")
    if b"\x00" in data or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(f"{name} is binary, not text: save it as CSV (UTF-8) or as .xlsx.")
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            raise DataError(
                f"{name} is neither UTF-8 nor GB18030 (byte {error.start}): save it as CSV UTF-8."
            ) from None
        return text, [_encoding_note("GB18030", next((w for w in text.split() if not w.isascii()), ""))]


def _encoding_note(encoding: str, preview: str = "") -> Problem:
    shown = f", for example {preview[:40]!r}" if preview else ""
    return Problem("encoding", f"the file was read as {encoding}{shown}", "Check that names look right.")


def _grid_from_workbook(path: Path, sheet: str | None) -> tuple[list[list[str]], list[Problem]]:
    import openpyxl

    try:
        formulas = openpyxl.load_workbook(path, data_only=False)
        values = openpyxl.load_workbook(path, data_only=True)
    except Exception as error:  # openpyxl lets through whatever zip, XML and its own readers raise
        raise DataError(f"{path.name} cannot be opened as a workbook: {error}.") from None
    visible = [s.title for s in values.worksheets if s.sheet_state == "visible"]
    if sheet is None and len(visible) != 1:
        raise DataError(f"{path.name} has several sheets: choose one of {visible} with sheet=.")
    chosen = visible[0] if sheet is None else sheet
    if chosen not in values.sheetnames:
        raise DataError(f"{path.name} has no sheet {chosen!r}: it has {values.sheetnames}.")
    if values[chosen].merged_cells.ranges:
        merged = ", ".join(str(r) for r in values[chosen].merged_cells.ranges)
        raise DataError(f"{path.name}, sheet {chosen!r}, has merged cells ({merged}): unmerge them.")
    grid, problems = [], []
    pairs = zip(values[chosen].iter_rows(), formulas[chosen].iter_rows(), strict=True)
    for number, (cells, sources) in enumerate(pairs, start=1):
        for cell, original in zip(cells, sources, strict=True):
            if original.data_type == "f" and cell.value is None:
                problems.append(
                    Problem(
                        "formula_without_value",
                        "the formula has no stored result",
                        "Open and save the workbook, or paste values.",
                        row=number,
                        column=cell.coordinate,
                    )
                )
        grid.append([cell_text(cell.value) for cell in cells])
    refuse_if_any(path.name, problems)
    hidden = [r for r, d in values[chosen].row_dimensions.items() if d.hidden]
    notes = []
    if hidden:
        notes.append(
            Problem("hidden_rows", f"{len(hidden)} hidden rows were read", "Remove them if they should not count.")
        )
    return grid, notes
