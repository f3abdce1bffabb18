"""One sheet of an Excel workbook as text cells, read once and no larger than what it may unpack to."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem, refuse_if_any

__all__ = ["grid_from_workbook"]

MAX_UNPACKED: Final = 100_000_000
"""Bytes of XML; a sheet of 100,000 rows of ten cells has about 40 million."""
MAX_CELLS: Final = 5_000_000
"""Cells between the first and the last that a sheet says it has, most of them blank; reading makes each of them."""
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def grid_from_workbook(
    path: Path, sheet: str | None, as_text: Callable[[Any], str]
) -> tuple[list[list[str]], list[Problem]]:
    """The cells of one sheet, and what was noticed.

    Parameters
    ----------
    path : Path
    sheet : str or None
        Its name; may be None if just one is visible.
    as_text : callable
        From the value of a cell to its text.

    Raises
    ------
    DataError
        If the file is no workbook, unpacks to too much, has a cell far away from all others, merged cells or a
        formula without a stored result.
    """
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise DataError(
                f"{path.name} unpacks to {unpacked:,} bytes; at most {MAX_UNPACKED:,} are read: save the sheet as CSV."
            )
        book = openpyxl.load_workbook(path, data_only=True)
    except DataError:
        raise
    except Exception as error:  # openpyxl lets through whatever zip, XML and its own readers raise
        raise DataError(f"{path.name} cannot be opened as a workbook: {error}.") from None
    visible = [s.title for s in book.worksheets if s.sheet_state == "visible"]
    if sheet is None and len(visible) != 1:
        raise DataError(f"{path.name} has several sheets: choose one of {visible} with sheet=.")
    chosen = visible[0] if sheet is None else sheet
    if chosen not in book.sheetnames:
        raise DataError(f"{path.name} has no sheet {chosen!r}: it has {book.sheetnames}.")
    cells = book[chosen]
    if cells.max_row * cells.max_column > MAX_CELLS:
        raise DataError(
            f"{path.name}, sheet {chosen!r}, reaches to row {cells.max_row:,} and column {cells.max_column:,}; at most "
            f"{MAX_CELLS:,} cells are read. Delete what stands or is formatted beyond the table, or save the sheet as "
            "CSV."
        )
    if cells.merged_cells.ranges:
        merged = ", ".join(str(r) for r in cells.merged_cells.ranges)
        raise DataError(f"{path.name}, sheet {chosen!r}, has merged cells ({merged}): unmerge them.")
    refuse_if_any(
        path.name,
        [
            Problem(
                "formula_without_value",
                "the formula has no stored result",
                "Open and save the workbook, or paste values.",
                row=row,
                column=place,
            )
            for row, place in _formulas_without_value(path, chosen)
        ],
    )
    grid = [[as_text(cell) for cell in row] for row in cells.iter_rows(values_only=True)]
    hidden = [r for r, d in cells.row_dimensions.items() if d.hidden]
    if not hidden:
        return grid, []
    said = f"{len(hidden)} hidden rows were read"
    return grid, [Problem("hidden_rows", said, "Remove them if they should not count.")]


def _formulas_without_value(path: Path, sheet: str) -> list[tuple[int, str]]:
    """Row and place of cells whose formula was never computed, which openpyxl gives as blank."""
    with zipfile.ZipFile(path) as archive:
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 (bounded above)
        targets = {link.get("Id"): str(link.get("Target")) for link in links}
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (bounded above)
        target = next(
            (targets.get(s.get(_LINK), "") for s in book.iter(f"{_MAIN}sheet") if s.get("name") == sheet), ""
        ).lstrip("/")
        name = target if target.startswith("xl/") else f"xl/{target}"
        if name not in archive.namelist():
            return []
        found = []
        with archive.open(name) as file:
            for _, element in ElementTree.iterparse(file):  # noqa: S314 (bounded above)
                if element.tag == f"{_MAIN}c":
                    formula, value = element.find(f"{_MAIN}f"), element.find(f"{_MAIN}v")
                    if formula is not None and (value is None or value.text is None):
                        place = str(element.get("r"))
                        found.append((int("".join(c for c in place if c.isdigit()) or 0), place))
                    element.clear()
    return found
