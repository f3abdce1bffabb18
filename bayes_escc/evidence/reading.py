"""Files and DataFrames in, text cells out: encodings, delimiters, sheets; no meaning yet.

Every cell is kept as the text that was written, so that `001` stays `001`, `34.50` keeps its
two decimals and a regimen called `NA` is not lost. Meaning and checks belong to the tables.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bayes_escc.errors import UNPRINTABLE, DataError
from bayes_escc.evidence.identity import hospital_number, identifying_cells, identifying_header
from bayes_escc.evidence.numbers import decimal_comma
from bayes_escc.evidence.problems import Problem, refuse_if_any
from bayes_escc.evidence.workbooks import grid_from_workbook
from bayes_escc.names import normalise

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RawTable", "cell_text", "frame_cells", "normalise", "read_cells", "western"]

MAX_BYTES: Final = 50_000_000
_DELIMITERS: Final = (",", ";", "\t", "，")
_POINT: Final = re.compile(r"[0-9]\.[0-9]")
_NUMBERS: Final = re.compile(r"[0-9\s().,\[\]%;/~–-]+")
"""Cells of numbers and what is printed between them."""


@dataclass(frozen=True)
class RawTable:
    """Cells of one table as text, with the row numbers a person would count.

    Parameters
    ----------
    source : str
    cells : mapping of str to sequence of str
        The cells of every column, from top to bottom.
    numbers : tuple of int
    notes : tuple of Problem
    """

    source: str
    cells: Mapping[str, Sequence[str]]
    numbers: tuple[int, ...]
    notes: tuple[Problem, ...] = field(default=())

    @classmethod
    def of_rows(
        cls,
        source: str,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, str]],
        numbers: Sequence[int],
        notes: tuple[Problem, ...],
    ) -> RawTable:
        """A table of rows."""
        return cls(source, {c: [row[c] for row in rows] for c in columns}, tuple(numbers), notes)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.cells)

    @cached_property
    def rows(self) -> tuple[Mapping[str, str], ...]:
        """One mapping per row; for tables that are not large."""
        names = self.columns
        return tuple(dict(zip(names, row, strict=True)) for row in zip(*self.cells.values(), strict=True))

    def renamed(self, names: Mapping[str, str]) -> RawTable:
        """The same cells under other column names."""
        return replace(self, cells={names.get(c, c): cells for c, cells in self.cells.items()})


def read_cells(
    source: str | Path | pd.DataFrame,
    *,
    sheet: str | None = None,
    drop: Sequence[str] = (),
    pseudonymous: str | None = None,
    identifier: str | None = None,
) -> RawTable:
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
    pseudonymous : str, optional
        Column whose cells will be replaced by pseudonyms, so that it may identify patients here.
    identifier : str, optional
        Column of the identifiers of patients, which pseudonyms could replace; a refusal says so.

    Raises
    ------
    DataError
        If the file cannot be read as one rectangular table; every problem is listed.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        label = path.name
        grid: Sequence[Sequence[str]]
        grid, notes = _grid_from_file(path, sheet)
    else:
        label = str(getattr(source, "attrs", {}).get("source", "the DataFrame"))
        grid, notes = frame_cells(source), []
    if not grid or not any(cell.strip() for cell in grid[0]):
        raise DataError(f"{label} is empty: the first row must hold the column names.")
    header = [normalise(cell) for cell in grid[0]]
    while header and not header[-1]:
        header.pop()
    problems = _check_header(header, drop, pseudonymous, identifier)
    numbers, rows = _rectangular(grid, len(header), problems)
    del grid
    if not rows:
        raise DataError(f"{label} has a header but no rows.")
    columns = list(zip(*rows, strict=True))
    del rows
    cells = {c: _once(map(str.strip, columns[i])) for i, c in enumerate(header) if c and c not in drop}
    del columns
    for column, texts in cells.items():
        problems += _check_cells(column, texts, numbers, column == pseudonymous)
    refuse_if_any(label, problems)
    commas = _with_decimal_points(cells)
    if commas:
        notes = [
            *notes,
            Problem(
                "decimal_comma",
                f"the commas in {', '.join(commas)} were read as decimal points",
                "Write points if that is not what they are.",
            ),
        ]
    return RawTable(label, cells, tuple(numbers), tuple(notes))


def _once(texts: Iterable[str]) -> list[str]:
    """The same texts, equal ones as one object, so that a column of few labels needs little memory."""
    listed = list(texts)
    seen: dict[str, str] = {}
    return list(map(seen.setdefault, listed, listed))


def _rectangular(
    grid: Sequence[Sequence[str]], width: int, problems: list[Problem]
) -> tuple[list[int], list[Sequence[str]]]:
    """Rows that are not blank, all of one width, and their numbers."""
    rows, numbers = [], []
    for number, cells in enumerate(grid[1:], start=2):
        if not cells or not (cells[0].strip() or any(map(str.strip, cells))):
            continue
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            problems.append(
                Problem(
                    "ragged_row",
                    f"the row has {len(cells)} cells, the header {width}",
                    "Quote cells that contain the delimiter.",
                    row=number,
                )
            )
        if len(cells) != width:
            cells = [*cells[:width], *[""] * (width - len(cells))]
        rows.append(cells)
        numbers.append(number)
    return numbers, rows


def _check_header(
    header: Sequence[str], drop: Sequence[str], pseudonymous: str | None, identifier: str | None
) -> list[Problem]:
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
        if UNPRINTABLE.search(column):
            problems.append(_forbidden("the column name", 1, repr(column), None))
        if identifying_header(column) and column != pseudonymous:
            problems.append(
                Problem(
                    "identifying_column",
                    "this column seems to identify patients",
                    f"Remove it from the file, or leave it out with drop={[column]!r}"
                    f"{_by_pseudonyms(column, header, identifier)}.",
                    row=1,
                    column=column,
                )
            )
    return problems


def _by_pseudonyms(column: str, header: Sequence[str], identifier: str | None) -> str:
    """That pseudonyms can stand for what identifies patients: for their identifier, or for a number that can be it."""
    if column == identifier:
        return "; as the identifier it can be replaced by pseudonyms, id_pseudonyms = true"
    if identifier is None or identifier in header or not hospital_number(column):
        return ""
    return f'; as the identifier it can be replaced by pseudonyms, id = "{column}" and id_pseudonyms = true'


def _check_cells(column: str, cells: Sequence[str], numbers: Sequence[int], pseudonymous: bool) -> list[Problem]:
    """Characters that no table prints, and what identifies a person."""
    problems = []
    if UNPRINTABLE.search("\n".join(cells)):
        problems += [
            _forbidden("the cell", number, column, cell)
            for number, cell in zip(numbers, cells, strict=True)
            if UNPRINTABLE.search(cell)
        ]
    identity = None if pseudonymous else identifying_cells(column, cells, numbers)
    return problems if identity is None else [*problems, identity]


def _forbidden(what: str, row: int, column: str, cell: str | None) -> Problem:
    shown = None if cell is None else UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", cell)
    return Problem(
        "control_character",
        f"{what} has a character that cannot be seen or printed",
        "Type it again.",
        row=row,
        column=UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", column),
        value=shown,
    )


def _with_decimal_points(cells: dict[str, list[str]]) -> list[str]:
    """Replace decimal commas where the whole table leaves no doubt of them, in place; the columns they stood in.

    There is doubt where a number has a decimal point too, and where every comma is followed by just three digits, as
    one between thousands is.
    """
    numeric = {
        column: texts
        for column, texts in cells.items()
        if "," in "\n".join(texts) and all(not t or decimal_comma(t) or t.isdecimal() for t in texts)
    }
    if not numeric or any(
        _POINT.search(t) for texts in cells.values() for t in texts if "." in t and _NUMBERS.fullmatch(t)
    ):
        return []
    printed = [t for texts in numeric.values() for t in texts if "," in t]
    if all(re.fullmatch(r"-?[1-9][0-9]{0,2},[0-9]{3}", t) for t in printed):
        return []
    for column, texts in numeric.items():
        cells[column] = [decimal_comma(t) or t for t in texts]
    return list(numeric)


def frame_cells(frame: Any) -> list[Sequence[str]]:
    """Names and cells of a DataFrame, of pandas or of any other library that narwhals knows.

    Raises
    ------
    DataError
        If it is no DataFrame.
    """
    if hasattr(frame, "itertuples"):  # of pandas, whose names need be neither text nor different
        names = [str(c) for c in frame.columns]
        columns = [frame.iloc[:, i].to_numpy(dtype=object).tolist() for i in range(len(names))]
        return [names, *_rows_of(names, columns)]
    import narwhals as nw

    try:
        known = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise DataError(
            f"a table is a file or a DataFrame (of pandas, polars, pyarrow ...), not {type(frame).__name__}; "
            "collect a lazy one first."
        ) from None
    return [list(known.columns), *_rows_of(known.columns, [known[c].to_list() for c in known.columns])]


def _rows_of(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Iterator[tuple[str, ...]]:
    """The cells of every row as text; a cell that is none is refused with its place."""
    texts = []
    for name, values in zip(names, columns, strict=True):
        try:
            texts.append(_texts(values))
        except DataError as error:
            row = next(i for i, value in enumerate(values, start=2) if not _is_text(value))
            raise DataError(f"row {row}, column {name}: {error}") from None
    return zip(*texts, strict=True)


def _texts(values: Sequence[Any]) -> list[str]:
    """The text of every value; of a plain column each different value is written once."""
    kinds = set(map(type, values))
    if len(kinds) == 1 and kinds <= {str, int, float}:  # where equal values have equal texts
        written = {value: cell_text(value) for value in set(values)}
        return list(map(written.__getitem__, values))
    return list(map(cell_text, values))


def _is_text(value: Any) -> bool:
    try:
        cell_text(value)
    except DataError:
        return False
    return True


def cell_text(value: Any) -> str:
    """The text a person would have typed: no `.0` behind whole floats, blank for missing.

    Raises
    ------
    DataError
        If the cell holds several values, or bytes.
    """
    if isinstance(value, str):
        return value
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return ""
    if isinstance(value, bytes) or (hasattr(value, "__len__") and getattr(value, "ndim", True)):
        raise DataError(
            f"a cell of a table holds one value, not a {type(value).__name__}. Give each its own row or column."
        )
    if value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    number = getattr(value, "item", lambda: value)()  # NumPy scalar to Python
    if isinstance(number, bool):
        return "true" if number else "false"
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    try:
        return str(number)
    except ValueError:  # a whole number of more digits than Python writes
        raise DataError("a cell of a table holds a whole number of thousands of digits.") from None


def _grid_from_file(path: Path, sheet: str | None) -> tuple[list[list[str]], list[Problem]]:
    if not path.is_file():
        raise DataError(f"there is no file {path}.")
    size = path.stat().st_size
    if size == 0:
        raise DataError(f"{path.name} is empty (0 bytes).")
    if size > MAX_BYTES:
        raise DataError(f"{path.name} has {size:,} bytes; at most {MAX_BYTES:,} are read.")
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return grid_from_workbook(path, sheet, cell_text)
    if sheet is not None:
        raise DataError(f"{path.name} is not a workbook, so it has no sheet {sheet!r}.")
    text, notes = _decode(path.read_bytes(), path.name)
    first = next((line for line in text.splitlines() if line.strip()), None)
    if first is None:
        raise DataError(f"{path.name} is empty.")
    try:
        delimiter = max(_DELIMITERS, key=lambda d: (_cells_in(first, d), d == ","))
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)), notes
    except csv.Error as error:
        raise DataError(f"{path.name} is not a regular table ({error}): check for an unclosed quote.") from None


def _cells_in(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter)))


def western(data: bytes) -> bool:
    """Whether bytes that could be Chinese are letters of western Europe: each stands alone before a letter or sign.

    Almost every Chinese character in use is two bytes above 127, so that a Chinese text has such a pair somewhere.
    """
    high = re.findall(rb"[\x80-\xff]+", data)
    if not high or any(len(run) > 1 for run in high):
        return False
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True


def _decode(data: bytes, name: str) -> tuple[str, list[Problem]]:
    """Strict UTF-8 first, then UTF-16 with BOM, then Windows-1252 where it cannot be Chinese, then GB18030."""
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
        if western(data):
            text = data.decode("cp1252")
            return text, [_encoding_note("Windows-1252", next((w for w in text.split() if not w.isascii()), ""))]
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
