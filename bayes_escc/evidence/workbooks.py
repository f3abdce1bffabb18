"""Excel workbooks: opened here alone, no larger than they may unpack to; and one sheet of them as text cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from bayes_escc.errors import DataError
from bayes_escc.evidence.problems import Problem, counted, refuse_if_any

__all__ = ["SheetMarks", "Workbook", "grid_from_workbook", "opened"]

MAX_UNPACKED: Final = 100_000_000
"""Bytes of XML; a sheet of 100,000 rows of ten cells has about 40 million."""
MAX_RATIO: Final = 200
"""Unpacked bytes for each packed one; a table of one value repeated has about 50, what is made to burst thousands."""
MAX_PARTS: Final = 2000
MAX_CELLS: Final = 5_000_000
"""Cells between the first and the last of a sheet, most of them blank; reading makes each of them."""
MAX_FILLED: Final = 1_000_000
"""Cells that a sheet holds, as 100,000 rows of ten columns do."""
_PIECE: Final = 1 << 20
_C: Final = rb"<(?:\w+:)?"
_MERGE: Final = re.compile(_C + rb'mergeCell\s[^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_FORMULA: Final = re.compile(
    _C + rb'c\s(?:[^>]*?\s)?r="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</"
)
_HIDDEN: Final = re.compile(_C + rb'row\s[^>]*hidden="(?:1|true)"')
_CELL: Final = re.compile(_C + rb"c[\s/>]")
_PLACE: Final = re.compile(_C + rb'c\s(?:[^>]*?\s)?r="([A-Z]+)(\d+)"')


@dataclass(frozen=True)
class SheetMarks:
    """What the XML of a sheet says beside the values of its cells.

    Parameters
    ----------
    merged : tuple of (int, int, int, int)
        First row, first column, last row, last column of merged cells, from 0.
    formulas : frozenset of (int, int)
        Row and column, from 0, of cells whose formula has no stored value.
    hidden : int
        Number of hidden rows.
    """

    merged: tuple[tuple[int, int, int, int], ...]
    formulas: frozenset[tuple[int, int]]
    hidden: int


@dataclass(frozen=True)
class Workbook:
    """An open workbook.

    Parameters
    ----------
    name : str
        Of the file.
    book : openpyxl.Workbook
        Opened for reading, with the stored results of formulas.
    archive : ZipFile
    """

    name: str
    book: Any
    archive: zipfile.ZipFile

    @property
    def visible(self) -> list[Any]:
        """Sheets that are not hidden, in order."""
        return [s for s in self.book.worksheets if s.sheet_state == "visible"]

    def marks(self, sheet: Any) -> SheetMarks:
        """What a sheet says beside its cells.

        Raises
        ------
        DataError
            If the sheet holds too many cells, or one so far away that there are too many before it.
        """
        with self.archive.open(str(sheet._worksheet_path).lstrip("/")) as stream:  # openpyxl tells none of this
            marks, cells, rows, columns = _scan(stream)
        if cells > MAX_FILLED:
            raise DataError(
                f"{self.name}, sheet {sheet.title!r}, holds more than {MAX_FILLED:,} cells, the most that are read: "
                "save the sheet as CSV."
            )
        if rows * columns > MAX_CELLS:
            raise DataError(
                f"{self.name}, sheet {sheet.title!r}, reaches to row {rows:,} and column {columns:,}; at most "
                f"{MAX_CELLS:,} cells are read. Delete what stands or is formatted beyond the table, or save the sheet "
                "as CSV."
            )
        sheet.reset_dimensions()  # what a sheet says of its size may be wrong
        return marks


@contextmanager
def opened(path: Path) -> Iterator[Workbook]:
    """A workbook, open for reading.

    Raises
    ------
    DataError
        If the file is no workbook, or unpacks to too much; also where a part turns out to be damaged while it is read.
    """
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, path.name)
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                yield Workbook(path.name, book, archive)
            finally:
                book.close()
    except DataError:
        raise
    except Exception as error:  # openpyxl lets through whatever zip, XML and its own readers raise
        raise DataError(
            f"{path.name} cannot be opened as a workbook ({type(error).__name__}): save it again as .xlsx."
        ) from None


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
    with opened(path) as workbook:
        visible = [s.title for s in workbook.visible]
        if sheet is None and len(visible) != 1:
            raise DataError(f"{path.name} has several sheets: choose one of {visible} with sheet=.")
        chosen = visible[0] if sheet is None else sheet
        if chosen not in workbook.book.sheetnames:
            raise DataError(f"{path.name} has no sheet {chosen!r}: it has {workbook.book.sheetnames}.")
        cells = workbook.book[chosen]
        marks = workbook.marks(cells)
        if marks.merged:
            merged = ", ".join(f"{_place(a, b)}:{_place(c, d)}" for a, b, c, d in marks.merged)
            raise DataError(f"{path.name}, sheet {chosen!r}, has merged cells ({merged}): unmerge them.")
        refuse_if_any(
            path.name,
            [
                Problem(
                    "formula_without_value",
                    "the formula has no stored result",
                    "Open and save the workbook, or paste values.",
                    row=row + 1,
                    column=_place(row, column),
                )
                for row, column in sorted(marks.formulas)
            ],
        )
        grid = [[as_text(cell) for cell in row] for row in cells.iter_rows(values_only=True)]
    width = max((len(row) for row in grid), default=0)
    grid = [row + [""] * (width - len(row)) for row in grid]
    if not marks.hidden:
        return grid, []
    said = f"{counted(marks.hidden, 'hidden row')} {'was' if marks.hidden == 1 else 'were'} read"
    return grid, [Problem("hidden_rows", said, "Remove them if they should not count.")]


def _check_size(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse what unpacks to more than is read; a part never gives more bytes than the archive says of it."""
    parts = archive.infolist()
    unpacked, packed = sum(p.file_size for p in parts), sum(p.compress_size for p in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(packed, 1):
        raise DataError(
            f"{name} unpacks to {unpacked:,} bytes; at most {MAX_UNPACKED:,}, in {MAX_PARTS:,} parts, and {MAX_RATIO} "
            f"for each of its own are read: save the sheet as CSV, or copy the table into a new workbook."
        )


def _scan(stream: IO[bytes]) -> tuple[SheetMarks, int, int, int]:
    """Marks of a sheet's XML, read in pieces; how many cells it holds, and the last row and column of them."""
    merged: dict[tuple[int, int, int, int], None] = {}
    formulas: set[tuple[int, int]] = set()
    hidden, cells, last, widths, kept = 0, 0, 0, {b"A"}, b""
    while cells <= MAX_FILLED and (piece := stream.read(_PIECE)):
        text = kept + piece
        end = text.rfind(b"<row") if b"<row" in text else text.rfind(b"<x:row")  # a row is never cut in two
        cut = end if end > 0 and len(piece) == _PIECE else len(text)
        whole, kept = text[:cut], text[cut:]
        for c1, r1, c2, r2 in _MERGE.findall(whole):
            merged[int(r1) - 1, _column(c1), int(r2) - 1, _column(c2)] = None
        formulas |= {(int(r) - 1, _column(c)) for c, r in _FORMULA.findall(whole)}
        hidden += len(_HIDDEN.findall(whole))
        cells += sum(1 for _ in _CELL.finditer(whole))
        places = _PLACE.findall(whole)
        widths |= {column for column, _ in places}
        last = max(last, *(int(row) for _, row in places[-1:]), 0)
    return SheetMarks(tuple(merged), frozenset(formulas), hidden), cells, last, 1 + max(_column(w) for w in widths)


def _column(letters: bytes) -> int:
    """Number of a column, from 0, by its letters."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1


def _place(row: int, column: int) -> str:
    """A cell as a spreadsheet names it."""
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row + 1}"
